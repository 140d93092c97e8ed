#!/usr/bin/python3 -I
"""What a gateway of an ordinary user runs by sudo(8) as another account: the one command that its sudoers rule allows.

It reads what to do from its standard input (JSON), since arguments can be read by everybody:

start    becomes the leader of a session, notes its process on standard output, and runs the command; the process
         that sudo waits for passes its exit code on
signal   sends a signal to exactly this process (SIGKILL: to its group)
command  runs a short command to its end
"""

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
    for number in (1, 2):
        redirect(number, os.open(os.devnull, os.O_WRONLY))
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
    os.closerange(3, 1024)
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


def send(plan):
    pid, how = plan["pid"], signal.Signals[plan["signal"]]
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
    except ProcessLookupError:
        os._exit(GONE)


def stat_of(pid):
    with open("/proc/%s/stat" % pid, encoding="latin1") as stat:
        return stat.read()


def redirect(number, source):
    os.dup2(source, number)
    os.close(source)


def main():
    plan = json.load(sys.stdin)
    {"start": start, "signal": send, "command": command}[plan["do"]](plan)


main()
