"""Which modules the fork server imports: found by asking the environment itself, since every version differs."""

import importlib
import json
import os
import shutil
import sys

# Cylc's own modules read the user's name and home at their import: they are left to the child.
OWN = ("cylc", "forkserver", "__main__", "__mp_main__")
TARGET = "cylc.uiserver.hubapp"


def find(cache):
    """Module names in the order of their import; from the file `cache`, or by a probe that then writes it."""
    try:
        with open(cache, encoding="utf8") as file:
            names = json.load(file)
        if isinstance(names, list) and all(isinstance(name, str) for name in names):
            return names
    except (OSError, ValueError):
        pass
    names = probe()
    temporary = "%s.%d" % (cache, os.getpid())
    with open(temporary, "w", encoding="utf8") as file:
        json.dump(names, file)
    os.replace(temporary, cache)
    return names


def probe():
    """Imports the target in a child process and asks it what came along."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            before = set(sys.modules)
            importlib.import_module(TARGET)
            rehearse()
            names = [name for name in list(sys.modules) if name not in before and fit(name, sys.modules[name])]
            with os.fdopen(write, "w", encoding="utf8") as file:
                json.dump(names, file)
            code = 0
        finally:
            os._exit(code)
    os.close(write)
    with os.fdopen(read, encoding="utf8") as file:
        text = file.read()
    _, status = os.waitpid(pid, 0)
    if status != 0:
        raise SystemExit("the UI server of this Cylc cannot be imported")
    return json.loads(text)


def rehearse():
    """Sets the server up, short of starting it: it imports the handlers of its pages only then."""
    os.makedirs(os.environ["HOME"], mode=0o700)
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
    finally:
        shutil.rmtree(os.environ["HOME"], ignore_errors=True)


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
