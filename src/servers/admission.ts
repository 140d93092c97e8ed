import { keyText } from './types.ts';
import type { ServerKey } from './types.ts';

/** Why a start has to wait: too many run at once, of all or of its own account, or the site has as many servers as it may. */
export type WaitReason = 'starts' | 'own' | 'servers';

/** Lets so many starts run at once, and so many servers be; the others wait in order, and are told their place. */
export interface Admission {
  /** Resolves, when it is this one's turn, with the function that ends its start; rejects if `signal` aborts first. */
  enter(key: ServerKey, onPlace: (place: number, why: WaitReason) => void, signal: AbortSignal): Promise<() => void>;
  /** A server has ended: there may be room. */
  retry(): void;
}

export interface AdmissionLimits {
  startsAtOnce: number;
  /** Servers in all; undefined: no limit. */
  most?: number | undefined;
  /** Ids of the servers that are there, starting ones among them or not. */
  present: () => Iterable<string>;
}

interface Waiting {
  owner: string;
  admit: () => void;
  onPlace: (place: number, why: WaitReason) => void;
}

/**
 * Accounts take turns: first the first start of each, then the second of each. No account has more than half of the starts
 * that run at once, so that starts that hang hold up those of their own account alone.
 */
export function createAdmission({ startsAtOnce, most, present }: AdmissionLimits): Admission {
  /** In the order of their arrival. */
  const waiting: Waiting[] = [];
  /** Owners, by id of the server. */
  const starting = new Map<string, string>();
  /** By owner: which admission was its last; of those who wait or start. */
  const lastTurns = new Map<string, number>();
  let turns = 0;
  const share = Math.max(1, Math.floor(startsAtOnce / 2));

  const startsOf = (owner: string): number => [...starting.values()].filter((other) => other === owner).length;

  function obstacle(owner: string): WaitReason | undefined {
    if (most !== undefined && new Set([...present(), ...starting.keys()]).size >= most) return 'servers';
    if (starting.size >= startsAtOnce) return 'starts';
    return startsOf(owner) < share ? undefined : 'own';
  }
  /** By round, then who had a turn least recently, then by arrival. */
  function inTurn(): Waiting[] {
    const rounds = new Map<string, number>();
    return waiting
      .map((one) => {
        const round = rounds.get(one.owner) ?? startsOf(one.owner);
        rounds.set(one.owner, round + 1);
        return { one, round, turn: lastTurns.get(one.owner) ?? 0 };
      })
      .toSorted((left, right) => left.round - right.round || left.turn - right.turn)
      .map(({ one }) => one);
  }
  function tellPlaces(): void {
    for (const [index, { owner, onPlace }] of inTurn().entries()) onPlace(index + 1, obstacle(owner) ?? 'starts');
  }
  function pump(): void {
    if (waiting.length === 0) return;
    for (let next = first(); next !== undefined; next = first()) {
      remove(next);
      next.admit();
    }
    tellPlaces();
  }
  function first(): Waiting | undefined {
    return inTurn().find(({ owner }) => obstacle(owner) === undefined);
  }
  function remove(one: Waiting): void {
    const index = waiting.indexOf(one);
    if (index >= 0) waiting.splice(index, 1);
  }
  function begin(key: ServerKey): () => void {
    const id = keyText(key);
    starting.set(id, key.owner);
    lastTurns.set(key.owner, (turns += 1));
    return () => {
      if (!starting.delete(id)) return;
      pump();
      const isHere = waiting.some(({ owner }) => owner === key.owner) || startsOf(key.owner) > 0;
      if (!isHere) lastTurns.delete(key.owner);
    };
  }

  return {
    retry: pump,
    enter(key, onPlace, signal) {
      // Whoever waits now waits for something that this one may not need: its own account's starts.
      if (obstacle(key.owner) === undefined) return Promise.resolve(begin(key));
      return new Promise((resolve, reject) => {
        const abort = (): void => {
          remove(one);
          tellPlaces();
          reject(signal.reason as Error);
        };
        const one: Waiting = {
          owner: key.owner,
          onPlace,
          admit: () => {
            signal.removeEventListener('abort', abort);
            resolve(begin(key));
          },
        };
        signal.addEventListener('abort', abort, { once: true });
        waiting.push(one);
        tellPlaces();
      });
    },
  };
}
