import { readFile } from 'node:fs/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import { createChp } from '../chp/createChp.ts';
import type { Chp } from '../chp/createChp.ts';
import { systemClock } from '../clock.ts';
import { SetupError } from '../errors.ts';
import { createLog } from '../telemetry/log.ts';
import { surviveFaults } from './faults.ts';
import { chpOptions } from './proxyOptions.ts';
import type { ProxyFlags } from './proxyOptions.ts';

/** `cylc-gateway proxy`: the options of configurable-http-proxy 5, with its names. */
export function registerProxy(program: Command): void {
  const command = new Command('proxy')
    .description('the proxy alone, in the place of configurable-http-proxy (see docs/chp.md)')
    .action((flags: ProxyFlags) => proxy(flags));
  addListenOptions(command);
  addTlsOptions(command);
  addRoutingOptions(command);
  program.addCommand(command);
}

function addListenOptions(command: Command): void {
  command
    .option('--ip <address>', 'public address to listen on (default: all)')
    .option('--port <n>', 'public port (default: 8000)', toPort)
    .addOption(
      new Option('--socket <path>', 'public unix socket, instead of address and port').conflicts(['port', 'ip']),
    )
    .option('--api-ip <address>', 'address of the API', 'localhost')
    .option('--api-port <n>', 'port of the API (default: the public port + 1)', toPort)
    .addOption(new Option('--api-socket <path>', 'unix socket of the API').conflicts('apiPort'))
    .option('--metrics-ip <address>', 'address of the metrics', '')
    .option('--metrics-port <n>', 'port of the metrics (default: no metrics)', toPort)
    .addOption(new Option('--metrics-socket <path>', 'unix socket of the metrics').conflicts('metricsPort'))
    .option('--redirect-port <n>', 'port that redirects to https', toPort)
    .option('--redirect-to <n>', 'port to redirect to (default: the public one)', toPort)
    .option('--pid-file <path>', 'file to write the process id to')
    .option('--log-level <level>', 'debug, info, warn or error', 'info')
    .option('--timeout <ms>', 'cut a client that is quiet for so long', toMs)
    .option('--proxy-timeout <ms>', 'longest wait for the head of an answer', toMs)
    .option('--keep-alive-timeout <ms>', "how long a client's idle connection is kept (default: 5000)", toMs);
}

function addTlsOptions(command: Command): void {
  command
    .option('--ssl-key <file>', 'key of the public server')
    .option('--ssl-cert <file>', 'certificate of the public server, with its chain')
    .option('--ssl-ca <file>', 'authorities of client certificates')
    .option('--ssl-request-cert', 'ask clients for certificates, and refuse those without a good one')
    .option('--ssl-reject-unauthorized', 'part of --ssl-request-cert')
    .option('--ssl-protocol <name>', 'one version of TLS alone, like TLSv1_2')
    .option('--ssl-ciphers <list>', "ciphers, parted by colons (default: Node's)")
    .option('--ssl-allow-rc4', 'no effect: RC4 is gone from OpenSSL')
    .option('--ssl-dhparam <file>', 'Diffie-Hellman parameters')
    .option('--api-ssl-key <file>', 'key of the API')
    .option('--api-ssl-cert <file>', 'certificate of the API')
    .option('--api-ssl-ca <file>', 'authorities of client certificates at the API')
    .option('--api-ssl-request-cert', 'ask callers of the API for certificates, and refuse those without a good one')
    .option('--api-ssl-reject-unauthorized', 'part of --api-ssl-request-cert')
    .option('--client-ssl-key <file>', 'our key towards https targets')
    .option('--client-ssl-cert <file>', 'our certificate towards https targets')
    .option('--client-ssl-ca <file>', 'authorities of https targets')
    .option('--client-ssl-request-cert', 'no effect: it is the target that asks')
    .option('--client-ssl-reject-unauthorized', 'no effect: targets are always verified, unless --insecure')
    .option('--insecure', 'do not verify the certificates of targets');
}

function addRoutingOptions(command: Command): void {
  command
    .option('--default-target <url>', 'target of what no route fits')
    .option('--error-target <url>', 'where to get error pages: <url>/503?url=…')
    .addOption(
      new Option('--error-path <folder>', 'folder of 404.html, 503.html and error.html').conflicts('errorTarget'),
    )
    .option('--host-routing', 'the host is the first part of a route')
    .option('--no-x-forward', 'add no X-Forwarded headers')
    .option('--no-prepend-path', "do not put the path of the target's URL in front")
    .option('--no-include-prefix', 'take the prefix of the route off the path')
    .option('--auto-rewrite', 'rewrite the host of redirects to the target')
    .option('--protocol-rewrite <scheme>', 'rewrite the scheme of redirects to the target')
    .option('--change-origin', 'send the host of the target as Host')
    .option('--custom-header <name:value>', 'header for every request to a target; may be repeated', collectHeader)
    .option('--storage-backend <module>', 'not supported: routes are kept in memory');
}

async function proxy(flags: ProxyFlags): Promise<void> {
  const options = await chpOptions(flags, { env: process.env, read: (path) => readFile(path) });
  const log = createLog({ level: flags.logLevel.toLowerCase(), format: 'auto' });
  const chp = await createChp(options, { log, clock: systemClock });
  endOnSignals(chp);
  process.on('SIGHUP', () => void chp.reload());
  try {
    await chp.listen();
  } catch (error) {
    await chp.close();
    throw error;
  }
  surviveFaults(log, () => void process.kill(process.pid, 'SIGTERM'));
}

/** A second signal ends at once. */
function endOnSignals(chp: Chp): void {
  let asked = false;
  const onSignal = (): void => {
    if (asked) process.exit(1);
    asked = true;
    void chp.close().then(() => process.exit());
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
}

function toPort(text: string): number {
  const port = Number(text);
  if (!/^[0-9]{1,5}$/.test(text) || port > 65_535) throw new InvalidArgumentError('It must be a port.');
  return port;
}

function toMs(text: string): number {
  if (!/^[0-9]{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a number of milliseconds.');
  return Number(text);
}

/** Header names and values of HTTP: RFC 9110, 5.6.2 and 5.5. */
function collectHeader(text: string, previous: Map<string, string> = new Map()): Map<string, string> {
  const colon = text.indexOf(':');
  const [name, value] = [text.slice(0, Math.max(0, colon)).trim(), text.slice(colon + 1).trim()];
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name) || !/^[\t\x20-\x7e]*$/.test(value))
    throw new SetupError(`A colon was expected in custom header: ${text}`, {
      advice: 'Write --custom-header name:value.',
      exitCode: 64,
    });
  return previous.set(name.toLowerCase(), value);
}
