import { expect, test } from 'vitest';
import { configSchema } from '../../../src/config/schema.ts';
import { isLoopback, publicAddressFault } from '../../../src/config/publicAddress.ts';

const tls = { cert: '/c', key: '/k' };
const fault = (config: object, firstRun = false): string | undefined =>
  publicAddressFault(configSchema.parse(config), firstRun)?.message;

test.each([
  ['the defaults', {}],
  ['a web server with TLS in front', { publicUrl: 'https://cylc.example.org' }],
  ['one on another host', { publicUrl: 'https://cylc.example.org', listen: { host: '0.0.0.0' } }],
  ['our own TLS', { publicUrl: 'https://cylc.example.org', listen: { host: '::', tls } }],
  ['another name of this machine', { publicUrl: 'http://127.0.0.1:8000' }],
  ['a name below localhost', { publicUrl: 'http://cylc.localhost:8000', userDomain: 'users.localhost' }],
  ['a socket', { publicUrl: 'https://cylc.example.org', listen: { socket: '/run/x/http.sock', host: '0.0.0.0' } }],
  ['plain http where somebody insists', { publicUrl: 'http://cylc.example.org', dangerouslyAllowHttp: true }],
])('%s will do', (_, config) => {
  expect(fault(config)).toBeUndefined();
});

test.each([
  ['TLS for nobody', { listen: { host: '0.0.0.0', tls } }, /publicUrl is not set/],
  ['a socket without an address', { listen: { socket: '/run/x/http.sock' } }, /publicUrl is not set/],
  ['an address of this host', { listen: { host: '10.1.2.3' } }, /publicUrl is not set/],
  ['a name that only looks like loopback', { publicUrl: 'http://localhost.example.org' }, /plain HTTP/],
  ['an address that only looks like loopback', { publicUrl: 'http://127.0.0.1.example.org' }, /plain HTTP/],
])('%s will not', (_, config, words) => {
  expect(fault(config)).toMatch(words);
});

test('links of a first run stay on loopback, and a trial in a container is the one exception', () => {
  const open = { listen: { host: '0.0.0.0' } };
  expect(fault(open, true)).toMatch(/links from this terminal/);
  const trial = { ...open, identity: { links: { dangerouslyBeyondLoopback: true } } };
  expect(fault(trial, true)).toBeUndefined();
  expect(fault(trial, false)).toMatch(/publicUrl is not set/);
});

test.each(['localhost', 'a.localhost', '127.0.0.1', '127.1.2.3', '::1', '[::1]'])('%s is loopback', (host) => {
  expect(isLoopback(host)).toBe(true);
});
