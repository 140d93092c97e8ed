import { withoutQuery } from '../urls.ts';

/** Fields of a report of the Content-Security-Policy (CSP 3, 5.3) that say what was refused and where. */
const kept = ['document-uri', 'blocked-uri', 'effective-directive', 'violated-directive', 'source-file', 'line-number'];

/** What of a browser's report goes into the log. Addresses lose their query, which may hold a sign-in link. */
export function cspReportFields(text: string): Record<string, string> {
  const report = reportIn(text);
  return Object.fromEntries(
    kept.flatMap((name) => {
      const value = report[name];
      if (typeof value !== 'string' && typeof value !== 'number') return [];
      return [[name, withoutQuery(String(value)).slice(0, 300)]];
    }),
  );
}

function reportIn(text: string): Record<string, unknown> {
  try {
    const body = JSON.parse(text) as { 'csp-report'?: Record<string, unknown> } | null;
    return body?.['csp-report'] ?? {};
  } catch {
    return {};
  }
}
