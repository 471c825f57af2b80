"""One taught emulator for all tests: really running, on a free port, in a temporary folder."""

import atexit
import json
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import boto3
from botocore.config import Config

HERE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HERE))  # for the package taught
PRIMARY, SECONDARY = "us-east-1", "us-west-1"
ENGINE_VERSION = "8.0.mysql_aurora.3.10.4"

logging.disable(logging.WARNING)  # of ministack's modules, where a test reads a table of the taught ones

direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Hook(BaseHTTPRequestHandler):
    """The drill: notes every event, and refuses or delays those that a test asks it to."""

    events = []
    refuse = set()
    answers = {}  # event -> the object that it is answered with
    gates = {}  # event -> what it waits for

    def do_POST(self):
        event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        Hook.events.append(event)
        if event["event"] in Hook.gates:
            Hook.gates[event["event"]].wait(60)
        self.send_response(500 if event["event"] in Hook.refuse else 200)
        self.end_headers()
        self.wfile.write(json.dumps(Hook.answers.get(event["event"], {})).encode())

    def log_message(self, *_):
        pass


def hold(test, event):
    """Keeps the emulator in the state before an event until what it returns is called, or the test ends."""
    Hook.gates[event] = gate = threading.Event()
    test.addCleanup(gate.set)
    test.addCleanup(Hook.gates.pop, event, None)
    return gate.set


# One for all: it keeps the services' models, which take long to read.
_session = boto3.session.Session("test", "test")


class Emulator:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="taught-")
        self.hook = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
        threading.Thread(target=self.hook.serve_forever, daemon=True).start()
        self.hook_url = f"http://127.0.0.1:{self.hook.server_port}"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": self.folder,
            "TMPDIR": self.folder,
            "S3_DATA_DIR": self.folder + "/s3",
            "GATEWAY_PORT": str(self.port),
            "BIND_HOST": "127.0.0.1",
            "MINISTACK_HOST": "127.0.0.1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "DRILL_HOOK": self.hook_url,
        }
        with open(self.folder + "/log", "w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "taught"],
                cwd=HERE,
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        atexit.register(self.stop)
        self._await_health()

    def _await_health(self):
        for _ in range(300):
            if self.process.poll() is not None:
                break
            try:
                direct.open(self.url + "/_ministack/health", timeout=5).close()
                return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError("the emulator does not start:\n" + Path(self.folder, "log").read_text()[-2000:])

    def stop(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.hook.shutdown()
        self.hook.server_close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def control(self, path, value=None):
        body = None if value is None else json.dumps(value).encode()
        try:
            with direct.open(urllib.request.Request(self.url + "/_taught/" + path, body), timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise ValueError(json.load(error)["error"]) from None

    def client(self, service, region=PRIMARY, **config):
        return _session.client(
            service,
            region_name=region,
            endpoint_url=self.url,
            config=Config(
                **{"retries": {"total_max_attempts": 1}, "proxies": {}, "s3": {"addressing_style": "path"}, **config}
            ),
        )


_running = None


def emulator():
    global _running
    if _running is None:
        _running = Emulator()
        # Short, so that the tests are; each is still long enough to be seen.
        _running.control("settings", {"operation_seconds": 0.2, "resync_seconds": 0.1, "setup_seconds": 0})
    return _running


def until(condition, what, seconds=30):
    """Waits until condition() is true, and returns its value."""
    ends = time.time() + seconds
    while time.time() < ends:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s: {what}")
