import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { toolPath } from '../../../processes/systemTools.ts';
import type { Config } from '../../../config/schema.ts';
import { ask } from '../ask.ts';
import type { Finding } from '../types.ts';

/** Groups of the configuration that have no members because nobody knows them: a slip shuts people out, or in. */
export async function unknownGroups(config: Config): Promise<Finding[]> {
  const found = await Promise.all(
    named(config).map(async ({ option, group }) => {
      const what = await faultOf(group, config);
      return what === undefined
        ? []
        : [{ outcome: 'warn' as const, what: `${option} names ${group}: ${what}`, advice }];
    }),
  );
  return found.flat();
}

const env = { LANG: 'C.UTF-8' };
const advice = 'Correct the name, or make the group; nobody is in it now.';

function named({ access, identity, profiles, services }: Config): { option: string; group: string }[] {
  const of = (option: string, groups: readonly string[] = []) => groups.map((group) => ({ option, group }));
  return [
    ...of('access.adminGroups', access.adminGroups),
    ...of('identity.allowGroups', identity.allowGroups),
    ...profiles.flatMap(({ name, groups }) => of(`groups of the profile ${name}`, groups)),
    ...services.flatMap(({ name, groups }) => of(`groups of the service ${name}`, groups)),
  ];
}

async function faultOf(group: string, { dataDir }: Config): Promise<string | undefined> {
  const [, origin, name = ''] = /^(system|local|claim):(.+)$/.exec(group) ?? [];
  if (origin === undefined) return 'a group has its origin before it, as in system:wx, local:ops or claim:ops.';
  if (origin === 'system') {
    const { code } = await ask([toolPath('getent'), 'group', name], { env, signal: AbortSignal.timeout(10_000) });
    return code === 2 ? 'the system has no such group.' : undefined;
  }
  if (origin !== 'local') return undefined;
  const groups = await localGroups(dataDir);
  return groups === undefined || groups.includes(name) ? undefined : 'admin.json has no such group.';
}

/** Undefined where there is no admin.json yet, or it cannot be read by this user. */
async function localGroups(dataDir: string): Promise<string[] | undefined> {
  try {
    const admin = JSON.parse(await readFile(join(dataDir, 'admin.json'), 'utf8')) as { groups?: object };
    return Object.keys(admin.groups ?? {});
  } catch {
    return undefined;
  }
}
