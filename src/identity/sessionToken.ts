/** Claims and header by which our own session tokens are told from every other; the edge checks them too. */
export const sessionAudience = 'cylc-gateway';
export const sessionTokenType = 'cylc-session+jwt';
