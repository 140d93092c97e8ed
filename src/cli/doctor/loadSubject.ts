import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { configSchema } from '../../config/schema.ts';
import type { Config } from '../../config/schema.ts';
import { publicUrlOf } from '../../config/publicAddress.ts';
import { loadFromOptions } from '../commonOptions.ts';
import type { CommonOptions } from '../commonOptions.ts';
import { isLive, runtimeDirOf } from '../controlClient.ts';
import { controlPath } from '../../control/controlSocket.ts';
import { fromError } from './runCheck.ts';
import type { Finding, Subject } from './types.ts';

/** What there is to look at; with a `fault` where the configuration itself has faults, and then by its defaults. */
export async function loadSubject(options: CommonOptions): Promise<{ subject: Subject; fault?: Finding }> {
  try {
    const { config, file } = await loadFromOptions(options);
    return { subject: await subjectOf(config, file) };
  } catch (error) {
    const config = configSchema.parse({ dataDir: resolve(options.data ?? 'data') });
    return { subject: await subjectOf(config, null), fault: fromError(error) };
  }
}

async function subjectOf(config: Config, file: string | null): Promise<Subject> {
  const { dataDir } = config;
  const uid = process.geteuid?.() ?? 0;
  const runtimeDir = await runtimeDirOf(config);
  return {
    config,
    file,
    publicUrl: publicUrlOf(config),
    runtimeDir,
    uid,
    ownData: (statSync(dataDir, { throwIfNoEntry: false })?.uid ?? uid) === uid,
    // Whose gateway it is does not matter here: one that cannot be asked runs all the same.
    live: await isLive(controlPath(runtimeDir)).catch(() => true),
    searchPath: process.env['PATH'],
  };
}
