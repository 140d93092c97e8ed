import type { CommandJob, CommandResult } from '../../workers/protocol.ts';
import type { Account } from '../access/types.ts';
import { createJobPool } from './pool.ts';
import type { JobPool } from './pool.ts';
import { createRunAs } from './runAs.ts';

/** Whom to run as. */
export type CommandAccount = Pick<Account, 'name' | 'uid' | 'gid' | 'home'>;

/**
 * Short commands on files of an account, run as that account: it alone decides what may be read, and a home that hangs
 * holds up this account alone.
 */
export interface AccountCommands {
  /** The whole of its output, or a part and a `fault`. Rejects never. */
  run(
    account: CommandAccount,
    command: readonly string[],
    limits: Pick<CommandJob, 'timeoutMs' | 'maxOutputBytes' | 'encoding'>,
  ): Promise<CommandResult>;
  close(): Promise<void>;
}

/** At once: of all accounts together, and of one. Others wait. */
const tasksAtOnce = 16;
const atOncePerAccount = 2;
const waitingPerAccount = 16;
/**
 * A command that got no answer in time is not asked of that account again for so long. Another is: a look that is slow
 * where somebody has many workflows says nothing of the others. What hangs is counted where it runs (workers/command.ts).
 */
const restMs = 10_000;

interface Turns {
  running: number;
  waiting: (() => void)[];
  /** By what is run, without what it is given. */
  restsUntil: Map<string, number>;
}

/** Threads of their own: starts and looks at servers never wait for the home of somebody. */
export function createAccountCommands(options: { uid?: number; sudo?: string | undefined } = {}): AccountCommands {
  const { sudo, uid = process.geteuid?.() ?? 0 } = options;
  const turns = new Map<number, Turns>();
  let pool: JobPool | undefined;

  const runNow: AccountCommands['run'] = (account, command, limits) => {
    pool ??= createJobPool({ threads: 1, tasksPerThread: tasksAtOnce });
    return createRunAs({ pool, uid, sudo, env: {}, timeoutMs: limits.timeoutMs })(command, { user: account, limits });
  };

  async function enter(turn: Turns): Promise<boolean> {
    if (turn.running < atOncePerAccount) {
      turn.running += 1;
      return true;
    }
    if (turn.waiting.length >= waitingPerAccount) return false;
    // Whoever leaves hands its place on.
    await new Promise<void>((resolve) => void turn.waiting.push(resolve));
    return true;
  }

  function leave(account: number, turn: Turns): void {
    const next = turn.waiting.shift();
    if (next !== undefined) return next();
    turn.running -= 1;
    const now = performance.now();
    if (turn.running === 0 && [...turn.restsUntil.values()].every((until) => until <= now)) turns.delete(account);
    return undefined;
  }

  return {
    async run(account, command, limits) {
      const turn = turns.get(account.uid) ?? { running: 0, waiting: [], restsUntil: new Map() };
      turns.set(account.uid, turn);
      const kind = kindOf(command);
      if (!(await enter(turn))) return refused('too many commands of this account wait');
      try {
        if ((turn.restsUntil.get(kind) ?? 0) > performance.now())
          return refused('the last such command of this account got no answer');
        const result = await runNow(account, command, limits);
        if (result.fault !== null) turn.restsUntil.set(kind, performance.now() + restMs);
        return result;
      } catch (error) {
        return refused((error as Error).message);
      } finally {
        leave(account.uid, turn);
      }
    },
    close: async () => pool?.close(),
  };
}

/** Program and shell text: what follows are paths and numbers. */
function kindOf(command: readonly string[]): string {
  return command.slice(0, command[1] === '-c' ? 3 : 1).join('\0');
}

function refused(fault: string): CommandResult {
  return { code: null, signal: null, stdout: '', stderr: '', fault };
}
