/** What a person calls their browser, by its `User-Agent`: enough to tell one sign-in from another. */
export function browserOf(userAgent: string): string {
  if (userAgent === '') return 'A program';
  const browser = browsers.find(([mark]) => userAgent.includes(mark))?.[1] ?? userAgent.split(/[ /]/)[0] ?? '';
  const system = systems.find(([mark]) => userAgent.includes(mark))?.[1];
  const name = browser.slice(0, 40);
  return system === undefined ? name : `${name} on ${system}`;
}

/** In this order: most browsers claim to be several. */
const browsers = [
  ['Edg/', 'Edge'],
  ['OPR/', 'Opera'],
  ['Firefox/', 'Firefox'],
  ['Chrome/', 'Chrome'],
  ['Safari/', 'Safari'],
] as const;

const systems = [
  ['Android', 'Android'],
  ['iPhone', 'iOS'],
  ['iPad', 'iOS'],
  ['Windows', 'Windows'],
  ['Mac OS X', 'macOS'],
  ['CrOS', 'ChromeOS'],
  ['Linux', 'Linux'],
] as const;
