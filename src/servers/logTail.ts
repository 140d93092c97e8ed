import { readOwnLog } from './logSource.ts';
import type { LogSource } from './logSource.ts';

/** Last lines of a log, read from its end: logs may be large. An absent file is an empty log. */
export async function readTail(
  path: string,
  lines: number,
  { maxBytes = 64 * 1024, source = readOwnLog }: { maxBytes?: number; source?: LogSource } = {},
): Promise<string> {
  const part = await source(path, { last: maxBytes }, maxBytes);
  if (part === undefined) return '';
  const text = Buffer.from(part.text, 'latin1').toString('utf8');
  // It begins in the middle of a line.
  const cut = part.at > 0 ? text.indexOf('\n') + 1 : 0;
  return plainText(lastLines(text.slice(cut), lines));
}

export function lastLines(text: string, lines: number): string {
  return text.replace(/\n$/, '').split('\n').slice(-lines).join('\n');
}

/** Terminal colours and control characters mean nothing on a page. */
export function plainText(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is removed here
  return text.replaceAll(/\u001B\[[0-9;?]*[ -/]*[@-~]/g, '').replaceAll(/[\u0000-\u0008\u000B-\u001F\u007F]/g, '');
}

const secretName = /(token|secret|password|passwd|api[-_]?key|credential)/i;

/** A command line for its owner to read: values of arguments that sound like secrets are removed. */
export function redactCommand(command: readonly string[]): string {
  return command.map((word, index) => redactWord(word, command[index - 1])).join(' ');
}

function redactWord(word: string, before: string | undefined): string {
  const [name, ...value] = word.split('=');
  if (value.length > 0) return secretName.test(name ?? '') ? `${name}=[removed]` : word;
  const named = before !== undefined && before.startsWith('-') && !before.includes('=') && secretName.test(before);
  return named && !word.startsWith('-') ? '[removed]' : word;
}

/** Tokens of our Hub, by their prefix: after a restart of the gateway nothing else tells which they were. */
const hubToken = /\bcgw_[\w-]{20,}/g;

/** Log text for its owner: the known secrets of the start (tokens of its environment) and `token=…` in addresses go. */
export function redactText(text: string, secrets: readonly string[]): string {
  const known = secrets
    .filter((secret) => secret.length >= 8)
    .reduce((rest, secret) => rest.replaceAll(secret, '[removed]'), text);
  return known.replaceAll(/([?&]token=)[^&\s"']+/g, '$1[removed]').replaceAll(hubToken, '[removed]');
}
