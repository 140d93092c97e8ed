import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Config } from '../config/schema.ts';
import { GatewayError, toGatewayError } from '../errors.ts';
import type { Logger } from '../telemetry/log.ts';
import { answerBrokenRequest, answerHttp, answerUpgrade } from './answers.ts';
import { readCanonical } from './canonical.ts';
import type { CanonicalRequest } from './canonical.ts';
import { plainRefusal } from './plainRefusal.ts';
import { createRequestIds } from './requestIds.ts';
import type {
  Authorize,
  Exchange,
  GateDecision,
  GateRequest,
  Hop,
  HopPlan,
  RenderDecision,
  Rendered,
} from './types.ts';
import { isWebSocketUpgrade, upgradeFault } from './upgradeRules.ts';
import { wellKnownAnswer } from './wellKnown.ts';

export interface FrontDoorParts {
  authorize: Authorize;
  hop: Hop;
  /** Listener of the gateway's own pages and API. */
  app: RequestListener;
  /** Handler of `<base>/hub/oidc/*`, where there is a built-in provider. */
  provider?: RequestListener | undefined;
  render: RenderDecision;
  /** With a slash in front and none behind (`/gw`), or empty. */
  basePath: string;
  config: Config['proxy'];
  /** Its origin is that of our own pages. */
  publicUrl: string;
  log: Logger;
}

/** The one server that the world reaches: checks each request once, asks the gate, then carries, answers or refuses. */
export function createFrontDoor({
  authorize,
  hop,
  app,
  provider,
  render,
  basePath,
  config,
  publicUrl,
  log,
}: FrontDoorParts): Server {
  const nextId = createRequestIds();
  const publicOrigin = new URL(publicUrl).origin;
  const userPrefix = `${basePath}/user/`;
  const servicePrefix = `${basePath}/services/`;
  const providerPrefix = `${basePath}/hub/oidc/`;

  /** Reads and checks; undefined after a refusal. */
  function open(req: IncomingMessage, upgrade: boolean, requestId: string): CanonicalRequest | string {
    const canonical = readCanonical({
      method: req.method!,
      target: req.url!,
      version: req.httpVersion,
      headers: req.rawHeaders,
      upgrade,
    });
    if (canonical.ok) return canonical.request;
    log.info({ requestId, from: req.socket.remoteAddress, fault: canonical.fault }, 'request refused');
    return canonical.fault;
  }

  /** The page for a refusal; should that fail too, plain words. */
  async function rendered(decision: Refusal, gate: GateRequest, of: Exchange): Promise<Rendered> {
    const request = { ...gate, accept: of.request.accept, requestId: of.requestId };
    try {
      return await render(decision, request);
    } catch (error) {
      log.error({ requestId: of.requestId, err: error }, 'a page could not be made');
      return plainRefusal(toGatewayError(error), request);
    }
  }

  function logRefusal(decision: Refusal, gate: GateRequest, of: Exchange): void {
    const error = 'error' in decision ? decision.error : undefined;
    log.info(
      {
        requestId: of.requestId,
        method: gate.method,
        path: gate.path.slice(0, 200),
        upgrade: gate.upgrade,
        decision: decision.kind,
        code: error?.code,
        reason: 'reason' in decision ? decision.reason : undefined,
        account: 'identity' in decision ? decision.identity?.account.name : undefined,
        facts: error?.facts,
        cause: error?.cause instanceof Error ? error.cause.message : undefined,
      },
      'request refused',
    );
  }

  /** Asks the gate. Synchronous where the gate is, so that the hot path makes no promise. */
  function decide(gate: GateRequest, then: (decision: GateDecision) => void): void {
    const failed = (error: unknown): void =>
      then({ kind: 'refuse', error: toGatewayError(error), reason: 'the gate failed' });
    try {
      const decision = authorize(gate);
      if (decision instanceof Promise) decision.then(then).catch(failed);
      else then(decision);
    } catch (error) {
      failed(error);
    }
  }

  function onRequest(req: IncomingMessage, res: ServerResponse, expectsContinue: boolean): void {
    const requestId = nextId();
    res.on('error', ignore);
    const request = open(req, false, requestId);
    if (typeof request === 'string') {
      const page = plainRefusal(new GatewayError('request.malformed'), { accept: req.headers.accept, requestId });
      answerHttp(req, res, page, { requestId, close: true });
      return;
    }
    const { path } = request;
    if (!path.startsWith(userPrefix) && !path.startsWith(servicePrefix)) {
      if (expectsContinue) res.writeContinue();
      res.setHeader('x-request-id', requestId);
      if (provider !== undefined && path.startsWith(providerPrefix)) guarded(provider, req, res, requestId);
      else guarded(app, req, res, requestId);
      return;
    }
    const gate = gateRequest(req.method!, request, false);
    const refuse = (decision: Refusal): void => {
      logRefusal(decision, gate, exchange);
      if (res.headersSent) res.destroy();
      else
        void rendered(decision, gate, exchange).then((page) => answerHttp(req, res, page, { requestId, close: false }));
    };
    const exchange: Exchange = { requestId, request, refuse: (error) => refuse(refusal(error)) };
    decide(gate, (decision) => {
      if (res.destroyed) return;
      if (decision.kind === 'hop') carry(req, res, decision, exchange, expectsContinue);
      else if (decision.kind === 'app') guarded(app, req, res, requestId);
      else refuse(decision);
    });
  }

  function carry(
    req: IncomingMessage,
    res: ServerResponse,
    plan: HopPlan,
    of: Exchange,
    expectsContinue: boolean,
  ): void {
    const page = wellKnownAnswer(plan.route, of.request.path);
    if (page !== undefined) {
      answerHttp(req, res, page, { requestId: of.requestId, close: false });
      return;
    }
    if (expectsContinue) res.writeContinue();
    hop.http(req, res, plan, of);
  }

  /** Runs a listener of ours; what it throws costs this request alone. */
  function guarded(listener: RequestListener, req: IncomingMessage, res: ServerResponse, requestId: string): void {
    const failed = (error: unknown): void => {
      log.error({ requestId, err: error }, 'a handler failed');
      answerHttp(req, res, plainRefusal(toGatewayError(error), { accept: req.headers.accept, requestId }), {
        requestId,
        close: true,
      });
    };
    try {
      const result: unknown = listener(req, res);
      if (result instanceof Promise) result.catch(failed);
    } catch (error) {
      failed(error);
    }
  }

  function onUpgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void {
    const requestId = nextId();
    socket.on('error', ignore);
    const request = open(req, true, requestId);
    if (typeof request === 'string') {
      const page = plainRefusal(new GatewayError('request.malformed'), { accept: req.headers.accept, requestId });
      answerUpgrade(socket, page, requestId);
      return;
    }
    const gate = gateRequest(req.method!, request, true);
    const refuse = (decision: Refusal): void => {
      logRefusal(decision, gate, exchange);
      void rendered(decision, gate, exchange).then((page) => answerUpgrade(socket, page, requestId));
    };
    const exchange: Exchange = { requestId, request, refuse: (error) => refuse(refusal(error)) };
    const fault = upgradeFault(req, request, publicOrigin);
    if (fault !== undefined) {
      refuse({ kind: 'refuse', error: new GatewayError(fault.code), reason: fault.reason });
      return;
    }
    if (!request.path.startsWith(userPrefix) && !request.path.startsWith(servicePrefix)) {
      refuse({ kind: 'refuse', error: new GatewayError('request.not-found'), reason: 'no WebSocket here' });
      return;
    }
    decide(gate, (decision) => {
      if (socket.destroyed) return;
      if (decision.kind === 'hop') hop.upgrade(req, socket, head, decision, exchange);
      else if (decision.kind === 'app') exchange.refuse(new GatewayError('request.not-found'));
      else refuse(decision);
    });
  }

  const server = createServer({
    maxHeaderSize: config.maxHeaderKiB * 1024,
    headersTimeout: config.clientHeadersTimeoutS * 1000,
    keepAliveTimeout: config.clientKeepAliveS * 1000,
    requestTimeout: 0,
    connectionsCheckingInterval: 5000,
    requireHostHeader: false,
    noDelay: true,
    shouldUpgradeCallback: isWebSocketUpgrade,
  });
  server.maxHeadersCount = 0;
  server.on('request', (req, res) => onRequest(req, res, false));
  server.on('checkContinue', (req, res) => onRequest(req, res, true));
  server.on('upgrade', onUpgrade);
  server.on('clientError', answerBrokenRequest);
  return server;
}

type Refusal = Exclude<GateDecision, HopPlan | { kind: 'app' }>;

function refusal(error: GatewayError): Refusal {
  return { kind: 'refuse', error, reason: 'hop' };
}

function gateRequest(method: string, request: CanonicalRequest, upgrade: boolean): GateRequest {
  return {
    method,
    path: request.path,
    query: request.query,
    cookie: request.cookie,
    authorization: request.authorization,
    origin: request.origin,
    host: request.host,
    fetchSite: request.fetchSite,
    upgrade,
  };
}

/** A client that went away is no event. Without a listener, it would end the process. */
function ignore(): void {}
