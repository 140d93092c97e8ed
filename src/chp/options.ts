import type { TlsServing } from '../listen/tlsMaterial.ts';
import type { Listening } from '../listen/listening.ts';

/** What `cylc-gateway proxy` was asked for; one field for each thing that configurable-http-proxy can do. */
export interface ChpOptions {
  /** Where the world reaches us, where the Hub does, and where Prometheus does. */
  public: Listening;
  api: Listening;
  metrics: Listening | undefined;
  tls: TlsServing | undefined;
  apiTls: TlsServing | undefined;
  /** What we show to `https:` targets, and whom of them we believe. */
  clientTls: ClientTls;
  /** Of the API; undefined leaves it open. */
  authToken: string | undefined;
  defaultTarget: string | undefined;
  errorTarget: string | undefined;
  /** Folder of `404.html`, `503.html` and `error.html`. */
  errorPath: string | undefined;
  /** Port that redirects to https, and the port it redirects to. */
  redirect: { port: number; to: number } | undefined;
  pidFile: string | undefined;
  hostRouting: boolean;
  xForward: boolean;
  prependPath: boolean;
  includePrefix: boolean;
  autoRewrite: boolean;
  changeOrigin: boolean;
  protocolRewrite: string | undefined;
  /** Name to value, for every request to a target. */
  customHeaders: ReadonlyMap<string, string>;
  /** Quiet time after which a client's connection is cut, ms; undefined for never. */
  timeoutMs: number | undefined;
  /** Longest wait for the head of a target's answer, ms; undefined for ever. */
  proxyTimeoutMs: number | undefined;
  /** How long a client's idle connection is kept, ms. */
  keepAliveTimeoutMs: number;
}

export interface ClientTls {
  key: Buffer | undefined;
  cert: Buffer | undefined;
  /** PEM; undefined for the authorities that Node knows. */
  ca: Buffer | undefined;
  /** `--insecure`: take any certificate. */
  insecure: boolean;
}
