import type { ServerKey } from '../servers/types.ts';
import { clientIdOf, clientIdOfService } from './clientId.ts';

export interface ServerEnvironment {
  key: ServerKey;
  token: string;
  /** With a slash at both ends. */
  prefix: string;
  /** Base path of the gateway, with a slash at both ends. */
  baseUrl: string;
  /** Without a slash at its end. */
  apiUrl: string;
  /** Where the Hub and the server have different origins: those. */
  apart?: { hub: string; server: string };
}

export interface ServiceEnvironment extends Omit<ServerEnvironment, 'key' | 'apart'> {
  name: string;
  /** Where it is to listen; empty where that is not by an address. */
  url: string;
}

/** What JupyterHub tells a managed service (jupyterhub 6, `Service.start`). */
export function serviceEnvironment({
  name,
  token,
  prefix,
  url,
  baseUrl,
  apiUrl,
}: ServiceEnvironment): Record<string, string> {
  const scopes = JSON.stringify(['access:services', `access:services!service=${name}`]);
  const web = {
    JUPYTERHUB_SERVICE_PREFIX: prefix,
    JUPYTERHUB_OAUTH_CALLBACK_URL: `${prefix}oauth_callback`,
    ...(url === '' ? {} : { JUPYTERHUB_SERVICE_URL: url }),
  };
  return {
    JUPYTERHUB_SERVICE_NAME: name,
    JUPYTERHUB_API_TOKEN: token,
    JUPYTERHUB_CLIENT_ID: clientIdOfService(name),
    JUPYTERHUB_API_URL: apiUrl,
    JUPYTERHUB_BASE_URL: baseUrl,
    JUPYTERHUB_OAUTH_ACCESS_SCOPES: scopes,
    JUPYTERHUB_OAUTH_SCOPES: scopes,
    JUPYTERHUB_HOST: '',
    ...(prefix === '' ? {} : web),
  };
}

/** The scopes any one of which lets a visitor in (checked by hubapp itself; without them it lets everyone in). */
function accessScopes(key: ServerKey): string[] {
  return [`access:servers!server=${key.owner}/${key.name}`, `access:servers!user=${key.owner}`];
}

/** What JupyterHub tells a single-user server by environment (jupyterhub 6, `Spawner.get_env`; contract, section 1.1). */
export function serverEnvironment(server: ServerEnvironment): Record<string, string> {
  const scopes = JSON.stringify(accessScopes(server.key));
  return {
    JUPYTERHUB_API_TOKEN: server.token,
    JUPYTERHUB_CLIENT_ID: clientIdOf(server.key),
    JUPYTERHUB_SERVICE_PREFIX: server.prefix,
    JUPYTERHUB_API_URL: server.apiUrl,
    JUPYTERHUB_ACTIVITY_URL: `${server.apiUrl}/users/${encodeURIComponent(server.key.owner)}/activity`,
    JUPYTERHUB_BASE_URL: server.baseUrl,
    JUPYTERHUB_OAUTH_CALLBACK_URL: `${server.apart?.server ?? ''}${server.prefix}oauth_callback`,
    JUPYTERHUB_OAUTH_ACCESS_SCOPES: scopes,
    JUPYTERHUB_OAUTH_SCOPES: scopes,
    JUPYTERHUB_USER: server.key.owner,
    JUPYTERHUB_SERVER_NAME: server.key.name,
    JUPYTERHUB_HOST: server.apart?.hub ?? '',
  };
}
