import type { IdentityView, RenderView } from '../identity/views.ts';
import { MessagePage } from './errorPage.tsx';
import { Layout, toHtml } from './layout.tsx';
import type { Shell } from './shell.ts';
import { LoopPage, PasswordPage, SignedOutPage, SignInPage } from './signInPages.tsx';

/** Shows what the sign-in wants shown, in our look. */
export function createRenderView(shell: Shell, closed: () => string | undefined = () => undefined): RenderView {
  return (view) => toHtml(viewNode(shell, view, closed()));
}

/** `notice`: why most accounts cannot be here now; told before they type a password. */
function viewNode(shell: Shell, view: IdentityView, notice: string | undefined) {
  switch (view.kind) {
    case 'confirm-link':
      return (
        <AskPage
          shell={shell}
          title="Sign in"
          text="This link signs this browser in, once."
          label={`Sign in as ${view.displayName}`}
          action={view.action}
          fields={view.fields}
        />
      );
    case 'confirm-sign-out':
      return (
        <AskPage
          shell={shell}
          title="Sign out?"
          text="Open pages of Cylc servers will be cut off. Servers and workflows go on."
          label="Sign out"
          action={view.action}
          fields={view.fields}
        />
      );
    case 'sign-in':
      return <SignInPage shell={shell} view={view} notice={notice} />;
    case 'password':
      return <PasswordPage shell={shell} view={view} notice={notice} />;
    case 'signed-out':
      return <SignedOutPage shell={shell} view={view} />;
    case 'loop':
      return <LoopPage shell={shell} view={view} />;
    default:
      return (
        <MessagePage shell={shell} title="No sign-in" text={view.error.message} advice={view.error.advice} home={false}>
          <a class="button" href={view.signInUrl}>
            Sign in
          </a>
        </MessagePage>
      );
  }
}

interface AskProps {
  shell: Shell;
  title: string;
  text: string;
  label: string;
  action: string;
  fields: Readonly<Record<string, string>>;
}

/** One question, one button. Opening a link signs nobody in: programs that scan mail open links too. */
function AskPage({ shell, title, text, label, action, fields }: AskProps) {
  return (
    <Layout shell={shell} title={title}>
      <form class="card message" method="post" action={action}>
        <h1>{title}</h1>
        <p class="lead">{text}</p>
        {Object.entries(fields).map(([name, value]) => (
          <input type="hidden" name={name} value={value} data-keep-hash={name === 'next' ? true : undefined} />
        ))}
        <div class="actions">
          <button class="big" type="submit">
            {label}
          </button>
        </div>
      </form>
    </Layout>
  );
}
