import type { Child } from 'hono/jsx';
import type { Identity } from '../access/types.ts';
import { PostForm } from './postForm.tsx';
import type { Shell } from './shell.ts';

export interface LayoutProps {
  shell: Shell;
  title: string;
  who?: Identity | undefined;
  /** Page of the navigation that this one is. */
  here?: string;
  /** Tables need the width. */
  wide?: boolean;
  /** Seconds after which a browser without JavaScript loads the page again. */
  refreshS?: number | undefined;
  children?: Child;
}

/** Frame of every page: head, skip link, header with navigation and sign-out, main. */
export function Layout({ shell, title, who, here, wide, refreshS, children }: LayoutProps) {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <title>{`${title} · ${shell.siteName}`}</title>
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <link rel="icon" href={shell.urls.hub('favicon')} type="image/svg+xml" />
        <link rel="stylesheet" href={shell.asset('gateway.css')} />
        {refreshS === undefined ? null : (
          <noscript>
            <meta http-equiv="refresh" content={String(refreshS)} />
          </noscript>
        )}
        <script src={shell.asset('gateway.js')} defer></script>
      </head>
      <body>
        <a class="skip" href="#main">
          Skip to the content
        </a>
        <Header shell={shell} who={who} here={here} />
        <main id="main" class={wide === true ? 'wide' : ''} tabindex={-1}>
          {children}
        </main>
      </body>
    </html>
  );
}

function Header({ shell, who, here }: { shell: Shell; who: Identity | undefined; here: string | undefined }) {
  return (
    <header class="top">
      <a class="brand" href={shell.urls.hub('home')}>
        <img src={shell.urls.hub('logo')} alt="" width="28" height="28" />
        <span>{shell.siteName}</span>
      </a>
      {who === undefined ? null : (
        <>
          <nav aria-label="Pages">
            {navigation(who).map(({ page, label }) => (
              <a href={shell.urls.hub(page)} aria-current={page === here ? 'page' : undefined}>
                {label}
              </a>
            ))}
          </nav>
          <Me shell={shell} who={who} />
        </>
      )}
    </header>
  );
}

function Me({ shell, who }: { shell: Shell; who: Identity }) {
  const name = (
    <span class="who" title={who.account.displayName}>
      {who.account.name}
    </span>
  );
  if (!shell.forms)
    return (
      <div class="me">
        {name}
        <a class="button quiet" href={shell.urls.hub('logout')}>
          Sign out
        </a>
      </div>
    );
  return (
    <PostForm shell={shell} who={who} class="me" action={shell.urls.hub('logout')}>
      {name}
      <button class="quiet" type="submit">
        Sign out
      </button>
    </PostForm>
  );
}

function navigation(who: Identity): { page: string; label: string }[] {
  const pages = [
    { page: 'home', label: 'Home' },
    { page: 'token', label: 'Tokens' },
    { page: 'sessions', label: 'Sessions' },
    { page: 'visits', label: 'Visits' },
  ];
  const forAdmins = [
    { page: 'admin/servers', label: 'Servers' },
    { page: 'services', label: 'Services' },
    { page: 'admin', label: 'Admin' },
    { page: 'admin/audit', label: 'Audit' },
  ];
  return who.account.admin ? [...pages, ...forAdmins] : pages;
}

/** A tree of components, not yet text. */
export type PageNode = ReturnType<typeof Layout>;

/** The document as text. Throws where a component is asynchronous: none of ours is. */
export function toHtml(page: PageNode): string {
  if (page instanceof Promise) throw new TypeError('a page must be made synchronously');
  return `<!doctype html>${page.toString()}`;
}
