import { randomBytes } from 'node:crypto';
import type { Rendered, RenderDecision, RenderRequest } from '../proxy/types.ts';
import type { Urls } from '../urls.ts';
import type { Areas } from './areas.ts';
import { hashOf } from './tickets.ts';

export interface OriginRenderParts {
  inner: RenderDecision;
  areas: Areas;
  urls: Urls;
  /** `Set-Cookie` of the proof that a browser holds while it is sent round. */
  proofCookie: (value: string) => string;
}

/** Sends a browser from one origin to the other where its page is there; all other answers are the gateway's usual ones. */
export function createOriginRender({ inner, areas, urls, proofCookie }: OriginRenderParts): RenderDecision {
  /** Whoever has no sign-in here fetches one from the gateway's own origin. */
  function fetchSignIn(label: string, next: string, request: RenderRequest): Rendered {
    const proof = randomBytes(24).toString('base64url');
    const query = new URLSearchParams({ to: label, proof: hashOf(proof), next });
    const location = `${urls.origin}${urls.hub('visit')}?${query.toString()}`;
    return redirect(location, request, { 'set-cookie': proofCookie(proof) });
  }

  return (decision, request) => {
    const area = areas.areaOf(request.host);
    const here = request.path + request.query;
    if (!isPageLoad(request)) return inner(decision, request);
    if (decision.kind === 'refuse' && decision.error.code === 'request.misdirected') {
      const owner = areas.ownerOf(request.path);
      const origin = owner === undefined ? urls.origin : urls.userOrigin(owner);
      return redirect((origin ?? urls.origin) + here, request);
    }
    if (area.kind === 'user' && decision.kind === 'sign-in') return fetchSignIn(area.label, here, request);
    // The page that offers Start has forms, which only the gateway's own origin takes
    if (area.kind === 'user' && decision.kind === 'no-server') return redirect(urls.origin + here, request);
    return inner(decision, request);
  };
}

function isPageLoad({ method, upgrade, accept }: RenderRequest): boolean {
  return !upgrade && (method === 'GET' || method === 'HEAD') && accept?.includes('text/html') === true;
}

function redirect(location: string, request: RenderRequest, more: Record<string, string> = {}): Rendered {
  const headers = { location, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer', ...more };
  return { status: 302, headers: { ...headers, 'x-request-id': request.requestId }, body: '' };
}
