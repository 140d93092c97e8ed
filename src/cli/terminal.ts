import type { Gateway } from '../gatewayTypes.ts';
import type { PrintedLink } from '../identity/firstRunLinks.ts';

/** What the person at the terminal reads once the gateway listens. */
export function banner(gateway: Gateway, links: readonly PrintedLink[], note?: string): string {
  const lines = [
    '',
    `  Cylc Gateway is at ${gateway.urls.origin}${gateway.urls.base}`,
    `  UI server: ${gateway.programs}`,
    ...[...gateway.notes, ...(note === undefined ? [] : [note])].map((text) => `  Note: ${text}`),
    ...links.flatMap(({ warning }) => (warning === undefined ? [] : [`  Warning: ${warning}`])),
    ...(links.length === 0 ? [] : ['', '  Sign in by one of these links; each works once:']),
    ...links.map((link) => `    ${link.account.padEnd(12)} ${link.url}`),
    '',
    '  Ctrl-C stops the gateway; running servers keep running.',
    '',
  ];
  return `${lines.join('\n')}\n`;
}

/** What they read when they end it. */
export function farewell(gateway: Gateway, again: boolean): string {
  const running = gateway.servers
    .list()
    .filter((server) => server.phase === 'ready' || server.phase === 'starting').length;
  const servers =
    running === 0
      ? 'No server is running.'
      : `${running === 1 ? '1 server goes' : `${running} servers go`} on and will be found again at the next start.\n` +
        '  To stop them all: npm run servers:stop';
  return again ? `\n  Ended at once. ${servers}\n` : `\n  Ending (Ctrl-C again: at once). ${servers}\n`;
}
