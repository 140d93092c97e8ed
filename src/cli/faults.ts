import type { Logger } from '../telemetry/log.ts';

/** More faults than that within a minute are no accident of one request. */
const most = 20;
const withinMs = 60_000;

/**
 * A fault in one exchange must not end everybody's: what nobody caught is logged with its stack, and the program goes on.
 * Where that happens again and again, something is broken for good, and it ends as if asked to.
 */
export function surviveFaults(log: Logger, end: () => void): void {
  let recent: number[] = [];
  const survive = (error: unknown, what: string): void => {
    try {
      log.error({ err: error }, what);
    } catch {
      // An error that cannot even be read must not end the program from within its own handler.
      log.error(what);
    }
    const now = performance.now();
    recent = [...recent.filter((at) => now - at < withinMs), now];
    if (recent.length <= most) return;
    recent = [];
    process.exitCode = 70;
    log.fatal('too many faults at once: ending, so that the service manager starts the gateway anew');
    end();
  };
  // What is said to a terminal that has gone, or to a file on a full disk, is lost, and that is all.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  process.on('uncaughtException', (error) => survive(error, 'a fault that nobody caught'));
  process.on('unhandledRejection', (reason) => survive(reason, 'a promise failed that nobody waited for'));
}
