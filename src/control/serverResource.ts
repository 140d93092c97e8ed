import { GatewayError } from '../errors.ts';
import type { ServerKey } from '../servers/types.ts';
import { changeChecked } from '../store/checkedChange.ts';
import { notThere } from './mapResource.ts';
import type { ControlParts, Resource, Shown } from './types.ts';

/** UI servers, running or not. What is wished of one that is down stands in admin.json until the gateway is up. */
export const serverResource: Resource = {
  columns: ['key', 'phase', 'desired', 'pid', 'startedAt', 'lastActivityAt', 'program'],
  list(parts) {
    const { admin, state } = { admin: parts.store.admin.data, state: parts.store.state.data };
    const keys = new Set([...Object.keys(state.servers), ...Object.keys(admin.servers)]);
    return [...keys].sort((a, b) => a.localeCompare(b)).map((key) => show(parts, key));
  },
  async add(parts, key, fields) {
    if (Object.hasOwn(parts.store.state.data.servers, key))
      throw new GatewayError('request.conflict', { message: `"${key}" is there already.` });
    await wish(parts, key, fields['desired'] ?? 'up');
    return key;
  },
  async edit(parts, key, fields) {
    mustHave(parts, key);
    await wish(parts, key, fields['desired']);
  },
  async remove(parts, key) {
    mustHave(parts, key);
    const { servers } = parts;
    if (servers !== undefined) await servers.remove(parseKey(key), { by: 'command line' });
    else if (parts.store.state.data.servers[key]?.handle == null)
      await parts.store.state.update((draft) => void delete draft.servers[key]);
    else throw isRunning(key);
    await parts.store.admin.update((draft) => void delete draft.servers[key]);
  },
};

/** Done at once by a running gateway, and written down as well for one that is not. */
async function wish(parts: ControlParts, key: string, desired: unknown): Promise<void> {
  const { owner, name } = parseKey(key);
  await changeChecked(parts.store.admin, parts.people, (draft) => {
    if (desired === null) delete draft.servers[key];
    else draft.servers[key] = { desired: desired as 'up' | 'down' };
  });
  const { servers } = parts;
  if (servers === undefined || desired === null) return;
  const view = servers.get({ owner, name });
  const idle = view === undefined || view.phase === 'stopped' || view.phase === 'failed';
  if (desired === 'down' && !idle) await servers.stop({ owner, name }, { by: 'command line' });
  if (desired === 'up' && idle) await servers.start({ key: { owner, name }, options: view?.options ?? {}, by: owner });
}

function show({ store, servers }: ControlParts, key: string): Shown {
  const record = servers?.get(parseKey(key)) ?? store.state.data.servers[key];
  const stored = store.state.data.servers[key];
  const { phase = 'stopped', startedAt = null, lastActivityAt = null, program = '' } = record ?? {};
  return {
    key,
    phase,
    desired: store.admin.data.servers[key]?.desired ?? null,
    pid: stored?.handle?.kind === 'process' ? stored.handle.process.pid : null,
    startedAt,
    lastActivityAt,
    program,
    failure: record?.failure?.reason ?? null,
  };
}

function mustHave({ store }: ControlParts, key: string): void {
  if (store.state.data.servers[key] === undefined && store.admin.data.servers[key] === undefined)
    throw notThere('servers', key);
}

export function parseKey(key: string): ServerKey {
  const [, owner = '', name = ''] = /^([^/]+)(?:\/([^/]*))?$/.exec(key) ?? [];
  return { owner, name };
}

function isRunning(key: string): GatewayError {
  return new GatewayError('server.exists', { message: `"${key}" is running.`, advice: 'Stop it first.' });
}
