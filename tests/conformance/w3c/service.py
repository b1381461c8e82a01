"""The services that a run needs: the one that is tried, as a process of its own, and those that it asks."""

import re
import secrets
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pyoxigraph as ox

from .client import FORM, QUERY, Addresses

START_SECONDS = 60
STOP_SECONDS = 20


class ServiceFailed(RuntimeError):
    """The service did not start, or ended by itself."""


class Service:
    """`impckg serve` over an empty store, with updates on, as a process of its own.

    addresses: where it answers.
    """

    def __init__(self, folder: Path, *flags: str) -> None:
        store, token, self.log = folder / "store", folder / "token", folder / "service.log"
        ox.Store(str(store)).flush()
        token.write_text(secrets.token_urlsafe(24), encoding="utf-8")
        token.chmod(0o600)
        command = [sys.executable, "-m", "impckg", "serve", "--store", str(store), "--port", "0"]
        command += ["--update-token", str(token), "--default-graph", "own", *flags]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        try:
            root = self._wait_for_address()
        except ServiceFailed:
            self.stop()
            raise
        self.addresses = Addresses(
            query=f"{root}sparql",
            update=f"{root}sparql",
            graphs=f"{root}graphs",
            token=token.read_text(encoding="utf-8"),
            problems=True,
        )

    def check(self) -> None:
        """Raise ServiceFailed if the process has ended."""
        if self.process.poll() is not None:
            raise ServiceFailed(
                f"the service ended with status {self.process.returncode}:\n{self.last_lines()}"
            )

    def last_lines(self, count: int = 20) -> str:
        """The end of what the service has written."""
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-count:])

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.wait()

    def _wait_for_address(self) -> str:
        deadline = threading.Event()
        timer = threading.Timer(START_SECONDS, deadline.set)
        timer.start()
        try:
            while not deadline.wait(0.05):
                said = re.search(rb" at (http://\S+/)", self.log.read_bytes())
                if said:
                    return said[1].decode()
                self.check()
        finally:
            timer.cancel()
        raise ServiceFailed(f"the service said no address in {START_SECONDS} s:\n{self.last_lines()}")


@contextmanager
def running(folder: Path, *flags: str) -> Iterator[Service]:
    """A service of its own with its store in a folder; stopped at the end."""
    service = Service(folder, *flags)
    try:
        yield service
    finally:
        service.stop()


class Neighbours:
    """SPARQL services on this machine, in place of those that cases of federation ask.

    Each is known by the address that the case gives it, `http://example.org/sparql`, and answers at one of the
    loopback. What an address without data is asked for, is not found.
    """

    def __init__(self) -> None:
        self._graphs: dict[str, ox.Dataset] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.root = f"http://127.0.0.1:{self._server.server_address[1]}/"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def address(self, public: str) -> str:
        """Where the service of a public address answers here."""
        parts = urlsplit(public)
        return f"{self.root}{parts.netloc}{parts.path}"

    def hold(self, graphs: Mapping[str, ox.Dataset]) -> None:
        """Replace what all the services hold, by their public addresses."""
        self._graphs = {self.address(public): graph for public, graph in graphs.items()}

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, path: str, query: str, accept: str) -> tuple[int, str, bytes]:
        """Status, media type and body for a query to one of the services."""
        graph = self._graphs.get(self.root + path.lstrip("/"))
        if graph is None:
            return 404, "text/plain", b"no such service here"
        store = ox.Store()
        store.extend(graph)
        try:
            found = store.query(query)
        except SyntaxError as error:
            return 400, "text/plain", str(error).encode()
        except OSError as error:  # a service that this one was told to ask
            return 500, "text/plain", str(error).encode()
        if isinstance(found, ox.QueryTriples):
            return 200, "application/n-triples", found.serialize(format=ox.RdfFormat.N_TRIPLES)
        if "xml" in accept and "json" not in accept:
            return 200, "application/sparql-results+xml", found.serialize(format=ox.QueryResultsFormat.XML)
        return 200, "application/sparql-results+json", found.serialize(format=ox.QueryResultsFormat.JSON)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        neighbours = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._answer(parse_qs(urlsplit(self.path).query).get("query", [""])[0])

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                media_type = self.headers.get("Content-Type", "").partition(";")[0]
                if media_type == FORM:
                    body = parse_qs(body).get("query", [""])[0]
                elif media_type != QUERY:
                    body = ""
                self._answer(body)

            def log_message(self, *_: object) -> None:
                """Nothing: what this service was asked shows in the answer of the one that is tried."""

            def _answer(self, query: str) -> None:
                path, accept = urlsplit(self.path).path, self.headers.get("Accept", "")
                status, media_type, body = neighbours.answer(path, query, accept)
                self.send_response(status)
                self.send_header("Content-Type", media_type)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        return Handler
