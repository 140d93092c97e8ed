/**
 * JupyterHub's scopes (jupyterhub 6, `scopes.py`): names and what each includes are its interface, and must be the same
 * here. Two differ on purpose: `shares` does not bring `access:servers` along, since who may open a server is the
 * gateway's own decision; and there are no custom scopes.
 */
interface ScopeKind {
  description: string;
  includes?: readonly string[];
}

export const scopeKinds: Readonly<Record<string, ScopeKind>> = {
  '(no_scope)': { description: 'Know whose token it is.' },
  self: { description: "All of the owner's own: their servers, tokens and shares." },
  inherit: { description: 'All that the owner of the token may.' },
  'admin-ui': { description: 'See the admin page.' },
  'admin:users': {
    description: 'Read, change, create and delete users.',
    includes: ['admin:auth_state', 'users', 'read:roles:users', 'delete:users'],
  },
  'admin:auth_state': { description: 'Read what the sign-in left behind for a user.' },
  users: {
    description: 'Read and change users, but not their servers or tokens.',
    includes: ['read:users', 'list:users', 'users:activity'],
  },
  'delete:users': { description: 'Delete users.' },
  'list:users': { description: 'List users by name.', includes: ['read:users:name'] },
  'read:users': {
    description: 'Read users.',
    includes: ['read:users:name', 'read:users:groups', 'read:users:activity'],
  },
  'read:users:name': { description: 'Read names of users.' },
  'read:users:groups': { description: 'Read the groups of users.' },
  'read:users:activity': { description: 'Read when users were last active.' },
  'read:roles': {
    description: 'Read roles.',
    includes: ['read:roles:users', 'read:roles:services', 'read:roles:groups'],
  },
  'read:roles:users': { description: 'Read roles of users.' },
  'read:roles:services': { description: 'Read roles of services.' },
  'read:roles:groups': { description: 'Read roles of groups.' },
  'users:activity': { description: 'Report activity of users.', includes: ['read:users:activity'] },
  'admin:servers': {
    description: 'Read, start, stop, make and delete servers, with their state.',
    includes: ['admin:server_state', 'servers'],
  },
  'admin:server_state': { description: 'Read the state of servers.' },
  servers: {
    description: 'Read, start and stop servers.',
    includes: ['read:servers', 'start:servers', 'delete:servers'],
  },
  'read:servers': { description: 'Read servers, but not their state.', includes: ['read:users:name'] },
  'start:servers': { description: 'Start, make and edit servers.' },
  'delete:servers': { description: 'Stop and delete servers.' },
  tokens: { description: 'Read, make and revoke tokens.', includes: ['read:tokens'] },
  'read:tokens': { description: 'Read tokens (never the secret itself).' },
  'admin:groups': {
    description: 'Read, change, create and delete groups.',
    includes: ['groups', 'read:roles:groups', 'delete:groups'],
  },
  groups: { description: 'Read groups and change their members.', includes: ['read:groups', 'list:groups'] },
  'list:groups': { description: 'List groups by name.', includes: ['read:groups:name'] },
  'read:groups': { description: 'Read groups.', includes: ['read:groups:name'] },
  'read:groups:name': { description: 'Read names of groups.' },
  'delete:groups': { description: 'Delete groups.' },
  'admin:services': {
    description: 'Read services. They are made by the configuration alone.',
    includes: ['list:services', 'read:services', 'read:roles:services'],
  },
  'list:services': { description: 'List services by name.', includes: ['read:services:name'] },
  'read:services': { description: 'Read services.', includes: ['read:services:name'] },
  'read:services:name': { description: 'Read names of services.' },
  'read:hub': { description: 'Read the versions of the gateway.' },
  'access:servers': { description: 'Open servers.' },
  'access:services': { description: 'Open services.' },
  'users:shares': { description: "Read and end users' shares.", includes: ['read:users:shares'] },
  'read:users:shares': { description: 'Read what is shared with a user.' },
  'groups:shares': { description: "Read and end groups' shares.", includes: ['read:groups:shares'] },
  'read:groups:shares': { description: 'Read what is shared with a group.' },
  'read:shares': { description: 'Read shares of servers.' },
  shares: {
    description: 'Read, make and end shares of servers.',
    includes: ['read:shares', 'users:shares', 'groups:shares'],
  },
  proxy: { description: 'Read the routes.' },
  shutdown: { description: 'End the gateway.' },
  'read:metrics': { description: 'Read metrics.' },
};

/** What `self` means for a user. */
export const selfScopes: readonly string[] = [
  'read:users',
  'users:shares',
  'read:shares',
  'users:activity',
  'servers',
  'tokens',
  'access:servers',
  'shares',
];

/** What an admin may beside their own: JupyterHub's role `admin`, but for `access:servers` (see `ownerScopes.ts`). */
export const adminScopes: readonly string[] = [
  'admin-ui',
  'admin:users',
  'admin:servers',
  'admin:services',
  'tokens',
  'admin:groups',
  'read:hub',
  'proxy',
  'shutdown',
  'read:roles',
  'read:metrics',
  'shares',
];
