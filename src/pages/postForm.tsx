import type { Child } from 'hono/jsx';
import type { Identity } from '../access/types.ts';
import { formAction } from '../identity/csrf.ts';
import type { Shell } from './shell.ts';

interface Props {
  shell: Shell;
  who: Identity;
  action: string;
  class?: string;
  children?: Child;
}

/** A form that changes something, with the hidden proof that it came from a page of ours and goes to this very address. */
export function PostForm({ shell, who, action, class: className, children }: Props) {
  return (
    <form class={className} method="post" action={action}>
      <input type="hidden" name="_csrf" value={shell.csrfToken(who, formAction('POST', action))} />
      {children}
    </form>
  );
}
