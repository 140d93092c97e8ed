/** A call that a real JupyterHub and the gateway are both asked. */
export interface HubCall {
  /** Whose token it bears: a name of `services`, a token saved before (`alice`), `nobody` or `junk`. */
  as: string;
  method: string;
  /** Relative to `/hub/api`. `{x}` is what an earlier call saved as `x`. */
  path: string;
  body?: unknown;
  /** Sent as it is, where JSON would not do. */
  text?: string;
  /** Sent as the body of a form. */
  form?: Readonly<Record<string, string>>;
  accept?: string;
  /** Saves a field of the answer: `{ 'alice-id': 'id' }`. A token saved as `x` may be used as `as: 'x'`. */
  save?: Readonly<Record<string, string>>;
  /** Repeats the call until the answer holds this, to wait for what goes on behind it. */
  until?: string;
}

export const pages = 'application/jupyterhub-pagination+json';

export const get = (as: string, path: string, more: Partial<HubCall> = {}): HubCall => ({
  as,
  method: 'GET',
  path,
  ...more,
});
export const send = (
  as: string,
  method: string,
  path: string,
  body?: unknown,
  more: Partial<HubCall> = {},
): HubCall => ({
  as,
  method,
  path,
  ...(body === undefined ? {} : { body }),
  ...more,
});
