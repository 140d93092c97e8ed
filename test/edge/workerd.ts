import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { repository } from '../helpers/sources.ts';

export interface RunningWorker {
  /** `http://127.0.0.1:port`. */
  url: string;
  close(): Promise<void>;
}

/** Runs the Worker in real workerd by the very command of `npm run dev:edge`, with other variables and a free port, or that one. */
export async function startWorker(vars: Readonly<Record<string, string>>, port = 0): Promise<RunningWorker> {
  const given = Object.entries(vars).flatMap(([name, value]) => ['--var', `${name}:${value}`]);
  const args = ['dev', '--local', '--ip', '127.0.0.1', '--port', String(port), '--inspector-port', '0', ...given];
  const child = spawn('node_modules/.bin/wrangler', [...args, '--show-interactive-dev-session=false'], {
    cwd: repository,
    env: { ...process.env, WRANGLER_SEND_METRICS: 'false', CI: 'true', NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let said = '';
  const url = await new Promise<string>((resolve, reject) => {
    const listen = (text: Buffer): void => {
      said += text.toString();
      const port = /Ready on http:\/\/[^\s:]+:(\d+)/.exec(said)?.[1];
      if (port !== undefined) resolve(`http://127.0.0.1:${port}`);
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`wrangler ended:\n${said}`)));
  });
  return {
    url,
    close: async () => {
      child.removeAllListeners('exit');
      const ended = once(child, 'close');
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
      await ended;
    },
  };
}
