import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Peer, RunningPeer } from './peer.ts';
import { oauth2Proxy } from './oauth2Proxy.ts';
import { writePeerConfig } from './peerConfig.ts';
import { proxyCore, startOn } from './processes.ts';
import { nginxConfig } from './upstream.ts';
import { issuer, socketUser } from './world.ts';
import type { BenchWorld } from './world.ts';

const root = join(import.meta.dirname, '../../..');
const jwtCookie = (world: BenchWorld) => (user: string) => `theme=dark; cylc-gateway=${world.token(user)}`;
const everyone = (world: BenchWorld): string[] => [...world.users, socketUser];

/** Those of `npm start`. */
const heapFlags = ['--max-semi-space-size=16', '--initial-old-space-size=32'];

const ours: Peer = {
  name: 'cylc-gateway',
  checks: true,
  what: 'front door, gate with its token cache, hop: the parts of the program, with accounts from a list',
  async start(world) {
    const port = world.nextPort();
    const program = [
      process.execPath,
      ...heapFlags,
      ...(process.env['BENCH_NODE_OPTIONS']?.split(' ') ?? []),
      join(import.meta.dirname, 'gatewayPeer.ts'),
      writePeerConfig(world, 'gateway', port),
    ];
    return { port, processes: [await startOn(world.started, proxyCore, program, port)], cookie: jwtCookie(world) };
  },
};

const naive: Peer = {
  name: "Hono's helpers",
  checks: true,
  what: "what one would write from Hono's documentation: its middleware `jwk` and its helper `proxy`",
  carriesWebSockets: false,
  async start(world) {
    const port = world.nextPort();
    const program = [process.execPath, join(import.meta.dirname, 'honoPeer.ts'), writePeerConfig(world, 'hono', port)];
    return { port, processes: [await startOn(world.started, proxyCore, program, port)], cookie: jwtCookie(world) };
  },
};

/** A proxy with the options and the API of configurable-http-proxy, and a route per user. */
async function startWithRoutes(world: BenchWorld, program: readonly string[]): Promise<RunningPeer> {
  const port = world.nextPort();
  const apiPort = world.nextPort();
  const args = ['--ip=127.0.0.1', `--port=${port}`, '--api-ip=127.0.0.1', `--api-port=${apiPort}`, '--log-level=error'];
  const child = await startOn(world.started, proxyCore, [process.execPath, ...program, ...args], apiPort, {
    CONFIGPROXY_AUTH_TOKEN: 'bench',
  });
  for (const user of everyone(world))
    await fetch(`http://127.0.0.1:${apiPort}/api/routes/user/${user}`, {
      method: 'POST',
      headers: { authorization: 'token bench' },
      body: JSON.stringify({ target: `http://127.0.0.1:${world.portOf(user)}` }),
    });
  return { port, processes: [child], cookie: jwtCookie(world) };
}

const chp: Peer = {
  name: 'configurable-http-proxy',
  checks: false,
  what: 'configurable-http-proxy 5 with a route per user; checks nobody',
  start(world) {
    const bin = join(root, 'node_modules/configurable-http-proxy/bin/configurable-http-proxy');
    if (!existsSync(bin)) throw new Error('configurable-http-proxy is not installed: npm ci');
    return startWithRoutes(world, [bin]);
  },
};

const oursAlone: Peer = {
  name: 'cylc-gateway proxy',
  checks: false,
  what: 'the drop-in for configurable-http-proxy with a route per user; checks nobody',
  start: (world) => startWithRoutes(world, [...heapFlags, join(import.meta.dirname, 'proxyPeer.ts'), 'proxy']),
};

/** An upstream group per user, with kept connections. */
function nginxGroups(world: BenchWorld): string {
  return everyone(world)
    .map(
      (user) =>
        `upstream ${user} { server 127.0.0.1:${world.portOf(user)}; keepalive 32; keepalive_requests 100000000; }`,
    )
    .join('\n');
}
const nginxCarry = `proxy_http_version 1.1; proxy_set_header Host $http_host; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $upgrade;
      proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Proto $scheme; proxy_read_timeout 3600s;`;
const nginxUpgrade = `map $http_upgrade $upgrade { default upgrade; '' ''; }`;

async function startNginx(world: BenchWorld, name: string, http: (port: number) => string): Promise<RunningPeer> {
  const port = world.nextPort();
  const config = world.file(
    `${name}.conf`,
    nginxConfig(world.dir, name, `${nginxGroups(world)}\n${nginxUpgrade}\n${http(port)}`),
  );
  return {
    port,
    processes: [await startOn(world.started, proxyCore, ['nginx', '-c', config], port)],
    cookie: jwtCookie(world),
  };
}

const nginx: Peer = {
  name: 'nginx',
  checks: false,
  what: 'nginx with an upstream group per user; checks nobody',
  start: (world) =>
    startNginx(
      world,
      'nginx',
      (port) => `server { listen 127.0.0.1:${port};
    location ~ ^/user/(?<who>[a-z0-9]+)/ { proxy_pass http://$who; ${nginxCarry} } }`,
    ),
};

const nginxOauth2: Peer = {
  name: 'nginx + oauth2-proxy',
  checks: true,
  what: 'nginx, auth_request to oauth2-proxy 7.6 with cookie sessions, routed by the user it names',
  async start(world) {
    const gate = await oauth2Proxy(world);
    const peer = await startNginx(
      world,
      'nginx-oauth2',
      (port) => `upstream gate { server 127.0.0.1:${gate.port}; keepalive 64; keepalive_requests 100000000; }
  server { listen 127.0.0.1:${port};
    location = /_auth { internal; proxy_pass http://gate/oauth2/auth; proxy_http_version 1.1; proxy_set_header Connection '';
      proxy_pass_request_body off; proxy_set_header Content-Length ''; proxy_set_header Host localhost; }
    location /user/ { auth_request /_auth; auth_request_set $who $upstream_http_x_auth_request_user; proxy_pass http://$who; ${nginxCarry} } }`,
    );
    return { port: peer.port, processes: [...peer.processes, gate.process], cookie: (user) => gate.cookie(user) };
  },
};

function haproxyConfig(world: BenchWorld, port: number, rules: string): string {
  const backends = everyone(world).map((user) => `backend ${user}\n  server s 127.0.0.1:${world.portOf(user)}`);
  return `global
  nbthread 1
  maxconn 9000
defaults
  mode http
  http-reuse always
  timeout connect 5s
  timeout client 1h
  timeout server 1h
  timeout tunnel 1h
  option forwardfor
frontend front
  bind 127.0.0.1:${port}
${rules}
  use_backend %[path,field(3,/)]
${backends.join('\n')}
`;
}

async function startHaproxy(world: BenchWorld, name: string, rules: string): Promise<RunningPeer> {
  const port = world.nextPort();
  const config = world.file(`${name}.cfg`, haproxyConfig(world, port, rules));
  return {
    port,
    processes: [await startOn(world.started, proxyCore, ['haproxy', '-db', '-f', config], port)],
    cookie: jwtCookie(world),
  };
}

const haproxy: Peer = {
  name: 'HAProxy',
  checks: false,
  what: 'HAProxy with a backend per user; checks nobody',
  start: (world) => startHaproxy(world, 'haproxy', ''),
};

const haproxyJwt: Peer = {
  name: 'HAProxy jwt_verify',
  checks: true,
  what: 'HAProxy that verifies the RS256 token at each request, with issuer, expiry and owner of the path',
  start(world) {
    const key = world.file('key.pem', world.publicKeyPem);
    const deny = '  http-request deny deny_status';
    return startHaproxy(
      world,
      'haproxy-jwt',
      `  http-request set-var(txn.jwt) req.cook(cylc-gateway)
  http-request set-var(txn.alg) var(txn.jwt),jwt_header_query('$.alg')
  http-request set-var(txn.sub) var(txn.jwt),jwt_payload_query('$.sub')
  http-request set-var(txn.exp) var(txn.jwt),jwt_payload_query('$.exp','int')
  http-request set-var(txn.now) date
  http-request set-var(txn.owner) path,field(3,/)
${deny} 401 unless { var(txn.alg) -m str RS256 }
${deny} 401 unless { var(txn.jwt),jwt_verify(txn.alg,"${key}") -m int 1 }
${deny} 401 unless { var(txn.jwt),jwt_payload_query('$.iss') -m str ${issuer} }
${deny} 401 if { var(txn.exp),sub(txn.now) -m int lt 0 }
${deny} 403 unless { var(txn.sub),strcmp(txn.owner) eq 0 }`,
    );
  },
};

export const peers: readonly Peer[] = [ours, haproxyJwt, nginxOauth2, chp, oursAlone, naive, nginx, haproxy];
