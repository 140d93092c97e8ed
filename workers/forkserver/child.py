"""What a child of the fork server does between the fork and Cylc's own `main`: what the launcher does by exec."""

import ctypes
import gc
import json
import os
import resource
import signal
import sys

LIMITS = {
    "as": resource.RLIMIT_AS,
    "core": resource.RLIMIT_CORE,
    "cpu": resource.RLIMIT_CPU,
    "nofile": resource.RLIMIT_NOFILE,
    "nproc": resource.RLIMIT_NPROC,
}


def run(path):
    """Becomes the server of this plan. Ends with SystemExit, as the command itself would."""
    gc.enable()
    os.setsid()
    for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    note_self(path)
    with open(path + ".plan", encoding="utf8") as file:
        plan = json.load(file)
    os.unlink(path + ".plan")
    # Closed before anything of the account's runs: it never has a file of ours open.
    note = os.open(path + ".note", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    os.closerange(3, note)
    os.closerange(note + 1, 1024)
    try:
        become(plan)
        redirect(plan, note)
        settle(plan)
    except OSError as error:
        os.write(note, b"cannot start as planned: %s\n" % str(error).encode())
        os._exit(126)
    os.close(note)
    show_command(plan["command"])
    forget_fork_server(plan["command"])
    from cylc.flow.scripts.cylc import main

    sys.exit(main())


def forget_fork_server(command):
    """Arguments and module path as Python sets them for a script; our own modules are none of the server's."""
    sys.argv = list(command)
    sys.dont_write_bytecode = False
    sys.path[0] = os.path.dirname(command[0])
    for name in [name for name in sys.modules if name.partition(".")[0] == "forkserver"]:
        del sys.modules[name]


def note_self(path):
    """The pid and start time, for a gateway that was killed meanwhile. Without the note nothing may run."""
    with open("/proc/self/stat", encoding="latin1") as stat:
        text = stat.read()
    with open(path + ".pid", "w", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(text)


def redirect(plan, note):
    null = os.open(os.devnull, os.O_RDWR)
    try:
        log = open_log(plan["logFile"], plan["umask"])
    except OSError as error:
        os.write(note, b"There is no log of this start: %s\n" % str(error).encode())
        log = os.dup(null)
    os.dup2(null, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(null)
    os.close(log)


def open_log(path, mask):
    """As the account: its own file, with its rights and quota. That of the start before is kept beside it."""
    folder = os.path.dirname(path)
    os.umask(mask)
    os.makedirs(os.path.dirname(folder), exist_ok=True)
    os.umask(0o077)
    if not os.path.isdir(folder):
        os.mkdir(folder)
    if os.path.lexists(path):
        os.rename(path, path + ".1")
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)


def become(plan):
    for name, value in plan.get("limits", {}).items():
        resource.setrlimit(LIMITS[name], (value, value))
    user = plan.get("user")
    if user is not None:
        os.initgroups(user["name"], user["gid"])
        os.setresgid(user["gid"], user["gid"], user["gid"])
        os.setresuid(user["uid"], user["uid"], user["uid"])
        if os.getresuid() != (user["uid"],) * 3 or 0 in os.getgroups() and user["gid"] != 0:
            raise OSError("could not become %s" % user["name"])


def settle(plan):
    os.umask(plan["umask"])
    os.chdir(plan["cwd"])
    os.environ.clear()
    os.environ.update(plan["env"])


def show_command(command):
    """Lets ps(1) show the server's command line instead of the fork server's. Cosmetic: may fail without harm."""
    try:
        with open("/proc/self/stat", encoding="latin1") as stat:
            fields = stat.read().rpartition(")")[2].split()
        begin, end = int(fields[45]), int(fields[46])
        text = b"\0".join(os.fsencode(word) for word in command) + b"\0"
        ctypes.memmove(begin, text[: end - begin].ljust(end - begin, b"\0"), end - begin)
        ctypes.CDLL(None).prctl(15, b"cylc", 0, 0, 0)  # PR_SET_NAME
    except (OSError, ValueError, IndexError, AttributeError):
        pass
