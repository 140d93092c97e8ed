import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, test } from 'vitest';
import { hasBareRoots } from './bareRoot.ts';

/**
 * Real parts that some tests need. On a machine without one, its tests are skipped with a reason and the command
 * that installs it; where `CI` is set a missing part is a failure.
 */
const parts = {
  chromium: { present: () => onPath('chromium'), install: 'apt-get install chromium' },
  firefox: { present: () => onPath('firefox-esr'), install: 'apt-get install firefox-esr' },
  cylc: { present: () => cylcBin() !== undefined, install: 'npm run cylc:install' },
  cylc17: {
    present: () => cylc17Bin() !== undefined,
    install: 'npm run cylc:install -- --into /opt/cylc-gateway/cylc-1.7 --python /usr/bin/python3 --uiserver 1.7.1',
  },
  idleCuller: {
    present: () => idleCullerBin() !== undefined,
    install: 'python3 -m venv /opt/cylc-gateway/idle-culler-2.0, and in it pip install jupyterhub-idle-culler==2.0.0',
  },
  editors: {
    present: () => ['vi', 'emacs', 'nano', 'ed', 'script'].every(onPath),
    install: 'apt-get install vim-tiny emacs-nox nano ed',
  },
  venv: {
    present: () => spawnSync('python3', ['-c', 'import ensurepip, venv']).status === 0,
    install: 'apt-get install python3-venv',
  },
  python: { present: () => onPath('python3'), install: 'apt-get install python3' },
  openssl: { present: () => onPath('openssl'), install: 'apt-get install openssl' },
  nginx: { present: () => onPath('nginx'), install: 'apt-get install nginx' },
  apache: {
    present: () => existsSync('/usr/lib/apache2/modules/mod_proxy_http.so'),
    install: 'apt-get install apache2-bin',
  },
  haproxy: { present: () => onPath('haproxy'), install: 'apt-get install haproxy' },
  root: { present: () => process.getuid?.() === 0, install: 'run the tests as root (in a container)' },
  fuse: {
    present: () => process.getuid?.() === 0 && existsSync('/dev/fuse') && onPath('python3'),
    install: 'modprobe fuse, and run the tests as root',
  },
  sudo: { present: () => onPath('sudo') && onPath('setfacl'), install: 'apt-get install sudo acl' },
  slurm: { present: () => onPath('slurmctld'), install: 'apt-get install slurm-wlm' },
  bareRoot: {
    present: () => process.getuid?.() === 0 && hasBareRoots(),
    install: 'apt-get install debootstrap, then .ci/bareRoot as root',
  },
  pam: { present: () => existsSync('/etc/pam.d/login'), install: 'apt-get install libpam-modules' },
  schemathesis: {
    present: () => schemathesisBin() !== undefined,
    install:
      'python3 -m venv ~/.cache/cylc-gateway/schemathesis && ~/.cache/cylc-gateway/schemathesis/bin/pip install schemathesis==4.32.5',
  },
  canaille: {
    present: () => canaillePython() !== undefined,
    install: "python3 -m venv data/canaille && data/canaille/bin/pip install 'canaille[front,oidc]==0.3.6'",
  },
} satisfies Record<string, { present: () => boolean; install: string }>;

export type RealPart = keyof typeof parts;

export function onPath(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((dir) => existsSync(join(dir, program)));
}

/**
 * The `cylc` command of a real cylc-uiserver 1.10: `CYLC_GATEWAY_TEST_CYLC`, or one that `.ci/run` or `cylc:install`
 * made. The first is where every account may read it; root's own home is closed to the accounts that root starts for.
 */
export function cylcBin(): string | undefined {
  const candidates = [
    process.env['CYLC_GATEWAY_TEST_CYLC'],
    '/opt/cylc-gateway/cylc-1.10/bin/cylc',
    join(import.meta.dirname, '../../data/cylc/bin/cylc'),
    join(process.env['HOME'] ?? '/root', '.cache/cylc-gateway/cylc-1.10/bin/cylc'),
  ];
  return candidates.find((path) => path !== undefined && existsSync(path));
}

/** The oldest that is held to work: cylc-uiserver 1.7.1, the newest for Python 3.11. */
export function cylc17Bin(): string | undefined {
  return firstOf('cylc-1.7/bin/cylc');
}

export function idleCullerBin(): string | undefined {
  return firstOf('idle-culler-2.0/bin/jupyterhub-idle-culler');
}

/** Where `.ci/run` puts it: as root where every account may read it, else in the home. */
function firstOf(path: string): string | undefined {
  const folders = ['/opt/cylc-gateway', join(process.env['HOME'] ?? '/root', '.cache/cylc-gateway')];
  return folders.map((folder) => join(folder, path)).find(existsSync);
}

/** The `schemathesis` command: `CYLC_GATEWAY_TEST_SCHEMATHESIS`, or the one in the cache. */
export function schemathesisBin(): string | undefined {
  const home = process.env['XDG_CACHE_HOME'] ?? join(process.env['HOME'] ?? '/root', '.cache');
  const candidates = [
    process.env['CYLC_GATEWAY_TEST_SCHEMATHESIS'],
    join(home, 'cylc-gateway/schemathesis/bin/schemathesis'),
  ];
  return candidates.find((path) => path !== undefined && existsSync(path));
}

/** The Python that has Canaille, an OpenID provider: `CYLC_GATEWAY_TEST_CANAILLE`, or the one in `data/`. */
export function canaillePython(): string | undefined {
  const candidates = [
    process.env['CYLC_GATEWAY_TEST_CANAILLE'],
    join(import.meta.dirname, '../../data/canaille/bin/python'),
  ];
  return candidates.find((path) => path !== undefined && existsSync(path));
}

/** `describe` where all the parts are here; otherwise a loud skip, or in CI a failure. */
export function describeWith(needed: readonly RealPart[], title: string, body: () => void): void {
  const missing = needed.filter((part) => !parts[part].present());
  if (missing.length === 0) {
    describe(title, body);
    return;
  }
  const why = missing.map((part) => `${part} is not here; to get it: ${parts[part].install}`).join('; ');
  if (process.env['CI'] !== undefined) throw new Error(`required in CI: ${why}`);
  describe.skip(`${title} [skipped: ${why}]`, () => {
    try {
      body(); // for the names of what is skipped
    } catch {
      test('all of it', () => undefined); // it needs the part even for that
    }
  });
}
