import { get, send } from './hubCall.ts';
import type { HubCall } from './hubCall.ts';

const page = '/oauth2/authorize?response_type=code&state=s';
const client = { client_id: 'service-culler', client_secret: 'wrong' };
const trade = (form: Readonly<Record<string, string>>): HubCall =>
  send('nobody', 'POST', '/oauth2/token', undefined, { form });

/** The sign-in of servers and services, as far as it is refused: a whole one is in test/unit/hub/oauth.test.ts. */
export const oauthCalls: readonly HubCall[] = [
  get('nobody', `${page}&client_id=service-culler&redirect_uri=/services/culler/oauth_callback`),
  get('nobody', `${page}&client_id=unknown&redirect_uri=/`),
  get('nobody', '/oauth2/authorize'),
  send('nobody', 'POST', `${page}&client_id=service-culler&redirect_uri=/services/culler/oauth_callback`),
  trade({}),
  trade({ grant_type: 'authorization_code' }),
  trade({ grant_type: 'authorization_code', code: 'x' }),
  trade({ grant_type: 'authorization_code', code: 'x', client_id: 'unknown', client_secret: 'x' }),
  trade({ grant_type: 'authorization_code', code: 'x', ...client }),
  trade({ grant_type: 'password', username: 'alice', password: 'x', ...client }),
  trade({ grant_type: 'nonsense', ...client }),
  send('nobody', 'GET', '/oauth2/token'),
];
