/**
 * Group names of the Hub API. Groups of the gateway itself, which the API can make and change, go by their plain name,
 * as in JupyterHub; those of the system and of claims keep their prefix (`system:wxteam`). A plain name has no colon.
 */
const local = 'local:';

/** From the prefixed name that accounts and shares hold. */
export function toHubGroup(group: string): string {
  return group.startsWith(local) ? group.slice(local.length) : group;
}

/** To the prefixed name. */
export function fromHubGroup(name: string): string {
  return name.includes(':') ? name : local + name;
}
