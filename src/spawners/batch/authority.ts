import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { TlsOptions } from 'node:tls';
import type { Clock } from '../../clock.ts';
import { SetupError } from '../../errors.ts';
import type { UpstreamTls } from '../types.ts';
import { createCertificate } from './certificate.ts';
import type { KeyPair } from './certificate.ts';

/**
 * Who is who between the gateway and the relays of its jobs on other nodes. The gateway has one certificate, which
 * every relay knows; each start gets a certificate of its own, signed by a key that never leaves the gateway. So neither
 * another user of the node who takes the port, nor one on the network between, can pretend to be either side.
 */
export interface Authority {
  /** The gateway's own certificate, PEM: all that a relay trusts. */
  gatewayCert: string;
  /** Name in the gateway's certificate. */
  gatewayName: string;
  /** A new key and certificate for one start. */
  issue(startId: string): KeyPair;
  /** How the gateway connects to the relay of this start. */
  toRelay: UpstreamTls;
  /** How the gateway listens for relays. */
  forRelays(): TlsOptions;
}

const gatewayName = 'gateway.cylc-gateway.invalid';
const rootName = 'starts.cylc-gateway.invalid';
/** Longer than any job. */
const startDays = 1000;
const ownDays = 3650;

/** `.invalid` never resolves (RFC 6761): the name is for the certificate alone. */
export function relayName(startId: string): string {
  return `${startId}.${rootName}`;
}

export function startOfRelayName(name: string | undefined): string | undefined {
  return name?.endsWith(`.${rootName}`) === true ? name.slice(0, -rootName.length - 1) : undefined;
}

interface Keys {
  gateway: KeyPair;
  root: KeyPair;
}

/** Reads the keys from `<dataDir>/relay-keys.json` (0600), or makes them at the first use. */
export async function openAuthority(options: { dataDir: string; clock: Clock }): Promise<Authority> {
  const { dataDir, clock } = options;
  const file = join(dataDir, 'relay-keys.json');
  const { gateway, root } = readKeys(file, clock.now()) ?? (await makeKeys(file, clock.now()));
  return {
    gatewayCert: gateway.cert,
    gatewayName,
    issue: (startId) =>
      createCertificate({
        name: relayName(startId),
        nowMs: clock.now(),
        days: startDays,
        issuer: { ...root, name: rootName },
      }),
    toRelay: (startId) => ({ ca: root.cert, ...gateway, servername: relayName(startId), minVersion: 'TLSv1.2' }),
    forRelays: () => ({
      ...gateway,
      ca: root.cert,
      requestCert: true,
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2',
    }),
  };
}

/** Undefined where there are none, or they end within a month: running jobs of the old ones are lost with them. */
function readKeys(file: string, nowMs: number): Keys | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw unusable(file, error);
  }
  try {
    const keys = JSON.parse(text) as Keys;
    const ends = [keys.gateway, keys.root].map(({ cert }) => Date.parse(new X509Certificate(cert).validTo));
    return Math.min(...ends) - nowMs < 30 * 86_400_000 ? undefined : keys;
  } catch (error) {
    throw unusable(file, error);
  }
}

function unusable(file: string, cause: unknown): SetupError {
  return new SetupError(`The keys for servers on other nodes cannot be read: ${file}.`, {
    advice: 'Restore the file, or remove it: then servers that run on other nodes have to be started anew.',
    cause,
  });
}

async function makeKeys(file: string, nowMs: number): Promise<Keys> {
  const keys: Keys = {
    gateway: createCertificate({ name: gatewayName, nowMs, days: ownDays }),
    root: createCertificate({ name: rootName, nowMs, days: ownDays, authority: true }),
  };
  await mkdir(join(file, '..'), { recursive: true, mode: 0o700 });
  const handle = await open(`${file}.new`, 'w', 0o600);
  await handle.writeFile(JSON.stringify(keys));
  await handle.sync();
  await handle.close();
  await rename(`${file}.new`, file);
  return keys;
}
