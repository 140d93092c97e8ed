import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { AccessDecision, Account, Identity, Target } from '../access/types.ts';
import type { GatewayError } from '../errors.ts';
import type { ServerView, Upstream } from '../servers/types.ts';
import type { CanonicalRequest } from './canonical.ts';
import type { ClientReads } from './clientReads.ts';
import type { HttpHop } from './http.ts';
import type { Ticker } from './upstream/ticker.ts';
import type { PoolCount } from './upstream/types.ts';

/** A route: path prefix → upstream. */
export interface Route {
  /** With a slash at both ends: `/user/alice/`. */
  prefix: string;
  target: Target;
  upstream: Upstream;
}

/** What the one gate sees of a request: the same for pages, the hop, upgrades and the edge. */
export interface GateRequest {
  method: string;
  /** Path as received, already checked to be canonical; without query. */
  path: string;
  /** With its question mark, or empty. */
  query: string;
  cookie: string | undefined;
  authorization: string | undefined;
  origin: string | undefined;
  host: string | undefined;
  fetchSite: string | undefined;
  upgrade: boolean;
  /** Any other header by its lower-case name: a site's proxy may send a token in one. */
  header?: (name: string) => string | undefined;
  /** Strangers at its address ask too often: let in only who is known already, without looking at anything new. */
  onlyKnown?: boolean;
}

/** What the hop needs to carry one allowed request. */
export interface HopPlan {
  kind: 'hop';
  route: Route;
  identity: Identity;
  access: Extract<AccessDecision, { allowed: true }>;
  /** Which cookies of the request must not reach the upstream: ours, and login cookies of another session. */
  dropCookie(name: string, value: string): boolean;
  /** Hub token that the upstream gets as `Authorization`: one that is good for exactly this target. Never the client's own header. */
  token?: string | undefined;
  /** The query for the upstream: without a token that the client put into it. */
  query?: string;
  /** Our signed word on who the visitor is; services get one. */
  vouched?: string;
}

/** The gate's answer; status, page and log line are made from it in one place. */
export type GateDecision =
  | HopPlan
  /** A path of the gateway's own application. */
  | { kind: 'app' }
  | { kind: 'sign-in'; returnTo: string; error: GatewayError; reason?: string }
  /** Allowed, but the server has no upstream now. */
  | { kind: 'no-server'; target: Extract<Target, { kind: 'server' }>; identity: Identity; view: ServerView | undefined }
  | {
      kind: 'refuse';
      error: GatewayError;
      identity?: Identity;
      reason: string;
      /** `Set-Cookie` values for its answer. */
      expire?: readonly string[];
    };

/** Synchronous where the token is in the verified-token cache: the hot path makes no promise. */
export type Authorize = (request: GateRequest) => GateDecision | Promise<GateDecision>;

/** Open WebSockets and long exchanges, so that expiry, logout, revoke and stop can close them at once. */
export interface Connections {
  /** Closes all that match, with a WebSocket close code (RFC 6455, 7.4) and reason; returns how many. */
  closeWhere(match: (connection: ConnectionInfo) => boolean, code: number, reason: string): number;
  /** The session was renewed: what it opened may stay open until then, ms since 1970. */
  prolong(session: Pick<Identity, 'sessionId' | 'via' | 'expiresAt'>): void;
  /** The account is in other groups now: what this session, and the account's Hub tokens, have opened is judged by those. */
  regroup(sessionId: string, account: Account): void;
  count(): number;
}

export interface ConnectionInfo {
  sessionId: string;
  account: string;
  /** As it was when the connection was opened. Absent where nobody is asked who they are. */
  identity?: Identity;
  target: Target;
  /** ms since 1970; closed when it passes. */
  expiresAt: number;
}

/** What a path leads to: the target is known from the path alone; the route only while an upstream is there. */
export interface RouteMatch {
  target: Target;
  route: Route | undefined;
}

/** Path prefix → target → upstream. Look-ups cost the same for one route and for ten thousand. */
export interface RouteTable {
  /** The path is canonical and without query. Undefined for paths that are no route at all. */
  match(path: string): RouteMatch | undefined;
  /** The prefix of a target, with a slash at both ends and the base path in front. */
  prefixOf(target: Target): string;
  /** Opens a route, or moves it to another upstream. */
  open(target: Target, upstream: Upstream): Route;
  /** Names a server that has no upstream yet: without it, `/user/alice/nowcast/` is a page of alice's default server. */
  declare(target: Target): void;
  /** The upstream is gone, the name stays known. */
  close(target: Target): void;
  /** The name is gone too. */
  forget(target: Target): void;
  routes(): Iterable<Route>;
  /** Called after each open and close. Returns the function that ends it. */
  onChange(listener: (route: Route, state: 'open' | 'closed') => void): () => void;
}

/** What a refusal page may know of the request. */
export interface RenderRequest extends GateRequest {
  accept: string | undefined;
  /** Shown on the page and in the log line. */
  requestId: string;
}

export interface Rendered {
  status: number;
  headers: Record<string, string | string[]>;
  body: string;
}

/** Makes status, headers and body of every answer that is neither the hop's nor the application's. */
export interface RenderDecision {
  (decision: Exclude<GateDecision, HopPlan | { kind: 'app' }>, request: RenderRequest): Rendered | Promise<Rendered>;
}

/** One request on its way through the hop, as the front door hands it over. */
export interface Exchange {
  requestId: string;
  request: CanonicalRequest;
  /** The client waits for `100 Continue` before it sends its body (RFC 9110, 10.1.1). */
  expectsContinue: boolean;
  /** Answers the client with an error of ours, if its answer has not begun; otherwise breaks it off. */
  refuse(error: GatewayError): void;
}

/** What the hop reads of a request, beside its canonical reading. */
export type Asked = Pick<IncomingMessage, 'rawHeaders' | 'headers' | 'socket' | 'method'>;

export interface Hop {
  /** Deadlines of all that belongs to the hop. */
  readonly ticker: Ticker;
  /** How the sockets of clients are read. */
  readonly reads: ClientReads;
  /** Of an exchange that somebody else carries: all that it needs. Its `onDone` must be called once. */
  begin(req: Asked, plan: HopPlan, exchange: Exchange): HttpHop;
  http(req: IncomingMessage, res: ServerResponse, plan: HopPlan, exchange: Exchange): void;
  upgrade(req: IncomingMessage, socket: Duplex, head: Buffer, plan: HopPlan, exchange: Exchange): void;
  readonly connections: Connections;
  /** Exchanges under way, and the connections to upstreams. */
  load(): { running: number; upstream: PoolCount };
  /** Lets go of the kept connections to an upstream that is no more. */
  release(upstream: Upstream): void;
  /** Ends WebSockets with 1001, lets running requests end for a while; resolves when all are closed. */
  close(): Promise<void>;
}
