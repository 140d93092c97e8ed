/** A share code in this page's own address. The sign-in needs the one in its `next`, also where it is loaded again. */
const code = /[?&]code=/;

/**
 * Whoever has a share code can use it, and the page of a server on the same origin can read the addresses that its tab
 * has been at (`navigation.entries()`, HTML, 7.2.6): the code leaves the address as soon as it is in the page.
 */
export function forgetCode(): void {
  if (code.test(location.search)) history.replaceState(history.state, '', location.pathname + location.hash);
}
