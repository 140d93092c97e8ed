import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import pino from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectUpstream, onConnected } from '../../src/proxy/upstream/connect.ts';
import { createPrograms } from '../../src/servers/programs.ts';
import { readinessOf } from '../../src/servers/readiness.ts';
import type { Upstream } from '../../src/servers/types.ts';
import { createAccountSpawner } from '../../src/spawners/account.ts';
import { createJobPool } from '../../src/spawners/pool.ts';
import { createWarmSpawner } from '../../src/spawners/warm.ts';
import { forkServerKnows } from '../helpers/forkServerKnows.ts';
import { createHubWorld } from '../helpers/hubWorld.ts';
import type { HubWorld } from '../helpers/hubWorld.ts';
import { freePort } from '../helpers/gateway.ts';
import { cylcBin, describeWith } from '../helpers/requires.ts';
import { createServersWorld, runs } from '../helpers/serversWorld.ts';
import type { ServersWorld } from '../helpers/serversWorld.ts';
import { shortFolder } from '../helpers/shortFolder.ts';
import { makeSystemAccount } from '../helpers/systemAccount.ts';
import type { SystemAccount } from '../helpers/systemAccount.ts';
import { until } from '../helpers/until.ts';

/** Notes all that it is sent, and answers everything with 200. */
const attacker = `
import socket, sys, time
listener = socket.socket(); listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
for _ in range(100): # a process that was killed may be gone for all to see a moment before its threads let go of the port
    try: listener.bind(("127.0.0.1", int(sys.argv[1]))); break
    except OSError: time.sleep(0.05)
listener.listen(); print("listens", flush=True)
while True:
    peer, _ = listener.accept()
    peer.settimeout(1)
    try: data = peer.recv(65536)
    except OSError: data = b""
    print("got", len(data), flush=True)
    try: peer.sendall(b"HTTP/1.1 200 OK\\r\\ncontent-length: 0\\r\\n\\r\\n")
    except OSError: pass
    peer.close()
`;

/** What is sent by the way of the hop comes to this. */
function sendTo(upstream: Upstream): Promise<string> {
  return new Promise((resolve) => {
    const socket = connectUpstream(upstream, undefined, undefined);
    let text = '';
    onConnected(socket, () => socket.write('GET /user/x/api HTTP/1.1\r\nhost: x\r\ncookie: secret\r\n\r\n'));
    socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
    socket.on('error', (error) => resolve(error.message)).on('close', () => resolve(text));
    setTimeout(() => socket.destroy(), 3000).unref();
  });
}

describeWith(['root', 'cylc'], 'the real cylc hubapp at a port of its own', () => {
  let alice: SystemAccount;
  let mallory: SystemAccount;
  let hubWorld: HubWorld;
  let world: ServersWorld;
  const attackers: ChildProcess[] = [];

  const takePort = async (port: number): Promise<() => string> => {
    const user = ['--reuid', String(mallory.uid), '--regid', String(mallory.gid), '--clear-groups', '--'];
    const child = spawn('setpriv', [...user, '/usr/bin/python3', '-c', attacker, String(port)], { cwd: '/' });
    attackers.push(child);
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await until(() => said.includes('listens'));
    return () => said;
  };

  beforeAll(async () => {
    [alice, mallory] = [makeSystemAccount(), makeSystemAccount()];
    hubWorld = await createHubWorld({ people: [alice], runtimeDir: shortFolder('cg-hub'), realClock: true });
    world = await createServersWorld({
      account: alice,
      programs: createPrograms({ configured: cylcBin(), dataDir: '/nowhere', searchPath: '' }),
      hub: hubWorld.hub.contract,
      config: { startTimeoutS: 60, listen: 'port' },
    });
  });
  afterAll(async () => {
    for (const child of attackers) child.kill('SIGKILL');
    await world.close();
    await hubWorld.close();
    for (const account of [alice, mallory]) account.remove();
  });

  test('starts, is reached by the gateway, and found again after a restart', async () => {
    await world.start();
    const { upstream, pid, prefix } = await world.became('ready', world.key, 60_000);
    expect(upstream).toMatchObject({ kind: 'tcp', host: '127.0.0.1', owner: alice.uid });
    expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).not.toMatch(/sock=\//);
    expect(await readinessOf(upstream as Upstream, prefix, 5000)).toBe('answers');
    expect(await sendTo(upstream as Upstream)).toMatch(/^HTTP\/1.1 [234]/);
    await world.restart();
    expect(world.servers.get(world.key)).toMatchObject({ phase: 'ready', pid, upstream });
  });

  test('once it has died, whoever takes its port gets nothing', async () => {
    const { upstream, pid } = world.servers.get(world.key) ?? {};
    const { port } = upstream as { port: number };
    process.kill(pid as number, 'SIGKILL');
    await until(async () => !(await runs(pid as number)));
    const heard = await takePort(port);
    expect(await sendTo(upstream as Upstream)).toBe('the port of the server is not its own');
    expect(await readinessOf(upstream as Upstream, '/', 2000)).toBe('silent');
    await until(() => heard().includes('got'));
    expect(heard()).not.toMatch(/got [1-9]/);
    await world.became('failed');
  });

  test('whoever takes a port first is not taken for the server, and gets nothing', async () => {
    const port = await freePort();
    const heard = await takePort(port);
    const upstream: Upstream = { kind: 'tcp', host: '127.0.0.1', port, owner: alice.uid };
    expect(await readinessOf(upstream, '/user/x/', 2000)).toBe('silent');
    expect(await sendTo(upstream)).toContain('not its own');
    expect(await readinessOf({ ...upstream, owner: mallory.uid }, '/user/x/', 2000)).toBe('answers');
    expect(heard().match(/got \d+/g)?.[0]).toBe('got 0');
  });

  test('one whose record was lost is found, and ended when somebody asks for it', async () => {
    await world.start();
    const { pid } = await world.became('ready', world.key, 60_000);
    expect(await world.servers.strays.list()).toEqual([]);
    await world.servers.close();
    await world.store.state.update((draft) => void (draft.servers = {}));
    await world.restart();
    expect(await world.servers.strays.list()).toMatchObject([{ pid, uid: alice.uid }]);
    await world.servers.strays.end(pid as number);
    await until(async () => !(await runs(pid as number)));
  });

  test('so is one that was started warm, whose environment is told to nobody', async () => {
    const [dataDir, pool] = [shortFolder('cg-data'), createJobPool()];
    const account = createAccountSpawner({ pool });
    const warm = createWarmSpawner({ account, pool, dataDir, runtimeDir: dataDir, log: pino({ level: 'silent' }) });
    const warmWorld = await createServersWorld({
      account: alice,
      programs: createPrograms({ configured: cylcBin(), dataDir: '/nowhere', searchPath: '' }),
      hub: hubWorld.hub.contract,
      config: { startTimeoutS: 60, listen: 'port' },
      spawners: [warm],
    });
    await forkServerKnows(dataDir);
    await warmWorld.start();
    const { pid } = await warmWorld.became('ready', warmWorld.key, 60_000);
    const found = await pool.run('strays', { folder: dataDir });
    expect(found).toMatchObject([{ process: { pid }, uid: alice.uid, socket: null }]);
    expect(await pool.run('strays', { folder: `${dataDir}2` })).toEqual([]);
    await warmWorld.close();
    await pool.close();
  });

  test('a port that nobody listens at is nobody’s', async () => {
    const port = await freePort();
    expect(await readinessOf({ kind: 'tcp', host: '127.0.0.1', port, owner: alice.uid }, '/', 1000)).toBe('silent');
    const [child] = attackers;
    if (child?.exitCode === null) {
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    }
  });
});
