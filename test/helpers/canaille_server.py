"""Canaille (an OpenID provider in Python) with one person and one client, in memory: for tests.

Arguments: redirect URI, name of the person. Prints its address.
"""

import datetime
import socket
import sys
from wsgiref.simple_server import WSGIRequestHandler, make_server

from canaille import create_app
from canaille.app import models
from canaille.backends import Backend
from joserfc.jwk import RSAKey

redirect_uri, name = sys.argv[1:3]


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
issuer = f"http://localhost:{port}"
key = RSAKey.generate_key(2048, {"kid": "one", "alg": "RS256", "use": "sig"})
app = create_app(
    {
        "SECRET_KEY": "a secret of the tests",
        "SERVER_NAME": f"localhost:{port}",
        "PREFERRED_URL_SCHEME": "http",
        "WTF_CSRF_ENABLED": False,
        "CANAILLE": {"NAME": "Canaille", "DATABASE": "memory"},
        "CANAILLE_OIDC": {"ACTIVE_JWKS": [key.as_dict(private=True)], "TRUSTED_DOMAINS": ["localhost"]},
    }
)
with app.app_context():
    person = models.User(
        user_name=name,
        formatted_name="Jane Doe",
        family_name="Doe",
        emails=[f"{name}@example.org"],
        password="right horse",
    )
    Backend.instance.save(person)
    group = models.Group(display_name="ops", members=[person])
    Backend.instance.save(group)
    now = datetime.datetime.now(datetime.timezone.utc)
    client = models.Client(
        client_id="gateway",
        client_secret="the-secret-of-the-tests",
        client_name="gateway",
        client_id_issued_at=now,
        contacts=["admin@example.org"],
        client_uri="http://localhost",
        redirect_uris=[redirect_uri],
        grant_types=["authorization_code", "refresh_token"],
        response_types=["code"],
        scope=["openid", "profile", "email", "groups"],
        token_endpoint_auth_method="client_secret_basic",
        id_token_signed_response_alg="RS256",
    )
    Backend.instance.save(client)
    client.audience = [client]
    Backend.instance.save(client)

with make_server("127.0.0.1", port, app, handler_class=Quiet) as server:
    print(issuer, flush=True)
    server.serve_forever()
