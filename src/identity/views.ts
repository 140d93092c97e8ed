import type { GatewayError } from '../errors.ts';

/** What is wrong where signing in succeeds and yet nobody is signed in. */
export type LoopProblem = 'cookie' | 'crowded' | 'clock' | 'audience' | 'ended' | 'token' | 'front';

/** What the sign-in shows. The pages room renders these; the plain renderer below serves without it. */
export type IdentityView =
  /** `fields` go into a form as hidden inputs, POSTed to `action`. Works without scripts. */
  | { kind: 'confirm-link'; displayName: string; action: string; fields: Record<string, string> }
  /** No way, or several: with `links` by the terminal; each of `choices` is an address. */
  | { kind: 'sign-in'; links: boolean; choices: readonly { label: string; href: string }[] }
  /** Name and password go to `action` as `name` and `password`. `onlyFor`: the gateway can check this account alone. */
  | {
      kind: 'password';
      action: string;
      fields: Record<string, string>;
      name: string;
      error?: string | undefined;
      onlyFor?: string | undefined;
    }
  | { kind: 'confirm-sign-out'; action: string; fields: Record<string, string> }
  /** `elsewhere`: where the sign-in at the provider can be ended; with `leave` the browser goes there by itself. */
  | { kind: 'signed-out'; signInUrl: string; elsewhere?: { title: string; href: string; leave: boolean } | undefined }
  /** Back from the sign-in and still not signed in. `now`: the gateway's clock, ISO 8601. */
  | { kind: 'loop'; problem: LoopProblem; now: string; signInUrl: string; signOutUrl?: string | undefined }
  | { kind: 'error'; error: GatewayError; signInUrl: string };

/** A whole HTML document. */
export type RenderView = (view: IdentityView) => string;

/** What a loop page says: what is wrong, and what to do. */
export const loopWords: Readonly<Record<LoopProblem, { text: string; advice: string }>> = {
  cookie: {
    text: 'You signed in, but your browser did not send the sign-in along when it came back.',
    advice:
      'Allow cookies for this site, and open it at its proper address (with https, where it has that). Then sign in again.',
  },
  crowded: {
    text: 'You signed in, but your browser sends several cookies of one name, and the good one is not among the first.',
    advice:
      'Delete the cookies of this site and of its domain, then sign in again. If they come back, another site of that domain sets them: tell the administrator.',
  },
  clock: {
    text: 'You signed in, but by the clock of this gateway your sign-in has expired or has not begun.',
    advice:
      'Compare your clock with the one below. If yours is right, the clock of this machine or of the sign-in service is wrong: tell the administrator.',
  },
  audience: {
    text: 'You signed in, but your sign-in was made for another application.',
    advice: 'The administrator must make the issuer and the audience of the configuration fit the sign-in service.',
  },
  ended: {
    text: 'You have signed out here, or your session was ended, and your sign-in elsewhere is still the old one.',
    advice: 'Sign out at the sign-in service as well, then sign in again.',
  },
  token: {
    text: 'You signed in, but this gateway does not take what the sign-in service gave you.',
    advice: 'Tell the administrator: the log of the gateway says which check failed.',
  },
  front: {
    text: 'You are signed in, but your browser is sent back here again and again.',
    advice:
      'Something in front of the gateway does not take your sign-in. Its clock or its settings may be wrong: tell the administrator.',
  },
};

export const renderPlain: RenderView = (view) =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">` +
  `<title>Cylc Gateway</title><main><h1>Cylc Gateway</h1>${body(view)}</main></html>`;

function body(view: IdentityView): string {
  switch (view.kind) {
    case 'confirm-link':
      return form(view.action, view.fields, `Sign in as ${view.displayName}`);
    case 'sign-in':
      return (
        (view.links ? '<p>To sign in, open one of the links that the gateway printed in its terminal.</p>' : '') +
        view.choices.map(({ label, href }) => link(href, label)).join('')
      );
    case 'password':
      return form(view.action, view.fields, 'Sign in', [
        `<p>${escape(view.error ?? '')}</p>`,
        `<label>Name <input name="name" value="${escape(view.name)}"></label>`,
        '<label>Password <input name="password" type="password"></label>',
      ]);
    case 'confirm-sign-out':
      return form(view.action, view.fields, 'Sign out');
    case 'signed-out':
      return `<p>You are signed out.</p>${link(view.signInUrl, 'Sign in')}${
        view.elsewhere === undefined ? '' : link(view.elsewhere.href, view.elsewhere.title)
      }`;
    case 'loop':
      return `<p>${escape(loopWords[view.problem].text)}</p><p>${escape(loopWords[view.problem].advice)}</p>`;
    default:
      return (
        `<p>${escape(view.error.message)}</p><p>${escape(view.error.advice)}</p>` + link(view.signInUrl, 'Sign in')
      );
  }
}

function link(href: string, label: string): string {
  return `<p><a href="${escape(href)}">${escape(label)}</a></p>`;
}

function form(action: string, fields: Record<string, string>, label: string, inside: readonly string[] = []): string {
  const inputs = Object.entries(fields).map(
    ([name, value]) => `<input type="hidden" name="${escape(name)}" value="${escape(value)}">`,
  );
  return `<form method="post" action="${escape(action)}">${inputs.join('')}${inside.join('')}<button>${escape(label)}</button></form>`;
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
