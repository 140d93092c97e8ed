import type { Clock } from '../clock.ts';
import { networkOf } from '../listen/network.ts';

/** Limits on wrong passwords, per account and per address: whoever guesses soon has to wait. */
export interface Tries {
  /** Counts one attempt before it is made, so that many at once gain nothing; false where there are too many. */
  take(account: string, address: string): boolean;
  /** The password was right: the attempt does not count. */
  giveBack(account: string, address: string): void;
}

export interface TriesOptions {
  clock: Clock;
  perAccount: number;
  perAddress: number;
  windowMs: number;
}

/** Names are the attacker's to choose: so many are remembered at most, and the oldest go first. */
const maxRemembered = 20_000;

export function createTries(options: TriesOptions): Tries {
  const { clock, windowMs } = options;
  const counts = new Map<string, { count: number; untilMs: number }>();

  function entry(key: string): { count: number; untilMs: number } {
    const known = counts.get(key);
    if (known !== undefined && known.untilMs > clock.now()) return known;
    counts.delete(key);
    const fresh = { count: 0, untilMs: clock.now() + windowMs };
    counts.set(key, fresh);
    for (const oldest of counts.keys()) {
      if (counts.size <= maxRemembered) break;
      counts.delete(oldest);
    }
    return fresh;
  }

  return {
    take(account, address) {
      // An address that has to wait gets nothing more remembered: with names of its own it could push out the others.
      const from = entry(addressKey(address));
      if (from.count >= options.perAddress) return false;
      const of = entry(accountKey(account));
      if (of.count >= options.perAccount) return false;
      of.count += 1;
      from.count += 1;
      return true;
    },
    giveBack(account, address) {
      for (const key of [accountKey(account), addressKey(address)]) {
        const known = counts.get(key);
        if (known !== undefined && known.count > 0) known.count -= 1;
      }
    },
  };
}

/** No account has a longer name. */
const accountKey = (account: string): string => `account ${account.slice(0, 64)}`;
const addressKey = (address: string): string => `address ${networkOf(address)}`;
