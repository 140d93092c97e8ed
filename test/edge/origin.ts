import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { CryptoKey, JWK, JWTPayload } from 'jose';
import { WebSocketServer } from 'ws';

export interface Origin {
  url: string;
  /** What reached it, in order; asking for the keys is not counted. */
  seen: { method: string; url: string; headers: IncomingHttpHeaders; body: string }[];
  /** How often the keys were asked for. */
  keyFetches(): number;
  /** How long it takes to answer with its keys from now on, ms. */
  delayKeys(ms: number): void;
  /** Another key takes the place of the one by which it signs. */
  rotate(): Promise<void>;
  /** A token signed by the key that it publishes. */
  token(claims?: JWTPayload, options?: { expiresIn?: string; audience?: string; typ?: string }): Promise<string>;
  close(): Promise<void>;
}

/** A stand-in for the gateway: publishes keys, answers with what it saw, echoes on a WebSocket. */
export async function startOrigin(): Promise<Origin> {
  let signing = await makeKey('one');
  const seen: Origin['seen'] = [];
  let keyFetches = 0;
  let keyDelayMs = 0;
  const answer = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    if (req.url === '/hub/jwks.json') {
      keyFetches += 1;
      await setTimeout(keyDelayMs);
      res.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [signing.jwk] }));
      return;
    }
    let body = '';
    for await (const chunk of req.setEncoding('utf8')) body += String(chunk);
    seen.push({ method: req.method ?? '', url: req.url ?? '', headers: req.headers, body });
    if (req.url === '/hub/redirect') res.writeHead(302, { location: '/hub/home', 'set-cookie': 'a=1' }).end();
    else res.setHeader('cache-control', 'max-age=600').end(`origin ${seen.length}`);
  };
  const server = createServer((req, res) => void answer(req, res));
  const sockets = new WebSocketServer({ server, handleProtocols: () => 'graphql-transport-ws' });
  sockets.on('connection', (socket, req) => {
    seen.push({ method: 'UPGRADE', url: req.url ?? '', headers: req.headers, body: '' });
    socket.on('message', (data, binary) => socket.send(data, { binary }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    keyFetches: () => keyFetches,
    delayKeys(ms) {
      keyDelayMs = ms;
    },
    async rotate() {
      signing = await makeKey('two');
    },
    token: (claims = {}, { expiresIn = '5m', audience = 'cylc-gateway', typ = 'cylc-session+jwt' } = {}) =>
      new SignJWT({ iss: 'http://localhost:8787/hub', sub: 'alice', sid: 'session-one', ...claims })
        .setProtectedHeader({ alg: 'EdDSA', kid: signing.jwk.kid, typ })
        .setAudience(audience)
        .setIssuedAt()
        .setExpirationTime(expiresIn)
        .sign(signing.privateKey),
    close: async () => {
      for (const socket of sockets.clients) socket.terminate();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

export interface SigningKey {
  privateKey: CryptoKey;
  jwk: JWK & { kid: string };
}

/** A key pair for EdDSA, the public half as published. */
export async function makeKey(kid: string): Promise<SigningKey> {
  const { publicKey, privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519' });
  return { privateKey, jwk: { ...(await exportJWK(publicKey)), kid, use: 'sig', alg: 'EdDSA' } };
}
