import type { Upstream } from './types.ts';

/** Class of `cylc hubapp`: what is set for it wins over ServerApp, from whichever file that comes. */
const application = 'CylcHubApp';
export const cylcAuthorizer = 'cylc.uiserver.authorise.CylcAuthorizer';

/**
 * Settings that recipes for `cylc gui` and Jupyter put into configuration files, and that would break a server behind
 * the gateway or open it: they are given on the command line, which no file overrides. docs/servers.md has the table.
 */
export function forcedSettings(options: { prefix: string; upstream: Upstream; socketMode: string }): string[] {
  const settings: Record<string, string> = {
    ...listening(options.upstream, options.socketMode),
    base_url: options.prefix,
    certfile: '',
    keyfile: '',
    client_ca: '',
    ssl_options: '{}',
    allow_origin: '',
    allow_origin_pat: '',
    allow_credentials: 'False',
    disable_check_xsrf: 'False',
    authorizer_class: cylcAuthorizer,
    // Jupyter Server's default, in whose place JupyterHub's sign-in steps.
    identity_provider_class: 'jupyter_server.auth.identity.PasswordIdentityProvider',
  };
  return Object.entries(settings).map(([name, value]) => `--${application}.${name}=${value}`);
}

function listening(upstream: Upstream, socketMode: string): Record<string, string> {
  if (upstream.kind === 'tcp') return { sock: '', ip: '127.0.0.1', port: String(upstream.port) };
  // With any other port than Jupyter's own default it refuses to listen on a socket.
  return { sock: upstream.path, sock_mode: socketMode, ip: '127.0.0.1', port: '8888' };
}
