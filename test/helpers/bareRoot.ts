import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repository } from './sources.ts';

/** A stock Node, by its major version; 18 is that of Debian 12, with its npm. */
export type StockNode = '18' | '20' | '22' | '24';

const cache = join(
  process.env['XDG_CACHE_HOME'] ?? join(process.env['HOME'] ?? '/root', '.cache'),
  'cylc-gateway/bare',
);

/** What `.ci/bareRoot` makes is there. */
export const hasBareRoots = (): boolean =>
  ['base', 'node-18', 'node-20', 'node-22', 'node-24'].every((name) => existsSync(join(cache, name)));

/** A command that runs in a bare root. */
export interface BareCommand {
  child: ChildProcess;
  output(): string;
  /** Resolves at its end with its exit code. */
  ended: Promise<number | null>;
}

export interface BareRoot {
  /** Runs a line of shell in the checkout, as the ordinary user `ann`; one at a time. */
  run(line: string): BareCommand;
  /** Ends what runs there, and removes it. */
  close(): Promise<void>;
}

/** The user's number in the root file system, the first that Debian gives. */
const ann = 1000;

/**
 * A Debian 12 with nothing but its base, a Node and this checkout as it would be cloned, in namespaces of its own. The
 * network is that of the machine, as are its npm registry and certificates.
 */
export function openBareRoot(node: StockNode): BareRoot {
  const folder = mkdtempSync(join(tmpdir(), 'bare-'));
  const places = { upper: join(folder, 'upper'), work: join(folder, 'work'), root: join(folder, 'root') };
  for (const path of Object.values(places)) mkdirSync(path);
  copyCheckout(join(places.upper, 'home/ann/cylc-gateway'));
  const npmCache = join(cache, 'npm');
  mkdirSync(npmCache, { recursive: true });
  chownSync(npmCache, ann, ann);
  let current: BareCommand | undefined;
  return {
    run(line) {
      const env = {
        LAYERS: `${join(cache, `node-${node}`)}:${join(cache, 'base')}`,
        UPPER: places.upper,
        WORK: places.work,
        ROOT: places.root,
        NPM_CACHE: npmCache,
        LINE: line,
        PATH: process.env['PATH'] ?? '',
      };
      const flags = ['--mount', '--pid', '--fork', '--kill-child', '--ipc', '--uts', 'bash', '-euc', enter];
      const child = spawn('unshare', [...flags, 'enter', ...npmSettings()], { env, stdio: ['ignore', 'pipe', 'pipe'] });
      return (current = watch(child));
    },
    async close() {
      current?.child.kill('SIGKILL');
      await current?.ended;
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

function watch(child: ChildProcess): BareCommand {
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  return { child, output: () => text, ended };
}

/** All that is tracked or would be, without what is ignored. */
function copyCheckout(into: string): void {
  mkdirSync(into, { recursive: true });
  const list = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { cwd: repository, encoding: 'utf8' });
  const files = list.split('\n').filter((path) => path !== '' && existsSync(join(repository, path)));
  const archive = execFileSync('tar', ['-c', '-T', '-'], {
    cwd: repository,
    input: files.join('\n'),
    maxBuffer: 512 * 2 ** 20,
  });
  execFileSync('tar', ['-x', '-C', into], { input: archive });
  execFileSync('chown', ['-R', `${ann}:${ann}`, join(into, '..')]);
}

/** How this machine reaches its registry, as variables for npm; secrets of the user's own npmrc are not among them. */
function npmSettings(): string[] {
  const asked = (name: string): string =>
    execFileSync('npm', ['config', 'get', name], { cwd: '/', encoding: 'utf8' }).trim();
  const passed = ['HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY', 'https_proxy', 'http_proxy', 'no_proxy'];
  return [
    `npm_config_registry=${asked('registry')}`,
    'npm_config_cache=/var/cache/npm',
    'npm_config_prefer_offline=true',
    'npm_config_update_notifier=false',
    ...passed.flatMap((name) => (process.env[name] === undefined ? [] : [`${name}=${process.env[name]}`])),
  ];
}

/** Run by root as the first process of the namespaces: lays the layers together, and becomes the user. */
const enter = `
mount --make-rprivate /
mount -t overlay overlay -o "lowerdir=$LAYERS,upperdir=$UPPER,workdir=$WORK" "$ROOT"
mount -t proc proc "$ROOT/proc"
mount -t tmpfs -o mode=1777 tmpfs "$ROOT/tmp"
mount -t tmpfs -o mode=755 tmpfs "$ROOT/dev"
mkdir "$ROOT/dev/shm" "$ROOT/dev/pts" && chmod 1777 "$ROOT/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$ROOT/dev/pts" && ln -s pts/ptmx "$ROOT/dev/ptmx"
for name in null zero full random urandom tty; do touch "$ROOT/dev/$name"; mount --bind "/dev/$name" "$ROOT/dev/$name"; done
ln -s /proc/self/fd "$ROOT/dev/fd"
mkdir -p "$ROOT/var/cache/npm" "$ROOT/etc/ssl/certs"
mount --bind "$NPM_CACHE" "$ROOT/var/cache/npm"
cp /etc/resolv.conf "$ROOT/etc/resolv.conf"
echo "127.0.0.1 localhost" >"$ROOT/etc/hosts"
grep -v localhost /etc/hosts >>"$ROOT/etc/hosts" || true
cert="$ROOT/etc/ssl/certs/ca-certificates.crt"
[ ! -e /etc/ssl/certs/ca-certificates.crt ] || cp /etc/ssl/certs/ca-certificates.crt "$cert"
exec chroot --userspec=${ann}:${ann} "$ROOT" /usr/bin/env -i HOME=/home/ann USER=ann LOGNAME=ann LANG=C.UTF-8 NO_COLOR=1 \
  PATH=/usr/local/bin:/usr/bin:/bin NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt \
  "$@" bash -c "cd ~/cylc-gateway && $LINE"
`;
