import type { Identity } from '../access/types.ts';
import type { ServerKey } from '../servers/types.ts';
import type { ShareLink } from '../shares/types.ts';
import { serverPage } from './links.ts';
import { OptionFields } from './optionsForm.tsx';
import { PostForm } from './postForm.tsx';
import { Secret } from './secret.tsx';
import { linkForm } from './shareLinkForm.ts';
import type { Shell } from './shell.ts';
import { momentText, Until, When } from './times.tsx';
import { RowForm } from './rowForm.tsx';

interface Props {
  shell: Shell;
  who: Identity;
  server: ServerKey;
  links: readonly ShareLink[];
}

/** The parts of the share page that are about links. */
export function FreshLink({ address }: { address: string }) {
  return (
    <section class="card" aria-labelledby="fresh">
      <h2 id="fresh">Your new link</h2>
      <Secret text={address} copy="Copy the link" />
      <p class="help">Copy it now: it is shown this once, and kept nowhere. Give it only to those who are to get in.</p>
    </section>
  );
}

export function Links({ shell, who, server, links }: Props) {
  return (
    <section class="card" aria-labelledby="links">
      <h2 id="links">Share links</h2>
      {links.length === 0 ? <p class="help">None.</p> : null}
      <ul class="list">
        {links.map((link) => (
          <li>
            <div>
              <span class="name">{powers(link)}</span>
              <p class="help">
                {'Made '}
                <When at={link.createdAt} />
                <Until at={link.expiresAt} />
                {` · ${usesText(link.uses)}`}
              </p>
            </div>
            <RowForm
              shell={shell}
              who={who}
              action={serverPage(shell.urls, 'end-link', server)}
              name="link"
              value={link.id}
              label="Revoke"
              spoken={`Revoke the link made ${momentText(link.createdAt)}`}
            />
          </li>
        ))}
      </ul>
    </section>
  );
}

export function LinkForm({ shell, who, server }: Props) {
  return (
    <PostForm shell={shell} who={who} class="card" action={serverPage(shell.urls, 'share-link', server)}>
      <h2>Make a share link</h2>
      <p class="help">{linkForm.description}</p>
      <OptionFields form={linkForm} faults={{}} />
      <div class="actions">
        <button class="big" type="submit">
          Make a link
        </button>
      </div>
    </PostForm>
  );
}

function powers({ level, mayStart }: ShareLink): string {
  const may = level === 'control' ? 'To look and act' : 'To look';
  return mayStart ? `${may}, and to start it` : may;
}

function usesText(uses: number): string {
  return uses === 0 ? 'not accepted yet' : `accepted ${uses === 1 ? 'once' : `${uses} times`}`;
}
