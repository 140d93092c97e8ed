import { expect, test } from 'vitest';
import { files, importsOf, read } from '../helpers/sources.ts';

/**
 * What root does with what accounts control is in docs/least-privilege.md. A file that is added to a list here needs a line
 * there, which says how it is confined.
 */
const sources = files('src/**/*.{ts,tsx}', 'workers/**/*.ts').filter((path) => !path.startsWith('src/pages/browser'));

function filesWith(pattern: RegExp): string[] {
  return sources.filter((path) => pattern.test(read(path)));
}

test('processes are started by one module', () => {
  const starters = sources.filter((path) =>
    importsOf(path).some(({ to, typeOnly }) => !typeOnly && /^(node:)?(child_process|cluster)$/.test(to)),
  );
  expect(starters).toEqual(['src/processes/childProcess.ts']);
});

/** `mkdir` and `mv` are run by the account, in the text that opens its log. */
test('no shell text of ours names a program without its path: the PATH is that of a server', () => {
  const texts = read('workers/launcher.ts').match(/`[^`]*`/g) ?? [];
  const builtIn = /^(?:set|read|echo|exec|exit|shift|true|umask|mkdir|mv|if|then|else|fi)$/;
  const first = /(?<=(?:^|[;{&|(]|\b(?:then|else|do|if|exec))[ \t]*)[a-z][\w-]*(?=\s)/gm;
  const words = texts.flatMap((text) => text.match(first) ?? []);
  const names = words.filter((name) => !builtIn.test(name));
  expect(names).toEqual([]);
});

test('unix sockets are connected to by one module, and by those that have a folder of their own', () => {
  const connecting = filesWith(/socketPath: |[^.\w]connect\(\{? ?path|\.connect\(\{ path/);
  expect(connecting).toEqual([
    'src/control/controlSocket.ts',
    'src/listen/accountSocket.ts',
    'src/listen/innerListener.ts',
    'src/listen/listening.ts',
    'src/spawners/forkSocket.ts',
    'workers/ui-server/hubClient.ts',
  ]);
});

test('signals are sent by the job that sends them as the account, to children that are not reaped, and to oneself', () => {
  expect(filesWith(/process\.kill\(/)).toEqual([
    'src/cli/proxy.ts',
    'src/cli/serve.ts',
    'src/services/runProcess.ts',
    'src/store/holder.ts',
    'workers/command.ts',
    'workers/stop.ts',
  ]);
});
