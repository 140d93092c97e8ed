import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config/schema.ts';
import { SetupError } from '../errors.ts';
import { isLoopback, publicAddressFault } from '../config/publicAddress.ts';
import type { Accounts } from './accounts.ts';
import { createPam } from './pam.ts';
import type { Pam, PamOptions } from './pam.ts';
import { createSystemUsers } from './systemUsers.ts';

/** How people sign in at this site, by its configuration. */

/** System passwords: where asked for, and where a configuration names no other way. */
export function takesPasswords({ pam, issuers, oidc }: Config['identity'], firstRun: boolean): boolean {
  return pam.enabled ?? (!firstRun && issuers.length === 0 && oidc === undefined);
}

/** Throws `SetupError` where what is set would be a danger or cannot work. */
export function checkSignIn({ config, firstRun }: { config: Config; firstRun: boolean }): void {
  const fault = publicAddressFault(config, firstRun) ?? plainProviderFault(config.identity);
  if (fault !== undefined) throw fault;
}

/** Whoever is between could put in keys and answers of their own, and sign in as anybody. */
function plainProviderFault({ oidc, issuers }: Config['identity']): SetupError | undefined {
  if (oidc?.issuer.startsWith('http:') === true && !oidc.dangerouslyAllowHttp)
    return new SetupError(`The provider ${oidc.issuer} (identity.oidc.issuer) is on plain http.`, {
      advice: 'Use its https address; for a trial: identity.oidc.dangerouslyAllowHttp: true',
    });
  for (const { issuer, jwksUrl, jwksFile, dangerouslyAllowHttp } of issuers) {
    const keys = jwksFile === undefined ? (jwksUrl ?? issuer) : '';
    if (!keys.startsWith('http:') || dangerouslyAllowHttp || isLoopback(new URL(keys).hostname)) continue;
    return new SetupError(`The keys of the issuer ${issuer} would come over plain http: ${keys}.`, {
      advice: 'Use an https address or jwksFile; for a trial: dangerouslyAllowHttp: true at that issuer',
    });
  }
  return undefined;
}

const pamFolders = ['/etc/pam.d', '/usr/lib/pam.d', '/usr/etc/pam.d'];

/** What is wrong where the PAM service has no file: PAM would silently use `other` instead. */
export function pamServiceFault(service: string): SetupError | undefined {
  // Where there is none of these folders, all services are in /etc/pam.conf.
  const folders = pamFolders.filter((folder) => existsSync(folder));
  if (folders.length === 0 || folders.some((folder) => existsSync(join(folder, service)))) return undefined;
  return new SetupError(`There is no PAM service ${service}: no file of that name in ${pamFolders.join(', ')}.`, {
    advice: 'Set identity.pam.service to one that is there, for example `login`, or add the file.',
  });
}

/** Throws `SetupError` where the PAM service is not there. */
export async function createSitePam(options: {
  config: Config;
  accounts: Accounts;
  pamPool: PamOptions['pool'];
  clock: PamOptions['clock'];
  log: { warn(fields: object, message: string): void };
}): Promise<Pam> {
  const { service, timeoutS } = options.config.identity.pam;
  const fault = pamServiceFault(service);
  if (fault !== undefined) throw fault;
  const uid = process.geteuid?.() ?? 0;
  const onlyFor = uid === 0 ? undefined : (await createSystemUsers().find(uid))?.name;
  if (onlyFor !== undefined)
    options.log.warn({ account: onlyFor }, 'not run as root: only this account can sign in by password');
  return createPam({ service, timeoutMs: timeoutS * 1000, clock: options.clock, pool: options.pamPool, onlyFor });
}
