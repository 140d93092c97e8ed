import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { once } from 'node:events';
import { request, STATUS_CODES } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { Logger } from '../telemetry/log.ts';
import type { ChpOptions } from './options.ts';
import type { Target, Targets } from './targets.ts';
import { upstreamPath } from './upstreamPath.ts';

/** 400: not to be carried. 404: no route. 503: a route, but its target does not answer. */
export type ErrorStatus = 400 | 404 | 500 | 503;

export interface ErrorAnswer {
  headers: Record<string, string>;
  body: Buffer;
}

/** Makes the body of an error, in the order of configurable-http-proxy: error target, error path, our own words. */
export type ErrorAnswers = (status: ErrorStatus, url: string) => Promise<ErrorAnswer>;

/** An error page is no place to wait, ms, or to move much data, bytes. */
const askTimeoutMs = 10_000;
const maxPageBytes = 1024 * 1024;

export function createErrorAnswers(
  options: Pick<ChpOptions, 'errorTarget' | 'errorPath'>,
  { targets, log }: { targets: Targets; log: Logger },
): ErrorAnswers {
  const target = options.errorTarget === undefined ? undefined : targets.of(withSlash(options.errorTarget));
  const folder = options.errorPath;
  return async (status, url) => {
    try {
      if (target !== undefined) return await ask(target, status, url);
      if (folder !== undefined) return await page(folder, status);
    } catch (error) {
      log.error({ err: error, status }, 'no custom error page');
    }
    return plain(status);
  };
}

function withSlash(url: string): string {
  return url.endsWith('/') ? url : `${url}/`;
}

/** `GET <error target>/503?url=%2Fwhat%2Fwas%2Fasked`. */
async function ask(target: Target, status: ErrorStatus, url: string): Promise<ErrorAnswer> {
  const query = `?url=${encodeURIComponent(url)}`;
  const at = upstreamPath({ path: `/${status}`, query }, target.url, 0, { prependPath: true, includePrefix: true });
  const asked = request({
    createConnection: () => target.open(),
    path: at.path + at.query,
    headers: { host: target.url.protocol.includes('unix') ? 'localhost' : target.url.host, connection: 'close' },
    signal: AbortSignal.timeout(askTimeoutMs),
  }).end();
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  const headers: Record<string, string> = {};
  for (const name of ['content-type', 'content-encoding'] as const) {
    const value = answer.headers[name];
    if (typeof value === 'string') headers[name] = value;
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer) {
    size += (chunk as Buffer).length;
    if (size > maxPageBytes) throw new Error(`the error page is longer than ${maxPageBytes} bytes`);
    chunks.push(chunk as Buffer);
  }
  return { headers, body: Buffer.concat(chunks) };
}

async function page(folder: string, status: ErrorStatus): Promise<ErrorAnswer> {
  const body = await readFile(join(folder, `${status}.html`)).catch(() => readFile(join(folder, 'error.html')));
  return { headers: { 'content-type': 'text/html' }, body };
}

const words: Record<ErrorStatus, string> = {
  400: 'The request cannot be carried: it could be read in more than one way.',
  404: 'Nothing is at this address.',
  500: 'The proxy failed at this request.',
  503: 'What is at this address does not answer now. It may still be starting; try again in a moment.',
};

function plain(status: ErrorStatus): ErrorAnswer {
  const title = `${status} ${STATUS_CODES[status]!}`;
  const html = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title></head>
<body><h1>${title}</h1><p>${words[status]}</p></body></html>
`;
  return { headers: { 'content-type': 'text/html; charset=utf-8' }, body: Buffer.from(html) };
}
