import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

export interface OpenFiles {
  descriptors: number;
  /** Sockets by kind and state: `tcp ESTABLISHED`, `unix connected`. */
  sockets: Record<string, number>;
}

/** Of linux/include/net/tcp_states.h. */
const tcpStates = [
  '',
  'ESTABLISHED',
  'SYN_SENT',
  'SYN_RECV',
  'FIN_WAIT1',
  'FIN_WAIT2',
  'TIME_WAIT',
  'CLOSE',
  'CLOSE_WAIT',
  'LAST_ACK',
  'LISTEN',
  'CLOSING',
];

/** What a process has open, as the kernel sees it. */
export function openFiles(pid: number): OpenFiles {
  const kinds = kindsByInode();
  const sockets: Record<string, number> = {};
  const descriptors = readdirSync(`/proc/${pid}/fd`);
  for (const descriptor of descriptors) {
    const inode = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${descriptor}`))?.[1];
    if (inode === undefined) continue;
    const kind = kinds.get(inode) ?? 'other';
    sockets[kind] = (sockets[kind] ?? 0) + 1;
  }
  return { descriptors: descriptors.length, sockets };
}

export function residentMiB(pid: number): number {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function kindsByInode(): Map<string, string> {
  const kinds = new Map<string, string>();
  for (const family of ['tcp', 'tcp6'])
    for (const fields of rowsOf(`/proc/net/${family}`))
      kinds.set(fields[9]!, `tcp ${tcpStates[Number.parseInt(fields[3]!, 16)] ?? fields[3]}`);
  for (const fields of rowsOf('/proc/net/unix'))
    kinds.set(fields[6]!, `unix ${fields[5] === '03' ? 'connected' : 'other'}`);
  return kinds;
}

function rowsOf(path: string): string[][] {
  return readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/));
}
