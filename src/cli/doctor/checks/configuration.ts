import { checkSignIn } from '../../../identity/signInMethods.ts';
import type { Check } from '../types.ts';

/** That it can be read and is valid is known by now; here, that it is no danger. */
export const configuration: Check = {
  name: 'Configuration',
  look({ config, file }) {
    checkSignIn({ config, firstRun: file === null });
    const none = 'No configuration file: people sign in by links from the terminal (cylc-gateway init writes one).';
    return [{ outcome: 'ok', what: file ?? none }];
  },
};
