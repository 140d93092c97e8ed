import type { GatewayError } from '../errors.ts';
import type { Events, GatewayEvents } from './events.ts';

/** An application of ours answers with an error: the event for it. Who asked and from where is in the request context. */
export function tellRefusal(
  events: Events | undefined,
  error: GatewayError,
  asked: Pick<GatewayEvents['refused'], 'method' | 'path'> &
    Partial<Pick<GatewayEvents['refused'], 'account' | 'target'>>,
): void {
  const { code, status, facts, message } = error;
  const why = facts['why'] ?? facts['reason'];
  events?.emit('refused', {
    code,
    status,
    reason: typeof why === 'string' ? why : message,
    upgrade: false,
    hidden: facts['denied'] === true,
    ...asked,
  });
}
