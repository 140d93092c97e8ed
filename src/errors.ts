import { errorKinds } from './errorKinds.ts';
import type { ErrorCode } from './errorKinds.ts';

export type { ErrorCode } from './errorKinds.ts';

/**
 * Coded errors. A code is stable and public; so are its status and message. What went wrong in detail
 * (paths, addresses, causes) stays in `facts` and `cause`, for the log alone: no secret may be put into
 * a public message, and nothing the client sent is repeated in one.
 */

export interface ErrorDetails {
  cause?: unknown;
  /** For the log only: never shown to the client. */
  facts?: Record<string, unknown>;
  /** Replaces the kind's own message. Must hold no secret. */
  message?: string;
  advice?: string;
  /** What is wrong with single fields of a form or body, by field name; shown beside them. Must hold no secret. */
  fields?: Readonly<Record<string, string>>;
}

/** What a client is told: JupyterHub's `status` and `message`, with our own beside them. */
export type PublicError = Pick<GatewayError, 'status' | 'code' | 'message' | 'advice'> & Pick<ErrorDetails, 'fields'>;

/** An error whose status and message may be shown to whoever asked. */
export class GatewayError extends Error {
  readonly code: ErrorCode;
  readonly status: number;
  readonly advice: string;
  readonly facts: Record<string, unknown>;
  readonly fields: Readonly<Record<string, string>> | undefined;

  constructor(code: ErrorCode, details: ErrorDetails = {}) {
    const kind = errorKinds[code];
    super(details.message ?? kind.message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'GatewayError';
    this.code = code;
    this.status = kind.status;
    this.advice = details.advice ?? kind.advice;
    this.facts = details.facts ?? {};
    this.fields = details.fields;
  }

  /** What a program gets: the shape of JupyterHub's error bodies (`status`, `message`) and our code beside it. */
  toJSON(): PublicError {
    const body = { status: this.status, code: this.code, message: this.message, advice: this.advice };
    return this.fields === undefined ? body : { ...body, fields: this.fields };
  }
}

/** The error itself where it is one of ours; any other becomes `internal`, with the cause kept for the log. */
export function toGatewayError(error: unknown): GatewayError {
  return error instanceof GatewayError ? error : new GatewayError('internal', { cause: error });
}

/**
 * The program cannot start, or a command cannot do its work: told to the person at the terminal, not to a visitor,
 * so it may name paths and addresses (never secrets). What, why, what to do.
 */
export class SetupError extends Error {
  readonly advice: string;
  /** Exit code of the process (sysexits.h: 69 unavailable, 73 cannot create, 78 configuration). */
  readonly exitCode: number;

  constructor(message: string, details: { advice: string; exitCode?: number; cause?: unknown }) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'SetupError';
    this.advice = details.advice;
    this.exitCode = details.exitCode ?? 78;
  }
}
