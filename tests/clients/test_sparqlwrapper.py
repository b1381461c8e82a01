"""SPARQLWrapper, the client that most Python notebooks use."""

import pytest

from .conftest import KG, LABEL, RELEASE

# SPARQLWrapper 2.0 itself uses a class that rdflib 7 is about to drop.
pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")
wrapper = pytest.importorskip("SPARQLWrapper", reason="SPARQLWrapper is not installed")

GENES = f"SELECT ?gene ?symbol WHERE {{ ?gene a <{KG}Gene> ; <{LABEL}> ?symbol }} ORDER BY ?symbol LIMIT 5"
DESCRIPTION = f"CONSTRUCT {{ <{RELEASE}> ?p ?o }} WHERE {{ <{RELEASE}> ?p ?o }}"


def ask(endpoint: str, query: str, return_format: str, method: str = "GET"):
    client = wrapper.SPARQLWrapper(endpoint)
    client.setQuery(query)
    client.setReturnFormat(return_format)
    client.setMethod(method)
    client.setTimeout(60)
    return client.query()


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_it_reads_solutions_as_json(endpoint, method):
    found = ask(endpoint, GENES, wrapper.JSON, method).convert()

    assert found["head"]["vars"] == ["gene", "symbol"]
    assert len(found["results"]["bindings"]) == 5


def test_it_sends_a_query_as_the_body_itself(endpoint):
    client = wrapper.SPARQLWrapper(endpoint)
    client.setQuery(GENES)
    client.setReturnFormat(wrapper.JSON)
    client.setMethod(wrapper.POST)
    client.setRequestMethod(wrapper.POSTDIRECTLY)

    assert len(client.queryAndConvert()["results"]["bindings"]) == 5


def test_it_reads_solutions_as_xml(endpoint):
    document = ask(endpoint, GENES, wrapper.XML).convert()

    assert len(document.getElementsByTagName("result")) == 5


@pytest.mark.parametrize(("return_format", "separator"), [("csv", b","), ("tsv", b"\t")])
def test_it_reads_solutions_as_tables(endpoint, return_format, separator):
    lines = ask(endpoint, GENES, return_format).convert().splitlines()

    assert len(lines) == 6
    assert all(line.count(separator) == 1 for line in lines)


def test_it_reads_yes_or_no(endpoint):
    assert ask(endpoint, f"ASK {{ <{RELEASE}> ?p ?o }}", wrapper.JSON).convert()["boolean"] is True


@pytest.mark.parametrize("return_format", ["turtle", "n3", "xml", "rdf+xml", "json-ld"])
def test_it_reads_triples_into_a_graph(endpoint, return_format):
    found = ask(endpoint, DESCRIPTION, return_format).convert()

    graph = found if hasattr(found, "triples") else parse(found, return_format)
    assert (RELEASE,) * len(graph) == tuple(str(subject) for subject in graph.subjects())
    assert len(graph) > 10


def parse(found, return_format: str):
    from rdflib import Graph  # noqa: PLC0415 - SPARQLWrapper brings it

    return Graph().parse(
        data=found, format={"n3": "turtle", "json-ld": "json-ld"}.get(return_format, "turtle")
    )


def test_it_describes_a_thing(endpoint):
    assert len(ask(endpoint, f"DESCRIBE <{RELEASE}>", wrapper.RDFXML).convert()) > 10


def test_it_says_where_a_query_is_wrong(endpoint):
    with pytest.raises(wrapper.SPARQLExceptions.QueryBadFormed, match="line 1, column"):
        ask(endpoint, "SELECT broken", wrapper.JSON)


def test_its_update_is_refused_with_the_reason(endpoint):
    client = wrapper.SPARQLWrapper(endpoint)
    client.setQuery("INSERT DATA { <urn:a> <urn:b> <urn:c> }")
    client.setMethod(wrapper.POST)

    with pytest.raises(Exception, match=r"403|answers queries only"):
        client.query()
