#!/usr/bin/env python3
"""A service of its own that lets Cylc Gateway say who its users are. Python 3.8 or later, no packages.

Programs send a token of the gateway (`Authorization: token cgw_…`). Browsers are sent to sign in at the gateway and come
back with a code (OAuth 2 with PKCE), for which the gateway gives a token that is good for this service alone. Either
way `GET /hub/api/user` names the person and says what the token may open. So there is nothing to keep here: who signs
out at the gateway, is blocked there or loses the right to open this service is out at the next request.

In `gateway.yaml`:

    services:
      - name: results
        kind: external
        apiToken: a-secret-of-at-least-32-characters-here
        oauthRedirectUri: https://results.example/oauth_callback
        groups: [system:wx]

and here, as environment: GATEWAY_URL, SERVICE_NAME, SERVICE_TOKEN, SERVICE_URL, and PORT (of 127.0.0.1).
"""

import base64
import hashlib
import html
import json
import os
import secrets
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import Request, urlopen

GATEWAY = os.environ["GATEWAY_URL"].rstrip("/") + "/hub/api"
NAME = os.environ["SERVICE_NAME"]
SECRET = os.environ["SERVICE_TOKEN"]
HOME = os.environ["SERVICE_URL"].rstrip("/")
CALLBACK = HOME + "/oauth_callback"
CLIENT = "service-" + NAME


def who_has(token):
    """The person whose token this is, if it may open this service."""
    request = Request(GATEWAY + "/user", headers={"Authorization": "token " + token})
    try:
        user = json.load(urlopen(request, timeout=10))
    except HTTPError as error:
        if error.code == 403:  # unknown, ended or revoked
            return None
        raise
    may = {"access:services", "access:services!service=" + NAME}
    return user if user["kind"] == "user" and may & set(user["scopes"]) else None


def trade(code, verifier):
    """The token for a code that a browser brought along."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "code_verifier": verifier,
        "redirect_uri": CALLBACK,
        "client_id": CLIENT,
        "client_secret": SECRET,
    }
    answer = urlopen(GATEWAY + "/oauth2/token", data=urlencode(form).encode(), timeout=10)
    return json.load(answer)["access_token"]


class Results(BaseHTTPRequestHandler):
    def do_GET(self):
        url = urlsplit(self.path)
        if url.path == "/oauth_callback":
            return self.come_back(parse_qs(url.query))
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        is_program = scheme.lower() in ("token", "bearer")
        user = who_has(token.strip() if is_program else self.cookie("token"))
        if user is not None:
            return self.page(200, "Hello %s, member of %s" % (user["name"], ", ".join(user["groups"]) or "no group"))
        if is_program:
            return self.page(403, "This token is not good for this service.")
        if "text/html" not in self.headers.get("Accept", ""):
            return self.page(401, "Send a token of the gateway: Authorization: token …")
        return self.send_to_gateway()

    def send_to_gateway(self):
        state, verifier = secrets.token_urlsafe(16), secrets.token_urlsafe(32)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        query = {
            "client_id": CLIENT,
            "redirect_uri": CALLBACK,
            "response_type": "code",
            "state": state,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        self.redirect(GATEWAY + "/oauth2/authorize?" + urlencode(query), "signin=%s.%s; Max-Age=600" % (state, verifier))

    def come_back(self, query):
        state, _, verifier = self.cookie("signin").partition(".")
        # The state proves that this very browser asked: nobody can hand somebody else's code to it.
        if not state or not secrets.compare_digest(state, query.get("state", [""])[0]):
            return self.page(400, "This sign-in was not asked for here, or took too long.")
        try:
            token = trade(query.get("code", [""])[0], verifier)
        except HTTPError:
            return self.page(403, "The gateway did not accept this sign-in.")
        return self.redirect(HOME + "/", "token=" + token)

    def cookie(self, name):
        found = SimpleCookie(self.headers.get("Cookie", "")).get(NAME + "-" + name)
        return found.value if found else ""

    def redirect(self, where, cookie):
        secure = "; Secure" if HOME.startswith("https:") else ""
        self.send_response(302)
        self.send_header("Location", where)
        self.send_header("Set-Cookie", "%s-%s; Path=/; HttpOnly; SameSite=Lax%s" % (NAME, cookie, secure))
        self.end_headers()

    def page(self, status, text):
        body = ("<!doctype html><title>Results</title><p>%s</p>" % html.escape(text)).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code="-", size="-"):
        """Addresses may hold a code: they are not logged."""


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Results).serve_forever()
