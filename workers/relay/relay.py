"""Runs one UI server inside a batch job, and joins it to the gateway.

The job script carries this text and its data (`data`, a dict) to the node: nothing of the gateway is installed there,
and only the standard library of Python 3.7 or newer is used.

The server listens on a unix socket in a folder that its account alone can enter, and calls the gateway's Hub through
another. This relay joins both to the gateway by TLS: it takes connections from the holder of the gateway's certificate
alone, and shows the certificate of this one start. It picks its port by binding it, so nobody can take it in between.

It starts the server only once the gateway has said that it still wants it, then reports every few seconds where it
listens, what the server has written, and at the end its exit code. A gateway that is away is waited for: the server
goes on. A gateway that has given the start up (410) ends the server.
"""

import asyncio
import collections
import json
import os
import random
import resource
import shutil
import signal
import socket
import ssl
import sys
import tempfile
from urllib.parse import quote

CHUNK = 65536
REPORT_S = 15
FIRST_WAIT_S = 600
LOG_KEPT = 262144
LAST_WORDS_S = 10


class GivenUp(Exception):
    """The gateway does not want this server (any more)."""


def set_limits(limits):
    """By the names of prlimit(1). Where the batch system has set a lower one, that stands."""
    for name, value in limits.items():
        kind = getattr(resource, 'RLIMIT_' + name.upper())
        most = resource.getrlimit(kind)[1]
        value = value if most == resource.RLIM_INFINITY else min(value, most)
        resource.setrlimit(kind, (value, value))


class Relay:
    def __init__(self, data):
        self.data = data
        self.folder = tempfile.mkdtemp(prefix='cylc-gateway-', dir=socket_folder())
        self.server_socket = os.path.join(self.folder, 'ui.sock')
        self.hub_socket = os.path.join(self.folder, 'hub.sock')
        self.config = os.path.join(self.folder, 'config')
        self.port = None
        self.child = None
        self.log = collections.deque()
        self.log_size = 0
        self.news = asyncio.Event()
        self.to_gateway = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.from_gateway = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.from_gateway.verify_mode = ssl.CERT_REQUIRED
        for context in (self.to_gateway, self.from_gateway):
            context.load_verify_locations(cadata=data['gatewayCert'])
            self.load_key(context)

    def load_key(self, context):
        """OpenSSL reads keys from files only: it is there for a moment, in the private folder."""
        path = os.path.join(self.folder, 'key.pem')
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), 'w') as file:
            file.write(self.data['cert'] + self.data['key'])
        try:
            context.load_cert_chain(path)
        finally:
            os.unlink(path)

    def write_files(self):
        """Configuration of the server that the gateway has sent along."""
        os.mkdir(self.config, 0o700)
        for name, text in self.data['files'].items():
            with open(os.path.join(self.config, os.path.basename(name)), 'w', encoding='utf-8') as file:
                file.write(text)

    async def run(self):
        task = asyncio.ensure_future(self.run_to_end())
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_event_loop().add_signal_handler(number, self.terminate, task)
        return await task

    async def run_to_end(self):
        listener = await self.listen()
        hub = await asyncio.start_unix_server(self.carry_to_hub, self.hub_socket)
        try:
            await self.first_word()
            await self.start_child()
            reader = asyncio.ensure_future(self.read_output())
            reporter = asyncio.ensure_future(self.report_on())
            code = await self.child.wait()
            # Children that it left behind may hold its output open.
            await asyncio.wait([reader], timeout=2)
            reporter.cancel()
            await self.last_word(code)
            return code
        finally:
            listener.close()
            hub.close()

    async def listen(self):
        """Binds a port of the range, or any."""
        first, last = self.data.get('ports') or (0, 0)
        ports = list(range(first, last + 1))
        random.shuffle(ports)
        for index, port in enumerate(ports):
            try:
                listener = await asyncio.start_server(
                    self.carry_to_server, self.data['bind'], port, ssl=self.from_gateway)
            except OSError:
                if index == len(ports) - 1:
                    raise
                continue
            self.port = listener.sockets[0].getsockname()[1]
            return listener

    async def carry_to_server(self, reader, writer):
        await carry(reader, writer, lambda: asyncio.open_unix_connection(self.server_socket))

    async def carry_to_hub(self, reader, writer):
        await carry(reader, writer, self.connect_gateway)

    def connect_gateway(self):
        return asyncio.open_connection(
            self.data['host'], self.data['port'], ssl=self.to_gateway, server_hostname=self.data['gatewayName'])

    async def first_word(self):
        """Nothing is started before the gateway has agreed."""
        waited = 0.0
        pause = 0.5
        while not await self.report({}):
            if waited > FIRST_WAIT_S:
                raise GivenUp('the gateway was not reached')
            await asyncio.sleep(pause)
            waited += pause
            pause = min(pause * 2, REPORT_S)

    async def start_child(self):
        self.write_files()
        fill = {'@SOCKET@': self.server_socket, '@CONFIG@': self.config, '@HUB@': quote(self.hub_socket, safe='')}
        command = [filled(word, fill) for word in self.data['command']]
        env = {name: filled(value, fill) for name, value in self.data['env'].items()}
        for name in ('TMPDIR', 'SLURM_CONF'):
            if name in os.environ:
                env.setdefault(name, os.environ[name])
        os.umask(self.data['umask'])
        try:
            os.chdir(self.data['cwd'])
            self.child = await asyncio.create_subprocess_exec(
                *command, env=env, stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
                preexec_fn=lambda: set_limits(self.data['limits']))
        except OSError as error:
            self.keep_output('{0}: {1}\n'.format(error.filename or command[0], error.strerror).encode())
            await self.last_word(127 if isinstance(error, FileNotFoundError) else 126)
            raise

    def terminate(self, task=None):
        """Never SIGINT: with an active workflow `cylc hubapp` then hangs."""
        if self.child is None:
            if task is not None:
                task.cancel()
        elif self.child.returncode is None:
            self.child.terminate()

    async def read_output(self):
        while True:
            chunk = await self.child.stdout.read(CHUNK)
            if not chunk:
                return
            self.keep_output(chunk)

    def keep_output(self, chunk):
        sys.stdout.buffer.write(chunk)
        sys.stdout.buffer.flush()
        self.log.append(chunk)
        self.log_size += len(chunk)
        while self.log_size > LOG_KEPT and len(self.log) > 1:
            self.log_size -= len(self.log.popleft())
        self.news.set()

    async def report_on(self):
        """While the server runs: at once where there is something to tell, and every now and then."""
        while True:
            try:
                await self.report({})
            except GivenUp as reason:
                self.keep_output('ended: {0}\n'.format(reason).encode())
                self.terminate()
                await asyncio.sleep(20)
                if self.child.returncode is None:
                    self.child.kill()
                return
            await asyncio.sleep(0.5)
            try:
                await asyncio.wait_for(self.news.wait(), REPORT_S)
            except asyncio.TimeoutError:
                pass

    async def last_word(self, code):
        """Shells tell a death by signal as 128 + its number; so do we."""
        loop = asyncio.get_event_loop()
        until = loop.time() + LAST_WORDS_S
        while loop.time() < until:
            try:
                if await self.report({'exit': code if code >= 0 else 128 - code}):
                    return
            except GivenUp:
                return
            await asyncio.sleep(0.5)

    async def report(self, more):
        """True where the gateway has taken it. What was written meanwhile is kept for the next one."""
        self.news.clear()
        chunks = list(self.log)
        text = b''.join(chunks)[-LOG_KEPT:].decode('utf-8', 'replace')
        body = dict(more, port=self.port, node=socket.gethostname(), address=self.data['address'], pid=os.getpid(), log=text)
        try:
            status = await asyncio.wait_for(self.post(json.dumps(body).encode()), 30)
        except (OSError, asyncio.TimeoutError, EOFError, ValueError) as error:
            print('the gateway is not reached:', error, file=sys.stderr, flush=True)
            return False
        if status == 410:
            raise GivenUp('the gateway has given this start up')
        if status != 200:
            return False
        while chunks and self.log and self.log[0] is chunks[0]:
            self.log_size -= len(self.log.popleft())
            chunks.pop(0)
        return True

    async def post(self, body):
        reader, writer = await self.connect_gateway()
        try:
            writer.write(
                'POST {0} HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/json\r\nContent-Length: {1}\r\n'
                'Connection: close\r\n\r\n'.format(self.data['reportPath'], len(body)).encode() + body)
            await writer.drain()
            line = await reader.readline()
            return int(line.split()[1])
        except IndexError:
            raise EOFError('no answer')
        finally:
            writer.close()

    def clean(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def socket_folder():
    """aiohttp, by which a UI server calls its Hub, makes such an address lower case; and 107 bytes are the limit."""
    folder = os.environ.get('TMPDIR', '/tmp')
    return folder if folder == folder.lower() and len(folder) < 70 and os.path.isdir(folder) else '/tmp'


def filled(text, fill):
    for name, value in fill.items():
        text = text.replace(name, value)
    return text


async def carry(reader, writer, connect):
    """Joins two connections until both directions have ended, or one has broken."""
    try:
        far_reader, far_writer = await connect()
    except OSError:
        writer.close()
        return
    await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer))


async def pump(reader, writer):
    try:
        while True:
            chunk = await reader.read(CHUNK)
            if not chunk:
                break
            writer.write(chunk)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


def main(data):
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    relay = Relay(data)
    try:
        code = loop.run_until_complete(relay.run())
    except GivenUp as reason:
        print(reason, file=sys.stderr)
        code = 75
    except asyncio.CancelledError:
        code = 143
    except OSError as error:
        print(error, file=sys.stderr)
        code = 126
    finally:
        relay.clean()
    sys.exit(code if code >= 0 else 128 - code)
