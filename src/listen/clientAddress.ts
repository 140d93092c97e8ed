import type { IncomingMessage } from 'node:http';
import { BlockList, isIPv4, isIPv6 } from 'node:net';

/** Whom a request comes from, and what its browser called us. */
export interface Client {
  /** Address of the browser, as far as those who are trusted tell. */
  address: string;
  /** What a trusted proxy says that the browser asked for; undefined where none says so. */
  host: string | undefined;
}

/** Where the client's address is kept on a request, once it has been found out. */
const found = Symbol('client of the request');
/** As much of a request as tells where it comes from. */
type Request = Pick<IncomingMessage, 'headers' | 'socket'>;
type Marked = Request & { [found]?: Client };

/** The client of a request that has come through the front door; otherwise the peer of its connection. */
export function clientOf(req: Request): Client {
  return (req as Marked)[found] ?? { address: plainAddress(req.socket.remoteAddress), host: undefined };
}

/** Notes whom a request comes from, for who asks `clientOf` later. */
export function noteClient(req: Request, client: Client): void {
  (req as Marked)[found] = client;
}

export interface Trust {
  /** Addresses and ranges. */
  proxies: readonly string[];
  /** Headers that these proxies set; one they do not know passes through them as the client wrote it. */
  headers: readonly ('x-forwarded-for' | 'x-forwarded-host' | 'forwarded')[];
  /** Whether all connections come by a unix socket: then whoever may open it is trusted, and has no address. */
  isLocal?: boolean;
}

/**
 * Finds out the client of each request and notes it there for `clientOf`. Headers are believed only from a trusted peer,
 * and only as far as the chain of trusted ones reaches: the client is the last address, from the right, that is not
 * one of them. So nothing that a client itself wrote counts.
 */
export function createClientFinder(trust: Trust): (req: Request) => Client {
  const { isLocal = false } = trust;
  if (trust.proxies.length === 0 && !isLocal) return clientOf;
  const proxies = toBlockList(trust.proxies);
  return (req) => {
    const peer = plainAddress(req.socket.remoteAddress);
    if (!isLocal && !isIn(proxies, peer)) return clientOf(req);
    const client = behind(said(req, trust.headers), isLocal ? undefined : peer, proxies);
    noteClient(req, client);
    return client;
  };
}

/** Whether an address is that of a proxy in front. */
export function createTrust({ proxies, isLocal = false }: Omit<Trust, 'headers'>): (address: string) => boolean {
  if (isLocal) return () => true;
  const list = toBlockList(proxies);
  return (address) => isIn(list, address);
}

/** What the trusted headers of a request say, the nearest proxy last. */
interface Said {
  chain: readonly string[];
  host: string | undefined;
}

function said({ headers }: Request, trusted: Trust['headers']): Said {
  if (trusted.includes('forwarded') && headers.forwarded !== undefined) {
    const hops = readForwarded(headers.forwarded);
    return { chain: hops.map((hop) => hop.for), host: hops.at(-1)?.host };
  }
  return {
    chain: trusted.includes('x-forwarded-for') ? listOf(headers['x-forwarded-for']) : [],
    host: trusted.includes('x-forwarded-host') ? listOf(headers['x-forwarded-host']).at(-1) : undefined,
  };
}

/** `peer`: undefined for one without an address, which is trusted. */
function behind({ chain, host }: Said, peer: string | undefined, proxies: BlockList): Client {
  let address = peer;
  for (const step of chain.toReversed()) {
    if (address !== undefined && !isIn(proxies, address)) break;
    const next = addressIn(step);
    if (next === undefined) break;
    address = next;
  }
  return {
    address: address ?? plainAddress(undefined),
    host: host !== undefined && /^[\w.:[\]-]{1,255}$/.test(host) ? host : undefined,
  };
}

function listOf(value: string | string[] | undefined): string[] {
  const text = Array.isArray(value) ? value.join(',') : (value ?? '');
  return text === '' ? [] : text.split(',').map((item) => item.trim());
}

interface ForwardedHop {
  for: string;
  host: string | undefined;
}

/** RFC 7239: `for=192.0.2.1;host=x, for="[2001:db8::1]:1234"`. */
function readForwarded(value: string): ForwardedHop[] {
  return value.split(',').map((hop) => {
    const parameters = new Map(
      hop.split(';').map((pair): [string, string] => {
        const [name = '', text = ''] = pair.split('=', 2);
        return [name.trim().toLowerCase(), text.trim().replace(/^"(.*)"$/, '$1')];
      }),
    );
    return { for: parameters.get('for') ?? '', host: parameters.get('host') };
  });
}

/** `1.2.3.4`, `1.2.3.4:567`, `[::1]:567`, `::1`; undefined for `unknown`, `_hidden` and nonsense. */
function addressIn(text: string): string | undefined {
  const bare = /^\[(.+)\](?::[0-9]+)?$/.exec(text)?.[1] ?? text.replace(/^([0-9.]+):[0-9]+$/, '$1');
  return isIPv4(bare) || isIPv6(bare) ? plainAddress(bare) : undefined;
}

/** An IPv4 peer of a listener on `::` looks like `::ffff:192.0.2.1`. */
export function plainAddress(address: string | undefined): string {
  return address?.replace(/^::ffff:(?=[0-9.]+$)/i, '') ?? 'unknown';
}

function toBlockList(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', prefix] = range.split('/');
    const family = isIPv4(address) ? 'ipv4' : 'ipv6';
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return list;
}

function isIn(list: BlockList, address: string): boolean {
  if (isIPv4(address)) return list.check(address, 'ipv4');
  return isIPv6(address) && list.check(address, 'ipv6');
}
