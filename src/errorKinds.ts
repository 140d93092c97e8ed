/** Every code there is, with what a client is told. Codes stay; words may be bettered. */

interface ErrorKind {
  /** HTTP status (RFC 9110). */
  status: number;
  /** What happened and why, in one sentence a visitor understands. */
  message: string;
  /** What the visitor can do about it. */
  advice: string;
}

export const errorKinds = {
  'auth.required': {
    status: 401,
    message: 'You are not signed in.',
    advice: 'Sign in and try again.',
  },
  'auth.invalid': {
    status: 401,
    message: 'Your sign-in is not valid here.',
    advice: 'Sign in again.',
  },
  'auth.expired': {
    status: 401,
    message: 'Your sign-in has expired.',
    advice: 'Sign in again.',
  },
  'auth.no-account': {
    status: 403,
    message: 'You are signed in, but there is no account for you on this system.',
    advice: 'Ask the administrator of this site for an account.',
  },
  'auth.blocked': {
    status: 403,
    message: 'Your account is blocked on this gateway.',
    advice: 'Ask the administrator of this site.',
  },
  'auth.unavailable': {
    status: 503,
    message: 'Your sign-in cannot be checked right now.',
    advice: 'Try again in a minute; if it stays so, tell the administrator of this site.',
  },
  'auth.rate': {
    status: 429,
    message: 'Too many attempts to sign in.',
    advice: 'Wait a minute and try again.',
  },
  'auth.password': {
    status: 401,
    message: 'The name or the password is not right.',
    advice: 'Try again.',
  },
  'auth.locked': {
    status: 403,
    message: 'This account is locked for now.',
    advice: 'Wait some minutes, or ask the administrator of this site.',
  },
  'auth.account-expired': {
    status: 403,
    message: 'This account has expired.',
    advice: 'Ask the administrator of this site to prolong it.',
  },
  'auth.password-expired': {
    status: 403,
    message: 'The password of this account has expired.',
    advice: 'Change it where you can log in (ssh, or `passwd` in a terminal), then sign in here.',
  },
  'auth.not-allowed': {
    status: 403,
    message: 'The password is right, but this system does not let the account in here.',
    advice: 'Ask the administrator of this site.',
  },
  'auth.own-user': {
    status: 403,
    message: 'This gateway does not run as root, so it can check the password of one account alone: its own.',
    advice: 'Ask the administrator of this site to run the gateway as root, or to connect it to a sign-in service.',
  },
  'auth.link': {
    status: 403,
    message: 'This sign-in link has been used or has expired.',
    advice: 'Start the gateway again: its terminal then prints new ones. Running servers go on.',
  },
  'access.service': {
    status: 403,
    message: 'This service is not open to you.',
    advice: 'It is for members of some groups: ask the administrator of this site.',
  },
  'access.denied': {
    status: 403,
    message: 'You may not open this.',
    advice: 'Ask its owner to share it with you.',
  },
  'access.origin': {
    status: 403,
    message: 'This request came from a page of another site.',
    advice: "Open the gateway's own page and try from there.",
  },
  'access.edge': {
    status: 403,
    message: 'This address takes only what comes through the front of this site.',
    advice: "Use the site's public address.",
  },
  'request.malformed': {
    status: 400,
    message: 'The request is malformed or ambiguous.',
    advice: 'Check the address. If a program sent it, check what it sends.',
  },
  'request.invalid': {
    status: 400,
    message: 'The request is not valid.',
    advice: 'Check its fields against the documentation of the API.',
  },
  'request.too-large': {
    status: 413,
    message: 'The request is too large.',
    advice: 'Send less at once.',
  },
  'request.media-type': {
    status: 415,
    message: 'This address does not take a body of that kind.',
    advice: 'Check the documentation of the API.',
  },
  'request.length': {
    status: 411,
    message: 'This address takes only bodies whose length is announced.',
    advice: 'Send Content-Length.',
  },
  'request.head': {
    status: 431,
    message: 'The head of the request is too large.',
    advice: 'Use a shorter address, or delete the cookies of this site in your browser.',
  },
  'request.cookies': {
    status: 431,
    message: 'The cookies of this site had grown too large, so the largest have been removed.',
    advice: 'Load the page again. If this comes back, a page that you opened here sets them: tell its owner.',
  },
  'request.timeout': {
    status: 408,
    message: 'The request did not arrive in time.',
    advice: 'Try again. If a program sent it, see that it sends all of what it announces.',
  },
  'request.method': {
    status: 405,
    message: 'This address does not take that method.',
    advice: 'Check the documentation of the API.',
  },
  'request.conflict': {
    status: 409,
    message: 'There is one of that name already.',
    advice: 'Choose another name.',
  },
  'request.rate': {
    status: 429,
    message: 'Too many requests at once.',
    advice: 'Wait a moment and try again. If a program sends them, have it wait between two.',
  },
  'request.websockets': {
    status: 429,
    message: 'Your account has too many live connections open.',
    advice: 'Close pages of this site that you no longer need. If a program opens them, have it close them again.',
  },
  'server.websockets': {
    status: 503,
    message: 'This server has as many live connections as it may.',
    advice: 'Try again later.',
  },
  'request.misdirected': {
    status: 421,
    message: 'This is not the address for that.',
    advice: 'Open it from your home page: servers have an address of their own here.',
  },
  'auth.handover': {
    status: 403,
    message: 'Your sign-in could not be brought along to this address.',
    advice: 'Allow cookies for this site, then open the server from your home page again.',
  },
  'request.not-found': {
    status: 404,
    message: 'There is nothing at this address.',
    advice: 'Check the address, or begin at the home page.',
  },
  'server.not-running': {
    status: 424,
    message: 'This server is not running.',
    advice: 'Start it from its page.',
  },
  'server.starting': {
    status: 503,
    message: 'This server is starting.',
    advice: 'Wait a moment.',
  },
  'server.stopping': {
    status: 503,
    message: 'This server is stopping.',
    advice: 'Wait a moment, then start it again.',
  },
  'server.exists': {
    status: 400,
    message: 'This server is already running or starting.',
    advice: 'Open it, or stop it first.',
  },
  'share.limit': {
    status: 409,
    message: 'This account has as many shares as it may have.',
    advice: 'Revoke those that are no longer needed, or share with a group instead of each of its members.',
  },
  'server.limit': {
    status: 429,
    message: 'No more servers may be started now.',
    advice: 'Stop one that you no longer need, or try again later.',
  },
  'spawn.failed': {
    status: 500,
    message: 'The server did not start.',
    advice: 'The last lines of its log say why.',
  },
  'spawn.timeout': {
    status: 504,
    message: 'The server did not answer in time after its start.',
    advice: 'The last lines of its log may say why. Try again.',
  },
  'spawn.command-missing': {
    status: 500,
    message: 'The command that starts the server, or something that it needs, was not found.',
    advice: 'Install it (`npm run cylc:install` brings Cylc) or correct the path in the configuration.',
  },
  'spawn.options': {
    status: 400,
    message: 'The options for the start are not valid.',
    advice: 'Correct the fields that are named.',
  },
  'stop.failed': {
    status: 500,
    message: 'The server did not stop.',
    advice: 'Stop it by force.',
  },
  'upstream.connect': {
    status: 502,
    message: 'The server cannot be reached.',
    advice: 'Try again; if it stays so, stop the server and start it anew.',
  },
  'upstream.timeout': {
    status: 504,
    message: 'The server did not answer in time.',
    advice: 'Try again; if it stays so, stop the server and start it anew.',
  },
  'upstream.broken': {
    status: 502,
    message: 'The server broke off its answer.',
    advice: 'Try again; the log of the server may say why.',
  },
  'site.maintenance': {
    status: 503,
    message: 'This site is under maintenance.',
    advice: 'Try again later. Running servers and workflows go on.',
  },
  'store.unwritable': {
    status: 503,
    message: 'The gateway cannot write its records right now.',
    advice: 'Tell the administrator of this site. Running servers go on.',
  },
  internal: {
    status: 500,
    message: 'Something went wrong in the gateway.',
    advice: 'Tell the administrator of this site, with the request id.',
  },
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof errorKinds;
