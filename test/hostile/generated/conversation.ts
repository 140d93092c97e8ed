/** A plain answer with this body. */
export function plainText(body: string): string {
  return `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

/** Lines that say how, not what: they may differ between two readers that are both right. */
const volatile = /^(?:date|connection|keep-alive|x-request-id|transfer-encoding|content-length):/i;

export interface Told {
  /** Lines of the interim answers before it. */
  interim: readonly string[];
  status: string;
  /** Lines of the head, without those that only frame. */
  lines: readonly string[];
  body: string;
}

/**
 * All whole answers in what a client received, the framing taken off. How much of a broken one still arrives is a matter
 * of timing.
 */
export function readConversation(text: string): Told[] {
  const answers: Told[] = [];
  let interim: string[] = [];
  for (let rest = text; rest !== '';) {
    const end = rest.indexOf('\r\n\r\n');
    if (end === -1) break;
    const [status = '', ...lines] = rest.slice(0, end).split('\r\n');
    const { body, whole, after } = readBody(Number(status.split(' ')[1]), lines, rest.slice(end + 4));
    if (!whole) break;
    // A refusal's page names its request
    const said = body.replace(/[0-9a-f]{16}/g, 'ID');
    const kept = lines.filter((line) => !volatile.test(line));
    if (status.startsWith('HTTP/1.1 1')) interim.push(status, ...kept);
    else {
      answers.push({ interim, status, lines: kept, body: said });
      interim = [];
    }
    rest = after;
  }
  return answers;
}

function readBody(
  status: number,
  lines: readonly string[],
  text: string,
): { body: string; whole: boolean; after: string } {
  const valueOf = (name: string): string | undefined =>
    lines.find((line) => line.toLowerCase().startsWith(`${name}: `))?.slice(name.length + 2);
  if (status < 200 || status === 204 || status === 304) return { body: '', whole: true, after: text };
  if (valueOf('transfer-encoding') !== undefined) return readChunks(text);
  const length = Number(valueOf('content-length') ?? Number.NaN);
  if (Number.isNaN(length)) return { body: text, whole: false, after: '' };
  return { body: text.slice(0, length), whole: text.length >= length, after: text.slice(length) };
}

function readChunks(text: string): { body: string; whole: boolean; after: string } {
  let body = '';
  for (let at = 0; ;) {
    const lineEnd = text.indexOf('\r\n', at);
    if (lineEnd === -1) return { body, whole: false, after: '' };
    const size = Number.parseInt(text.slice(at, lineEnd), 16);
    if (size === 0) {
      const end = text.indexOf('\r\n\r\n', lineEnd - 2);
      const whole = end !== -1;
      return {
        body: body + text.slice(lineEnd + 2, whole ? end : undefined),
        whole,
        after: whole ? text.slice(end + 4) : '',
      };
    }
    body += text.slice(lineEnd + 2, lineEnd + 2 + size);
    at = lineEnd + 4 + size;
  }
}
