import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import { systemClock } from '../clock.ts';
import { SetupError } from '../errors.ts';
import { createExplainer } from '../identity/createExplainer.ts';
import type { Step } from '../identity/explain.ts';
import { registerApiTokens } from './apiTokens.ts';
import { holdsStore } from '../store/foreign.ts';
import { addCommonOptions, loadFromOptions } from './commonOptions.ts';
import type { CommonOptions } from './commonOptions.ts';

interface ExplainOptions extends CommonOptions {
  claims?: string;
  issuer?: string;
  json?: true;
}

export function registerToken(program: Command): void {
  const token = program.command('token').description('tokens for the REST API, and sign-in tokens of other issuers');
  registerApiTokens(token);
  addCommonOptions(
    token
      .command('explain')
      .description('why a token, or a set of claims, gets in or not: each check and rule, and what became of it')
      .argument(
        '[file]',
        'file with the token; default: standard input, so that it is seen in no list of processes',
        '-',
      ),
  )
    .option('--claims <file>', 'a JSON object of claims instead of a token (`-`: standard input)')
    .option(
      '--issuer <issuer>',
      'whose rules to apply to the claims; default: their `iss`, or the only issuer there is',
    )
    .option('--json', 'one JSON list of steps instead of text')
    .action(explain);
}

async function explain(file: string, options: ExplainOptions): Promise<void> {
  const { config } = await loadFromOptions(options);
  const explainer = await createExplainer({ config, clock: systemClock });
  const steps =
    options.claims === undefined
      ? await explainer.token(tokenIn(await read(file)))
      : await explainer.claims(claimsIn(await read(options.claims)), options.issuer);
  if (options.json !== true && holdsStore(config.dataDir) !== 'yes')
    console.error(`No records can be read in ${config.dataDir}: this leaves out who is blocked or listed there.`);
  console.log(options.json === true ? JSON.stringify(steps, null, 2) : toText(steps));
  if (steps.some(({ outcome }) => outcome === 'no')) process.exitCode = 1;
}

async function read(file: string): Promise<string> {
  try {
    return file === '-' ? await text(process.stdin) : await readFile(file, 'utf8');
  } catch (cause) {
    throw new SetupError(`${file} cannot be read: ${(cause as Error).message}.`, {
      advice: 'Give a file that holds the token or the claims, or pipe them in.',
      exitCode: 66,
      cause,
    });
  }
}

/** Alone, or as it was copied: after `Bearer`, or after the name of its cookie. */
function tokenIn(input: string): string {
  return input.trim().replace(/^(?:bearer\s+|[\w-]+=)/i, '');
}

function claimsIn(input: string): Record<string, unknown> {
  try {
    const claims: unknown = JSON.parse(input);
    if (typeof claims === 'object' && claims !== null && !Array.isArray(claims))
      return claims as Record<string, unknown>;
  } catch {
    // Told below.
  }
  throw new SetupError('The claims are no JSON object.', {
    advice: 'For example: {"sub": "alice", "groups": ["ops"]}',
    exitCode: 65,
  });
}

const marks = { yes: '✓', no: '✗', note: '·' } as const;

function toText(steps: readonly Step[]): string {
  const width = Math.max(...steps.map(({ check }) => check.length));
  const lines = steps.map(({ check, outcome, detail }) =>
    `${marks[outcome]} ${check.padEnd(width)}  ${detail}`.trimEnd(),
  );
  const refused = steps.find(({ outcome }) => outcome === 'no');
  return [...lines, '', refused === undefined ? 'Gets in.' : `Does not get in: ${refused.check}.`].join('\n');
}
