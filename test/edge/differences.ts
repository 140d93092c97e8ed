/** What comes of a request through the edge instead of the fate that it has at the gateway. */
export type Instead = { carried: string | undefined } | { statuses: readonly number[] };

/** `why` is what the docs say of it (docs/edge.md). */
interface Difference {
  /** Of `<class>: <name>`. */
  cases: RegExp;
  why: string;
  instead: Instead;
}

/** Carried as the gateway would have carried it. */
const carried = (line?: string): Instead => ({ carried: line });
const status = (...statuses: number[]): Instead => ({ statuses });

/**
 * The deliberate differences: what workerd has read and written anew before the Worker sees it, always in one reading,
 * and what the Worker refuses where the gateway can read more.
 */
export const differences: readonly Difference[] = [
  {
    cases: /^request line: target "(?:https?|HTTP|ws):/,
    why: 'of an absolute target workerd takes the path',
    instead: carried(),
  },
  {
    cases: /^request line: target "\/user\/alice\/x(?:\?a)?#f"/,
    why: 'workerd cuts a fragment off',
    instead: carried(),
  },
  { cases: /^request line: target "h:80"$/, why: 'workerd reads it as /', instead: status(200) },
  {
    cases: /^request line: line feeds without|^(?:framing|headers): .*[a-z]\\n[A-Z]/,
    why: 'workerd ends a line at a line feed too',
    instead: carried(),
  },
  {
    cases: /^request line: line "(?:get|A+|FOO|CONNECT)/,
    why: 'workerd answers a method that it does not know by itself',
    instead: status(500, 501),
  },
  {
    cases: /^framing: (?:CL\.TE|TE\.CL|CL\.0 beside TE|the same length twice)$/,
    why: 'workerd reads one framing and writes it anew',
    instead: carried(),
  },
  {
    cases: /^headers: (?:"Authorization: a\|authorization: b"|200 headers|3,000 headers)/,
    why: 'workerd joins lines of one name to one header',
    instead: carried(),
  },
  { cases: /^hop-by-hop headers: Expect/, why: 'an expectation ends at the Worker', instead: carried() },
  {
    cases: /^hop-by-hop headers: "Upgrade: websocket\|/,
    why: 'a WebSocket without Connection: upgrade is refused',
    instead: status(400),
  },
  {
    cases: /^cookies: (?!"a=1, cylc).*(?:" ?\| ?"| \| )/,
    why: 'of several Cookie lines none is read',
    instead: status(400, 401),
  },
  { cases: /^cookies: "a=1, cylc-gateway=/, why: 'it may be two Cookie lines', instead: status(400) },
  { cases: /^hosts: none in HTTP\/1\.0/, why: 'workerd wants a Host', instead: status(400) },
  { cases: /^paths: .*'or''='/, why: 'URL escapes apostrophes', instead: carried('/user/alice/x?a=%27or%27%27=%27') },
  {
    cases: /^upgrades: from a page of " ?"$/,
    why: 'workerd drops an empty header, and no browser sends one',
    instead: carried(),
  },
  {
    cases: /^upgrades: from a page of ".*, http:\/\/evil/,
    why: 'it may be two Origin lines',
    instead: status(400),
  },
  {
    cases: /^upgrades: (?:in HTTP\/1\.0|with 40 kB of extensions)$/,
    why: 'workerd makes the handshake anew',
    instead: carried(),
  },
];
