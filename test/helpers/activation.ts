/**
 * A command before the program that opens a unix socket and hands it over as systemd does (sd_listen_fds(3)): descriptor 3,
 * with the program's own process id.
 */
export function activatedAt(path: string): string[] {
  const script = `
import os, socket, sys
path = sys.argv[1]
if os.path.exists(path): os.unlink(path)
listening = socket.socket(socket.AF_UNIX)
listening.bind(path)
os.chmod(path, 0o666)
listening.listen(64)
if listening.fileno() == 3: listening.set_inheritable(True)
else: os.dup2(listening.fileno(), 3, inheritable=True)
os.environ.update(LISTEN_FDS='1', LISTEN_PID=str(os.getpid()), LISTEN_FDNAMES='cylc-gateway.socket')
os.execvp(sys.argv[2], sys.argv[2:])
`;
  return ['python3', '-c', script, path];
}
