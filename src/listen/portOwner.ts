import { readFile } from 'node:fs/promises';

/** Where `connect` to 127.0.0.1 may end: that address, any address, and the same for IPv6, as /proc/net writes them. */
const reached = new Set([
  '0100007F',
  '00000000',
  '0000000000000000FFFF00000100007F',
  '00000000000000000000000000000000',
]);
const listening = '0A';

/**
 * Whether exactly this user listens at this port of 127.0.0.1 (proc(5), /proc/net/tcp). Asked after a connection has been
 * made and before anything is sent on it: whoever took the port before its server, or after its death, gets nothing.
 */
export async function ownsPort(port: number, uid: number): Promise<boolean> {
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map((name) => readFile(`/proc/self/net/${name}`, 'latin1').catch(() => '')),
  );
  const owners = tables.flatMap((table) => ownersOf(table, port));
  return owners.length > 0 && owners.every((owner) => owner === uid);
}

export function ownersOf(table: string, port: number): number[] {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  return table
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [, local = '', , state, , , , uid] = line.trim().split(/\s+/);
      const [address = '', at] = local.split(':');
      return at === hex && state === listening && reached.has(address) ? [Number(uid)] : [];
    });
}
