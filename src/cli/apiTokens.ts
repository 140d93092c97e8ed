import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import { SetupError } from '../errors.ts';
import type { TokenEntry } from '../hub/types.ts';
import { command, say, withControl } from './records.ts';
import { table } from './table.ts';

/** `token list`, `create`, `revoke`: tokens of the Hub's REST API, of anybody. A token is never an argument. */
export function registerApiTokens(token: Command): void {
  command(token, 'list', 'tokens that people made for programs')
    .option('--owner <account>', 'only of this account or service')
    .option('--all', 'also those of servers, services and sign-ins at them, and codes of shares')
    .action(
      withControl(async (control, options) => {
        const { tokens } = (await control.ask('GET', '/v1/tokens')) as unknown as { tokens: TokenEntry[] };
        const wanted = tokens.filter(
          ({ owner, kind }) =>
            (options['all'] === true || kind === 'user') &&
            (options['owner'] === undefined || owner === options['owner']),
        );
        say(options, wanted, () => (wanted.length === 0 ? 'No tokens.' : table(columns, wanted.map(toRow))));
      }),
    );
  command(token, 'create <account>', 'a new one for a program of this account; printed once, alone on standard output')
    .option('--note <text>', 'what it is for')
    .option('--scope <scope>', 'what it may do; may be repeated. Default: all that the account may', several)
    .option('--expires <time>', 'its lifetime: 12h, 30d, 1y. Default: the longest that the site allows', lifetime)
    .action(
      withControl(async (control, options, owner) => {
        const { note, scope: scopes, expires: lifetimeS } = options;
        const made = await control.ask('POST', '/v1/tokens', { owner, note, scopes, lifetimeS });
        const { id, expiresAt } = made as unknown as TokenEntry;
        say(options, made, () => String(made['token']));
        if (options.json !== true)
          console.error(`Token ${id} of ${owner}, ${expiresAt === null ? 'without end' : `until ${expiresAt}`}.`);
      }),
    );
  command(token, 'revoke <id>', 'end one at once; -: the token itself from standard input').action(
    withControl(async (control, options, id) => {
      const which = id === '-' ? { token: (await text(process.stdin)).trim() } : { id };
      const { revoked } = (await control.ask('POST', '/v1/tokens/revoke', which)) as unknown as { revoked: TokenEntry };
      say(options, revoked, () => `Revoked ${revoked.id} of ${revoked.owner}`);
    }),
  );
}

const columns = ['id', 'owner', 'kind', 'note', 'scopes', 'expires', 'used'];

function toRow({ id, owner, kind, note, scopes, expiresAt, lastUsedAt }: TokenEntry): Record<string, unknown> {
  return { id, owner, kind, note, scopes: scopes.join(' '), expires: expiresAt, used: lastUsedAt };
}

const several = (value: string, previous: string[] | undefined): string[] => [...(previous ?? []), value];

const unitsS: Readonly<Record<string, number>> = { m: 60, h: 3600, d: 86_400, y: 31_536_000 };

function lifetime(value: string): number {
  const [, count = '', unit = ''] = /^(\d{1,9})([mhdy])$/.exec(value) ?? [];
  const seconds = Number(count) * (unitsS[unit] ?? 0);
  if (seconds > 0) return seconds;
  throw new SetupError(`"${value}" is not a valid lifetime.`, {
    advice: 'For example: 90m, 12h, 30d, 1y.',
    exitCode: 64,
  });
}
