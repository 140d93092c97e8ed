"""Fork server: starts Cylc UI servers from a process that has the costly modules imported already.

Run by the gateway with the Python of one Cylc environment. It reads one request a line from its socket (link.py) and
answers each with one line (JSON both ways); nothing but the gateway can reach it. A request names a plan file, which
only the child opens (and removes): what belongs to one user never is in the memory that the next child inherits.

It ends when its gateway has (told so by it, or gone without a successor for a while) and the last server that it
started has ended: until then it notes their exit codes. Its own death harms none of them.
"""

import errno
import gc
import os
import select
import signal
import sys
import threading

from forkserver import child, modules
from forkserver.link import Link


def main():
    # No collections now: the holes that they leave in the heap would be filled, and so copied, in every child.
    gc.disable()
    cache, path, patience_s = sys.argv[1:4]
    # Further arguments are room for the command lines of the children: see child.show_command.
    link = Link(path, float(patience_s))
    # Whoever launched it connects now, and hears all else there.
    os.write(1, b"listening\n")
    os.dup2(2, 1)
    failed = modules.import_all(modules.find(cache))
    unfit = child.unfit()
    hello = {"ready": True, "pid": os.getpid(), "modules": len(sys.modules), "failed": failed}
    if threading.active_count() != 1 or len(os.listdir("/proc/self/task")) != 1:
        hello = {"unfit": "a module started a thread at its import"}
    if unfit is not None:
        hello = {"unfit": unfit}
    # What is there now is shared with all children: the collector must not touch, and so copy, its pages.
    gc.freeze()
    plan = serve(link, hello)
    if plan is not None:
        child.run(plan)  # in the child: ends with the interpreter's ordinary end
    link.remove()


def serve(link, hello):
    """The loop. Returns only in a child, with its plan, or with None when there is nothing left to do."""
    wake, wake_write = os.pipe()
    os.set_blocking(wake_write, False)
    signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    children = {}
    while children or link.hopes():
        ready, _, _ = select.select([wake, *link.sources()], [], [], link.patience() or None)
        if wake in ready:
            os.read(wake, 4096)
            reap(children)
        for request in link.hear(ready, hello):
            plan = handle(request, children, link)
            if plan is not None:
                return plan
    return None


def handle(request, children, link):
    """Forks for one request. Returns the plan's path in the child, None in the parent."""
    if request.get("end"):
        link.close()
        return None
    run, number = request.get("run"), request.get("id")
    if not isinstance(run, str) or not isinstance(number, int):
        return None
    try:
        # Who makes the claim first decides: a gateway that gave this start up has made it, and nothing is started.
        os.close(os.open(run + ".claim", os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as error:
        link.say({"id": number, "error": "cancelled" if error.errno == errno.EEXIST else str(error)})
        return None
    try:
        pid = os.fork()
    except OSError as error:
        # Nothing comes of this claim: nobody need wait for a process.
        os.unlink(run + ".claim")
        link.say({"id": number, "error": str(error)})
        return None
    if pid == 0:
        signal.set_wakeup_fd(-1)
        link.close()
        return run
    children[pid] = run
    link.say({"id": number, "pid": pid, "startTime": start_time(pid)})
    return None


def start_time(pid):
    with open("/proc/%d/stat" % pid, encoding="latin1") as stat:
        return stat.read().rpartition(")")[2].split()[19]


def reap(children):
    """Notes exit codes as a shell tells them: 128 and the signal's number for a death by signal."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        code = 128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
        run = children.pop(pid, None)
        if run is not None:
            note(run + ".exit", str(code))


def note(path, text):
    try:
        with open(path, "w", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(text + "\n")
    except OSError as error:
        print("not noted: %s: %s" % (path, error), file=sys.stderr, flush=True)
