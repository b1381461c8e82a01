"""The SPARQL 1.1 Protocol, clause by clause: https://www.w3.org/TR/sparql11-protocol/."""

import codecs
import csv
import io
import json
from collections.abc import Iterator
from urllib.parse import urlencode

import pyoxigraph as ox
import pytest

from .w3c.client import FORM, JSON_RESULTS, QUERY, TURTLE, UPDATE, Addresses, Answer, Client
from .w3c.results import GRAPH_FORMATS, TABLE_FORMATS, Table, read_result

KG = "https://example.org/kg/"
GENES, LINES, CALLS = f"{KG}graph/genes", f"{KG}graph/lines", f"{KG}graph/calls"
COPY = f"{KG}graph/copy"

# One statement in each graph, so that an answer tells which graphs it was given from.
A = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
GENE = f"<{KG}gene/Cib2> {A} <{KG}Gene> ."
LINE = f"<{KG}line/JR18518> {A} <{KG}Line> ."
CALL = f"<{KG}call/1> {A} <{KG}Call> ."
FILLED = {(GENES, GENE), (LINES, LINE), (CALLS, CALL)}

EVERYTHING_IN_THE_DEFAULT_GRAPH = "SELECT ?thing { ?thing a ?kind }"
EVERYTHING_IN_NAMED_GRAPHS = "SELECT ?thing { GRAPH ?graph { ?thing a ?kind } }"
ALWAYS = "ASK {}"
# Copies what the default graph of an update holds into another graph.
COPY_DEFAULT = f"INSERT {{ GRAPH <{COPY}> {{ ?s ?p ?o }} }} WHERE {{ ?s ?p ?o }}"
COPY_NAMED = f"INSERT {{ GRAPH <{COPY}> {{ ?s ?p ?o }} }} WHERE {{ GRAPH ?graph {{ ?s ?p ?o }} }}"


@pytest.fixture
def filled(addresses: Addresses) -> Iterator[Client]:
    """A service with three named graphs, and nothing in the default graph."""
    client = Client(addresses)
    try:
        # To change a store takes longer than to ask it, and most tests change nothing.
        if _held(client) != FILLED:
            graphs = " ".join(f"GRAPH <{graph}> {{ {statement} }}" for graph, statement in FILLED)
            assert client.update(f"DROP ALL ; INSERT DATA {{ {graphs} }}").status // 100 == 2
        yield client
    finally:
        client.close()


def _held(client: Client) -> set[tuple[str | None, str]]:
    """All statements of a service, each with the name of its graph."""
    answer = client.query("SELECT * { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }")
    names = ("g", "s", "p", "o")
    table = read_result(answer.body, answer.media_type)
    order = [table.variables.index(name) for name in names]
    rows = ([row[column] for column in order] for row in table.rows)
    return {(None if g is None else g.value, f"{s} {p} {o} .") for g, s, p, o in rows}


def things(answer: Answer) -> set[str]:
    """The last words of the IRIs in the only column of an answer."""
    assert answer.status == 200, answer
    table = read_result(answer.body, answer.media_type)
    assert isinstance(table, Table)
    return {row[0].value.removeprefix(KG) for row in table.rows}


def get(client: Client, *parameters: tuple[str, str], accept: str = JSON_RESULTS) -> Answer:
    return client.send("GET", f"{client.addresses.query}?{urlencode(parameters)}", {"Accept": accept})


def post_form(client: Client, *parameters: tuple[str, str]) -> Answer:
    address = client.addresses.update if parameters[0][0] == "update" else client.addresses.query
    headers = {"Content-Type": FORM, "Accept": JSON_RESULTS}
    return client.send("POST", address, headers, urlencode(parameters).encode(), authorised=True)


def yes(answer: Answer) -> bool:
    """The answer to an ASK."""
    assert answer.status == 200, answer
    truth = read_result(answer.body, answer.media_type)
    assert isinstance(truth, bool)
    return truth


def copied(client: Client) -> set[str]:
    """What an update has copied."""
    return things(client.query(f"SELECT ?thing {{ GRAPH <{COPY}> {{ ?thing a ?kind }} }}"))


def refused(answer: Answer) -> bool:
    """Whether the request was at fault, not the service."""
    return 400 <= answer.status < 500


# ---------------------------------------------------------------- asking


def test_a_query_can_be_sent_by_get(client):
    """https://www.w3.org/TR/sparql11-protocol/#query-via-get"""
    answer = get(client, ("query", ALWAYS))

    assert yes(answer)


def test_a_query_can_be_sent_as_a_form(client):
    """https://www.w3.org/TR/sparql11-protocol/#query-via-post-urlencoded"""
    answer = post_form(client, ("query", ALWAYS))

    assert yes(answer)


def test_a_query_can_be_posted_as_it_is(client):
    """https://www.w3.org/TR/sparql11-protocol/#query-via-post-direct"""
    headers = {"Content-Type": QUERY, "Accept": JSON_RESULTS}

    answer = client.send("POST", client.addresses.query, headers, ALWAYS.encode())

    assert yes(answer)


def test_a_posted_query_is_read_as_utf_8(client):
    """https://www.w3.org/TR/sparql11-protocol/#query-via-post-direct"""
    query = 'SELECT (STRLEN("naïve 東京") AS ?letters) {}'

    plain = client.query(query)
    declared = client.send(
        "POST",
        client.addresses.query,
        {"Content-Type": f"{QUERY}; charset=UTF-8", "Accept": JSON_RESULTS},
        query.encode(),
    )

    for answer in (plain, declared):
        assert [row[0].value for row in read_result(answer.body, answer.media_type).rows] == ["8"]


# ---------------------------------------------------------------- the dataset of a query


def test_a_query_by_get_may_name_its_default_graphs(filled):
    """https://www.w3.org/TR/sparql11-protocol/#dataset"""
    answer = get(
        filled,
        ("query", EVERYTHING_IN_THE_DEFAULT_GRAPH),
        ("default-graph-uri", GENES),
        ("default-graph-uri", LINES),
    )

    assert things(answer) == {"gene/Cib2", "line/JR18518"}


def test_a_query_by_post_may_name_its_default_graphs(filled):
    """https://www.w3.org/TR/sparql11-protocol/#dataset"""
    graphs = [("default-graph-uri", GENES), ("default-graph-uri", LINES)]

    direct = filled.query(EVERYTHING_IN_THE_DEFAULT_GRAPH, parameters=graphs)
    form = post_form(filled, ("query", EVERYTHING_IN_THE_DEFAULT_GRAPH), *graphs)

    assert things(direct) == things(form) == {"gene/Cib2", "line/JR18518"}


def test_a_query_by_get_may_name_its_named_graphs(filled):
    """https://www.w3.org/TR/sparql11-protocol/#dataset"""
    answer = get(
        filled, ("query", EVERYTHING_IN_NAMED_GRAPHS), ("named-graph-uri", LINES), ("named-graph-uri", CALLS)
    )

    assert things(answer) == {"line/JR18518", "call/1"}


def test_a_query_by_post_may_name_its_named_graphs(filled):
    """https://www.w3.org/TR/sparql11-protocol/#dataset"""
    graphs = [("named-graph-uri", LINES), ("named-graph-uri", CALLS)]

    direct = filled.query(EVERYTHING_IN_NAMED_GRAPHS, parameters=graphs)
    form = post_form(filled, ("query", EVERYTHING_IN_NAMED_GRAPHS), *graphs)

    assert things(direct) == things(form) == {"line/JR18518", "call/1"}


def test_a_query_may_name_default_and_named_graphs_together(filled):
    """https://www.w3.org/TR/sparql11-protocol/#dataset"""
    graphs = [("default-graph-uri", GENES), ("named-graph-uri", LINES)]

    unnamed = filled.query(EVERYTHING_IN_THE_DEFAULT_GRAPH, parameters=graphs)
    named = filled.query(EVERYTHING_IN_NAMED_GRAPHS, parameters=graphs)

    assert things(unnamed) == {"gene/Cib2"}
    assert things(named) == {"line/JR18518"}


def test_the_dataset_of_the_request_goes_before_that_of_the_query(filled):
    """https://www.w3.org/TR/sparql11-protocol/#dataset"""
    query = f"SELECT ?thing FROM <{CALLS}> {{ ?thing a ?kind }}"

    answer = filled.query(query, parameters=[("default-graph-uri", GENES)])
    by_query_alone = filled.query(query)

    assert things(answer) == {"gene/Cib2"}
    assert things(by_query_alone) == {"call/1"}


def test_a_request_that_names_named_graphs_alone_has_an_empty_default_graph(filled):
    """https://www.w3.org/TR/sparql11-protocol/#dataset"""
    graphs = [("named-graph-uri", LINES)]

    unnamed = filled.query(f"SELECT ?thing FROM <{CALLS}> {{ ?thing a ?kind }}", parameters=graphs)
    named = filled.query(
        f"SELECT ?thing FROM <{CALLS}> {{ GRAPH ?graph {{ ?thing a ?kind }} }}", parameters=graphs
    )

    assert things(unnamed) == set()
    assert things(named) == {"line/JR18518"}


# ---------------------------------------------------------------- the form of an answer


@pytest.mark.parametrize("accept", [None, "*/*"])
def test_a_select_is_answered_with_a_table(client, accept):
    """https://www.w3.org/TR/sparql11-protocol/#query-success"""
    answer = post_without_wishes(client, "SELECT (42 AS ?answer) {}", accept)

    assert answer.media_type in {*TABLE_FORMATS, "text/csv"}
    assert [row[0].value for row in read_result(answer.body, answer.media_type).rows] == ["42"]


@pytest.mark.parametrize("accept", [None, "*/*"])
def test_an_ask_is_answered_with_yes_or_no(client, accept):
    """https://www.w3.org/TR/sparql11-protocol/#query-success"""
    answer = post_without_wishes(client, "ASK { FILTER(1 > 2) }", accept)

    assert answer.media_type in TABLE_FORMATS
    assert read_result(answer.body, answer.media_type) is False


@pytest.mark.parametrize("accept", [None, "*/*"])
def test_a_describe_is_answered_with_a_graph(client, accept):
    """https://www.w3.org/TR/sparql11-protocol/#query-success"""
    client.put_graph(None, GENE.encode(), TURTLE)

    answer = post_without_wishes(client, f"DESCRIBE <{KG}gene/Cib2>", accept)

    assert answer.media_type in GRAPH_FORMATS
    assert len(read_result(answer.body, answer.media_type)) == 1


@pytest.mark.parametrize("accept", [None, "*/*"])
def test_a_construct_is_answered_with_a_graph(client, accept):
    """https://www.w3.org/TR/sparql11-protocol/#query-success"""
    answer = post_without_wishes(client, "CONSTRUCT { <a:a> <a:b> 1 } WHERE {}", accept)

    assert answer.media_type in GRAPH_FORMATS
    (quad,) = read_result(answer.body, answer.media_type)
    assert quad.triple == ox.Triple(ox.NamedNode("a:a"), ox.NamedNode("a:b"), ox.Literal(1))


def post_without_wishes(client: Client, query: str, accept: str | None) -> Answer:
    headers = {"Content-Type": QUERY} | ({} if accept is None else {"Accept": accept})
    answer = client.send("POST", client.addresses.query, headers, query.encode())
    assert answer.status == 200, answer
    return answer


@pytest.mark.parametrize("media_type", [*TABLE_FORMATS, "text/csv"])
def test_the_client_chooses_the_format_of_a_table(client, media_type):
    """https://www.w3.org/TR/sparql11-protocol/#conneg"""
    answer = client.query('SELECT ("a,b" AS ?text) (1 AS ?number) {}', media_type)

    assert answer.media_type == media_type
    if media_type == "text/csv":
        assert list(csv.reader(io.StringIO(answer.body.decode()))) == [["text", "number"], ["a,b", "1"]]
    else:
        table = read_result(answer.body, media_type)
        assert table == Table(("text", "number"), ((ox.Literal("a,b"), ox.Literal(1)),))


# ---------------------------------------------------------------- queries that are refused


def test_a_query_cannot_be_put(client):
    """https://www.w3.org/TR/sparql11-protocol/#query-operation"""
    address = f"{client.addresses.query}?{urlencode({'query': ALWAYS})}"

    answer = client.send("PUT", address, {"Content-Type": FORM}, b"")

    assert answer.status == 405
    assert {"GET", "POST"} <= set(answer.headers["allow"].replace(" ", "").split(","))


def test_a_request_has_one_query_and_not_two(client):
    """https://www.w3.org/TR/sparql11-protocol/#query-operation"""
    by_get = get(client, ("query", ALWAYS), ("query", "SELECT * {}"))
    by_form = post_form(client, ("query", ALWAYS), ("query", ALWAYS))

    assert by_get.status == by_form.status == 400


def test_a_form_has_a_query(client):
    """https://www.w3.org/TR/sparql11-protocol/#query-operation"""
    answer = post_form(client, ("default-graph-uri", GENES))

    assert answer.status == 400


def test_a_query_posted_as_plain_text_is_refused(client):
    """https://www.w3.org/TR/sparql11-protocol/#query-via-post-direct"""
    answer = client.send("POST", client.addresses.query, {"Content-Type": "text/plain"}, ALWAYS.encode())

    assert answer.status == 415


def test_a_form_without_its_media_type_is_refused(client):
    """https://www.w3.org/TR/sparql11-protocol/#query-via-post-urlencoded"""
    answer = client.send("POST", client.addresses.query, {}, urlencode({"query": ALWAYS}).encode())

    assert refused(answer)


def test_a_query_without_its_media_type_is_refused(client):
    """https://www.w3.org/TR/sparql11-protocol/#query-via-post-direct"""
    answer = client.send("POST", client.addresses.query, {}, ALWAYS.encode())

    assert refused(answer)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le"])
def test_a_posted_query_in_another_encoding_than_utf_8_is_refused(client, encoding):
    """https://www.w3.org/TR/sparql11-protocol/#query-via-post-direct"""
    headers = {"Content-Type": f"{QUERY}; charset=UTF-16"}

    answer = client.send("POST", client.addresses.query, headers, ALWAYS.encode(encoding))

    assert refused(answer)


def test_a_query_that_breaks_the_grammar_is_refused(client):
    """https://www.w3.org/TR/sparql11-protocol/#query-failure"""
    answers = [get(client, ("query", "ASK {")), client.query("ASK {"), post_form(client, ("query", "ASK {"))]

    assert [answer.status for answer in answers] == [400, 400, 400]


# ---------------------------------------------------------------- changing


def test_an_update_can_be_sent_as_a_form(client):
    """https://www.w3.org/TR/sparql11-protocol/#update-via-post-urlencoded"""
    answer = post_form(client, ("update", f"INSERT DATA {{ {GENE} }}"))

    assert answer.status // 100 == 2
    assert things(client.query(EVERYTHING_IN_THE_DEFAULT_GRAPH)) == {"gene/Cib2"}


def test_an_update_can_be_posted_as_it_is(client):
    """https://www.w3.org/TR/sparql11-protocol/#update-via-post-direct"""
    headers = {"Content-Type": UPDATE}

    answer = client.send(
        "POST", client.addresses.update, headers, f"INSERT DATA {{ {GENE} }}".encode(), authorised=True
    )

    assert answer.status // 100 == 2
    assert things(client.query(EVERYTHING_IN_THE_DEFAULT_GRAPH)) == {"gene/Cib2"}


def test_an_update_may_name_its_default_graph(filled):
    """https://www.w3.org/TR/sparql11-protocol/#update-dataset"""
    answer = filled.update(COPY_DEFAULT, [("using-graph-uri", GENES)])

    assert answer.status // 100 == 2
    assert copied(filled) == {"gene/Cib2"}


def test_an_update_may_name_several_default_graphs(filled):
    """https://www.w3.org/TR/sparql11-protocol/#update-dataset"""
    graphs = (("using-graph-uri", GENES), ("using-graph-uri", CALLS))

    answer = post_form(filled, ("update", COPY_DEFAULT), *graphs)

    assert answer.status // 100 == 2
    assert copied(filled) == {"gene/Cib2", "call/1"}


def test_an_update_may_name_its_named_graphs(filled):
    """https://www.w3.org/TR/sparql11-protocol/#update-dataset"""
    answer = filled.update(COPY_NAMED, [("using-named-graph-uri", LINES), ("using-named-graph-uri", CALLS)])

    assert answer.status // 100 == 2
    assert copied(filled) == {"line/JR18518", "call/1"}


def test_an_update_may_name_default_and_named_graphs_together(filled):
    """https://www.w3.org/TR/sparql11-protocol/#update-dataset"""
    graphs = [("using-graph-uri", GENES), ("using-named-graph-uri", LINES)]

    answer = filled.update(f"{COPY_DEFAULT} ; {COPY_NAMED}", graphs)

    assert answer.status // 100 == 2
    assert copied(filled) == {"gene/Cib2", "line/JR18518"}


def test_an_iri_of_a_query_without_a_base_is_relative_to_one_of_the_service(client):
    """https://www.w3.org/TR/sparql11-protocol/#base-iri"""
    answer = client.query("SELECT (<other> AS ?iri) (STR(<other>) AS ?text) {}")

    assert answer.status == 200, answer
    ((iri, text),) = read_result(answer.body, answer.media_type).rows
    assert iri.value == text.value
    assert iri.value.endswith("/other")
    assert "://" in iri.value


def test_an_iri_of_an_update_without_a_base_is_relative_to_one_of_the_service(client):
    """https://www.w3.org/TR/sparql11-protocol/#base-iri"""
    updated = client.update(f"INSERT DATA {{ <{KG}gene/Cib2> <{KG}seeAlso> <other> }}")

    answer = client.query("SELECT ?other { ?gene ?p ?other FILTER isIRI(?other) }")

    assert updated.status // 100 == 2
    (other,) = things(answer)
    assert other.endswith("/other")
    assert "://" in other


# ---------------------------------------------------------------- updates that are refused


def test_an_update_cannot_be_sent_by_get(client):
    """https://www.w3.org/TR/sparql11-protocol/#update-operation"""
    client.put_graph(None, GENE.encode(), TURTLE)

    answer = client.send(
        "GET", f"{client.addresses.update}?{urlencode({'update': 'DROP ALL'})}", authorised=True
    )

    assert refused(answer)
    assert things(client.query(EVERYTHING_IN_THE_DEFAULT_GRAPH)) == {"gene/Cib2"}


def test_a_request_has_one_update_and_not_two(filled):
    """https://www.w3.org/TR/sparql11-protocol/#update-operation"""
    answer = post_form(filled, ("update", f"DROP GRAPH <{GENES}>"), ("update", f"DROP GRAPH <{LINES}>"))

    assert answer.status == 400
    assert things(filled.query(EVERYTHING_IN_NAMED_GRAPHS)) == {"gene/Cib2", "line/JR18518", "call/1"}


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        pytest.param({"Content-Type": "text/plain"}, b"DROP ALL", id="plain text"),
        pytest.param({}, b"update=DROP+ALL", id="a form without its media type"),
        pytest.param({}, b"DROP ALL", id="an update without its media type"),
    ],
)
def test_an_update_with_another_media_type_is_refused(filled, headers, body):
    """https://www.w3.org/TR/sparql11-protocol/#update-via-post-direct"""
    answer = filled.send("POST", filled.addresses.update, headers, body, authorised=True)

    assert refused(answer)
    assert things(filled.query(EVERYTHING_IN_NAMED_GRAPHS)) == {"gene/Cib2", "line/JR18518", "call/1"}


def test_a_posted_update_in_another_encoding_than_utf_8_is_refused(filled):
    """https://www.w3.org/TR/sparql11-protocol/#update-via-post-direct"""
    headers = {"Content-Type": f"{UPDATE}; charset=UTF-16"}
    body = codecs.BOM_UTF16_LE + "DROP ALL".encode("utf-16-le")

    answer = filled.send("POST", filled.addresses.update, headers, body, authorised=True)

    assert refused(answer)
    assert things(filled.query(EVERYTHING_IN_NAMED_GRAPHS)) == {"gene/Cib2", "line/JR18518", "call/1"}


def test_an_update_that_breaks_the_grammar_is_refused_and_none_of_it_is_done(filled):
    """https://www.w3.org/TR/sparql11-protocol/#update-failure"""
    answers = [filled.update("DROP ALL ; DROP XYZ"), post_form(filled, ("update", "DROP ALL ; DROP XYZ"))]

    assert [answer.status for answer in answers] == [400, 400]
    assert things(filled.query(EVERYTHING_IN_NAMED_GRAPHS)) == {"gene/Cib2", "line/JR18518", "call/1"}


@pytest.mark.parametrize(
    "update",
    [
        f"WITH <{GENES}> DELETE {{ ?s ?p ?o }} WHERE {{ ?s ?p ?o }}",
        f"DELETE {{ GRAPH <{GENES}> {{ ?s ?p ?o }} }} USING <{GENES}> WHERE {{ ?s ?p ?o }}",
        f"DELETE {{ GRAPH <{GENES}> {{ ?s ?p ?o }} }} USING NAMED <{GENES}> WHERE {{ GRAPH ?g {{ ?s ?p ?o }} }}",
    ],
    ids=["WITH", "USING", "USING NAMED"],
)
@pytest.mark.parametrize("parameter", ["using-graph-uri", "using-named-graph-uri"])
def test_an_update_names_its_dataset_once_and_not_twice(filled, update, parameter):
    """https://www.w3.org/TR/sparql11-protocol/#update-dataset"""
    answer = filled.update(update, [(parameter, LINES)])

    assert answer.status == 400
    assert things(filled.query(EVERYTHING_IN_NAMED_GRAPHS)) == {"gene/Cib2", "line/JR18518", "call/1"}


# ---------------------------------------------------------------- what this service promises beyond the protocol


@pytest.mark.parametrize("operation", ["query", "update"])
def test_a_refusal_names_the_place_where_the_grammar_is_broken(client, operation):
    """https://www.rfc-editor.org/rfc/rfc9457"""
    text = {"query": "SELECT ?gene\n{ ?gene ?gene }", "update": "INSERT DATA\n{ <a:a> <a:b> }"}[operation]

    answer = client.query(text) if operation == "query" else client.update(text)

    assert answer.status == 400
    assert answer.media_type == "application/problem+json"
    problem = json.loads(answer.body)
    assert (problem["status"], problem["line"]) == (400, 2)
    assert 1 <= problem["column"] <= 18


@pytest.mark.parametrize("media_type", [*TABLE_FORMATS, "text/csv"])
def test_columns_of_a_star_come_in_the_order_in_which_the_query_names_them(client, media_type):
    """https://www.w3.org/TR/sparql11-results-csv-tsv/#csv-table"""
    answer = client.query("SELECT * { ?zygosity ?allele ?line OPTIONAL { ?call ?line ?allele } }", media_type)

    assert read_result(answer.body, answer.media_type).variables == ("zygosity", "allele", "line", "call")
