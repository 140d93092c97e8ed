"""Shares of the gateway as grants of Cylc's UI server.

`Shares` stands in `c.CylcUIServer.user_authorization`: a mapping that has all that the owner wrote there and asks the
gateway, whenever Cylc asks it about a visitor, what is shared with that visitor. Cylc then cuts it down to the site's
limits as ever. As a server extension, the module lets the gateway say that shares have changed (Cylc remembers what a
visitor may do until it is told to forget), and withdraws what opens the Hub from the environment.
"""

import http.client
import json
import socket
from urllib.parse import quote, unquote, urlsplit

import cylc_gateway_environment
from tornado import web
from traitlets.config.loader import LazyConfigValue

# The gateway answers from memory; while it is asked, the whole server stands still.
TIMEOUT_S = 5
# What a visitor may get at most where the site's configuration of Cylc sets no limits. Not broadcast, as in Cylc's
# own group CONTROL.
DEFAULT_LIMITS = {"*": {"*": {"default": "", "limit": ["READ", "CONTROL"]}}}


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("hub", timeout=TIMEOUT_S)
        self._path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def _connect(url):
    if url.scheme == "http+unix":
        return _UnixConnection(unquote(url.netloc))
    kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    return kind(url.netloc, timeout=TIMEOUT_S)


def shared_with(visitor):
    """Names of Cylc's permissions that the gateway's shares give this visitor. Refuses where it cannot be asked."""
    hub = cylc_gateway_environment.HUB
    url = urlsplit(hub.url)
    connection = _connect(url)
    try:
        path = "%s/cylc/grants/%s" % (url.path.rstrip("/"), quote(visitor, safe=""))
        connection.request("GET", path, headers={"Authorization": "token " + hub.token})
        answer = connection.getresponse()
        if answer.status != 200:
            raise OSError("status %d" % answer.status)
        return list(json.loads(answer.read())["permissions"])
    except (OSError, ValueError, KeyError, http.client.HTTPException) as error:
        # An exception is not cached by Cylc, and refuses.
        raise web.HTTPError(503, "the gateway could not be asked what is shared: %s" % error) from error
    finally:
        connection.close()


class Grants(dict):
    """What the owner wrote, and for each visitor what is shared with them, looked up when asked."""

    def get(self, item, default=None):
        own = super().get(item, default)
        if item == "*" or item.startswith("group:"):
            return own
        shared = shared_with(item)
        if not shared or own == []:
            return own
        return [*([own] if isinstance(own, str) else own or []), *shared]

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self


class _Late(LazyConfigValue):
    """A value of the configuration that is made from what the files before it say."""

    def of(self, earlier):
        raise NotImplementedError

    def merge_into(self, other):
        return self if isinstance(other, LazyConfigValue) else self.of(other)

    def get_value(self, initial):
        return self.of(initial)

    def to_dict(self):
        return self.of({})

    def __deepcopy__(self, memo):
        return self


class Shares(_Late):
    """The owner's own `user_authorization`, with the shares."""

    def of(self, earlier):
        return earlier if isinstance(earlier, Grants) else Grants(earlier or {})


class SiteLimits(_Late):
    """The site's own `site_authorization`, where it has one."""

    def of(self, earlier):
        return earlier or DEFAULT_LIMITS


class ForgetHandler(web.RequestHandler):
    """`POST <prefix>cylc-gateway/forget`: what visitors may do is looked up anew. It tells and gives nothing."""

    def initialize(self, serverapp):
        self.serverapp = serverapp

    def check_xsrf_cookie(self):
        """Nothing to protect."""

    def post(self):
        forgot = False
        for point in self.serverapp.extension_manager.extension_points.values():
            permitted = getattr(getattr(point.app, "authobj", None), "get_permitted_operations", None)
            if hasattr(permitted, "cache_clear"):
                permitted.cache_clear()
                forgot = True
        self.set_status(204 if forgot else 501)


def _jupyter_server_extension_points():
    return [{"module": __name__}]


def _load_jupyter_server_extension(serverapp):
    cylc_gateway_environment.withdraw(serverapp)
    path = serverapp.base_url.rstrip("/") + "/cylc-gateway/forget"
    serverapp.web_app.add_handlers(".*$", [(path, ForgetHandler, {"serverapp": serverapp})])
