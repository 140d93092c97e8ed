import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../config/schema.ts';
import { SetupError } from '../errors.ts';
import type { Accounts } from './accounts.ts';
import { createPam } from './pam.ts';
import type { Pam, PamOptions } from './pam.ts';
import { createSystemUsers } from './systemUsers.ts';

/** How people sign in at this site, by its configuration. */

function isLoopback(host: string): boolean {
  return /^127\.\d+\.\d+\.\d+$/.test(host) || host === '::1' || host === '[::1]' || host === 'localhost';
}

/** System passwords: where asked for, and where a configuration names no other way. */
export function takesPasswords({ pam, issuers, oidc }: Config['identity'], firstRun: boolean): boolean {
  return pam.enabled ?? (!firstRun && issuers.length === 0 && oidc === undefined);
}

/** Throws `SetupError` where what is set would be a danger or cannot work. */
export function checkSignIn({ config, firstRun }: { config: Config; firstRun: boolean }): void {
  const { listen, identity, publicUrl } = config;
  if (firstRun && !isLoopback(listen.host) && !identity.links.dangerouslyBeyondLoopback)
    throw new SetupError(
      `Without a configuration file people sign in by links from this terminal, over plain HTTP: not on ${listen.host}.`,
      {
        advice:
          'Write a configuration (cylc-gateway init), or listen on 127.0.0.1; for a trial in a container: --set identity.links.dangerouslyBeyondLoopback=true',
      },
    );
  const { oidc } = identity;
  if (oidc?.issuer.startsWith('http:') === true && !oidc.dangerouslyAllowHttp)
    throw new SetupError(`The provider ${oidc.issuer} (identity.oidc.issuer) is on plain http.`, {
      advice: 'Use its https address; for a trial: identity.oidc.dangerouslyAllowHttp: true',
    });
  if (publicUrl?.startsWith('http:') === true && !isLoopback(new URL(publicUrl).hostname) && !isLoopback(listen.host))
    throw new SetupError(`People would send their sign-in over plain HTTP: publicUrl is ${publicUrl}.`, {
      advice:
        'Put a web server with TLS in front (docs/deploy.md), give its https address as publicUrl, and listen on 127.0.0.1.',
    });
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
