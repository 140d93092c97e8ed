import { GatewayError } from '../errors.ts';
import { requestHeaderKind } from '../proxy/headerKinds.ts';
import { edgeHeader, signAssertion } from '../proxy/edgeAssertion.ts';
import type { EdgeSettings } from './settings.ts';

/** Sends the request on to the gateway and hands its answer back as it is, WebSocket included; nothing is cached. */
export async function forward(
  request: Request,
  url: URL,
  options: { settings: EdgeSettings; account: string | undefined },
): Promise<Response> {
  const { settings, account } = options;
  const target = new URL(url.pathname + url.search, settings.origin);
  const headers = carried(request.headers, settings.site?.header);
  headers.set('x-forwarded-host', new URL(settings.urls.origin).host);
  headers.set('x-forwarded-proto', settings.urls.secure ? 'https' : 'http');
  const client = request.headers.get('cf-connecting-ip');
  if (client !== null) headers.set('x-forwarded-for', client);
  if (settings.secret !== undefined) {
    const asserted = { method: request.method, address: target.pathname + target.search };
    headers.set(edgeHeader, await signAssertion(asserted, settings.secret, account));
  }
  try {
    return await fetch(new Request(target, request), { headers, redirect: 'manual', cache: 'no-store' });
  } catch (cause) {
    throw new GatewayError('upstream.connect', {
      message: 'The gateway cannot be reached.',
      advice: 'Try again in a minute; if it stays so, tell the administrator of this site.',
      cause,
    });
  }
}

/** By the hop's own rules, what a client may not state about itself ends here; the runtime sees to framing. */
function carried(from: Headers, tokenHeader: string | undefined): Headers {
  const headers = new Headers();
  for (const [name, value] of from) {
    const kept = name === tokenHeader || name === 'upgrade' || requestHeaderKind(name) !== 'drop';
    if (kept) headers.append(name, value);
  }
  return headers;
}
