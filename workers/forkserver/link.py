"""How the gateway reaches the fork server: a unix socket in a folder that the gateway's user alone can enter.

A gateway that was killed is followed by one that finds this process by the socket, and is told anew what is here. There
is one gateway at a time: the one that came last. A gateway says so in its first line; who connects and says anything
else is sent away, and nobody is the worse for it.
"""

import json
import os
import socket
import struct
import time

GREETING = {"gateway": True}
MAX_LINE = 65536
MAX_NEWCOMERS = 8


class Link:
    def __init__(self, path, patience_s):
        """Listens at once: who connects while modules are still imported is answered afterwards."""
        self.path, self.patience_s = path, patience_s
        self.peer, self.rest, self.over = None, b"", False
        # Connected, and what each has said so far.
        self.newcomers = {}
        self.left_at = None
        self.listener = socket.socket(socket.AF_UNIX)
        temporary = "%s.%d" % (path, os.getpid())
        self.listener.bind(temporary)
        os.chmod(temporary, 0o600)
        self.inode = os.stat(temporary).st_ino
        self.listener.listen(8)
        self.listener.setblocking(False)
        os.rename(temporary, path)

    def sources(self):
        return [source for source in (self.listener, self.peer, *self.newcomers) if source is not None]

    def hopes(self):
        """Whether a gateway is there, or may come yet."""
        return not self.over and (self.peer is not None or self.patience() != 0)

    def patience(self):
        """Seconds for which a gateway is still waited for; None while one is there."""
        if self.peer is not None:
            return None
        if self.left_at is None:
            self.left_at = time.monotonic()
        return max(0, self.left_at + self.patience_s - time.monotonic())

    def hear(self, ready, hello):
        """The requests that have come on those of the sources that are ready. A new gateway is told `hello`."""
        requests = self.read() if self.peer in ready else []
        for newcomer in [source for source in self.newcomers if source in ready]:
            self.meet(newcomer, hello)
        if self.listener in ready:
            self.accept()
        return requests

    def accept(self):
        try:
            newcomer, _ = self.listener.accept()
        except OSError:
            return
        _, uid, _ = struct.unpack("3i", newcomer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        if uid != os.geteuid() or len(self.newcomers) >= MAX_NEWCOMERS:
            newcomer.close()
            return
        newcomer.setblocking(False)
        self.newcomers[newcomer] = b""

    def meet(self, newcomer, hello):
        """Takes a gateway that has said that it is one for ours, in place of the one before."""
        try:
            data = newcomer.recv(4096)
        except OSError:
            data = b""
        line, end, rest = (self.newcomers.pop(newcomer) + data).partition(b"\n")
        if data and not end and len(line) < 100:
            self.newcomers[newcomer] = line
        elif end and parse(line) == GREETING:
            self.drop()
            newcomer.setblocking(True)
            self.peer, self.rest = newcomer, rest
            self.say(hello)
        else:
            newcomer.close()

    def read(self):
        """The requests that have come. One that cannot be read ends the connection: what follows would be misread too."""
        try:
            data = self.peer.recv(65536)
        except OSError:
            data = b""
        *lines, rest = (self.rest + data).split(b"\n")
        requests = [parse(line) for line in lines]
        if not data or None in requests or len(rest) > MAX_LINE:
            self.drop()
        else:
            self.rest = rest
        return [request for request in requests if request is not None]

    def say(self, message):
        if self.peer is None:
            return
        try:
            self.peer.sendall(json.dumps(message).encode() + b"\n")
        except OSError:
            pass  # the gateway has gone: its end is seen by the next read

    def drop(self):
        """The gateway has gone."""
        if self.peer is not None:
            self.peer.close()
        self.peer, self.rest, self.left_at = None, b"", None

    def close(self):
        """No gateway can come any more. In a child: of the sockets, nothing is left to the server."""
        self.over = True
        self.drop()
        for newcomer in self.newcomers:
            newcomer.close()
        self.newcomers = {}
        if self.listener is not None:
            self.listener.close()
        self.listener = None

    def remove(self):
        """The socket's file, unless another fork server has taken its place."""
        try:
            if os.stat(self.path).st_ino == self.inode:
                os.unlink(self.path)
        except OSError:
            pass


def parse(line):
    """A request (an object of JSON), or None for anything else."""
    try:
        request = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return request if isinstance(request, dict) else None
