import type { Identity } from '../access/types.ts';
import type { GatewayError } from '../errors.ts';
import type { TokenView } from '../hub/types.ts';
import type { ProfileForm } from '../servers/types.ts';
import { Layout } from './layout.tsx';
import { FaultSummary, OptionFields } from './optionsForm.tsx';
import { PostForm } from './postForm.tsx';
import { Secret } from './secret.tsx';
import type { Shell } from './shell.ts';
import { When } from './times.tsx';
import { RowForm } from './rowForm.tsx';

export interface TokenPageProps {
  shell: Shell;
  who: Identity;
  tokens: readonly TokenView[];
  form: ProfileForm;
  error?: GatewayError | undefined;
  /** A token that was just made: shown this once. */
  fresh?: string | undefined;
}

/** One's tokens: those made for programs, and those that servers obtained when one signed in at them. */
export function TokenPage(props: TokenPageProps) {
  const { shell, who, tokens, form, error, fresh } = props;
  return (
    <Layout shell={shell} title="Tokens" who={who} here="token">
      <h1>Tokens</h1>
      {error === undefined ? null : <FaultSummary form={form} error={error} />}
      {fresh === undefined ? null : <Fresh token={fresh} />}
      <Listed {...props} title="For programs" id="programs" tokens={tokens.filter(({ client }) => client === null)} />
      <PostForm shell={shell} who={who} class="card" action={shell.urls.hub('token')}>
        <h2>Make a token</h2>
        <p class="help">{form.description}</p>
        <OptionFields form={form} faults={error?.fields ?? {}} />
        <div class="actions">
          <button class="big" type="submit">
            Make it
          </button>
          <a class="button quiet" href={shell.urls.hub('api-docs')}>
            REST API
          </a>
        </div>
      </PostForm>
      <Listed {...props} title="Signed in at" id="visits" tokens={tokens.filter(({ client }) => client !== null)} />
    </Layout>
  );
}

function Fresh({ token }: { token: string }) {
  return (
    <section class="card" aria-labelledby="fresh">
      <h2 id="fresh">Your new token</h2>
      <Secret text={token} copy="Copy the token" />
      <p class="help">Copy it now: it is shown this once, and kept nowhere. Whoever has it can act in your name.</p>
    </section>
  );
}

interface ListedProps extends TokenPageProps {
  title: string;
  id: string;
}

function Listed({ shell, who, tokens, title, id }: ListedProps) {
  return (
    <section class="card" aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {tokens.length === 0 ? <p class="help">None.</p> : null}
      <ul class="list">
        {tokens.map((token) => (
          <li>
            <div>
              <span class="name">{token.note}</span>
              <p class="help">
                {'Made '}
                <When at={token.createdAt} />
                {token.lastUsedAt === null ? ', never used' : ', last used '}
                {token.lastUsedAt === null ? null : <When at={token.lastUsedAt} />}
                {token.expiresAt === null ? ', no end' : ', until '}
                {token.expiresAt === null ? null : <When at={token.expiresAt} />}
              </p>
              <p class="help">{token.scopes.includes('inherit') ? 'All that you may' : token.scopes.join(', ')}</p>
            </div>
            <RowForm
              shell={shell}
              who={who}
              action={shell.urls.hub('token/revoke')}
              name="token"
              value={token.id}
              label="Revoke"
              spoken={`Revoke ${token.note}`}
            />
          </li>
        ))}
      </ul>
    </section>
  );
}
