import { stat } from 'node:fs/promises';
import { systemClock } from '../clock.ts';
import type { Config } from '../config/schema.ts';
import { createControlApp } from '../control/controlApp.ts';
import { askControl, controlPath } from '../control/controlSocket.ts';
import { SetupError } from '../errors.ts';
import { createTokens } from '../hub/tokens/createTokens.ts';
import { createTokenOffice } from '../hub/tokens/tokenOffice.ts';
import { createPeople } from '../identity/people.ts';
import { chooseRuntimeDir } from '../servers/sockets.ts';
import { openStore } from '../store/open.ts';
import { createAudit } from '../telemetry/audit/createAudit.ts';
import { createEvents } from '../telemetry/events.ts';
import { createLog } from '../telemetry/log.ts';
import { watchRecords } from '../telemetry/watchRecords.ts';

export interface ControlClient {
  /** Whether a gateway is running; otherwise the files are worked on, under their lock. */
  readonly live: boolean;
  /** @throws SetupError with what the gateway says is wrong */
  ask(method: string, address: string, body?: object): Promise<Record<string, unknown>>;
  close(): Promise<void>;
}

/** The gateway of this configuration, running or not. */
export async function openControl(config: Config, firstRun: boolean): Promise<ControlClient> {
  const path = controlPath(await runtimeDirOf(config));
  if (await isLive(path)) {
    return {
      live: true,
      ask: async (...of) => orThrow(await askControl(path, ...of)),
      close: () => Promise.resolve(),
    };
  }
  const people = createPeople({ firstRun });
  const log = createLog({ ...config.log, level: 'warn' });
  const store = await openStore({ dataDir: config.dataDir, log, people });
  const events = createEvents(log);
  const stopWatch = watchRecords({ store, clock: systemClock, events });
  const audit = createAudit({ config: config.audit, dataDir: config.dataDir, events, clock: systemClock, log });
  const tokens = createTokenOffice({
    tokens: createTokens({ store, clock: systemClock }),
    know: async (name) => (await people.uidOf(name)) !== undefined,
    clock: systemClock,
    log,
    tokenMaxLifetimeS: config.hub.tokenMaxLifetimeS,
  });
  const app = createControlApp({ store, people, admins: config.access.admins, tokens, now: () => systemClock.now() });
  return {
    live: false,
    async ask(method, address, body) {
      const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
      const answer = await app.request(`http://control${address}`, init);
      return orThrow({ status: answer.status, body: (await answer.json()) as Record<string, unknown> });
    },
    async close() {
      stopWatch();
      await audit.close();
      await store.close();
    },
  };
}

/** That of the user whom the data belong to: root asks another user's gateway by its own socket. */
export async function runtimeDirOf({ runtimeDir, dataDir, servers }: Config): Promise<string> {
  const owner = await stat(dataDir).catch(() => undefined);
  const uid = owner?.uid ?? process.geteuid?.() ?? 0;
  return chooseRuntimeDir({ configured: runtimeDir, dataDir, uid, sudo: servers.sudo !== undefined });
}

/** Throws `SetupError` where one runs that may not be asked. */
export async function isLive(path: string): Promise<boolean> {
  try {
    await askControl(path, 'GET', '/v1/edits');
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ECONNREFUSED' || code === 'ENOTDIR') return false;
    throw new SetupError(`The running gateway cannot be reached by ${path}: ${(error as Error).message}.`, {
      advice: 'Run the command as the user who runs the gateway, or as root.',
      exitCode: 77,
      cause: error,
    });
  }
}

function orThrow({ status, body }: { status: number; body: Record<string, unknown> }): Record<string, unknown> {
  if (status < 400) return body;
  const text = (name: string): string => (typeof body[name] === 'string' ? body[name] : '');
  throw new SetupError(text('message'), {
    advice: text('advice'),
    exitCode: status === 404 ? 66 : status < 500 ? 65 : 69,
  });
}
