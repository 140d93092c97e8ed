import { readFile, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Check, Finding } from '../types.ts';

/** Where the system, other programs or the records need space. */
const systemPlaces = ['/run', '/tmp', '/dev/shm', '/var', '/'];

/**
 * Each account owns the folder of its sockets, and can fill the file system that this lies on. No check of ours bounds
 * that: a file system of its own keeps the harm from the system, a quota from the other accounts.
 */
export const socketSpace: Check = {
  name: 'Socket space',
  async look({ runtimeDir, config: { dataDir, servers }, uid }) {
    if (uid !== 0 && servers.sudo === undefined) return [];
    const place = await nearest(runtimeDir);
    const shared = await firstShared(place, [...systemPlaces, dataDir]);
    return [shared === undefined ? await ownSpace(place) : sharedSpace(runtimeDir, shared)];
  },
};

function sharedSpace(runtimeDir: string, shared: string): Finding {
  return {
    outcome: 'warn',
    what: `${runtimeDir} is on the same file system as ${shared}.`,
    why: 'Every account has a folder of its own there: one that fills it stops the starts of all, and what else needs space there.',
    advice: 'Give runtimeDir a small file system of its own (docs/deploy.md, "A file system for the sockets").',
  };
}

async function ownSpace(place: string): Promise<Finding> {
  const options = await mountOptions(await realpath(place));
  if (options !== undefined && hasAccountQuota(options))
    return { outcome: 'ok', what: `${place} is on a file system of its own, with a quota for each account.` };
  return {
    outcome: 'ok',
    what: `${place} is on a file system of its own, without quotas: an account that fills it stops the starts of all, but nothing else.`,
  };
}

/** Whether a file system with these options counts what each account has on it (tmpfs(5), ext4(5), xfs(5)). */
export function hasAccountQuota(options: string): boolean {
  return options.split(',').some((option) => ['usrquota', 'uquota', 'quota'].includes(option.split('=')[0] ?? ''));
}

async function firstShared(place: string, others: readonly string[]): Promise<string | undefined> {
  const { dev } = await stat(place);
  for (const other of others) if ((await stat(other).catch(() => undefined))?.dev === dev) return other;
  return undefined;
}

/** The folder, or where it is to be made. */
async function nearest(path: string): Promise<string> {
  return (await stat(path).catch(() => undefined)) === undefined ? nearest(dirname(path)) : path;
}

/** Of the mount that the path lies on (proc_pid_mountinfo(5): options of the file system are the last field). */
async function mountOptions(path: string): Promise<string | undefined> {
  const mounts = (await readFile('/proc/self/mountinfo', 'utf8')).trimEnd().split('\n');
  const points = mounts.map((line) => ({ point: line.split(' ')[4] ?? '', options: line.split(' ').at(-1) }));
  const above = points.filter(({ point }) => path === point || path.startsWith(point === '/' ? '/' : `${point}/`));
  // Of two at one place the later covers the other.
  return above.toSorted((a, b) => a.point.length - b.point.length).at(-1)?.options;
}
