import { takesPasswords } from '../../../identity/signInMethods.ts';
import type { Check, Finding } from '../types.ts';

/** What the checks need of koffi, which calls functions of C. */
interface Loader {
  load(library: string): unknown;
}

/**
 * Whether koffi's part for this machine is installed and PAM's library can be loaded: without them nobody signs in by
 * password, and root refuses to start.
 */
export function createLibrariesCheck(loadKoffi: () => Promise<{ default: Loader }>): Check {
  return {
    name: 'Libraries',
    async look({ config: { identity }, file, uid }) {
      let koffi: Loader;
      try {
        koffi = (await loadKoffi()).default;
        koffi.load('libc.so.6');
      } catch (error) {
        return [missingKoffi(error, uid)];
      }
      if (!takesPasswords(identity, file === null)) return [{ outcome: 'ok', what: 'koffi calls the C library.' }];
      try {
        koffi.load('libpam.so.0');
        return [{ outcome: 'ok', what: 'koffi calls the C library and PAM.' }];
      } catch (error) {
        return [missingPam(error)];
      }
    },
  };
}

export const libraries = createLibrariesCheck(() => import('koffi'));

function missingKoffi(error: unknown, uid: number): Finding {
  return {
    outcome: 'fault',
    what: `The package koffi does not work here: nobody can sign in by password${uid === 0 ? ', and the gateway does not start as root' : ''}.`,
    why: firstLine(error),
    advice: 'Install the packages again without --omit=optional: `npm ci && npm run build && npm prune --omit=dev`.',
  };
}

function missingPam(error: unknown): Finding {
  return {
    outcome: 'fault',
    what: 'PAM’s library cannot be loaded: nobody can sign in by password.',
    why: firstLine(error),
    advice: 'Install it (Debian: `apt-get install libpam0g`).',
  };
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}
