import { loopWords } from '../identity/views.ts';
import type { IdentityView } from '../identity/views.ts';
import { MessagePage } from './errorPage.tsx';
import { Layout } from './layout.tsx';
import type { Shell } from './shell.ts';

interface ViewProps<Kind extends IdentityView['kind']> {
  shell: Shell;
  view: Extract<IdentityView, { kind: Kind }>;
  /** Why most accounts cannot be here now. */
  notice?: string | undefined;
}

function Notice({ text }: { text: string | undefined }) {
  if (text === undefined) return null;
  return (
    <p class="notice danger" role="status">
      {text}
    </p>
  );
}

/** The ways to sign in; in a first run there is the terminal alone. */
export function SignInPage({ shell, view, notice }: ViewProps<'sign-in'>) {
  const { links, choices } = view;
  const text = links
    ? 'Open one of the sign-in links that the gateway printed in its terminal.'
    : choices.length > 0
      ? 'How would you like to sign in?'
      : 'Sign in at your organisation’s own sign-in page, then open this address again.';
  const advice = links
    ? 'Then reload this page to continue. Each link works once. For new links, restart the gateway; running servers keep running.'
    : '';
  return (
    <MessagePage shell={shell} title="Sign in" text={text} {...(advice === '' ? {} : { advice })} home={false}>
      <Notice text={notice} />
      {choices.map(({ label, href }) => (
        <a class="button big" href={href}>
          {label}
        </a>
      ))}
    </MessagePage>
  );
}

/** Name and password of the system. What went wrong is said above the fields, and read out at once. */
export function PasswordPage({ shell, view, notice }: ViewProps<'password'>) {
  const { action, fields, name, error, onlyFor } = view;
  return (
    <Layout shell={shell} title="Sign in">
      <form class="card message" method="post" action={action}>
        <h1>Sign in</h1>
        <p class="lead">With the name and password of your account on this system.</p>
        <Notice text={notice} />
        {onlyFor === undefined ? null : (
          <p class="notice info" role="status">
            {`This gateway does not run as root, so only ${onlyFor} can sign in here by password.`}
          </p>
        )}
        {error === undefined ? null : (
          <p class="notice danger" role="alert" id="fault">
            {error}
          </p>
        )}
        {Object.entries(fields).map(([key, value]) => (
          <input type="hidden" name={key} value={value} />
        ))}
        <p class="field">
          <label for="name">Name</label>
          <input
            id="name"
            name="name"
            type="text"
            value={name === '' ? (onlyFor ?? '') : name}
            autocomplete="username"
            autocapitalize="none"
            spellcheck={false}
            maxlength={64}
            required
            autofocus={name === '' && onlyFor === undefined}
          />
        </p>
        <p class="field">
          <label for="password">Password</label>
          <input
            id="password"
            name="password"
            type="password"
            autocomplete="current-password"
            maxlength={1024}
            required
            autofocus={name !== '' || onlyFor !== undefined}
            aria-describedby={error === undefined ? undefined : 'fault'}
          />
        </p>
        <div class="actions">
          <button class="big" type="submit">
            Sign in
          </button>
        </div>
      </form>
    </Layout>
  );
}

export function SignedOutPage({ shell, view }: ViewProps<'signed-out'>) {
  const { signInUrl, elsewhere } = view;
  return (
    <MessagePage
      shell={shell}
      title="You are signed out"
      text="Open pages of Cylc servers have been cut off. Servers and workflows go on."
      home={false}
    >
      <a class="button big" href={signInUrl}>
        Sign in again
      </a>
      {elsewhere === undefined ? null : (
        <a class="button" href={elsewhere.href}>
          {elsewhere.title}
        </a>
      )}
    </MessagePage>
  );
}

/** Signed in and yet not: what is wrong, instead of a browser that goes round in circles. */
export function LoopPage({ shell, view }: ViewProps<'loop'>) {
  const { text, advice } = loopWords[view.problem];
  return (
    <MessagePage shell={shell} title="The sign-in did not take" text={text} advice={advice} home={false}>
      <p class="help">
        The clock of this gateway says <time datetime={view.now}>{view.now.slice(0, 19).replace('T', ' ')} UTC</time>.
      </p>
      <a class="button" href={view.signInUrl}>
        Sign in again
      </a>
      {view.signOutUrl === undefined ? null : (
        <a class="button" href={view.signOutUrl}>
          Sign out at the sign-in service
        </a>
      )}
    </MessagePage>
  );
}
