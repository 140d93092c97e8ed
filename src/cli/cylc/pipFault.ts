import { SetupError } from '../../errors.ts';

/** What pip's last words mean for the person who waits for Cylc. */
const meanings: readonly { words: RegExp; message: string; advice: string }[] = [
  {
    words: /No space left on device|Disk quota exceeded/i,
    message: 'The disk is full.',
    advice: 'Free about 1 GB, or put Cylc elsewhere with --into DIR.',
  },
  {
    words: /Permission denied|Read-only file system/i,
    message: 'The folder cannot be written.',
    advice: 'Correct its permissions, or put Cylc elsewhere with --into DIR.',
  },
  {
    words:
      /Failed to establish a new connection|name resolution|from versions: none|timed out|ProxyError|Connection refused|SSLError/i,
    message: 'The Python package index cannot be reached.',
    advice: "Check the network, or point pip at your site's mirror or proxy (PIP_INDEX_URL, HTTPS_PROXY).",
  },
  {
    words: /No matching distribution found|Could not find a version/i,
    message: 'There is no cylc-uiserver of that version for this Python.',
    advice: 'Ask for another with --uiserver VERSION, or name a newer Python with --python PATH.',
  },
  {
    words: /Failed building wheel|error: command .*(gcc|cc|rustc|cargo)|metadata-generation-failed/i,
    message: 'A package would have to be compiled, and that did not work.',
    advice: 'Use a Python for which it is ready made (3.12 or 3.13), with --python PATH.',
  },
];

/** Turns pip's standard error into one plain sentence, with pip's last lines beneath. */
export function pipFault(stderr: string): SetupError {
  const known = meanings.find(({ words }) => words.test(stderr));
  const tail = stderr.trimEnd().split('\n').slice(-5).join('\n  ');
  return new SetupError(`Cylc was not installed. ${known?.message ?? 'pip failed.'}\n  ${tail}`, {
    advice: known?.advice ?? 'The lines above say why; run the command again when that is mended.',
    exitCode: 69,
  });
}
