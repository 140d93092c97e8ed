"""How the gateway reaches the fork server: a unix socket in a folder that the gateway's user alone can enter.

A gateway that was killed is followed by one that finds this process by the socket, and is told anew what is here. There
is one gateway at a time: the one that came last.
"""

import json
import os
import socket
import struct
import time


class Link:
    def __init__(self, path, patience_s):
        """Listens at once: who connects while modules are still imported is answered afterwards."""
        self.path, self.patience_s = path, patience_s
        self.peer, self.rest, self.over = None, b"", False
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
        return [source for source in (self.listener, self.peer) if source is not None]

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

    def accept(self, hello):
        try:
            peer, _ = self.listener.accept()
        except OSError:
            return
        peer.setblocking(True)
        _, uid, _ = struct.unpack("3i", peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        if uid != os.geteuid():
            peer.close()
            return
        self.drop()
        self.peer = peer
        self.say(hello)

    def read(self):
        """The requests that have come."""
        try:
            data = self.peer.recv(65536)
        except OSError:
            data = b""
        if not data:
            self.drop()
        *lines, self.rest = (self.rest + data).split(b"\n")
        return [json.loads(line) for line in lines]

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
