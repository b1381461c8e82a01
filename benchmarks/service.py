"""The claims about the service, measured: `make bench ARGS=service`, or `python benchmarks/service.py WHAT --store DIR`.

small      requests a second of small queries, each about another gene, against `oxigraph serve-read-only`
large      answers of 100,000 rows in each format, against the same
million    a million rows, and the memory of all processes while they stream
questions  every named question as an API, with the values of its own example
mixed      50 clients, of which 5 send hostile queries: what the others notice
soak       hostile and normal queries for an hour (--minutes): wrong answers, crashes, memory

All of it on the loopback interface, with the settings that `impckg serve` has when none is given. The peers serve the same
store and are measured in turns with ours, because machines are shared: ratios count, not seconds. With `--virtuoso DIR`
Virtuoso takes part in `small` and `large`, after it has loaded the statements of the store into that empty folder.
"""

import argparse
import contextlib
import http.client
import importlib.util
import itertools
import json
import os
import random
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import quote, urlencode

import pyoxigraph as ox

from impckg.graph.store import find_store, open_store
from impckg.queries.catalog import Question, questions

HERE = Path(__file__).resolve().parent
HOSTILE = HERE.parent / "tests" / "service" / "hostile_requests.py"
OURS = "impckg serve"
OXIGRAPH = "oxigraph serve-read-only"
VIRTUOSO = "Virtuoso"

PREFIX = (
    "PREFIX kg: <https://w3id.org/impckg/ontology#> PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#> "
)
SMALL = {
    "ASK": "ASK {{ <{gene}> a kg:Gene }}",
    "point lookup": "SELECT ?symbol ?name {{ <{gene}> rdfs:label ?symbol OPTIONAL {{ <{gene}> kg:name ?name }} }}",
    "hits of a gene": "SELECT ?phenotype ?label {{ <{gene}> kg:hasPhenotype ?phenotype . ?phenotype rdfs:label ?label }}",
}
# A scan costs the engine little, so that writing and sending weigh the most; a join is what users ask for.
LARGE = {
    "scan": "SELECT ?result ?p { ?result kg:negLog10P ?p } LIMIT 100000",
    "join": "SELECT ?result ?gene ?parameter ?p "
    "{ ?result kg:gene ?gene ; kg:parameter ?parameter ; kg:negLog10P ?p } LIMIT 100000",
}
MILLION = "SELECT ?s ?p ?o { ?s ?p ?o } LIMIT 1000000"
GENES = 1_000
ROUNDS = 3
FORMATS = {
    "json": "application/sparql-results+json",
    "xml": "application/sparql-results+xml",
    "csv": "text/csv",
    "tsv": "text/tab-separated-values",
}

NORMAL_CLIENTS, HOSTILE_CLIENTS = 45, 5
SOAK_CLIENTS, SOAK_HOSTILE = 6, 3
_START_SECONDS = 120
_READ_BYTES = 1 << 20

# Each request asks about another gene, so that no cache of answers can help.
WRK_SCRIPT = """
local paths = {}
for line in io.lines(os.getenv("IMPCKG_BENCH_PATHS")) do paths[#paths + 1] = line end
local n = 0
request = function()
  n = n % #paths + 1
  return wrk.format("GET", paths[n], {["Accept"] = "application/sparql-results+json"})
end
done = function(summary, latency, requests)
  local wrong = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.timeout
  io.write(string.format("RESULT %f %f %f %f %d\\n", summary.requests * 1e6 / summary.duration,
    latency:percentile(50) / 1e3, latency:percentile(95) / 1e3, latency:percentile(99) / 1e3, wrong))
end
"""


@dataclass(frozen=True)
class Server:
    """A SPARQL service that runs: where it listens, its endpoint, and its first process."""

    name: str
    port: int
    path: str
    process: subprocess.Popen[bytes]
    extra: Mapping[str, str] = field(default_factory=dict)

    def target(self, query: str) -> str:
        """The address of a query, without the host."""
        return f"{self.path}?{urlencode({'query': query, **self.extra})}"


@dataclass(frozen=True)
class Speed:
    """What wrk measured: requests a second, milliseconds by percentile, failures; and what a request cost the server."""

    rate: float
    p50: float
    p95: float
    p99: float
    errors: int
    cpu_milliseconds: float


# The servers.


@contextlib.contextmanager
def ours(store: Path, log: Path, *flags: str) -> Iterator[Server]:
    """Our service, with its access log written to a file."""
    port = _free_port()
    command = [sys.executable, "-m", "impckg", "serve", "--store", str(store), "--port", str(port), *flags]
    with _running(OURS, command, port, "/sparql", log) as server:
        yield server


@contextlib.contextmanager
def oxigraph(store: Path, log: Path) -> Iterator[Server]:
    """The engine's own server, on the same files and with the same default graph."""
    port = _free_port()
    program = shutil.which("oxigraph") or str(Path(sys.executable).with_name("oxigraph"))
    command = [program, "serve-read-only", "--location", str(find_store(store)), "--union-default-graph"]
    with _running(OXIGRAPH, [*command, "--bind", f"127.0.0.1:{port}"], port, "/query", log) as server:
        yield server


VIRTUOSO_INI = """
[Database]
DatabaseFile = {folder}/virtuoso.db
ErrorLogFile = {folder}/virtuoso.log
TransactionFile = {folder}/virtuoso.trx
xa_persistent_file = {folder}/virtuoso.pxa
[TempDatabase]
DatabaseFile = {folder}/temporary.db
TransactionFile = {folder}/temporary.trx
[Parameters]
ServerPort = {isql_port}
DirsAllowed = {folder}
NumberOfBuffers = 170000
MaxDirtyBuffers = 130000
ThreadsPerQuery = 2
[HTTPServer]
ServerPort = {port}
ServerThreads = 20
[SPARQL]
ResultSetMaxRows = 10000000
"""


@contextlib.contextmanager
def virtuoso(store: Path, folder: Path, log: Path) -> Iterator[Server]:
    """Virtuoso as Debian packages it, with the statements of the store, in a folder that is empty at first."""
    port, isql_port = _free_port(), _free_port()
    is_loaded = (folder / "virtuoso.db").exists()
    if not is_loaded:
        dump = folder / "statements.nq"
        with dump.open("wb") as output:
            open_store(store).oxigraph.dump(output, format=ox.RdfFormat.N_QUADS)
    (folder / "virtuoso.ini").write_text(
        VIRTUOSO_INI.format(folder=folder, port=port, isql_port=isql_port), encoding="utf-8"
    )
    command = ["virtuoso-t", "+foreground", "+wait", "+configfile", str(folder / "virtuoso.ini")]
    extra = {"timeout": "0"}
    with _running(VIRTUOSO, command, port, "/sparql", log, extra) as server:
        if not is_loaded:
            # What is in no graph has to be in one: Virtuoso has no default graph of its own.
            script = (
                f"ld_dir('{folder}', 'statements.nq', 'https://w3id.org/impckg/graph/default');\n"
                "rdf_loader_run();\ncheckpoint;\n"
            )
            subprocess.run(
                ["isql-vt", str(isql_port), "dba", "dba"],
                input=script.encode(),
                check=True,
                capture_output=True,
            )
        yield server


@contextlib.contextmanager
def _running(
    name: str, command: Sequence[str], port: int, path: str, log: Path, extra: Mapping[str, str] | None = None
) -> Iterator[Server]:
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        _wait_until_it_answers(name, process, port, log)
        yield Server(name, port, path, process, extra or {})
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_it_answers(name: str, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SystemExit(
                f"{name}: ended with {process.returncode}: {log.read_text(errors='replace')[-2000:]}"
            )
        with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.1)
    raise SystemExit(f"{name}: does not listen on port {port} after {_START_SECONDS} s")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


# What is measured.


class Bench:
    """A store, the servers that are compared on it, and a folder for logs."""

    def __init__(
        self, store: Path, folder: Path, seconds: int, minutes: float, virtuoso_folder: Path | None
    ) -> None:
        self.store = store
        self.folder = folder
        self.seconds = seconds
        self.minutes = minutes
        self._virtuoso = virtuoso_folder
        found = open_store(store).query(
            f"SELECT DISTINCT ?gene {{ ?gene a kg:Gene ; kg:hasPhenotype ?term }} LIMIT {GENES}"
        )
        self.genes = [row["gene"].value for row in found]

    @contextlib.contextmanager
    def peers(self) -> Iterator[list[Server]]:
        """All that are compared, ours first."""
        with contextlib.ExitStack() as stack:
            servers = [
                stack.enter_context(ours(self.store, self.folder / "ours.log")),
                stack.enter_context(oxigraph(self.store, self.folder / "oxigraph.log")),
            ]
            if self._virtuoso is not None:
                log = self.folder / "virtuoso.log"
                servers.append(stack.enter_context(virtuoso(self.store, self._virtuoso, log)))
            yield servers

    def small(self) -> list[str]:
        """Requests a second, and what a request costs, which neighbours on the machine change less."""
        lines = [
            "| query | server | requests/s | p50 ms | p99 ms | CPU ms a request | ratio of requests/s | ratio of CPU |",
            "| --- " * 8 + "|",
        ]
        with self.peers() as servers:
            for name, pattern in SMALL.items():
                speeds: dict[str, list[Speed]] = {server.name: [] for server in servers}
                for server in servers * ROUNDS:
                    speeds[server.name].append(self._wrk(server, pattern, clients=8))
                medians = {
                    server: sorted(of, key=lambda speed: speed.rate)[len(of) // 2]
                    for server, of in speeds.items()
                }
                for server, speed in medians.items():
                    cells = (
                        f"{speed.rate:,.0f}",
                        f"{speed.p50:.2f}",
                        f"{speed.p99:.2f}",
                        f"{speed.cpu_milliseconds:.3f}",
                    )
                    own = medians[OURS]
                    ratios = (
                        f"{own.rate / speed.rate:.2f}",
                        f"{own.cpu_milliseconds / speed.cpu_milliseconds:.2f}",
                    )
                    lines.append(f"| {' | '.join((name, server, *cells, *ratios))} |")
        told = f"wrk with 8 connections, {ROUNDS} rounds of {self.seconds} s in turns, {len(self.genes):,} genes."
        return [*lines, "", told]

    def large(self) -> list[str]:
        """Answers of 100,000 rows."""
        lines = [
            "| query | format | server | MB | s | MB/s | ratio of MB/s | ratio of rows/s |",
            "| --- " * 8 + "|",
        ]
        with self.peers() as servers:
            for query_name, format_name in [*(("scan", name) for name in FORMATS), ("join", "json")]:
                query, media_type = PREFIX + LARGE[query_name], FORMATS[format_name]
                taken: dict[str, list[float]] = {server.name: [] for server in servers}
                sizes = {}
                # The first round warms the caches of files.
                for server in servers * (ROUNDS + 1):
                    sizes[server.name], seconds = _download(server, query, media_type)
                    taken[server.name].append(seconds)
                medians = {server: statistics.median(of[1:]) for server, of in taken.items()}
                own_rate = sizes[OURS] / medians[OURS]
                for server, seconds in medians.items():
                    rate = sizes[server] / seconds
                    cells = (f"{sizes[server] / 1e6:.1f}", f"{seconds:.2f}", f"{rate / 1e6:.1f}")
                    ratios = (f"{own_rate / rate:.2f}", f"{seconds / medians[OURS]:.2f}")
                    lines.append(f"| {' | '.join((query_name, format_name, server, *cells, *ratios))} |")
        return [
            *lines,
            "",
            f"100,000 rows, the median of {ROUNDS} downloads in turns after one that warms up.",
        ]

    def million(self) -> list[str]:
        """A million rows, and memory."""
        lines = [
            "| server | format | rows | MB | s | all processes, RSS MiB | all processes, PSS MiB | first process, RSS MiB |",
            "| --- " * 8 + "|",
        ]
        for start in (ours, oxigraph):
            with start(self.store, self.folder / "million.log") as server:
                for name in ("csv", "json"):
                    with Memory(server.process.pid) as memory:
                        size, seconds = _download(server, MILLION, FORMATS[name])
                    lines.append(
                        f"| {server.name} | {name} | 1,000,000 | {size / 1e6:.0f} | {seconds:.1f} | "
                        f"{memory.rss:.0f} | {memory.pss:.0f} | {memory.first:.0f} |"
                    )
        return [
            *lines,
            "",
            "The most of each while the answer streams. RSS counts shared memory once for each process, PSS once.",
        ]

    def questions(self) -> list[str]:
        """The named questions."""
        with ours(self.store, self.folder / "questions.log") as server:
            times = {question: _time_question(server, question) for question in questions()}
        slowest = sorted(times.items(), key=lambda item: -item[1])
        median = statistics.median(times.values())
        return [
            f"{len(times)} questions, the median of {ROUNDS * 2} requests each: median {median * 1e3:.1f} ms, "
            f"slowest {slowest[0][1] * 1e3:.0f} ms",
            "",
            "| question | ms |",
            "| --- | --- |",
            *(f"| {question.name} | {seconds * 1e3:.1f} |" for question, seconds in slowest[:8]),
        ]

    def mixed(self) -> list[str]:
        """Normal clients alone, and beside hostile ones."""
        pattern = SMALL["hits of a gene"]
        lines = [
            "| round | 95th percentile alone, ms | beside hostile clients, ms | ratio | requests/s alone | beside |",
            "| --- " * 6 + "|",
        ]
        ratios = []
        with ours(self.store, self.folder / "mixed.log") as server:
            self._wrk(server, pattern, clients=NORMAL_CLIENTS)
            for number in range(ROUNDS):
                alone = self._wrk(server, pattern, clients=NORMAL_CLIENTS)
                with Attack(server, HOSTILE_CLIENTS) as attack:
                    beside = self._wrk(server, pattern, clients=NORMAL_CLIENTS)
                ratios.append(beside.p95 / alone.p95)
                cells = (f"{alone.p95:.1f}", f"{beside.p95:.1f}", f"{ratios[-1]:.2f}")
                rates = (f"{alone.rate:,.0f}", f"{beside.rate:,.0f}")
                lines.append(f"| {' | '.join((str(number + 1), *cells, *rates))} |")
                if alone.errors or beside.errors:
                    lines.append(f"ERRORS: {alone.errors} alone, {beside.errors} beside")
            lines += [
                "",
                f"Median ratio {statistics.median(ratios):.2f}. "
                f"Hostile requests by status in the last round: {attack.told()}.",
            ]
        return lines

    def soak(self) -> list[str]:
        """Normal and hostile queries for a long time."""
        with ours(self.store, self.folder / "soak.log") as server:
            soak = Soak(server, self._expected())
            rows = soak.run(self.minutes * 60)
            alive = server.process.poll() is None
        return [
            f"{self.minutes:g} minutes, {SOAK_CLIENTS} normal and {SOAK_HOSTILE} hostile clients.",
            "",
            "| minute | normal requests | wrong answers | failed | p50 ms | p99 ms | first process MiB | all, PSS MiB |",
            "| --- " * 8 + "|",
            *rows,
            "",
            f"Service alive at the end: {alive}. Normal requests {soak.requests:,}: "
            f"{soak.wrong} answered wrong, {soak.failed} failed.",
            f"Hostile requests by status: {soak.told()}.",
        ]

    def _expected(self) -> dict[str, frozenset[tuple[str, ...]]]:
        """Queries with their answers, as the engine gives them in this process."""
        store = open_store(self.store)
        expected = {}
        for gene in self.genes[:200]:
            query = PREFIX + SMALL["hits of a gene"].format(gene=gene)
            expected[query] = frozenset(tuple(term.value for term in row) for row in store.query(query))
        return expected

    def _wrk(self, server: Server, pattern: str, clients: int) -> Speed:
        paths = self.folder / "paths"
        order = random.Random(1).sample(self.genes, len(self.genes))
        paths.write_text("".join(server.target(PREFIX + pattern.format(gene=gene)) + "\n" for gene in order))
        script = self.folder / "requests.lua"
        script.write_text(WRK_SCRIPT)
        command = ["wrk", "-t1", f"-c{clients}", f"-d{self.seconds}s", "--timeout", "30s", "-s", str(script)]
        before = _cpu_seconds(server.process.pid)
        output = subprocess.run(
            [*command, f"http://127.0.0.1:{server.port}/"],
            check=True,
            capture_output=True,
            text=True,
            env={**os.environ, "IMPCKG_BENCH_PATHS": str(paths)},
        ).stdout
        found = re.search(r"RESULT (\S+) (\S+) (\S+) (\S+) (\d+)", output)
        if found is None:
            raise SystemExit(f"wrk: no result in its output:\n{output}")
        cpu_seconds = _cpu_seconds(server.process.pid) - before
        *numbers, errors = found.groups()
        rate = float(numbers[0])
        speed = Speed(*map(float, numbers), int(errors), cpu_seconds * 1e3 / max(rate * self.seconds, 1))
        if speed.errors:
            print(f"{server.name}: {speed.errors} requests failed", file=sys.stderr)
        return speed


def _download(server: Server, query: str, media_type: str) -> tuple[int, float]:
    """The size of an answer in bytes and the seconds it takes. Ends where the answer is an error or broken off."""
    started = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=300)
    with contextlib.closing(connection):
        connection.request("GET", server.target(query), headers={"Accept": media_type})
        response = connection.getresponse()
        if response.status != 200:
            raise SystemExit(f"{server.name}: {response.status} {response.read(2000)!r}")
        size = 0
        while part := response.read(_READ_BYTES):
            size += len(part)
    return size, time.perf_counter() - started


def _time_question(server: Server, question: Question) -> float:
    """The median seconds of a named question with the values of its own example."""
    target = f"/api/queries/{quote(question.name)}?{urlencode({**question.example, 'format': 'json'})}"
    taken = []
    for _ in range(ROUNDS * 2):
        started = time.perf_counter()
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=120)
        with contextlib.closing(connection):
            connection.request("GET", target)
            response = connection.getresponse()
            body = response.read()
            if response.status != 200:
                raise SystemExit(f"{question.name}: {response.status} {body[:2000]!r}")
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


class Memory:
    """Watches how much memory a process and all below it take, in MiB, and keeps the most."""

    def __init__(self, pid: int) -> None:
        self.rss = self.pss = self.first = 0.0
        self._pid = pid
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> "Memory":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(0.1):
            of_all = [_memory_of(pid) for pid in _family(self._pid)]
            self.first = max(self.first, of_all[0][0])
            self.rss = max(self.rss, sum(rss for rss, _ in of_all))
            self.pss = max(self.pss, sum(pss for _, pss in of_all))


def _family(pid: int) -> list[int]:
    """A process and all that it has started, and they have."""
    family = [pid]
    for member in family:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            for thread in Path(f"/proc/{member}/task").iterdir():
                family += map(int, (thread / "children").read_text().split())
    return family


def _cpu_seconds(pid: int) -> float:
    """The CPU time that a process and all below it have taken."""
    ticks = 0
    for member in _family(pid):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            # After the name, in brackets: the time of the process itself, and of its children that have ended.
            fields = (
                Path(f"/proc/{member}/stat")
                .read_text(encoding="ascii", errors="replace")
                .rpartition(")")[2]
                .split()
            )
            ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def _memory_of(pid: int) -> tuple[float, float]:
    """RSS and PSS of a process in MiB; nothing where it has ended."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    except (FileNotFoundError, ProcessLookupError):
        return 0.0, 0.0
    sizes = {name: int(kib) / 1024 for name, kib in re.findall(r"^(\w+):\s+(\d+) kB", text, re.MULTILINE)}
    return sizes.get("Rss", 0.0), sizes.get("Pss", 0.0)


class Attack:
    """Clients that send the greedy requests of the tests' corpus, one after the other, until they are told to stop."""

    def __init__(self, server: Server, clients: int, every: bool = False) -> None:
        """every: the whole corpus, and not only what takes until a limit ends it."""
        corpus = _hostile_requests()
        self._module = corpus
        self._requests = [hostile for hostile in corpus.corpus() if every or _is_greedy_query(hostile)]
        self._port = server.port
        self._over = threading.Event()
        self._clients = [threading.Thread(target=self._send, args=(number,)) for number in range(clients)]
        self._statuses: Counter[str] = Counter()

    def __enter__(self) -> "Attack":
        for client in self._clients:
            client.start()
        time.sleep(1)
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for client in self._clients:
            client.join()

    def told(self) -> str:
        """How often the service answered what."""
        return ", ".join(f"{status} {times:,}" for status, times in self._statuses.most_common())

    def _send(self, seed: int) -> None:
        order = self._requests.copy()
        random.Random(seed).shuffle(order)
        for hostile in itertools.cycle(order):
            if self._over.is_set():
                return
            try:
                outcome = self._module.send(hostile, "127.0.0.1", self._port, "http://127.0.0.1:9/")
            except TimeoutError:
                # The limits of this service are a minute; an attacker has more patience than the sender of the tests.
                self._statuses["no answer yet"] += 1
                continue
            self._statuses[str(outcome.status)] += 1


class Soak:
    """Normal clients that know the right answers, and hostile ones that send everything there is."""

    def __init__(self, server: Server, expected: Mapping[str, frozenset[tuple[str, ...]]]) -> None:
        self.requests = self.wrong = self.failed = 0
        self._server = server
        self._expected = expected
        self._attack = Attack(server, SOAK_HOSTILE, every=True)
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._taken: list[float] = []

    def run(self, seconds: float) -> list[str]:
        """A row of the table for each minute."""
        rows = []
        clients = [threading.Thread(target=self._ask, args=(number,)) for number in range(SOAK_CLIENTS)]
        with self._attack:
            for client in clients:
                client.start()
            started = time.monotonic()
            while (passed := time.monotonic() - started) < seconds:
                time.sleep(min(60, seconds - passed))
                rows.append(self._row((time.monotonic() - started) / 60))
            self._over.set()
            for client in clients:
                client.join()
        return rows

    def told(self) -> str:
        """How often the service answered what to the hostile clients."""
        return self._attack.told()

    def _row(self, minute: float) -> str:
        with self._lock:
            taken, self._taken = sorted(self._taken), []
        of_all = [_memory_of(pid) for pid in _family(self._server.process.pid)]
        median, late = (
            taken[int(len(taken) * part)] * 1e3 if taken else float("nan") for part in (0.5, 0.99)
        )
        row = (
            f"| {minute:.1f} | {self.requests:,} | {self.wrong} | {self.failed} | {median:.1f} | {late:.1f} | "
            f"{of_all[0][0]:.0f} | {sum(pss for _, pss in of_all):.0f} |"
        )
        print(row, file=sys.stderr)
        return row

    def _ask(self, seed: int) -> None:
        queries = list(self._expected)
        random.Random(seed).shuffle(queries)
        connection = http.client.HTTPConnection("127.0.0.1", self._server.port, timeout=60)
        for query in itertools.cycle(queries):
            if self._over.is_set():
                connection.close()
                return
            started = time.perf_counter()
            try:
                connection.request("GET", self._server.target(query), headers={"Accept": FORMATS["json"]})
                response = connection.getresponse()
                body = response.read()
            except (OSError, http.client.HTTPException):
                connection.close()
                response = None
            with self._lock:
                self.requests += 1
                if response is None or response.status != 200:
                    self.failed += 1
                else:
                    self._taken.append(time.perf_counter() - started)
                    self.wrong += _rows(json.loads(body)) != self._expected[query]


def _rows(document: Mapping[str, Any]) -> frozenset[tuple[str, ...]]:
    names = document["head"]["vars"]
    return frozenset(tuple(row[name]["value"] for name in names) for row in document["results"]["bindings"])


def _hostile_requests() -> ModuleType:
    """The corpus of the tests, which lies where nothing is imported from."""
    spec = importlib.util.spec_from_file_location(HOSTILE.stem, HOSTILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[HOSTILE.stem] = module
    spec.loader.exec_module(module)
    return module


def _is_greedy_query(hostile: Any) -> bool:
    """Whether a request of the corpus is a query that takes until a limit ends it, and not a client that is slow."""
    return bool(hostile.greedy) and not re.search("body|head |chunk|connection", hostile.name)


def main() -> None:
    """Measure what the command line names, and print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "what", nargs="+", choices=["small", "large", "million", "questions", "mixed", "soak"]
    )
    parser.add_argument(
        "--store", type=Path, required=True, help="a built release; the claims are about the real files"
    )
    parser.add_argument("--seconds", type=int, default=5, help="how long each speed is measured")
    parser.add_argument("--minutes", type=float, default=60, help="how long the soak takes")
    parser.add_argument(
        "--virtuoso", type=Path, help="an empty folder for Virtuoso, or one that it has filled before"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        virtuoso_folder = options.virtuoso.resolve() if options.virtuoso else None
        bench = Bench(options.store, Path(folder), options.seconds, options.minutes, virtuoso_folder)
        for name in options.what:
            print(f"## {name}", "", *getattr(bench, name)(), "", sep="\n", flush=True)


if __name__ == "__main__":
    main()
