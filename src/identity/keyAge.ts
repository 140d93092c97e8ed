import type { Clock } from '../clock.ts';
import type { Keyring } from './keyring.ts';

/** The key of session tokens is replaced when it is this old, ms. */
const maxAgeMs = 90 * 24 * 3_600_000;
const lookEveryMs = 3_600_000;

/** Replaces the key of session tokens now and then; the old one goes on verifying as long as its tokens live. */
export function watchKeyAge(options: {
  keyring: Keyring;
  clock: Clock;
  log: { info(fields: object, message: string): void; warn(fields: object, message: string): void };
}): () => void {
  const { keyring, clock, log } = options;
  const look = (): void => {
    if (clock.now() - keyring.createdAtMs() < maxAgeMs) return;
    keyring.rotate().then(
      () => log.info({}, 'a new key signs session tokens from now on'),
      (error: unknown) => log.warn({ err: error }, 'the key of session tokens could not be replaced'),
    );
  };
  look();
  const timer = setInterval(look, lookEveryMs).unref();
  return () => clearInterval(timer);
}
