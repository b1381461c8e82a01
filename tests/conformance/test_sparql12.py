"""Syntax of SPARQL 1.2 that the engine has: https://www.w3.org/TR/sparql12-query/."""

import pyoxigraph as ox
import pytest

from .w3c.client import N_TRIPLES, TURTLE, Client
from .w3c.results import Table, read_result

# A call with the statement about it: that it was made by a rule, and is not taken for granted.
ANNOTATED = """
VERSION "1.2"
PREFIX kg: <https://example.org/kg/>
kg:Cib2 kg:hasPhenotype kg:MP_0001262 {| kg:callType "statistical" |} .
<< kg:Cib2 kg:hasPhenotype kg:MP_0011967 >> kg:callType "disputed" .
"""
PREFIXES = 'VERSION "1.2" PREFIX kg: <https://example.org/kg/>'


def rows(client: Client, query: str) -> set[tuple]:
    """The rows of an answer, by their values."""
    answer = client.query(query)
    assert answer.status == 200, answer
    table = read_result(answer.body, answer.media_type)
    assert isinstance(table, Table)
    return {tuple(None if term is None else term.value for term in row) for row in table.rows}


@pytest.fixture
def annotated(client: Client) -> Client:
    """A service that holds two statements about calls."""
    stored = client.put_graph(None, ANNOTATED.encode(), TURTLE)
    assert stored.status // 100 == 2, stored
    return client


def test_a_query_may_say_which_version_it_is_written_in(client):
    assert rows(client, 'VERSION "1.2" SELECT (1 AS ?one) {}') == {("1",)}


def test_statements_about_a_triple_are_found_by_it(annotated):
    query = f"{PREFIXES} SELECT ?how {{ << kg:Cib2 kg:hasPhenotype kg:MP_0011967 >> kg:callType ?how }}"

    assert rows(annotated, query) == {("disputed",)}


def test_an_annotation_asserts_its_triple_and_a_reifier_alone_does_not(annotated):
    query = f"{PREFIXES} SELECT ?term ?how {{ kg:Cib2 kg:hasPhenotype ?term {{| kg:callType ?how |}} }}"

    assert rows(annotated, query) == {("https://example.org/kg/MP_0001262", "statistical")}


def test_a_triple_is_a_term_that_can_be_taken_apart(client):
    query = f"""{PREFIXES} SELECT (SUBJECT(?t) AS ?s) (PREDICATE(?t) AS ?p) (OBJECT(?t) AS ?o)
    {{ BIND(<<( kg:Cib2 kg:symbol "Cib2" )>> AS ?t) FILTER isTRIPLE(?t) }}"""

    assert rows(client, query) == {("https://example.org/kg/Cib2", "https://example.org/kg/symbol", "Cib2")}


@pytest.mark.parametrize("media_type", ["application/sparql-results+json", "application/sparql-results+xml"])
def test_a_triple_comes_back_as_a_term(client, media_type):
    answer = client.query("SELECT (<<( <a:s> <a:p> <a:o> )>> AS ?t) {}", media_type)

    assert answer.status == 200
    triple = ox.Triple(ox.NamedNode("a:s"), ox.NamedNode("a:p"), ox.NamedNode("a:o"))
    assert read_result(answer.body, media_type) == Table(("t",), ((triple,),))


def test_a_text_may_have_a_direction(client):
    query = (
        'SELECT (LANG(?text) AS ?language) (LANGDIR(?text) AS ?direction) { BIND("שלום"@he--rtl AS ?text) }'
    )

    assert rows(client, query) == {("he", "rtl")}


def test_an_update_may_speak_of_triples(client):
    updated = client.update(
        f"{PREFIXES} INSERT DATA {{ kg:Cib2 kg:hasPhenotype kg:MP_0001262 {{| kg:p 1e-5 |}} }}"
    )

    assert updated.status // 100 == 2
    answer = client.get_graph(None, N_TRIPLES)
    graph = read_result(answer.body, N_TRIPLES)
    assert sum(isinstance(quad.object, ox.Triple) for quad in graph) == 1
    assert len(graph) == 3


def test_what_is_no_triple_is_refused(client):
    assert client.query("SELECT * { << <a:s> <a:p> >> ?p ?o }").status == 400
