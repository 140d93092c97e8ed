import type { AccessDecision, Identity, Target } from '../access/types.ts';
import type { GatewayError } from '../errors.ts';
import type { ServerView, Upstream } from '../servers/types.ts';

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
}

/** What the hop needs to carry one allowed request. */
export interface HopPlan {
  kind: 'hop';
  route: Route;
  identity: Identity;
  access: Extract<AccessDecision, { allowed: true }>;
  /** Which cookies of the request must not reach the upstream: ours, and login cookies of another session. */
  dropCookie(name: string, value: string): boolean;
  /** Whether the client's `Authorization` may pass: only a Hub token good for exactly this server. */
  keepAuthorization: boolean;
}

/** The gate's answer; status, page and log line are made from it in one place. */
export type GateDecision =
  | HopPlan
  /** A path of the gateway's own application. */
  | { kind: 'app' }
  | { kind: 'sign-in'; returnTo: string; error: GatewayError }
  /** Allowed, but the server has no upstream now. */
  | { kind: 'no-server'; target: Extract<Target, { kind: 'server' }>; identity: Identity; view: ServerView | undefined }
  | { kind: 'refuse'; error: GatewayError; identity?: Identity; reason: string };

/** Synchronous where the token is in the verified-token cache: the hot path makes no promise. */
export type Authorize = (request: GateRequest) => GateDecision | Promise<GateDecision>;

/** Open WebSockets and long exchanges, so that expiry, logout, revoke and stop can close them at once. */
export interface Connections {
  /** Closes all that match, with a WebSocket close code (RFC 6455, 7.4) and reason; returns how many. */
  closeWhere(match: (connection: ConnectionInfo) => boolean, code: number, reason: string): number;
  count(): number;
}

export interface ConnectionInfo {
  sessionId: string;
  account: string;
  target: Target;
  /** ms since 1970; closed when it passes. */
  expiresAt: number;
}
