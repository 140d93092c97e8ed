import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { programEnvironment } from '../../servers/programs.ts';
import type { Program } from '../../servers/programs.ts';
import { linkPath } from './loginLink.ts';
import type { LoginShell } from './loginShell.ts';

/** Whose jobs are meant: those of whoever runs the gateway, or of every account of the site. */
export type JobOwner = 'self' | 'everybody';

/**
 * The login shell of the jobs of a server that runs this program. Of everybody's profiles only the system's are asked,
 * by a user without a home: no account's own files are run.
 */
export function jobsShell(options: {
  program: Program;
  /** Of every server, from the configuration. */
  environment?: Readonly<Record<string, string>>;
  owner: JobOwner;
  signal: AbortSignal;
}): LoginShell {
  const { program, environment, owner, signal } = options;
  const { username, homedir, shell } = userInfo();
  const account =
    owner === 'self'
      ? { name: username, home: homedir, shell: shell ?? '' }
      : { name: 'nobody', home: '/nonexistent', shell: '' };
  const env = { ...programEnvironment(program, account), ...environment, ...program.variables };
  return { env, signal, ...(owner === 'everybody' && process.geteuid?.() === 0 && { as: 'nobody' as const }) };
}

export const whyStuck =
  'Jobs run in a login shell (bash -l), whose profile sets the PATH; `cylc` is not on it, so tasks would stay "submitted" for ever.';

/** How jobs come to find this Cylc. */
export function cures(cylc: string, owner: JobOwner): string {
  const path = `PATH=${dirname(cylc)}:$PATH`;
  if (owner === 'self')
    return `npm run cylc:install -- --link makes a link in ~/.local/bin; or add the line ${path} to ~/.profile.`;
  return (
    "As root, npm run cylc:install -- --into /opt/cylc --wrapper installs Cylc's wrapper as /usr/local/bin/cylc; or put " +
    `the line ${path} into /etc/profile.d/cylc.sh; or set \`cylc path\` of [platforms][[localhost]] in the site's global.cylc.`
  );
}

/** Why a link in `~/.local/bin` is not found by login shells, with the line that helps. */
export function whyNotFound(home: string): string {
  const line = 'PATH="$HOME/.local/bin:$PATH"';
  const hiding = ['.bash_profile', '.bash_login'].find((name) => existsSync(join(home, name)));
  if (hiding !== undefined)
    return `${linkPath(home)} is there, but bash reads ~/${hiding} instead of ~/.profile. Add this line to ~/${hiding}: ${line}`;
  return `${linkPath(home)} is there, but not on the PATH of your login shell. Add this line to ~/.profile: ${line}`;
}
