"""The server as a process of its own."""

import json
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import urlopen

import pytest

SERVE = """
import sys
from pathlib import Path
from impckg.service.server import serve
from impckg.service.settings import Settings
serve(Settings(store=Path(sys.argv[1]), port=0), lambda address: print(address, flush=True))
"""


@pytest.fixture
def server(store_path):
    with subprocess.Popen(
        [sys.executable, "-c", SERVE, str(store_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        process.kill()


def test_the_server_answers_many_at_once_and_ends_when_told(server):
    address = server.stdout.readline().strip()
    query = urlencode({"query": "SELECT ?symbol { ?gene kg:symbol ?symbol }"})

    def ask(_: int) -> int:
        with urlopen(f"{address}sparql?{query}", timeout=60) as response:
            return len(json.load(response)["results"]["bindings"])

    with ThreadPoolExecutor(8) as clients:
        counts = list(clients.map(ask, range(40)))
    server.send_signal(signal.SIGTERM)

    assert counts == [2] * 40
    assert server.wait(timeout=60) == 0
    assert "Traceback" not in server.stderr.read()


def test_the_server_says_what_is_wrong_with_its_store(tmp_path):
    ended = subprocess.run(
        [sys.executable, "-c", SERVE, str(tmp_path)], capture_output=True, text=True, timeout=60, check=False
    )

    assert ended.returncode != 0
    assert "StoreError" in ended.stderr


FAIL = """
import sys
from pathlib import Path
from impckg.service import door
from impckg.service.server import serve
from impckg.service.settings import Settings

async def fail(service, request):
    raise RuntimeError("a mistake of ours")

if __name__ == "__main__":
    door.AT["/health"] = door.Route(fail)
    serve(Settings(store=Path(sys.argv[1]), port=0, log="none"), lambda address: print(address, flush=True))
"""


def test_a_failure_of_ours_is_500_and_stands_in_the_log_and_nothing_else_does(store_path):
    command = [sys.executable, "-c", FAIL, str(store_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        address = process.stdout.readline().strip()
        parts = urlsplit(address)
        with pytest.raises(HTTPError) as failed:
            urlopen(f"{address}health", timeout=60)
        failed.value.close()
        with socket.create_connection((parts.hostname, parts.port)) as client:
            client.sendall(b"no HTTP at all\r\n\r\n")
            client.recv(1_000)
        process.send_signal(signal.SIGTERM)
        told = process.stderr.read()

    assert failed.value.code == 500
    assert "RuntimeError: a mistake of ours" in told
    assert "Invalid HTTP" not in told
