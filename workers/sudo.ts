import { spawnProgram } from '../src/processes/childProcess.ts';
import { sudoCommand, sudoEnvironment } from './launcher.ts';
import type { Sudo } from './protocol.ts';

const timeoutMs = 10_000;

export interface SudoAnswer {
  code: number | null;
  complaint: string;
}

/** Lets the helper do something short, as the account. */
export function askSudo(sudo: Sudo, plan: Readonly<Record<string, unknown>>): Promise<SudoAnswer> {
  return new Promise((resolve, reject) => {
    const child = spawnProgram(sudoCommand(sudo), {
      keyring: 'gateway',
      env: sudoEnvironment,
      cwd: '/',
      timeout: timeoutMs,
      stdio: ['pipe', 'ignore', 'pipe'],
    });
    let complaint = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (complaint += text.slice(0, 1000)));
    child.stdin?.on('error', () => {});
    child.stdin?.end(JSON.stringify(plan));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, complaint: complaint.trim() }));
  });
}
