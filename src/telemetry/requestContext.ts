import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * The request that the running code works for, so that a change deep in a room can be put down to who asked for it and
 * from where, without every call between carrying that along. For requests of our own pages and API, and of the control
 * socket; the hop has none, since it would cost every request something.
 */
export interface RequestContext {
  requestId: string;
  /** Address of the client, by the rules for trusted proxies. */
  from: string;
  /** By what way it came. */
  way: 'page' | 'api' | 'command line';
  /** Account (or service) that asks, once it is known. */
  who?: string;
}

const storage = new AsyncLocalStorage<RequestContext>();

export function withRequest<T>(context: RequestContext, run: () => T): T {
  return storage.run(context, run);
}

export function currentRequest(): Readonly<RequestContext> | undefined {
  return storage.getStore();
}

/** It is known now who asks. */
export function noteCaller(who: string): void {
  const context = storage.getStore();
  if (context !== undefined) context.who = who;
}
