import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { askControl, controlPath } from '../../../src/control/controlSocket.ts';
import { stateKind } from '../../../src/store/kinds.ts';
import type { StateData } from '../../../src/store/schema.ts';
import { createSerialise } from '../../../src/store/serialise.ts';
import { startGateway } from '../../helpers/gateway.ts';
import type { GatewayProcess } from '../../helpers/gateway.ts';
import { cylcBin } from '../../helpers/requires.ts';
import { ownAccount } from '../../helpers/serversWorld.ts';
import { shortFolder } from '../../helpers/shortFolder.ts';
import { makeSystemAccount } from '../../helpers/systemAccount.ts';
import { until } from '../../helpers/until.ts';

export interface RecordsSample {
  records: number;
  /** From the start of the program until its port is open and every running server has been found again. */
  gatewayMs: number;
  /** From the wish to ready, of one more server. */
  startMs: number;
}

/** Gateway start-up and one start with so many records in the store, and always the same servers running. */
export async function measureRecords(
  sizes: readonly number[],
  running: number,
  rounds: number,
): Promise<RecordsSample[]> {
  const folder = shortFolder('cg-records');
  const dataDir = join(folder, 'data');
  const root = process.getuid?.() === 0;
  const account = root ? makeSystemAccount() : { ...ownAccount(), remove: () => {} };
  const config = join(folder, 'gateway.yaml');
  const runtimeDir = join(folder, 'run');
  writeFileSync(config, JSON.stringify({ dataDir, runtimeDir, servers: { cylc: cylcBin(), startTimeoutS: 120 } }));
  const serve = (): Promise<GatewayProcess> => startGateway({ dataDir, cwd: folder, args: ['--config', config] });
  const start = async (name: string): Promise<number> => {
    const begun = performance.now();
    const server = `${account.name}/${name}`;
    await askControl(controlPath(runtimeDir), 'POST', '/v1/servers/start', { server });
    await until(async () => {
      const { body } = await askControl(controlPath(runtimeDir), 'GET', `/v1/servers/${encodeURIComponent(server)}`);
      return body['phase'] === 'ready';
    }, 120_000);
    return performance.now() - begun;
  };
  const samples: RecordsSample[] = [];
  let gateway = await serve();
  try {
    for (let index = 0; index < running; index += 1) await start(`run${index}`);
    for (let round = 0; round < rounds; round += 1)
      for (const records of round % 2 === 0 ? sizes : sizes.toReversed()) {
        await gateway.end();
        grow(join(dataDir, 'state.json'), records);
        const begun = performance.now();
        gateway = await serve();
        const gatewayMs = performance.now() - begun;
        // The first start meets a fork server that is still warming: that is told by the other figures.
        await start(`warm${samples.length}`);
        samples.push({ records, gatewayMs, startMs: await start(`more${samples.length}`) });
        for (const name of [`warm${samples.length - 1}`, `more${samples.length - 1}`])
          await askControl(controlPath(runtimeDir), 'POST', '/v1/servers/stop', { server: `${account.name}/${name}` });
      }
  } finally {
    await askControl(controlPath(runtimeDir), 'POST', '/v1/servers/stop', { server: null });
    await gateway.end();
    account.remove();
    await rm(folder, { recursive: true, force: true });
  }
  return samples;
}

/** Records of servers at rest, as they stay behind when people have come and gone, and as the gateway writes them; the running ones stay. */
function grow(file: string, records: number): void {
  const state = JSON.parse(readFileSync(file, 'utf8')) as StateData;
  const kept = Object.entries(state.servers).filter(([, { phase }]) => phase === 'ready');
  const [, model] = kept[0] ?? [];
  if (model === undefined) throw new Error('no server runs');
  const rest = { phase: 'stopped', handle: null, upstream: null, runFile: null, failure: null } as const;
  const old = Array.from({ length: records }, (_, index) => {
    const owner = `person${index}`;
    return [`${owner}/`, { ...model, ...rest, owner, name: '' }] as const;
  });
  const grown = { ...state, servers: Object.fromEntries([...kept, ...old]) };
  writeFileSync(file, createSerialise(stateKind)(grown, state.revision ?? 0));
  chmodSync(file, 0o600);
  execFileSync('sync', [file]);
}
