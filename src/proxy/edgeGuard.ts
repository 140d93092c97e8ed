import { ServerResponse } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/schema.ts';
import { readSecretFile } from '../config/secretFile.ts';
import { GatewayError } from '../errors.ts';
import { clientOf, noteClient } from '../listen/clientAddress.ts';
import type { Events } from '../telemetry/events.ts';
import type { Logger } from '../telemetry/log.ts';
import { answerHttp, answerUpgrade } from './answers.ts';
import { assertionFault, edgeHeader, leastEdgeSecretLength } from './edgeAssertion.ts';
import { plainRefusal } from './plainRefusal.ts';
import type { Rendered } from './types.ts';

const skewS = 30;

export interface EdgeGuardOptions {
  config: Config['edge'];
  /** Paths that anyone may read, since the Worker itself asks for them: the public keys. */
  open: readonly string[];
  /** `https://site.example`: what browsers called the Worker. */
  publicOrigin: string;
  clock: Clock;
  log: Logger;
  events?: Events;
}

/**
 * Puts itself before all listeners of a server: only what the Worker in front has signed reaches them, requests and
 * upgrades alike. Whoever comes to the gateway's own address gets 403 and no word on what is behind it. Does nothing
 * where no secret is configured. Throws `SetupError` where its file will not do.
 */
export async function guardByEdge(server: Server, options: EdgeGuardOptions): Promise<void> {
  const { config, open, clock, log } = options;
  if (config.secretFile === undefined) return;
  const text = await readSecretFile(config.secretFile, {
    what: 'the secret shared with the edge',
    leastLength: leastEdgeSecretLength,
  });
  const secret = new TextEncoder().encode(text);
  const publicHost = new URL(options.publicOrigin).host;

  async function admits(req: IncomingMessage): Promise<boolean> {
    const { method = '', url = '', headers } = req;
    if (method === 'GET' && open.includes(url)) return true;
    const assertion = headers[edgeHeader];
    const given = typeof assertion === 'string' ? assertion : undefined;
    const fault = await assertionFault(given, { method, address: url }, { secret, nowMs: clock.now(), skewS });
    if (fault === undefined) {
      // The header is the Worker's own: what a client sent by that name does not pass it.
      const { address } = clientOf(req);
      const chain = headers['x-forwarded-for'];
      noteClient(req, { address: typeof chain === 'string' ? chain : address, host: publicHost });
      return true;
    }
    log.info({ from: req.socket.remoteAddress, method, path: url.slice(0, 200), reason: fault }, 'request refused');
    const { remoteAddress: from = 'unknown' } = req.socket;
    const asked = { method, path: url.split('?', 1)[0] ?? '', upgrade: headers.upgrade !== undefined };
    options.events?.emit('refused', { code: 'access.edge', status: 403, reason: fault, ...asked, from });
    return false;
  }

  type Listener = (req: IncomingMessage, to: ServerResponse | Duplex, ...more: unknown[]) => void;
  for (const event of ['request', 'checkContinue', 'upgrade', 'connect']) {
    const listeners = server.listeners(event) as Listener[];
    const guarded: Listener = (req, to, ...more) => {
      to.on('error', ignore);
      const decided = (good: boolean): void => {
        if (good) for (const listener of listeners) listener.call(server, req, to, ...more);
        else if (to instanceof ServerResponse) refuseHttp(req, to);
        else refuseUpgrade(req, to);
      };
      admits(req).then(decided, () => to.destroy());
    };
    server.removeAllListeners(event);
    server.on(event, guarded);
  }
}

function refuseHttp(req: IncomingMessage, res: ServerResponse): void {
  answerHttp(req, res, page(req), { requestId: 'edge', close: true });
}

function refuseUpgrade(req: IncomingMessage, socket: Duplex): void {
  answerUpgrade(socket, page(req), 'edge');
}

function page(req: IncomingMessage): Rendered {
  return plainRefusal(new GatewayError('access.edge'), { accept: req.headers.accept, requestId: 'edge' });
}

/** A client that went away is no event. Without a listener, it would end the process. */
function ignore(): void {}
