import { toHubGroup } from '../groupNames.ts';
import type { Principal } from '../principals.ts';
import { formatScopes } from '../scopes/scopeSet.ts';
import type { ApiDeps } from './deps.ts';
import { callerModel } from './models.ts';
import { presentService, presentUser } from './present.ts';
import { defineRoute } from './route.ts';
import type { Call, Route } from './route.ts';

/** `GET /user`: whose token is this, and what may it do? The question a UI server asks of each visitor. */
export function userRoute(deps: ApiDeps): Route {
  return defineRoute({
    method: 'get',
    path: '/user',
    tag: 'Users',
    summary: 'Who am I, and what may I do?',
    description: 'Of every live credential, whatever its scopes. Answered from memory.',
    needs: 'credentials',
    replies: { 200: { description: 'The caller.', schema: callerModel } },
    handle(call) {
      const { who } = call;
      const credential = {
        token_id: who.record?.id ?? null,
        session_id: who.sessionId,
        scopes: deps.principals.toIdentity(who)?.scopes ?? formatScopes(who.scopes),
      };
      return call.c.json({ ...modelOf(deps, call), ...credential });
    },
  });
}

/**
 * JupyterHub's model as far as the credential may read it; name and groups always. hubapp takes the display name from
 * the top level. No `username`: hubapp would check permissions by it, and show them by `name`.
 */
function modelOf(deps: ApiDeps, { who, may }: Pick<Call, 'who' | 'may'>): object {
  if (who.account === undefined) return serviceModel(deps, who, may);
  const { name, displayName, groups, admin } = who.account;
  const servers = deps
    .servers()
    .list()
    .filter(({ owner }) => owner === name);
  const user = deps.directory.get(name) ?? { name, createdAt: null, lastActivityAt: null };
  const account = who.account;
  const model = presentUser(deps, { user, account, servers, includeStopped: false }, may);
  const always = {
    groups: groups.map(toHubGroup),
    admin,
    display_name: displayName,
    user_info: { display_name: displayName },
  };
  return { kind: 'user', name, ...model, ...always };
}

function serviceModel(deps: ApiDeps, who: Principal, may: Call['may']): object {
  const service = deps.services().find(({ name }) => name === who.name);
  const model = service === undefined ? {} : presentService(service, may);
  return { kind: 'service', name: who.name, admin: who.admin, ...model };
}
