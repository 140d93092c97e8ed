import type { Identity, Share } from '../access/types.ts';
import type { GatewayError } from '../errors.ts';
import type { ProfileForm, ServerKey } from '../servers/types.ts';
import type { ShareCode } from '../shares/types.ts';
import { Csrf, Layout } from './layout.tsx';
import { serverPage, serverTitle } from './links.ts';
import { FaultSummary, OptionFields } from './optionsForm.tsx';
import type { Shell } from './shell.ts';
import { When } from './times.tsx';

export interface SharePageProps {
  shell: Shell;
  who: Identity;
  server: ServerKey;
  shares: readonly Share[];
  /** What was typed, where it was refused. */
  form: ProfileForm;
  error?: GatewayError | undefined;
  /** The running server still goes by an older level of some visitor. */
  needsRestart: boolean;
}

/** With whom a server is shared, and a form to share it with somebody else. */
export function SharePage(props: SharePageProps) {
  const { shell, who, server, form, error, needsRestart } = props;
  return (
    <Layout shell={shell} title="Share" who={who}>
      <h1>{`Share ${serverTitle(server, who.account.name).replace(/^Your/, 'your')}`}</h1>
      {error === undefined ? null : <FaultSummary form={form} error={error} />}
      {needsRestart ? (
        <div class="notice warning" role="status">
          <p>
            This server goes by what was shared before with those who have already been there. Stop it and start it
            again for the change to act; your workflows go on meanwhile.
          </p>
        </div>
      ) : null}
      <Given {...props} />
      <form class="card" method="post" action={serverPage(shell.urls, 'share', server)}>
        <h2>Share with somebody</h2>
        <p class="help">{form.description}</p>
        <Csrf shell={shell} who={who} />
        <OptionFields form={form} faults={error?.fields ?? {}} />
        <div class="actions">
          <button class="big" type="submit">
            Share
          </button>
          <a class="button quiet" href={shell.urls.hub('home')}>
            Back
          </a>
        </div>
      </form>
    </Layout>
  );
}

/** Where a share link leads: says what it gives before it is taken. */
export function AcceptPage({ shell, who, found, code }: AcceptProps) {
  const title = serverTitle(found.key, who.account.name);
  return (
    <Layout shell={shell} title="Accept" who={who}>
      <section class="card message">
        <h1>{`Open ${title}?`}</h1>
        <p class="lead">
          {`${found.key.owner} shares it with whoever has this link. You may look${found.level === 'control' ? ' and act' : ''}${found.mayStart ? ', and start it' : ''}, under your own name.`}
        </p>
        <form class="actions" method="post" action={shell.urls.hub('accept-share')}>
          <Csrf shell={shell} who={who} />
          <input type="hidden" name="code" value={code} />
          <button class="big" type="submit">
            Accept
          </button>
          <a class="button quiet" href={shell.urls.hub('home')}>
            Not now
          </a>
        </form>
      </section>
    </Layout>
  );
}

interface AcceptProps {
  shell: Shell;
  who: Identity;
  found: ShareCode;
  code: string;
}

function Given({ shell, who, server, shares }: SharePageProps) {
  return (
    <section class="card" aria-labelledby="given">
      <h2 id="given">Shared with</h2>
      {shares.length === 0 ? <p class="help">Nobody: only you can open it.</p> : null}
      <ul class="list">
        {shares.map((share) => (
          <li>
            <div>
              <span class="name">{granteeText(share)}</span>
              <p class="help">
                {share.level === 'control' ? 'may look and act' : 'may look'}
                {share.mayStart === true ? ', may start it' : ''}
                {share.note === '' ? '' : `: ${share.note}`}
                {share.expiresAt === null ? null : ' · until '}
                {share.expiresAt === null ? null : <When at={share.expiresAt} />}
              </p>
            </div>
            <form method="post" action={serverPage(shell.urls, 'unshare', server)}>
              <Csrf shell={shell} who={who} />
              <input type="hidden" name="share" value={share.id} />
              <button type="submit" aria-label={`Take back from ${granteeText(share)}`}>
                Take back
              </button>
            </form>
          </li>
        ))}
      </ul>
    </section>
  );
}

function granteeText({ grantee }: Share): string {
  return grantee.kind === 'user' ? grantee.name : `group ${grantee.name}`;
}
