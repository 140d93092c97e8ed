import type { Identity } from '../access/types.ts';
import type { ShareCode } from '../shares/types.ts';
import { Layout } from './layout.tsx';
import { serverTitle } from './links.ts';
import { PostForm } from './postForm.tsx';
import type { Shell } from './shell.ts';

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
        <PostForm shell={shell} who={who} class="actions" action={shell.urls.hub('accept-share')}>
          <input type="hidden" name="code" value={code} />
          <button class="big" type="submit">
            Accept
          </button>
          <a class="button quiet" href={shell.urls.hub('home')}>
            Not now
          </a>
        </PostForm>
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
