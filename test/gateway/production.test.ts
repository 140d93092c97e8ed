import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setDefaultCACertificates } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fromEnvironment } from '../../src/config/overrides.ts';
import { activatedAt } from '../helpers/activation.ts';
import { certificateAuthority } from '../helpers/certificates.ts';
import { startNginx } from '../helpers/frontProxies.ts';
import type { FrontProxy } from '../helpers/frontProxies.ts';
import { freePort } from '../helpers/gateway.ts';
import { cylcBin, describeWith } from '../helpers/requires.ts';
import { read } from '../helpers/sources.ts';
import { Visitor } from '../helpers/visitor.ts';

const repository = join(import.meta.dirname, '../..');
const page = read('docs/production.md');

/**
 * Every command of the page, in its order, as root, below another root folder and with a real nginx. What would change the
 * machine, or takes minutes and has a test of its own, is done by stand-ins: packages, the clone, the build, Cylc, systemd.
 */
describeWith(['root', 'nginx', 'openssl', 'cylc', 'python', 'pam'], 'production in ten steps', () => {
  const root = mkdtempSync(join(tmpdir(), 'ten-'));
  const authority = certificateAuthority(root);
  let front: FrontProxy;
  let visitor: Visitor;

  beforeAll(async () => {
    chmodSync(root, 0o755);
    setDefaultCACertificates([readFileSync(authority.cert, 'utf8')]);
    for (const folder of [
      'opt',
      'usr/local/bin',
      'etc/profile.d',
      'etc/systemd/system',
      'var/lib',
      'run/cylc-gateway',
      'stubs',
    ])
      mkdirSync(join(root, folder), { recursive: true });
    front = await startNginx({
      certificate: authority.issue('front'),
      gatewaySocket: join(root, 'run/cylc-gateway/http.sock'),
    });
    visitor = new Visitor(`https://localhost:${front.port}`);
    const port = await freePort();
    stub('apt-get', '[ "$1" = install ]');
    stub('nginx', '[ "$1" = -t ]');
    stub(
      'npm',
      `case "$*" in ci|'run build'|'prune --omit=dev') ;; 'run cylc:install'*) mkdir -p ${root}/opt/cylc/bin; ln -sfn ${cylcBin()} ${root}/opt/cylc/bin/cylc;; *) exit 1;; esac`,
    );
    stub(
      'git',
      `[ "$1" = clone ] && mkdir "$5" && cp -a ${['dist', 'bin', 'docs', 'workers', 'package.json'].map((name) => join(repository, name)).join(' ')} "$5" && ln -s ${repository}/node_modules "$5/node_modules"`,
    );
    stub('systemctl', systemctl(port));
  });
  afterAll(async () => {
    await sh('systemctl stop cylc-gateway.service || true');
    await front.end();
    rmSync(root, { recursive: true, force: true });
  });

  function stub(name: string, script: string): void {
    writeFileSync(join(root, 'stubs', name), `#!/bin/bash\nset -eu\n${script}\n`, { mode: 0o755 });
  }

  /** Runs the service of the installed unit as systemd does: its environment alone, its socket as descriptor 3. */
  function systemctl(port: number): string {
    const activation = activatedAt(join(root, 'run/cylc-gateway/http.sock')).map(
      (word) => `'${word.replaceAll("'", `'\\''`)}'`,
    );
    return `unit=${root}/etc/systemd/system/cylc-gateway.service
line() { sed -n "s#^$1=##p" "$unit" | sed 's#/opt/#${root}/opt/#g; s#/etc/cylc#${root}/etc/cylc#g'; }
start() {
  cd "$(line WorkingDirectory)"
  : > ${root}/log
  setsid env -i $(line Environment) CYLC_GATEWAY_LISTEN__PORT=${port} ${activation.join(' ')} $(line ExecStart) >> ${root}/log 2>&1 < /dev/null &
  echo $! > ${root}/pid
  for _ in $(seq 300); do grep -q Ctrl-C ${root}/log && return 0; kill -0 $(cat ${root}/pid) || break; sleep 0.1; done
  cat ${root}/log >&2; return 1
}
stop() { pid=$(cat ${root}/pid); kill -TERM $pid; while kill -0 $pid 2> /dev/null; do sleep 0.1; done; }
case "$*" in
  daemon-reload) test -s ${root}/etc/systemd/system/cylc-gateway.socket;;
  'enable --now cylc-gateway.socket cylc-gateway.service'|'start cylc-gateway.service') start;;
  'stop cylc-gateway.service') stop;;
  'restart cylc-gateway.service') stop; start;;
  'reload nginx') ;;
  *) echo "systemctl $*?" >&2; exit 1;;
esac`;
  }

  /** As typed by root; \`check\` may find faults of this machine, which has no Cylc for login shells, but nothing else. */
  function sh(commands: string): Promise<{ code: number; output: string }> {
    const here = commands
      .replaceAll(/(?<![\w/])\/(?=(?:opt|etc|var|usr\/local)\/)/g, `${root}/`)
      .replaceAll('https://cylc.example.org', visitor.origin)
      .replaceAll(/^cylc-gateway check$/gm, 'cylc-gateway check || [ $? = 78 ]');
    const env = {
      PATH: `${root}/stubs:${root}/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
      HOME: '/root',
      CYLC_GATEWAY_CONFIG: join(root, 'etc/cylc-gateway/gateway.yaml'),
      NODE_EXTRA_CA_CERTS: authority.cert,
    };
    return new Promise((resolve) => {
      execFile('bash', ['-euxc', here], { env, cwd: root, timeout: 230_000 }, (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : Number(error.code ?? 1), output: stdout + stderr }),
      );
    });
  }

  const records = (): string => readFileSync(join(root, 'var/lib/cylc-gateway/admin.json'), 'utf8');

  test('the ten steps lead to a sign-in form at the public address, and a backup and its way back', async () => {
    // Of an earlier upgrade, and older than the nightly one whatever its name
    mkdirSync(join(root, 'var/backups/cylc-gateway'), { recursive: true });
    writeFileSync(join(root, 'var/backups/cylc-gateway/before-0.1.0.json'), 'not the newest');
    const { code, output } = await sh(blocks(/^## \d+\./m));
    expect(code, output).toBe(0);
    expect(output).toContain(`${visitor.origin} leads to this gateway`);
    expect(output).toContain('WebSockets get through');
    expect((await visitor.get('/hub/login')).body).toContain('name="password"');
    expect(existsSync(join(root, 'var/lib/cylc-gateway/state.json'))).toBe(true);
  }, 240_000);

  test('an upgrade keeps the records, and a rollback brings back those of before', async () => {
    const changed = await sh(
      `cylc-gateway users add daemon --note kept\n${blocks(/^## Upgrade/m)}\ncylc-gateway users edit daemon --note lost`,
    );
    expect(changed.code, changed.output).toBe(0);
    expect(records()).toContain('lost');
    const back = await sh(blocks(/^## Rollback/m));
    expect(back.code, back.output).toBe(0);
    expect(records()).toContain('kept');
    expect((await visitor.get('/hub/login')).status).toBe(200);
  }, 240_000);

  test('a rotation puts another signing key in place', async () => {
    const keys = async (): Promise<string> => (await visitor.get('/hub/jwks.json')).body;
    const before = await keys();
    const { code, output } = await sh(blocks(/^## Rotation/m));
    expect(code, output).toBe(0);
    expect(await keys()).not.toBe(before);
  });
});

test('a container keeps its records in the volume, whatever its configuration says', () => {
  const recipe = /```dockerfile\n(.*?)```/s.exec(read('docs/deploy.md'))?.[1] ?? '';
  const variables = Object.fromEntries(
    [...recipe.matchAll(/\b(CYLC_GATEWAY_\w+)=(\S+)/g)].map(([, name, value]) => [name, value]),
  );
  const { dataDir, servers } = fromEnvironment(variables) as { dataDir?: string; servers?: { cylc?: string } };
  expect(recipe).toContain(`VOLUME ${dataDir}\n`);
  expect(recipe).toContain(`--into ${servers?.cylc?.replace('/bin/cylc', '')} `);
});

test('the units of the page are those that docs/deploy.md explains', () => {
  for (const name of ['cylc-gateway.socket', 'cylc-gateway.service'])
    expect(read('docs/deploy.md')).toContain(`\`\`\`ini\n${read(`docs/examples/${name}`)}\`\`\``);
});

/** All commands below the headings that fit. */
function blocks(heading: RegExp): string {
  const sections = page.split(/^(?=## )/m).filter((section) => heading.test(section));
  return sections.flatMap((section) => [...section.matchAll(/```sh\n(.*?)```/gs)].map(([, text]) => text)).join('\n');
}
