import type { HubCall } from './hubCall.ts';

/** A difference to JupyterHub that is meant: its row in docs/hub-api.md has the reason under the same name. */
export interface Deliberate {
  name: string;
  covers(call: HubCall, difference: string): boolean;
}

const asks = (call: HubCall, method: string, path: RegExp): boolean => call.method === method && path.test(call.path);

export const deliberate: readonly Deliberate[] = [
  {
    name: 'display_name',
    covers: (call, difference) => call.path === '/user' && difference === '$.display_name: only here',
  },
  {
    name: 'roles of services',
    covers: (call, difference) => /^\$(\.\w+)?\.roles: /.test(difference) && /\/(services|user)/.test(call.path),
  },
  {
    name: 'a service about itself',
    covers: (call, difference) => call.path === '/user' && /^\$\.(display|info|url): null there/.test(difference),
  },
  { name: 'name_filter', covers: (call) => call.path.includes('name_filter=%25') },
  {
    name: 'renaming users',
    covers: (call, difference) =>
      asks(call, 'PATCH', /^\/users\//) &&
      'name' in (call.body as object) &&
      difference.startsWith('status: 200 there, 400'),
  },
  { name: 'auth_state', covers: (call) => asks(call, 'PATCH', /^\/users\//) && 'auth_state' in (call.body as object) },
  {
    name: 'password in a body',
    covers: (call, difference) =>
      call.as === 'nobody' && asks(call, 'POST', /tokens$/) && difference.includes('403 here'),
  },
  { name: 'empty list as body', covers: (call) => Array.isArray(call.body) && call.body.length === 0 },
  { name: 'user_options', covers: (_, difference) => /user_options: /.test(difference) },
  {
    name: "JupyterHub's own faults",
    covers: (call, difference) =>
      /^status: 500 there, 40[05] here$/.test(difference) && !/\/servers?(?:\/|$)/.test(call.path),
  },
  {
    name: 'unknown fields',
    covers: (call, difference) =>
      JSON.stringify(call.body ?? '').includes('planet') && difference === 'status: 500 there, 400 here',
  },
  {
    name: 'a share',
    covers: (call, difference) =>
      /^\/(?:shares|share-codes|users|groups)\/.*/.test(call.path) &&
      /\.(?:level|expires_at|note): only here$/.test(difference),
  },
  {
    name: "a share's scopes",
    covers: (call, difference) =>
      JSON.stringify(call.body ?? '').includes('admin:users') && difference === 'status: 200 there, 400 here',
  },
  {
    name: 'sharing with a user by name',
    covers: (call, difference) =>
      call.as === 'alice' && asks(call, 'POST', /^\/shares\//) && difference === 'status: 403 there, 200 here',
  },
  {
    name: 'adding services',
    covers: (call, difference) => asks(call, 'POST', /^\/services\//) && difference === 'status: 201 there, 400 here',
  },
  {
    name: 'the answer of the confirm page',
    covers: (call, difference) =>
      asks(call, 'POST', /^\/oauth2\/authorize/) && difference === 'status: 403 there, 401 here',
  },
];
