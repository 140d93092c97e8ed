import type { Child } from 'hono/jsx';
import type { Identity } from '../access/types.ts';
import type { ErrorCode, GatewayError } from '../errors.ts';
import { Layout } from './layout.tsx';
import type { Shell } from './shell.ts';

interface MessageProps {
  shell: Shell;
  who?: Identity | undefined;
  title: string;
  text: string;
  advice?: string;
  /** In the log beside the full story. */
  requestId?: string;
  /** False where the home page would only lead back here. */
  home?: boolean;
  children?: Child;
}

/** A page that says one thing: what, why, what to do. */
export function MessagePage({ shell, who, title, text, advice, requestId, home = true, children }: MessageProps) {
  return (
    <Layout shell={shell} title={title} who={who}>
      <section class="card message">
        <h1>{title}</h1>
        <p class="lead">{text}</p>
        {advice === undefined ? null : <p>{advice}</p>}
        <div class="actions">
          {children}
          {home ? (
            <a class="button" href={shell.urls.hub('home')}>
              Home
            </a>
          ) : null}
        </div>
        {requestId === undefined ? null : (
          <p class="help">
            Request <code>{requestId}</code>
          </p>
        )}
      </section>
    </Layout>
  );
}

const titles: Record<number, string> = {
  400: 'That request was not right',
  401: 'Please sign in',
  403: 'Not allowed',
  404: 'Nothing here',
  413: 'Too large',
  424: 'Not running',
  429: 'Too much at once',
  502: 'No answer from the server',
  503: 'Not now',
  504: 'No answer in time',
};

/** Refusals that concern the whole site, the home page included. */
const leadsBackHere: ReadonlySet<string> = new Set<ErrorCode>(['auth.no-account', 'auth.blocked', 'auth.unavailable']);

type ErrorProps = {
  shell: Shell;
  who?: Identity | undefined;
  error: GatewayError;
  requestId: string;
  children?: Child;
};

/** A refusal or a fault, in the public words of its code. */
export function ErrorPage({ shell, who, error, requestId, children }: ErrorProps) {
  return (
    <MessagePage
      shell={shell}
      who={who}
      title={titles[error.status] ?? 'Something went wrong'}
      text={error.message}
      advice={error.advice}
      requestId={requestId}
      home={!leadsBackHere.has(error.code)}
    >
      {children}
      {leadsBackHere.has(error.code) ? (
        <a class="button" href={shell.urls.hub('home')}>
          Try again
        </a>
      ) : null}
    </MessagePage>
  );
}
