"""What a store says of its own size is what SPARQL counts, on the union of all graphs.

Counted are statements: a nonredundant relation stands in two graphs, and is one.
"""

from pathlib import Path

import pyoxigraph as ox
import pytest

from impckg.graph.errors import SchemaError
from impckg.graph.identifiers import iri, mint
from impckg.graph.metadata import VOID_GRAPH
from impckg.graph.metadata.census import take_census
from impckg.graph.metadata.void import count_release
from impckg.graph.statements import link, number, text
from impckg.graph.store import GraphStore, open_store

VOID = "PREFIX void: <http://rdfs.org/ns/void#> PREFIX void-ext: <http://ldf.fi/void-ext#> "
# No number says how many different numbers there are: its own would be one of them.
COUNTS = "(void:triples, void:entities, void:classes, void:properties, void:distinctSubjects, void:distinctObjects)"


@pytest.fixture(scope="module")
def store(demo: Path) -> GraphStore:
    return open_store(demo)


def rows(store: GraphStore, query: str) -> set[tuple[str, ...]]:
    found = store.query(VOID + query)
    assert isinstance(found, ox.QuerySolutions)
    got = [tuple(term.value for term in row) for row in found]
    assert len(got) == len(set(got))
    return set(got)


def test_the_whole_is_counted(store: GraphStore) -> None:
    said = rows(
        store,
        """SELECT ?triples ?entities ?classes ?properties ?subjects ?objects {
          ?release a kg:Release ; void:triples ?triples ; void:entities ?entities ; void:classes ?classes ;
            void:properties ?properties ; void:distinctSubjects ?subjects ; void:distinctObjects ?objects }""",
    )

    assert said == rows(
        store,
        """SELECT * {
          { SELECT (COUNT(DISTINCT *) AS ?triples) (COUNT(DISTINCT ?s) AS ?subjects) (COUNT(DISTINCT ?o) AS ?objects)
                   (COUNT(DISTINCT ?p) AS ?properties) { ?s ?p ?o } }
          { SELECT (COUNT(DISTINCT ?x) AS ?entities) (COUNT(DISTINCT ?c) AS ?classes) { ?x a ?c } }
        }""".replace("SELECT *", "SELECT ?triples ?entities ?classes ?properties ?subjects ?objects", 1),
    )
    assert next(iter(said))[0] == str(len({quad.triple for quad in store.oxigraph}))


def test_every_class_has_a_partition_with_its_things(store: GraphStore) -> None:
    said = rows(
        store,
        "SELECT ?class ?n { ?r a kg:Release ; void:classPartition ?p . ?p void:class ?class ; void:entities ?n }",
    )

    assert said == rows(store, "SELECT ?class (COUNT(DISTINCT ?x) AS ?n) { ?x a ?class } GROUP BY ?class")


def test_every_property_has_a_partition_with_its_statements(store: GraphStore) -> None:
    said = rows(
        store,
        """SELECT ?property ?n ?subjects { ?r a kg:Release ; void:propertyPartition ?p .
          ?p void:property ?property ; void:triples ?n ; void:distinctSubjects ?subjects }""",
    )

    assert said == rows(
        store,
        "SELECT ?p (COUNT(DISTINCT *) AS ?n) (COUNT(DISTINCT ?s) AS ?subjects) { ?s ?p ?o } GROUP BY ?p",
    )


def test_every_property_but_those_of_counts_says_how_many_objects_it_has(store: GraphStore) -> None:
    said = rows(
        store,
        """SELECT ?property ?n { ?r a kg:Release ; void:propertyPartition ?p .
          ?p void:property ?property ; void:distinctObjects ?n }""",
    )

    assert said == rows(
        store,
        f"SELECT ?p (COUNT(DISTINCT ?o) AS ?n) {{ ?s ?p ?o FILTER(?p NOT IN {COUNTS}) }} GROUP BY ?p",
    )


def test_every_property_of_a_class_has_a_partition_within_it(store: GraphStore) -> None:
    said = rows(
        store,
        """SELECT ?class ?property ?n ?subjects { ?r a kg:Release ; void:classPartition ?c . ?c void:class ?class ;
          void:propertyPartition ?p . ?p void:property ?property ; void:triples ?n ; void:distinctSubjects ?subjects }""",
    )

    assert said == rows(
        store,
        """SELECT ?class ?p (COUNT(DISTINCT *) AS ?n) (COUNT(DISTINCT ?s) AS ?subjects) { ?s a ?class ; ?p ?o }
          GROUP BY ?class ?p""",
    )


def test_what_a_property_of_a_class_leads_to_is_counted_by_class(store: GraphStore) -> None:
    said = rows(
        store,
        """SELECT ?class ?property ?target ?n { ?r a kg:Release ; void:classPartition ?c . ?c void:class ?class ;
          void:propertyPartition ?p . ?p void:property ?property ; void:classPartition ?t .
          ?t void:class ?target ; void:triples ?n }""",
    )

    assert said == rows(
        store,
        """SELECT ?class ?p ?target (COUNT(DISTINCT *) AS ?n) { ?s a ?class ; ?p ?o . ?o a ?target }
          GROUP BY ?class ?p ?target""",
    )


def test_what_a_property_of_a_class_leads_to_is_counted_by_datatype(store: GraphStore) -> None:
    said = rows(
        store,
        """SELECT ?class ?property ?type ?n { ?r a kg:Release ; void:classPartition ?c . ?c void:class ?class ;
          void:propertyPartition ?p . ?p void:property ?property ; void-ext:datatypePartition ?t .
          ?t void-ext:datatype ?type ; void:triples ?n }""",
    )

    assert said == rows(
        store,
        """SELECT ?class ?p ?type (COUNT(*) AS ?n) {
          ?s a ?class ; ?p ?o FILTER(isLiteral(?o)) BIND(DATATYPE(?o) AS ?type) } GROUP BY ?class ?p ?type""",
    )


def test_every_named_graph_is_counted(store: GraphStore) -> None:
    said = rows(
        store,
        """PREFIX sd: <http://www.w3.org/ns/sparql-service-description#>
        SELECT ?graph ?n { ?d a sd:Dataset ; sd:namedGraph [ sd:name ?graph ; sd:graph [ void:triples ?n ] ] }""",
    )

    assert said == rows(store, "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g")


def test_links_to_the_data_of_others_are_counted(store: GraphStore) -> None:
    said = rows(
        store,
        """SELECT ?property ?space ?n { ?l a void:Linkset ; void:linkPredicate ?property ; void:triples ?n ;
          void:objectsTarget/void:uriSpace ?space }""",
    )

    for property_, space, links in said:
        counted = rows(
            store,
            f'SELECT (COUNT(*) AS ?n) {{ ?s <{property_}> ?o FILTER(STRSTARTS(STR(?o), "{space}")) }}',
        )
        assert counted == {(links,)}, (property_, space)
    assert len(said) > 5


def test_no_statement_has_a_blank_node(store: GraphStore) -> None:
    quads = list(store.oxigraph)

    assert quads
    assert not [q for q in quads if ox.BlankNode in (type(q.subject), type(q.object))]


def test_the_description_lies_in_a_graph_of_its_own(store: GraphStore) -> None:
    found = rows(store, "SELECT DISTINCT ?g { GRAPH ?g { ?x void:classPartition ?p } }")

    assert found == {(VOID_GRAPH,)}


def odd_world(more: int) -> dict[str, list[ox.Triple]]:
    """A graph that uses the odd numbers below 2,000 and some words, so that whether the number of its objects can be told
    without changing it depends on whether that number is even.
    """
    release = iri(mint("release", "odd"))
    said = [link(release, "rdf:type", iri("void:Dataset"))]
    said += [number("http://example.org/x", "kg:hits", n) for n in range(1, 2_000, 2)]
    said += [text("http://example.org/x", "rdfs:label", f"word {n}") for n in range(more)]
    return {"http://example.org/said": said}


@pytest.mark.parametrize("more", range(4))
def test_a_number_that_cannot_be_true_of_itself_is_left_out(more: int) -> None:
    said = odd_world(more)
    census = take_census([], [], said)

    counts = count_release("odd", census, said, VOID_GRAPH, "http://example.org/said")

    whole = {*said["http://example.org/said"], *counts.statements}
    whole.add(number(iri(mint("release", "odd")), "void:triples", counts.triples))
    objects = [t.object.value for t in counts.statements if t.predicate.value == iri("void:distinctObjects")]
    of_release = [
        int(t.object.value)
        for t in counts.statements
        if t.predicate.value == iri("void:distinctObjects") and t.subject.value == iri(mint("release", "odd"))
    ]
    assert counts.triples == len(whole)
    assert objects
    if of_release:
        assert of_release == [len({t.object for t in whole})]
    else:
        others = {t.object for t in whole}
        for tried in (len(others), len(others) + 1):
            assert len({*others, ox.Literal(tried)}) != tried


def test_some_number_is_left_out_and_some_is_told() -> None:
    told = []
    for more in range(4):
        said = odd_world(more)
        counts = count_release("odd", take_census([], [], said), said, VOID_GRAPH, "http://example.org/said")
        release = ox.NamedNode(iri(mint("release", "odd")))
        predicates = {t.predicate.value for t in counts.statements if t.subject == release}
        told.append(iri("void:distinctObjects") in predicates)

    assert set(told) == {True, False}


def test_what_the_graph_says_already_is_not_counted_over(tmp_path: Path) -> None:
    release = iri(mint("release", "r"))
    said = {"http://example.org/g": [number(release, "void:entities", 3)]}

    with pytest.raises(SchemaError, match="speak of what the graph speaks of already"):
        count_release("r", take_census([], [], said), said, VOID_GRAPH, "http://example.org/g")
