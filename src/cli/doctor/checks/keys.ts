import { join } from 'node:path';
import { readSecretFile } from '../../../config/secretFile.ts';
import { readKeyFile } from '../../../identity/keyFile.ts';
import { fromError } from '../runCheck.ts';
import type { Check, Finding } from '../types.ts';

/** Files that hold secrets: whole, and closed to others. */
export const keys: Check = {
  name: 'Keys',
  async look({ config, ownData }) {
    const { oidc } = config.identity;
    const files: [what: string, reading: Promise<unknown>][] = [];
    if (ownData) files.push(['the session keys', readKeyFile(join(config.dataDir, 'identity-keys.json'))]);
    if (oidc?.clientSecretFile !== undefined)
      files.push(['the client secret', readSecretFile(oidc.clientSecretFile, { what: 'the client secret' })]);
    if (config.edge.secretFile !== undefined) {
      const kind = { what: 'the secret of the edge', leastLength: 32 };
      files.push([kind.what, readSecretFile(config.edge.secretFile, kind)]);
    }
    const found = await Promise.all(files.map(([what, reading]) => reading.then((read) => fine(what, read), fault)));
    return found.flat();
  },
};

function fine(what: string, read: unknown): Finding[] {
  return read === undefined ? [] : [{ outcome: 'ok', what: `The file of ${what} is in order.` }];
}

function fault(error: unknown): Finding[] {
  return [fromError(error)];
}
