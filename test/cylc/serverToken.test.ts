import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request as plainRequest } from 'node:http';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { chooseRuntimeDir, socketPath } from '../../src/servers/sockets.ts';
import {
  graphql,
  levelAt,
  openServer,
  runAs,
  scripted,
  startCylcSite,
  startServer,
  writeAs,
} from '../helpers/cylcSite.ts';
import type { CylcSite } from '../helpers/cylcSite.ts';
import { ownToken } from '../helpers/ownToken.ts';
import { cylc17Bin, cylcBin, describeWith } from '../helpers/requires.ts';
import type { RealPart } from '../helpers/requires.ts';
import type { SystemAccount } from '../helpers/systemAccount.ts';
import { until } from '../helpers/until.ts';
import type { Visitor } from '../helpers/visitor.ts';

const flow = (cylc: string): string => `
[scheduler]
    [[events]]
        stall timeout = PT0S
        abort on stall timeout = True
[scheduling]
    [[graph]]
        R1 = shown
[runtime]
    [[shown]]
        init-script = export PATH=${dirname(cylc)}:$PATH
        script = """
            env
            echo what others show
            for process in /proc/[0-9]*; do tr '\\0' '\\n' 2>/dev/null < "$process/environ" || true; done
            echo all shown
        """
`;
/** What the owner's own configuration can see: it is read before anything is withdrawn. */
const keep = (path: string): string => `
import os
with open(${JSON.stringify(path)}, "w") as file:
    file.write(os.environ["JUPYTERHUB_API_TOKEN"])
`;

const ways: [part: RealPart, version: string, cylc: string | undefined, warm: boolean][] = [
  ['cylc', '1.10, started warm', cylcBin(), true],
  ['cylc', '1.10', cylcBin(), false],
  ['cylc17', '1.7', cylc17Bin(), false],
];

/** C1: a share to look must not become a shell, whatever the owner's jobs print. */
for (const [part, version, bin, warm] of ways)
  describeWith([part, 'root'], `the token of a real server, Cylc ${version}`, () => {
    const cylc = bin as string;
    let site: CylcSite;
    let [alice, bob]: SystemAccount[] = [];
    let a: Visitor;
    let b: Visitor;
    let token: string;

    beforeAll(async () => {
      site = await startCylcSite({ cylc, people: 2, env: { CYLC_GATEWAY_SERVERS__WARM_START: String(warm) } });
      [alice, bob] = site.people as SystemAccount[];
      [a, b] = [await site.signIn(alice!.name), await site.signIn(bob!.name)];
      const kept = join(alice!.home, 'kept');
      await writeAs(alice!, '.cylc/uiserver/jupyter_config.py', keep(kept));
      await writeAs(alice!, 'cylc-src/shown/flow.cylc', flow(cylc));
      runAs(alice!, [cylc, 'install', 'shown', '--no-run-name'], cylc);
      await startServer(a, alice!.name);
      token = readFileSync(kept, 'utf8');
    });
    afterAll(async () => {
      await site?.close();
    });

    const socketOf = (): string => {
      const { dataDir } = site.gateway;
      return socketPath(chooseRuntimeDir({ configured: undefined, dataDir, uid: 0 }), alice!.uid, {
        owner: alice!.name,
        name: '',
      });
    };

    test('is in no environment that a workflow played from the GUI inherits, nor in one that its job can read', async () => {
      expect(token).toMatch(/^cgw_/);
      const played = await graphql(a, alice!.name, 'mutation { play(workflows: ["shown"]) { result } }');
      expect(JSON.stringify(played)).toContain('[true,');
      const run = join(alice!.home, 'cylc-run/shown');
      const read = (path: string): string => {
        try {
          return readFileSync(join(run, path), 'utf8');
        } catch {
          return '';
        }
      };
      await until(
        () => read('log/job/1/shown/NN/job.out').includes('all shown'),
        60_000,
        () => read('log/scheduler/log'),
      );
      const [own = '', others = ''] = read('log/job/1/shown/NN/job.out').split('what others show');
      expect(own).toMatch(/^CYLC_TASK_JOB=/m);
      expect(own, 'inherited from the server by its scheduler').toMatch(/^JUPYTERHUB_CLIENT_ID=/m);
      expect(own).not.toMatch(/cgw_|^(?:JUPYTERHUB_API_TOKEN|JPY_API_TOKEN|JUPYTER_CONFIG_PATH)=/m);
      expect(others, 'of the scheduler').toMatch(/^JUPYTERHUB_CLIENT_ID=/m);
      expect(others, 'of the scheduler and of the server itself').not.toMatch(/cgw_/);
    });

    test('found all the same, it opens nothing: at the public address over HTTP and WebSocket, and at the Hub', async () => {
      for (const authorization of [`token ${token}`, `Bearer ${token}`]) {
        const headers = { authorization };
        const ask = (path: string, more: RequestInit = {}) =>
          fetch(`${site.gateway.origin}${path}`, { redirect: 'manual', headers, ...more }).then(({ status }) => status);
        expect(await ask(`/user/${alice!.name}/api/contents/found`, { method: 'PUT', body: '{}' })).toBe(401);
        expect(await ask(`/user/${alice!.name}/api/terminals`, { method: 'POST' })).toBe(401);
        expect(await ask(`/user/${alice!.name}/cylc/graphql`, { method: 'POST', body: '{}' })).toBe(401);
        expect(await ask('/hub/api/user')).toBe(403);
      }
      const socket = b.websocket(`/user/${alice!.name}/cylc/subscriptions?token=${token}`, ['graphql-ws']);
      socket.on('error', () => {});
      const [, answer] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode: number }];
      expect([400, 401, 403]).toContain(answer.statusCode);
      socket.terminate();
      expect(await hubAnswers(bob!, token)).toBe(403);
      expect(await hubAnswers(alice!, token)).toBe(200);
    });

    test('is still what the server itself goes by: visitors sign in, shares act, strangers are refused by hubapp too', async () => {
      const direct = async (visitor: Visitor): Promise<number> => {
        const authorization = `token ${await ownToken(visitor)}`;
        return new Promise((resolve, reject) => {
          const path = `/user/${alice!.name}/cylc/userprofile`;
          const call = plainRequest({ socketPath: socketOf(), path, headers: { authorization } }, (response) => {
            response.resume();
            resolve(response.statusCode ?? 0);
          });
          call.on('error', reject).end();
        });
      };
      expect(await direct(b)).toBe(403);
      expect(await direct(a)).toBe(200);
      const grant = { 'option.kind': 'user', 'option.grantee': bob!.name, 'option.level': 'read' };
      await a.submit(await a.get(`/hub/share/${alice!.name}`), grant, /\/share\//);
      expect((await openServer(b, alice!.name)).status).toBe(200);
      expect(await levelAt(b, alice!.name)).toBe('read');
      const written = await b.get(`/user/${alice!.name}/api/contents/found`, {
        method: 'PUT',
        follow: false,
        body: '{"type":"file","format":"text","content":""}',
        headers: scripted(b),
      });
      expect(written.status).toBe(403);
    });

    /** Asks the Hub's own socket as that account. */
    async function hubAnswers(as: SystemAccount, bearer: string): Promise<number> {
      const runtimeDir = chooseRuntimeDir({
        configured: undefined,
        dataDir: site.gateway.dataDir,
        uid: userInfo().uid,
      });
      const script =
        'import http.client,socket,sys\n' +
        'c = http.client.HTTPConnection("hub")\nc.sock = socket.socket(socket.AF_UNIX)\nc.sock.connect(sys.argv[1])\n' +
        'c.request("GET", "/hub/api/user", headers={"Authorization": "token " + sys.argv[2]})\n' +
        'print(c.getresponse().status)';
      return Number(runAs(as, ['/usr/bin/python3', '-c', script, join(runtimeDir, 'hub.sock'), bearer], cylc));
    }
  });
