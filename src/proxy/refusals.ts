import type { Identity, Target } from '../access/types.ts';
import type { GatewayError } from '../errors.ts';
import { toGatewayError } from '../errors.ts';
import { clientOf } from '../listen/clientAddress.ts';
import type { Events } from '../telemetry/events.ts';
import type { Logger } from '../telemetry/log.ts';
import { createLogGate } from '../telemetry/logGate.ts';
import { plainRefusal } from './plainRefusal.ts';
import type { Asked, Exchange, GateDecision, GateRequest, HopPlan, RenderDecision, Rendered } from './types.ts';

/** Every answer of the gate that carries nothing on. */
export type Refusal = Exclude<GateDecision, HopPlan | { kind: 'app' }>;

export interface Refusals {
  /** The page or JSON for it; should that fail too, plain words. */
  render(decision: Refusal, gate: GateRequest, of: Exchange): Promise<Rendered>;
  /** The one log line of it, and the one event: no query, no header value. */
  log(decision: Refusal, gate: GateRequest, of: Exchange, req: Asked): void;
}

export function createRefusals({
  render,
  log,
  events,
  targetOf = () => undefined,
}: {
  render: RenderDecision;
  log: Logger;
  events?: Events | undefined;
  targetOf?: ((path: string) => Target | undefined) | undefined;
}): Refusals {
  const logRefused = createLogGate(log, 'info');
  const logFailed = createLogGate(log, 'warn');
  return {
    async render(decision, gate, of) {
      const request = { ...gate, accept: of.request.accept, requestId: of.requestId };
      try {
        return withCookies(await render(decision, request), 'expire' in decision ? decision.expire : undefined);
      } catch (error) {
        log.error({ requestId: of.requestId, err: error }, 'a page could not be made');
        return plainRefusal(toGatewayError(error), request);
      }
    },
    log(decision, gate, of, req) {
      const error = 'error' in decision ? decision.error : undefined;
      const fields = {
        requestId: of.requestId,
        method: gate.method,
        path: gate.path.slice(0, 200),
        upgrade: gate.upgrade,
        decision: decision.kind,
        code: error?.code,
        reason: 'reason' in decision ? decision.reason : undefined,
        account: 'identity' in decision ? decision.identity?.account.name : undefined,
        ...error?.facts,
        cause: error?.cause instanceof Error ? error.cause.message : undefined,
      };
      if (error !== undefined && error.status >= 500) logFailed(fields, 'request failed');
      else logRefused(fields, 'request refused');
      if (error === undefined) return;
      const { method, path, upgrade } = gate;
      const { code, status } = error;
      const { requestId, reason, account } = fields;
      const from = clientOf(req).address;
      const asked = { method, path, upgrade, requestId, from, target: targetOf(path) };
      events?.emit('refused', { code, status, reason, account, ...asked });
    },
  };
}

function withCookies(page: Rendered, cookies: readonly string[] | undefined): Rendered {
  if (cookies === undefined) return page;
  const others = [page.headers['set-cookie'] ?? []].flat();
  return { ...page, headers: { ...page.headers, 'set-cookie': [...others, ...cookies] } };
}

/** A failure of the hop, or of the gate itself; of the hop also whose request it was, for the page and the log. */
export function refusal(error: GatewayError, reason: string, identity?: Identity): Refusal {
  return identity === undefined ? { kind: 'refuse', error, reason } : { kind: 'refuse', error, reason, identity };
}
