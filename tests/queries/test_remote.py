"""A SPARQL endpoint as a store: a real engine behind a small server, and servers that misbehave."""

import http.server
import socket
import threading
from contextlib import contextmanager
from urllib.parse import parse_qs

import pyoxigraph as ox
import pytest

from impckg.graph.errors import SparqlSyntaxError, StoreError
from impckg.queries.catalog import question
from impckg.queries.remote import RemoteStore, with_prefixes, with_values
from impckg.queries.run import ask, frame, open_any

JSON = "application/sparql-results+json"


@contextmanager
def endpoint(answer):
    """The address of a server that answers each POST with the status, type and body that `answer` makes of its form."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            status, media_type, body = answer(form)
            self.send_response(status)
            if media_type:
                self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/sparql"
        finally:
            server.shutdown()
            thread.join()


def engine(store):
    """What answers as the SPARQL protocol says, from a store."""

    def answer(form):
        try:
            result = store.query(
                form["query"][0],
                use_default_graph_as_union="default-graph-uri" not in form and "named-graph-uri" not in form,
                default_graph=[ox.NamedNode(graph) for graph in form.get("default-graph-uri", ())] or None,
                named_graphs=[ox.NamedNode(graph) for graph in form.get("named-graph-uri", ())] or None,
            )
        except SyntaxError as error:
            return 400, "text/plain", str(error).encode()
        if isinstance(result, ox.QueryTriples):
            return 200, "application/n-triples", result.serialize(format=ox.RdfFormat.N_TRIPLES)
        return 200, f"{JSON}; charset=utf-8", result.serialize(format=ox.QueryResultsFormat.JSON)

    return answer


@pytest.fixture(scope="module")
def remote(world):
    with endpoint(engine(world.oxigraph)) as address:
        yield RemoteStore(address)


# ---------------------------------------------------------------- asking


def test_a_select_gives_rows(remote):
    rows = list(remote.query('SELECT ?gene WHERE { ?gene rdfs:label "Pax3" }'))

    assert [row["gene"] for row in rows] == [ox.NamedNode("https://identifiers.org/MGI:97487")]


def test_an_ask_gives_a_boolean(remote):
    assert bool(remote.query('ASK { ?gene rdfs:label "Pax3" }')) is True


def test_a_construct_gives_triples(remote):
    triples = list(remote.query('CONSTRUCT { ?gene a kg:Found } WHERE { ?gene rdfs:label "Pax3" }'))

    assert [triple.subject for triple in triples] == [ox.NamedNode("https://identifiers.org/MGI:97487")]


def test_values_are_bound(remote):
    found = frame(
        remote,
        "SELECT ?gene ?symbol WHERE { ?gene rdfs:label ?symbol }",
        {"gene": ox.NamedNode("https://identifiers.org/MGI:97487")},
    )

    assert found.rows() == [("MGI:97487", "Pax3")]


def test_graphs_are_chosen(remote):
    query = "SELECT (COUNT(*) AS ?statements) WHERE { ?s a kg:Gene }"

    of_world = remote.query(query, default_graphs=["https://w3id.org/impckg/graph/world"])
    of_nothing = remote.query(query, default_graphs=["https://w3id.org/impckg/graph/nothing"])
    by_name = remote.query(
        "ASK { GRAPH ?graph { ?s a kg:Gene } }", named_graphs=["https://w3id.org/impckg/graph/world"]
    )

    assert [next(of_world)[0].value, next(of_nothing)[0].value] == ["16", "0"]
    assert bool(by_name) is True


def test_a_question_is_answered_as_on_disk(remote, world):
    asked = question("models_of_disease")

    there = [tuple(row) for row in ask(asked, remote, asked.example)]

    assert there == [tuple(row) for row in ask(asked, world, asked.example)]
    assert len(there) == 4


def test_an_address_opens_a_remote_store(remote, world):
    assert isinstance(open_any(remote.address), RemoteStore)
    assert open_any(world.path).plain.path == world.path


def test_the_release_behind_an_endpoint_is_told(remote):
    assert remote.release().title == "A world for tests"


# ---------------------------------------------------------------- what goes wrong


def test_a_query_that_the_endpoint_cannot_read_is_a_syntax_error(remote):
    with pytest.raises(SparqlSyntaxError) as refused:
        remote.query("SELECT WHERE {")

    assert str(refused.value).startswith(f"{remote.address}: the query is refused: error at 1:15")


def test_an_endpoint_that_fails_is_told_with_its_words():
    with (
        endpoint(lambda form: (500, "text/plain", b"out of memory\n")) as address,
        pytest.raises(StoreError) as refused,
    ):
        RemoteStore(address).query("ASK {}")

    assert str(refused.value) == f"{address}: answers 500: out of memory"


def test_a_long_lament_is_cut():
    with (
        endpoint(lambda form: (503, "text/plain", b"x" * 10_000)) as address,
        pytest.raises(StoreError) as refused,
    ):
        RemoteStore(address).query("ASK {}")

    assert str(refused.value) == f"{address}: answers 503: {'x' * 500}"


def test_an_address_where_nobody_listens_is_told():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}/sparql"

        with pytest.raises(StoreError) as refused:
            RemoteStore(address).query("ASK {}")

    assert str(refused.value) == f"{address}: nobody answers there; expected a SPARQL endpoint"


def test_an_address_that_is_none_is_told():
    with pytest.raises(StoreError, match=r"^http://: the endpoint cannot be asked: "):
        RemoteStore("http://").query("ASK {}")


@pytest.mark.parametrize(
    ("media_type", "body", "message"),
    [
        (JSON, b"garbage", "the answer is not SPARQL results in JSON: "),
        (JSON, b"", "the answer is not SPARQL results in JSON: "),
        (JSON, b"[]", "the answer is not SPARQL results in JSON: "),
        (JSON, b"\xff\xfe", "the answer is not SPARQL results in JSON: "),
        ("application/json", b'{"head": {}}', "the answer is not SPARQL results in JSON: "),
        ("application/n-triples", b"<urn:a> <urn:b>", "the answer is not application/n-triples: "),
        ("text/html", b"<p>Welcome</p>", "answers text/html; expected SPARQL results or RDF"),
        (None, b"true", "answers without a type; expected SPARQL results or RDF"),
    ],
)
def test_an_answer_that_is_none_is_told(media_type, body, message):
    with endpoint(lambda form: (200, media_type, body)) as address, pytest.raises(StoreError) as refused:
        RemoteStore(address).query("SELECT * WHERE { ?s ?p ?o }")

    assert str(refused.value).startswith(f"{address}: {message}")


@pytest.mark.parametrize("row", [b'{"a": 5}', b'{"a": {"type": "uri", "value": "no iri"}}', b'{"a": {"type"'])
def test_an_answer_that_breaks_off_after_some_rows_is_told_before_any_is_read(row):
    good = b'{"a": {"type": "uri", "value": "urn:a"}}'
    body = b'{"head": {"vars": ["a"]}, "results": {"bindings": [' + good + b"," + row

    with (
        endpoint(lambda form: (200, JSON, body)) as address,
        pytest.raises(StoreError, match="the answer is not SPARQL results in JSON: "),
    ):
        RemoteStore(address).query("SELECT ?a WHERE { ?a ?p ?o }")


# ---------------------------------------------------------------- values and prefixes in the text

BOUND = {"x": ox.NamedNode("urn:a")}
BLOCK = " VALUES ?x { <urn:a> } "


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT ?x { ?x ?p ?o }", "SELECT ?x {# ?x ?p ?o }"),
        ("ASK { ?x ?p ?o }", "ASK {# ?x ?p ?o }"),
        (
            "SELECT ?x WHERE { { ?x ?p 1 } UNION { ?x ?p 2 } }",
            "SELECT ?x WHERE {# {# ?x ?p 1 } UNION {# ?x ?p 2 } }",
        ),
        ("SELECT ?x WHERE { ?x ?p 1 . { ?x ?q 2 } }", "SELECT ?x WHERE {# ?x ?p 1 . {# ?x ?q 2 } }"),
        # The bracket of a sub-select takes nothing before SELECT.
        (
            "SELECT ?x WHERE { { SELECT ?x WHERE { ?x ?p 1 } } }",
            "SELECT ?x WHERE {# { SELECT ?x WHERE {# ?x ?p 1 } } }",
        ),
        ("SELECT ?x WHERE { SELECT ?x { ?x ?p 1 } }", "SELECT ?x WHERE { SELECT ?x {# ?x ?p 1 } }"),
        # Not a group, or one that sees what is bound around it.
        ("SELECT ?x { VALUES ?y { 1 } ?x ?p ?y }", "SELECT ?x {# VALUES ?y { 1 } ?x ?p ?y }"),
        ("SELECT ?x { OPTIONAL { ?x ?p 1 } }", "SELECT ?x {# OPTIONAL { ?x ?p 1 } }"),
        ("SELECT ?x { ?x ?p 1 MINUS { ?y ?p 2 } }", "SELECT ?x {# ?x ?p 1 MINUS { ?y ?p 2 } }"),
        (
            "SELECT ?x { ?x ?p 1 FILTER EXISTS { ?x ?p 2 } }",
            "SELECT ?x {# ?x ?p 1 FILTER EXISTS { ?x ?p 2 } }",
        ),
        ("CONSTRUCT { ?x ?p 1 } WHERE { ?x ?p 2 }", "CONSTRUCT { ?x ?p 1 } WHERE {# ?x ?p 2 }"),
        ('SELECT ?x { ?x ?p "{ SELECT {" }', 'SELECT ?x {# ?x ?p "{ SELECT {" }'),
        ("SELECT ?x { # UNION {\n ?x ?p 1 }", "SELECT ?x {# # UNION {\n ?x ?p 1 }"),
    ],
)
def test_values_stand_in_each_group_that_is_evaluated_on_its_own(query, expected):
    # In what is expected, {# stands for a bracket with the block behind it.
    bound = with_values(query, BOUND)

    assert bound == expected.replace("{#", "{" + BLOCK)
    ox.Store().query(bound)


def test_a_query_without_values_stays_as_it_is():
    assert with_values("SELECT ?x { ?x ?p ?o }", {}) == "SELECT ?x { ?x ?p ?o }"


def test_a_value_cannot_leave_its_block():
    hostile = ox.Literal('" } ?s ?p ?o } # \\ \n')

    bound = with_values("SELECT ?x ?o { VALUES ?o { 1 } }", {"x": hostile})

    assert [tuple(row) for row in ox.Store().query(bound)] == [(hostile, ox.Literal(1))]


def test_only_prefixes_that_are_used_are_declared():
    assert with_prefixes("ASK { MP:0003631 rdfs:label 'kg:no' }") == (
        "PREFIX MP: <http://purl.obolibrary.org/obo/MP_>\n"
        "PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#>\n"
        "ASK { MP:0003631 rdfs:label 'kg:no' }"
    )


def test_a_query_that_declares_a_prefix_keeps_its_own():
    text = with_prefixes("PREFIX MP: <urn:mine:> SELECT (MP:1 AS ?one) {}")

    assert [row["one"] for row in ox.Store().query(text)] == [ox.NamedNode("urn:mine:1")]
