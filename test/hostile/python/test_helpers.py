"""What the Python helpers of the gateway do with whatever others send them: Hypothesis makes it up.

Run with a Python that has hypothesis, tornado and traitlets: see test/hostile/pythonHelpers.test.ts.
"""

import asyncio
import collections
import io
import json
import os
import socket
import sys
import threading
import unittest
from unittest import mock

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

WORKERS = os.path.join(os.path.dirname(__file__), "..", "..", "..", "workers")
sys.path[:0] = [os.path.join(WORKERS, "relay"), os.path.join(WORKERS, "cylc"), WORKERS]
os.environ.update(JUPYTERHUB_API_URL="http+unix://none/hub/api", JUPYTERHUB_API_TOKEN="secret-of-the-server")

import cylc_gateway_environment  # noqa: E402
import cylc_gateway_grants  # noqa: E402
import relay  # noqa: E402
from tornado.web import HTTPError  # noqa: E402

settings.register_profile(
    "bounded", max_examples=200, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
settings.load_profile("bounded")

ANSWERS = st.one_of(
    st.binary(max_size=2000),
    st.sampled_from([b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 410 Gone\r\n\r\n", b"HTTP/1.1\r\n", b"\n" * 1000]),
    st.binary(max_size=200).map(lambda tail: b"HTTP/1.1 " + tail),
    st.just(b"x" * 100_000),
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def idle_relay():
    """A relay that has started nothing."""
    made = object.__new__(relay.Relay)
    made.data = {"reportPath": "/report", "address": None}
    made.port, made.child = 1, None
    made.log, made.log_size, made.news = collections.deque(), 0, asyncio.Event()
    return made


class RelayTest(unittest.TestCase):
    @given(ANSWERS)
    def test_any_answer_to_a_report_is_yes_no_or_given_up(self, answer):
        async def report():
            made = idle_relay()

            async def connect():
                reader = asyncio.StreamReader()
                reader.feed_data(answer)
                reader.feed_eof()
                return reader, mock.Mock(drain=mock.AsyncMock())

            made.connect_gateway = connect
            return await made.report({})

        with mock.patch("sys.stderr", io.StringIO()):
            try:
                self.assertIn(asyncio.run(report()), (True, False))
            except relay.GivenUp:
                self.assertIn(b"410", answer)

    @given(st.lists(st.binary(min_size=1, max_size=relay.CHUNK), max_size=12), st.integers(0, 3))
    def test_what_the_server_writes_is_kept_within_bounds(self, chunks, copies):
        made = idle_relay()
        with mock.patch("sys.stdout", mock.Mock(buffer=io.BytesIO())):
            for chunk in chunks * copies:
                made.keep_output(chunk)
        self.assertEqual(made.log_size, sum(map(len, made.log)))
        self.assertLessEqual(made.log_size, relay.LOG_KEPT + relay.CHUNK)
        self.assertTrue(b"".join(chunks * copies).endswith(b"".join(made.log)))


class Hub:
    """Answers every connection to a unix socket with the same bytes."""

    def __init__(self):
        self.answer = b""
        self.path = "\0cylc-gateway-test-%d" % os.getpid()
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(16)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            peer, _ = self.listener.accept()
            with peer:
                peer.settimeout(5)
                try:
                    peer.recv(65536)
                    peer.sendall(self.answer)
                    peer.shutdown(socket.SHUT_WR)
                except OSError:
                    pass


HUB = Hub()


def ask(answer, visitor="bob"):
    HUB.answer = answer
    connection = cylc_gateway_grants._UnixConnection(HUB.path)
    with mock.patch.object(cylc_gateway_grants, "_connect", lambda url: connection):
        return cylc_gateway_grants.shared_with(visitor)


def with_body(body):
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


class GrantsTest(unittest.TestCase):
    def is_names_or_refusal(self, answer, visitor="bob"):
        try:
            names = ask(answer, visitor)
        except HTTPError as error:
            self.assertEqual(error.status_code, 503)
            self.assertNotIn("secret-of-the-server", str(error))
        else:
            self.assertTrue(all(isinstance(name, str) for name in names))

    @given(ANSWERS)
    def test_any_bytes(self, answer):
        self.is_names_or_refusal(answer)

    @given(VALUES | st.builds(lambda value: {"permissions": value}, VALUES))
    def test_any_document(self, value):
        self.is_names_or_refusal(with_body(json.dumps(value).encode()))

    @given(st.text(max_size=40))
    def test_any_visitor(self, visitor):
        self.is_names_or_refusal(with_body(b'{"permissions": ["READ"]}'), visitor)

    def test_a_document_too_deep_or_too_long(self):
        self.is_names_or_refusal(with_body(b"[" * 100_000))
        with self.assertRaises(HTTPError):
            ask(with_body(b'{"permissions": ["%s"]}' % (b"x" * 4_000_000)))


class EnvironmentTest(unittest.TestCase):
    @given(st.lists(st.sampled_from(["/own", "/own/", "/site/./a", "", "/own/../own", "relative"])))
    def test_our_folder_goes_and_those_of_the_site_stay(self, folders):
        with mock.patch.dict(os.environ, {"JUPYTER_CONFIG_PATH": ":".join(folders)}):
            cylc_gateway_environment.leave_config_path("/own")
            left = os.environ.get("JUPYTER_CONFIG_PATH", "")
        expected = [folder for folder in folders if folder and os.path.abspath(folder) != "/own"]
        self.assertEqual(left.split(":") if left else [], expected)


if __name__ == "__main__":
    unittest.main()
