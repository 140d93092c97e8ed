import { readFile, rm } from 'node:fs/promises';

/** The second try of one start, without the fork server, needs a claim of its own. */
export function coldFile(runFile: string): string {
  return `${runFile}-cold`;
}

/** What was said before the server's log was open, by the last try: at most 2000 bytes (workers/launcher.ts). */
export async function readLaunchNote(runFile: string): Promise<string> {
  for (const path of [coldFile(runFile), runFile]) {
    const text = await readFile(`${path}.note`, 'utf8').catch(() => '');
    if (text !== '') return text.trimEnd();
  }
  return '';
}

/** Removes what the launcher noted of a start. */
export async function removeNotes(runFile: string): Promise<void> {
  for (const kind of ['pid', 'exit', 'claim', 'plan', 'note', 'pipe', 'out'])
    await rm(`${runFile}.${kind}`, { force: true });
}
