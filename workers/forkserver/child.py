"""What a child of the fork server does between the fork and Cylc's own `main`: what the launcher does by exec."""

import ctypes
import errno
import gc
import json
import os
import platform
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
    os.closerange(note + 1, 1 + max(map(int, os.listdir("/proc/self/fd"))))
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
        if int(of_self("oom_score_adj") or 0) < 0:
            tell_kernel("oom_score_adj", 0)
        if of_self("loginuid") not in ("", "4294967295"):
            tell_kernel("loginuid", user["uid"])
        os.initgroups(user["name"], user["gid"])
        os.setresgid(user["gid"], user["gid"], user["gid"])
        os.setresuid(user["uid"], user["uid"], user["uid"])
        if os.getresuid() != (user["uid"],) * 3 or 0 in os.getgroups() and user["gid"] != 0 or capabilities() != 0:
            raise OSError("could not become %s" % user["name"])
        # After it: then the keyring is the account's, and until its first exec nobody may look into this process.
        join_session_keyring()


def settle(plan):
    os.umask(plan["umask"])
    os.chdir(plan["cwd"])
    os.environ.clear()
    os.environ.update(plan["env"])


def of_self(name):
    try:
        with open("/proc/self/" + name, encoding="latin1") as file:
            return file.read().strip()
    except OSError:
        return ""


def tell_kernel(name, value):
    """What setuid leaves as it was (src/processes/becomeUser.ts): as far as this kernel has such a thing."""
    try:
        with open("/proc/self/" + name, "w", encoding="latin1") as file:
            file.write(str(value))
    except OSError:
        pass


def capabilities():
    """Those that it has, and those that it could pass on: setuid leaves some where the securebits say so."""
    with open("/proc/self/status", encoding="latin1") as status:
        words = [line.split() for line in status]
    return sum(int(word[1], 16) for word in words if word[0] in ("CapInh:", "CapPrm:", "CapEff:", "CapAmb:"))


# keyctl(2), which has no function in the C library: its number by the machine's architecture.
KEYCTL = {"x86_64": 250, "aarch64": 219, "riscv64": 219, "ppc64le": 271, "s390x": 280}
JOIN_SESSION_KEYRING = 1


def join_session_keyring():
    """A new one, of the account: setuid does not leave that of the gateway, where Kerberos tickets of root may be.

    Not a fault where there are none: not in this kernel (ENOSYS), or where no process may use them (EPERM).
    """
    call = ctypes.CDLL(None, use_errno=True).syscall
    if call(KEYCTL[platform.machine()], JOIN_SESSION_KEYRING, None, None, None, None) == -1:
        number = ctypes.get_errno()
        if number not in (errno.ENOSYS, errno.EPERM):
            raise OSError(number, "no new session keyring: " + os.strerror(number))


def unfit():
    """Why this Python cannot start servers; None where it can. Found out before there is a server."""
    if platform.machine() not in KEYCTL:
        return "keyctl(2) is not known for the architecture %s" % platform.machine()
    return None


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
