import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import type { CryptoKey, JWK, JWTPayload } from 'jose';

/** An issuer of JWTs with discovery and a key set over HTTP: what a site's single sign-on is to the gateway. */
export interface Issuer {
  /** `iss` of its tokens, and where discovery is. */
  url: string;
  jwksUrl: string;
  publicSet(): { keys: JWK[] };
  /** How often the key set was asked for. */
  keyFetches(): number;
  sign(claims: JWTPayload, header?: { kid?: string; typ?: string }): Promise<string>;
  /** A new key signs from now on; of the old ones the last `keep` are still published. */
  rotate(keep?: number): Promise<void>;
  /** `down` answers 503, `slow` never answers. */
  behave(how: 'well' | 'down' | 'slow' | 'huge'): void;
  close(): Promise<void>;
}

export type IssuerAlgorithm = 'RS256' | 'PS256' | 'ES256' | 'EdDSA';

export async function startIssuer(algorithm: IssuerAlgorithm = 'ES256'): Promise<Issuer> {
  let keys: { kid: string; privateKey: CryptoKey; jwk: JWK }[] = [];
  let how = 'well';
  let keyFetches = 0;
  let made = 0;
  const publicSet = (): { keys: JWK[] } => ({ keys: keys.map(({ jwk }) => jwk) });
  async function rotate(keep = 1): Promise<void> {
    const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true });
    made += 1;
    const kid = `key-${made}`;
    const jwk = { ...(await exportJWK(publicKey)), kid, alg: algorithm, use: 'sig' };
    keys = [{ kid, privateKey, jwk }, ...keys.slice(0, keep)];
  }
  await rotate();
  const server = createServer((request, response) => {
    if (request.url === '/jwks') keyFetches += 1;
    if (how === 'slow') return;
    const body = request.url === '/jwks' ? publicSet() : { issuer: url, jwks_uri: `${url}/jwks` };
    response.writeHead(how === 'down' ? 503 : 200, { 'content-type': 'application/json' });
    response.end(how === 'huge' ? 'x'.repeat(1_000_000) : JSON.stringify(body));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    jwksUrl: `${url}/jwks`,
    publicSet,
    keyFetches: () => keyFetches,
    rotate,
    behave: (next) => (how = next),
    sign(claims, header = {}) {
      const [first] = keys;
      if (first === undefined) throw new Error('no key');
      const now = Math.floor(Date.now() / 1000);
      return new SignJWT({ iss: url, iat: now, exp: now + 600, ...claims })
        .setProtectedHeader({ alg: algorithm, kid: first.kid, ...header })
        .sign(first.privateKey);
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
