import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf, isTemporaryName } from './files.ts';

/** By any of these a folder is known as a gateway's; one is what `cylc:install` leaves in a folder of ours. */
const signs = [
  'gateway.yaml',
  'gateway.lock',
  'admin.json',
  'state.json',
  'admin.schema.json',
  'identity-keys.json',
  'cylc/cylc-gateway-install.json',
  // A site may keep its configuration beside what it is for
  'gateway.yaml',
];

/**
 * Whether a folder is in use for something else. A slip like `dataDir: /var/lib` must not close that folder to the
 * machine, nor put our files among those of others.
 */
export function isForeign(dataDir: string): boolean {
  const names = readdirSync(dataDir).filter((name) => !isTemporaryName(name));
  return names.length > 0 && !signs.some((name) => existsSync(join(dataDir, name)));
}

/** Whether a gateway has kept its records in this folder; `unknown` where this user may not look. */
export function holdsStore(dataDir: string): 'yes' | 'no' | 'unknown' {
  try {
    return ['admin.json', 'state.json'].some((name) => statSync(join(dataDir, name), { throwIfNoEntry: false }))
      ? 'yes'
      : 'no';
  } catch (error) {
    return errnoOf(error) === 'ENOTDIR' ? 'no' : 'unknown';
  }
}
