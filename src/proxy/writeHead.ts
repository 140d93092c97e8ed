/** A head to write, in latin1. Names and values have been checked by whoever made them. */
export function writeHead(firstLine: string, headers: readonly string[]): string {
  let text = `${firstLine}\r\n`;
  for (let i = 0; i < headers.length; i += 2) text += `${headers[i]!}: ${headers[i + 1]!}\r\n`;
  return `${text}\r\n`;
}
