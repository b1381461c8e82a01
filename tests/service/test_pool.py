"""Queries that take too much, and what happens to them and to others: over HTTP, with workers that are real processes."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
import requests

from .conftest import HttpClient, build_store, start_service

NORMAL = "SELECT ?symbol WHERE { ?gene kg:symbol ?symbol } ORDER BY ?symbol"
NUMBERS = " ".join(map(str, range(1000)))


def endless(name: str = "n") -> str:
    """A query that counts a thousand million million rows, and so does not end."""
    values = " ".join(f"VALUES ?{letter} {{ {NUMBERS} }}" for letter in "abcde")
    return f"SELECT (COUNT(*) AS ?{name}) {{ {values} }}"


LONG_TEXT = (
    "SELECT ?a ?b ?c ?text { "
    + " ".join(f"VALUES ?{letter} {{ {NUMBERS} }}" for letter in "abc")
    + f" BIND('{'x' * 100}' AS ?text) }}"
)
"""A query with a thousand million rows."""

# Each level doubles the text: 2^40 characters.
GREEDY = (
    f"SELECT (STRLEN(?t40) AS ?n) {{ BIND('{'x' * 1000}' AS ?t0) "
    + " ".join(f"BIND(CONCAT(?t{n}, ?t{n}) AS ?t{n + 1})" for n in range(40))
    + " }"
)


def ask(address: str, query: str = NORMAL, **sent) -> requests.Response:
    headers = {"Accept": "application/json", "Accept-Encoding": "identity", **sent.pop("headers", {})}
    return requests.post(f"{address}/sparql", data={"query": query}, headers=headers, timeout=60, **sent)


def is_answered(address: str) -> bool:
    rows = ask(address).json()["results"]["bindings"]
    return [row["symbol"]["value"] for row in rows] == ["Cib2", "Nxn"]


def status_from(source: str, address: str, query: str) -> int:
    """What a client at another address of this machine is answered."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(
        parts.hostname, parts.port, source_address=(source, 0), timeout=60
    )
    with closing(connection):
        connection.request("GET", "/sparql?" + urlencode({"query": query}))
        return connection.getresponse().status


def busy_workers(address: str) -> int:
    lines = requests.get(f"{address}/metrics", timeout=10).text.splitlines()
    return int(
        float(next(line for line in lines if line.startswith('impckg_workers{state="busy"}')).split()[1])
    )


def wait_until(true, seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def limited(store_path: Path):
    """A service with small limits."""
    flags = (
        *("--time-seconds", "5", "--cpu-seconds", "30", "--memory-mib", "300", "--workers", "1"),
        *("--long-queries", "3", "--result-rows", "2000000", "--client-queries", "6"),
    )
    with start_service(store_path, *flags) as address:
        yield address


def test_a_query_that_takes_too_long_is_ended_and_told_which_limit_it_hit(limited):
    started = time.monotonic()
    response = ask(limited, endless())

    problem = response.json()
    assert response.status_code == 503
    assert response.headers["Content-Type"] == "application/problem+json"
    assert (problem["limit"], problem["value"]) == ("time_seconds", 5)
    assert "5 s" in problem["detail"]
    assert time.monotonic() - started < 30
    assert is_answered(limited)


def test_a_query_that_takes_too_much_memory_is_ended(limited):
    response = ask(limited, GREEDY)

    assert response.status_code == 503
    assert (response.json()["limit"], response.json()["value"]) == ("memory_mib", 300)
    assert is_answered(limited)


def test_a_query_that_takes_too_much_cpu_time_is_ended(store_path):
    with start_service(store_path, "--cpu-seconds", "1", "--time-seconds", "50") as address:
        response = ask(address, endless())

        assert response.status_code == 503
        assert response.json()["limit"] == "cpu_seconds"
        assert is_answered(address)


def test_a_short_query_does_not_wait_for_long_ones(limited):
    with ThreadPoolExecutor(3) as others:
        long = [others.submit(ask, limited, endless(f"n{n}")) for n in range(3)]
        wait_until(lambda: busy_workers(limited) == 3)
        started = time.monotonic()
        answered = is_answered(limited)
        seconds = time.monotonic() - started
        statuses = [future.result().status_code for future in long]

    assert answered
    assert seconds < 4, "the long ones take 5 s each, and there is one place for short ones"
    assert statuses == [503, 503, 503]


def test_a_long_query_that_finds_no_seat_is_told_to_come_back(store_path):
    flags = ("--long-queries", "1", "--time-seconds", "8")
    with start_service(store_path, *flags) as address, ThreadPoolExecutor(1) as others:
        first = others.submit(ask, address, endless("first"))
        wait_until(lambda: busy_workers(address) == 1)
        time.sleep(0.5)  # until it has taken the seat
        second = ask(address, endless("second"))

        assert second.status_code == 503
        assert int(second.headers["Retry-After"]) > 0
        assert "1 long queries run already" in second.json()["detail"]
        assert is_answered(address)
        assert first.result().json()["limit"] == "time_seconds"


def test_a_client_with_too_many_queries_is_told_to_wait_and_others_are_not(limited):
    with ThreadPoolExecutor(6) as others:
        long = [others.submit(ask, limited, endless(f"n{n}")) for n in range(6)]
        time.sleep(0.7)
        refused = ask(limited)
        elsewhere = status_from("127.0.0.2", limited, NORMAL)
        for future in long:
            future.result()

    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0
    assert "6 queries" in refused.json()["detail"]
    assert elsewhere == 200
    assert is_answered(limited)


def test_a_query_can_be_cancelled_by_the_id_that_its_client_chose(limited):
    with ThreadPoolExecutor(1) as others:
        long = others.submit(ask, limited, endless(), headers={"X-Query-Id": "the-query-of-this-test"})
        wait_until(lambda: busy_workers(limited) == 1)
        cancelled = requests.delete(f"{limited}/queries/the-query-of-this-test", timeout=10)
        response = long.result()

    assert cancelled.status_code == 204
    assert response.status_code == 503
    assert response.json()["detail"] == "the query was cancelled"
    assert requests.delete(f"{limited}/queries/the-query-of-this-test", timeout=10).status_code == 404


def test_two_queries_cannot_have_the_same_id_and_an_odd_one_is_refused(limited):
    headers = {"X-Query-Id": "an-id-that-two-want"}
    with ThreadPoolExecutor(1) as others:
        long = others.submit(ask, limited, endless(), headers=headers)
        wait_until(lambda: busy_workers(limited) == 1)
        second = ask(limited, headers=headers)
        long.result()

    assert second.status_code == 409
    assert ask(limited, headers={"X-Query-Id": "short"}).status_code == 400
    assert ask(limited, headers=headers).headers["X-Query-Id"] == "an-id-that-two-want"


@pytest.mark.parametrize("accept", ["application/json", "text/html"], ids=["data", "page"])
def test_the_query_of_a_client_that_has_left_is_ended(store_path, accept):
    with start_service(store_path, "--time-seconds", "60") as address:
        parts = urlsplit(address)
        client = socket.create_connection((parts.hostname, parts.port))
        query = urlencode({"query": endless()})
        client.sendall(f"GET /sparql?{query} HTTP/1.1\r\nHost: x\r\nAccept: {accept}\r\n\r\n".encode())
        wait_until(lambda: busy_workers(address) == 1)

        client.close()

        wait_until(lambda: busy_workers(address) == 0)
        assert is_answered(address)


def raw_answer(address: str, query: str, accept: str) -> bytes:
    """All that comes over the wire, for a client that asks for one answer and then for the end."""
    parts = urlsplit(address)
    with socket.create_connection((parts.hostname, parts.port), timeout=60) as client:
        client.sendall(
            f"GET /sparql?{urlencode({'query': query})} HTTP/1.1\r\nHost: x\r\nAccept: {accept}\r\n"
            "Connection: close\r\n\r\n".encode()
        )
        received = bytearray()
        while part := client.recv(1 << 20):
            received += part
    return bytes(received)


@pytest.mark.parametrize(
    "accept", ["text/csv", "text/tab-separated-values", "application/sparql-results+json"]
)
def test_an_answer_that_breaks_off_has_no_last_chunk(limited, accept):
    broken = raw_answer(limited, LONG_TEXT, accept)
    whole = raw_answer(limited, f"{LONG_TEXT} LIMIT 100000", accept)

    assert broken.startswith(b"HTTP/1.1 200")
    assert len(broken) > 10_000_000
    assert not broken.endswith(b"0\r\n\r\n")
    assert whole.endswith(b"0\r\n\r\n")


def test_an_answer_with_too_many_rows_is_refused_before_it_begins_if_it_is_short(store_path):
    with start_service(store_path, "--result-rows", "1000", "--result-bytes", "100000") as address:
        rows = ask(address, f"SELECT ?a {{ VALUES ?a {{ {NUMBERS} 1 }} }}")
        size = ask(address, "SELECT ?a { BIND('%s' AS ?a) VALUES ?b { 1 2 3 4 5 } }" % ("x" * 50_000))

    assert (rows.status_code, rows.json()["limit"], rows.json()["value"]) == (503, "result_rows", 1000)
    assert (size.status_code, size.json()["limit"], size.json()["value"]) == (503, "result_bytes", 100_000)


def test_a_slow_reader_keeps_no_worker_from_others(limited):
    parts = urlsplit(limited)
    query = f"{LONG_TEXT} LIMIT 300000"  # 40 MB
    with socket.create_connection((parts.hostname, parts.port)) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.sendall(
            f"GET /sparql?{urlencode({'query': query})} HTTP/1.1\r\nHost: x\r\nAccept: text/csv\r\n\r\n".encode()
        )
        client.recv(100)
        # It is written to the end, although the client has read next to nothing.
        wait_until(lambda: busy_workers(limited) == 0)
        assert is_answered(limited)


def test_a_worker_that_dies_is_replaced_and_its_query_says_so(store_path):
    with start_service(store_path, "--workers", "1") as address:
        with ThreadPoolExecutor(1) as others:
            long = others.submit(ask, address, endless())
            wait_until(lambda: busy_workers(address) == 1)
            time.sleep(0.5)
            os.kill(busiest_worker(address), signal.SIGSEGV)
            response = long.result()

        assert response.status_code == 500
        assert "made the engine crash" in response.json()["detail"]
        assert is_answered(address)


def busiest_worker(address: str) -> int:
    """The process that takes most CPU time of those that the service has started."""
    port = str(urlsplit(address).port)
    listening = subprocess.run(
        [sys.executable, "-c", LISTENER, port], capture_output=True, text=True, check=True
    ).stdout
    before = cpu_times_below(int(listening))
    time.sleep(0.5)
    after = cpu_times_below(int(listening))
    return max(after, key=lambda pid: after[pid] - before.get(pid, after[pid]))


def cpu_times_below(ancestor: int) -> dict[int, int]:
    """The CPU time so far of each process below another, in ticks."""
    children: dict[int, list[int]] = {}
    times = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended meanwhile
        pid = int(folder.name)
        children.setdefault(int(fields[1]), []).append(pid)
        times[pid] = int(fields[11]) + int(fields[12])
    found, todo = {}, [ancestor]
    while todo:
        below = children.get(todo.pop(), [])
        todo += below
        found.update((pid, times[pid]) for pid in below)
    return found


LISTENER = """
import os, sys
from pathlib import Path
port = f"{int(sys.argv[1]):04X}"
inodes = {l.split()[9] for l in Path("/proc/net/tcp").read_text().splitlines()[1:] if l.split()[1].endswith(":" + port)}
for folder in Path("/proc").glob("[0-9]*"):
    try:
        if any(os.readlink(fd) in {f"socket:[{i}]" for i in inodes if i != "0"} for fd in (folder / "fd").iterdir()):
            print(folder.name); break
    except OSError:
        pass
"""


def test_clients_take_turns(store_path):
    few = " ".join(map(str, range(200)))
    query = f"SELECT (COUNT(*) AS ?n) {{ VALUES ?a {{ {NUMBERS} }} VALUES ?b {{ {few} }} }}"
    with start_service(store_path, "--workers", "1") as address:

        def take(source: str) -> float:
            assert status_from(source, address, query) == 200
            return time.monotonic()

        with ThreadPoolExecutor(24) as clients:
            many = [clients.submit(take, "127.0.0.1") for _ in range(20)]
            time.sleep(0.05)
            one = clients.submit(take, "127.0.0.2").result()
            ended = sorted(future.result() for future in many)

    assert one < ended[-5], "it came last, and did not have to wait until all that came before were done"


def release(folder: Path, number: int) -> Path:
    (folder / f"release-{number}").mkdir()
    made = build_store(folder / f"release-{number}" / "store", simulated=bool(number % 2))
    return made.parent


def test_a_new_release_is_served_without_a_lost_request(tmp_path):
    live = tmp_path / "current"
    live.symlink_to(release(tmp_path, 1))
    stop = threading.Event()
    statuses: list[int] = []
    with start_service(tmp_path, "--workers", "2") as address:

        def go_on() -> None:
            while not stop.is_set():
                statuses.append(ask(address).status_code)

        before = requests.get(f"{address}/sparql", params={"query": NORMAL}, timeout=10).headers["ETag"]
        client = threading.Thread(target=go_on)
        client.start()
        new = tmp_path / "new"
        new.symlink_to(release(tmp_path, 2))
        new.replace(live)
        wait_until(lambda: requests.get(f"{address}/health", timeout=10).json()["simulated"] is False)
        after = requests.get(f"{address}/sparql", params={"query": NORMAL}, timeout=10).headers["ETag"]
        stop.set()
        client.join()

    assert before != after
    assert len(statuses) > 10
    assert set(statuses) == {200}


def test_a_service_that_is_told_to_stop_answers_what_it_has_begun(store_path):
    # Some 2 s of work on an idle machine.
    values = f"VALUES ?a {{ {NUMBERS} }} VALUES ?b {{ {NUMBERS} }} VALUES ?c {{ 1 2 3 4 5 6 }}"
    query = f"SELECT (COUNT(*) AS ?n) {{ {values} }}"
    with ThreadPoolExecutor(1) as others:
        with start_service(store_path, "--stop-seconds", "25") as address:
            long = others.submit(ask, address, query)
            wait_until(lambda: busy_workers(address) == 1)
            # Leaving the block tells it to stop.
        response = long.result()

    assert response.status_code == 200
    assert response.json()["results"]["bindings"][0]["n"]["value"] == "6000000"


def test_the_log_has_a_line_for_each_request_and_no_query_in_it(store_path, tmp_path):
    log = tmp_path / "access.log"
    with start_service(store_path, "--log", str(log)) as address:
        HttpClient(address).get("/sparql", query_string={"query": NORMAL})
        HttpClient(address).get("/sparql", query_string={"query": "no SPARQL"})

    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [(line["status"], line["rows"], line["outcome"]) for line in lines] == [
        (200, 2, "answered"),
        (400, None, "refused"),
    ]
    assert len({line["query_hash"] for line in lines}) == 2
    assert NORMAL not in log.read_text()
