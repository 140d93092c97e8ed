import type { GatewayError } from '../errors.ts';

/** What the sign-in shows. The pages room renders these; the plain renderer below serves without it. */
export type IdentityView =
  /** `fields` go into a form as hidden inputs, POSTed to `action`. Works without scripts. */
  | { kind: 'confirm-link'; displayName: string; action: string; fields: Record<string, string> }
  /** Nothing to fill in: the visitor needs a link from the terminal. */
  | { kind: 'sign-in' }
  | { kind: 'confirm-sign-out'; action: string; fields: Record<string, string> }
  | { kind: 'signed-out'; signInUrl: string }
  | { kind: 'error'; error: GatewayError; signInUrl: string };

/** A whole HTML document. */
export type RenderView = (view: IdentityView) => string;

export const renderPlain: RenderView = (view) =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">` +
  `<title>Cylc Gateway</title><main><h1>Cylc Gateway</h1>${body(view)}</main></html>`;

function body(view: IdentityView): string {
  switch (view.kind) {
    case 'confirm-link':
      return form(view.action, view.fields, `Sign in as ${view.displayName}`);
    case 'sign-in':
      return '<p>To sign in, open one of the links that the gateway printed in its terminal.</p>';
    case 'confirm-sign-out':
      return form(view.action, view.fields, 'Sign out');
    case 'signed-out':
      return `<p>You are signed out.</p><p><a href="${escape(view.signInUrl)}">Sign in</a></p>`;
    default:
      return (
        `<p>${escape(view.error.message)}</p><p>${escape(view.error.advice)}</p>` +
        `<p><a href="${escape(view.signInUrl)}">Sign in</a></p>`
      );
  }
}

function form(action: string, fields: Record<string, string>, label: string): string {
  const inputs = Object.entries(fields).map(
    ([name, value]) => `<input type="hidden" name="${escape(name)}" value="${escape(value)}">`,
  );
  return `<form method="post" action="${escape(action)}">${inputs.join('')}<button>${escape(label)}</button></form>`;
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
