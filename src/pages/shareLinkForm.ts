import type { Share } from '../access/types.ts';
import type { ProfileForm } from '../servers/types.ts';
import { levels } from './shareForm.ts';

const dayS = 86_400;
/** How long a link can be accepted, by the value in the form. None has no end: links go astray. */
const ends: readonly { value: string; label: string; seconds: number }[] = [
  { value: '1h', label: 'One hour', seconds: 3600 },
  { value: '1d', label: 'One day', seconds: dayS },
  { value: '7d', label: 'One week', seconds: 7 * dayS },
  { value: '30d', label: '30 days', seconds: 30 * dayS },
];

/** The fields of a new link. It is on one page with the form of a share: no name may be in both. */
export const linkForm: ProfileForm = {
  profile: 'link',
  title: 'Share link',
  description: 'Whoever has it and can sign in here is asked, and then has the server shared with them.',
  fields: [
    { name: 'linkLevel', label: 'Who accepts it may', help: '', type: 'choice', choices: levels, default: 'read' },
    {
      name: 'linkExpires',
      label: 'It can be accepted for',
      help: 'Who has accepted it is listed under “Shared with”, until you take it back from them.',
      type: 'choice',
      choices: ends,
      default: '1d',
    },
    {
      name: 'linkMayStart',
      label: 'They may start it too',
      help: 'The server then runs as you, as if you had started it.',
      type: 'checkbox',
      default: false,
    },
  ],
};

export interface LinkWish {
  level: Share['level'];
  mayStart: boolean;
  lifetimeS: number;
}

/** What the form asks for: of what is not offered, the least. */
export function toLinkWish(values: Readonly<Record<string, unknown>>): LinkWish {
  return {
    level: values['linkLevel'] === 'control' ? 'control' : 'read',
    mayStart: values['linkMayStart'] === true,
    lifetimeS: ends.find(({ value }) => value === (values['linkExpires'] ?? '1d'))?.seconds ?? 3600,
  };
}
