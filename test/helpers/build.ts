import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endServers } from './endServers.ts';
import { gatewayFolders } from './gatewayFolders.ts';

const root = join(import.meta.dirname, '../..');

/**
 * Builds `dist/` once before the tests that run the program itself as a process. Afterwards it ends what they left:
 * servers outlive their gateway on purpose, and so would outlive the tests.
 */
export default function setup(): () => void {
  execFileSync('npm', ['run', '-s', 'build'], { cwd: root, stdio: 'inherit' });
  const folder = mkdtempSync(join(tmpdir(), 'gw-folders-'));
  const list = join(folder, 'list');
  process.env[gatewayFolders] = list;
  return () => {
    const used = existsSync(list) ? readFileSync(list, 'utf8').split('\n').filter(existsSync) : [];
    for (const dataDir of new Set(used)) tidy(dataDir);
    rmSync(folder, { recursive: true });
  };
}

function tidy(dataDir: string): void {
  try {
    endServers(dataDir);
    rmSync(dataDir, { recursive: true, force: true });
  } catch {
    // Folders that a test broke on purpose cannot be opened; nothing runs from those.
  }
}
