import type { Identity } from '../access/types.ts';
import { GatewayError } from '../errors.ts';
import type { RenderDecision, Rendered } from '../proxy/types.ts';
import type { Asked } from './asked.ts';
import { ErrorPage } from './errorPage.tsx';
import { toHtml } from './layout.tsx';
import type { PageNode } from './layout.tsx';
import { notRunningError, notRunningPage } from './notRunning.tsx';
import { jsonHeaders, pageHeaders } from './pageHeaders.ts';
import { withoutForms } from './shell.ts';
import type { Shell } from './shell.ts';

/** An answer whose headers each have one value. */
export interface Answer extends Rendered {
  headers: Record<string, string>;
}

type Refusal = Parameters<RenderDecision>[0];

/** For the front door: refusals, sign-in redirects and servers that are not running, as pages for people and JSON for programs. */
export function createRenderDecision(shell: Shell): (decision: Refusal, request: Asked) => Answer {
  const formless = withoutForms(shell);
  return (decision, request) => renderDecision(formless, decision, request);
}

/** Status, headers and body of a decision that neither the hop nor the application answers. */
export function renderDecision(shell: Shell, decision: Refusal, request: Asked): Answer {
  switch (decision.kind) {
    case 'sign-in':
      return isPageLoad(request)
        ? redirect(`${shell.urls.hub('login')}?next=${encodeURIComponent(decision.returnTo)}`, request)
        : renderError(shell, decision.error, request);
    case 'no-server':
      return isPageLoad(request)
        ? page(shell, notRunningPage(shell, decision, request), statusOf(decision), request)
        : renderError(shell, notRunningError(decision), request, decision.identity);
    default:
      return renderError(shell, decision.error, request, decision.identity);
  }
}

/** An error as a page or as JSON; for faults of the hop (502, 504) too. */
export function renderError(shell: Shell, found: GatewayError, request: Asked, who?: Identity): Answer {
  const error = request.path.startsWith(`${shell.urls.base}services/`) ? ofService(found) : found;
  if (!wantsHtml(request)) return json(error, request);
  const node = <ErrorPage shell={shell} who={who} error={error} requestId={request.requestId} />;
  return page(shell, node, error.status, request);
}

/** What is said of a UI server does not fit a service: who visits it can neither stop it nor read its log. */
function ofService(error: GatewayError): GatewayError {
  if (!error.code.startsWith('upstream.')) return error;
  const message = error.message.replace('The server', 'The service');
  const advice = 'Try again; if it stays so, tell the administrator of this site.';
  return new GatewayError(error.code, { message, advice, cause: error });
}

/** Browsers loading a page name HTML in `Accept`; their scripts and other programs ask for anything, or for JSON. */
function wantsHtml({ accept, upgrade }: Asked): boolean {
  return !upgrade && accept?.includes('text/html') === true;
}

function isPageLoad(request: Asked): boolean {
  return wantsHtml(request) && (request.method === 'GET' || request.method === 'HEAD');
}

function statusOf(decision: Extract<Refusal, { kind: 'no-server' }>): number {
  return notRunningError(decision).status;
}

function page(shell: Shell, node: PageNode, status: number, request: Asked): Answer {
  const retry: Record<string, string> = status === 503 ? { 'retry-after': '2' } : {};
  const headers = { ...pageHeaders(shell.urls), 'x-request-id': request.requestId, ...retry };
  return { status, headers, body: toHtml(node) };
}

function json(error: GatewayError, request: Asked): Answer {
  const retry: Record<string, string> = error.status === 503 ? { 'retry-after': '2' } : {};
  const body = JSON.stringify({ ...error.toJSON(), requestId: request.requestId });
  return { status: error.status, headers: { ...jsonHeaders, 'x-request-id': request.requestId, ...retry }, body };
}

function redirect(location: string, request: Asked): Answer {
  return {
    status: 302,
    headers: { location, 'cache-control': 'no-store', 'x-request-id': request.requestId },
    body: '',
  };
}
