"""Comunica, the query engine in JavaScript: it plans a query itself and asks us for the parts.

Installed by tests/real-parts.sh into build/clients from package-lock.json; the tests are skipped where it is absent.
"""

import http.server
import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .conftest import KG, LABEL, RELEASE

PROJECT = Path(__file__).resolve().parents[2]
FOLDER = Path(os.environ.get("IMPCKG_CLIENTS", PROJECT / "build" / "clients"))
PROGRAM = FOLDER / "node_modules" / "@comunica" / "query-sparql" / "bin" / "query.js"

pytestmark = pytest.mark.skipif(
    shutil.which("node") is None or not PROGRAM.is_file(),
    reason=f"Comunica is not installed in {FOLDER} (tests/real-parts.sh does it)",
)


@contextmanager
def served(turtle: bytes) -> Iterator[str]:
    """The address of a file on a web server."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/turtle")
            self.send_header("Content-Length", str(len(turtle)))
            self.end_headers()
            self.wfile.write(turtle)

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/mine.ttl"
        finally:
            server.shutdown()
            thread.join()


def comunica(*arguments: str) -> str:
    done = subprocess.run(
        ["node", str(PROGRAM), *arguments], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def solutions(*arguments: str) -> list[dict[str, str]]:
    return json.loads(comunica(*arguments, "-t", "application/json"))


GENES = f"SELECT ?gene ?symbol WHERE {{ ?gene a <{KG}Gene> ; <{LABEL}> ?symbol }} ORDER BY ?symbol LIMIT 5"


def test_it_finds_out_by_itself_that_this_is_a_sparql_endpoint(endpoint):
    assert len(solutions(endpoint, GENES)) == 5


def test_it_asks_where_it_is_told_that_this_is_one(endpoint):
    assert len(solutions(f"sparql@{endpoint}", GENES)) == 5


def test_it_joins_our_graph_with_a_file_on_the_web(endpoint):
    turtle = f'<{RELEASE}> <http://www.w3.org/2000/01/rdf-schema#comment> "mine" .'
    query = (
        "SELECT ?comment ?title WHERE { ?release <http://www.w3.org/2000/01/rdf-schema#comment> ?comment ; "
        "<http://purl.org/dc/terms/title> ?title }"
    )

    with served(turtle.encode()) as address:
        found = solutions(f"sparql@{endpoint}", address, query)

    assert [row["title"] for row in found] == ['"Simulated release, seed 1"']


def test_it_constructs_triples(endpoint):
    query = f"CONSTRUCT {{ <{RELEASE}> ?p ?o }} WHERE {{ <{RELEASE}> ?p ?o }}"

    written = comunica(f"sparql@{endpoint}", query, "-t", "application/n-triples")

    assert len(written.splitlines()) > 10


def test_it_answers_yes_or_no(endpoint):
    assert comunica(f"sparql@{endpoint}", f"ASK {{ <{RELEASE}> ?p ?o }}", "-t", "simple").strip() == "true"
