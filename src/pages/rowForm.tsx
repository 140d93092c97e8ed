import type { Identity } from '../access/types.ts';
import { PostForm } from './postForm.tsx';
import type { Shell } from './shell.ts';

interface Props {
  shell: Shell;
  who: Identity;
  action: string;
  /** Which row it is about, as the form tells it. */
  name: string;
  value: string;
  label: string;
  /** The label with what it is about, for those who hear one button after another. */
  spoken: string;
  quiet?: boolean;
}

/** The one thing that can be done with a row of a list. */
export function RowForm({ shell, who, action, name, value, label, spoken, quiet = false }: Props) {
  return (
    <PostForm shell={shell} who={who} action={action}>
      <input type="hidden" name={name} value={value} />
      <button class={quiet ? 'quiet' : undefined} type="submit" aria-label={spoken}>
        {label}
      </button>
    </PostForm>
  );
}
