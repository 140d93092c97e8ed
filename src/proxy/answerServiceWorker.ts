import type { IncomingMessage, ServerResponse } from 'node:http';
import { clientOf } from '../listen/clientAddress.ts';
import type { Logger } from '../telemetry/log.ts';
import { answerHttp } from './answers.ts';
import type { RequestLimits } from './limits/createLimits.ts';
import type { TurnAway } from './limits/turnAway.ts';
import { createLogGate } from '../telemetry/logGate.ts';
import { serviceWorkerAnswer } from './serviceWorkers.ts';

export type AnswerServiceWorker = (
  req: IncomingMessage,
  res: ServerResponse,
  request: { requestId: string; path: string; close: boolean },
) => void;

/**
 * The same answer at every address and to everybody: a worker registered earlier must go even after sign-out or the end
 * of a share, and even while its page uses up its visitor's share of requests.
 */
export function createAnswerServiceWorker(parts: {
  limits: RequestLimits;
  turnAway: Pick<TurnAway, 'late'>;
  log: Logger;
}): AnswerServiceWorker {
  const { limits, turnAway } = parts;
  const log = createLogGate(parts.log, 'info');
  return (req, res, { requestId, path, close }) => {
    const from = clientOf(req).address;
    log({ requestId, from, path: path.slice(0, 200) }, 'a page asked for a service worker: none is allowed');
    if (limits.take(undefined, from)) answerHttp(req, res, serviceWorkerAnswer, { requestId, close });
    else turnAway.late(req, res, serviceWorkerAnswer, requestId);
  };
}
