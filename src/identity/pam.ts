import type { PamAnswer, PamJob } from '../../workers/protocol.ts';
import type { Clock } from '../clock.ts';
import { GatewayError } from '../errors.ts';
import type { ErrorCode } from '../errors.ts';

/** System passwords, by PAM in a thread with a deadline: a directory server behind PAM may keep it waiting. */
export interface PamPool {
  run(name: 'pam', job: PamJob, options: { signal: AbortSignal }): Promise<PamAnswer>;
  close(): Promise<void>;
}

export type PamVerdict = { ok: true; name: string } | { ok: false; error: GatewayError; reason: string };

export interface Pam {
  check(login: { name: string; password: string; address: string }): Promise<PamVerdict>;
  /** Why PAM serves one account alone; undefined where it serves all. */
  onlyFor: string | undefined;
  close(): Promise<void>;
}

export interface PamOptions {
  service: string;
  timeoutMs: number;
  clock: Clock;
  /** Made when the first password comes. */
  pool: () => PamPool;
  /** Account of the gateway's own user where that is not root: PAM checks no other's password then. */
  onlyFor?: string | undefined;
}

/** After so many deadlines missed in a row PAM is left alone for a while: each leaves a thread behind that waits. */
const maxMissed = 3;
const pauseMs = 30_000;

/** Linux-PAM's return codes (`security/_pam_types.h`) that say more than "no". */
const afterPassword: Readonly<Record<number, ErrorCode>> = {
  6: 'auth.not-allowed',
  11: 'auth.locked',
  12: 'auth.password-expired',
  13: 'auth.account-expired',
  16: 'auth.password-expired',
  27: 'auth.password-expired',
};
/** Wrong password, insufficient credentials, unknown user, not permitted: to the visitor all the same. */
const denied = new Set([6, 7, 8, 10, 12, 13, 16, 17, 27]);
const maxTries = 11;
const longest = 1024;

export function createPam(options: PamOptions): Pam {
  const { service, timeoutMs, clock, onlyFor } = options;
  let pool: PamPool | undefined;
  let missed = 0;
  let pausedUntilMs = 0;

  async function ask(job: PamJob): Promise<PamVerdict> {
    if (clock.now() < pausedUntilMs) return refuse('auth.unavailable', 'PAM did not answer a moment ago');
    pool ??= options.pool();
    try {
      const answer = await pool.run('pam', job, { signal: AbortSignal.timeout(timeoutMs) });
      missed = 0;
      return verdict(answer);
    } catch (error) {
      missed += 1;
      if (missed >= maxMissed) pausedUntilMs = clock.now() + pauseMs;
      const late = (error as Error).name === 'AbortError' || (error as Error).name === 'TimeoutError';
      return refuse('auth.unavailable', late ? `PAM did not answer within ${timeoutMs} ms` : 'PAM failed', error);
    }
  }

  return {
    onlyFor,
    async check({ name, password, address }) {
      if (password === '' || password.length > longest || password.includes('\0'))
        return refuse('auth.password', 'no password, or one that cannot be');
      if (onlyFor !== undefined && name !== onlyFor) return refuse('auth.own-user', 'not the account of the gateway');
      return ask({ service, name, password, address });
    },
    async close() {
      await pool?.close();
    },
  };
}

function verdict(answer: PamAnswer): PamVerdict {
  if (answer.ok) return answer;
  const { step, code } = answer;
  const reason = `PAM ${step}: ${code} ${answer.message}`.trim();
  // Before the password was right, nothing is told of the account; that it is locked for now, PAM itself says.
  if (step === 'account') return afterAccount(code, plainWords(answer.said), reason);
  if (step === 'authenticate' && code === maxTries) return refuse('auth.locked', reason);
  if (step === 'authenticate' && denied.has(code)) return refuse('auth.password', reason);
  return refuse('auth.unavailable', reason);
}

/** Debian's `common-account` turns every refusal into a plain no: what the module said is then all that tells. */
function afterAccount(code: number, said: string, reason: string): PamVerdict {
  const kind = /account has expired/i.test(said) ? 'auth.account-expired' : (afterPassword[code] ?? 'auth.not-allowed');
  const error = new GatewayError(kind, said === '' ? {} : { advice: `The system says: ${said}` });
  return { ok: false, error, reason: said === '' ? reason : `${reason} (${said})` };
}

function plainWords(text = ''): string {
  return text
    .replace(/[\p{C}\s]+/gu, ' ')
    .trim()
    .slice(0, 200);
}

function refuse(code: ErrorCode, reason: string, cause?: unknown): Extract<PamVerdict, { ok: false }> {
  return { ok: false, error: new GatewayError(code, { cause }), reason };
}
