"""What the service says of itself to tools.

The three W3C tests of the service description (sparql11/service-description: GET on endpoint returns RDF, there is a
matching sd:endpoint triple, it conforms to the schema) say in words what must hold; the schema is that of the
specification, below.
"""

from pathlib import Path

import pyoxigraph as ox
import pytest
import rdflib

from impckg.graph.identifiers import iri
from impckg.graph.results import Form, formats_for
from impckg.graph.store import GraphStore, open_store
from impckg.queries.catalog import questions
from impckg.service.description import (
    DESCRIPTION_QUERY,
    LIMITS,
    Endpoint,
    endpoint_of,
    entities_by_class,
    service_description,
    stored_description,
)
from impckg.service.documents import write_document
from impckg.service.settings import Settings

ADDRESS = "https://example.org/sparql"
SD = "http://www.w3.org/ns/sparql-service-description#"
PREFIXES = f"PREFIX sd: <{SD}> PREFIX void: <http://rdfs.org/ns/void#> PREFIX schema: <https://schema.org/> "

# https://www.w3.org/TR/sparql11-service-description/, section 3.2: of what class subject and object of each property are.
SCHEMA = {
    "endpoint": ("Service", None),
    "feature": ("Service", "Feature"),
    "defaultEntailmentRegime": ("Service", "EntailmentRegime"),
    "supportedLanguage": ("Service", "Language"),
    "resultFormat": ("Service", None),
    "inputFormat": ("Service", None),
    "defaultDataset": ("Service", "Dataset"),
    "defaultGraph": ("Dataset", "Graph"),
    "namedGraph": ("Dataset", "NamedGraph"),
    "name": ("NamedGraph", None),
    "graph": ("NamedGraph", "Graph"),
}
# What the specification itself defines.
DEFINED = {
    "SPARQL10Query": "Language",
    "SPARQL11Query": "Language",
    "SPARQL11Update": "Language",
    "DereferencesURIs": "Feature",
    "UnionDefaultGraph": "Feature",
    "RequiresDataset": "Feature",
    "EmptyGraphs": "Feature",
    "BasicFederatedQuery": "Feature",
}


@pytest.fixture(scope="module")
def stored(demo: Path) -> tuple[ox.Triple, ...]:
    return stored_description(open_store(demo).query(DESCRIPTION_QUERY))


def asked(triples: list[ox.Triple], query: str) -> list[tuple[str, ...]]:
    """What a query finds in the description alone, as a client that has fetched it would ask."""
    store = ox.Store()
    store.extend(ox.Quad(t.subject, t.predicate, t.object) for t in triples)
    found = store.query(PREFIXES + query)
    assert isinstance(found, ox.QuerySolutions)
    return [tuple(term.value for term in row) for row in found]


def values(triples: list[ox.Triple], name: str) -> set[str]:
    return {t.object.value for t in triples if t.predicate.value == f"{SD}{name}"}


@pytest.mark.parametrize("format_", formats_for(Form.TRIPLES), ids=lambda format_: format_.name)
def test_it_is_rdf_in_every_format(format_, stored: tuple[ox.Triple, ...]) -> None:
    triples = list(service_description(Endpoint(ADDRESS), stored))

    written = write_document(triples, format_)

    rdf_format = ox.RdfFormat.from_media_type(format_.media_type)
    assert {quad.triple for quad in ox.parse(written, format=rdf_format)} == set(triples)


def test_it_names_the_endpoint(stored: tuple[ox.Triple, ...]) -> None:
    triples = list(service_description(Endpoint(ADDRESS), stored))

    assert asked(triples, "SELECT ?endpoint { ?service a sd:Service ; sd:endpoint ?endpoint }") == [
        (ADDRESS,)
    ]


@pytest.mark.parametrize("union", [True, False])
@pytest.mark.parametrize("held", [True, False])
def test_it_keeps_to_the_schema(union: bool, held: bool, stored: tuple[ox.Triple, ...]) -> None:
    endpoint = Endpoint(ADDRESS, union=union, updates=True, federated=True)
    triples = list(service_description(endpoint, stored if held else ()))

    classes = {(t.subject.value, t.object.value) for t in triples if t.predicate.value == iri("rdf:type")}
    classes |= {(f"{SD}{name}", f"{SD}{class_}") for name, class_ in DEFINED.items()}
    classes.add(("http://www.w3.org/ns/entailment/Simple", f"{SD}EntailmentRegime"))
    used = [t for t in triples if t.predicate.value.startswith(SD)]
    assert len(used) > 10
    for triple in used:
        subject_class, object_class = SCHEMA[triple.predicate.value.removeprefix(SD)]
        assert (triple.subject.value, f"{SD}{subject_class}") in classes, triple
        assert isinstance(triple.object, ox.NamedNode)
        if object_class is not None:
            assert (triple.object.value, f"{SD}{object_class}") in classes, triple
    # One dataset has one default graph, and one service one default dataset.
    assert len(asked(triples, "SELECT ?d { ?s sd:defaultDataset ?d }")) == 1
    assert len(asked(triples, "SELECT ?g { ?s sd:defaultDataset/sd:defaultGraph ?g }")) == 1


def test_it_says_only_what_the_service_can_do(stored: tuple[ox.Triple, ...]) -> None:
    plain = list(service_description(Endpoint(ADDRESS), stored))
    full = list(service_description(Endpoint(ADDRESS, union=False, updates=True, federated=True), stored))

    assert values(plain, "feature") == {f"{SD}UnionDefaultGraph"}
    assert values(full, "feature") == {f"{SD}BasicFederatedQuery"}
    assert values(plain, "supportedLanguage") == {f"{SD}SPARQL11Query"}
    assert values(full, "supportedLanguage") == {f"{SD}SPARQL11Query", f"{SD}SPARQL11Update"}
    assert not values(plain, "inputFormat")
    assert "http://www.w3.org/ns/formats/Turtle" in values(full, "inputFormat")


def test_every_format_of_answers_is_listed() -> None:
    listed = values(list(service_description(Endpoint(ADDRESS), ())), "resultFormat")

    assert len(listed) == sum(len(formats_for(form)) for form in Form)


def test_limits_can_be_read_with_what_they_mean() -> None:
    endpoint = endpoint_of(Settings(time_seconds=20, result_rows=1_000), ADDRESS)
    triples = list(service_description(endpoint, ()))

    found = {
        name: (value, unit, meaning)
        for name, value, unit, meaning in asked(
            triples,
            f"""SELECT ?name ?value ?unit ?meaning {{ <{ADDRESS}> schema:additionalProperty ?limit .
              ?limit a schema:PropertyValue ; schema:name ?name ; schema:value ?value ; schema:unitText ?unit ;
                schema:description ?meaning }}""",
        )
    }
    assert found.keys() == LIMITS.keys()
    assert found["time_seconds"] == ("20", "s", "how long a query may take")
    assert found["result_rows"][:2] == ("1000", "rows")


def test_the_union_is_the_default_graph_with_its_statements_and_named_graphs(
    demo: Path, stored: tuple[ox.Triple, ...]
) -> None:
    triples = list(service_description(Endpoint(ADDRESS), stored))
    store = open_store(demo)

    whole = asked(triples, "SELECT ?n { ?s sd:defaultDataset/sd:defaultGraph/void:triples ?n }")
    named = asked(
        triples,
        """SELECT ?name ?n { ?s sd:defaultDataset/sd:namedGraph ?g . ?g sd:name ?name ; sd:graph/void:triples ?n }""",
    )

    assert whole == [(str(len({quad.triple for quad in store.oxigraph})),)]
    assert {name for name, _ in named} == {graph.value for graph in store.oxigraph.named_graphs()}


def test_where_the_default_graph_is_not_the_union_nothing_says_so(stored: tuple[ox.Triple, ...]) -> None:
    triples = list(service_description(Endpoint(ADDRESS, union=False), stored))

    assert asked(triples, "SELECT ?g { ?d sd:defaultGraph ?g }") == [(f"{ADDRESS}#default-graph",)]
    assert len(asked(triples, "SELECT ?g { ?s sd:defaultDataset/sd:namedGraph ?g }")) > 10


def test_a_client_finds_partitions_and_examples_in_it_without_asking_the_store(
    stored: tuple[ox.Triple, ...],
) -> None:
    text = write_document(service_description(Endpoint(ADDRESS), stored), formats_for(Form.TRIPLES)[0])

    graph = rdflib.Graph().parse(text, format="turtle")

    partitions = graph.query(
        """PREFIX void: <http://rdfs.org/ns/void#>
        SELECT ?class ?property { ?part void:class ?class ; void:propertyPartition/void:property ?property }"""
    )
    examples = graph.query(
        f"""PREFIX sh: <http://www.w3.org/ns/shacl#> PREFIX schema: <https://schema.org/>
        SELECT ?query {{ ?example a sh:SPARQLExecutable ; sh:select ?query ; schema:target <{ADDRESS}> }}"""
    )
    assert len(partitions) > 100
    assert len(examples) == len(questions())


def test_it_carries_the_licences_of_what_it_serves(stored: tuple[ox.Triple, ...]) -> None:
    triples = list(service_description(Endpoint(ADDRESS), stored))

    licences = {
        t.object.value
        for t in triples
        if t.subject == ox.NamedNode(ADDRESS) and t.predicate.value == iri("dcterms:license")
    }
    assert "https://creativecommons.org/licenses/by/4.0/" in licences


def test_a_store_that_says_nothing_of_itself_is_described_all_the_same(store_path: Path) -> None:
    store = GraphStore(store_path, ox.Store.read_only(str(store_path)))

    triples = list(service_description(Endpoint(ADDRESS), stored_description(store.query(DESCRIPTION_QUERY))))

    assert values(triples, "endpoint") == {ADDRESS}
    assert values(triples, "defaultDataset") == {f"{ADDRESS}#dataset"}


def test_pages_learn_how_many_things_there_are_of_each_class(
    demo: Path, stored: tuple[ox.Triple, ...]
) -> None:
    found = open_store(demo).query("SELECT (COUNT(*) AS ?genes) (SAMPLE(kg:Gene) AS ?class) { ?g a kg:Gene }")
    genes, class_ = next(iter(found))

    assert entities_by_class(stored)[class_.value] == int(genes.value)
    assert entities_by_class([]) == {}


def test_nothing_is_said_twice(stored: tuple[ox.Triple, ...]) -> None:
    triples = list(service_description(endpoint_of(Settings(), ADDRESS), stored))

    assert len(triples) == len(set(triples))


def test_the_suite_of_the_w3c_has_the_three_tests_that_are_kept_here(shared_data: Path) -> None:
    manifest = shared_data / "w3c" / "sparql11" / "service-description" / "manifest.ttl"
    if not manifest.exists():
        pytest.skip(f"the W3C suite is not on this machine: {manifest}")

    triples = ox.parse(
        manifest.read_bytes(), format=ox.RdfFormat.TURTLE, base_iri="http://example.org/manifest"
    )
    names = {t.object.value for t in triples if t.predicate.value.endswith("test-manifest#name")}

    assert names == {
        "GET on endpoint returns RDF",
        "Service description contains a matching sd:endpoint triple",
        "Service description conforms to schema",
    }
