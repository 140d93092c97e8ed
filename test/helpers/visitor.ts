import { request } from 'undici';
import { WebSocket } from 'ws';

interface Cookie {
  name: string;
  value: string;
  path: string;
}

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
  url: string;
}

interface Options {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
  follow?: boolean;
}

/**
 * A browser without pages: a cookie jar that honours Path and Max-Age, redirects, and the headers a browser adds to a
 * navigation. Enough to walk through a sign-in, a start and a UI server's own OAuth.
 */
export class Visitor {
  readonly origin: string;
  #cookies: Cookie[] = [];

  constructor(origin: string) {
    this.origin = origin;
  }

  cookieHeader(path: string): string {
    return this.#cookies
      .filter((cookie) => path === cookie.path || path.startsWith(cookie.path.replace(/\/?$/, '/')))
      .map((cookie) => `${cookie.name}=${cookie.value}`)
      .join('; ');
  }

  cookie(name: string): string | undefined {
    return this.#cookies.find((cookie) => cookie.name === name)?.value;
  }

  setCookie(name: string, value: string, path = '/'): void {
    this.#keep(`${name}=${value}; Path=${path}`);
  }

  /** A page load; follows redirects unless told not to. */
  async get(path: string, options: Options = {}): Promise<Answer> {
    let answer = await this.#once(path, options);
    for (let hops = 0; options.follow !== false && isRedirect(answer); hops += 1) {
      if (hops === 20) throw new Error(`redirect loop at ${answer.url}`);
      const { body: _body, ...rest } = options;
      answer = await this.#once(String(answer.headers['location']), { ...rest, method: 'GET' }, answer.url);
    }
    return answer;
  }

  /** A form sent from our own page. */
  post(path: string, fields: Record<string, string> = {}, options: Options = {}): Promise<Answer> {
    return this.get(path, {
      ...options,
      method: 'POST',
      body: new URLSearchParams(fields).toString(),
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        origin: this.origin,
        'sec-fetch-site': 'same-origin',
        'sec-fetch-mode': 'navigate',
        ...options.headers,
      },
    });
  }

  /** Sends the first form of a page whose action fits, with what its fields hold, as a click on its button would. */
  submit(page: Answer, fields: Record<string, string> = {}, action = /(?<!logout)$/): Promise<Answer> {
    const forms = [...page.body.matchAll(/<form\b([^>]*)>(.*?)<\/form>/gis)];
    const target = (attributes: string): string => unescapeHtml(/action="([^"]*)"/.exec(attributes)?.[1] ?? page.url);
    const form = forms.find(([, attributes = '']) => action.test(target(attributes)));
    if (form === undefined) throw new Error(`no such form on ${page.url}:\n${page.body.slice(0, 2000)}`);
    const filled = [...(form[2] ?? '').matchAll(/<input\b([^>]*)>/gi)].filter(
      ([, input = '']) => !input.includes('type="checkbox"') || /\bchecked\b/.test(input),
    );
    const inputs = filled.map(([, input = '']) => [
      unescapeHtml(/name="([^"]*)"/.exec(input)?.[1] ?? ''),
      unescapeHtml(/value="([^"]*)"/.exec(input)?.[1] ?? ''),
    ]);
    const choices = [
      ...(form[2] ?? '').matchAll(/<select\b[^>]*name="([^"]*)".*?<option value="([^"]*)" selected/gis),
    ].map(([, name = '', value = '']) => [unescapeHtml(name), unescapeHtml(value)]);
    const url = new URL(target(form[1] ?? ''), page.url).href;
    return this.post(url, { ...Object.fromEntries([...inputs, ...choices]), ...fields });
  }

  websocket(path: string, protocols: string[] = [], headers: Record<string, string> = {}): WebSocket {
    const url = new URL(path, this.origin);
    return new WebSocket(url.href.replace(/^http/, 'ws'), protocols, {
      headers: { cookie: this.cookieHeader(url.pathname), origin: this.origin, ...headers },
    });
  }

  async #once(path: string, options: Options, base: string = this.origin): Promise<Answer> {
    const url = new URL(path, base);
    const answer = await request(url, {
      method: (options.method ?? 'GET') as 'GET',
      headers: {
        accept: 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.8',
        'sec-fetch-mode': 'navigate',
        'sec-fetch-site': 'none',
        cookie: this.cookieHeader(url.pathname),
        ...options.headers,
      },
      ...(options.body === undefined ? {} : { body: options.body }),
    });
    for (const line of [answer.headers['set-cookie'] ?? []].flat()) this.#keep(line);
    return { status: answer.statusCode, headers: answer.headers, body: await answer.body.text(), url: url.href };
  }

  #keep(line: string): void {
    const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
    const at = pair.indexOf('=');
    const attribute = (name: string): string | undefined =>
      attributes.find((text) => text.toLowerCase().startsWith(`${name}=`))?.slice(name.length + 1);
    const cookie = { name: pair.slice(0, at), value: pair.slice(at + 1), path: attribute('path') ?? '/' };
    this.#cookies = this.#cookies.filter((other) => other.name !== cookie.name || other.path !== cookie.path);
    const expires = attribute('expires');
    const ended = attribute('max-age') === '0' || (expires !== undefined && Date.parse(expires) < Date.now());
    if (!ended && cookie.value !== '') this.#cookies.push(cookie);
  }
}

function isRedirect(answer: Answer): boolean {
  return answer.status >= 300 && answer.status < 400 && answer.headers['location'] !== undefined;
}

function unescapeHtml(text: string): string {
  return text
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}
