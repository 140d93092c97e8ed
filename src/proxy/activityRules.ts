/** Data frames so soon after a WebSocket was opened are the page's own: it subscribes anew after each break. */
export const quietAfterOpenMs = 5000;

/**
 * Whether a person is likely to be behind this request, for the culling of idle servers. What a page asks for by itself
 * while it lies open in a forgotten tab does not count: scripts' GETs (JupyterLab asks for its state every few seconds)
 * and files of a page. What does: page loads, everything that is not a mere GET, and programs with a token, but for
 * looks whether the server is up. The browser says which is which (Fetch Metadata, W3C).
 */
export function isPersonal(request: { method: string; path: string; rawHeaders: readonly string[] }): boolean {
  const { method, path, rawHeaders } = request;
  if (method !== 'GET' && method !== 'HEAD') return true;
  const mode = valueOf(rawHeaders, 'sec-fetch-mode');
  return mode === undefined ? !/\/(?:api|api\/status|metrics)\/?$/.test(path) : mode === 'navigate';
}

function valueOf(rawHeaders: readonly string[], name: string): string | undefined {
  for (let at = 0; at < rawHeaders.length; at += 2)
    if (rawHeaders[at]?.length === name.length && rawHeaders[at]?.toLowerCase() === name) return rawHeaders[at + 1];
  return undefined;
}
