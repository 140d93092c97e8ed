import { audience, issuer, socketUser } from './world.ts';
import type { BenchWorld } from './world.ts';

/** What a peer of our own is told, by a file. */
export interface PeerConfig {
  port: number;
  issuer: string;
  audience: string;
  publicKeyPem: string;
  /** Users and the ports of their upstreams. */
  ports: [string, number][];
}

/** Path of the file. */
export function writePeerConfig(world: BenchWorld, name: string, port: number): string {
  const ports = [...world.users, socketUser].map((user): [string, number] => [user, world.portOf(user)]);
  const config: PeerConfig = { port, issuer, audience, publicKeyPem: world.publicKeyPem, ports };
  return world.file(`${name}.json`, JSON.stringify(config));
}
