import { isNamed } from './fields.ts';

/**
 * One canonical reading of a request. What the gate decides on is what the upstream gets, so whatever two programs
 * could read in two ways is refused (400, connection closed): never repaired, never guessed. RFC 9110, 9112, 3986.
 */

export interface RawRequest {
  method: string;
  /** Request target as received. */
  target: string;
  /** `1.1` or `1.0`. */
  version: string;
  /** Names and values in turn, as received. */
  headers: readonly string[];
  /** The client asks for another protocol on this connection. */
  upgrade: boolean;
  /** Every name is known to be a token, every value to be free of control characters. */
  plain?: boolean;
}

/** What the check found on its way, so that nobody looks twice. Absent headers are undefined. */
export interface CanonicalRequest {
  path: string;
  /** With its question mark, or empty. */
  query: string;
  host: string | undefined;
  cookie: string | undefined;
  authorization: string | undefined;
  origin: string | undefined;
  fetchSite: string | undefined;
  accept: string | undefined;
  contentLength: number | undefined;
  chunked: boolean;
}

/** Either the reading, or the fault in words for the log. */
export type Canonical = { ok: true; request: CanonicalRequest } | { ok: false; fault: string };

/** More headers than any browser sends; a bound on the work a single request can cause. */
const maxHeaders = 128;

/** Printable ASCII without `"`, `#`, `<`, `>`, `\` and backtick: what a URL parser leaves in a path. */
const pathCharacters = /^\/[!$-;=?-[\]^_a-~]*$/;
/** A query may hold more: browsers leave braces, bars and backslashes alone. */
const queryCharacters = /^[!"$-;=?-~]*$/;
/** Empty segment, dot segment, encoded dot, slash, backslash or control character, an incomplete escape. */
const oddPath = /\/\/|\/\.{1,2}(?:\/|$)|%(?:2[ef]|5c|[01][0-9a-f]|7f)|%(?![0-9a-f]{2})/i;
/** An escape of a character that needs none: two spellings of one path. */
const needlessEscape = /%(?:2d|3[0-9]|4[1-9a-f]|5[0-9af]|6[1-9a-f]|7[0-9ae])/i;
/** `user`, owner and server (or `services` and name): the part that routes, after any base path. */
const routingPart = /^.*?\/(?:user\/[^/]*(?:\/[^/]*)?|services\/[^/]*)/;
const hostCharacters = /^(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._~-]+)(?::[0-9]{1,5})?$/;
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const controlCharacter = /[\0-\x08\x0a-\x1f\x7f]/;

const refused = (fault: string): Canonical => ({ ok: false, fault });

/** Reads the request line and headers once. `faultOf` says why a path cannot be carried. */
export function readCanonical(raw: RawRequest, faultOf = pathFault): Canonical {
  const question = raw.target.indexOf('?');
  const path = question === -1 ? raw.target : raw.target.slice(0, question);
  const query = question === -1 ? '' : raw.target.slice(question);
  const fault = faultOf(path) ?? (queryCharacters.test(query) ? undefined : 'query with a forbidden character');
  if (fault !== undefined) return refused(fault);
  const request: CanonicalRequest = {
    path,
    query,
    host: undefined,
    cookie: undefined,
    authorization: undefined,
    origin: undefined,
    fetchSite: undefined,
    accept: undefined,
    contentLength: undefined,
    chunked: false,
  };
  const headerFault = readHeaders(raw, request) ?? framingFault(raw, request);
  return headerFault === undefined ? { ok: true, request } : refused(headerFault);
}

/** Why this path cannot be carried; undefined for a good one. */
export function pathFault(path: string): string | undefined {
  if (!pathCharacters.test(path)) return path.startsWith('/') ? 'path with a forbidden character' : 'target is no path';
  if (oddPath.test(path)) return 'path with an empty, dot or ambiguous segment';
  const escaped = path.includes('%');
  if (!escaped && !path.includes(';')) return undefined;
  const routing = routingPart.exec(path)?.[0];
  if (routing?.includes(';') === true) return 'path parameter in the routing part';
  if (!escaped) return undefined;
  if (routing !== undefined && needlessEscape.test(routing)) return 'needless escape in the routing part';
  return isUtf8(path) ? undefined : 'escapes that are no UTF-8';
}

function isUtf8(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}

function readHeaders({ headers, plain = false }: RawRequest, request: CanonicalRequest): string | undefined {
  if (headers.length > maxHeaders * 2) return 'too many headers';
  for (let i = 0; i < headers.length; i += 2) {
    const value = headers[i + 1]!;
    if (!plain && controlCharacter.test(value)) return 'control character in a header';
    const fault = readHeader(headers[i]!, value, request, plain);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function readHeader(name: string, value: string, request: CanonicalRequest, plain: boolean): string | undefined {
  switch (name.length) {
    case 4:
      return isNamed(name, 'host') ? once(request, 'host', value) : undefined;
    case 6:
      if (isNamed(name, 'cookie'))
        request.cookie = request.cookie === undefined ? value : `${request.cookie}; ${value}`;
      else if (isNamed(name, 'origin')) return once(request, 'origin', value);
      else if (isNamed(name, 'accept')) request.accept ??= value;
      return undefined;
    case 13:
      return isNamed(name, 'authorization') ? once(request, 'authorization', value) : undefined;
    case 14:
      if (isNamed(name, 'sec-fetch-site')) return once(request, 'fetchSite', value);
      return isNamed(name, 'content-length') ? readLength(value, request) : undefined;
    case 17:
      return isNamed(name, 'transfer-encoding') ? readCoding(value, request) : undefined;
    default:
      return plain || token.test(name) ? undefined : 'header name is no token';
  }
}

type Single = 'host' | 'origin' | 'authorization' | 'fetchSite';

function once(request: CanonicalRequest, field: Single, value: string): string | undefined {
  if (request[field] !== undefined) return `second ${field} header`;
  if (field === 'host' && !hostCharacters.test(value)) return 'host is no host';
  request[field] = value;
  return undefined;
}

function readLength(value: string, request: CanonicalRequest): string | undefined {
  if (request.contentLength !== undefined) return 'second content-length';
  if (!/^[0-9]{1,15}$/.test(value)) return 'content-length is no number';
  request.contentLength = Number(value);
  return undefined;
}

function readCoding(value: string, request: CanonicalRequest): string | undefined {
  if (request.chunked) return 'second transfer-encoding';
  if (value.toLowerCase() !== 'chunked') return 'transfer-encoding is not chunked';
  request.chunked = true;
  return undefined;
}

function framingFault(raw: RawRequest, request: CanonicalRequest): string | undefined {
  if (!token.test(raw.method)) return 'method is no token';
  if (raw.version !== '1.1' && raw.version !== '1.0') return 'version is not 1.1 or 1.0';
  if (raw.version === '1.1' && request.host === undefined) return 'no host';
  if (request.chunked && request.contentLength !== undefined) return 'content-length beside transfer-encoding';
  if (request.chunked && raw.version === '1.0') return 'transfer-encoding in HTTP/1.0';
  if (raw.method === 'TRACE' || raw.method === 'CONNECT') return 'method is not carried';
  if (hasBody(request) && (raw.upgrade || raw.method === 'GET' || raw.method === 'HEAD'))
    return 'body where none belongs';
  return undefined;
}

export function hasBody({ chunked, contentLength }: Pick<CanonicalRequest, 'chunked' | 'contentLength'>): boolean {
  return chunked || (contentLength ?? 0) > 0;
}
