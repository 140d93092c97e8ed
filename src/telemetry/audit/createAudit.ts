import type { Clock } from '../../clock.ts';
import type { Config } from '../../config/schema.ts';
import type { Events, GatewayEvents } from '../events.ts';
import type { Logger } from '../log.ts';
import { currentRequest } from '../requestContext.ts';
import { createAuditFile } from './file.ts';
import { readAudit } from './read.ts';
import type { AuditQuery } from './read.ts';
import { toLine } from './record.ts';
import type { AuditRecord } from './record.ts';
import { createRepeats } from './repeats.ts';
import { inTurns } from './turns.ts';
import { ofRecord, ofRefusal, ofServer, ofSessionEnd, ofSignIn, ofStop, ofToken, ofVisit } from './toRecord.ts';
import type { Facts } from './toRecord.ts';

/** Who did what: written as it happens, and read by those whom it concerns. */
export interface Audit {
  /** Newest first. */
  list(query: AuditQuery): Promise<AuditRecord[]>;
  close(): Promise<void>;
}

/** For one page: some hundred thousand lines. `cylc-gateway audit` reads all. */
const maxReadBytes = 32 * 1024 * 1024;

export function createAudit(parts: {
  config: Config['audit'];
  dataDir: string;
  events: Events;
  clock: Clock;
  log: Logger;
}): Audit {
  const { config, dataDir, events, clock, log } = parts;
  const now = (): number => clock.now();
  const file = createAuditFile({
    dataDir,
    maxBytes: config.maxMiB * 1024 * 1024,
    files: config.files,
    onTrouble: (err) => log.error({ err }, 'audit: lines cannot be written; they wait'),
    onRecovery(lost) {
      log.info({ lost }, 'audit: lines are written again');
      if (lost > 0) write({ what: 'audit.lost', result: 'failed', detail: { lines: lost } });
    },
  });
  const repeats = createRepeats({ windowMs: config.repeatS * 1000, now, write: (record) => file.add(toLine(record)) });

  function toRecord({ what, ...facts }: Facts): AuditRecord {
    const request = currentRequest();
    return {
      at: new Date(now()).toISOString(),
      what,
      result: 'ok',
      who: request?.who ?? null,
      as: null,
      target: null,
      owner: null,
      way: request?.way ?? 'gateway',
      from: request?.from ?? null,
      requestId: request?.requestId ?? null,
      code: null,
      reason: null,
      ...facts,
    };
  }

  function write(facts: Facts | undefined): void {
    if (facts === undefined) return;
    const record = toRecord(facts);
    if (record.result === 'denied') repeats.add(record);
    else file.add(toLine(record));
  }

  const on = <K extends keyof GatewayEvents>(name: K, facts: (event: GatewayEvents[K]) => Facts | undefined) =>
    events.on(name, (event) => write(facts(event)));
  const stops = [
    on('refused', ofRefusal),
    on('signIn', ofSignIn),
    on('sessionEnd', (event) => ofSessionEnd(event, currentRequest()?.who ?? null)),
    on('visit', ofVisit),
    on('server', ofServer),
    on('stopAsked', ofStop),
    on('token', ofToken),
    on('record', ofRecord),
    on('deed', ({ what, target = null }) => ({ what, target })),
  ];
  const list = inTurns(async (query) => {
    await file.flush();
    return readAudit({ dataDir, files: config.files, maxBytes: maxReadBytes }, query);
  });
  return {
    list,
    async close() {
      for (const stop of stops) stop();
      repeats.close();
      const lost = await file.close();
      if (lost > 0) log.error({ lost }, 'audit: lines were lost');
    },
  };
}
