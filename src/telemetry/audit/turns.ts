import type { AuditQuery } from './read.ts';
import type { AuditRecord } from './record.ts';

type Read = (query: AuditQuery) => Promise<AuditRecord[]>;

/**
 * One reader of the trail at a time, whoever asks: a page that is loaded twenty times at once must not keep the others
 * waiting. The same question that waits already is asked once.
 */
export function inTurns(read: Read): Read {
  const waiting = new Map<string, Promise<AuditRecord[]>>();
  let last: Promise<unknown> = Promise.resolve();
  return (query) => {
    const key = JSON.stringify(query);
    const same = waiting.get(key);
    if (same !== undefined) return same;
    const answer = last.then(() => {
      waiting.delete(key);
      return read(query);
    });
    waiting.set(key, answer);
    last = answer.catch(() => undefined);
    return answer;
  };
}
