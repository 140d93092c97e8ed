import { fetchUnder } from '../network.ts';
import type { Check, Finding } from '../types.ts';

/**
 * Tokens name times, so two clocks have to agree: ours, and that of whoever signs them, by the header `Date` of an
 * answer. Whether it can be reached is another check's question.
 */
export const clock: Check = {
  name: 'Clock',
  async look({ config: { identity } }, signal) {
    const addresses = [
      ...identity.issuers.filter(({ jwksFile }) => jwksFile === undefined).map((one) => one.jwksUrl ?? one.issuer),
      ...(identity.oidc === undefined ? [] : [identity.oidc.issuer]),
    ];
    const origins = [...new Set(addresses.map((address) => new URL(address).origin))];
    const found = await Promise.all(origins.map((origin) => compare(origin, identity.session.skewS, signal)));
    return found.flat();
  },
};

async function compare(origin: string, skewS: number, signal: AbortSignal): Promise<Finding[]> {
  const begunMs = Date.now();
  const response = await fetchUnder(signal)(origin, { method: 'HEAD', redirect: 'manual' }).catch(() => undefined);
  const theirs = Date.parse(response?.headers.get('date') ?? '');
  if (Number.isNaN(theirs)) return [];
  // The header has whole seconds, cut off: on average it is half a second behind.
  const offS = Math.round(((begunMs + Date.now()) / 2 - theirs - 500) / 1000);
  const off = `This clock is ${Math.abs(offS)} s ${offS > 0 ? 'ahead of' : 'behind'} that of ${origin}.`;
  const advice = 'Set the clocks by NTP (timedatectl tells whether this host does).';
  if (Math.abs(offS) > skewS)
    return [{ outcome: 'fault', what: off, why: `Good tokens are refused: ${skewS} s are forgiven.`, advice }];
  if (Math.abs(offS) * 2 > skewS) return [{ outcome: 'warn', what: off, advice }];
  return [{ outcome: 'ok', what: `Agrees with ${origin}.` }];
}
