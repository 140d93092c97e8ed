import { readFileSync } from 'node:fs';

/** The gateway's own version, from `package.json`: two folders up from the sources, three from `dist`. */
export function gatewayVersion(): string {
  for (const path of ['../../package.json', '../../../package.json'])
    try {
      const { name, version } = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as Record<
        string,
        string
      >;
      if (name === 'cylc-gateway' && version !== undefined) return version;
    } catch {
      continue;
    }
  return 'unknown';
}
