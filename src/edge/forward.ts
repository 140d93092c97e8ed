import { GatewayError } from '../errors.ts';
import { addNominated, isNominated } from '../proxy/headers.ts';
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
  const client = clientAddress(request);
  if (client !== undefined) headers.set('x-forwarded-for', client);
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

/**
 * As the runtime says. workerd itself has it in `cf.clientIp`, with the port, and lets a client write the header that
 * Cloudflare sets by itself on every request.
 */
function clientAddress(request: Request): string | undefined {
  const { clientIp } = ((request as { cf?: unknown }).cf ?? {}) as { clientIp?: unknown };
  if (typeof clientIp === 'string') return clientIp.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  return request.headers.get('cf-connecting-ip') ?? undefined;
}

/** By the hop's own rules, what a client may not state about itself ends here; the runtime sees to framing. */
function carried(from: Headers, tokenHeader: string | undefined): Headers {
  const headers = new Headers();
  const nominated = addNominated(undefined, from.get('connection') ?? '') ?? [];
  for (const [name, value] of from) {
    const ends = requestHeaderKind(name) === 'drop' || isNominated(name, nominated);
    if (name === tokenHeader || name === 'upgrade' || !ends) headers.append(name, value);
  }
  return headers;
}
