import { keepHash } from './keepHash.ts';
import { localTimes } from './localTimes.ts';
import { followProgress } from './progress.ts';

/** What the pages gain with JavaScript; all of their core works without it. */
localTimes(document);
keepHash(document);
followProgress(document);
document.querySelector<HTMLElement>('[data-focus]')?.focus();
