import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { cpu } from './peer.ts';
import type { RunningPeer } from './peer.ts';
import { loadCore } from './processes.ts';
import type { BenchWorld } from './world.ts';

const run = promisify(execFile);

export interface HttpScenario {
  name: string;
  connections: number;
  path: string;
}

export const httpScenarios: readonly HttpScenario[] = [
  { name: '1 KiB, 64 connections', connections: 64, path: 'api' },
  { name: '1 KiB, 1 connection', connections: 1, path: 'api' },
  { name: '1 MiB, 8 connections', connections: 8, path: 'big' },
];

export interface HttpFigures {
  requestsPerS: number;
  cpuUs: number;
  p50Ms: number;
  p99Ms: number;
}

/** Each request by another user, with what a browser sends. */
const script = `
local requests, at = {}, 0
function init(args)
  for line in io.lines(args[1]) do
    local path, cookie = line:match("^(%S+)\\t(.*)$")
    requests[#requests + 1] = wrk.format("GET", path, {
      ["Cookie"] = cookie, ["Accept"] = "application/json, text/plain, */*", ["Accept-Language"] = "en-GB,en;q=0.9",
      ["Accept-Encoding"] = "gzip, deflate, br", ["Referer"] = "http://localhost/user/u1/cylc/", ["Sec-Fetch-Site"] = "same-origin",
      ["Sec-Fetch-Mode"] = "cors", ["Sec-Fetch-Dest"] = "empty",
      ["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"})
  end
end
function request() at = at % #requests + 1; return requests[at] end
`;

export async function loadHttp(
  world: BenchWorld,
  name: string,
  peer: RunningPeer,
  scenario: HttpScenario,
  seconds: number,
): Promise<HttpFigures> {
  const lua = world.file('mix.lua', script);
  const lines = world.users.map((user) => `/user/${user}/${scenario.path}\t${peer.cookie(user)}`);
  const list = world.file(`requests-${name.replace(/\W+/g, '-')}-${scenario.path}`, `${lines.join('\n')}\n`);
  const before = cpu(peer);
  const args = [
    '-c',
    loadCore,
    'wrk',
    '-t1',
    `-c${scenario.connections}`,
    `-d${seconds}s`,
    '--timeout',
    '10s',
    '--latency',
    '-s',
    lua,
  ];
  const { stdout } = await run('taskset', [...args, `http://127.0.0.1:${peer.port}/`, '--', list]);
  const requests = Number(/(\d+) requests in/.exec(stdout)?.[1]);
  const bad = /Non-2xx.*|Socket errors.*/.exec(stdout)?.[0];
  if (!(requests > 0) || bad !== undefined) throw new Error(`${name}, ${scenario.name}: ${bad ?? stdout}`);
  return {
    requestsPerS: Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]),
    cpuUs: (cpu(peer) - before) / requests,
    p50Ms: milliseconds(/ 50%\s+(\S+)/.exec(stdout)![1]!),
    p99Ms: milliseconds(/ 99%\s+(\S+)/.exec(stdout)![1]!),
  };
}

function milliseconds(text: string): number {
  const value = Number.parseFloat(text);
  return text.endsWith('us') ? value / 1000 : text.endsWith('ms') ? value : value * 1000;
}
