"""Prefixes and example queries in the store, as the SIB's tools look for them."""

import re
from importlib import resources
from pathlib import Path

import pyoxigraph as ox
import pytest

from impckg.graph.errors import QueryError
from impckg.graph.identifiers import iri, mint, namespaces
from impckg.graph.metadata import EXAMPLES_GRAPH
from impckg.graph.metadata.examples import example_queries
from impckg.graph.store import GraphStore, open_store
from impckg.queries.catalog import Question, bind, questions
from impckg.queries.remote import with_values

# What the SIB's tools ask an endpoint for: prefixes, examples, and how classes and properties hang together.
PREFIXES = "SELECT ?prefix ?namespace { [] sh:prefix ?prefix ; sh:namespace ?namespace }"
EXAMPLES = """SELECT ?example ?question ?query {
  ?example a sh:SPARQLExecutable ; rdfs:comment ?question ; sh:select|sh:ask|sh:construct|sh:describe ?query }"""
CLASSES = """PREFIX void-ext: <http://ldf.fi/void-ext#>
PREFIX sd: <http://www.w3.org/ns/sparql-service-description#>
SELECT DISTINCT ?class ?property ?target ?datatype {
  ?part void:class ?class ; void:propertyPartition ?of_property .
  ?of_property void:property ?property ; void:triples ?statements .
  OPTIONAL {
    { ?of_property void:classPartition [ void:class ?target ] }
    UNION
    { ?of_property void-ext:datatypePartition [ void-ext:datatype ?datatype ] }
  }
  OPTIONAL { ?graph sd:graph/void:classPartition ?part }
}"""


@pytest.fixture(scope="module")
def store(demo: Path) -> GraphStore:
    return open_store(demo)


def rows(store: GraphStore, query: str) -> list[tuple[str | None, ...]]:
    found = store.query(query)
    assert isinstance(found, ox.QuerySolutions)
    return [tuple(None if term is None else term.value for term in row) for row in found]


def test_every_prefix_is_declared_once(store: GraphStore) -> None:
    found = rows(store, PREFIXES)

    assert sorted(found) == sorted(namespaces().items())


def test_every_question_is_an_example(store: GraphStore) -> None:
    found = {example: (question, query) for example, question, query in rows(store, EXAMPLES)}

    assert found == {
        iri(mint("question", asked.name)): (
            " ".join(asked.question.split()),
            with_values(asked.text, bind(asked, asked.example)),
        )
        for asked in questions()
    }


def test_classes_properties_and_what_they_lead_to_are_found(store: GraphStore) -> None:
    found = rows(store, CLASSES)

    gene, term = iri("kg:Gene"), iri("kg:PhenotypeTerm")
    assert (gene, iri("kg:hasPhenotype"), term, None) in found
    assert (gene, iri("rdfs:label"), None, iri("xsd:string")) in found
    assert (iri("kg:Call"), iri("kg:pValue"), None, iri("xsd:double")) in found


@pytest.mark.parametrize("asked", questions(), ids=lambda asked: asked.name)
def test_an_example_runs_as_it_stands_and_finds_what_its_question_finds(
    asked: Question, store: GraphStore
) -> None:
    query = rows(store, f"SELECT ?query {{ <{iri(mint('question', asked.name))}> sh:select ?query }}")[0][0]
    assert query is not None

    # Without our prefixes: as any other engine would run it.
    found = store.oxigraph.query(query, use_default_graph_as_union=True)

    expected = store.query(asked.text, bind(asked, asked.example))
    assert sorted(str(row) for row in found) == sorted(str(row) for row in expected)


def test_examples_lie_in_a_graph_of_their_own_with_keywords_and_prefixes(store: GraphStore) -> None:
    found = rows(
        store,
        """SELECT DISTINCT ?g {
          GRAPH ?g { ?x a sh:SPARQLSelectExecutable ; sh:prefixes/sh:declare ?p ; schema:keywords ?k } }""",
    )

    assert found == [(EXAMPLES_GRAPH,)]


@pytest.mark.parametrize(
    ("query", "class_", "property_"),
    [
        ("SELECT ?x { ?x ?p ?sex }", "sh:SPARQLSelectExecutable", "sh:select"),
        ("ASK { ?x ?p ?sex }", "sh:SPARQLAskExecutable", "sh:ask"),
        ("CONSTRUCT { ?x ?p ?sex } WHERE { ?x ?p ?sex }", "sh:SPARQLConstructExecutable", "sh:construct"),
    ],
)
def test_each_form_of_query_has_its_own_class(
    query: str, class_: str, property_: str, tmp_path: Path
) -> None:
    header = "#+ question: Who?\n#+ keywords: [a]\n#+ parameters:\n#+   sex: {kind: Sex, example: male}\n"
    (tmp_path / "who.rq").write_text(header + query)

    found = list(example_queries(tmp_path))

    assert [t for t in found if t.object == ox.NamedNode(iri(class_))]
    texts = [t.object.value for t in found if t.predicate.value == iri(property_)]
    assert re.search(r"VALUES \?sex \{ <[^>]*#male> \}", texts[0])


def test_a_query_that_shacl_has_no_class_for_is_refused(tmp_path: Path) -> None:
    (tmp_path / "what.rq").write_text("#+ question: What?\n#+ keywords: []\nDESCRIBE <http://example.org/>")

    with pytest.raises(QueryError, match="DESCRIBE; expected one of SELECT, CONSTRUCT, ASK"):
        list(example_queries(tmp_path))


def test_the_questions_are_where_the_build_looks_for_them() -> None:
    assert resources.files("impckg.queries").joinpath("find_gene.rq").is_file()
