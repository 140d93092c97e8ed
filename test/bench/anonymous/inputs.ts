/** What anybody may send, at its worst: each as far as a head (32 KiB), a body (16 KiB) or a count goes. */
export interface Input {
  method?: 'GET' | 'POST';
  /** Put behind the path. */
  path?: string;
  query?: string;
  headers?: readonly string[];
  body?: string;
}

const most = 30_000;
const fill = (text: string, bytes = most): string => text.repeat(Math.floor(bytes / text.length));
const base64 = (text: string): string => Buffer.from(text).toString('base64url');
const jwt = (header: string, payload: string): string =>
  `${base64(header)}.${base64(payload)}.${base64('x'.repeat(64))}`;
const form = (body: string): Input => ({
  method: 'POST',
  headers: ['Content-Type: application/x-www-form-urlencoded', 'Sec-Fetch-Site: same-origin'],
  body,
});
const json = (body: string): Input => ({ method: 'POST', headers: ['Content-Type: application/json'], body });
const tokens: Record<string, string> = {
  'a long token': fill('x'),
  'a token of colons': `${fill(':')} x y`,
  'a token with a long header': jwt(`{"alg":"EdDSA","kid":"${fill('k', 4000)}"}`, '{}'),
  'a token with a deep header': jwt(fill('[', 20_000), '{}'),
  'a token with deep claims': jwt('{"alg":"EdDSA","kid":"x"}', fill('{"a":', 20_000)),
  'a token of many dots': fill('a.'),
};

export const inputs: Record<string, Input> = {
  plain: {},
  'many parameters': { query: `?${fill('a=1&')}` },
  'the same parameter, escaped': { query: `?${fill('%61=%20&')}` },
  'a long parameter': { query: `?next=${fill('/a')}&client_id=${'a'.repeat(50)}` },
  'many segments': { path: fill('/a') },
  'many escapes': { path: `/${fill('%C3%A9')}` },
  'many slashes': { path: `/x${fill('/')}x` },
  'many dots': { path: `/${fill('a.')}` },
  'many cookies': { headers: [`Cookie: ${fill('a=b; ')}`] },
  'empty cookies': { headers: [`Cookie: ${fill('; ')}`] },
  'cookies of our name': { headers: [`Cookie: ${fill('cylc-gateway=a.b.c; ')}`] },
  'sign-ins under way': { headers: [`Cookie: ${fill('cylc-gateway-login-abc=x; ')}`] },
  'a cookie with blanks': { headers: [`Cookie: a=${fill(' ')}b`] },
  'a session with a long header': { headers: [`Cookie: cylc-gateway=${tokens['a token with a long header']}`] },
  ...Object.fromEntries(
    Object.entries(tokens).flatMap(([name, token]) =>
      ['Bearer', 'token'].map((scheme) => [`${name} (${scheme})`, { headers: [`Authorization: ${scheme} ${token}`] }]),
    ),
  ),
  'many headers': { headers: Array.from({ length: 120 }, (_, at) => `X-${at}: ${'x'.repeat(200)}`) },
  'a long Accept': { headers: [`Accept: ${fill('text/html;q=0.9, ')}`] },
  'a long chain of proxies': { headers: [`X-Forwarded-For: ${fill('10.0.0.1, ')}`, 'Forwarded: for=x'] },
  'many names in Connection': { headers: [`Connection: ${fill('x-a, ')}close`] },
  'many ranges': { headers: [`Range: bytes=${fill('0-1,')}2-3`] },
  'many entity tags': { headers: [`If-None-Match: ${fill('"a", ')}"b"`] },
  'a form of empty fields': form('&'.repeat(16_384)),
  'a form of the same field': form(fill('a&', 16_384)),
  'a form of 100 escaped fields': form(
    Array.from({ length: 100 }, (_, at) => `f${at}=${'%C3%A9'.repeat(26)}`).join('&'),
  ),
  'a form of one long field': form(`logout_token=${fill('a.', 16_000)}`),
  'a form with a token with a deep header': form(`logout_token=${jwt(fill('[', 9000), '{}')}`),
  'deep JSON': json(fill('[', 16_384)),
  'JSON with many fields': json(`{${Array.from({ length: 1200 }, (_, at) => `"f${at}":${at}`).join(',')}}`),
  'JSON with deep fields': json(`${fill('{"a":', 8000)}1${fill('}', 1600)}`),
  'a form with files': {
    method: 'POST',
    headers: ['Content-Type: multipart/form-data; boundary=x'],
    body: `${fill('--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n', 16_000)}--x--\r\n`,
  },
};

/** Every address that answers without a sign-in, in one way or another. */
export const paths = [
  '/',
  '/hub',
  '/hub/login',
  '/hub/logout',
  '/hub/logout/done',
  '/hub/oauth_callback',
  '/hub/backchannel_logout',
  '/hub/jwks.json',
  '/hub/health',
  '/hub/ready',
  '/hub/metrics',
  '/hub/home',
  '/hub/logo',
  '/hub/static/gateway.css',
  '/hub/security/csp-report',
  '/hub/nothing',
  '/hub/api/',
  '/hub/api/openapi.json',
  '/hub/api/user',
  '/hub/api/users',
  '/hub/api/oauth2/authorize',
  '/hub/api/oauth2/token',
  '/hub/oidc/auth',
  '/hub/oidc/token',
  '/hub/oidc/jwks',
  '/hub/oidc/interaction/x',
  '/user/alice',
  '/services/x',
  '/elsewhere',
];
