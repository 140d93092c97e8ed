import type { Check } from '../types.ts';

export const node: Check = {
  name: 'Node',
  look: () => [{ outcome: 'ok', what: `${process.version} (${process.execPath})` }],
};
