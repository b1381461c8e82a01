"""The columns of SELECT *, in the order of the query."""

import pyoxigraph as ox
import pytest

from impckg.graph.columns import with_columns_in_order
from impckg.graph.errors import SparqlSyntaxError
from impckg.graph.results import columns
from impckg.graph.store import GraphStore

DATA = """
PREFIX ex: <http://example.org/>
ex:g1 ex:symbol "Myo6" ; ex:mark 1 , 2 . ex:g2 ex:symbol "Cib2" ; ex:mark 3 .
"""
EX = "PREFIX ex: <http://example.org/> "


@pytest.fixture
def store(tmp_path) -> GraphStore:
    data = ox.Store()
    data.load(DATA.encode(), format=ox.RdfFormat.TURTLE)
    return GraphStore(tmp_path, data)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT * { ?z ex:symbol ?a }", "z a"),
        ("SELECT*{?z ex:symbol ?a}", "z a"),
        ("select distinct*where{?z ex:symbol ?a}", "z a"),
        ("SELECT REDUCED\n# a * that is none\n*\nWHERE { $z ex:symbol $a }", "z a"),
        ("# SELECT * {}\nSELECT * { ?z ex:symbol ?a }", "z a"),
        ("PREFIX select: <http://example.org/SELECT*b> SELECT * { ?z ex:symbol ?a }", "z a"),
        ("BASE <urn:SELECT*b> SELECT * { ?z ex:symbol ?a }", "z a"),
        ("VERSION '1.2' SELECT * { ?z ex:symbol ?a }", "z a"),
        ("SELECT * { ?z ex:symbol '?y ?a' , ?a }", "z a"),
        ("SELECT * { ?z ex:symbol ?a } VALUES (?k ?b) { (1 2) }", "z a k b"),
        ("SELECT * { VALUES ?z { 1 } BIND(?z + 1 AS ?a) }", "z a"),
        ("SELECT * { ?z ex:symbol ?m OPTIONAL { ?z ex:none ?a } }", "z m a"),
        ("SELECT * { ?z ex:symbol ?m MINUS { ?z ex:none ?a } FILTER NOT EXISTS { ?z ex:none ?b } }", "z m"),
        ("SELECT * { ?z ex:symbol ?m } ORDER BY ?a", "z m"),
        ("SELECT * { { SELECT ?z (COUNT(?m) AS ?a) { ?z ex:mark ?m } GROUP BY ?z } }", "z a"),
        ("SELECT * { { SELECT * { ?z ex:symbol ?m } } ?z ex:mark ?a }", "z m a"),
        ("SELECT * { GRAPH ?z { ?m ex:symbol ?a } }", "z m a"),
        ("SELECT * { ?z ex:mark [ ex:symbol ?a ] }", "z a"),
        ("SELECT ?z ?a { ?a ex:symbol ?z }", "z a"),
        ("SELECT (2*3 AS ?z) ?a { ?a ex:symbol ?b }", "z a"),
        ("SELECT ?z ?a { { SELECT * { ?a ex:symbol ?z } } }", "z a"),
    ],
)
def test_columns_come_in_the_order_of_the_query(store, text, expected):
    found = store.query(EX + text)

    assert columns(found) == tuple(expected.split())


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { ?z ex:mark ?a }",
        "SELECT DISTINCT * { { ?z ex:symbol ?a } UNION { ?z ex:symbol ?a } }",
        "SELECT * { { ?z ex:symbol ?a } UNION { ?z ex:symbol ?a } }",
        "SELECT * { ?z ex:mark ?a } ORDER BY DESC(?a) LIMIT 2",
    ],
)
def test_the_rows_are_those_that_the_engine_finds(store, text):
    def found(rows):
        return [{variable.value: row[variable] for variable in rows.variables} for row in rows]

    assert found(store.query(EX + text)) == found(store.oxigraph.query(EX + text))


@pytest.mark.parametrize(
    "text",
    [
        "ASK { { SELECT * { ?z ?b ?a } } }",
        "CONSTRUCT { ?z ?b ?a } WHERE { { SELECT * { ?z ?b ?a } } }",
        "DESCRIBE * { ?z ?b ?a }",
        "SELECT * { ?a ?b ?c }",
        "SELECT * {}",
        # Nobody is asked just for the names of variables.
        "SELECT * { SERVICE <http://127.0.0.1:9/> { ?z ?b ?a } } ORDER BY ?z",
    ],
)
def test_other_queries_are_asked_as_they_are(text):
    assert with_columns_in_order(text, {}) == text


def test_the_place_of_a_mistake_is_that_in_the_text_as_it_was_sent(store):
    with pytest.raises(SparqlSyntaxError) as refused:
        store.query("SELECT *\nWHERE { ?z ?b ?a\n  ?oops }")

    assert (refused.value.line, refused.value.column) == (3, 10)


def test_a_hostile_head_is_read_once():
    for piece in ("# \n", "BASE <a:b>", "PREFIX a:", "PREFIX ", "VERSION '", "SELECT "):
        text = piece * (100_000 // len(piece)) + "*"

        assert with_columns_in_order(text, {}) == text
