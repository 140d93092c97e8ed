/** Lets so many starts run at once; the others wait in order, and are told their place. */
export interface Admission {
  /** Resolves, when it is this one's turn, with the function that makes room again; rejects if `signal` aborts first. */
  enter(onPlace: (place: number) => void, signal: AbortSignal): Promise<() => void>;
}

interface Waiting {
  admit: () => void;
  onPlace: (place: number) => void;
}

export function createAdmission(limit: number): Admission {
  const queue: Waiting[] = [];
  let running = 0;
  const tellPlaces = (): void => queue.forEach(({ onPlace }, index) => onPlace(index + 1));
  const leaveOnce = (): (() => void) => {
    let left = false;
    return () => {
      if (left) return;
      left = true;
      running -= 1;
      queue.shift()?.admit();
      tellPlaces();
    };
  };
  return {
    enter(onPlace, signal) {
      if (running < limit) {
        running += 1;
        return Promise.resolve(leaveOnce());
      }
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
            running += 1;
            resolve(leaveOnce());
          },
        };
        signal.addEventListener('abort', abort, { once: true });
        queue.push(waiting);
        onPlace(queue.length);
      });
    },
  };
}
