import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener, Server, ServerOptions, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Identity, Target } from '../access/types.ts';
import type { Config } from '../config/schema.ts';
import { GatewayError, toGatewayError } from '../errors.ts';
import { clientOf } from '../listen/clientAddress.ts';
import type { Client } from '../listen/clientAddress.ts';
import { isEnding } from '../listen/lastAnswer.ts';
import type { Events } from '../telemetry/events.ts';
import type { Logger } from '../telemetry/log.ts';
import { withRequest } from '../telemetry/requestContext.ts';
import type { RequestCounts } from '../telemetry/requestCounts.ts';
import { answerBrokenRequest, answerHttp, answerUpgrade, dueAnswer, inTurn, isBroken, limitBody } from './answers.ts';
import { createAppBounds } from './appBounds.ts';
import { hasBody } from './canonical.ts';
import { isGatewayCookie } from './cookies.ts';
import { gateRequest } from './gateRequest.ts';
import { createLaneBegin } from './lane/laneDoor.ts';
import { installLane } from './lane/installLane.ts';
import { createRequestLimits } from './limits/createLimits.ts';
import { OpenWebSockets } from './limits/openWebSockets.ts';
import { createTurnAway } from './limits/turnAway.ts';
import { createOneATurn } from './oneATurn.ts';
import { createOpenRequest } from './openRequest.ts';
import { markAsOwn } from '../ownHeaders.ts';
import { plainRefusal } from './plainRefusal.ts';
import { createRequestIds } from './requestIds.ts';
import { createAnswerServiceWorker } from './answerServiceWorker.ts';
import { asksForServiceWorker } from './serviceWorkers.ts';
import { createLargeHead, readableHeadBytes } from './largeHead.ts';
import { runGuarded } from './runGuarded.ts';
import { refusal, createRefusals } from './refusals.ts';
import type { Refusal } from './refusals.ts';
import type { Asked, Authorize, Exchange, GateDecision, GateRequest, Hop, RenderDecision, Rendered } from './types.ts';
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
  log: Logger;
  /** Makes the server itself: plain, or with TLS. */
  create?: (options: ServerOptions) => Server;
  /** Whom a request comes from, where proxies in front are trusted to say. */
  findClient?: (req: Asked) => Client;
  /** Whose a request is, where that is known without verifying anything. Absent: all are strangers. */
  known?: (gate: GateRequest) => Identity | undefined;
  events?: Events;
  /** Cookies that sign the visitor in: taken away last. Absent: the gateway's own. */
  isOwnCookie?: (name: string) => boolean;
  /** What a path leads to, for the events. */
  targetOf?: (path: string) => Target | undefined;
  counts?: RequestCounts;
}

/** TCP probes find clients that vanished without a word, ms of quiet before the first. */
const tcpProbeMs = 30_000;

/** The one server that the world reaches: checks each request once, asks the gate, then carries, answers or refuses. */
export function createFrontDoor({
  authorize,
  hop,
  app,
  provider,
  render,
  basePath,
  config,
  log,
  create = createServer,
  findClient = clientOf,
  known = () => undefined,
  isOwnCookie = isGatewayCookie,
  events,
  targetOf,
  counts,
}: FrontDoorParts): Server {
  const nextId = createRequestIds();
  const open = createOpenRequest({ findClient, log, events });
  const refusals = createRefusals({ render, log, events, targetOf });
  const limits = createRequestLimits({ config, log });
  const maxHeadBytes = config.maxHeaderKiB * 1024;
  const largeHead = createLargeHead({ maxBytes: maxHeadBytes, isOwnCookie });
  const webSockets = new OpenWebSockets(config);
  const turnAway = createTurnAway(events);
  // One connection a turn is accepted: who is new must not wait for a page to be made for each that was before them
  const inStrangersTurn = createOneATurn({ rests: true });
  const ahead = createOneATurn();
  const answerServiceWorker = createAnswerServiceWorker({ limits, turnAway, log });
  const userPrefix = `${basePath}/user/`;
  const servicePrefix = `${basePath}/services/`;
  const isRouted = (path: string): boolean => path.startsWith(userPrefix) || path.startsWith(servicePrefix);
  const apiPrefix = `${basePath}/hub/api/`;
  const providerPrefix = `${basePath}/hub/oidc/`;
  const appBounds = createAppBounds({ api: apiPrefix, provider: providerPrefix });

  /** Asks the gate. Synchronous where the gate is, so that the hot path makes no promise. */
  function decide(gate: GateRequest, then: (decision: GateDecision) => void): void {
    const failed = (error: unknown): void => then(refusal(toGatewayError(error), 'the gate failed'));
    try {
      const decision = authorize(gate);
      if (decision instanceof Promise) decision.then(then).catch(failed);
      else then(decision);
    } catch (error) {
      failed(error);
    }
  }

  function onRequest(req: IncomingMessage, res: ServerResponse, expectsContinue: boolean): void {
    res.on('error', ignore);
    inTurn(req, res, ahead, () => take(req, res, expectsContinue));
  }

  function take(req: IncomingMessage, res: ServerResponse, expectsContinue: boolean): void {
    const requestId = nextId();
    const request = isBroken(req) ? 'the body is malformed' : open(req, false, requestId);
    if (typeof request === 'string') {
      const page = plainRefusal(new GatewayError('request.malformed'), { accept: req.headers.accept, requestId });
      answerHttp(req, res, page, { requestId, close: true });
      return;
    }
    const { path } = request;
    if (asksForServiceWorker(req.rawHeaders)) {
      answerServiceWorker(req, res, { requestId, path, close: expectsContinue });
      return;
    }
    let visitor: Identity | undefined;
    const exchange: Exchange = {
      requestId,
      request,
      expectsContinue,
      refuse: (error) => refuse(refusal(error, 'hop', visitor)),
    };
    const ownPage = (): void => {
      const bound = appBounds(request);
      if (bound !== undefined) {
        refuse(refusal(bound, 'beyond the bounds of the application'), true);
        return;
      }
      if (expectsContinue) res.writeContinue();
      if (hasBody(request)) limitBody(req, config.clientBodyIdleS * 1000);
      res.setHeader('x-request-id', requestId);
      markAsOwn(res);
      const isApi = path.startsWith(apiPrefix);
      res.once('close', () => counts?.answered(isApi ? 'api' : 'page', res.writableFinished ? res.statusCode : 499));
      const listener = provider !== undefined && path.startsWith(providerPrefix) ? provider : app;
      const context = { requestId, from: clientOf(req).address, way: isApi ? 'api' : 'page' } as const;
      withRequest(context, () => runGuarded(listener, req, res, { requestId, log }));
    };
    const gate = gateRequest(req.method!, req, request, false);
    const from = clientOf(req).address;
    const isTooMany = (who: Identity | undefined): boolean => {
      const account = who?.account.name;
      if (limits.take(account, from)) return false;
      turnAway.request(req, res, { gate, accept: request.accept, requestId, from, account });
      return true;
    };
    const answer = (page: Rendered, close = expectsContinue): void => answerHttp(req, res, page, { requestId, close });
    const refuse = (decision: Refusal, close?: boolean): void => {
      refusals.log(decision, gate, exchange, req);
      if (res.headersSent) res.destroy();
      else void refusals.render(decision, gate, exchange).then((page) => answer(page, close));
    };
    const large = largeHead(req, request);
    if (large !== undefined || !isRouted(path)) {
      const who = known(gate);
      if (isTooMany(who)) return;
      if (large !== undefined) refuse(large, true);
      else if (who !== undefined) ownPage();
      else inStrangersTurn(() => res.destroyed || ownPage());
      return;
    }
    if (limits.isSpent(from)) gate.onlyKnown = true;
    decide(gate, (decision) => {
      visitor = whoOf(decision);
      if (res.destroyed || isTooMany(visitor)) return;
      if (decision.kind === 'app') ownPage();
      else if (decision.kind !== 'hop') refuse(decision);
      else {
        const page = wellKnownAnswer(decision.route, path);
        if (page === undefined) hop.http(req, res, decision, exchange);
        else answer(page);
      }
    });
  }

  function onUpgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void {
    const requestId = nextId();
    socket.on('error', ignore);
    // The answer that is due would end up within the WebSocket
    if (dueAnswer(socket) !== undefined || isEnding(socket)) {
      socket.destroy();
      return;
    }
    const request = open(req, true, requestId);
    if (typeof request === 'string') {
      const page = plainRefusal(new GatewayError('request.malformed'), { accept: req.headers.accept, requestId });
      answerUpgrade(socket, page, requestId);
      return;
    }
    const gate = gateRequest(req.method!, req, request, true);
    const refuse = (decision: Refusal): void => {
      refusals.log(decision, gate, exchange, req);
      void refusals.render(decision, gate, exchange).then((page) => answerUpgrade(socket, page, requestId));
    };
    let visitor: Identity | undefined;
    const exchange: Exchange = {
      requestId,
      request,
      expectsContinue: false,
      refuse: (error) => refuse(refusal(error, 'hop', visitor)),
    };
    const from = clientOf(req).address;
    const isTooMany = (who: Identity | undefined): boolean => {
      const account = who?.account.name;
      if (limits.take(account, from)) return false;
      turnAway.upgrade(socket, { gate, accept: request.accept, requestId, from, account });
      return true;
    };
    const [large, fault] = [largeHead(req, request), upgradeFault(req)];
    if (large !== undefined || fault !== undefined || !isRouted(request.path)) {
      if (isTooMany(known(gate))) return;
      if (large !== undefined) refuse(large);
      else if (fault !== undefined) refuse(refusal(new GatewayError('request.malformed'), fault));
      else refuse(refusal(new GatewayError('request.not-found'), 'no WebSocket here'));
      return;
    }
    if (limits.isSpent(from)) gate.onlyKnown = true;
    decide(gate, (decision) => {
      visitor = whoOf(decision);
      if (socket.destroyed || isTooMany(visitor)) return;
      const full = decision.kind === 'hop' ? webSockets.enter(socket, decision) : undefined;
      if (full !== undefined) exchange.refuse(new GatewayError(full));
      else if (decision.kind === 'hop') hop.upgrade(req, socket, head, decision, exchange);
      else if (decision.kind === 'app') exchange.refuse(new GatewayError('request.not-found'));
      else refuse(decision);
    });
  }

  const server = create({
    maxHeaderSize: Math.max(maxHeadBytes, readableHeadBytes),
    headersTimeout: config.clientHeadersTimeoutS * 1000,
    keepAliveTimeout: config.clientKeepAliveS * 1000,
    requestTimeout: 0,
    connectionsCheckingInterval: Math.min(5000, config.clientHeadersTimeoutS * 500),
    requireHostHeader: false,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: tcpProbeMs,
    shouldUpgradeCallback: isWebSocketUpgrade,
  });
  server.maxHeadersCount = 0;
  const onPlainRequest: RequestListener = (req, res) => onRequest(req, res, false);
  server.on('request', onPlainRequest);
  server.on('checkContinue', (req, res) => onRequest(req, res, true));
  server.on('checkExpectation', (_, res) => void markAsOwn(res).writeHead(417).end());
  server.on('upgrade', onUpgrade);
  server.on('connect', onUpgrade);
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    answerBrokenRequest(error, socket);
    if (error.code === 'ECONNRESET') return;
    const code = error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 'request.timeout' : 'request.malformed';
    const unread = { method: '', path: '', upgrade: false };
    events?.emit('refused', { code, status: 400, reason: error.code, ...unread });
  });
  // Whoever puts itself before our listener by then, as the guard for the edge does, must see every request
  server.once('listening', () => {
    const [first, ...others] = server.listeners('request');
    if (!config.lane || first !== onPlainRequest || others.length > 0) return;
    installLane(server, {
      ticker: hop.ticker,
      reads: hop.reads,
      firstMs: config.clientHeadersTimeoutS * 1000,
      idleMs: config.clientKeepAliveS * 1000,
      readIdleMs: config.clientReadIdleS * 1000,
      maxHeadBytes,
      ahead,
      begin: createLaneBegin({ authorize, hop, refusals, nextId, findClient, limits, turnAway, isRouted }),
    });
  });
  return server;
}

function whoOf(decision: GateDecision): Identity | undefined {
  return 'identity' in decision ? decision.identity : undefined;
}

/** A client that went away is no event. Without a listener, it would end the process. */
function ignore(): void {}
