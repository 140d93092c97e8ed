/**
 * The part of an address after `#` never reaches the gateway, and the Cylc GUI keeps the workflow there. Adds it to the
 * address to return to, so that a link into a workflow survives sign-in and start.
 */
export function keepHash(root: ParentNode): void {
  if (location.hash === '' || location.hash === '#main') return;
  for (const element of root.querySelectorAll('[data-keep-hash]')) {
    if (element instanceof HTMLInputElement) element.value = withHash(element.value);
    if (element instanceof HTMLAnchorElement) {
      const url = new URL(element.href);
      const next = url.searchParams.get('next');
      if (next !== null) url.searchParams.set('next', withHash(next));
      element.href = url.href;
    }
  }
}

function withHash(next: string): string {
  return next.includes('#') ? next : next + location.hash;
}
