import { afterEach, expect, test } from 'vitest';
import { startGateway } from '../helpers/gateway.ts';
import type { GatewayProcess } from '../helpers/gateway.ts';
import { until } from '../helpers/until.ts';

/** What nobody caught: brought about from outside, in the program itself. */
let gateway: GatewayProcess;
afterEach(() => gateway.end());

const loaded = `process.on('SIGUSR2',()=>setImmediate(()=>{throw/**/new/**/Error('brought-about')}));process.on('SIGVTALRM',()=>Promise.reject('brought-about-too'))`;

async function start(): Promise<void> {
  gateway = await startGateway({
    env: { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(loaded)}` },
  });
}

async function isWell(): Promise<boolean> {
  return (await fetch(`${gateway.origin}/hub/login`)).status < 500;
}

test('a fault in one place is logged, and everybody else is served on', async () => {
  await start();
  gateway.child.kill('SIGUSR2');
  gateway.child.kill('SIGVTALRM');
  await until(() => gateway.output().includes('brought-about-too') && gateway.output().includes('brought-about'));
  expect(gateway.output()).toContain('a fault that nobody caught');
  expect(await isWell()).toBe(true);
  expect(await gateway.end()).toBe(0);
});

test('fault after fault, it ends politely with a code of its own', async () => {
  await start();
  for (let i = 0; i < 25 && gateway.child.exitCode === null; i += 1) {
    gateway.child.kill('SIGUSR2');
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
  await until(() => gateway.child.exitCode !== null);
  expect(gateway.child.exitCode).toBe(70);
});
