"""What the Python helpers of the gateway do with whatever others send them: Hypothesis makes it up.

Run with a Python that has hypothesis, tornado and traitlets: see test/hostile/pythonHelpers.test.ts.
"""

import asyncio
import collections
import io
import json
import os
import runpy
import select
import socket
import subprocess
import sys
import tempfile
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
import cylc_gateway_limits  # noqa: E402
import relay  # noqa: E402
from forkserver import link  # noqa: E402
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


GREETING = json.dumps(link.GREETING).encode() + b"\n"
PIECES = st.one_of(
    st.binary(min_size=1, max_size=200),
    st.sampled_from([GREETING, GREETING[:7], GREETING[7:], b"\n", b"{}\n", b'{"end": true}\n', b"[" * 20_000]),
    st.sampled_from([b'{"id": 1, "run": "/x"}\n', b"x" * 70_000, b'{"gateway": 1}\n', b"1" * 5000 + b"\n", b"\xff\n"]),
)
# Which of the peers does it, and what: a piece, None for the end of its connection.
STEPS = st.lists(st.tuples(st.integers(0, 11), st.none() | PIECES), max_size=40)


class LinkTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "s")

    @given(STEPS)
    def test_any_bytes_of_any_peer_in_any_pieces(self, steps):
        made, peers, said = link.Link(self.path, 1), {}, {}
        try:
            for number, piece in steps:
                self.do(peers, said, number, piece)
                self.hear(made, said)
        finally:
            for peer in peers.values():
                peer.close()
            made.close()

    def do(self, peers, said, number, piece):
        if number not in peers:
            peers[number] = socket.socket(socket.AF_UNIX)
            peers[number].setblocking(False)
            peers[number].connect(self.path)
            said[number] = b""
        if piece is None:
            peers.pop(number).close()
            return
        try:
            said[number] += piece[: peers[number].send(piece)]
        except OSError:
            pass  # it was sent away

    def hear(self, made, said):
        while True:
            ready, _, _ = select.select(made.sources(), [], [], 0)
            if not ready:
                return
            requests = made.hear(ready, {"ready": True})
            self.assertTrue(all(isinstance(request, dict) for request in requests))
            if requests:
                self.assertTrue(any(self.is_greeting(sent) for sent in said.values()), "one not greeted was obeyed")
            self.assertLessEqual(len(made.rest), link.MAX_LINE)
            self.assertLessEqual(len(made.newcomers), link.MAX_NEWCOMERS)
            self.assertTrue(all(len(begun) < 100 for begun in made.newcomers.values()))

    def is_greeting(self, sent):
        return link.parse(sent.partition(b"\n")[0]) == link.GREETING

    @given(st.lists(PIECES, max_size=10).map(b"".join).filter(lambda sent: not sent.startswith(GREETING)))
    def test_who_has_not_greeted_is_not_obeyed(self, sent):
        made = link.Link(self.path, 1)
        with socket.socket(socket.AF_UNIX) as peer:
            peer.connect(self.path)
            peer.setblocking(False)
            try:
                peer.sendall(sent)
            except OSError:
                pass
            for _ in range(200):
                ready, _, _ = select.select(made.sources(), [], [], 0)
                if not ready:
                    break
                self.assertEqual(made.hear(ready, {}), [] if not self.is_greeting(sent) else mock.ANY)
        made.close()

    @given(st.binary(max_size=2000) | VALUES.map(lambda value: json.dumps(value).encode()))
    def test_any_line_is_an_object_or_nothing(self, line):
        self.assertIsInstance(link.parse(line), (dict, type(None)))


BECOME = os.path.join(WORKERS, "sudo", "become.py")
KEYS = st.sampled_from(["do", "command", "cwd", "env", "limits", "umask", "timeoutS", "input", "pid", "signal"])
NOT_COMMANDS = st.none() | st.booleans() | st.integers() | st.just([]) | st.lists(st.integers() | st.none(), max_size=2)
PLANS = st.one_of(
    st.dictionaries(KEYS, VALUES, max_size=6),
    VALUES,
    st.fixed_dictionaries(
        {"do": st.sampled_from(["start", "command"]), "command": NOT_COMMANDS},
        optional={key: VALUES for key in ["cwd", "env", "limits", "umask", "timeoutS", "input", "logFile"]},
    ),
    st.fixed_dictionaries(
        {"do": st.just("signal")}, optional={"pid": VALUES, "signal": VALUES, "startTime": VALUES}
    ),
    # All is right but for one thing.
    st.tuples(
        st.sampled_from(["cwd", "env", "limits", "umask", "timeoutS", "input"]), VALUES.filter(lambda value: value)
    ).map(lambda wrong: {**RIGHT, wrong[0]: [wrong[1]]}),
)
RIGHT = {"do": "command", "command": ["/bin/touch", "ran"], "cwd": "/", "env": {}, "umask": 63, "input": "", "limits": {}}


class BecomeTest(unittest.TestCase):
    """As what sudo runs: whatever comes, it ends in words and with a fault, and nothing has been run."""

    def refuses(self, given):
        with tempfile.TemporaryDirectory() as folder:
            ended = subprocess.run(
                [sys.executable, "-I", BECOME], input=given, capture_output=True, cwd=folder, timeout=60
            )
            words = ended.stderr.decode("utf8", "replace")
            self.assertNotEqual(ended.returncode, 0, given)
            self.assertNotEqual(words.strip(), "", given)
            self.assertNotIn("Traceback", words, given)
            self.assertLess(len(words), 1000, given)
            self.assertEqual(os.listdir(folder), [], given)

    @settings(max_examples=25)
    @given(st.binary(max_size=200))
    def test_any_bytes(self, given):
        self.refuses(given)

    @settings(max_examples=60)
    @given(PLANS)
    def test_any_plan_that_is_none(self, plan):
        self.refuses(json.dumps(plan).encode())

    @given(st.sampled_from([True, False, 0, 1, -1, -2, 1.0, 2.5, "2", None, [2]]), st.sampled_from(["SIGKILL", "SIGTERM"]))
    def test_no_signal_goes_to_a_group_of_others(self, pid, name):
        """In this process, with no power: signals to 0, 1 and -1 reach much more than one server."""
        plan = json.dumps({"do": "signal", "pid": pid, "signal": name, "startTime": "1"})
        ended = mock.Mock(side_effect=SystemExit)
        with (
            mock.patch("sys.stdin", io.StringIO(plan)),
            mock.patch("sys.stderr", io.StringIO()) as words,
            mock.patch("os._exit", ended),
            mock.patch("os.kill") as kill,
            mock.patch("os.killpg") as killpg,
            self.assertRaises(SystemExit),
        ):
            runpy.run_path(BECOME)
        self.assertEqual((kill.call_count, killpg.call_count), (0, 0))
        ended.assert_called_with(1)
        self.assertIn("cannot do", words.getvalue())

    def test_what_is_too_deep_or_has_a_number_too_long(self):
        for given in (b"[" * 100_000, b'{"do": ' + b"9" * 5000 + b"}", b'{"do": "signal", "pid": NaN, "signal": "SIGTERM"}'):
            self.refuses(given)


class LimitsTest(unittest.TestCase):
    """Whatever the site's files hold, the limits are known or nothing can be given away."""

    def limits_of(self, name, content):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, name)
            with open(path, "wb") as file:
                file.write(content)
            cylc_gateway_limits.site_fault.cache_clear()
            with (
                mock.patch.object(cylc_gateway_limits, "_site_files", lambda: [path]),
                mock.patch.object(cylc_gateway_limits, "_system_files", lambda: []),
                mock.patch.dict(os.environ, {"CYLC_SITE_CONF_PATH": folder}),
            ):
                return cylc_gateway_limits.site_fault(), cylc_gateway_limits.SiteLimits().of({})

    def fails_closed(self, name, content):
        fault, limits = self.limits_of(name, content)
        self.assertEqual(limits, cylc_gateway_limits.NO_LIMITS_GIVEN)
        if fault is not None:
            self.assertNotIn("\n", fault)
            self.assertIn(name, fault)

    @given(st.binary(max_size=300))
    def test_any_bytes_as_json(self, content):
        self.fails_closed("jupyter_config.json", content)

    @given(VALUES)
    def test_any_document_as_json(self, value):
        self.fails_closed("jupyter_config.json", json.dumps(value).encode())

    @given(st.text(alphabet="\x00\n\t ()[]{}:='\"#\\c.é1", max_size=60))
    def test_any_text_as_python(self, text):
        self.fails_closed("jupyter_config.py", text.encode())

    def test_what_ends_or_exhausts_python(self):
        for text in ("raise SystemExit", "(" * 5000, "-" * 100_000 + "1", "[" * 100_000):
            self.fails_closed("jupyter_config.py", text.encode())
        fault, _ = self.limits_of("jupyter_config.json", b"[" * 100_000)
        self.assertIsNotNone(fault)


if __name__ == "__main__":
    unittest.main()
