"""Which modules the fork server imports: found by asking the environment itself, since every version differs."""

import ctypes
import importlib
import json
import os
import re
import shutil
import sys

from forkserver import child

# Cylc's own modules read the user's name and home at their import: they are left to the child.
OWN = ("cylc", "forkserver", "__main__", "__mp_main__")
# Modules of the standard library that do something when they are imported.
ACTING = ("antigravity", "this", "test", "idlelib", "turtledemo")
NOBODY = 65534
MAX_ANSWER = 1 << 20
TARGET = "cylc.uiserver.hubapp"


def find(cache):
    """Module names in the order of their import; from the file `cache`, or by a probe that then writes it."""
    try:
        with open(cache, encoding="utf8") as file:
            names = json.load(file)
        if isinstance(names, list):
            return plain(names)
    except (OSError, ValueError):
        pass
    names = plain(probe())
    temporary = "%s.%d" % (cache, os.getpid())
    with open(temporary, "w", encoding="utf8") as file:
        json.dump(names, file)
    os.replace(temporary, cache)
    return names


def plain(names):
    """Names of modules as they are spelled, of none that acts at its import."""
    fitting = [name for name in names if isinstance(name, str) and re.fullmatch(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", name)]
    return [name for name in fitting if name.partition(".")[0] not in OWN + ACTING and "__main__" not in name]


def probe():
    """Imports the target in a child process and asks it what came along.

    Below root it is nobody's process: it reads the site's configuration of Jupyter and Cylc, which is Python code, and not
    always root's own.
    """
    home = os.environ["HOME"]
    os.mkdir(home, mode=0o700)
    if os.geteuid() == 0:
        os.chown(home, NOBODY, NOBODY)
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            os.close(read)
            if os.geteuid() == 0:
                become_nobody()
            before = set(sys.modules)
            importlib.import_module(TARGET)
            rehearse()
            names = [name for name in list(sys.modules) if name not in before and fit(name, sys.modules[name])]
            with os.fdopen(write, "w", encoding="utf8") as file:
                json.dump(names, file)
            code = 0
        finally:
            shutil.rmtree(home, ignore_errors=True)
            os._exit(code)
    os.close(write)
    with os.fdopen(read, encoding="utf8") as file:
        text = file.read(MAX_ANSWER)
    _, status = os.waitpid(pid, 0)
    if status != 0:
        raise SystemExit("the UI server of this Cylc cannot be imported")
    return json.loads(text)


def become_nobody():
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)
    child.join_session_keyring()
    ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
    os.chdir("/")


def rehearse():
    """Sets the server up, short of starting it: it imports the handlers of its pages only then."""
    os.environ.update(JUPYTERHUB_API_TOKEN="none", JUPYTERHUB_CLIENT_ID="none", JUPYTERHUB_API_URL="http://127.0.0.1:9/")
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    try:
        from cylc.uiserver.hubapp import CylcHubApp
        from cylc.uiserver.scripts import hubapp

        hubapp.init_log()
        socket = "--ServerApp.sock=" + os.path.join(os.environ["HOME"], "s")
        CylcHubApp.instance().initialize([socket, "--ServerApp.allow_root=True"])
    except (Exception, SystemExit) as error:  # another version: then a few modules more are left to each child
        print("no rehearsal: %r" % error, file=sys.stderr)


def fit(name, module):
    """Not Cylc's own, importable by its name, and nothing in it remembers whom the fork server ran as."""
    if name.partition(".")[0] in OWN or getattr(module, "__spec__", None) is None:
        return False
    return not remembers(vars(module), os.environ.get("HOME", "\0"), 2)


def remembers(value, mark, depth):
    """The fork server's HOME is a made-up path: a value that has it in it was read from the environment."""
    if isinstance(value, (str, bytes, os.PathLike)):
        try:
            return mark in os.fsdecode(value)
        except (TypeError, ValueError):
            return False
    if depth == 0:
        return False
    if isinstance(value, dict):
        return any(remembers(item, mark, depth - 1) for item in list(value.values()))
    if isinstance(value, (list, tuple, set, frozenset)):
        return any(remembers(item, mark, depth - 1) for item in list(value))
    return False


def import_all(names):
    """Imports what it can; returns the names that failed, for the log."""
    failed = []
    for name in names:
        try:
            importlib.import_module(name)
        except Exception:  # a module that fails here fails or not in the child: no reason to give up
            failed.append(name)
    for name in [name for name in sys.modules if name.partition(".")[0] == "cylc"]:
        del sys.modules[name]
    return failed
