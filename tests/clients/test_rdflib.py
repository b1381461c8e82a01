"""rdflib: our endpoint as one of its stores, and in a SERVICE of its own queries."""

import pytest

from .conftest import KG, LABEL, RELEASE

rdflib = pytest.importorskip("rdflib", reason="rdflib is not installed")
sparqlstore = pytest.importorskip("rdflib.plugins.stores.sparqlstore")

KIND = rdflib.URIRef(f"{KG}Release")


@pytest.fixture
def graph(endpoint):
    return rdflib.Graph(sparqlstore.SPARQLStore(endpoint))


def test_a_query_goes_to_the_endpoint(graph):
    found = graph.query(f"SELECT ?symbol WHERE {{ ?gene <{LABEL}> ?symbol }} ORDER BY ?symbol LIMIT 3")

    assert len(list(found)) == 3


@pytest.mark.parametrize("method", ["GET", "POST", "POST_FORM"])
def test_every_way_to_send_a_query_is_understood(endpoint, method):
    store = sparqlstore.SPARQLStore(endpoint, method=method)

    assert bool(rdflib.Graph(store).query(f"ASK {{ <{RELEASE}> a <{KIND}> }}"))


def test_triples_are_found_by_pattern(graph):
    assert [str(subject) for subject in graph.subjects(rdflib.RDF.type, KIND)] == [RELEASE]
    assert (rdflib.URIRef(RELEASE), rdflib.RDF.type, KIND) in graph


def test_a_value_comes_with_its_type(graph):
    simulated = graph.value(rdflib.URIRef(RELEASE), rdflib.URIRef(f"{KG}simulated"))

    assert simulated == rdflib.Literal(True)


def test_values_are_bound(graph):
    found = graph.query(
        "SELECT ?kind WHERE { ?thing a ?kind }", initBindings={"thing": rdflib.URIRef(RELEASE)}
    )

    assert KIND in {row[0] for row in found}


def test_triples_are_constructed(graph):
    found = graph.query(f"CONSTRUCT {{ <{RELEASE}> ?p ?o }} WHERE {{ <{RELEASE}> ?p ?o }}")

    assert len(found.graph) > 10


def test_named_graphs_are_listed(endpoint):
    names = {str(name) for name in sparqlstore.SPARQLStore(endpoint).contexts()}

    assert "https://w3id.org/impckg/graph/mp" in names


def test_rdflibs_own_engine_joins_what_a_service_clause_finds_here(endpoint):
    mine = rdflib.Graph()
    mine.add((rdflib.URIRef(RELEASE), rdflib.RDFS.comment, rdflib.Literal("mine")))

    found = mine.query(
        f"SELECT ?comment ?title WHERE {{ ?release rdfs:comment ?comment . SERVICE <{endpoint}> "
        f"{{ ?release <http://purl.org/dc/terms/title> ?title }} }}"
    )

    assert [(str(row.comment), str(row.title)) for row in found] == [("mine", "Simulated release, seed 1")]


def test_the_service_description_is_read_from_the_endpoint_itself(endpoint):
    described = rdflib.Graph().parse(endpoint)

    sd = rdflib.Namespace("http://www.w3.org/ns/sparql-service-description#")
    assert list(described.subjects(rdflib.RDF.type, sd.Service))
