import { get, pages, send } from './hubCall.ts';
import type { HubCall } from './hubCall.ts';

/** What everybody asks for of shares. */
export const shareReads = [
  '/shares/alice',
  '/shares/alice/',
  '/shares/alice/one',
  '/shares/nobody-known',
  '/share-codes/alice',
  '/share-codes/alice/',
  '/share-codes/nobody-known',
  '/users/alice/shared',
  '/users/bob/shared',
  '/users/nobody-known/shared',
  '/users/bob/shared/alice/',
  '/groups/wx/shared',
  '/groups/none/shared',
  '/groups/wx/shared/alice/',
];

/** What strangers try with them. */
export const shareChanges: [string, string, unknown?][] = [
  ['POST', '/shares/alice/', { user: 'bob' }],
  ['PATCH', '/shares/alice/', { user: 'bob' }],
  ['DELETE', '/shares/alice/'],
  ['POST', '/share-codes/alice/'],
  ['DELETE', '/share-codes/alice/'],
  ['DELETE', '/users/alice/shared/bob/'],
  ['DELETE', '/groups/wx/shared/alice/'],
];

const grants: HubCall[] = [
  get('boot', '/shares/alice/'),
  send('boot', 'POST', '/shares/alice/', { user: 'bob' }),
  send('boot', 'POST', '/shares/alice/', { user: 'bob' }),
  send('boot', 'POST', '/shares/alice/', { group: 'wx' }),
  get('boot', '/shares/alice'),
  get('boot', '/shares/alice?limit=1'),
  get('boot', '/shares/alice?limit=1&offset=1', { accept: pages }),
  get('boot', '/shares/alice?offset=x'),
  get('boot', '/shares/alice/'),
  get('boot', '/users/bob/shared'),
  get('boot', '/users/bob/shared/alice/'),
  get('bob', '/users/bob/shared'),
  get('bob', '/users/bob/shared/alice/'),
  get('bob', '/users/bob/shared/alice/none'),
  get('bob', '/users/bob/shared/nobody-known/'),
  get('erin', '/users/bob/shared'),
  get('erin', '/users/bob/shared/alice/'),
  get('boot', '/groups/wx/shared'),
  get('boot', '/groups/wx/shared/alice/'),
  get('boot', '/groups/wx/shared/alice/none'),
  get('boot', '/groups/none/shared/alice/'),
  get('boot', '/groups/ops/shared/alice/'),
  get('bob', '/users/alice'),
  get('bob', '/users/alice/server'),
  get('bob', '/shares/alice/'),
];

/** Shares that cannot be. */
const faulty: HubCall[] = [
  {},
  { user: 'bob', group: 'wx' },
  { user: 'nobody-known' },
  { group: 'none' },
  { user: 'bob', planet: 'mars' },
  { user: 1 },
  { user: 'bob', scopes: 'access:servers' },
  { user: 'bob', scopes: ['nonsense'] },
  { user: 'bob', scopes: ['access:servers!server=bob/'] },
  { user: 'bob', scopes: ['admin:users'] },
  [1],
].flatMap((body) => [send('boot', 'POST', '/shares/alice/', body), send('boot', 'PATCH', '/shares/alice/', body)]);

const odd: HubCall[] = [
  send('boot', 'POST', '/shares/alice/'),
  send('boot', 'POST', '/shares/alice/', undefined, { text: '{' }),
  send('boot', 'POST', '/shares/alice/none', { user: 'bob' }),
  send('boot', 'POST', '/shares/nobody-known/', { user: 'bob' }),
  send('boot', 'PATCH', '/shares/alice/none', { user: 'bob' }),
  send('boot', 'DELETE', '/shares/alice/none'),
  send('boot', 'POST', '/shares/alice', { user: 'bob' }),
  send('boot', 'PATCH', '/shares/alice', { user: 'bob' }),
  send('boot', 'DELETE', '/shares/alice'),
  send('boot', 'PUT', '/shares/alice/', { user: 'bob' }),
  send('boot', 'GET', '/shares'),
  send('alice', 'POST', '/shares/alice/', { user: 'bob' }),
  send('alice', 'POST', '/share-codes/alice/'),
];

/** Giving up, taking back a part, taking back all. */
const endings: HubCall[] = [
  send('boot', 'POST', '/shares/alice/', { user: 'erin', scopes: ['access:servers', 'start:servers'] }),
  send('erin', 'POST', '/users/alice/server'),
  get('erin', '/users/alice/server'),
  send('erin', 'DELETE', '/users/alice/server'),
  send('bob', 'POST', '/users/alice/server'),
  send('alice', 'DELETE', '/users/alice/server'),
  send('boot', 'PATCH', '/shares/alice/', { user: 'erin', scopes: ['start:servers!server=alice/'] }),
  send('erin', 'POST', '/users/alice/server'),
  send('erin', 'DELETE', '/users/bob/shared/alice/'),
  send('erin', 'DELETE', '/users/erin/shared/alice/'),
  send('erin', 'DELETE', '/users/erin/shared/alice/'),
  send('boot', 'DELETE', '/groups/wx/shared/alice/'),
  send('boot', 'DELETE', '/groups/wx/shared/alice/'),
  send('boot', 'POST', '/shares/alice/', { user: 'bob' }),
  send('boot', 'PATCH', '/shares/alice/', { user: 'bob' }),
  send('boot', 'PATCH', '/shares/alice/', { user: 'bob' }),
  get('bob', '/users/bob/shared/alice/'),
  send('boot', 'POST', '/shares/alice/', { group: 'wx' }),
  send('boot', 'DELETE', '/shares/alice/'),
  send('boot', 'DELETE', '/shares/alice/'),
  get('boot', '/shares/alice'),
];

const codes: HubCall[] = [
  send('boot', 'POST', '/share-codes/alice/', undefined, { save: { code: 'code', 'code-id': 'id' } }),
  send('boot', 'POST', '/share-codes/alice/', { expires_in: 3600 }, { save: { 'other-code': 'code' } }),
  send('boot', 'POST', '/share-codes/alice/', { expires_in: 1 }),
  send('boot', 'POST', '/share-codes/alice/', { expires_in: 'soon' }),
  send('boot', 'POST', '/share-codes/alice/', { scopes: ['nonsense'] }),
  send('boot', 'POST', '/share-codes/alice/', { scopes: ['access:servers!server=bob/'] }),
  send('boot', 'POST', '/share-codes/alice/', { scopes: ['access:servers!server=alice/'] }),
  send('boot', 'POST', '/share-codes/alice/', { planet: 'mars' }),
  send('boot', 'POST', '/share-codes/alice/', [1]),
  send('boot', 'POST', '/share-codes/alice/none'),
  send('boot', 'POST', '/share-codes/nobody-known/'),
  send('boot', 'POST', '/share-codes/alice'),
  send('boot', 'PATCH', '/share-codes/alice/'),
  get('boot', '/share-codes/alice'),
  get('boot', '/share-codes/alice?limit=1'),
  get('boot', '/share-codes/alice/'),
  get('boot', '/share-codes/alice/none'),
  send('bob', 'DELETE', '/share-codes/alice/?id={code-id}'),
  send('boot', 'DELETE', '/share-codes/alice'),
  send('boot', 'DELETE', '/share-codes/alice/none'),
  send('boot', 'DELETE', '/share-codes/alice/?id=nonsense'),
  send('boot', 'DELETE', '/share-codes/alice/?code=nonsense'),
  send('boot', 'DELETE', '/share-codes/alice/?id={code-id}'),
  send('boot', 'DELETE', '/share-codes/alice/?id={code-id}'),
  send('boot', 'DELETE', '/share-codes/alice/?code={other-code}'),
  send('boot', 'DELETE', '/share-codes/alice/'),
  get('boot', '/share-codes/alice/'),
];

export const shareCalls: readonly HubCall[] = [...grants, ...faulty, ...odd, ...endings, ...codes];
