import type { SecureContextOptions } from 'node:tls';
import type { ChpOptions } from '../chp/options.ts';
import { targetUrl } from '../chp/targets.ts';
import { SetupError } from '../errors.ts';
import type { Listening } from '../listen/listening.ts';
import type { TlsServing } from '../listen/tlsMaterial.ts';

/** The flags as commander reads them; absent ones are undefined. */
export interface ProxyFlags {
  ip?: string;
  port?: number;
  socket?: string;
  apiIp: string;
  apiPort?: number;
  apiSocket?: string;
  metricsIp: string;
  metricsPort?: number;
  metricsSocket?: string;
  redirectPort?: number;
  redirectTo?: number;
  pidFile?: string;
  logLevel: string;
  timeout?: number;
  proxyTimeout?: number;
  keepAliveTimeout?: number;
  sslKey?: string;
  sslCert?: string;
  sslCa?: string;
  sslRequestCert?: boolean;
  sslProtocol?: string;
  sslCiphers?: string;
  sslDhparam?: string;
  apiSslKey?: string;
  apiSslCert?: string;
  apiSslCa?: string;
  apiSslRequestCert?: boolean;
  clientSslKey?: string;
  clientSslCert?: string;
  clientSslCa?: string;
  insecure?: boolean;
  defaultTarget?: string;
  errorTarget?: string;
  errorPath?: string;
  hostRouting?: boolean;
  xForward: boolean;
  prependPath: boolean;
  includePrefix: boolean;
  autoRewrite?: boolean;
  protocolRewrite?: string;
  changeOrigin?: boolean;
  customHeader?: ReadonlyMap<string, string>;
  storageBackend?: string;
}

export interface Surroundings {
  env: Readonly<Record<string, string | undefined>>;
  read: (path: string) => Promise<Buffer>;
}

/** Flags and environment of configurable-http-proxy, understood. Throws a `SetupError` for what cannot be. */
export async function chpOptions(flags: ProxyFlags, { env, read }: Surroundings): Promise<ChpOptions> {
  checkFlags(flags);
  const tls = publicTls(flags, env);
  const port = flags.port ?? 8000;
  return {
    public: place(flags.socket, flags.ip ?? '', port),
    api: place(
      flags.apiSocket,
      flags.apiIp,
      flags.apiPort ?? (flags.socket === undefined && port !== 0 ? port + 1 : 8001),
    ),
    metrics: metricsPlace(flags),
    tls,
    apiTls: apiTls(flags, env),
    clientTls: {
      key: await readIf(flags.clientSslKey, read),
      cert: await readIf(flags.clientSslCert, read),
      ca: await readIf(flags.clientSslCa, read),
      insecure: flags.insecure === true,
    },
    authToken: env['CONFIGPROXY_AUTH_TOKEN'] === '' ? undefined : env['CONFIGPROXY_AUTH_TOKEN'],
    defaultTarget: flags.defaultTarget,
    errorTarget: flags.errorTarget,
    errorPath: flags.errorPath,
    redirect: flags.redirectPort === undefined ? undefined : { port: flags.redirectPort, to: flags.redirectTo ?? port },
    pidFile: flags.pidFile,
    hostRouting: flags.hostRouting === true,
    xForward: flags.xForward,
    prependPath: flags.prependPath,
    includePrefix: flags.includePrefix,
    autoRewrite: flags.autoRewrite === true,
    changeOrigin: flags.changeOrigin === true,
    protocolRewrite: flags.protocolRewrite,
    customHeaders: flags.customHeader ?? new Map<string, string>(),
    timeoutMs: flags.timeout,
    proxyTimeoutMs: flags.proxyTimeout,
    keepAliveTimeoutMs: flags.keepAliveTimeout ?? 5000,
  };
}

function checkFlags(flags: ProxyFlags): void {
  if (flags.storageBackend !== undefined)
    throw wrong(
      '--storage-backend is not supported: routes are kept in memory.',
      'Leave it out; the Hub restores its routes at each start.',
    );
  if (!['debug', 'info', 'warn', 'error'].includes(flags.logLevel.toLowerCase()))
    throw wrong(`--log-level ${flags.logLevel} is no level.`, 'Choose debug, info, warn or error.');
  if (flags.redirectPort !== undefined && flags.sslKey === undefined && flags.sslCert === undefined)
    throw wrong('HTTPS redirection specified but certificates not provided.', 'Give --ssl-key and --ssl-cert too.');
  for (const [flag, value] of [
    ['--default-target', flags.defaultTarget],
    ['--error-target', flags.errorTarget],
  ] as const)
    if (value !== undefined) checkTarget(flag, value);
}

function checkTarget(flag: string, value: string): void {
  try {
    targetUrl(value);
  } catch (error) {
    throw wrong(`${flag} ${value} is no target: ${(error as Error).message}.`, 'Write http://host:port.');
  }
}

function wrong(message: string, advice: string): SetupError {
  return new SetupError(message, { advice, exitCode: 64 });
}

/** `*` is what people write for all addresses. */
function place(socket: string | undefined, ip: string, port: number): Listening {
  return socket === undefined ? { host: ip === '*' ? '' : ip, port } : { path: socket };
}

function metricsPlace(flags: ProxyFlags): Listening | undefined {
  if (flags.metricsSocket === undefined && flags.metricsPort === undefined) return undefined;
  return place(flags.metricsSocket, flags.metricsIp, flags.metricsPort ?? 0);
}

function publicTls(flags: ProxyFlags, env: Surroundings['env']): TlsServing | undefined {
  return serving(flags, {
    name: '--ssl',
    key: flags.sslKey,
    cert: flags.sslCert,
    ca: flags.sslCa,
    passphrase: env['CONFIGPROXY_SSL_KEY_PASSPHRASE'],
    requireClientCert: flags.sslRequestCert,
  });
}

function apiTls(flags: ProxyFlags, env: Surroundings['env']): TlsServing | undefined {
  return serving(flags, {
    name: '--api-ssl',
    key: flags.apiSslKey,
    cert: flags.apiSslCert,
    ca: flags.apiSslCa,
    passphrase: env['CONFIGPROXY_API_SSL_KEY_PASSPHRASE'],
    requireClientCert: flags.apiSslRequestCert,
  });
}

interface Asked {
  name: string;
  key: string | undefined;
  cert: string | undefined;
  ca: string | undefined;
  passphrase: string | undefined;
  requireClientCert: boolean | undefined;
}

function serving(flags: ProxyFlags, asked: Asked): TlsServing | undefined {
  const { key, cert, ca, passphrase } = asked;
  if (key === undefined && cert === undefined) return undefined;
  if (cert === undefined || key === undefined)
    throw wrong(`${asked.name}-key and ${asked.name}-cert belong together.`, 'Give both; they may be one file.');
  const files = { key, cert, ca, passphrase: passphrase === '' ? undefined : passphrase, dhparam: flags.sslDhparam };
  return { files, context: contextOf(flags), requireClientCert: asked.requireClientCert === true };
}

function contextOf(flags: ProxyFlags): SecureContextOptions {
  return {
    honorCipherOrder: true,
    ...(flags.sslCiphers === undefined ? {} : { ciphers: flags.sslCiphers }),
    ...(flags.sslProtocol === undefined ? {} : { secureProtocol: `${flags.sslProtocol}_method` }),
  };
}

function readIf(path: string | undefined, read: Surroundings['read']): Promise<Buffer | undefined> {
  if (path === undefined) return Promise.resolve(undefined);
  return read(path).catch((error: unknown) => {
    throw wrong(`${path} cannot be read: ${(error as Error).message}.`, 'Check the path and the permissions.');
  });
}
