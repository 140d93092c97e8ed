import pino from 'pino';
import type { Logger } from 'pino';
import { createLogWriter } from './logWriter.ts';

export type { Logger };

/** Field names whose values never reach the log, at the top level and one below. */
const secretFields = ['cookie', 'authorization', 'token', 'secret', 'password', 'client_secret', 'code_verifier'];

const standardError = 2;

/** The program's log, one line an event, on standard error. `text` is for people at a terminal. */
export function createLog(options: { level: string; format: 'auto' | 'json' | 'text' }): Logger {
  const text = options.format === 'text' || (options.format === 'auto' && process.stderr.isTTY);
  const shown = (line: string): string => (text ? toText(line) : line);
  const write = createLogWriter(standardError, (lost) => shown(lostLine(lost)));
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: secretFields.flatMap((name) => [name, `*.${name}`]), censor: '[redacted]' },
    },
    { write: (line: string) => write(shown(line)) },
  );
}

function lostLine(lost: number): string {
  const msg = 'lines of the log were lost: it could not be written';
  return `${JSON.stringify({ level: 'error', time: new Date().toISOString(), lost, msg })}\n`;
}

/** Turns the JSON lines into `12:00:00 warn  message key=value`, since nobody reads JSON in a terminal. */
function toText(line: string): string {
  const { level, time, msg, ...rest } = JSON.parse(line) as Record<string, unknown>;
  const fields = Object.entries(rest)
    .map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ');
  return `${asText(time).slice(11, 19)} ${asText(level).padEnd(5)} ${asText(msg)} ${fields}\n`;
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
