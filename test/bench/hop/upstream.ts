import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadCore, startOn } from './processes.ts';
import { socketUser } from './world.ts';
import type { BenchWorld } from './world.ts';

/** The same upstream for all: nginx on one port per user, and an echo of WebSockets. */
export async function startUpstream(world: BenchWorld): Promise<void> {
  const { dir } = world;
  writeFileSync(join(dir, 'small.json'), JSON.stringify({ data: 'x'.repeat(1024 - 11) }));
  writeFileSync(join(dir, 'big.bin'), Buffer.alloc(1024 * 1024, 'x'));
  const listens = world.users.map((user) => `listen 127.0.0.1:${world.portOf(user)} backlog=1024;`);
  const config = world.file(
    'upstream.conf',
    nginxConfig(
      dir,
      'upstream',
      `
  server { ${listens.join(' ')}
    root ${dir};
    add_header Cache-Control no-store; add_header X-Frame-Options DENY; add_header Vary Cookie;
    location ~ /big$ { try_files /big.bin =500; }
    location / { default_type application/json; try_files /small.json =500; }
  }`,
    ),
  );
  const port = world.portOf(socketUser);
  await startOn(world.started, loadCore, ['nginx', '-c', config], world.portOf('u0'));
  await startOn(
    world.started,
    loadCore,
    [process.execPath, join(import.meta.dirname, 'echoSockets.ts'), String(port)],
    port,
  );
}

/** One worker, in the foreground, nothing logged, all files in the run's folder. */
export function nginxConfig(dir: string, name: string, http: string): string {
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${dir}/${name}-${kind};`,
  );
  const user = process.getuid?.() === 0 ? 'user root;' : '';
  return `${user} daemon off; worker_processes 1; pid ${dir}/${name}.pid; error_log ${dir}/${name}.log warn;
worker_rlimit_nofile 20000;
events { worker_connections 10000; }
http { access_log off; ${temp.join(' ')} keepalive_timeout 300s; keepalive_requests 100000000; tcp_nodelay on; sendfile on;
${http}
}
`;
}
