import type { RenderRequest } from '../proxy/types.ts';

/** What a page or JSON answer depends on: of a request at the front door, or of one of Hono's (guard.ts). */
export type Asked = Pick<RenderRequest, 'method' | 'path' | 'query' | 'accept' | 'upgrade' | 'requestId'>;
