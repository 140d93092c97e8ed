import { SetupError } from '../../errors.ts';
import type { Python } from './probePython.ts';

/** What today's cylc-uiserver asks for (1.8 and later: Python 3.12 or newer). */
export const wantedMinor = 12;
/** cylc-uiserver 1.0, the first with `cylc hubapp`, ran on 3.7. */
const oldestMinor = 7;

/**
 * The Python to build Cylc on: one that today's cylc-uiserver takes, closest to 3.12 first, since the newest Python is
 * the one for which some dependency has no wheel yet; else the newest older one, for which pip picks an older
 * cylc-uiserver. `forAll` puts those first that every account can run. Among equals the first found. Throws a
 * `SetupError` that says what is missing.
 */
export function choosePython(found: readonly Python[], options: { forAll?: boolean } = {}): Python {
  const rank = (python: Python): number => age(python) + (options.forAll === true && !python.forAll ? 100 : 0);
  const fitting = found.filter((python) => python.major === 3 && python.minor >= oldestMinor);
  const usable = fitting.filter((python) => python.hasVenv);
  const best = usable.reduce<Python | undefined>((a, b) => (a === undefined || rank(b) < rank(a) ? b : a), undefined);
  if (best !== undefined) return best;
  throw fitting[0] === undefined ? noPython(found) : noVenv(fitting[0]);
}

function age(python: Python): number {
  return python.minor >= wantedMinor ? python.minor : 1000 - python.minor;
}

function noPython(found: readonly Python[]): SetupError {
  const seen = found.map((python) => `${python.path} (${python.version})`).join(', ');
  return new SetupError(`No Python 3.${wantedMinor} or newer was found${seen === '' ? '' : `, only ${seen}`}.`, {
    advice:
      'Install one (Debian: apt-get install python3 python3-venv; or pyenv, conda, uv), or name one that is elsewhere ' +
      'with --python PATH.',
    exitCode: 69,
  });
}

function noVenv(python: Python): SetupError {
  return new SetupError(`${python.path} (${python.version}) cannot make virtual environments.`, {
    advice: `Install its venv module (Debian: apt-get install python${python.major}.${python.minor}-venv) and try again.`,
    exitCode: 69,
  });
}
