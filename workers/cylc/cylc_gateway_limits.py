"""The site's limits on what owners may give away (`c.CylcUIServer.site_authorization`), failing closed.

Jupyter only logs a configuration file that it cannot read or run, and goes on without it. For limits that would mean
that there are none: here it means that owners can give nothing away until the file is mended.
"""

import functools
import os
import stat

from traitlets.config.loader import JSONFileConfigLoader, LazyConfigValue, PyFileConfigLoader

# What a visitor may get at most where the site has no configuration for Cylc's UI servers at all. Not broadcast, as in
# Cylc's own group CONTROL.
DEFAULT_LIMITS = {"*": {"*": {"default": "", "limit": ["READ", "CONTROL"]}}}
NO_LIMITS_GIVEN = {}
LOADERS = {".py": PyFileConfigLoader, ".json": JSONFileConfigLoader}


def _files(folders, names):
    return [os.path.join(folder, name + ending) for folder in folders for name in names for ending in LOADERS]


def _site_files():
    """Where Cylc's UI server looks for the site's configuration."""
    from cylc.uiserver.config_util import SITE_CONF_ROOT, get_conf_dir_hierarchy

    folders = get_conf_dir_hierarchy([SITE_CONF_ROOT], filename=False)
    return _files(folders, ("jupyter_config", "jupyter_cylc_config"))


def _system_files():
    """Where the system's administrator may have put limits too: for all of Jupyter."""
    from jupyter_core.paths import ENV_CONFIG_PATH, SYSTEM_CONFIG_PATH

    names = ("jupyter_config", "jupyter_server_config", "jupyter_cylc_config")
    return _files([*SYSTEM_CONFIG_PATH, *ENV_CONFIG_PATH], names)


def _is_there(path):
    """Raises OSError where that cannot be told."""
    try:
        return stat.S_ISREG(os.stat(path).st_mode) or not os.path.isdir(path)
    except (FileNotFoundError, NotADirectoryError):
        if os.path.islink(path):
            raise
        return False


def _fault(path):
    """Why this file cannot be used, or None."""
    try:
        if _is_there(path):
            folder, name = os.path.split(path)
            LOADERS[os.path.splitext(path)[1]](name, path=folder).load_config()
    except (Exception, SystemExit) as error:
        return "%s cannot be read: %s" % (path, " ".join(str(error or type(error).__name__).split()))
    return None


@functools.lru_cache(maxsize=None)
def site_fault():
    """Why the site's limits are not known, in one sentence; None where all of the site's files could be read."""
    try:
        files = _site_files()
        faults = [fault for fault in map(_fault, [*files, *_system_files()]) if fault]
        if faults:
            return faults[0]
        named = os.environ.get("CYLC_SITE_CONF_PATH")
        if named and not any(map(_is_there, files)):
            return "CYLC_SITE_CONF_PATH names %s, where there is no uiserver/jupyter_config.py" % named
    except Exception as error:
        return "where they are cannot be told: %s" % error
    return None


def site_is_configured():
    return any(map(_is_there, _site_files()))


class Late(LazyConfigValue):
    """A value of the configuration that is made from what the files before it say."""

    def of(self, earlier):
        raise NotImplementedError

    def merge_into(self, other):
        if isinstance(other, Late):
            return self
        # Changes to a value that nobody has set: `site_authorization.update(...)`.
        return self.of(other.get_value({}) if isinstance(other, LazyConfigValue) else other)

    def get_value(self, initial):
        return self.of(initial)

    def to_dict(self):
        return self.of({})

    def __deepcopy__(self, memo):
        return self


class SiteLimits(Late):
    """The site's own `site_authorization`. The default where the site configures nothing; nothing where it is not known."""

    def of(self, earlier):
        if site_fault() is not None:
            return NO_LIMITS_GIVEN
        return earlier or (NO_LIMITS_GIVEN if site_is_configured() else DEFAULT_LIMITS)
