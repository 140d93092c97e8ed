"""What opens the Hub leaves the environment of a UI server as soon as it has been read.

A UI server starts schedulers, which start jobs: all inherit its environment, and print it into logs that others may
look at. `HUB` has what this server's own modules need of it.
"""

import ctypes
import os

SECRETS = ("JUPYTERHUB_API_TOKEN", "JPY_API_TOKEN")
CONFIG_PATH = "JUPYTER_CONFIG_PATH"


class Hub:
    """Read while it is there: this module is imported by the configuration, before anything is started."""

    def __init__(self, environment):
        self.url = environment["JUPYTERHUB_API_URL"]
        self.token = environment["JUPYTERHUB_API_TOKEN"]


HUB = Hub(os.environ)


def withdraw(serverapp):
    """Called when the server has all its configuration, and nobody was answered yet.

    Which scopes let a visitor in is read from the environment at the first visit, and none means that everybody is let
    in: so they are read now, and a server without any ends.
    """
    hub_auth = getattr(serverapp, "hub_auth", None)
    if hub_auth is None or not hub_auth.api_token or not hub_auth.access_scopes:
        serverapp.exit("Nothing says which visitors may open this server (JUPYTERHUB_OAUTH_ACCESS_SCOPES).")
    for name in SECRETS:
        os.environ.pop(name, None)
    leave_config_path(os.path.dirname(os.path.abspath(__file__)))
    erase(SECRETS)


def leave_config_path(own):
    """Our folder of configuration is for this server alone; those of the site stay."""
    folders = os.environ.pop(CONFIG_PATH, "").split(os.pathsep)
    others = [folder for folder in folders if folder and os.path.abspath(folder) != own]
    if others:
        os.environ[CONFIG_PATH] = os.pathsep.join(others)


def erase(names):
    """Overwrites them where the kernel put them at exec(2): /proc/PID/environ shows that memory for ever (proc(5)).

    A job has its owner's rights, and so could read this process in other ways; but none that only prints what it sees.
    """
    try:
        with open("/proc/self/stat", encoding="latin1") as stat:
            fields = stat.read().rpartition(")")[2].split()
        begin, end = int(fields[47]), int(fields[48])  # env_start and env_end
        if not 0 < begin < end:
            return
        at = begin
        for entry in ctypes.string_at(begin, end - begin).split(b"\0"):
            if entry.partition(b"=")[0] in [name.encode() for name in names]:
                ctypes.memset(at, 0, len(entry))
            at += len(entry) + 1
    except (OSError, ValueError, IndexError) as error:
        print("the environment of this process could not be erased: %s" % error)
