import type { GatewayError } from '../errors.ts';
import { toGatewayError } from '../errors.ts';
import type { Logger } from '../telemetry/log.ts';
import { plainRefusal } from './plainRefusal.ts';
import type { Exchange, GateDecision, GateRequest, HopPlan, RenderDecision, Rendered } from './types.ts';

/** Every answer of the gate that carries nothing on. */
export type Refusal = Exclude<GateDecision, HopPlan | { kind: 'app' }>;

export interface Refusals {
  /** The page or JSON for it; should that fail too, plain words. */
  render(decision: Refusal, gate: GateRequest, of: Exchange): Promise<Rendered>;
  /** The one log line of it: no query, no header value. */
  log(decision: Refusal, gate: GateRequest, of: Exchange): void;
}

export function createRefusals({ render, log }: { render: RenderDecision; log: Logger }): Refusals {
  return {
    async render(decision, gate, of) {
      const request = { ...gate, accept: of.request.accept, requestId: of.requestId };
      try {
        return await render(decision, request);
      } catch (error) {
        log.error({ requestId: of.requestId, err: error }, 'a page could not be made');
        return plainRefusal(toGatewayError(error), request);
      }
    },
    log(decision, gate, of) {
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
      if (error !== undefined && error.status >= 500) log.warn(fields, 'request failed');
      else log.info(fields, 'request refused');
    },
  };
}

/** A failure of the hop, or of the gate itself. */
export function refusal(error: GatewayError, reason: string): Refusal {
  return { kind: 'refuse', error, reason };
}
