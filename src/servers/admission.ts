/** Why a start has to wait: too many run at once, or the site has as many servers as it may. */
export type WaitReason = 'starts' | 'servers';

/** Lets so many starts run at once, and so many servers be; the others wait in order, and are told their place. */
export interface Admission {
  /** Resolves, when it is this one's turn, with the function that ends its start; rejects if `signal` aborts first. */
  enter(id: string, onPlace: (place: number, why: WaitReason) => void, signal: AbortSignal): Promise<() => void>;
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
  admit: () => void;
  onPlace: (place: number, why: WaitReason) => void;
}

export function createAdmission({ startsAtOnce, most, present }: AdmissionLimits): Admission {
  const queue: Waiting[] = [];
  const starting = new Set<string>();

  function obstacle(): WaitReason | undefined {
    if (most !== undefined && new Set([...present(), ...starting]).size >= most) return 'servers';
    return starting.size < startsAtOnce ? undefined : 'starts';
  }
  function tellPlaces(): void {
    const why = queue.length === 0 ? undefined : obstacle();
    queue.forEach(({ onPlace }, index) => onPlace(index + 1, why ?? 'starts'));
  }
  function pump(): void {
    if (queue.length === 0) return;
    while (queue.length > 0 && obstacle() === undefined) queue.shift()?.admit();
    tellPlaces();
  }
  function begin(id: string): () => void {
    starting.add(id);
    return () => {
      if (starting.delete(id)) pump();
    };
  }

  return {
    retry: pump,
    enter(id, onPlace, signal) {
      if (queue.length === 0 && obstacle() === undefined) return Promise.resolve(begin(id));
      return new Promise((resolve, reject) => {
        const abort = (): void => {
          const index = queue.indexOf(waiting);
          if (index >= 0) queue.splice(index, 1);
          tellPlaces();
          reject(signal.reason as Error);
        };
        const waiting: Waiting = {
          onPlace,
          admit: () => {
            signal.removeEventListener('abort', abort);
            resolve(begin(id));
          },
        };
        signal.addEventListener('abort', abort, { once: true });
        queue.push(waiting);
        onPlace(queue.length, obstacle() ?? 'starts');
      });
    },
  };
}
