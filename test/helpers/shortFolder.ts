import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A fresh folder whose path is fit for sockets: short, and without the capital letters that mkdtemp(3) makes. */
export function shortFolder(name: string): string {
  const path = join(tmpdir(), `${name}-${randomBytes(4).toString('hex')}`);
  mkdirSync(path, { mode: 0o711 });
  return path;
}

/** The same, closed: fit for a data folder that has the configuration in it before its gateway starts. */
export function dataFolder(name: string): string {
  const path = shortFolder(name);
  chmodSync(path, 0o700);
  return path;
}
