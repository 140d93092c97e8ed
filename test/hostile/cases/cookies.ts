import { cookie, good } from '../../helpers/hopWorld.ts';
import { bothWays, bytesOf, shown } from '../case.ts';
import type { Case } from '../case.ts';

const first = 'GET /user/alice/x HTTP/1.1';
const ref = 'jupyter-server-proxy#590, oauth2-proxy#644';

/** Cookie headers of a signed-in person, and what of them arrives. */
const signedIn: readonly (readonly [readonly string[], readonly string[]])[] = [
  [[cookie], []],
  [[`a=1; ${cookie}; b=2`], ['a=1; b=2']],
  [[`${cookie};a=1`], ['a=1']],
  [[`a="x y"; ${cookie}; b=%20;c`], ['a="x y"; b=%20; c']],
  [[`${cookie}; ${cookie}`], []],
  [[`cylc-gateway=stale; ${cookie}`], []],
  [[`${cookie}; cylc-gateway=stale`], []],
  [[`${cookie}; cylc-gateway=`], []],
  [[`${cookie}; cylc-gateway`], []],
  [[`${cookie}; cylc-gateway ="${good}"`], []],
  [[`${cookie}; \tcylc-gateway\t=${good}`], []],
  [[`${cookie}; __Host-cylc-gateway=${good}`], []],
  [[`${cookie}; __Secure-cylc-gateway=${good}`], []],
  [[`${cookie}; cylc-gateway-login=${good}`], []],
  [[`${cookie}; __Host-cylc-gateway-login-x=${good}`], []],
  [[`${cookie}; a="x; cylc-gateway=${good}"`], ['a="x']],
  [[`${cookie}; a=cylc-gateway`], ['a=cylc-gateway']],
  [[`${cookie};;; ; a=1;`], ['a=1']],
  [[cookie, 'a=1'], ['a=1']],
  [
    ['a=1', cookie, 'b=2'],
    ['a=1', 'b=2'],
  ],
  [['a=1', `cylc-gateway=x; ${cookie}`], ['a=1']],
  [[`${cookie}; big=${'x'.repeat(20_000)}`], [`big=${'x'.repeat(20_000)}`]],
  [[`${cookie}; cylc-gateway=${'x'.repeat(20_000)}`], []],
];

/** None of these is a session. */
const strangers = [
  '',
  'cylc-gateway=',
  'cylc-gateway',
  `cylc-gateway="${good}"`,
  `Cylc-Gateway=${good}`,
  `cylc-gateway=${good}x`,
  `cylc-gateway=${good.slice(0, -1)}`,
  `cylc-gateway=%67ood-session-value`,
  `cylc-gateway==${good}`,
  `xcylc-gateway=${good}`,
  `cylc-gateway-x=${good}`,
  `a="${good}"`,
  `a=1, cylc-gateway=${good}`,
  'cylc-gateway=..%2f..%2fetc%2fpasswd',
  `cylc-gateway=${'x'.repeat(20_000)}`,
  `cylc-gateway=a.b.c; cylc-gateway=d.e.f; ${'cylc-gateway=x; '.repeat(100)}`,
];

export const cookies: Case[] = [
  ...signedIn.map(([sent, kept]): Case => ({
    name: shown(sent.join(' | ')),
    ref,
    fate: { kind: 'carried', lines: [first, 'Host: h', ...kept.map((value) => `Cookie: ${value}`)] },
    bytes: bytesOf(first, ['Host: h', ...sent.map((value) => `Cookie: ${value}`)]),
  })),
  ...strangers.flatMap((value) =>
    bothWays(`${shown(value)} is no session`, 'coder#9389, #19930', ['Host: h', `Cookie: ${value}`], '/user/alice/x', {
      kind: 'denied',
      status: 401,
    }),
  ),
  ...bothWays('a NUL in a cookie', 'RFC 9110, 5.5', ['Host: h', `Cookie: ${cookie}; a=\u0000`], '/user/alice/x', {
    kind: 'refused',
  }),
];
