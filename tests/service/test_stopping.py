"""How a service ends, whoever tells it to."""

import os
import re
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from .test_pool import ask, busy_workers, endless, wait_until


@pytest.fixture
def stopping(store_path, tmp_path):
    """A service in a process group of its own, that lets queries go on for a second; its process and its address."""
    flags = ("--port", "0", "--stop-seconds", "1", "--log", str(tmp_path / "log"), "--workers", "1")
    command = [sys.executable, "-m", "impckg", "serve", "--store", str(store_path), *flags]
    with (tmp_path / "told").open("w+") as told:
        process = subprocess.Popen(command, stderr=told, start_new_session=True)
        while (found := re.search(r"at (http://\S+)/ ", (tmp_path / "told").read_text())) is None:
            assert process.poll() is None
            time.sleep(0.05)
        yield process, found[1]
        process.kill()
        process.wait()


@pytest.mark.parametrize("group", [False, True], ids=["the service", "its process group"])
def test_a_query_that_goes_on_too_long_is_told_that_the_service_stops(stopping, tmp_path, group):
    process, address = stopping
    with ThreadPoolExecutor(1) as others:
        long = others.submit(ask, address, endless())
        wait_until(lambda: busy_workers(address) == 1)
        (os.killpg if group else os.kill)(process.pid, signal.SIGTERM)
        response = long.result()
        status = process.wait(timeout=60)

    assert response.status_code == 503
    assert "the service is stopping" in response.json()["detail"]
    assert status == 0
    assert "Traceback" not in (tmp_path / "told").read_text()
    assert '"status":503' in (tmp_path / "log").read_text()


def test_what_has_no_body_is_logged_as_what_it_is(stopping, tmp_path):
    _, address = stopping

    requests.head(f"{address}/schema", timeout=60)
    requests.get(f"{address}/id/ontology", allow_redirects=False, timeout=60)

    log = tmp_path / "log"
    wait_until(lambda: log.read_text().count("\n") == 2)
    assert sorted(re.findall(r'"status":(\d+)', log.read_text())) == ["200", "303"]
