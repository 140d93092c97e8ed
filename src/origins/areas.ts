import { nameOf } from '../userLabels.ts';
import type { Urls } from '../urls.ts';

/** Whose origin a host is: the gateway's own (and any other name it is reached by), or that of one account. */
export type Area = { kind: 'main' } | { kind: 'user'; owner: string; label: string };

export interface Areas {
  /** `host` is a `Host` header, with its port if it has one. */
  areaOf(host: string | undefined): Area;
  /** Whose server a path is of; undefined for all other paths. */
  ownerOf(path: string): string | undefined;
}

const main: Area = { kind: 'main' };

export function createAreas({ domain, urls }: { domain: string; urls: Urls }): Areas {
  const suffix = `.${domain.toLowerCase()}`;
  const ownHost = new URL(urls.origin).hostname;
  const userPrefix = `${urls.base}user/`;
  return {
    areaOf(host) {
      const name = host?.replace(/:[0-9]+$/, '').toLowerCase();
      if (name === undefined || name === ownHost || !name.endsWith(suffix)) return main;
      const label = name.slice(0, -suffix.length);
      const owner = nameOf(label);
      return owner === undefined ? main : { kind: 'user', owner, label };
    },
    ownerOf(path) {
      if (!path.startsWith(userPrefix)) return undefined;
      const [name = ''] = path.slice(userPrefix.length).split('/', 1);
      return name === '' ? undefined : decodeURIComponent(name);
    },
  };
}
