import { createRequire } from 'node:module';

/** Calls of the system that Node does not have. A negative answer is a failure; `errno` says which. */
export interface SystemCalls {
  /** keyctl(2) */
  keyctl: (operation: number, key: number, uid: number, gid: number) => number;
  /** fcntl(2) */
  fcntl: (descriptor: number, command: number, value: number) => number;
  /** Of the last failure in this thread. */
  errno: () => number;
}

type Koffi = typeof import('koffi').default;

/** keyctl(2) has no function in the C library; its number is of the architecture. */
const keyctlNumbers: Readonly<Record<string, number>> = { x64: 250, arm64: 219, riscv64: 219, ppc64: 271, s390x: 280 };

let loaded: SystemCalls | undefined;

/**
 * Not at import: programs that start nobody's processes need no C library.
 *
 * @throws where it cannot be called.
 */
export function systemCalls(): SystemCalls {
  loaded ??= load();
  return loaded;
}

function load(): SystemCalls {
  const number = keyctlNumbers[process.arch];
  if (number === undefined) throw new Error(`keyctl(2) is not known for the architecture ${process.arch}`);
  const koffi = createRequire(import.meta.url)('koffi') as Koffi;
  const libc = koffi.load(null);
  const syscall = libc.func('long syscall(long, long, long, long, long)') as (...args: number[]) => number;
  const fcntl = libc.func('int fcntl(int, int, long)') as SystemCalls['fcntl'];
  return { keyctl: (...args) => syscall(number, ...args), fcntl, errno: () => koffi.errno() };
}
