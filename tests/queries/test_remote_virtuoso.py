"""What Virtuoso does otherwise than the protocol has it, played by a small server: so it is tried where Virtuoso is not."""

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs

import pyoxigraph as ox
import pytest
import requests

from impckg.graph.errors import AnswerTooSlow, StoreError
from impckg.queries.remote import RemoteStore

from ..service.conftest import start_service

JSON = "application/sparql-results+json"
Asked = dict[str, str]


@contextmanager
def virtuoso(
    answer: Callable[[Asked, str], tuple[str, bytes, dict[str, str]]], name: str = "Virtuoso/07.20.3229"
) -> Iterator[tuple[str, list[Asked]]]:
    """The address of a server that gives itself that name, and all that it is asked."""
    asked: list[Asked] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            asked.append({key: values[0] for key, values in form.items()})
            media_type, body, headers = answer(asked[-1], self.headers["Accept"])
            self.send_response(200)
            for key, value in {
                "Content-Type": media_type,
                "Content-Length": str(len(body)),
                **headers,
            }.items():
                self.send_header(key, value)
            self.end_headers()
            self.wfile.write(body)

        def version_string(self) -> str:
            return name

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/sparql", asked
        finally:
            server.shutdown()
            thread.join()


def table(*columns: str, rows: int = 0) -> bytes:
    binding = {column: {"type": "literal", "value": "1"} for column in columns}
    return json.dumps({"head": {"vars": columns}, "results": {"bindings": [binding] * rows}}).encode()


@pytest.mark.parametrize(("rows", "expected"), [(1, True), (0, False)])
def test_yes_or_no_as_a_table_is_read_as_yes_or_no(rows, expected):
    with virtuoso(lambda asked, accept: (JSON, table("__ASK_RETVAL", rows=rows), {})) as (address, _):
        found = RemoteStore(address).query("ASK { ?s ?p ?o }")

    assert isinstance(found, ox.QueryBoolean)
    assert bool(found) is expected


@pytest.mark.parametrize(
    "told",
    [
        {"X-SPARQL-MaxRows": "20000"},
        {"X-SQL-State": "S1TAT", "X-SQL-Message": "Returning incomplete results"},  # told by nobody of ours
    ],
)
def test_a_part_of_an_answer_is_refused(told):
    with (
        virtuoso(lambda asked, accept: (JSON, table("s", rows=2), told)) as (address, _),
        pytest.raises(StoreError, match=f"only a part of the answer \\({next(iter(told))}: "),
    ):
        RemoteStore(address).query("SELECT ?s WHERE { ?s ?p ?o }")


OUT_OF_TIME = {"X-SQL-State": "S1TAT", "X-SQL-Message": "Returning incomplete results"}


def test_the_time_it_was_told_is_named_where_that_is_over():
    with (
        virtuoso(lambda asked, accept: (JSON, table("s"), OUT_OF_TIME)) as (address, _),
        pytest.raises(AnswerTooSlow, match=r"more than 2\.5 s") as refused,
    ):
        RemoteStore(address, seconds=2.5).query("SELECT ?s WHERE { ?s ?p ?o }")

    assert refused.value.seconds == 2.5


def test_a_service_in_front_names_the_limit_whoever_sees_first_that_the_time_is_over():
    def answer(asked, accept):
        if JSON not in accept:
            return "application/n-triples", b"", {}
        return JSON, table("s"), OUT_OF_TIME if "?slow" in asked["query"] else {}

    with virtuoso(answer) as (address, _), start_service(address, "--time-seconds", "60") as service:
        response = requests.get(
            f"{service}/sparql", params={"query": "SELECT ?slow { ?s ?p ?slow }"}, headers={"Accept": JSON}
        )

    assert response.status_code == 503, response.text
    assert (response.json()["limit"], response.json()["detail"]) == (
        "time_seconds",
        "the query took more than 60 s",
    )


def test_triples_are_asked_for_as_triples_alone():
    def answer(asked, accept):
        if JSON in accept:
            return JSON, table("s", "p", "o", rows=1), {}
        return "application/n-triples", b"<urn:a> <urn:b> <urn:c> .\n", {}

    with virtuoso(answer) as (address, _):
        store = RemoteStore(address)
        triples = list(store.query("PREFIX ex: <urn:> CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"))
        rows = list(store.query("SELECT ?s ?p ?o WHERE { ?s ?p ?o }"))

    assert triples == [ox.Triple(ox.NamedNode("urn:a"), ox.NamedNode("urn:b"), ox.NamedNode("urn:c"))]
    assert len(rows) == 1


def test_it_is_told_how_long_a_query_may_take():
    with virtuoso(lambda asked, accept: (JSON, table("s"), {})) as (address, asked):
        store = RemoteStore(address, seconds=2.5)
        store.query("SELECT ?s WHERE { ?s ?p ?o }")
        store.query("SELECT ?s WHERE { ?s ?p ?o }")

    assert [question.get("timeout") for question in asked] == [None, "2500", "2500"], (
        "it is asked who it is once"
    )


def test_another_engine_is_told_nothing_that_it_may_take_otherwise():
    with virtuoso(lambda asked, accept: (JSON, table("s"), {}), name="Other/1.0") as (address, asked):
        RemoteStore(address, seconds=2.5).query("SELECT ?s WHERE { ?s ?p ?o }")

    assert [question.get("timeout") for question in asked] == [None, None]
