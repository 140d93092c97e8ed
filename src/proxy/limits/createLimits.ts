import type { Config } from '../../config/schema.ts';
import { networkOf } from '../../listen/network.ts';
import type { Logger } from '../../telemetry/log.ts';
import { createLogGate } from '../../telemetry/logGate.ts';
import { rateOf } from './rateBucket.ts';
import type { RateBucket } from './rateBucket.ts';
import { RateTable } from './rateTable.ts';

/** How often somebody may ask. Who is known by a sign-in counts by account, wherever they are; all others by address. */
export interface RequestLimits {
  /** One request more; false where that is one too many. `account` undefined for strangers. */
  take: (account: string | undefined, address: string) => boolean;
  /** Whether strangers at this address have had what is theirs: nobody is to be looked at who is not known already. */
  isSpent: (address: string) => boolean;
}

const tellEveryMs = 60_000;

export function createRequestLimits(parts: {
  config: Pick<Config['proxy'], 'requestsPerAccount' | 'requestsPerAddress'>;
  log: Logger;
  now?: () => number;
}): RequestLimits {
  const { config, now = () => performance.now() } = parts;
  const accounts = tableOf(config.requestsPerAccount);
  const strangers = tableOf(config.requestsPerAddress);
  const logBusy = createLogGate(parts.log, 'warn');

  function tell(bucket: RateBucket, nowMs: number, fields: object): void {
    if (nowMs - bucket.toldAtMs < tellEveryMs) return;
    bucket.toldAtMs = nowMs;
    logBusy(fields, 'too many requests: some are refused');
  }

  return {
    take(account, address) {
      const table = account === undefined ? strangers : accounts;
      if (table === undefined) return true;
      const nowMs = now();
      const empty = table.take(account ?? networkOf(address), nowMs);
      if (empty === undefined) return true;
      const by = account === undefined ? 'proxy.requestsPerAddress' : 'proxy.requestsPerAccount';
      tell(empty, nowMs, { account, from: address, limit: by });
      return false;
    },
    isSpent(address) {
      if (strangers === undefined) return false;
      const nowMs = now();
      return strangers.mayBeEmpty(nowMs) && strangers.isEmpty(networkOf(address), nowMs);
    },
  };
}

function tableOf(perSecond: number): RateTable | undefined {
  const rate = rateOf(perSecond);
  return rate === undefined ? undefined : new RateTable(rate);
}
