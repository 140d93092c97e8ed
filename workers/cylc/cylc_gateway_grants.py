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
from cylc_gateway_limits import Late, site_fault
from tornado import web

# The gateway answers from memory; while it is asked, the whole server stands still.
TIMEOUT_S = 5
MOST_BYTES = 65536


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


def _call(method, path, body=None):
    """The gateway's answer, with the server's own token."""
    hub = cylc_gateway_environment.HUB
    url = urlsplit(hub.url)
    connection = _connect(url)
    try:
        headers = {"Authorization": "token " + hub.token, "Content-Type": "application/json"}
        connection.request(method, url.path.rstrip("/") + path, body=body, headers=headers)
        answer = connection.getresponse()
        if answer.status not in (200, 204):
            raise OSError("status %d" % answer.status)
        return answer.read(MOST_BYTES + 1)
    finally:
        connection.close()


def shared_with(visitor):
    """Names of Cylc's permissions that the gateway's shares give this visitor. Refuses where it cannot be asked."""
    try:
        return _permissions_in(_call("GET", "/cylc/grants/" + quote(visitor, safe="")))
    except (OSError, ValueError, RecursionError, http.client.HTTPException) as error:
        # An exception is not cached by Cylc, and refuses.
        raise web.HTTPError(503, "the gateway could not be asked what is shared: %s" % error) from error


def tell_limits(log):
    """Says in the log, and by the gateway to the owner and administrators, that the site's limits are not known."""
    fault = site_fault()
    if fault is None:
        return
    text = "Nobody but you has access to this server: the limits that the site sets for Cylc are not known (%s)." % fault
    log.error(text)
    try:
        _call("PUT", "/cylc/notice", json.dumps({"text": text[:1000]}))
    except (OSError, http.client.HTTPException) as error:
        log.error("The gateway could not be told: %s", error)


def _permissions_in(text):
    """Raises ValueError or RecursionError for what is no list of names, or too long."""
    if len(text) > MOST_BYTES:
        raise ValueError("an answer of more than %d bytes" % MOST_BYTES)
    found = json.loads(text)
    names = found.get("permissions") if isinstance(found, dict) else None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError("an answer without a list of permissions")
    return names


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


class Shares(Late):
    """The owner's own `user_authorization`, with the shares."""

    def of(self, earlier):
        return earlier if isinstance(earlier, Grants) else Grants(earlier or {})


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
    tell_limits(serverapp.log)
    path = serverapp.base_url.rstrip("/") + "/cylc-gateway/forget"
    serverapp.web_app.add_handlers(".*$", [(path, ForgetHandler, {"serverapp": serverapp})])
