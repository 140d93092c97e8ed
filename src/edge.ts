import { bearsHubToken } from './edge/identify.ts';
import { createEdgeGate, gateRequest, isUpgrade } from './edge/gate.ts';
import { forward } from './edge/forward.ts';
import { takeQueryToken } from './identity/queryToken.ts';
import { requestFault } from './edge/requestFault.ts';
import { readSettings } from './edge/settings.ts';
import type { EdgeBindings, EdgeSettings } from './edge/settings.ts';
import { GatewayError, toGatewayError } from './errors.ts';
import { ownHeaders } from './ownHeaders.ts';
import { asksForServiceWorker, serviceWorkerAnswer } from './proxy/serviceWorkers.ts';
import type { Authorize } from './proxy/types.ts';

/**
 * Worker in front of a gateway: who is not signed in gets no further than this. Web standards only. Between requests it
 * keeps its settings and the issuer's public keys, nothing of any person.
 */
interface Edge {
  settings: EdgeSettings;
  gate: Authorize;
}

/** By the bindings object, which lives as long as the isolate. */
const edges = new WeakMap<EdgeBindings, Edge>();

export default {
  async fetch(request: Request, env: EdgeBindings): Promise<Response> {
    try {
      return await answer(request, edgeOf(env));
    } catch (error) {
      console.error(String(error));
      return refusal(toGatewayError(error));
    }
  },
};

function edgeOf(env: EdgeBindings): Edge {
  let edge = edges.get(env);
  if (edge === undefined) {
    const settings = readSettings(env);
    edge = { settings, gate: createEdgeGate(settings) };
    edges.set(env, edge);
  }
  return edge;
}

async function answer(request: Request, { settings, gate }: Edge): Promise<Response> {
  if (requestFault(request) !== undefined) return refusal(new GatewayError('request.malformed'));
  const url = new URL(request.url);
  if (asksForServiceWorker([...request.headers].flat())) return serviceWorker();
  const bearsToken = bearsHubToken(request.headers.get('authorization'));
  if (bearsToken || (isUpgrade(request) && takeQueryToken(url.search) !== undefined))
    return forward(request, url, { settings, account: undefined });
  const decision = await gate(gateRequest(request, url));
  if (decision.kind === 'refuse') return refusal(decision.error);
  if (decision.kind === 'sign-in')
    return isPageLoad(request) ? signIn(settings, decision.returnTo) : refusal(decision.error);
  return forward(request, url, {
    settings,
    account: decision.kind === 'hop' ? decision.identity.account.name : undefined,
  });
}

function serviceWorker(): Response {
  const { body, headers } = serviceWorkerAnswer;
  return new Response(body, { headers: { ...ownHeaders, ...headers } as Record<string, string> });
}

function isPageLoad(request: Request): boolean {
  const reads = request.method === 'GET' || request.method === 'HEAD';
  return reads && (request.headers.get('accept') ?? '').includes('text/html');
}

function signIn({ urls }: EdgeSettings, returnTo: string): Response {
  const location = `${urls.hub('login')}?next=${encodeURIComponent(returnTo)}`;
  return new Response(null, { status: 302, headers: { ...ownHeaders, location, 'cache-control': 'no-store' } });
}

function refusal(error: GatewayError): Response {
  return Response.json(error, { status: error.status, headers: { ...ownHeaders, 'cache-control': 'no-store' } });
}
