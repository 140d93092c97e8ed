import { setTimeout as sleep } from 'node:timers/promises';
import { claim, claimedByGateway } from './claims.ts';
import { isAlive, readOwner } from './processes.ts';
import type { ProcessIdentity, RecoverJob } from './protocol.ts';
import { readProcess } from './start.ts';

/** Between its claim and its note of the pid, a launcher does next to nothing. */
const waitMs = 10_000;

/**
 * Job: finds what a start that was cut off has launched. Who makes the claim first decides: if that is us, the launcher
 * gives up when it gets so far.
 */
export default async function recover({ runFile }: RecoverJob): Promise<ProcessIdentity | undefined> {
  if (claim(runFile) || claimedByGateway(runFile)) return undefined;
  for (const until = Date.now() + waitMs; ; await sleep(50)) {
    try {
      const found = readProcess(runFile);
      return isAlive(found) ? { ...found, uid: readOwner(found.pid) } : found;
    } catch {
      if (Date.now() > until) return undefined;
    }
  }
}
