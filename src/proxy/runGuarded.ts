import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { toGatewayError } from '../errors.ts';
import type { Logger } from '../telemetry/log.ts';
import { answerHttp } from './answers.ts';
import { plainRefusal } from './plainRefusal.ts';

/** Runs a listener of ours; what it throws costs this request alone. */
export function runGuarded(
  listener: RequestListener,
  req: IncomingMessage,
  res: ServerResponse,
  { requestId, log }: { requestId: string; log: Logger },
): void {
  const failed = (error: unknown): void => {
    log.error({ requestId, err: error }, 'a handler failed');
    const page = plainRefusal(toGatewayError(error), { accept: req.headers.accept, requestId });
    answerHttp(req, res, page, { requestId, close: true });
  };
  try {
    const result: unknown = listener(req, res);
    if (result instanceof Promise) result.catch(failed);
  } catch (error) {
    failed(error);
  }
}
