import type { Identity } from '../access/types.ts';
import type { ServerKey } from '../servers/types.ts';
import type { Urls } from '../urls.ts';

/** Why there is no real Cylc, and the command that brings it. */
export interface StandInNotice {
  reason: string;
  advice: string;
  command: string;
}

/** What every page needs to know of its site. Web standards only: the edge renders refusals with it too. */
export interface Shell {
  urls: Urls;
  siteName: string;
  /** Address of a static file (`gateway.css`), with the hash of its content where that is known. */
  asset(name: string): string;
  /** Hidden field of a form, bound to the visitor's session and to what the form does (see `formAction`). */
  csrfToken(who: Identity, action: string): string;
  /** Whether pages may hold forms, and so the visitor's token. */
  forms: boolean;
  /** Whether the visitor may start a server of somebody else; without it nobody may. */
  mayStart?(who: Identity, server: ServerKey): boolean;
  /** Set where servers are the bundled stand-in: said on the pages, with the way to the real one. */
  standIn?: StandInNotice;
}

export interface ShellOptions {
  asset?: (name: string) => string;
  csrfToken?: (who: Identity, action: string) => string;
  mayStart?: (who: Identity, server: ServerKey) => boolean;
  siteName?: string;
  standIn?: StandInNotice | undefined;
}

/** Without options: pages that link the plain names of the static files and hold no forms (the edge's refusals). */
export function createShell(urls: Urls, options: ShellOptions = {}): Shell {
  const {
    asset = (name) => name,
    csrfToken = () => '',
    mayStart = () => false,
    siteName = 'Cylc Gateway',
    standIn,
  } = options;
  const shell = {
    urls,
    siteName,
    asset: (name: string) => urls.hub(`static/${asset(name)}`),
    csrfToken,
    forms: options.csrfToken !== undefined,
    mayStart,
  };
  return standIn === undefined ? shell : { ...shell, standIn };
}

/**
 * For pages that stand at the address of a server or service: scripts and service workers of that address, which may be
 * another person's, can read them. They link to the pages that have the forms.
 */
export function withoutForms(shell: Shell): Shell {
  return { ...shell, csrfToken: () => '', forms: false };
}
