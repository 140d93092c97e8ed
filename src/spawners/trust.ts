import { pythonFault } from '../../workers/trust/pythonFault.ts';

/**
 * Why root must not run this Python as a fork server: somebody else could put code into it. Undefined where it may, and
 * always for a gateway that is not root, which gains its own user no power. Takes a few hundred ms: the gateway itself
 * has a thread do it.
 */
export function trustFault(python: string, uid: number): string | undefined {
  return uid === 0 ? pythonFault(python) : undefined;
}
