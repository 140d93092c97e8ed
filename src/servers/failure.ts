import { GatewayError, toGatewayError } from '../errors.ts';
import { redactText } from './logTail.ts';
import type { ServerFailure } from './types.ts';
import { EndedEarly } from './waitReady.ts';

interface Ending {
  exitCode: number | null;
  signal: string | null;
  detail?: string;
}

/** What its owner is told of a start that failed, or of a server that ended by itself. */
export function describeFailure(options: {
  error: unknown;
  /** Last lines of its log. */
  logTail: string;
  command: string;
  secrets: readonly string[];
  atMs: number;
}): ServerFailure {
  const { error, logTail, command, secrets, atMs } = options;
  const ended: Ending | undefined = error instanceof EndedEarly ? error.result : undefined;
  const coded = ended ? endedError(ended) : toGatewayError(error);
  return {
    reason: coded.message,
    code: coded.code,
    exitCode: ended?.exitCode ?? null,
    signal: ended?.signal ?? null,
    logTail: redactText(logTail, secrets),
    command,
    at: new Date(atMs).toISOString(),
  };
}

function endedError(ended: Ending): GatewayError {
  if (ended.exitCode === 127) return new GatewayError('spawn.command-missing');
  if (ended.exitCode === 126)
    return new GatewayError('spawn.command-missing', {
      message: 'The command that starts the server, or the folder to start it in, cannot be used by this account.',
      advice: 'Its file and all folders above must be open to the account.',
    });
  return new GatewayError('spawn.failed', { message: `The server ended ${endingText(ended)} before it was ready.` });
}

/** "with exit code 1", "by SIGKILL", or what the spawner knows. */
export function endingText(ended: Ending): string {
  if (ended.exitCode !== null) return `with exit code ${ended.exitCode}`;
  if (ended.signal !== null) return `by ${ended.signal}`;
  return ended.detail === undefined ? '(nobody saw how)' : `(${ended.detail})`;
}
