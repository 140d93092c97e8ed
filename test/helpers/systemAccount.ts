import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Account } from '../../src/access/types.ts';
import { noteAccount } from './runNotes.ts';

/** An account of the system made for a test, in a further group of its own. Needs root. `remove` ends its processes first. */
export interface SystemAccount extends Account {
  /** Number of the further group. */
  extraGid: number;
  remove(): void;
}

export function makeSystemAccount(atHome?: string): SystemAccount {
  const name = `cgw${randomBytes(4).toString('hex')}`;
  const extra = `${name}x`;
  noteAccount(name);
  execFileSync('groupadd', [extra]);
  const place = atHome === undefined ? ['--create-home'] : ['--no-create-home', '--home-dir', atHome];
  execFileSync('useradd', [...place, '--shell', '/bin/sh', '--groups', extra, name]);
  if (atHome !== undefined) execFileSync('chown', [name, atHome]);
  const [, , uid, gid, , home = ''] = entry('/etc/passwd', name);
  return {
    name,
    uid: Number(uid),
    gid: Number(gid),
    home,
    shell: '/bin/sh',
    displayName: name,
    groups: [`system:${extra}`],
    admin: false,
    extraGid: Number(entry('/etc/group', extra)[2]),
    remove() {
      execFileSync('userdel', [...(atHome === undefined ? ['--remove'] : []), '--force', name], { stdio: 'ignore' });
      execFileSync('groupdel', [extra], { stdio: 'ignore' });
    },
  };
}

function entry(file: string, name: string): string[] {
  const line = readFileSync(file, 'utf8')
    .split('\n')
    .find((text) => text.startsWith(`${name}:`));
  if (line === undefined) throw new Error(`${name} is not in ${file}`);
  return line.split(':');
}
