import { cookie } from '../../helpers/hopWorld.ts';
import { bothWays, bytesOf, refused, shown } from '../case.ts';
import type { Case } from '../case.ts';

const values = [
  '',
  'h/x',
  'h?x',
  'h#x',
  'a@h',
  'h h',
  'h,evil.example',
  'h, evil.example',
  'h:port',
  'h:',
  'h:123456',
  'h:80:80',
  '[::1',
  '::1',
  '[::1]x',
  '[g::1]',
  'h\\x',
  'h\u00e9',
  '<h>',
  '"h"',
  "h'",
  'h;x',
  'h%2fx',
  'h\u0000',
  'h\u0001',
];
const session = `Cookie: ${cookie}`;

export const hosts: Case[] = [
  ...values.flatMap((value) =>
    bothWays(`Host: ${shown(value)}`, 'Hono CVE-2026-47674', [`Host: ${value}`, session], '/user/alice/x', refused),
  ),
  ...[
    [session],
    ['Host: h', 'Host: h', session],
    ['Host: h', 'Host: evil.example', session],
    ['Host: h', session, 'hOST: evil.example'],
    ['Host : h', session],
    [' Host: h', session],
    ['Host: h', ' evil.example', session],
  ].flatMap((headers) =>
    bothWays(`with ${shown(headers.join('|'))}`, 'RFC 9112, 3.2', headers, '/user/alice/x', refused),
  ),
  {
    name: 'none in HTTP/1.0: ours is put in',
    ref: 'RFC 9112, 3.2',
    fate: { kind: 'carried', lines: ['GET /user/alice/x HTTP/1.1'] },
    bytes: bytesOf('GET /user/alice/x HTTP/1.0', [session]),
  },
];
