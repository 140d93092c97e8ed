import { appendFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { basename } from 'node:path';
import { z } from 'zod';
import type { Clock } from '../../clock.ts';
import type { ServerKey, Upstream } from '../../servers/types.ts';
import type { Logger } from '../../telemetry/log.ts';

/** What a relay says (workers/relay/relay.py). */
const reportSchema = z.object({
  port: z.number().int().min(1).max(65_535),
  node: z.string().max(255),
  /** How it is reached: by the address that it called from, or by the name of its node. */
  address: z.enum(['peer', 'name']),
  pid: z.number().int(),
  log: z.string(),
  exit: z.number().int().min(0).max(255).optional(),
});

/** What is known of a start from its relay. */
export interface Heard {
  upstream: Extract<Upstream, { kind: 'tcp' }>;
  node: string;
  atMs: number;
  exitCode: number | undefined;
}

/** Whose start it is, and where its log is kept. */
export interface ExpectedStart {
  key: ServerKey;
  logFile: string | null;
}

/** Takes the reports of the relays of jobs on other nodes. A start is known by the name in its certificate. */
export interface Desk {
  /** From now on its relay is listened to. */
  expect(startId: string, start: ExpectedStart): void;
  heard(startId: string): Heard | undefined;
  /** Which server this start is of; undefined for one that is not expected. */
  keyOf(startId: string): ServerKey | undefined;
  /** Its relay is told to end, whenever it comes. */
  giveUp(startId: string): void;
  /** All records have been gone through: a start that is not expected now is one that nobody knows. */
  settled(): void;
  /** One report; returns the status of the answer: 200, 400, 410 (given up), 503 (not known yet, ask again). */
  take(startId: string, body: unknown, from: string): Promise<number>;
}

/** A start that was under way when the gateway ended is expected again a moment after the records have been gone through. */
const settleMs = 5000;
/** Logs of servers on this host have no limit but the disk's, which is their own account's matter. Here it is ours. */
const maxLogBytes = 4 * 1024 * 1024;

export function createDesk({ clock, log }: { clock: Clock; log: Logger }): Desk {
  let settledMs = Infinity;
  const starts = new Map<string, ExpectedStart & { heard?: Heard; written: number }>();
  const givenUp = new Set<string>();
  return {
    expect(startId, start) {
      const known = starts.get(startId);
      starts.set(startId, { written: 0, ...known, ...start });
    },
    heard: (startId) => starts.get(startId)?.heard,
    keyOf: (startId) => starts.get(startId)?.key,
    giveUp(startId) {
      starts.delete(startId);
      givenUp.add(startId);
    },
    settled: () => void (settledMs = clock.now() + settleMs),
    async take(startId, body, from) {
      const start = starts.get(startId);
      if (start === undefined) return givenUp.has(startId) || clock.now() > settledMs ? 410 : 503;
      const report = reportSchema.safeParse(body);
      if (!report.success) return 400;
      const { port, node, address, exit, log: text } = report.data;
      const host = address === 'name' ? node : plainAddress(from);
      start.heard = {
        upstream: { kind: 'tcp', host, port, tls: startId },
        node,
        atMs: clock.now(),
        exitCode: exit,
      };
      start.written += Buffer.byteLength(text);
      if (text !== '' && start.logFile !== null && start.written < maxLogBytes)
        await appendFile(start.logFile, text, { mode: 0o600 }).catch((error: unknown) =>
          log.warn({ err: error }, 'log of a job not written'),
        );
      return 200;
    },
  };
}

/** The id of a start, by which its certificate is named: the last part of its run file. */
export function startIdOf(runFile: string): string {
  return basename(runFile);
}

/** An IPv4 address that came in by an IPv6 socket. */
function plainAddress(address: string): string {
  return isIPv6(address) && address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address;
}
