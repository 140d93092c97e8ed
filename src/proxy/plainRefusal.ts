import type { GatewayError } from '../errors.ts';
import type { Rendered, RenderDecision, RenderRequest } from './types.ts';

/** Refusals without pages: JSON for programs, text for people. For `proxy`, and where a page itself failed. */
export const renderPlainly: RenderDecision = (decision, request) => {
  if (decision.kind === 'no-server') return plainRefusal(undefined, request);
  return plainRefusal(decision.error, request);
};

export function plainRefusal(
  error: GatewayError | undefined,
  request: Pick<RenderRequest, 'accept' | 'requestId'>,
): Rendered {
  const { status, code, message, advice } = error?.toJSON() ?? {
    status: 503,
    code: 'server.not-running',
    message: 'This server is not running.',
    advice: 'Start it from its page.',
  };
  const json = request.accept?.includes('json') === true;
  const body = json
    ? JSON.stringify({ status, code, message, advice, requestId: request.requestId })
    : `${status} ${message}\n${advice}\nRequest ${request.requestId}\n`;
  return {
    status,
    headers: {
      'content-type': json ? 'application/json' : 'text/plain; charset=utf-8',
      'cache-control': 'no-store',
    },
    body,
  };
}
