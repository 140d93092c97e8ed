import { confineSetCookie, keepCookies } from './cookies.ts';
import { asksForNoBuffering } from './frontHeaders.ts';
import { requestHeaderKind, responseHeaderKind } from './headerKinds.ts';
import type { HeaderKind } from './headerKinds.ts';

/** Header rules on raw name and value pairs, in turn in one array. Edge-safe. */

export interface Forwarded {
  /** Address of the client, or the chain of addresses that trusted proxies named. */
  for: string;
  proto: 'http' | 'https';
  /** As the browser named it. */
  host: string | undefined;
  port: string;
}

export interface RequestRule {
  dropCookie(name: string, value: string): boolean;
  /** Hub token for the upstream; what the client sent as `Authorization` is always dropped. */
  token?: string | undefined;
  /** Our signed word on who is asking. */
  vouched?: string | undefined;
  forwarded: Forwarded;
}

export interface AnswerRules {
  /** What the client gets of an answer. `prefix` confines cookies. */
  response(raw: readonly string[], prefix: string): string[];
}

export interface HeaderRules extends AnswerRules {
  /** What the upstream gets of a request: end-to-end headers as they came, then what we vouch for, last. */
  request(raw: readonly string[], rule: RequestRule): string[];
}

/** A client's own is dropped, as all that begin so. */
const identityHeader = 'X-Cylc-Gateway-Identity';

/** Spellings remembered at most: browsers use some fifty, and a client must not make us hold more. */
const maxKnown = 512;

/**
 * Cookies of one answer, bytes, attributes and all. Browsers send them back with every request, and a head that is too
 * large is refused: a server could lock its visitors out, and push the gateway's own cookie out of a full jar.
 */
const maxCookieBytes = 16_384;

/**
 * `secretHeaders`, lower case, are dropped from requests in any spelling.
 * `permissionsPolicy` is put on answers in place of their own: browsers read both as one list, and ignore all of it where
 * a part is malformed.
 */
export function createHeaderRules(
  options: { secretHeaders?: readonly string[] | undefined; permissionsPolicy?: string | undefined } = {},
): HeaderRules {
  const { permissionsPolicy } = options;
  const secret = new Set(options.secretHeaders?.filter((name) => name !== 'authorization'));
  const isSecret = (name: string): boolean => secret.has(name.toLowerCase().replace(/[_.]/g, '-'));
  const requestKind = remembered((name) => (secret.size > 0 && isSecret(name) ? 'drop' : requestHeaderKind(name)));
  const isReplaced = (name: string): boolean =>
    permissionsPolicy !== undefined && name.toLowerCase() === 'permissions-policy';
  const responseKind = remembered((name) => (isReplaced(name) ? 'drop' : responseHeaderKind(name)));
  return {
    request(raw, rule) {
      const out: string[] = [];
      let nominated: string[] | undefined;
      let takesTrailers = false;
      for (let i = 0; i < raw.length; i += 2) {
        const name = raw[i]!;
        const value = raw[i + 1]!;
        const kind = requestKind(name);
        if (kind === 'pass') out.push(name, value);
        else if (kind === 'cookie')
          pushIfAny(
            out,
            name,
            keepCookies(value, (cookie, text) => rule.dropCookie(cookie, text)),
          );
        else if (kind === 'connection') nominated = addNominated(nominated, value);
        else if (kind === 'te') takesTrailers ||= /(?:^|,)[ \t]*trailers[ \t]*(?:,|$)/i.test(value);
      }
      if (nominated !== undefined) removeNominated(out, nominated);
      if (takesTrailers) out.push('TE', 'trailers', 'Connection', 'TE');
      pushForwarded(out, rule.forwarded);
      if (rule.token !== undefined) out.push('Authorization', `token ${rule.token}`);
      pushIfAny(out, identityHeader, rule.vouched);
      return out;
    },
    response(raw, prefix) {
      const out: string[] = [];
      let nominated: string[] | undefined;
      let cookieBytes = 0;
      for (let i = 0; i < raw.length; i += 2) {
        const name = raw[i]!;
        const value = raw[i + 1]!;
        const kind = responseKind(name);
        if (kind === 'pass') out.push(name, value);
        else if (kind === 'set-cookie') {
          const cookie = confineSetCookie(value, prefix);
          cookieBytes += cookie?.length ?? 0;
          if (cookieBytes <= maxCookieBytes) pushIfAny(out, name, cookie);
        } else if (kind === 'order') pushIfAny(out, name, asksForNoBuffering(name, value) ? value : undefined);
        else if (kind === 'connection') nominated = addNominated(nominated, value);
      }
      if (nominated !== undefined) removeNominated(out, nominated);
      pushIfAny(out, 'Permissions-Policy', permissionsPolicy);
      return out;
    },
  };
}

function remembered(kindOf: (name: string) => HeaderKind): (name: string) => HeaderKind {
  const known = new Map<string, HeaderKind>();
  return (name) => {
    let kind = known.get(name);
    if (kind !== undefined) return kind;
    kind = kindOf(name);
    if (known.size < maxKnown) known.set(name, kind);
    return kind;
  };
}

function pushIfAny(out: string[], name: string, value: string | undefined): void {
  if (value !== undefined) out.push(name, value);
}

/** The names in a `Connection` header, which end at this hop as well; `keep-alive` and `close`, nearly all there is, name nothing. */
export function addNominated(sofar: string[] | undefined, value: string): string[] | undefined {
  if (value === 'keep-alive' || value === 'close') return sofar;
  const names = value.split(',').map((name) => name.trim().toLowerCase());
  return [...(sofar ?? []), ...names];
}

/** Framing and Host cannot be nominated away: a client could otherwise change what the upstream reads (RFC 9110, 7.6.1). */
const notNominable = new Set(['host', 'content-length', 'cookie', 'set-cookie', 'origin', 'content-type']);

function removeNominated(out: string[], nominated: readonly string[]): void {
  for (let i = out.length - 2; i >= 0; i -= 2) {
    if (isNominated(out[i]!.toLowerCase(), nominated)) out.splice(i, 2);
  }
}

/** Whether the header of that name, in lower case, ends at this hop since a `Connection` header names it. */
export function isNominated(lower: string, nominated: readonly string[]): boolean {
  return nominated.includes(lower) && !notNominable.has(lower);
}

function pushForwarded(out: string[], forwarded: Forwarded): void {
  out.push('X-Forwarded-For', forwarded.for, 'X-Forwarded-Proto', forwarded.proto);
  if (forwarded.host !== undefined) out.push('X-Forwarded-Host', forwarded.host);
  out.push('X-Forwarded-Port', forwarded.port);
}
