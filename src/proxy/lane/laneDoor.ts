import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Client } from '../../listen/clientAddress.ts';
import { answerUpgrade } from '../answers.ts';
import { readCanonical } from '../canonical.ts';
import { gateRequest } from '../gateRequest.ts';
import type { RequestLimits } from '../limits/createLimits.ts';
import type { TurnAway } from '../limits/turnAway.ts';
import { refusal } from '../refusals.ts';
import type { Refusal, Refusals } from '../refusals.ts';
import type { Asked, Authorize, Exchange, GateDecision, GateRequest, Hop } from '../types.ts';
import { wellKnownAnswer } from '../wellKnown.ts';
import type { Begun, LaneOptions } from './laneConnection.ts';
import { LaneExchange } from './laneExchange.ts';

export interface LaneDoorParts {
  authorize: Authorize;
  hop: Hop;
  refusals: Refusals;
  nextId(): string;
  findClient(req: Asked): Client;
  limits: RequestLimits;
  turnAway: TurnAway;
  /** Whether the path is that of a server or service. */
  isRouted(path: string): boolean;
}

/**
 * The same check and the same gate as for every other request. Only what the gate sends on to an upstream is carried in
 * the lane; sign-in, pages and refusals are the general server's, which reads the request again.
 */
export function createLaneBegin(parts: LaneDoorParts): LaneOptions['begin'] {
  const { authorize, hop, refusals } = parts;
  return (socket, head, ends) => {
    const answer = async (failure: Refusal, gate: GateRequest, of: Exchange): Promise<void> =>
      answerUpgrade(socket, await refusals.render(failure, gate, of), of.requestId);
    const { method, headers } = head;
    const read = readCanonical({ method, target: head.target, version: '1.1', headers, upgrade: false, plain: true });
    if (!read.ok || !parts.isRouted(read.request.path)) return undefined;
    const asked = new LaneRequest(socket, headers, method);
    const { host, address } = parts.findClient(asked);
    const request = host === undefined ? read.request : { ...read.request, host };
    const gate = gateRequest(method, asked, request, false);
    if (parts.limits.isSpent(address)) gate.onlyKnown = true;
    const carry = (decision: GateDecision): Begun => {
      if (decision.kind !== 'hop' || wellKnownAnswer(decision.route, request.path) !== undefined) return undefined;
      const account = decision.identity.account.name;
      if (!parts.limits.take(account, address)) {
        const { accept } = request;
        return parts.turnAway.inLane(socket, { gate, accept, requestId: parts.nextId(), from: address, account });
      }
      const exchange: Exchange = {
        requestId: parts.nextId(),
        request,
        expectsContinue: false,
        refuse(error) {
          const failure = refusal(error, 'hop', decision.identity);
          refusals.log(failure, gate, exchange, asked);
          if (carried.begun) socket.destroy();
          else void answer(failure, gate, exchange);
        },
      };
      const carried = new LaneExchange(method, socket, hop.begin(asked, decision, exchange), ends);
      return carried;
    };
    try {
      const decision = authorize(gate);
      return decision instanceof Promise ? decision.then(carry, () => undefined) : carry(decision);
    } catch {
      return undefined;
    }
  };
}

/** As much of a request of node:http as is asked for; its headers as an object only where somebody wants that. */
class LaneRequest implements Asked {
  readonly socket: Socket;
  readonly rawHeaders: string[];
  readonly method: string;
  #headers: IncomingMessage['headers'] | undefined;

  constructor(socket: Socket, rawHeaders: string[], method: string) {
    this.method = method;
    this.socket = socket;
    this.rawHeaders = rawHeaders;
  }

  get headers(): IncomingMessage['headers'] {
    if (this.#headers !== undefined) return this.#headers;
    const found: Record<string, string> = {};
    for (let i = 0; i < this.rawHeaders.length; i += 2) {
      const name = this.rawHeaders[i]!.toLowerCase();
      const value = this.rawHeaders[i + 1]!;
      found[name] = Object.hasOwn(found, name) ? `${found[name]}${name === 'cookie' ? ';' : ','} ${value}` : value;
    }
    return (this.#headers = found);
  }
}
