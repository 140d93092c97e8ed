import { GatewayError } from '../errors.ts';
import type { RouteTable } from '../proxy/types.ts';
import type { ServerLogs } from './logs.ts';
import type { Records } from './records.ts';
import { keyText } from './types.ts';
import type { ServerDetails, ServerKey, Servers } from './types.ts';

/** Named servers come and go without a start: made, edited at rest, forgotten. */
export interface NamedParts {
  records: Records;
  /** Throws where the account has as many named servers as it may have. */
  assertRoom(key: ServerKey): void;
  logs: Pick<ServerLogs, 'remove'>;
  routes: Pick<RouteTable, 'declare' | 'forget'>;
  viewOf: Servers['get'];
  stop: Servers['stop'];
  /** Forgets what is kept in memory of a server. */
  drop(key: ServerKey): void;
}

export function createNamed(parts: NamedParts): Pick<Servers, 'create' | 'edit' | 'remove'> {
  const { records, routes, viewOf } = parts;

  function assertFree(key: ServerKey): void {
    checkServerName(key.name);
    if (records.get(key) !== undefined)
      throw new GatewayError('request.conflict', { message: `User ${key.owner} already has that server` });
  }

  return {
    async create(key, details) {
      assertFree(key);
      parts.assertRoom(key);
      await records.update(key, toChange(details));
      routes.declare({ kind: 'server', owner: key.owner, name: key.name });
      return mustView(viewOf, key);
    },
    async edit(key, { name, ...details }) {
      const record = records.get(key);
      if (record === undefined) throw new GatewayError('request.not-found');
      if (record.handle !== null || (record.phase !== 'stopped' && record.phase !== 'failed'))
        throw new GatewayError('server.exists', { message: 'This server is active. Stop it before modifying it.' });
      await records.update(key, toChange(details));
      if (name === undefined || name === key.name) return mustView(viewOf, key);
      const next = { owner: key.owner, name };
      assertFree(next);
      await records.rename(key, name);
      parts.drop(key);
      routes.forget({ kind: 'server', owner: key.owner, name: key.name });
      routes.declare({ kind: 'server', ...next });
      return mustView(viewOf, next);
    },
    async remove(key, how) {
      await parts.stop(key, how);
      const record = records.get(key);
      await records.remove(key);
      if (record !== undefined) await parts.logs.remove(record);
      parts.drop(key);
      routes.forget({ kind: 'server', owner: key.owner, name: key.name });
    },
  };
}

/** Names are part of paths and of socket names (jupyterhub 6 has the same rule). */
export function checkServerName(name: string): void {
  if (name !== '' && !/^[a-z](?:[a-z0-9]|-(?=[a-z0-9])){0,29}$/.test(name))
    throw new GatewayError('request.invalid', {
      message:
        'The name of a server has small letters, digits and single hyphens, begins with a letter, and is at most 30 long.',
    });
}

function toChange({ displayName, options }: ServerDetails): {
  displayName?: string;
  options?: Record<string, unknown>;
} {
  return { ...(displayName === undefined ? {} : { displayName }), ...(options === undefined ? {} : { options }) };
}

function mustView(viewOf: Servers['get'], key: ServerKey): NonNullable<ReturnType<Servers['get']>> {
  const view = viewOf(key);
  if (view === undefined) throw new GatewayError('internal', { facts: { why: 'no record', server: keyText(key) } });
  return view;
}
