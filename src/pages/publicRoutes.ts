import { Hono } from 'hono';
import { readText } from '../listen/bodyFormats.ts';
import { bodyLimits } from '../listen/requestBody.ts';
import type { Logger } from '../telemetry/log.ts';
import { createLogGate } from '../telemetry/logGate.ts';
import type { Asset } from './assets.ts';
import { cspReportFields } from './cspReport.ts';
import { logoSvg } from './logo.ts';
import { plainHeaders } from './pageHeaders.ts';

const day = 'public, max-age=86400';

/** What needs no session: static files from memory, the logo, and where browsers report to. */
export function publicRoutes({ assets, log }: { assets: readonly Asset[]; log: Logger }): Hono {
  const app = new Hono();
  const logReport = createLogGate(log, 'info');
  for (const { name, hashedName, type, content } of assets) {
    app.get(`/static/${hashedName}`, () => file(content, type, 'public, max-age=31536000, immutable'));
    // For pages made elsewhere (the edge), which do not know the hash.
    app.get(`/static/${name}`, () => file(content, type, 'public, max-age=300'));
  }
  for (const path of ['/logo', '/favicon', '/favicon.ico'])
    app.get(path, () => file(new TextEncoder().encode(logoSvg), 'image/svg+xml', day));
  app.post('/security/csp-report', async (c) => {
    const report = cspReportFields(await readText(c, bodyLimits.anonymous));
    logReport({ report }, 'a browser reports a breach of the content policy');
    return c.body(null, 204, plainHeaders);
  });
  return app;
}

function file(content: Uint8Array, type: string, cacheControl: string): Response {
  const headers = { 'content-type': type, 'cache-control': cacheControl, ...plainHeaders };
  return new Response(content as Uint8Array<ArrayBuffer>, { headers });
}
