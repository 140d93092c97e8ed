import { chmod, copyFile, mkdir } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const files = [
  'jupyter_server_config.py',
  'cylc_gateway_environment.py',
  'cylc_gateway_grants.py',
  'cylc_gateway_limits.py',
  'review_service.py',
];

/** Folder with the configuration that every UI server of Cylc gets, by JUPYTER_CONFIG_PATH. */
export function cylcConfigDir(runtimeDir: string): string {
  return join(runtimeDir, 'cylc');
}

/** Copies it, and the program that serves Cylc Review, to where every account can read it: the gateway itself may lie in a folder that is closed to them. */
export async function installCylcConfig(runtimeDir: string): Promise<void> {
  const folder = cylcConfigDir(runtimeDir);
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o755);
  for (const name of files) {
    await copyFile(join(sourceDir(), name), join(folder, name));
    await chmod(join(folder, name), 0o644);
  }
}

/** The program that reads the site's limits, for the doctor to run as servers do. */
export function limitsSource(): string {
  return join(sourceDir(), 'cylc_gateway_limits.py');
}

/** Python files are not compiled: from `dist/src/servers` they are a folder further up. */
function sourceDir(): string {
  const up = extname(import.meta.url) === '.ts' ? '../..' : '../../..';
  return fileURLToPath(new URL(`${up}/workers/cylc`, import.meta.url));
}
