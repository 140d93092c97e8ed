import type { Command } from 'commander';
import { SetupError } from '../errors.ts';
import { followAudit } from '../telemetry/audit/follow.ts';
import { readAudit } from '../telemetry/audit/read.ts';
import type { AuditRecord } from '../telemetry/audit/record.ts';
import { loadWithStore } from './commonOptions.ts';
import { command } from './records.ts';
import type { RecordOptions } from './records.ts';
import { table } from './table.ts';

interface AuditOptions extends RecordOptions {
  follow?: boolean;
  account?: string;
  what?: string;
  since?: string;
  lines?: string;
}

/** `audit`: reads the files, so it works whether the gateway runs or not. */
export function registerAudit(program: Command): void {
  command(program, 'audit', 'who did what, from where, and what was refused')
    .option('-f, --follow', 'go on with what comes')
    .option('--account <name>', 'what this account did, and what was done to its own')
    .option('--what <kind>', 'visit, denied, sign-in, share.made …, or all of a kind: share, server')
    .option('--since <time>', 'none older: 30m, 12h, 7d, or a time (2026-11-25T20:00Z)')
    .option('--lines <number>', 'so many of the newest (default: 50; with --since: all)')
    .action(show);
}

async function show(options: AuditOptions): Promise<void> {
  const { account, what, json = false } = options;
  const sinceMs = options.since === undefined ? undefined : timeOf(options.since);
  const limit = linesOf(options.lines ?? (sinceMs === undefined ? '50' : '1000000'));
  const { config } = await loadWithStore(options);
  const place = { dataDir: config.dataDir, files: config.audit.files };
  const records = (await readAudit(place, { account, what, sinceMs, limit })).toReversed();
  if (json) for (const record of records) console.log(JSON.stringify(record));
  else if (records.length > 0) console.log(table(columns, records.map(toRow)));
  else if (options.follow !== true) console.log('Nothing fits.');
  if (options.follow !== true) return;
  for await (const record of followAudit(place, { account, what }))
    console.log(json ? JSON.stringify(record) : Object.values(toRow(record)).join('  '));
}

const columns = ['when', 'who', 'what', 'target', 'result', 'from', 'why'];

function toRow({ at, who, what, target, result, from, reason, code, repeated }: AuditRecord) {
  const times = repeated === undefined ? '' : `${repeated} times more: `;
  const why = times + (reason ?? code ?? '');
  return { when: at, who: who ?? '-', what, target: target ?? '-', result, from: from ?? '-', why };
}

const units: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

function timeOf(text: string): number {
  const [, count, unit = ''] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  const ms = count === undefined ? Date.parse(text) : Date.now() - Number(count) * (units[unit] ?? 0);
  if (Number.isFinite(ms)) return ms;
  throw wrong(`--since ${text}`, 'For example --since 12h, or --since 2026-11-25T20:00Z');
}

function linesOf(text: string): number {
  if (/^[1-9]\d{0,7}$/.test(text)) return Number(text);
  throw wrong(`--lines ${text}`, 'Write a number.');
}

function wrong(what: string, advice: string): SetupError {
  return new SetupError(`This is not understood: ${what}.`, { advice, exitCode: 64 });
}
