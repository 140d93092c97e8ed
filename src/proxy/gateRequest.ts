import type { IncomingMessage } from 'node:http';
import type { CanonicalRequest } from './canonical.ts';
import type { GateRequest } from './types.ts';

/** What the gate sees of a request. */
export function gateRequest(
  method: string,
  req: Pick<IncomingMessage, 'headers'>,
  request: CanonicalRequest,
  upgrade: boolean,
): GateRequest {
  return {
    method,
    path: request.path,
    query: request.query,
    cookie: request.cookie,
    authorization: request.authorization,
    origin: request.origin,
    host: request.host,
    fetchSite: request.fetchSite,
    upgrade,
    header: (name) => {
      const value = req.headers[name];
      return typeof value === 'string' ? value : undefined;
    },
  };
}
