import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { OidcServerOrder, OidcServerSetup } from './oidcServer.ts';

/** `oidc-provider` in a process of its own, as a site's provider. */
export interface OidcProviderProcess {
  issuer: string;
  /** Resolves when it behaves so. */
  tell(order: OidcServerOrder): Promise<void>;
  /** How often a path was asked for. */
  count(path: string): Promise<number>;
  /** What went wrong in it. */
  errors(): string;
  end(): Promise<void>;
}

export async function startOidcProvider(setup: OidcServerSetup): Promise<OidcProviderProcess> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'oidcServer.ts'), JSON.stringify(setup)], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<string> => {
    const line = await lines.next();
    if (line.done === true) throw new Error(`the provider ended: ${errors}`);
    return line.value;
  };
  let issuer = await next();
  while (!issuer.startsWith('http')) issuer = await next();
  return {
    issuer,
    async tell(order) {
      child.stdin.write(`${JSON.stringify(order)}\n`);
      while ((await next()) !== 'ok');
    },
    async count(path) {
      const counts = (await (await fetch(`${issuer}/counts`)).json()) as Record<string, number>;
      return counts[path] ?? 0;
    },
    errors: () => errors,
    async end() {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
  };
}
