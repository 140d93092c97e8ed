import { followLog } from './followLog.ts';
import { forgetCode } from './forgetCode.ts';
import { keepHash } from './keepHash.ts';
import { localTimes } from './localTimes.ts';
import { offerCopy } from './offerCopy.ts';
import { followProgress } from './progress.ts';

/** What the pages gain with JavaScript; all of their core works without it. */
localTimes(document);
keepHash(document);
forgetCode();
followProgress(document);
followLog(document);
offerCopy(document);
document.querySelector<HTMLElement>('[data-focus]')?.focus();
