import type { Account, Identity, Target } from '../access/types.ts';
import type { Verified } from '../identity/types.ts';
import type { ServerKey } from '../servers/types.ts';

/** What the rest of the gateway needs of the Hub contract. */
export interface HubContract {
  /**
   * Makes the API token and OAuth client of a server about to start (those of an earlier start die) and returns its
   * `JUPYTERHUB_*` environment (JupyterHub's names; jupyterhub 6, `Spawner.get_env`).
   */
  prepare(server: { key: ServerKey; account: Account; prefix: string }): Promise<Record<string, string>>;
  /**
   * Makes the API token of a service about to start (that of an earlier start dies) and returns its `JUPYTERHUB_*`
   * environment (`Service.start` of jupyterhub 6). With a token of its own (an external service) that one counts.
   */
  prepareService(service: {
    name: string;
    apiToken: string | undefined;
    /** Empty where it has no web part. */
    prefix: string;
    url: string;
  }): Promise<Record<string, string>>;
  /** When this server last called us with its own token, ms since 1970: with an HTTP answer, the proof that it is ready. */
  lastContact(key: ServerKey): number | undefined;
  /** Its tokens, and those that visitors hold for it, die. */
  forget(key: ServerKey): Promise<void>;
  /** All tokens that this session's browser obtained die. */
  forgetSession(sessionId: string): Promise<void>;
  forgetAccount(account: string): Promise<void>;
  /** A new token of a service, with all that the service may; its earlier ones die. */
  serviceToken(service: string): Promise<string>;
  /**
   * Who comes to the gate with this token; from memory, at once. Undefined for what is no token of ours; a refusal for a
   * server's own, which opens nothing.
   */
  resolveToken(token: string): Verified<Identity> | undefined;
  /**
   * What a server or service gets to see of its visitor's Hub token: that token itself only where it was made for this
   * very target; else one that opens this target, says whose it is, and ends with the visitor's own.
   */
  passedOn(token: string, target: Target): string | undefined;
  /** Whether the token is this server's own, or one that opens just this server. */
  isFor(token: string, key: ServerKey): boolean;
  /**
   * Second gate (hub-contract, section 10): may this cookie of a UI server pass on to it? True for cookies that are no
   * login cookie of that server; for its login cookie only where the token inside is live and of this session.
   */
  loginCookieFits(of: ServerKey | Target, cookieName: string, cookieValue: string, sessionId: string): boolean;
}

/** A service as the Hub API shows it, and what its own token may do. */
export interface HubService {
  name: string;
  admin: boolean;
  /** Address that the gateway reaches it at, or empty. */
  url: string;
  /** Path prefix under which people reach it, or empty. */
  prefix: string;
  /** Of a managed service. */
  command: readonly string[];
  /** 0 where no process of ours runs. */
  pid: number;
  info: Readonly<Record<string, unknown>>;
  /** Whether it is shown to people. */
  display: boolean;
  /** Scopes that its own token may hold. */
  scopes: readonly string[];
  /** Where its visitors come back to after they signed in at it, and whether without being asked. */
  oauth?: { redirectUri: string; noConfirm: boolean };
}

/** A person's token as they see it: never the secret itself. Times are ISO 8601. */
export interface TokenView {
  id: string;
  note: string;
  scopes: readonly string[];
  createdAt: string;
  expiresAt: string | null;
  lastUsedAt: string | null;
  /** The server or service that obtained it in a sign-in; null for one made for programs. */
  client: string | null;
}

/** A person's own tokens. */
export interface TokenDesk {
  /** Longest lifetime that may be asked for; undefined for any, s. */
  longestS: number | undefined;
  /** Newest first. */
  list(account: string): TokenView[];
  /** The token itself is returned here and never again. Throws `request.invalid`. */
  make(
    who: Identity,
    asked: { note: string; lifetimeS: number | undefined; scopes: readonly string[] | undefined },
  ): Promise<{ token: string; view: TokenView }>;
  /** False where this person has no such token. */
  revoke(who: Identity, id: string): Promise<boolean>;
}

/** Any token, as whoever runs the gateway sees it. */
export interface TokenEntry extends TokenView {
  /** `user`: for programs. `oauth`: of a visitor at a server or service. `server`, `service`: of those. `share`: a code. */
  kind: 'server' | 'user' | 'oauth' | 'service' | 'share';
  /** Account, or service. */
  owner: string;
}

export interface TokenOrder {
  owner: string;
  note: string;
  /** Undefined for all that the owner may. */
  scopes: readonly string[] | undefined;
  /** Undefined for the longest that is allowed, s. */
  lifetimeS: number | undefined;
}

/** Everybody's tokens, for whoever runs the gateway. */
export interface TokenOffice {
  list(): TokenEntry[];
  /** The token itself is returned here and never again. Throws `request.invalid` with all faults. */
  make(order: TokenOrder): Promise<{ token: string; entry: TokenEntry }>;
  /** What was revoked; undefined where there is no such token. */
  revoke(which: { id: string } | { token: string }): Promise<TokenEntry | undefined>;
}

/** A call of the REST API as its page shows it. */
export interface ApiCall {
  method: string;
  path: string;
  tag: string;
  summary: string;
  description: string;
  /** Any one suffices; empty where any credential, or none, does. */
  scopes: readonly string[];
  /** Names of the fields of its query and of its body. */
  query: readonly string[];
  body: readonly string[];
  replies: readonly { status: string; description: string }[];
}
