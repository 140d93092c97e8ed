import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { GatewayError } from '../../errors.ts';
import type { Events } from '../../telemetry/events.ts';
import { answerHttp, answerUpgrade } from '../answers.ts';
import type { Begun } from '../lane/laneConnection.ts';
import { plainRefusal } from '../plainRefusal.ts';
import type { GateRequest, Rendered } from '../types.ts';

export interface TurnedAway {
  gate: GateRequest;
  accept: string | undefined;
  requestId: string;
  from: string;
  account: string | undefined;
}

export interface TurnAway {
  /** Answers late and ends the connection, with an answer that the client should get all the same. */
  late(req: IncomingMessage, res: ServerResponse, page: Rendered, requestId: string): void;
  request(req: IncomingMessage, res: ServerResponse, asked: TurnedAway): void;
  upgrade(socket: Duplex, asked: TurnedAway): void;
  /** As an exchange of the lane: to leave it to Node's reader would have that read all that was sent ahead. */
  inLane(socket: Duplex, asked: TurnedAway): NonNullable<Begun>;
}

/** Not at once: whoever asks anew the moment they are refused would cost as much as before. Nor all in the same moment. */
const holdMs = (): number => 1000 + Math.random() * 1000;
const retryAfterS = 2;

/**
 * Refuses who asks too often: in plain words, which cost little, after a moment, and with the end of the connection, so
 * that whatever was sent ahead on it is not read. Whoever waits so costs no more than their connection.
 */
export function createTurnAway(events: Events | undefined): TurnAway {
  function refuse({ gate, accept, requestId, from, account }: TurnedAway): Rendered {
    const error = new GatewayError('request.rate');
    const { code, status } = error;
    const { method, path, upgrade } = gate;
    const reason = account === undefined ? 'by address' : 'by account';
    events?.emit('refused', { code, status, reason, account, method, path, upgrade, requestId, from });
    const page = plainRefusal(error, { accept, requestId });
    return { ...page, headers: { ...page.headers, 'retry-after': String(retryAfterS) } };
  }

  function upgrade(socket: Duplex, asked: TurnedAway): void {
    const page = refuse(asked);
    setTimeout(() => answerUpgrade(socket, page, asked.requestId), holdMs()).unref();
  }

  function late(req: IncomingMessage, res: ServerResponse, page: Rendered, requestId: string): void {
    setTimeout(() => answerHttp(req, res, page, { requestId, close: true }), holdMs()).unref();
  }

  return {
    late,
    request: (req, res, asked) => late(req, res, refuse(asked), asked.requestId),
    upgrade,
    inLane: (socket, asked) => ({ start: () => upgrade(socket, asked), resume: ignore, leave: ignore }),
  };
}

function ignore(): void {}
