import { cpuOf, memoryOf, treeOf } from './processes.ts';
import type { BenchProcess } from './processes.ts';
import type { BenchWorld } from './world.ts';

/** A proxy that is measured. */
export interface Peer {
  name: string;
  /** Whether it checks who asks. */
  checks: boolean;
  what: string;
  /** Unless false. */
  carriesWebSockets?: boolean;
  /** Throws where it is not to be had here; the message says why. */
  start(world: BenchWorld): Promise<RunningPeer>;
}

export interface RunningPeer {
  port: number;
  processes: readonly BenchProcess[];
  /** The `Cookie` header by which that user is known to it. */
  cookie(user: string): string;
}

export function pidsOf(peer: RunningPeer): number[] {
  return peer.processes.flatMap(({ pid }) => treeOf(pid));
}

export function cpu(peer: RunningPeer): number {
  return cpuOf(pidsOf(peer));
}

export function memory(peer: RunningPeer): number {
  return memoryOf(pidsOf(peer));
}

/** Refuses a peer that does not do what it is measured for. */
export async function checkPeer(peer: Peer, running: RunningPeer): Promise<void> {
  const ask = async (path: string, cookie: string): Promise<number> => {
    const answer = await fetch(`http://127.0.0.1:${running.port}${path}`, { headers: { cookie }, redirect: 'manual' });
    await answer.arrayBuffer();
    return answer.status;
  };
  const status = await ask('/user/u1/api', running.cookie('u1'));
  if (status !== 200) throw new Error(`${peer.name} answers ${status} to a good request`);
  if (!peer.checks) return;
  const refusals = [
    await ask('/user/u1/api', ''),
    await ask('/user/u1/api', `${running.cookie('u1').slice(0, -8)}AAAAAAAA`),
  ];
  if (refusals.some((one) => one < 300 || one >= 500))
    throw new Error(`${peer.name} lets strangers in: ${refusals.join()}`);
}
