import { jwtVerify, SignJWT } from 'jose';

/**
 * The edge's word to the gateway that a request came through it: a short-lived JWT by a shared secret, for one method
 * and address (`htm`, `htu`: the claims of RFC 9449). Both ends use this file: web standards only.
 */
export const edgeHeader = 'x-cylc-gateway-edge';
export const leastEdgeSecretLength = 32;

/** Long enough for a slow connection and a clock that is off, short enough to be of no use when it leaks, seconds. */
const lifetimeS = 60;
const typ = 'cylc-gateway-edge+jwt';
const issuer = 'cylc-gateway-edge';
const audience = 'cylc-gateway';

export interface AssertedRequest {
  method: string;
  /** Path and query as they reach the gateway. */
  address: string;
}

/** `account`: of whom the edge has checked a token. */
export function signAssertion(request: AssertedRequest, secret: Uint8Array, account?: string): Promise<string> {
  const claims = { htm: request.method, htu: request.address };
  return new SignJWT(account === undefined ? claims : { ...claims, sub: account })
    .setProtectedHeader({ alg: 'HS256', typ })
    .setIssuer(issuer)
    .setAudience(audience)
    .setIssuedAt()
    .setExpirationTime(`${lifetimeS}s`)
    .sign(secret);
}

/** Why the assertion does not vouch for this request; undefined if it does. */
export async function assertionFault(
  assertion: string | undefined,
  request: AssertedRequest,
  options: { secret: Uint8Array; nowMs: number; skewS: number },
): Promise<string | undefined> {
  if (assertion === undefined) return 'it has no assertion of the edge';
  try {
    const { payload } = await jwtVerify(assertion, options.secret, {
      algorithms: ['HS256'],
      typ,
      issuer,
      audience,
      requiredClaims: ['exp', 'iat', 'htm', 'htu'],
      maxTokenAge: lifetimeS,
      clockTolerance: options.skewS,
      currentDate: new Date(options.nowMs),
    });
    const fits = payload['htm'] === request.method && payload['htu'] === request.address;
    return fits ? undefined : 'the assertion of the edge is for another request';
  } catch (error) {
    return `the assertion of the edge is not good: ${(error as Error).message}`;
  }
}
