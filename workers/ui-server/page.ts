import { readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Visitor } from './hubClient.ts';
import type { Settings } from './settings.ts';

const style = `
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
body { margin: 0; background: light-dark(#f4f6f8, #14181d); color: light-dark(#1a2330, #e4e9ef); }
header { background: #0b6e6e; color: #fff; padding: 1rem; }
header, main { padding-inline: max(1rem, 50vw - 24rem); }
main { padding-block: 1rem; display: grid; gap: 1rem; overflow-wrap: anywhere; }
section { background: light-dark(#fff, #1d232b); border-radius: .75rem; padding: 1rem 1.25rem; box-shadow: 0 1px 4px #0003; }
h1 { font-size: 1.4rem; margin: 0; } h2 { font-size: 1.1rem; margin: 0 0 .5rem; } p { margin: .3rem 0; }
.note { border-left: .3rem solid #d08700; }
code { background: light-dark(#e8edf1, #2a323c); padding: .1em .35em; border-radius: .3em; white-space: nowrap; }
a { color: light-dark(#0b6e6e, #6cc); } header a { color: #fff; }`;

const script = `
const clock = document.getElementById('clock');
const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
const timeIn = ({ time }) => time && new Date(time).toLocaleTimeString();
let waitMs = 250;
(function connect() {
  const socket = new WebSocket(scheme + '//' + location.host + document.body.dataset.live, 'graphql-ws');
  socket.onopen = () => { waitMs = 250; };
  socket.onmessage = (event) => { clock.textContent = timeIn(JSON.parse(event.data)) ?? clock.textContent; };
  socket.onclose = () => { clock.textContent = 'not connected'; setTimeout(connect, waitMs); waitMs = Math.min(waitMs * 2, 10000); };
})();`;

/** The one page: it says that it is a stand-in, who looks at whose server, and shows that a WebSocket works. */
export async function renderPage(settings: Settings, visitor: Visitor): Promise<string> {
  const flows = await workflows();
  const list =
    flows.length === 0
      ? '<p>None yet in <code>~/cylc-run</code>.</p>'
      : `<ul>${flows.map((flow) => `<li>${escape(flow)}</li>`).join('')}</ul>`;
  const owner = escape(settings.owner);
  const who = visitor.name === settings.owner ? 'Your own server.' : `You look at the server of ${owner}.`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Stand-in server of ${owner}</title><style>${style}</style></head>
<body data-live="${escape(settings.prefix)}cylc/subscriptions">
<header><h1>Server of ${owner}</h1><p>Signed in as <strong>${escape(visitor.name)}</strong>. ${who}
<a href="${escape(settings.hubPath)}home">Home page</a></p></header>
<main><section class="note"><h2>This is a stand-in</h2>
<p>Where Cylc is not installed, this small server stands in for its UI server. It is a real process with a real sign-in.</p>
<p>To get the real one: <code>npm run cylc:install</code> in the folder of the gateway, then stop this server and start it again.</p></section>
<section><h2>Workflows of ${owner}</h2>${list}</section>
<section><h2>Live connection</h2><p>Time at the server: <strong id="clock" role="status">connecting</strong></p></section>
</main><script>${script}</script></body></html>
`;
}

async function workflows(): Promise<string[]> {
  const entries = await readdir(join(homedir(), 'cylc-run'), { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
    .slice(0, 200);
}

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
