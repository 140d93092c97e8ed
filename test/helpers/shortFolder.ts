import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A fresh folder whose path is fit for sockets: short, and without the capital letters that mkdtemp(3) makes. */
export function shortFolder(name: string): string {
  const path = join(tmpdir(), `${name}-${randomBytes(4).toString('hex')}`);
  mkdirSync(path, { mode: 0o711 });
  return path;
}
