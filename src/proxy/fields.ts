/** Whether a header has this name, given in lower case. Most have another first letter, which is cheap to see. */
export function isNamed(name: string, lower: string): boolean {
  return name === lower || ((name.charCodeAt(0) | 32) === lower.charCodeAt(0) && name.toLowerCase() === lower);
}

/** Takes header lines apart, from `start` to the end; they have passed a strict grammar. Names and values in turn. */
export function splitFields(text: string, start: number): string[] {
  const fields: string[] = [];
  for (let at = start; at < text.length;) {
    const colon = text.indexOf(':', at);
    let end = text.indexOf('\r\n', colon);
    if (end === -1) end = text.length;
    fields.push(text.slice(at, colon), trimmed(text, colon + 1, end));
    at = end + 2;
  }
  return fields;
}

function trimmed(text: string, from: number, to: number): string {
  let start = from;
  let end = to;
  while (start < end && isBlank(text.charCodeAt(start))) start += 1;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9;
}
