import { EncryptJWT, jwtDecrypt } from 'jose';

/** What a session keeps of its provider, encrypted in the store: whoever reads `state.json` alone has no use for it. */
export interface Kept {
  refresh?: string | undefined;
  idToken?: string | undefined;
}

export interface KeptTokens {
  seal(kept: Kept): Promise<string>;
  /** Undefined where there is nothing, or it was sealed with keys that are gone. */
  open(sealed: string | undefined): Promise<Kept | undefined>;
}

const audience = 'cylc-gateway-kept';

export function createKeptTokens(secret: Uint8Array): KeptTokens {
  return {
    seal: (kept) =>
      new EncryptJWT({ ...kept })
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
        .setAudience(audience)
        .encrypt(secret),
    async open(sealed) {
      if (sealed === undefined) return undefined;
      const limits = { keyManagementAlgorithms: ['dir'], contentEncryptionAlgorithms: ['A256GCM'], audience };
      const opened = await jwtDecrypt(sealed, secret, limits).catch(() => undefined);
      return opened?.payload as Kept | undefined;
    },
  };
}
