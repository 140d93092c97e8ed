import { userInfo } from 'node:os';

/** What a Hub tells its servers by environment (JupyterHub's names), and where to listen. */
export interface Settings {
  sock: string;
  /** Of the socket; without, its owner's alone. */
  sockMode: number | undefined;
  apiToken: string;
  clientId: string;
  /** With a slash at both ends. */
  prefix: string;
  apiUrl: string;
  activityUrl: string | undefined;
  /** Path of the Hub's own pages, or its URL where that is on another origin; with a slash behind. */
  hubPath: string;
  /** Where the Hub sends visitors back to. */
  callbackUrl: string | undefined;
  /** A visitor must hold one of these. */
  accessScopes: readonly string[];
  serverName: string;
  owner: string;
}

/** Throws with the name of what is missing. */
export function readSettings(argv: readonly string[], env: NodeJS.ProcessEnv): Settings {
  const need = (name: string) => {
    const value = env[name];
    if (value === undefined || value === '') throw new Error(`${name} is required in the environment`);
    return value;
  };
  const option = (name: string) => argv.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3);
  const sock = option('sock');
  const mode = option('sock-mode');
  if (sock === undefined || sock === '') throw new Error('--sock=<path of a unix socket> is required');
  return {
    sock,
    sockMode: mode === undefined ? undefined : Number.parseInt(mode, 8),
    apiToken: need('JUPYTERHUB_API_TOKEN'),
    clientId: need('JUPYTERHUB_CLIENT_ID'),
    prefix: need('JUPYTERHUB_SERVICE_PREFIX'),
    apiUrl: need('JUPYTERHUB_API_URL'),
    activityUrl: env['JUPYTERHUB_ACTIVITY_URL'],
    hubPath: `${env['JUPYTERHUB_HOST'] ?? ''}${env['JUPYTERHUB_BASE_URL'] ?? '/'}hub/`,
    callbackUrl: env['JUPYTERHUB_OAUTH_CALLBACK_URL'],
    accessScopes: JSON.parse(need('JUPYTERHUB_OAUTH_ACCESS_SCOPES')) as string[],
    serverName: env['JUPYTERHUB_SERVER_NAME'] ?? '',
    owner: env['USER'] ?? userInfo().username,
  };
}
