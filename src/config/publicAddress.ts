import type { Config } from './schema.ts';
import { SetupError } from '../errors.ts';

/** The address that people type, and whether it may be plain http. */

/** Whether this name or address is this machine's own to every browser: `localhost`, `x.localhost`, `127.0.0.1`, `[::1]`. */
export function isLoopback(host: string): boolean {
  return /^127\.\d+\.\d+\.\d+$/.test(host) || ['::1', '[::1]'].includes(host) || /^(?:[^.]+\.)*localhost$/.test(host);
}

export function publicUrlOf({ publicUrl, listen }: Pick<Config, 'publicUrl' | 'listen'>): string {
  return publicUrl ?? `http${listen.tls === undefined ? '' : 's'}://localhost:${listen.port}`;
}

/**
 * What is wrong with where people reach the gateway. Beyond loopback plain http is no choice of taste: passwords pass in
 * the clear, and browsers send no fetch metadata there, so a page of a UI server could read ours and act as its visitor.
 */
export function publicAddressFault(config: Config, firstRun: boolean): SetupError | undefined {
  const { listen, identity, publicUrl } = config;
  const isOpen = listen.socket === undefined && !isLoopback(listen.host);
  const isTrial = firstRun && identity.links.dangerouslyBeyondLoopback;
  if (firstRun && isOpen && !isTrial)
    return new SetupError(
      `Without a configuration file people sign in by links from this terminal, over plain HTTP: not on ${listen.host}.`,
      {
        advice:
          'Write a configuration (cylc-gateway init), or listen on 127.0.0.1; for a trial in a container: --set identity.links.dangerouslyBeyondLoopback=true',
      },
    );
  if (isTrial) return undefined;
  if (publicUrl === undefined && isOpen)
    return new SetupError(
      `The gateway listens on ${listen.host}, but publicUrl is not set: everybody would be sent to localhost, their own machine.`,
      { advice: 'Set publicUrl to the address people type, such as https://cylc.example.org' },
    );
  if (publicUrl === undefined && listen.socket !== undefined)
    return new SetupError('The gateway listens on a socket (listen.socket), but publicUrl is not set.', {
      advice: 'Set publicUrl to the address people type, which is that of the web server in front.',
    });
  return plainHttpFault(config, isOpen);
}

function plainHttpFault(config: Config, isOpen: boolean): SetupError | undefined {
  const url = new URL(publicUrlOf(config));
  if (url.protocol === 'https:' || config.dangerouslyAllowHttp) return undefined;
  const advice =
    'Give the gateway a certificate (listen.tls) or put a web server with TLS in front (docs/deploy.md), and set publicUrl to the https address; for a trial: dangerouslyAllowHttp: true';
  const names = [url.hostname, ...(config.userDomain === undefined ? [] : [config.userDomain])];
  const remote = names.find((name) => !isLoopback(name));
  if (remote !== undefined)
    return new SetupError(
      `People would send their sign-in to ${remote} over plain HTTP (publicUrl: ${url.href}), and pages of UI servers could read those of the gateway.`,
      { advice },
    );
  if (isOpen && config.listen.tls === undefined)
    return new SetupError(
      `The gateway listens on ${config.listen.host} over plain HTTP, but publicUrl is ${url.href}: nobody else can use it.`,
      { advice: `Listen on 127.0.0.1. ${advice}` },
    );
  return undefined;
}
