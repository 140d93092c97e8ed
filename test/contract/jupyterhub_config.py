"""A real JupyterHub to compare with: people by name alone, servers inside its own process, no proxy to speak of.

A server behaves as the option `workflow` of its start says: `slow` takes long, `dies` fails, all others are there at
once. So do those of the gateway (test/helpers/apiWorld.ts).
"""

import asyncio
import json
import os

from jupyterhub.proxy import Proxy
from jupyterhub.spawner import Spawner
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

c = get_config()  # noqa: F821
world = json.loads(os.environ["CONTRACT_WORLD"])


class MemoryProxy(Proxy):
    """Remembers routes and carries nothing: callers speak to the Hub itself."""

    should_start = False

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.table = {}

    async def add_route(self, routespec, target, data):
        self.table[routespec] = {"routespec": routespec, "target": target, "data": data}

    async def delete_route(self, routespec):
        self.table.pop(routespec, None)

    async def get_all_routes(self):
        hub = {"routespec": "/", "target": "http://127.0.0.1", "data": {"hub": True}}
        return {"/": hub, **self.table}


class Answer(RequestHandler):
    def get(self, *_):
        self.write({})


class MemorySpawner(Spawner):
    server_ = None

    async def start(self):
        mode = (self.user_options or {}).get("workflow")
        if mode == "slow":
            await asyncio.sleep(20)
        if mode == "dies":
            raise RuntimeError("cannot go on: the moon is full")
        (sock,) = bind_sockets(0, "127.0.0.1")
        self.server_ = HTTPServer(Application([(r".*", Answer)]))
        self.server_.add_sockets([sock])
        return ("127.0.0.1", sock.getsockname()[1])

    def get_state(self):
        return {} if self.server_ is None else {"pid": os.getpid()}

    async def poll(self):
        return 0 if self.server_ is None else None

    async def stop(self, now=False):
        if self.server_ is not None:
            self.server_.stop()
            self.server_ = None


c.JupyterHub.ip = "127.0.0.1"
c.JupyterHub.hub_ip = "127.0.0.1"
c.JupyterHub.hub_port = world["port"]
c.JupyterHub.bind_url = f"http://127.0.0.1:{world['publicPort']}"
c.JupyterHub.public_url = "http://localhost:8000"
c.JupyterHub.db_url = "sqlite://"
c.JupyterHub.cookie_secret = os.urandom(32)
c.JupyterHub.proxy_class = MemoryProxy
c.JupyterHub.spawner_class = MemorySpawner
c.JupyterHub.authenticator_class = "dummy"
c.JupyterHub.allow_named_servers = True
c.JupyterHub.last_activity_interval = 3600
c.JupyterHub.tornado_settings = {"slow_spawn_timeout": world["patienceS"], "slow_stop_timeout": world["patienceS"]}
c.JupyterHub.log_level = "WARN"
c.Authenticator.allow_all = True
c.Authenticator.admin_users = set(world["admins"])
c.JupyterHub.load_groups = {name: {"users": users} for name, users in world["groups"].items()}
c.JupyterHub.services = [
    {"name": name, "api_token": service["token"], "admin": service["admin"], "url": service["url"]}
    if service["url"]
    else {"name": name, "api_token": service["token"], "admin": service["admin"]}
    for name, service in world["services"].items()
]
c.JupyterHub.load_roles = [
    # Sharing is off in JupyterHub until a site says this; here it is a matter of `access` in the configuration.
    {"name": "user", "scopes": ["self", "shares!user"]},
] + [
    {"name": f"role-{name}", "services": [name], "scopes": service["scopes"]}
    for name, service in world["services"].items()
    if service["scopes"]
]
