import type { Identity } from '../access/types.ts';
import type { ServerView } from '../servers/types.ts';
import { PostForm } from './postForm.tsx';
import type { Shell } from './shell.ts';
import { When } from './times.tsx';

const choices = [
  { hours: 4, label: '4 hours' },
  { hours: 24, label: 'a day' },
  { hours: 96, label: '4 days' },
] as const;

/** Whether what was posted is one of the choices; its hours. */
export function keptHours(posted: unknown): number | undefined {
  return choices.find(({ hours }) => String(hours) === posted)?.hours;
}

/** Warns that the rules of the site will stop the server, and lets its owner put that off. */
export function PlannedStop({ shell, who, view }: { shell: Shell; who: Identity; view: ServerView }) {
  const { plannedStop, keepUntil } = view;
  if (plannedStop?.soon !== true)
    return keepUntil && Date.parse(keepUntil) > Date.parse(view.lastActivityAt ?? keepUntil) ? (
      <p class="help">
        Kept until <When at={keepUntil} />.
      </p>
    ) : null;
  return (
    <PostForm shell={shell} who={who} class="notice warning" action={shell.urls.hub('keep')}>
      <p role="status">
        {plannedStop.why === 'idle' ? 'Unless you use it, it' : 'It'} will be stopped at <When at={plannedStop.at} />.
        Running workflows are not affected.
      </p>
      <input type="hidden" name="owner" value={view.owner} />
      <input type="hidden" name="server" value={view.name} />
      <p class="actions">
        {choices.map(({ hours, label }) => (
          <button type="submit" name="hours" value={String(hours)}>
            {`Keep it for ${label}`}
          </button>
        ))}
      </p>
    </PostForm>
  );
}
