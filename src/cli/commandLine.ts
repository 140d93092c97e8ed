import { SetupError } from '../errors.ts';

const withValue = new Set(['-c', '--config', '--data', '--set', '--host', '--port', '--public-url']);

/**
 * The words in the order in which the commands take them: options before the command, as other programs allow, go behind
 * it. `cylc-gateway --config FILE users list` is `cylc-gateway users list --config FILE`.
 */
export function commandFirst(words: readonly string[], commands: readonly string[]): string[] {
  let at = 0;
  while (words[at]?.startsWith('-') === true && words[at] !== '--') at += withValue.has(words[at] ?? '') ? 2 : 1;
  const command = words[at];
  if (at === 0 || command === undefined || !commands.includes(command)) return [...words];
  const [before, after] = [words.slice(0, at), words.slice(at)];
  const end = after.indexOf('--');
  return end === -1 ? [...after, ...before] : [...after.slice(0, end), ...before, ...after.slice(end)];
}

/** Options that npm takes for its own in `npm start --port 8080`: it hands the values over without their names. */
const lostToNpm = ['config', 'data', 'host', 'port', 'public_url', 'set'];

/** @throws SetupError where `npm start` was given options without the `--` that npm wants before them */
export function refuseOptionsOfNpm(env: Readonly<Record<string, string | undefined>>): void {
  if (env['npm_lifecycle_event'] !== 'start') return;
  const lost = lostToNpm.filter((name) => env[`npm_config_${name}`] !== undefined);
  if (lost.length === 0) return;
  const options = lost.map((name) => `--${name.replace('_', '-')}`).join(' and ');
  throw new SetupError(`npm has kept ${options} for itself, so the gateway would start without.`, {
    advice: 'Write two more hyphens before the options: npm start -- --port 8080',
    exitCode: 64,
  });
}
