"""The SPARQL 1.1 Protocol, over HTTP, and which errors are answered how."""

import json
from urllib.parse import urlencode

import pyoxigraph as ox
import pytest

from impckg.graph.results import FORMATS, Form

from .conftest import GENES_GRAPH, PHENOTYPES_GRAPH, HttpClient, start_service

SYMBOLS = "SELECT ?symbol WHERE { ?gene kg:symbol ?symbol } ORDER BY ?symbol"
FORM = "application/x-www-form-urlencoded"
QUERY = "application/sparql-query"


def get(client, query, accept=None, **parameters):
    headers = {"Accept": accept} if accept else {}
    return client.get("/sparql", query_string={"query": query, **parameters}, headers=headers)


def values(response) -> list[str]:
    """What the only variable of a JSON answer is bound to."""
    return [next(iter(row.values()))["value"] for row in response.get_json(force=True)["results"]["bindings"]]


def test_a_query_can_be_sent_in_three_ways(client):
    answers = [
        get(client, SYMBOLS),
        client.post("/sparql", data={"query": SYMBOLS}),
        client.post("/sparql", data=SYMBOLS, content_type=f"{QUERY}; charset=UTF-8"),
    ]

    assert [a.status_code for a in answers] == [200, 200, 200]
    assert [values(a) for a in answers] == [["Cib2", "Nxn"]] * 3
    assert {a.mimetype for a in answers} == {"application/sparql-results+json"}


def test_unknown_parameters_are_ignored(client):
    assert get(client, SYMBOLS, ac="1", default="x").status_code == 200


@pytest.mark.parametrize("send", ["get", "form", "body"])
def test_the_default_graph_is_what_the_request_says(client, send):
    query = "SELECT (COUNT(*) AS ?n) WHERE { ?s kg:symbol ?o }"

    def count(graph: str) -> str:
        parameters = {"default-graph-uri": graph}
        if send == "get":
            return values(get(client, query, **parameters))[0]
        if send == "form":
            return values(client.post("/sparql", data={"query": query, **parameters}))[0]
        address = "/sparql?" + urlencode(parameters)
        return values(client.post(address, data=query, content_type=QUERY))[0]

    assert count(GENES_GRAPH) == "2"
    assert count(PHENOTYPES_GRAPH) == "0"


def test_several_default_graphs_are_one_and_named_graphs_are_those_given(client):
    both = {"default-graph-uri": [GENES_GRAPH, PHENOTYPES_GRAPH]}
    named = {"named-graph-uri": PHENOTYPES_GRAPH}

    in_both = get(client, "SELECT (COUNT(DISTINCT ?s) AS ?n) { ?s rdfs:label ?o }", **both)
    graphs = get(client, "SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } }", **named)

    assert values(in_both) == ["2"]
    assert values(graphs) == [PHENOTYPES_GRAPH]


def test_without_graphs_the_default_graph_is_the_union_of_all(client):
    found = values(get(client, "SELECT DISTINCT ?p { ?s ?p ?o }"))

    assert {iri.rpartition("#")[2] for iri in found} >= {"symbol", "label", "simulated"}


def test_a_query_that_names_its_graphs_is_asked_of_those(client):
    query = "SELECT (COUNT(*) AS ?n) FROM <%s> WHERE { ?s kg:symbol ?o }"

    assert values(get(client, query % GENES_GRAPH)) == ["2"]
    assert values(get(client, query % PHENOTYPES_GRAPH)) == ["0"]


def test_the_request_has_the_last_word_on_the_graphs(client):
    query = f"SELECT (COUNT(*) AS ?n) FROM <{PHENOTYPES_GRAPH}> WHERE {{ ?s kg:symbol ?o }}"

    assert values(get(client, query, **{"default-graph-uri": GENES_GRAPH})) == ["2"]


def test_graphs_that_are_not_given_do_not_count(client):
    in_default = {"default-graph-uri": GENES_GRAPH}
    in_named = {"named-graph-uri": GENES_GRAPH}

    assert values(get(client, "SELECT ?g { GRAPH ?g { ?s ?p ?o } }", **in_default)) == []
    assert values(get(client, "SELECT ?s { ?s ?p ?o }", **in_named)) == []


@pytest.mark.parametrize("format_", FORMATS, ids=lambda format_: format_.name)
def test_every_format_is_had_by_its_name_and_by_its_media_type(client, format_):
    query = SYMBOLS if format_.form is Form.SOLUTIONS else "CONSTRUCT WHERE { ?gene kg:symbol ?symbol }"

    by_name = get(client, query, accept="image/png", format=format_.name)
    by_type = get(client, query, accept=format_.media_type)

    assert by_name.status_code == by_type.status_code == 200
    assert by_name.mimetype == by_type.mimetype == format_.media_type
    assert by_name.data.count(b"Nxn") == by_type.data.count(b"Nxn") == 1
    assert by_name.content_length == len(by_name.data)
    assert by_name.headers["Content-Disposition"] == f'inline; filename="answer.{format_.extension}"'


@pytest.mark.parametrize(
    ("query", "media_type"),
    [
        (SYMBOLS, "application/sparql-results+json"),
        ("ASK {}", "application/sparql-results+json"),
        ("CONSTRUCT WHERE { ?s kg:symbol ?o }", "text/turtle"),
        ("DESCRIBE MGI:109331", "text/turtle"),
    ],
)
def test_who_states_no_wish_gets_the_first_format(client, query, media_type):
    for accept in (None, "*/*"):
        assert get(client, query, accept=accept).mimetype == media_type


@pytest.mark.parametrize(
    ("query", "formats"),
    [
        (SYMBOLS, ["application/sparql-results+json", "text/tab-separated-values"]),
        ("CONSTRUCT WHERE { ?s ?p ?o }", ["text/turtle", "application/n-triples", "application/rdf+xml"]),
    ],
)
def test_an_answer_that_nobody_takes_is_406_with_the_formats_of_its_form(client, query, formats):
    response = get(client, query, accept="image/png")

    assert response.status_code == 406
    assert response.mimetype == "text/plain"
    assert all(media_type in response.text for media_type in formats)


def test_a_name_of_another_form_is_406_and_an_unknown_one_is_400(client):
    assert get(client, SYMBOLS, format="ttl").status_code == 406
    unknown = get(client, SYMBOLS, format="xlsx")

    assert unknown.status_code == 400
    assert "json, xml, csv, tsv, ttl, nt, jsonld, rdfxml" in unknown.text


@pytest.mark.parametrize(
    ("query_string", "message"),
    [
        ("query=", "the query is empty"),
        ("query=%20%0A", "the query is empty"),
        ("query=ASK%7B%7D&query=ASK%7B%7D", "2 parameters 'query'"),
        ("update=CLEAR+ALL", "must not stand in the address"),
        ("query=ASK%7B%7D&update=CLEAR+ALL", "must not stand in the address"),
        ("query=PREFIX+a:%3Chttp://a/%3E+INSERT+DATA+%7B%7D", "there is an update in the parameter 'query'"),
        ("query=%FF", "byte 0xFF at position 0; expected UTF-8"),
        ("query=ASK%7B%7D&default-graph-uri=not+an+iri", "IRI"),
    ],
)
def test_a_request_that_is_not_one_query_is_400_and_says_why(client, query_string, message):
    response = client.get(f"/sparql?{query_string}")

    assert response.status_code == 400
    assert response.mimetype == "text/plain"
    assert message in response.text


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{}", "application/json", 415),
        (b"ASK {}", None, 415),
        (b"ASK {}", f"{QUERY}; charset=latin-1", 415),
        (b"ASK { ?s ?p '\xe9' }", QUERY, 400),
        (b"query=%E9", FORM, 400),
        (b"CLEAR ALL", "application/sparql-update", 403),
        (b"update=CLEAR+ALL", FORM, 403),
        (b"update=CLEAR+ALL&query=ASK%7B%7D", FORM, 400),
        (b"", QUERY, 400),
        (b"", FORM, 400),
    ],
)
def test_a_body_that_is_not_a_query_is_refused(client, body, content_type, status):
    response = client.post("/sparql", data=body, content_type=content_type)

    assert response.status_code == status
    if status == 415:
        assert FORM in response.text or "UTF-8" in response.text


def test_a_query_in_the_address_and_in_the_body_are_two(client):
    response = client.post("/sparql?query=ASK%7B%7D", data="ASK {}", content_type=QUERY)

    assert response.status_code == 400


def test_what_is_not_sparql_is_400_with_line_and_column(client):
    response = get(client, "SELECT *\nWHERE { ?s ?p }")

    lines = response.text.splitlines()
    assert response.status_code == 400
    assert "line 2, column 16" in lines[0]
    assert lines[1:] == ["WHERE { ?s ?p }", " " * 15 + "^"]
    assert "\\u{" not in response.text


@pytest.mark.parametrize(
    "accept", ["application/problem+json, */*;q=0.1", "application/json", "application/sparql-results+json"]
)
def test_who_asks_for_json_gets_errors_as_problem_documents(client, accept):
    response = get(client, "SELECT *\nWHERE { ?s ?p }", accept=accept)

    problem = json.loads(response.data)
    assert response.status_code == 400
    assert response.mimetype == "application/problem+json"
    assert (problem["status"], problem["title"]) == (400, "Bad Request")
    assert (problem["line"], problem["column"]) == (2, 16)
    assert problem["detail"].startswith("the query is not SPARQL")


def test_other_methods_are_405_and_told_which_are_taken(client):
    for method in ("PUT", "DELETE", "PATCH"):
        response = client.open("/sparql", method=method)

        assert response.status_code == 405
        assert set(response.headers["Allow"].split(", ")) == {"GET", "HEAD", "POST", "OPTIONS"}


def test_head_is_get_without_the_body(client):
    full, head = get(client, SYMBOLS), client.head("/sparql", query_string={"query": SYMBOLS})

    assert head.status_code == 200
    assert head.data == b""
    assert head.headers["ETag"] == full.headers["ETag"]
    assert head.mimetype == full.mimetype


def test_pages_of_other_sites_may_ask(client):
    preflight = client.options("/sparql", headers={"Origin": "https://example.org"})

    assert preflight.status_code == 204
    assert "POST" in preflight.headers["Access-Control-Allow-Methods"]
    for response in (preflight, get(client, SYMBOLS), get(client, "no SPARQL"), client.get("/nothing")):
        assert response.headers["Access-Control-Allow-Origin"] == "*"


def test_caches_are_told_that_the_answer_depends_on_accept(client):
    assert "Accept" in get(client, SYMBOLS).headers["Vary"]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("ASK { SERVICE <http://example.org/> { ?s ?p ?o } }", 403),
        ("ASK " + "{" * 3_000 + "}" * 3_000, 403),
        ("ASK { ?s ?p '" + "x" * 100_000 + "' }", 413),
    ],
)
def test_a_query_that_could_harm_the_service_is_refused_however_it_comes(client, query, status):
    sent = [
        get(client, query),
        client.post("/sparql", data={"query": query}),
        client.post("/sparql", data=query, content_type=QUERY),
    ]

    # An address of this length is refused before anyone looks for a query in it.
    in_address = 414 if len(query) > 65_535 else status
    assert [response.status_code for response in sent] == [in_address, status, status]


def test_a_body_without_end_is_not_read(client):
    response = client.post("/sparql", data=b"x" * 1_000_000, content_type=QUERY)

    assert response.status_code == 413


def test_a_query_of_many_characters_that_need_escapes_still_fits_a_form(client):
    query = "ASK { ?s ?p '" + "é" * 45_000 + "' }"

    assert client.post("/sparql", data={"query": query}).status_code == 200


def test_an_answer_of_many_megabytes_is_whole(client):
    numbers = " ".join(map(str, range(200)))
    values_of_both = f"VALUES ?a {{ {numbers} }} VALUES ?b {{ {numbers} }}"
    query = f"SELECT ?a ?b ?c WHERE {{ {values_of_both} BIND('{'x' * 200}' AS ?c) }}"

    response = get(client, query, format="csv")

    assert response.headers["Transfer-Encoding"] == "chunked"
    assert len(response.text) > 8_000_000
    assert response.text.count("\r\n") == 200 * 200 + 1


def test_an_answer_is_packed_for_those_who_take_it_so(client):
    numbers = " ".join(map(str, range(500)))
    query = f"SELECT ?a ?b {{ VALUES ?a {{ {numbers} }} VALUES ?b {{ 1 2 3 }} }}"

    plain = get(client, query, format="csv")
    packed = client.get(
        "/sparql", query_string={"query": query, "format": "csv"}, headers={"Accept-Encoding": "gzip;q=0.5"}
    )
    refused = client.get(
        "/sparql", query_string={"query": query, "format": "csv"}, headers={"Accept-Encoding": "gzip;q=0, br"}
    )

    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.content_length < plain.content_length / 2
    assert packed.data == plain.data  # the client unpacks
    assert "Content-Encoding" not in refused.headers
    assert "Content-Encoding" not in plain.headers


def test_an_answer_that_a_client_has_is_not_sent_again(client):
    first = get(client, SYMBOLS)
    again = client.get(
        "/sparql", query_string={"query": SYMBOLS}, headers={"If-None-Match": first.headers["ETag"]}
    )
    other = client.get(
        "/sparql",
        query_string={"query": SYMBOLS, "format": "csv"},
        headers={"If-None-Match": first.headers["ETag"]},
    )

    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert other.status_code == 200


@pytest.mark.parametrize("function", ["NOW()", "rand()", "UUID()", "STRUUID()", "BNODE()"])
def test_an_answer_that_changes_each_time_has_no_validator(client, function):
    response = get(client, f"SELECT ({function} AS ?x) {{}}")

    assert response.status_code == 200
    assert "ETag" not in response.headers
    assert response.headers["Cache-Control"] == "no-store"


def test_a_query_that_fails_half_way_is_an_error_and_no_half_answer(tmp_path):
    # The store's files lose their content while it is open, as on a disk that fails.
    store = ox.Store(str(tmp_path))
    lines = (f'<http://a/{n}> <http://a/p> "{n}" .\n' for n in range(60_000))
    store.bulk_load("".join(lines).encode(), format=ox.RdfFormat.N_TRIPLES)
    store.flush()
    del store
    with start_service(tmp_path, "--workers", "1") as address:
        for file in tmp_path.glob("*.sst"):
            with file.open("r+b") as table:
                table.truncate(file.stat().st_size // 2)

        response = get(HttpClient(address), "SELECT * { ?s ?p ?o }", format="csv")

    assert response.status_code == 500
    assert response.mimetype == "text/plain"
    assert "broke off after" in response.text


def test_health_says_which_release_is_served(client):
    response = client.get("/health")

    assert response.status_code == 200
    assert response.get_json() == {"status": "ok", "release": "test-1", "simulated": True}


def test_a_store_without_a_release_is_served_all_the_same(tmp_path):
    store = ox.Store(str(tmp_path))
    store.flush()
    del store
    with start_service(tmp_path, "--workers", "1") as address:
        client = HttpClient(address)

        assert client.get("/health").get_json() == {"status": "ok", "release": None, "simulated": None}
        assert "does not say which release" in client.get("/").text
