import { isNamed, splitFields } from '../fields.ts';
import { isServiceWorkerHeader } from '../serviceWorkers.ts';

export interface LaneHead {
  method: string;
  target: string;
  /** Names and values in turn. */
  headers: string[];
}

/** Requests without a body, in the plainest form: what nearly every request of a browser is. */
const plain = /^(?:GET|HEAD|OPTIONS) \/[!-~]* HTTP\/1\.1(?:\r\n[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*)+$/;
/** `text` is a head without its last empty line. Undefined for every one that is not of the plainest kind. */
export function readLaneHead(text: string): LaneHead | undefined {
  if (!plain.test(text)) return undefined;
  const space = text.indexOf(' ');
  const end = text.indexOf(' ', space + 1);
  const headers = splitFields(text, end + 11);
  for (let i = 0; i < headers.length; i += 2) if (!isPlain(headers[i]!, headers[i + 1]!)) return undefined;
  return { method: text.slice(0, space), target: text.slice(space + 1, end), headers };
}

/** Not: headers that bring a body, another protocol or an obligation with them, or that ask for what the gateway answers itself. */
function isPlain(name: string, value: string): boolean {
  switch (name.length) {
    case 2:
      return !isNamed(name, 'te');
    case 6:
      return !isNamed(name, 'expect');
    case 7:
      return !isNamed(name, 'upgrade') && !isNamed(name, 'trailer');
    case 10:
      return !isNamed(name, 'connection') || value === 'keep-alive';
    case 14:
      return (
        !isNamed(name, 'content-length') && !isNamed(name, 'http2-settings') && !isServiceWorkerHeader(name, value)
      );
    case 17:
      return !isNamed(name, 'transfer-encoding');
    default:
      return true;
  }
}
