import type { Target } from '../access/types.ts';
import type { ServerKey } from '../servers/types.ts';

/**
 * OAuth client of a server, which hubapp also uses as the name of its login cookie: so everything that a cookie name
 * may not hold is percent-quoted (RFC 6265, 4.1.1). Unlike JupyterHub, a dash in the owner's name is quoted too,
 * since `a-b`'s default server and `a`'s server `b` would otherwise be one client.
 */
export function clientIdOf(key: ServerKey): string {
  const owner = quote(key.owner).replaceAll('-', '%2D');
  return key.name === '' ? `jupyterhub-user-${owner}` : `jupyterhub-user-${owner}-${quote(key.name)}`;
}

/** The server of a client id that `clientIdOf` made; undefined for any other text. */
export function serverOfClient(clientId: string): ServerKey | undefined {
  const match = /^jupyterhub-user-([^-]+)(?:-(.+))?$/.exec(clientId);
  if (match === null) return undefined;
  try {
    const key = { owner: decodeURIComponent(match[1] ?? ''), name: decodeURIComponent(match[2] ?? '') };
    return clientIdOf(key) === clientId ? key : undefined;
  } catch {
    return undefined;
  }
}

/** JupyterHub's name for it, which is also that of the login cookie of a service that signs its visitors in. */
export function clientIdOfService(name: string): string {
  return `service-${name}`;
}

export function clientIdOfTarget(target: Target): string {
  return target.kind === 'service' ? clientIdOfService(target.name) : clientIdOf(target);
}

export function serviceOfClient(clientId: string): string | undefined {
  return /^service-(.+)$/.exec(clientId)?.[1];
}

function quote(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*~]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
