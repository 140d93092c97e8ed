import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { configSchema } from '../../src/config/schema.ts';
import { accounts } from '../../src/cli/doctor/checks/accounts.ts';
import { batch } from '../../src/cli/doctor/checks/batch.ts';
import { clock } from '../../src/cli/doctor/checks/clock.ts';
import { cylc } from '../../src/cli/doctor/checks/cylc.ts';
import { dataFolder } from '../../src/cli/doctor/checks/dataFolder.ts';
import { issuers } from '../../src/cli/doctor/checks/issuers.ts';
import { keys } from '../../src/cli/doctor/checks/keys.ts';
import { pam } from '../../src/cli/doctor/checks/pam.ts';
import { port } from '../../src/cli/doctor/checks/port.ts';
import { provider } from '../../src/cli/doctor/checks/provider.ts';
import { publicAddress } from '../../src/cli/doctor/checks/publicAddress.ts';
import { python } from '../../src/cli/doctor/checks/python.ts';
import { sockets } from '../../src/cli/doctor/checks/sockets.ts';
import { sudo } from '../../src/cli/doctor/checks/sudo.ts';
import { tls } from '../../src/cli/doctor/checks/tls.ts';
import { runCheck } from '../../src/cli/doctor/runCheck.ts';
import type { Check, Subject } from '../../src/cli/doctor/types.ts';
import { certificateAuthority } from '../helpers/certificates.ts';
import { startIssuer } from '../helpers/issuer.ts';
import { shortFolder } from '../helpers/shortFolder.ts';
import { cylcBin, describeWith, onPath } from '../helpers/requires.ts';

let folder: string;
const ends: (() => unknown)[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'doctor-'));
});
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
  rmSync(folder, { recursive: true });
});

type Given = z.input<typeof configSchema>;

function subject(given: Given = {}, more: Partial<Subject> = {}): Subject {
  return {
    config: configSchema.parse({ dataDir: folder, ...given }),
    file: '/etc/gateway.yaml',
    publicUrl: 'http://localhost:8000',
    runtimeDir: '/run/none-such',
    uid: process.getuid?.() ?? 0,
    ownData: true,
    live: false,
    searchPath: '/usr/bin:/bin',
    ...more,
  };
}

/** Each finding in one line. */
async function found(check: Check, of: Subject, deadlineMs = 20_000): Promise<string[]> {
  const findings = await runCheck({ ...check, deadlineMs }, of);
  return findings.map(({ outcome, what, why, advice }) =>
    [`${outcome}: ${what}`, ...(why === undefined ? [] : [why]), ...(advice === undefined ? [] : [`→ ${advice}`])].join(
      ' | ',
    ),
  );
}

async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  ends.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('the deadline', () => {
  test('a check that never answers is told, and so is one that throws', async () => {
    const hangs: Check = { name: 'Hangs', deadlineMs: 20, look: () => new Promise(() => {}) };
    expect(await runCheck(hangs, subject())).toEqual([
      expect.objectContaining({ check: 'Hangs', outcome: 'fault', what: 'This did not answer within 0.02 s.' }),
    ]);
    const throws: Check = { name: 'Throws', look: () => Promise.reject(new Error('the disk is gone')) };
    expect(await found(throws, subject())).toEqual(['fault: This could not be looked at. | the disk is gone']);
  });
});

describe('files', () => {
  test('an absent data folder is no fault; one open to others is', async () => {
    expect(await found(dataFolder, subject({ dataDir: join(folder, 'new') }))).toEqual([
      `ok: ${folder}/new is made at the first start.`,
    ]);
    chmodSync(folder, 0o755);
    expect((await found(dataFolder, subject()))[0]).toMatch(/^fault: .*open to other users \(chmod go=/);
    chmodSync(folder, 0o700);
    expect(await found(dataFolder, subject())).toEqual([`ok: ${folder}`]);
  });

  test('a key file that others can read, or that is none', async () => {
    const path = join(folder, 'identity-keys.json');
    expect(await found(keys, subject())).toEqual([]);
    writeFileSync(path, '{}', { mode: 0o644 });
    expect((await found(keys, subject()))[0]).toMatch(/^fault: .*can be read by others.*→ chmod 600/);
    chmodSync(path, 0o600);
    expect((await found(keys, subject()))[0]).toMatch(/^fault: .*cannot be read as one.*→ Bring it back/);
    expect(await found(keys, subject({}, { ownData: false }))).toEqual([]);
  });

  test('a secret that everybody can read, and one too short', async () => {
    const path = join(folder, 'edge-secret');
    writeFileSync(path, 'short', { mode: 0o604 });
    chmodSync(path, 0o604);
    expect((await found(keys, subject({ edge: { secretFile: path } })))[0]).toMatch(/can be read by everybody/);
    chmodSync(path, 0o600);
    expect((await found(keys, subject({ edge: { secretFile: path } })))[0]).toMatch(/too short/);
  });

  test('paths of sockets that are too long', async () => {
    const long = `/run/${'x'.repeat(100)}`;
    expect((await found(sockets, subject({}, { runtimeDir: long })))[0]).toMatch(
      /^fault: .*too long.*→ Set runtimeDir/,
    );
    const fit = shortFolder('cg-doctor');
    ends.push(() => rmSync(fit, { recursive: true }));
    expect(await found(sockets, subject({}, { runtimeDir: fit }))).toEqual([`ok: ${fit}`]);
  });
});

describe('network', () => {
  test('a port that is taken; the running gateway’s own is not', async () => {
    const taken = Number(new URL(await listen(() => {})).port);
    const config = { listen: { port: taken } };
    expect((await found(port, subject(config)))[0]).toMatch(/^fault: .*another program has that port.*→ Choose/);
    expect((await found(port, subject(config, { live: true })))[0]).toMatch(/^ok/);
  });

  test.skipIf(!onPath('openssl'))('certificates: good, for another name, and a key of another', async () => {
    const authority = certificateAuthority(folder);
    const [own, other] = [authority.issue('gateway'), authority.issue('other', 'DNS:other')];
    const at = (files: { cert: string; key: string }) =>
      subject({ listen: { tls: files } }, { publicUrl: 'https://localhost' });
    expect((await found(tls, at(own)))[0]).toMatch(/^warn: .*expires in [12] days/);
    expect((await found(tls, at(other)))[0]).toMatch(/^fault: .*is not for localhost.*DNS:other/);
    expect((await found(tls, at({ cert: own.cert, key: other.key })))[0]).toMatch(/does not belong/);
  });

  test('an issuer: its keys, its silence, its clock', async () => {
    const issuer = await startIssuer();
    ends.push(() => issuer.close());
    const site = subject({ identity: { issuers: [{ issuer: issuer.url, audience: 'cylc', cookie: 'sso' }] } });
    expect(await found(issuers, site)).toEqual([`ok: ${issuer.url}: 1 public key.`]);
    expect(await found(clock, site)).toEqual([`ok: Agrees with ${issuer.url}.`]);
    issuer.behave('down');
    expect((await found(issuers, site))[0]).toMatch(/^fault: .*nobody gets in by it.*answered 503/);
    issuer.behave('huge');
    expect((await found(issuers, site))[0]).toMatch(/^fault: .*more than \d+ bytes/);
    issuer.behave('slow');
    expect((await found(issuers, site, 200))[0]).toMatch(/^fault: .*no answer in time/);
    expect(await found(clock, site, 200)).toEqual([]);
  });

  test('a provider that calls itself by another name, one that is not there, one whose clock is off', async () => {
    const oidc = (issuer: string) =>
      subject({ identity: { oidc: { issuer, clientId: 'gateway', dangerouslyAllowHttp: true } } });
    const origin = await listen((_, response) => {
      response.writeHead(200, { date: new Date(Date.now() - 300_000).toUTCString() });
      response.end(JSON.stringify({ issuer: 'https://elsewhere', jwks_uri: `${origin}/jwks` }));
    });
    expect((await found(provider, oidc(origin)))[0]).toMatch(
      /^fault: .*another issuer.*→ Write identity\.oidc\.issuer/,
    );
    expect((await found(clock, oidc(origin)))[0]).toMatch(
      /^fault: This clock is (299|300|301) s ahead.*30 s are forgiven/,
    );
    expect((await found(provider, oidc('http://127.0.0.1:9')))[0]).toMatch(/^fault: .*nobody can sign in.*→ See/);
  });

  test('an address where something else answers', async () => {
    const other = await listen((_, response) => response.end('<h1>It works!</h1>'));
    const live = subject({}, { live: true, publicUrl: other });
    expect((await found(publicAddress, live))[0]).toMatch(/^fault: .*does not lead to this gateway.*Something else/);
    const gone = subject({}, { live: true, publicUrl: 'http://127.0.0.1:9' });
    expect((await found(publicAddress, gone))[0]).toMatch(/^fault: .*does not lead/);
  });
});

describe('the machine', () => {
  test('an admin whom the system does not know', async () => {
    const site = subject({ access: { admins: ['no-such-person-here'] } });
    expect(await found(accounts, site)).toEqual([
      expect.stringMatching(/^ok: The user database answers/),
      expect.stringMatching(/^warn: .*no-such-person-here/),
    ]);
  });

  test('a PAM service without a file', async () => {
    const site = subject({ identity: { pam: { service: 'none-such-here' } } });
    expect((await found(pam, site))[0]).toMatch(/^fault: There is no PAM service none-such-here.*→ Set identity/);
    expect(await found(pam, subject({}, { file: null }))).toEqual([]);
  });

  test('who is not root is told that passwords are for one account', async () => {
    const { uid } = statSync('/proc/self');
    const site = subject({ identity: { pam: { service: 'login' } } }, { uid: uid === 0 ? 1 : uid });
    expect((await found(pam, site)).join()).toMatch(/^warn: Only \S+ can sign in by password/);
  });

  test('batch systems whose commands are not here', async () => {
    const submit = ['qsub-of-nowhere', '{args}'];
    const pbs = {
      title: 'PBS',
      submit,
      poll: ['true'],
      cancel: ['true'],
      states: [{ match: 'R', is: 'up' as const }],
      unknownJob: 'x',
    };
    expect(await found(batch, subject({ spawners: { command: { pbs } } }))).toEqual([
      expect.stringMatching(/^fault: PBS: not here: qsub-of-nowhere\..*→ Install them/),
    ]);
    expect((await found(batch, subject({ spawners: { slurm: { bin: folder } } })))[0]).toMatch(
      /^fault: Slurm's commands/,
    );
  });

  test('a helper of sudo that is not there, or that others could change', async () => {
    const helper = join(folder, 'become');
    const site = subject({ servers: { sudo: helper } });
    // Without sudo or setfacl on this machine, that is the fault.
    expect((await found(sudo, site))[0]).toMatch(/^fault: (Not here: |.*become is not there)/);
    writeFileSync(helper, '#!/bin/sh\n');
    chmodSync(helper, 0o777);
    expect((await found(sudo, site))[0]).toMatch(/^fault: (Not here: |.*could be changed by others)/);
  });

  test('no Cylc, one that is gone, one that does not run', async () => {
    expect((await found(cylc, subject()))[0]).toMatch(/^warn: There is no Cylc.*→ npm run cylc:install/);
    // Root does not run it itself: whom it runs it as has to get there.
    chmodSync(folder, 0o755);
    const path = join(folder, 'cylc');
    const site = subject({ servers: { cylc: path } });
    expect((await found(cylc, site))[0]).toMatch(/^fault: .*does not run as a UI server/);
    writeFileSync(path, '#!/bin/sh\n[ "$1" = version ] && echo 8.9 && exit\necho no hub >&2; exit 1\n', {
      mode: 0o755,
    });
    expect((await found(cylc, site))[0]).toMatch(/^fault: .*does not run.*\| no hub \| →/);
    writeFileSync(path, '#!/bin/sh\nexec sleep 60\n', { mode: 0o755 });
    expect((await found(cylc, site, 300))[0]).toMatch(/^fault: .*did not end in time/);
  });
});

describeWith(['slurm'], 'a Slurm that nobody runs', () => {
  test('is a fault', async () => {
    const conf = join(folder, 'slurm.conf');
    const site = subject({ spawners: { slurm: { conf } } });
    expect((await found(batch, site))[0]).toMatch(/^fault: .*slurm\.conf is not there/);
    writeFileSync(conf, 'ClusterName=none\nSlurmctldHost=localhost(127.0.0.1)\nSlurmctldPort=9\n');
    expect((await found(batch, site, 2000))[0]).toMatch(/^fault: Slurm does not answer.*→ See that slurmctld runs/);
  });
});

describeWith(['cylc'], 'the real Cylc', () => {
  test('is found on the PATH and runs, with its Python', async () => {
    const site = subject({}, { searchPath: dirname(cylcBin() ?? '') });
    expect(await found(cylc, site)).toEqual([expect.stringMatching(/^ok: 8\.\S+ \(/)]);
    expect((await found(python, site))[0]).toMatch(/^(ok|warn): 3\.\d+/);
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith('cylc-gateway-check-'))).toEqual([]);
  });
});
