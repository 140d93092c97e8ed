/** Reads the head of an answer to an upgrade, which no library of ours parses: a few kilobytes, once a connection. */

export interface UpgradeHead {
  status: number;
  reason: string;
  /** Names and values in turn. */
  headers: string[];
  /** Bytes behind the head. */
  rest: Buffer;
}

const statusLine = /^HTTP\/1\.[01] ([1-5][0-9]{2})(?: ([\t\x20-\x7e\x80-\xff]*))?$/;
const headerLine = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*$/;

/** Undefined while the head is not complete; throws for one that is none. */
export function readUpgradeHead(bytes: Buffer): UpgradeHead | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end === -1) return undefined;
  const lines = bytes.toString('latin1', 0, end).split('\r\n');
  const status = statusLine.exec(lines[0]!);
  if (status === null) throw new Error('the answer to the upgrade has no status line');
  const headers: string[] = [];
  for (const line of lines.slice(1)) {
    const header = headerLine.exec(line);
    if (header === null) throw new Error('the answer to the upgrade has a malformed header');
    headers.push(header[1]!, header[2]!);
  }
  return { status: Number(status[1]), reason: status[2] ?? '', headers, rest: bytes.subarray(end + 4) };
}

/** A head to write. Names and values have been checked by whoever made them. */
export function writeHead(firstLine: string, headers: readonly string[]): Buffer {
  let text = `${firstLine}\r\n`;
  for (let i = 0; i < headers.length; i += 2) text += `${headers[i]!}: ${headers[i + 1]!}\r\n`;
  return Buffer.from(`${text}\r\n`, 'latin1');
}
