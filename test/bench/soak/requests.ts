import type { Socket } from 'node:net';
import { dial, headOf, isWhole } from './client.ts';
import type { SoakedProgram } from './program.ts';

/** What is asked for, in turn. */
const asked = [
  'ok', 'ok', 'die', 'ok', 'big', 'ok', 'reset', 'ok', 'stream', 'half', 'ok', 'odd', 'ok', 'cut', 'ok', 'silent', 'ok', 'stall', 'ok', 'slow', 'upload', 'ok', 'unfinished',
] as const; // oxfmt-ignore
/** Nothing more comes: whoever asked leaves after a while. */
const leaves = new Set<string>(['silent', 'stall', 'unfinished']);
const leaveMs = 5;

/** Sends that many requests, `lanes` at once, on connections that are kept as long as they are good. */
export async function floodRequests(
  program: SoakedProgram,
  count: number,
  outcomes: Record<string, number> = {},
  lanes = 24,
): Promise<void> {
  let sent = 0;
  const worker = async (): Promise<void> => {
    let kept: Socket | undefined;
    while (sent < count) {
      const what = asked[sent++ % asked.length]!;
      const prefix = program.prefixes[sent % 2]!;
      const socket = kept ?? dial(program);
      const outcome = await ask(socket, requestOf(program, prefix, what), leaves.has(what));
      kept = outcome === '200' && !socket.destroyed ? socket : undefined;
      if (kept === undefined) socket.destroy();
      const key = `${what}: ${outcome}`;
      outcomes[key] = (outcomes[key] ?? 0) + 1;
    }
    kept?.destroy();
  };
  await Promise.all(Array.from({ length: lanes }, worker));
}

function requestOf(program: SoakedProgram, prefix: string, what: string): string {
  if (what === 'upload') return `${headOf(program, `POST ${prefix}reset`, 'Content-Length: 9')}123`;
  if (what === 'unfinished') return headOf(program, `POST ${prefix}silent`, 'Content-Length: 9');
  return headOf(program, `GET ${prefix}${what}`);
}

/** The status of a whole answer, `broken off`, or `left`. */
function ask(socket: Socket, bytes: string, leaving: boolean): Promise<string> {
  return new Promise((resolve) => {
    let got = '';
    const cut = leaving ? setTimeout(() => done('left'), leaveMs) : undefined;
    const onData = (chunk: Buffer): void => {
      got += chunk.toString('latin1');
      if (isWhole(got)) done(got.slice(9, 12));
    };
    const onClose = (): void => done('broken off');
    const done = (outcome: string): void => {
      clearTimeout(cut);
      socket.off('data', onData).off('close', onClose);
      resolve(outcome);
    };
    socket.on('data', onData).once('close', onClose);
    socket.write(bytes, 'latin1');
  });
}
