import { createHmac, createPrivateKey, createPublicKey, sign as signBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { generateKeyPair } from 'jose';
import type { JWK } from 'jose';

/** What a good token is made of: each bad one differs from it in one thing. */
export interface GoodToken {
  header: Record<string, unknown>;
  claims: Record<string, unknown>;
  /** Ed25519, private. */
  key: JWK;
}

export interface BadToken {
  name: string;
  token: string;
  code: 'auth.invalid' | 'auth.expired' | 'auth.no-account';
  /** Of the log, never of the answer. */
  reason: RegExp;
}

type Made = Omit<BadToken, 'code'> & { code?: BadToken['code'] };

/**
 * Tokens that must sign nobody in, by class: shape, algorithm, key, header, issuer, audience, times, subject. All are fit
 * for a cookie, so that every one reaches the check.
 */
export async function badTokens(good: GoodToken): Promise<BadToken[]> {
  const key = createPrivateKey({ key: good.key, format: 'jwk' });
  const strangerPair = await generateKeyPair('Ed25519', { extractable: true });
  const by = { good, key, stranger: (await exported(strangerPair.privateKey)) as KeyObject };
  const all: Made[] = [
    ...shapes(by),
    ...algorithms(by),
    ...(await foreignAlgorithms(by)),
    ...keys(by),
    ...headers(by),
    ...issuers(by),
    ...audiences(by),
    ...times(by),
    ...subjects(by),
    ...strangers(by),
  ];
  return all.map((made) => Object.assign({ code: 'auth.invalid' }, made));
}

interface By {
  good: GoodToken;
  key: KeyObject;
  stranger: KeyObject;
}

async function exported(key: unknown): Promise<unknown> {
  const { KeyObject } = await import('node:crypto');
  return KeyObject.from(key as never);
}

const b64 = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

function make({ good, key }: By, claims: object = {}, header: object = {}, signer = key): string {
  const input = `${b64({ ...good.header, ...header })}.${b64({ ...good.claims, ...claims })}`;
  return `${input}.${signBytes(null, Buffer.from(input), signer).toString('base64url')}`;
}

/** Signed as it stands, whatever it is. */
function raw({ key }: By, header: string, payload: string): string {
  const input = `${b64(header)}.${b64(payload)}`;
  return `${input}.${signBytes(null, Buffer.from(input), key).toString('base64url')}`;
}

function shapes(by: By): Made[] {
  const token = make(by);
  const [header = '', payload = '', signature = ''] = token.split('.');
  const parts = /three parts/;
  const decoded = /cannot be decoded|issuer is not trusted/;
  const json = JSON.stringify(by.good.header);
  return [
    { name: 'a word', token: 'hello', reason: parts },
    { name: 'a Hub token', token: 'cgw_0123456789abcdef', reason: parts },
    { name: 'two parts', token: `${header}.${payload}`, reason: parts },
    { name: 'no signature', token: `${header}.${payload}.`, reason: parts },
    { name: 'no header', token: `.${payload}.${signature}`, reason: parts },
    { name: 'no payload', token: `${header}..${signature}`, reason: parts },
    { name: 'dots', token: '..', reason: parts },
    { name: 'four parts', token: `${token}.x`, reason: parts },
    { name: 'encrypted, five parts', token: `${token}.x.y`, reason: parts },
    { name: 'padding', token: `${header}=.${payload}.${signature}`, reason: parts },
    { name: 'base64 of the other kind', token: `${header}.${payload}.${signature.slice(0, -2)}+/`, reason: parts },
    { name: 'percent encoding', token: token.replaceAll('.', '%2e'), reason: parts },
    { name: 'two tokens', token: `${token},${token}`, reason: parts },
    { name: 'a scheme before it', token: `Bearer.${token}`, reason: parts },
    { name: 'too long by a claim', token: make(by, { more: 'x'.repeat(6500) }), reason: /too long/ },
    { name: 'too long by its header', token: make(by, {}, { more: 'x'.repeat(6500) }), reason: /too long/ },
    { name: 'header no JSON', token: raw(by, '{', '{}'), reason: decoded },
    { name: 'header a list', token: raw(by, '[]', '{}'), reason: decoded },
    { name: 'header null', token: raw(by, 'null', '{}'), reason: decoded },
    { name: 'header text', token: raw(by, '"x"', '{}'), reason: decoded },
    { name: 'payload no JSON', token: raw(by, json, '{"sub":'), reason: decoded },
    { name: 'payload a list', token: raw(by, json, '[]'), reason: decoded },
    { name: 'payload null', token: raw(by, json, 'null'), reason: decoded },
    { name: 'payload text', token: raw(by, json, '"alice"'), reason: decoded },
    { name: 'payload empty', token: raw(by, json, '{}'), reason: decoded },
  ];
}

function algorithms(by: By): Made[] {
  const reason = /algorithm is not allowed/;
  const unsigned = (alg: unknown): string => {
    const input = `${b64({ ...by.good.header, alg })}.${b64(by.good.claims)}`;
    return `${input}.AA`;
  };
  const publicKey = createPublicKey(by.key);
  const secrets: [string, string | Buffer][] = [
    ['the public key as PEM', publicKey.export({ type: 'spki', format: 'pem' })],
    ['the public key as DER', publicKey.export({ type: 'spki', format: 'der' })],
    ['the public key as JWK', JSON.stringify(publicKey.export({ format: 'jwk' }))],
    ['nothing', ''],
  ];
  const symmetric = secrets.flatMap(([what, secret]) =>
    (['256', '384', '512'] as const).map((bits) => {
      const input = `${b64({ ...by.good.header, alg: `HS${bits}` })}.${b64(by.good.claims)}`;
      const mac = createHmac(`sha${bits}`, secret).update(input).digest('base64url');
      return { name: `HS${bits} with ${what}`, token: `${input}.${mac}`, reason };
    }),
  );
  const names = [
    'none',
    'None',
    'NONE',
    'nOnE',
    '',
    'eddsa',
    'EdDSA ',
    'Ed448',
    'ES256K',
    'dir',
    'RSA-OAEP',
    'A256GCM',
  ];
  const odd: [string, unknown][] = [
    ['missing', undefined],
    ['null', null],
    ['a number', 1],
    ['a list', ['EdDSA']],
    ['an object', {}],
  ];
  return [
    ...symmetric,
    ...names.map((alg) => ({ name: `alg "${alg}"`, token: unsigned(alg), reason })),
    ...names.slice(5, 8).map((alg) => ({ name: `alg "${alg}", well signed`, token: make(by, {}, { alg }), reason })),
    ...odd.map(([what, alg]) => ({ name: `alg ${what}`, token: unsigned(alg), reason: /not allowed|decoded/ })),
  ];
}

/** By a stranger's key of another kind, under our key's name. */
async function foreignAlgorithms({ good }: By): Promise<Made[]> {
  const { SignJWT } = await import('jose');
  const reason = /algorithm is not allowed/;
  const list = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512'];
  return Promise.all(
    list.map(async (alg) => {
      const { privateKey } = await generateKeyPair(alg);
      const token = await new SignJWT(good.claims).setProtectedHeader({ ...good.header, alg }).sign(privateKey);
      return { name: `${alg} by a stranger`, token, reason };
    }),
  );
}

function keys(by: By): Made[] {
  const token = make(by);
  const [header = '', payload = '', signature = ''] = token.split('.');
  const wrong = /ERR_JWS_SIGNATURE_VERIFICATION_FAILED|cannot be verified/;
  const none = /ERR_JWKS_NO_MATCHING_KEY|cannot be verified|ERR_JW/;
  const strangers = createPublicKey(by.stranger).export({ format: 'jwk' });
  const flipped = Buffer.from(signature, 'base64url');
  flipped[5] = (flipped[5] ?? 0) ^ 1;
  const changed = (claims: object): string => `${header}.${b64({ ...by.good.claims, ...claims })}.${signature}`;
  return [
    { name: 'signed by a stranger', token: make(by, {}, {}, by.stranger), reason: wrong },
    { name: 'a key of its own in the header', token: make(by, {}, { jwk: strangers }, by.stranger), reason: wrong },
    { name: 'keys elsewhere (jku)', token: make(by, {}, { jku: 'http://127.0.0.1:1/' }, by.stranger), reason: wrong },
    {
      name: 'a certificate elsewhere',
      token: make(by, {}, { x5u: 'http://127.0.0.1:1/' }, by.stranger),
      reason: wrong,
    },
    { name: 'a certificate of its own', token: make(by, {}, { x5c: ['AA'] }, by.stranger), reason: wrong },
    { name: 'signature changed', token: `${header}.${payload}.${flipped.toString('base64url')}`, reason: wrong },
    { name: 'signature cut', token: token.slice(0, -10), reason: wrong },
    { name: 'signature longer', token: `${token}AAAA`, reason: wrong },
    { name: 'signature of zeros', token: `${header}.${payload}.${'A'.repeat(86)}`, reason: wrong },
    { name: 'another subject put in', token: changed({ sub: 'bob' }), reason: wrong },
    { name: 'a longer life put in', token: changed({ exp: 4_000_000_000 }), reason: wrong },
    { name: 'a group put in', token: changed({ groups: ['admins'] }), reason: wrong },
    { name: 'header changed', token: `${b64({ ...by.good.header, x: 1 })}.${payload}.${signature}`, reason: wrong },
    {
      name: 'signature of another token',
      token: `${header}.${payload}.${make(by, { a: 1 }).split('.')[2]}`,
      reason: wrong,
    },
    ...['unknown', '../one', '', 'a'.repeat(1000), '/etc/passwd', "' or 1=1", '__proto__'].map((kid) => ({
      name: `kid "${kid.slice(0, 12)}"`,
      token: make(by, {}, { kid }),
      reason: none,
    })),
    ...[7, ['one'], {}, true].map((kid) => ({
      name: `kid ${JSON.stringify(kid)}`,
      token: make(by, {}, { kid }),
      reason: none,
    })),
  ];
}

function headers(by: By): Made[] {
  const critical = /critical/;
  const type = /type is not that of a sign-in|claim typ/;
  const list: [string, object, RegExp][] = [
    ['b64 false', { crit: ['b64'], b64: false }, critical],
    ['b64 true', { b64: true }, critical],
    ['crit unknown', { crit: ['x'], x: 1 }, critical],
    ['crit empty', { crit: [] }, critical],
    ['crit text', { crit: 'exp' }, critical],
    ['crit null', { crit: null }, critical],
  ];
  const types = ['logout+jwt', 'secevent+jwt', 'dpop+jwt', 'application/logout+jwt', 'JOSE', 'x', 7, ['JWT']];
  return [
    ...list.map(([name, header, reason]) => ({ name, token: make(by, {}, header), reason })),
    ...types.map((typ) => ({ name: `typ ${JSON.stringify(typ)}`, token: make(by, {}, { typ }), reason: type })),
  ];
}

/** The given claim of each of these values, or missing. */
function claimed(by: By, claim: string, values: readonly unknown[], reason: RegExp): Made[] {
  const say = (value: unknown): string => shortened(JSON.stringify(value) ?? 'missing');
  return values.map((value) => ({ name: `${claim} ${say(value)}`, token: make(by, { [claim]: value }), reason }));
}

function shortened(text: string): string {
  return text.length > 40 ? `${text.slice(0, 30)}… (${text.length})` : text;
}

function issuers(by: By): Made[] {
  const iss = String(by.good.claims['iss']);
  const values = [
    undefined,
    null,
    '',
    7,
    [iss],
    { iss },
    `${iss}/`,
    iss.toUpperCase(),
    iss.slice(0, -1),
    'https://evil',
  ];
  return claimed(by, 'iss', [...values, ` ${iss}`, `${iss}\0`, '__proto__'], /issuer is not trusted/);
}

function audiences(by: By): Made[] {
  const aud = String(by.good.claims['aud']);
  const values = [undefined, null, '', 7, [], {}, [7], [[aud]], { 0: aud }, 'another', `${aud}x`, aud.toUpperCase()];
  return claimed(by, 'aud', [...values, ['a', 'b'], ` ${aud}`], /claim aud/);
}

function times(by: By): Made[] {
  const now = Math.floor(Date.now() / 1000);
  const odd = [null, '', 'soon', String(now + 600), [], {}, true];
  const exp = /claim exp|exp is not a time|ERR_JW/;
  const gone: Made[] = [now - 31, now - 86_400, 1, 0.5].map((value) => ({
    name: `exp ${value}`,
    token: make(by, { exp: value }),
    reason: /expired|exp is not a time/,
    code: 'auth.expired',
  }));
  return [
    ...gone,
    ...claimed(by, 'exp', [undefined, ...odd, 1e308, 253_402_300_800], exp),
    ...claimed(by, 'nbf', [...odd, now + 60, 1e308], /claim nbf|ERR_JW/),
    ...claimed(by, 'iat', [...odd, now + 60, 1e308], /claim iat|iat is in the future|ERR_JW/),
    { name: 'a notice of events', token: make(by, { events: {} }), reason: /events/ },
  ];
}

function subjects(by: By): Made[] {
  const values = [undefined, null, '', 7, ['alice'], {}, true, 'a'.repeat(256)];
  const controls = ['alice\n', 'alice\0', '\u007falice', 'al\u0085ice', 'a\tb'];
  return claimed(by, 'sub', [...values, ...controls], /claim sub|sub is not a name|sub has control/);
}

/** Well signed, and yet of nobody who may sign in here. */
function strangers(by: By): Made[] {
  const names = ['root', 'daemon', 'nobody', '0', '1000', '-rf', '.alice', '../alice', 'no-such-user', 'Root'];
  const twins = ['ａlice', 'alice@a@b', 'alice ', ' root', 'a'.repeat(255), 'ali\u200bce', 'constructor', '__proto__'];
  return claimed(by, 'sub', [...names, ...twins], /./).map((made) => Object.assign(made, { code: 'auth.no-account' }));
}
