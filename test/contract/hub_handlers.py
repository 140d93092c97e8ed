"""The addresses of JupyterHub's REST API with the methods that each takes, as JSON."""

import json

from jupyterhub.apihandlers import default_handlers
from tornado.web import RequestHandler

methods = ("get", "post", "put", "patch", "delete")
table = [
    (pattern, [name.upper() for name in methods if getattr(handler, name) is not getattr(RequestHandler, name)])
    for pattern, handler, *_ in default_handlers
]
print(json.dumps(table))
