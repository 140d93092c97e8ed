import type { IncomingMessage } from 'node:http';
import type { Client } from '../listen/clientAddress.ts';
import type { Events } from '../telemetry/events.ts';
import type { Logger } from '../telemetry/log.ts';
import { readCanonical } from './canonical.ts';
import type { CanonicalRequest } from './canonical.ts';
import { createLogGate } from '../telemetry/logGate.ts';
import type { Asked } from './types.ts';

/** The request as the front door takes it, or what is wrong with it, which is then logged. */
export type OpenRequest = (req: IncomingMessage, upgrade: boolean, requestId: string) => CanonicalRequest | string;

export function createOpenRequest(parts: {
  findClient: (req: Asked) => Client;
  log: Logger;
  events: Events | undefined;
}): OpenRequest {
  const logRefused = createLogGate(parts.log, 'info');
  return (req, upgrade, requestId) => {
    const canonical = readCanonical({
      method: req.method!,
      target: req.url!,
      version: req.httpVersion,
      headers: req.rawHeaders,
      upgrade,
    });
    const client = parts.findClient(req);
    if (canonical.ok)
      return client.host === undefined ? canonical.request : { ...canonical.request, host: client.host };
    logRefused({ requestId, from: client.address, fault: canonical.fault }, 'request refused');
    const asked = { method: req.method!, path: '', upgrade, requestId, from: client.address };
    parts.events?.emit('refused', { code: 'request.malformed', status: 400, reason: canonical.fault, ...asked });
    return canonical.fault;
  };
}
