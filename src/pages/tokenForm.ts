import type { ProfileForm } from '../servers/types.ts';

const dayS = 86_400;
const lifetimes: readonly { value: string; label: string; seconds: number | undefined }[] = [
  { value: '1d', label: 'One day', seconds: dayS },
  { value: '30d', label: '30 days', seconds: 30 * dayS },
  { value: '90d', label: '90 days', seconds: 90 * dayS },
  { value: '365d', label: 'One year', seconds: 365 * dayS },
  { value: 'none', label: 'Until I revoke it', seconds: undefined },
];

/** What a token may do, in words; undefined for all. */
const powers: readonly { value: string; label: string; scopes: readonly string[] | undefined }[] = [
  { value: 'look', label: 'See my servers', scopes: ['read:users!user', 'read:servers!user'] },
  { value: 'run', label: 'See, start and stop my servers', scopes: ['read:users!user', 'servers!user'] },
  {
    value: 'open',
    label: 'Open my servers, and start and stop them',
    scopes: ['read:users!user', 'servers!user', 'access:servers!user'],
  },
  { value: 'all', label: 'All that I may', scopes: undefined },
];

/** The fields of a new token. Lifetimes beyond the site's longest are not offered. */
export function tokenForm(longestS: number | undefined): ProfileForm {
  const offered = lifetimes.filter(({ seconds = Infinity }) => longestS === undefined || seconds <= longestS);
  const ends = offered.length === 0 ? [{ value: 'longest', label: 'As long as the site allows' }] : offered;
  return {
    profile: 'token',
    title: 'Token',
    description: 'A program that has it acts in your name, as far as you choose here.',
    fields: [
      { name: 'note', label: 'What is it for?', help: 'So that you know it again.', type: 'text', default: '' },
      { name: 'may', label: 'It may', help: '', type: 'choice', choices: powers, default: 'run' },
      {
        name: 'scopes',
        label: 'Or these scopes',
        help: 'For the experienced: in place of the choice above, with blanks between them. See the page of the REST API.',
        type: 'text',
        default: '',
      },
      {
        name: 'expires',
        label: 'For',
        help: '',
        type: 'choice',
        choices: ends,
        default: ends.find(({ value }) => value === '30d')?.value ?? ends[0]?.value ?? '',
      },
    ],
  };
}

export interface AskedToken {
  note: string;
  lifetimeS: number | undefined;
  scopes: readonly string[] | undefined;
}

export function toAskedToken(values: Readonly<Record<string, unknown>>): AskedToken {
  const text = (name: string): string => (typeof values[name] === 'string' ? values[name].trim() : '');
  const typed = text('scopes').split(/\s+/).filter(Boolean);
  const chosen = (powers.find(({ value }) => value === text('may')) ?? powers[0])?.scopes;
  const lifetimeS = lifetimes.find(({ value }) => value === text('expires'))?.seconds;
  return {
    note: text('note').slice(0, 500) || 'Made on the page',
    lifetimeS,
    scopes: typed.length > 0 ? typed : chosen,
  };
}
