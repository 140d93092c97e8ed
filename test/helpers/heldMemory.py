"""Makes a process whose memory nobody can look into: its kernel waits for ever, holding the lock of that memory.

An account can do so by any program of FUSE of its own (fusermount3): a file is read, which is not answered, and mapped,
which waits for that read. Needs root, to mount without fusermount3. Arguments: uid, an empty folder; what follows is
for the command line. Says the pid once it waits; ends, and with it that process, when its input ends.
"""

import ctypes
import errno
import mmap
import os
import select
import struct
import sys
import threading
import time

UID = int(sys.argv[1])
# By it alone the account gets there, whatever lies above.
os.chdir(os.path.dirname(sys.argv[2]))
PLACE = os.path.basename(sys.argv[2])
INIT, LOOKUP, GETATTR, OPEN, READ, WITHOUT_ANSWER = 26, 1, 3, 14, 15, (2, 36, 42)
DIRECT_IO = 1
MNT_DETACH = 2
libc = ctypes.CDLL(None, use_errno=True)


def attributes(node):
    mode = 0o40755 if node == 1 else 0o100644
    return struct.pack("<6Q10I", node, 4096, 8, 0, 0, 0, 0, 0, 0, mode, 1, UID, UID, 0, 4096, 0)


def serve(device):
    opened = 0
    while True:
        ready, _, _ = select.select([device, 0], [], [])
        if 0 in ready:
            return
        request = os.read(device, 1 << 17)
        _, what, unique, node = struct.unpack("<IIQQ", request[:24])
        if what in (READ, *WITHOUT_ANSWER):
            continue
        answer, fault = b"", 0
        if what == INIT:
            answer = struct.pack("<4I2H2I2H8I", 7, 31, 65536, 0, 12, 10, 65536, 1, *[0] * 10)
        elif what == LOOKUP:
            answer = struct.pack("<4Q2I", 2, 1, 60, 60, 0, 0) + attributes(2)
        elif what == GETATTR:
            answer = struct.pack("<QII", 60, 0, 0) + attributes(node)
        elif what == OPEN:
            opened += 1
            answer = struct.pack("<QII", opened, DIRECT_IO if opened == 2 else 0, 0)
        else:
            fault = -errno.ENOSYS
        os.write(device, struct.pack("<IiQ", 16 + len(answer), fault, unique) + answer)


def hold():
    first, second = (os.open(PLACE + "/file", os.O_RDONLY) for _ in range(2))
    threading.Thread(target=os.read, args=(first, 100), daemon=True).start()
    time.sleep(0.3)
    mmap.mmap(second, 4096, mmap.MAP_PRIVATE, mmap.PROT_READ)


def become():
    os.setgroups([])
    os.setresgid(UID, UID, UID)
    os.setresuid(UID, UID, UID)


def waits(pid):
    """For the disk, as it seems (proc(5)), and for some time."""
    for _ in range(10):
        with open("/proc/%d/stat" % pid, encoding="latin1") as stat:
            if stat.read().rpartition(")")[2].split()[0] != "D":
                return False
        time.sleep(0.02)
    return True


device = os.open("/dev/fuse", os.O_RDWR)
options = b"fd=%d,rootmode=40000,user_id=%d,group_id=%d" % (device, UID, UID)
if libc.mount(b"held", PLACE.encode(), b"fuse", 6, options) != 0:
    sys.exit(os.strerror(ctypes.get_errno()))
child = os.fork()
if child == 0:
    os.close(device)
    become()
    hold()
    os._exit(0)


def tell():
    while not waits(child):
        time.sleep(0.05)
    print(child, flush=True)


threading.Thread(target=tell, daemon=True).start()
serve(device)
os.close(device)
libc.umount2(PLACE.encode(), MNT_DETACH)
os.kill(child, 9)
os.waitpid(child, 0)
