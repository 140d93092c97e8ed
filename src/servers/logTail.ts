import { open } from 'node:fs/promises';

/** Last lines of a log, read from its end: logs may be large. An absent file is an empty log. */
export async function readTail(path: string, lines: number, maxBytes = 64 * 1024): Promise<string> {
  const file = await open(path, 'r').catch(() => undefined);
  if (file === undefined) return '';
  try {
    const { size } = await file.stat();
    const length = Math.min(size, maxBytes);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
    return lastLines(buffer.toString('utf8', 0, bytesRead), lines, length < size);
  } finally {
    await file.close();
  }
}

/** `cut`: the text begins in the middle of a line. */
function lastLines(text: string, lines: number, cut: boolean): string {
  const all = text.replace(/\n$/, '').split('\n');
  return plainText((cut && all.length > 1 ? all.slice(1) : all).slice(-lines).join('\n'));
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
