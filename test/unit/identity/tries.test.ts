import { expect, test } from 'vitest';
import { createTries } from '../../../src/identity/tries.ts';

function setUp() {
  const clock = { at: 1_000_000, now: () => clock.at };
  return { clock, tries: createTries({ clock, perAccount: 3, perAddress: 5, windowMs: 60_000 }) };
}

test('an account has so many tries in a window, from wherever they come', () => {
  const { clock, tries } = setUp();
  expect(['1', '2', '3', '4'].map((address) => tries.take('alice', address))).toEqual([true, true, true, false]);
  expect(tries.take('bob', '1')).toBe(true);
  clock.at += 60_001;
  expect(tries.take('alice', '1')).toBe(true);
});

test('an address has so many tries, whatever the account', () => {
  const { tries } = setUp();
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  expect(names.map((name) => tries.take(name, '1'))).toEqual([true, true, true, true, true, false]);
});

test('an address that has to wait cannot push out what is remembered of others, or of itself', () => {
  const { tries } = setUp();
  for (const time of [1, 2, 3]) expect(tries.take('alice', '1'), `${time}`).toBe(true);
  for (let time = 0; time < 30_000; time += 1) tries.take(`name-${time}`, '1');
  expect(tries.take('alice', '2')).toBe(false);
  expect(tries.take('bob', '1')).toBe(false);
});

test('a home has 2^64 addresses of IPv6, and counts as one', () => {
  const { tries } = setUp();
  const at = (address: string, name: string): boolean => tries.take(name, address);
  const home = ['2001:db8:1:2::1', '2001:db8:1:2::2', '2001:db8:1:2:ffff:1:2:3', '2001:DB8:1:2::', '2001:0db8:1:2::4'];
  expect(home.map((address, index) => at(address, `n${index}`))).toEqual([true, true, true, true, true]);
  expect(at('2001:db8:1:2:9::9%eth0', 'n9')).toBe(false);
  expect(at('2001:db8:1:3::1', 'n9')).toBe(true);
  expect(at('::1', 'n9')).toBe(true);
});

test('right passwords do not count', () => {
  const { tries } = setUp();
  for (let time = 0; time < 20; time += 1) {
    expect(tries.take('alice', '1')).toBe(true);
    tries.giveBack('alice', '1');
  }
});

test('an account and an address of the same spelling are two things, and names without end cost bounded memory', () => {
  const { tries } = setUp();
  for (let time = 0; time < 30_000; time += 1) tries.take(`name-${time}`, `address-${time}`);
  expect(tries.take('1', '1')).toBe(true);
});
