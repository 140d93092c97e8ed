import type { Child } from 'hono/jsx';
import type { Identity } from '../access/types.ts';
import { PostForm } from './postForm.tsx';
import type { Shell } from './shell.ts';

/** A form of one button (and perhaps more), for one record. */
export function Act(props: {
  shell: Shell;
  who: Identity;
  kind: string;
  name: string;
  act: string;
  label: string;
  danger?: boolean;
  children?: Child;
}) {
  const { shell, who, kind, name, act, label, danger = false, children } = props;
  return (
    <PostForm shell={shell} who={who} class="inline" action={shell.urls.hub(`admin/${kind}`)}>
      <input type="hidden" name="key" value={name} />
      <input type="hidden" name="act" value={act} />
      {children}
      <button class={danger ? 'danger' : ''} type="submit" aria-label={`${label} ${name}`}>
        {label}
      </button>
    </PostForm>
  );
}
