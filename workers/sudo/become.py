#!/usr/bin/python3 -I
"""What a gateway of an ordinary user runs by sudo(8) as another account: the one command that its sudoers rule allows.

It reads what to do from its standard input (JSON), since arguments can be read by everybody:

start    becomes the leader of a session, notes its process on standard output, and runs the command; the process
         that sudo waits for passes its exit code on
signal   sends a signal to exactly this process (SIGKILL: to its group)
command  runs a short command to its end
"""

import ctypes

# First of all: what this process holds of the gateway's (the file of its note, sudo's pipes) is not for other processes
# of the account, which could take it (ptrace(2), pidfd_getfd(2)). The exec of its command ends that.
libc = ctypes.CDLL(None, use_errno=True)
libc.prctl(4, 0, 0, 0, 0)  # PR_SET_DUMPABLE

import errno  # noqa: E402
import json  # noqa: E402
import os  # noqa: E402
import platform  # noqa: E402
import resource  # noqa: E402
import signal  # noqa: E402
import sys  # noqa: E402

LIMITS = {
    "as": resource.RLIMIT_AS,
    "core": resource.RLIMIT_CORE,
    "cpu": resource.RLIMIT_CPU,
    "nofile": resource.RLIMIT_NOFILE,
    "nproc": resource.RLIMIT_NPROC,
}
GONE = 3


def start(plan):
    child = os.fork()
    if child == 0:
        try:
            os.setsid()
            # Without the note nothing may run: by it a gateway that was killed meanwhile finds the process.
            os.write(1, stat_of("self").encode("latin1"))
            redirect(0, os.open(os.devnull, os.O_RDONLY))
            redirect_output(plan)
            run(plan)
        except BaseException as error:
            print("cannot start: %s" % error, file=sys.stderr, flush=True)
        finally:
            os._exit(126)
    # Its own copies are of no more use, and not for the account: see above.
    for number in (0, 1, 2):
        redirect(number, os.open(os.devnull, os.O_RDWR))
    # Whatever sudo is told is not for the server: it is ended by its own pid.
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    _, status = os.waitpid(child, 0)
    os._exit(128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status))


def redirect_output(plan):
    try:
        log = open_log(plan["logFile"], plan["umask"])
    except OSError as error:
        print("There is no log of this start: %s" % error, file=sys.stderr, flush=True)
        log = os.dup(2)
    os.dup2(log, 2)
    redirect(1, log)


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


def command(plan):
    read, write = os.pipe()
    if os.fork() == 0:
        os.close(read)
        with os.fdopen(write, "wb") as pipe:
            pipe.write(plan.get("input", "").encode())
        os._exit(0)
    os.close(write)
    redirect(0, read)
    # The gateway cannot end what sudo runs. The alarm outlives exec.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(plan.get("timeoutS", 0))
    run(plan)


def run(plan):
    """Does not return."""
    for number in (signal.SIGPIPE, signal.SIGINT, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    os.closerange(3, 1 + max(map(int, os.listdir("/proc/self/fd"))))
    join_session_keyring()
    for name, value in plan.get("limits", {}).items():
        resource.setrlimit(LIMITS[name], (value, value))
    os.umask(plan.get("umask", 0o077))
    try:
        os.chdir(plan["cwd"])
    except OSError as error:
        print(error, file=sys.stderr, flush=True)
        os._exit(125)
    words = plan["command"]
    try:
        os.execvpe(words[0], words, plan["env"])
    except OSError as error:
        print("%s: %s" % (words[0], error.strerror), file=sys.stderr, flush=True)
        os._exit(127 if isinstance(error, (FileNotFoundError, NotADirectoryError)) else 126)


# keyctl(2), which has no function in the C library: its number by the machine's architecture.
KEYCTL = {"x86_64": 250, "aarch64": 219, "riscv64": 219, "ppc64le": 271, "s390x": 280}
JOIN_SESSION_KEYRING = 1


def join_session_keyring():
    """A new one, of the account: sudo leaves it that of the gateway's user, which is not for the account to read.

    Not a fault where there are none: not in this kernel (ENOSYS), or where no process may use them (EPERM).
    """
    if libc.syscall(KEYCTL[platform.machine()], JOIN_SESSION_KEYRING, None, None, None, None) == -1:
        number = ctypes.get_errno()
        if number not in (errno.ENOSYS, errno.EPERM):
            raise OSError(number, "no new session keyring: " + os.strerror(number))


def send(plan):
    pid, how = plan["pid"], signal.Signals[plan["signal"]]
    # kill(2): 0 is the own group, and that of 1 is every process of the account.
    if type(pid) is not int or pid <= 1:
        raise ValueError("pid is no process of a server")
    try:
        alive = stat_of(pid).rpartition(")")[2].split()[19] == plan["startTime"]
    except (FileNotFoundError, ProcessLookupError):
        # While its group has members, no new process gets its number.
        alive = how == signal.SIGKILL
    if not alive:
        os._exit(GONE)
    try:
        if how == signal.SIGKILL:
            os.killpg(pid, how)
        else:
            os.kill(pid, how)
    except (ProcessLookupError, PermissionError):
        # Of another user: not the one that was meant, whatever the note says.
        os._exit(GONE)


def stat_of(pid):
    with open("/proc/%s/stat" % pid, encoding="latin1") as stat:
        return stat.read()


def redirect(number, source):
    os.dup2(source, number)
    os.close(source)


def main():
    try:
        plan = json.load(sys.stdin)
        {"start": start, "signal": send, "command": command}[plan["do"]](plan)
    except Exception as error:
        words = " ".join(("%s: %s" % (type(error).__name__, error)).split())
        print("cannot do what standard input says: %s" % words[:300], file=sys.stderr, flush=True)
        os._exit(1)


main()
