import pino from 'pino';
import type { Logger } from 'pino';

export type { Logger };

/** Field names whose values never reach the log, at the top level and one below. */
const secretFields = ['cookie', 'authorization', 'token', 'secret', 'password', 'client_secret', 'code_verifier'];

/** The program's log, one line an event, on standard error. `text` is for people at a terminal. */
export function createLog(options: { level: string; format: 'auto' | 'json' | 'text' }): Logger {
  const text = options.format === 'text' || (options.format === 'auto' && process.stderr.isTTY);
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: secretFields.flatMap((name) => [name, `*.${name}`]), censor: '[redacted]' },
    },
    text ? textStream() : pino.destination({ fd: 2, sync: true }),
  );
}

/** Turns the JSON lines into `12:00:00 warn  message key=value`, since nobody reads JSON in a terminal. */
function textStream(): { write(line: string): void } {
  return {
    write(line) {
      const { level, time, msg, ...rest } = JSON.parse(line) as Record<string, unknown>;
      const fields = Object.entries(rest)
        .map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
        .join(' ');
      process.stderr.write(`${asText(time).slice(11, 19)} ${asText(level).padEnd(5)} ${asText(msg)} ${fields}\n`);
    },
  };
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
