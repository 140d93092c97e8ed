import type { Identity, Share } from '../access/types.ts';
import type { GatewayError } from '../errors.ts';
import type { ProfileForm, ServerKey } from '../servers/types.ts';
import type { ShareLink } from '../shares/types.ts';
import { Layout } from './layout.tsx';
import { serverPage, serverTitle } from './links.ts';
import { FaultSummary, OptionFields } from './optionsForm.tsx';
import { PostForm } from './postForm.tsx';
import { FreshLink, LinkForm, Links } from './shareLinks.tsx';
import type { Shell } from './shell.ts';
import { Until } from './times.tsx';
import { RowForm } from './rowForm.tsx';

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
  links: readonly ShareLink[];
  /** The address of a link that was just made: shown this once. */
  fresh?: string | undefined;
}

/** With whom a server is shared, and a form to share it with somebody else. */
export function SharePage(props: SharePageProps) {
  const { shell, who, server, form, error, needsRestart, fresh } = props;
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
      {fresh === undefined ? null : <FreshLink address={fresh} />}
      <Given {...props} />
      <PostForm shell={shell} who={who} class="card" action={serverPage(shell.urls, 'share', server)}>
        <h2>Share with somebody</h2>
        <p class="help">{form.description}</p>
        <OptionFields form={form} faults={error?.fields ?? {}} />
        <div class="actions">
          <button class="big" type="submit">
            Share
          </button>
          <a class="button quiet" href={shell.urls.hub('home')}>
            Back
          </a>
        </div>
      </PostForm>
      <Links {...props} />
      <LinkForm {...props} />
    </Layout>
  );
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
                <Until at={share.expiresAt} />
              </p>
            </div>
            <RowForm
              shell={shell}
              who={who}
              action={serverPage(shell.urls, 'unshare', server)}
              name="share"
              value={share.id}
              label="Take back"
              spoken={`Take back from ${granteeText(share)}`}
            />
          </li>
        ))}
      </ul>
    </section>
  );
}

function granteeText({ grantee }: Share): string {
  return grantee.kind === 'user' ? grantee.name : `group ${grantee.name}`;
}
