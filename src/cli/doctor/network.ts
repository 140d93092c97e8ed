/** Why an address could not be asked, in the words of what was deepest: `fetch` itself only says that it failed. */
export function whyUnreachable(error: unknown): string {
  let at = error as Error & { code?: string; errors?: Error[] };
  while (at.cause instanceof Error) at = at.cause;
  const inner = at.errors?.[0] ?? at;
  if (inner.name === 'TimeoutError') return 'no answer in time';
  return inner.message === '' ? ((inner as { code?: string }).code ?? inner.name) : inner.message;
}

/** What may help, by the kind of failure. */
export function adviceUnreachable(why: string): string {
  if (/certificate|self.signed|issuer/i.test(why))
    return "Where the site has an authority of its own, name its file in the gateway's environment: NODE_EXTRA_CA_CERTS=/path/ca.pem";
  if (/ENOTFOUND|EAI_AGAIN/.test(why)) return 'See that this host can look the name up (getent hosts NAME).';
  return 'See that this host may reach it: route, firewall, and that it runs.';
}

/** A `fetch` under that signal, whatever signal of its own its caller gives too. */
export function fetchUnder(signal: AbortSignal): typeof fetch {
  return (input, init) => fetch(input, { ...init, signal });
}
