import { SetupError } from '../errors.ts';

/** The first descriptor that systemd passes (sd_listen_fds(3)). */
const firstDescriptor = 3;

/**
 * The listening socket that systemd has opened for this process: a descriptor, or undefined where there is none. The
 * variables are taken away, so that no child believes that they are for it.
 *
 * @throws SetupError where there are several
 */
export function takeActivation(env: NodeJS.ProcessEnv = process.env, pid = process.pid): number | undefined {
  const { LISTEN_PID: forPid, LISTEN_FDS: count } = env;
  for (const name of ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES', 'LISTEN_PIDFDID']) delete env[name];
  if (count === undefined || forPid !== String(pid)) return undefined;
  if (count === '1') return firstDescriptor;
  throw new SetupError(`systemd has passed ${count} sockets, and the gateway listens on one.`, {
    advice: 'Leave one Listen line in the socket unit, and one socket unit with this service.',
    exitCode: 78,
  });
}
