import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * A virtual environment with a Cylc that is none: the same commands and modules, a few lines each, so that what starts
 * Cylc can be tested where it is not installed. Its server writes what it sees to the log and answers on its socket; with
 * `SMALL_SERVER=echoes` it tells each client what it was sent.
 */
export function makeFakeCylc(root: string, interpreter = publicPython()): { cylc: string; python: string } {
  const ask = 'import sys; print(sys.executable); print("%d.%d" % sys.version_info[:2])';
  const [real = '', version = ''] = execFileSync(interpreter, ['-c', ask], { encoding: 'utf8' }).trim().split('\n');
  const packages = join(root, `lib/python${version}/site-packages`);
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(packages, path)), { recursive: true });
    writeFileSync(join(packages, path), text);
  };
  mkdirSync(join(root, 'bin'), { recursive: true });
  chmodSync(dirname(root), 0o755);
  const python = join(root, 'bin/python');
  symlinkSync(realpathSync(real), python);
  writeFileSync(
    join(root, 'pyvenv.cfg'),
    `home = ${dirname(realpathSync(real))}\ninclude-system-site-packages = false\n`,
  );
  for (const name of ['cylc/__init__.py', 'cylc/flow/__init__.py', 'cylc/flow/scripts/__init__.py']) write(name, '');
  for (const name of ['cylc/uiserver/__init__.py', 'cylc/uiserver/scripts/__init__.py']) write(name, '');
  for (const name of ['cylc_flow-8.7.0', 'cylc_uiserver-1.10.0']) write(`${name}.dist-info/METADATA`, '');
  write('costly.py', 'import os, sys\nPID = os.getpid()\n');
  write('homesick.py', 'import os\nHOME = os.path.expanduser("~")\n');
  write('cylc/uiserver/hubapp.py', 'import os, costly, homesick, http.server\nPID = os.getpid()\n');
  write('cylc/uiserver/scripts/hubapp.py', 'from cylc.uiserver import hubapp\ndef init_log(): pass\n');
  write('cylc/flow/scripts/cylc.py', server);
  const cylc = join(root, 'bin/cylc');
  writeFileSync(cylc, `#!${python}\nimport sys\nfrom cylc.flow.scripts.cylc import main\nsys.exit(main())\n`);
  chmodSync(cylc, 0o755);
  return { cylc, python };
}

/** As root it must be one that every account can reach. */
function publicPython(): string {
  return process.getuid?.() === 0 && existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3';
}

const server = `
import http.client, json, os, signal, socket, socketserver, sys, time
from urllib.parse import unquote
from http.server import BaseHTTPRequestHandler

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if os.environ.get("SMALL_SERVER") == "mortal": os._exit(9)
        said = dict(path=self.path, headers=list(self.headers.items())) if os.environ.get("SMALL_SERVER") == "echoes" else {}
        self.send_response(200); self.end_headers(); self.wfile.write(json.dumps(said).encode())
    def address_string(self): return "-"
    def log_message(self, *words):
        if sys.stderr is not None: BaseHTTPRequestHandler.log_message(self, *words)

class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer): pass

def call_hub():
    url = os.environ.get("JUPYTERHUB_ACTIVITY_URL", "")
    if not url.startswith("http+unix://"): return
    place, _, path = url[12:].partition("/")
    hub = http.client.HTTPConnection("hub")
    hub.sock = socket.socket(socket.AF_UNIX)
    hub.sock.connect(unquote(place))
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    name = os.environ.get("JUPYTERHUB_SERVER_NAME", "")
    body = json.dumps({"servers": {name: {"last_activity": at}}, "last_activity": at})
    hub.request("POST", "/" + path, body, {"Authorization": "token " + os.environ["JUPYTERHUB_API_TOKEN"]})
    print("hub", hub.getresponse().status, flush=True)

def main():
    from cylc.uiserver import hubapp
    import costly, homesick
    mask = os.umask(0); os.umask(mask)
    print(json.dumps(dict(argv=sys.argv, env=dict(os.environ), cwd=os.getcwd(), umask=mask, pid=os.getpid(),
        sid=os.getsid(0), uids=os.getresuid(), gids=os.getresgid(), groups=os.getgroups(), costly=costly.PID,
        own=hubapp.PID, home=homesick.HOME, fds=sorted(os.listdir("/proc/self/fd")), stdin=os.readlink("/proc/self/fd/0"),
        sigint=str(signal.getsignal(signal.SIGINT)), names=[n for n in sys.modules if "forkserver" in n],
        path=sys.path[0], fork_server=os.getppid(), nofile=__import__("resource").getrlimit(7)[0])), flush=True)
    mode = os.environ.get("SMALL_SERVER", "good")
    if mode == "tells":
        for file in ("keys", "self/status"): print(open("/proc/" + file).read(), flush=True)
        for fd in os.listdir("/proc/self/fd"):
            try: print(" %s -> %s" % (fd, os.readlink("/proc/self/fd/" + fd)))
            except OSError: pass
        print("told", flush=True)
        return 0
    if mode == "dies": return 3
    if mode == "raises": raise RuntimeError("the moon is full")
    if mode == "twice":
        if os.fork(): return 0
        os.setsid()
    if mode == "closes":
        os.closerange(0, 3)
        sys.stdout = sys.stderr = None
    if mode == "home": open(os.path.expanduser("~/.cylc-gateway-was-here"), "w").close()
    if mode.startswith("late:"): time.sleep(float(mode[5:]))
    if mode == "deaf": time.sleep(3600)
    path = [a.partition("=")[2] for a in sys.argv if a.startswith("--ServerApp.sock=")][0]
    signal.signal(signal.SIGTERM, lambda *_: None if mode == "stubborn" else os._exit(0))
    try: os.unlink(path)
    except FileNotFoundError: pass
    call_hub()
    Server(path, Handler).serve_forever()
`;
