/** Printable ASCII without `"`, `#`, `<`, `>`, `\` and backtick: what a URL parser leaves in a path. */
const pathCharacters = /^\/[!$-;=?-[\]^_a-~]*$/;
const dotSegment = /\/(?:\.|%2e){1,2}(?:\/|$)/i;

/**
 * Why a path cannot be carried; undefined for a good one. More is let through than in front of UI servers: programs on a
 * JupyterHub have empty segments and escaped slashes in their paths, and each target checks its own visitors. What could
 * lead to another route than it names (dot segments) is refused.
 */
export function chpPathFault(path: string): string | undefined {
  if (!pathCharacters.test(path)) return path.startsWith('/') ? 'path with a forbidden character' : 'target is no path';
  if (dotSegment.test(path)) return 'path with a dot segment';
  if (!path.includes('%')) return undefined;
  if (path.includes('%00')) return 'path with an escaped NUL';
  try {
    decodeURIComponent(path);
    return undefined;
  } catch {
    return 'escapes that are no UTF-8';
  }
}
