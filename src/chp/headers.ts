import { asksForNoBuffering, ordersFront } from '../proxy/frontHeaders.ts';
import type { ChpOptions } from './options.ts';

/** They end at this hop (RFC 9110, 7.6.1); `Expect` has been answered, `Upgrade` is written anew for WebSockets. */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
]);
/** A client cannot name these as hop-by-hop: the target would read another request than we have. */
const notNominable = new Set(['host', 'content-length', 'cookie', 'authorization', 'set-cookie', 'content-type']);

export type HeaderOptions = Pick<
  ChpOptions,
  'xForward' | 'changeOrigin' | 'customHeaders' | 'autoRewrite' | 'protocolRewrite'
>;

export interface ClientSide {
  address: string;
  secure: boolean;
  /** As the client named it, with its port. */
  host: string | undefined;
  upgrade: boolean;
}

/** What the target gets: all that is meant for it, cookies and `Authorization` too, and where it came from. */
export function toTarget(raw: readonly string[], client: ClientSide, target: URL, options: HeaderOptions): string[] {
  const out: string[] = [];
  const chain = new Map<string, string>();
  const nominated = nominatedIn(raw);
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!;
    const lower = name.toLowerCase();
    if (options.customHeaders.has(lower) || endsHere(lower, nominated)) continue;
    if (options.xForward && forwardedNames.has(lower)) chain.set(lower, joined(chain.get(lower), raw[i + 1]!));
    else if (lower === 'host' && options.changeOrigin) out.push(name, target.host);
    else out.push(name, raw[i + 1]!);
  }
  if (options.xForward) pushForwarded(out, chain, client);
  for (const [name, value] of options.customHeaders) out.push(name, value);
  return out;
}

/** What the client gets: all but what ends here, with redirects to the target made redirects to us, if so asked. */
export function toClient(client: ClientSide, target: URL, options: HeaderOptions) {
  return {
    response(raw: readonly string[]): string[] {
      const out: string[] = [];
      const nominated = nominatedIn(raw);
      for (let i = 0; i < raw.length; i += 2) {
        const lower = raw[i]!.toLowerCase();
        const value = raw[i + 1]!;
        // The request's id, which is the client's own where it sent one, is added by the hop
        if (lower === 'x-request-id' || endsHere(lower, nominated)) continue;
        if (ordersFront(lower) && !asksForNoBuffering(lower, value)) continue;
        out.push(raw[i]!, lower === 'location' ? rewriteLocation(value, client, target, options) : value);
      }
      return out;
    },
  };
}

const forwardedNames = new Set(['x-forwarded-for', 'x-forwarded-port', 'x-forwarded-proto', 'x-forwarded-host']);

/** Proxies in front have written theirs; ours is added at the end, the host is the first one's. */
function pushForwarded(out: string[], chain: ReadonlyMap<string, string>, client: ClientSide): void {
  const port = client.host === undefined ? undefined : /:([0-9]+)$/.exec(client.host)?.[1];
  const scheme = client.upgrade ? 'ws' : 'http';
  out.push('X-Forwarded-For', joined(chain.get('x-forwarded-for'), client.address));
  out.push('X-Forwarded-Port', joined(chain.get('x-forwarded-port'), port ?? (client.secure ? '443' : '80')));
  out.push('X-Forwarded-Proto', joined(chain.get('x-forwarded-proto'), client.secure ? `${scheme}s` : scheme));
  out.push('X-Forwarded-Host', chain.get('x-forwarded-host') ?? client.host ?? '');
}

function joined(before: string | undefined, value: string): string {
  return before === undefined || before === '' ? value : `${before},${value}`;
}

/** Names in `Connection` end here too; `keep-alive` and `close`, nearly all there is, name nothing. */
function nominatedIn(raw: readonly string[]): ReadonlySet<string> | undefined {
  let names: Set<string> | undefined;
  for (let i = 0; i < raw.length; i += 2) {
    const value = raw[i + 1]!;
    if (raw[i]!.length !== 10 || raw[i]!.toLowerCase() !== 'connection' || /^(?:keep-alive|close)$/i.test(value))
      continue;
    names ??= new Set();
    for (const name of value.split(',')) names.add(name.trim().toLowerCase());
  }
  return names;
}

function endsHere(lower: string, nominated: ReadonlySet<string> | undefined): boolean {
  return hopByHop.has(lower) || (nominated?.has(lower) === true && !notNominable.has(lower));
}

function rewriteLocation(location: string, client: ClientSide, target: URL, options: HeaderOptions): string {
  if (!options.autoRewrite && options.protocolRewrite === undefined) return location;
  if (!URL.canParse(location)) return location;
  const url = new URL(location);
  if (url.host !== target.host) return location;
  const protocol = options.protocolRewrite?.replace(/:?$/, ':') ?? url.protocol;
  const host = options.autoRewrite && client.host !== undefined ? client.host : url.host;
  return `${protocol}//${host}${url.pathname}${url.search}${url.hash}`;
}
