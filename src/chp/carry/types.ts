import type { CanonicalRequest } from '../../proxy/canonical.ts';
import type { GatewayError } from '../../errors.ts';

/** One request on its way. */
export interface Exchange {
  requestId: string;
  /** As the target is to get it. */
  request: CanonicalRequest;
  /** Answers the client with an error of ours, if its answer has not begun; otherwise breaks it off. */
  refuse(error: GatewayError): void;
}

/** What the client gets of an answer's headers, names and values in turn. */
export interface AnswerRules {
  response(raw: readonly string[]): string[];
}

/** A WebSocket that can be told to end. */
export interface Closable {
  close(code: number, reason: string): void;
}
