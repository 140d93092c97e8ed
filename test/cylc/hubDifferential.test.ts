import { randomBytes } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { differences } from '../contract/compare.ts';
import type { Answer } from '../contract/compare.ts';
import { deliberate } from '../contract/deliberate.ts';
import { hubCalls, hubServices } from '../contract/hubCalls.ts';
import { runCalls } from '../contract/runCalls.ts';
import { createApiWorld } from '../helpers/apiWorld.ts';
import type { ApiWorld } from '../helpers/apiWorld.ts';
import { startContractHub } from '../helpers/contractHub.ts';
import type { ContractHub } from '../helpers/contractHub.ts';
import { cylcBin, describeWith } from '../helpers/requires.ts';

const people = ['root1', 'alice', 'bob', 'erin', 'frank', 'gina', 'hugo', 'ivan'];
const names = Object.keys(hubServices);

describeWith(['cylc'], 'the same calls to a real JupyterHub and to the gateway', () => {
  let hub: ContractHub;
  let world: ApiWorld;
  let theirs: Answer[];
  let ours: Answer[];

  beforeAll(async () => {
    const services = Object.fromEntries(
      Object.entries(hubServices).map(([name, { scopes, admin = false, url = '' }]) => [
        name,
        { scopes, admin, url, token: randomBytes(16).toString('hex') },
      ]),
    );
    const admins = ['root1'];
    hub = await startContractHub({ admins, groups: {}, services, patienceS: 1 });
    const list = names.map((name) => ({ name, ...hubServices[name] }));
    world = await createApiWorld({ people, admins, known: admins, services: list, patienceS: 1 });
    const tokens = Object.fromEntries(Object.entries(services).map(([name, { token }]) => [name, token]));
    const ourTokens = Object.fromEntries(names.map((name) => [name, world.service(name)]));
    [theirs, ours] = await Promise.all([
      runCalls(hub.origin, tokens, hubCalls),
      runCalls(world.origin, ourTokens, hubCalls),
    ]);
  });
  afterAll(async () => {
    await world?.close();
    await hub?.close();
  });

  test('are answered alike, but for what is deliberate', () => {
    const used = new Set<string>();
    let same = 0;
    const unexplained = hubCalls.flatMap((call, index) => {
      const found = differences(theirs[index]!, ours[index]!);
      if (found.length === 0) same += 1;
      return found.flatMap((difference) => {
        const reason = deliberate.find((each) => each.covers(call, difference));
        if (reason !== undefined) used.add(reason.name);
        return reason === undefined
          ? [`${call.as} ${call.method} ${call.path} ${describeBody(call)}: ${difference}`]
          : [];
      });
    });
    console.log(`${hubCalls.length} calls compared, ${same} alike, ${used.size} deliberate differences met`);
    expect(unexplained).toEqual([]);
    expect(deliberate.map(({ name }) => name).filter((name) => !used.has(name))).toEqual([]);
  });

  test('every address and method that JupyterHub has is among them', () => {
    const script = join(import.meta.dirname, '../contract/hub_handlers.py');
    const python = join(dirname(cylcBin() ?? ''), 'python');
    const handlers = JSON.parse(execFileSync(python, [script], { encoding: 'utf8' })) as [string, string[]][];
    const asked = (pattern: string, method: string): boolean =>
      hubCalls.some(
        (call) => call.method === method && new RegExp(`^${pattern}$`).test(`/api${call.path.replace(/\?.*/, '')}`),
      );
    const missing = handlers.flatMap(([pattern, methods]) =>
      methods.filter((method) => !asked(pattern, method)).map((method) => `${method} ${pattern}`),
    );
    expect(handlers.length).toBeGreaterThan(30);
    expect(missing).toEqual([]);
  });

  test('each deliberate difference has its row in the documentation', () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/hub-api.md'), 'utf8');
    expect(deliberate.map(({ name }) => name).filter((name) => !page.includes(`| ${name} `))).toEqual([]);
  });

  test('ending the gateway was asked for once, by the only one who may', () => {
    expect(world.shutdowns).toEqual([{ servers: false }]);
  });
});

function describeBody({ body, text, accept }: { body?: unknown; text?: string; accept?: string }): string {
  return [text ?? JSON.stringify(body), accept === undefined ? undefined : 'paged'].filter(Boolean).join(' ');
}
