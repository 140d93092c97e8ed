import { isLoopback } from '../config/publicAddress.ts';

/**
 * The hosts at which a sign-in link is taken: that of the printed address, and where that is this machine, its other names
 * and any port, since the port may be forwarded. At any other name the browser would keep the session where nothing leads
 * to, or a page of another site could have its name resolve to us (DNS rebinding).
 */
export function createLinkHosts({ origin, any }: { origin: string; any: boolean }) {
  const printed = new URL(origin);
  return (host: string | undefined): boolean => {
    if (any || host === printed.host) return true;
    if (host === undefined || !URL.canParse(`http://${host}`)) return false;
    return isLoopback(printed.hostname) && isLoopback(new URL(`http://${host}`).hostname);
  };
}
