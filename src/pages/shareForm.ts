import type { Account, Share } from '../access/types.ts';
import type { ProfileForm } from '../servers/types.ts';
import type { ShareRequest } from '../shares/types.ts';

const hourMs = 3_600_000;
/** How long a share may last, by the value in the form. */
const ends: readonly { value: string; label: string; ms: number | null }[] = [
  { value: 'none', label: 'Until I take it back', ms: null },
  { value: '1h', label: 'One hour', ms: hourMs },
  { value: '1d', label: 'One day', ms: 24 * hourMs },
  { value: '7d', label: 'One week', ms: 7 * 24 * hourMs },
  { value: '30d', label: '30 days', ms: 30 * 24 * hourMs },
];

export const levels: readonly { value: Share['level']; label: string }[] = [
  { value: 'read', label: 'Look: see workflows and logs' },
  { value: 'control', label: 'Act: play, stop, trigger and the like as well' },
];

/** The fields of a new share, in the shape of a start's form: one way to show and read both. */
export function shareForm(sharer: Account): ProfileForm {
  return {
    profile: 'share',
    title: 'Share',
    description:
      'Cylc is told who each visitor is, and lets them do what you choose here, within the limits of the site.',
    fields: [
      {
        name: 'kind',
        label: 'Share with',
        help: '',
        type: 'choice',
        choices: [
          { value: 'user', label: 'A person' },
          { value: 'group', label: 'A group' },
        ],
        default: 'user',
      },
      {
        name: 'grantee',
        label: 'Name',
        help: 'Account name of the person, or name of the group. It is not checked whether a group has members.',
        type: 'text',
        suggestions: sharer.groups,
        default: '',
      },
      { name: 'level', label: 'They may', help: '', type: 'choice', choices: levels, default: 'read' },
      { name: 'expires', label: 'For', help: '', type: 'choice', choices: ends, default: 'none' },
      {
        name: 'mayStart',
        label: 'They may also start it',
        help: 'The server then runs as you, as if you had started it.',
        type: 'checkbox',
        default: false,
      },
      { name: 'note', label: 'Note', help: 'They see it beside the server.', type: 'text', default: '' },
    ],
  };
}

/** What the form asks for. `now` in ms since 1970. */
export function toShareRequest(
  key: { owner: string; name: string },
  values: Readonly<Record<string, unknown>>,
  now: number,
): ShareRequest {
  const text = (name: string): string => (typeof values[name] === 'string' ? values[name] : '');
  const lifetimeMs = ends.find(({ value }) => value === text('expires'))?.ms ?? null;
  return {
    owner: key.owner,
    server: key.name,
    grantee: { kind: text('kind') === 'group' ? 'group' : 'user', name: text('grantee') },
    level: text('level') === 'control' ? 'control' : 'read',
    expiresAt: lifetimeMs === null ? null : new Date(now + lifetimeMs).toISOString(),
    note: text('note'),
    mayStart: values['mayStart'] === true,
  };
}
