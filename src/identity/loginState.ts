import { EncryptJWT, jwtDecrypt } from 'jose';
import type { Clock } from '../clock.ts';
import { cookieNames, cookieValues } from './cookies.ts';

/**
 * A sign-in under way, kept by the browser in an encrypted cookie of its own: several tabs do not disturb each other,
 * a restart of the gateway loses none, and anonymous visitors fill no memory. A callback without its cookie comes from
 * another browser and is refused: that is the guard against login CSRF and fixation (RFC 9700, 4.7).
 */
export interface LoginState {
  state: string;
  nonce: string;
  verifier: string;
  /** Path to return to. */
  next: string;
  /** Which provider it went to. */
  by: 'built-in' | 'site';
}

const lifetimeS = 900;
/** Tabs that may be signing in at once; beyond it the older cookies are removed. */
const maxAtOnce = 6;

export interface LoginStates {
  /** `Set-Cookie` values that keep it. */
  keep(login: LoginState, cookieHeader: string | undefined): Promise<string[]>;
  /** The sign-in that this `state` belongs to, if this browser began it. */
  find(state: string, cookieHeader: string | undefined): Promise<LoginState | undefined>;
  /** `Set-Cookie` value that forgets it. */
  drop(state: string): string;
}

export function createLoginStates(options: {
  secret: Uint8Array;
  clock: Clock;
  cookiePrefix: string;
  secure: boolean;
}): LoginStates {
  const { secret, clock, cookiePrefix } = options;
  const flags = `; Path=/; HttpOnly; SameSite=Lax${options.secure ? '; Secure' : ''}`;
  const nameOf = (state: string): string => cookiePrefix + state.slice(0, 8);
  const gone = (name: string): string => `${name}=; Max-Age=0${flags}`;

  return {
    async keep(login, cookieHeader) {
      const token = await new EncryptJWT({
        state: login.state,
        nonce: login.nonce,
        verifier: login.verifier,
        next: login.next,
        by: login.by,
      })
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
        .setExpirationTime(Math.floor(clock.now() / 1000) + lifetimeS)
        .encrypt(secret);
      const old = cookieNames(cookieHeader, cookiePrefix).slice(0, 1 - maxAtOnce);
      return [...old.map(gone), `${nameOf(login.state)}=${token}; Max-Age=${lifetimeS}${flags}`];
    },
    async find(state, cookieHeader) {
      for (const token of cookieValues(cookieHeader, nameOf(state))) {
        const login = await open(token, secret, clock);
        if (login?.state === state) return login;
      }
      return undefined;
    },
    drop: (state) => gone(nameOf(state)),
  };
}

async function open(token: string, secret: Uint8Array, clock: Clock): Promise<LoginState | undefined> {
  try {
    const { payload } = await jwtDecrypt(token, secret, {
      keyManagementAlgorithms: ['dir'],
      contentEncryptionAlgorithms: ['A256GCM'],
      requiredClaims: ['exp'],
      currentDate: new Date(clock.now()),
    });
    return payload as unknown as LoginState;
  } catch {
    return undefined;
  }
}
