"""A walk over rdfs:subClassOf and its closure find the same, wherever the one gives way to the other."""

import re
from itertools import product
from pathlib import Path

import polars as pl
import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impckg.graph.closed_terms import (
    find_closed_terms,
    forget_closed_terms,
    keep_closed_terms,
    read_closed_terms,
)
from impckg.graph.errors import StoreError
from impckg.graph.identifiers import iri
from impckg.graph.store import GraphStore, open_store
from impckg.graph.writable import open_writable
from impckg.ontology.hierarchy import closure
from impckg.queries.catalog import bind, question, questions
from impckg.queries.reasoned import WALK_NOTE
from impckg.queries.run import open_any
from impckg.queries.subclass_paths import edited, subclass_edits

KG = "https://w3id.org/impckg/ontology#"
TERMS = [f"http://example.org/{name}" for name in "abcdef"]
OTHER = ["http://example.org/x", "http://example.org/y"]

# ?t stands for every term, closed or not; each query has walks at every place that may give way.
QUERIES = [
    "SELECT * { ?x rdfs:subClassOf* <T> }",
    "SELECT * { <T> rdfs:subClassOf* ?x }",
    "SELECT * { <T> rdfs:subClassOf+ ?x }",
    "SELECT * { ?x rdfs:subClassOf+ <T> . ?x rdfs:subClassOf ?y }",
    "SELECT * { ?c kg:phenotype ?p . ?p rdfs:subClassOf* ?x }",
    "SELECT * { ?c kg:phenotype ?p ; kg:gene ?g . ?p rdfs:subClassOf+ ?x ; rdfs:label ?l }",
    "SELECT * { ?c kg:phenotype/rdfs:subClassOf* ?x }",
    "SELECT * { ?c kg:phenotype/rdfs:subClassOf* <T> }",
    "SELECT * { ?g ^kg:gene/kg:phenotype/rdfs:subClassOf* ?x . ?x rdfs:label ?l }",
    "SELECT * { ?x ^rdfs:subClassOf* <T> }",
    "SELECT * { ?x ^rdfs:subClassOf*/^kg:phenotype ?c }",
    "SELECT * { ?x rdfs:subClassOf* ?y }",
    "SELECT * { ?x rdfs:subClassOf* ?y . ?c kg:other ?x }",
    "SELECT * { ?c kg:other/rdfs:subClassOf* ?y }",
    "SELECT * { ?c kg:phenotype ?p OPTIONAL { ?p rdfs:subClassOf+ ?x } }",
    "SELECT * { ?c kg:phenotype ?p FILTER NOT EXISTS { ?p rdfs:subClassOf* <T> } }",
    "SELECT * { { ?c kg:phenotype ?p } UNION { ?p rdfs:label ?l } ?p rdfs:subClassOf* ?x }",
    "SELECT ?p (COUNT(*) AS ?n) { ?c kg:phenotype ?p . ?p rdfs:subClassOf* ?x } GROUP BY ?p",
    "SELECT * { GRAPH ?g { ?c kg:phenotype ?p . ?p rdfs:subClassOf* ?x } }",
    "SELECT * { ?c kg:phenotype ?x . ?x rdfs:subClassOf+ ?x }",
    "SELECT * { ?c kg:phenotype ?p . ?p (rdfs:subClassOf*|rdfs:label) ?x }",
    "SELECT * { ?c kg:phenotype ?p . _:b rdfs:subClassOf+ ?p }",
    "SELECT * { VALUES ?p { <T> } ?p rdfs:subClassOf* ?x }",
    "ASK { <T> rdfs:subClassOf* <http://example.org/a> }",
]


@st.composite
def worlds(draw):
    """A store in memory: a hierarchy of terms with its closure, edges among other things, and calls of terms."""
    pairs = st.tuples(st.integers(0, 5), st.integers(0, 5)).filter(lambda pair: pair[0] > pair[1])
    edges = draw(st.lists(pairs, max_size=8, unique=True))
    terms = TERMS[: draw(st.integers(1, 6))]
    told = [(TERMS[low], TERMS[high]) for low, high in edges if TERMS[low] in terms and TERMS[high] in terms]
    calls = draw(st.lists(st.sampled_from(terms), max_size=4))
    others = draw(st.lists(st.sampled_from([*TERMS, *OTHER]), max_size=3))
    return terms, told, calls, others, draw(st.booleans())


def stored(world) -> GraphStore:
    terms, told, calls, others, edge_elsewhere = world
    store = ox.Store()

    def say(subject: str, property_: str, target: str | ox.Literal, graph: str) -> None:
        named = target if isinstance(target, ox.Literal) else ox.NamedNode(target)
        place = ox.NamedNode(f"http://example.org/graph/{graph}")
        store.add(ox.Quad(ox.NamedNode(subject), ox.NamedNode(iri(property_)), named, place))

    for low, high in told:
        say(low, "rdfs:subClassOf", high, "told")
    edges = pl.DataFrame(
        {"child": [low for low, _ in told], "parent": [high for _, high in told]},
        schema={"child": pl.String, "parent": pl.String},
    )
    for low, high in closure(edges, pl.Series(terms)).rows():
        say(low, "kg:isA", high, "hierarchy")
    for term in terms[::2]:
        say(term, "rdfs:label", ox.Literal(term), "told")
    for number, term in enumerate(calls):
        say(f"http://example.org/call{number}", "kg:phenotype", term, "calls")
        say(f"http://example.org/call{number}", "kg:gene", f"http://example.org/gene{number % 2}", "calls")
    for number, term in enumerate(others):
        say(f"http://example.org/other{number}", "kg:other", term, "calls")
    if edge_elsewhere:
        say(OTHER[0], "rdfs:subClassOf", OTHER[1], "told")
    for property_ in ("rdfs:subClassOf", "kg:isA", "kg:phenotype", "kg:gene", "kg:other", "rdfs:label"):
        say("http://example.org/void", "void:property", iri(property_), "void")
    return GraphStore(Path("memory"), store)


def answer(store: GraphStore, query: str, bindings=None):
    found = store.query(query, bindings)
    if isinstance(found, ox.QueryBoolean):
        return bool(found)
    names = [variable.value for variable in found.variables]
    return names, sorted([_without_order(term) for term in row] for row in found)


def _without_order(term) -> str:
    """A term as text; of one that was joined from several, the order of the pieces is open."""
    return "; ".join(sorted(re.split("[;,] ?", term.value))) if isinstance(term, ox.Literal) else str(term)


@settings(max_examples=40)
@given(worlds())
def test_a_query_finds_the_same_as_without(world):
    store = stored(world)
    known = find_closed_terms(store)
    assert known is not None

    for query, term in product(QUERIES, [TERMS[0], TERMS[-1], OTHER[0]]):
        walks = query.replace("<T>", f"<{term}>")
        edits = subclass_edits(walks, known, lambda one: one in world[0])
        assert answer(store, edited(walks, edits)) == answer(store, walks), edited(walks, edits)


def test_walks_give_way_at_every_place_that_is_known(demo):
    store = open_any(demo)
    known = [
        "SELECT * { ?x rdfs:subClassOf* MP:0000001 }",
        "SELECT * { MP:0002127 rdfs:subClassOf+ ?x }",
        "SELECT * { ?call kg:phenotype ?p . ?p rdfs:subClassOf* ?x }",
        "SELECT * { ?call kg:phenotype/rdfs:subClassOf* ?x }",
        "SELECT * { ?gene ^kg:gene/kg:phenotype/rdfs:subClassOf* ?x }",
        "PREFIX r: <http://www.w3.org/2000/01/rdf-schema#> SELECT * { ?x r:subClassOf* MP:0000001 }",
        "SELECT * { ?x <http://www.w3.org/2000/01/rdf-schema#subClassOf>* <http://purl.obolibrary.org/obo/HP_0000118> }",
    ]

    for query in known:
        asked = store.rewritten(query)
        assert asked.notes == (WALK_NOTE,), query
        assert "subClassOf" not in asked.text
        assert answer(store.plain, asked.text) == answer(store.plain, query)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { ?x rdfs:subClassOf* ?y }",
        "SELECT * { GRAPH ?g { ?x rdfs:subClassOf* MP:0000001 } }",
        "SELECT * FROM <https://w3id.org/impckg/graph/mp> { ?x rdfs:subClassOf* MP:0000001 }",
        "SELECT * { ?x rdfs:subClassOf* UBERON:0000948 }",
        "SELECT * { ?x rdfs:subClassOf MP:0000001 }",
        "SELECT * { ?x rdfs:subClassOf? MP:0000001 }",
        "SELECT * { SERVICE <https://example.org/sparql> { ?x rdfs:subClassOf* MP:0000001 } }",
        "PREFIX rdfs: <http://example.org/> SELECT * { ?x rdfs:subClassOf* MP:0000001 }",
        "SELECT * { ?x rdfs:label 'rdfs:subClassOf* MP:0000001' }",
    ],
)
def test_any_other_walk_stays_as_it_is(query, demo):
    asked = open_any(demo).rewritten(query)

    assert (asked.text, asked.notes) == (query, ())


def test_where_graphs_are_chosen_nothing_gives_way(demo):
    query = "SELECT * { ?x rdfs:subClassOf* MP:0000001 }"

    assert open_any(demo).rewritten(query, chosen=True).text == query
    assert open_any(demo, union=False).rewritten(query).text == query


def test_a_variable_that_is_given_a_value_counts_as_that(demo):
    query = "SELECT ?x ?p { ?p rdfs:subClassOf* ?x }"
    store = open_any(demo)

    closed = store.rewritten(query, {"p": ox.NamedNode(iri("MP:0002127"))})
    other = store.rewritten(query, {"p": ox.NamedNode(iri("MGI:95490"))})

    assert "isA" in closed.text
    assert other.text == query


def test_a_hierarchy_with_a_step_beyond_the_closed_terms_is_not_relied_on():
    store = stored((TERMS[:3], [(TERMS[1], TERMS[0])], [TERMS[1]], [], False))
    beyond = ox.Quad(
        ox.NamedNode(TERMS[0]),
        ox.NamedNode(iri("rdfs:subClassOf")),
        ox.NamedNode(OTHER[0]),
        ox.NamedNode("http://example.org/graph/told"),
    )

    store.oxigraph.add(beyond)

    assert find_closed_terms(store) is None


def test_a_hierarchy_whose_closure_lacks_a_step_is_not_relied_on():
    store = stored((TERMS[:3], [(TERMS[1], TERMS[0])], [TERMS[1]], [], False))
    step = ox.Quad(
        ox.NamedNode(TERMS[2]),
        ox.NamedNode(iri("rdfs:subClassOf")),
        ox.NamedNode(TERMS[1]),
        ox.NamedNode("http://example.org/graph/told"),
    )

    store.oxigraph.add(step)

    assert find_closed_terms(store) is None


def test_what_is_known_is_kept_and_dropped_when_the_store_may_change(tmp_path):
    store = stored((TERMS[:3], [(TERMS[1], TERMS[0])], [TERMS[1]], [], False))
    ox.serialize(iter(store.oxigraph), str(tmp_path / "all.nq"), format=ox.RdfFormat.N_QUADS)
    on_disk = ox.Store(str(tmp_path / "store"))
    on_disk.bulk_load(path=str(tmp_path / "all.nq"), format=ox.RdfFormat.N_QUADS)
    on_disk.flush()
    del on_disk
    found = find_closed_terms(open_store(tmp_path))
    keep_closed_terms(found, tmp_path)
    query = f"SELECT * {{ ?x rdfs:subClassOf* <{TERMS[0]}> }}"
    assert read_closed_terms(tmp_path) == found
    assert open_any(tmp_path).rewritten(query).notes == (WALK_NOTE,)

    open_writable(tmp_path)

    assert read_closed_terms(tmp_path) is None
    assert open_any(tmp_path).rewritten(query).notes == ()
    forget_closed_terms(tmp_path)


def test_a_damaged_file_is_told(tmp_path):
    (tmp_path / "reasoning").mkdir()
    (tmp_path / "reasoning" / "closed_terms.json").write_text('{"subjects": []')

    with pytest.raises(StoreError, match=r"closed_terms\.json: is damaged"):
        read_closed_terms(tmp_path)


HIERARCHY_QUESTIONS = [asked.name for asked in questions() if "kg:isA" in asked.text]


@pytest.mark.parametrize("name", HIERARCHY_QUESTIONS)
def test_questions_about_the_hierarchy_find_what_a_walk_finds(name, demo):
    asked = question(name)
    walking = asked.text.replace("kg:isA", "rdfs:subClassOf*")
    store = open_store(demo)
    bindings = bind(asked, asked.example)

    assert answer(store, asked.text, bindings) == answer(store, walking, bindings)
