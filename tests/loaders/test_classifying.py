"""What a release makes of its ontologies, taken together."""

from pathlib import Path

import pytest

from impckg.graph.errors import OntologyError
from impckg.graph.schema import schema
from impckg.graph.store import open_store
from impckg.loaders.classifying import NONREDUNDANT, REDUNDANT, OntologyFile, classify_files
from impckg.ontology.reasoning.class_query import ask
from impckg.ontology.reasoning.keeping import open_kept
from impckg.ontology.reasoning.manchester import parse

OBO = "http://purl.obolibrary.org/obo/"
SUBSUMED_BY = schema().columns["subsumed_by"].iri
DIRECTLY = schema().columns["directly_subsumed_by"].iri
PART_OF, AFFECTS = OBO + "BFO_0000050", OBO + "UPHENO_0000001"
GRAPH = "https://w3id.org/impckg/graph/"

HEAD = "Prefix(obo:=<http://purl.obolibrary.org/obo/>) Prefix(ex:=<http://example.org/x#>) "


def written(folder: Path, name: str, text: str) -> OntologyFile:
    path = folder / name
    path.write_text(HEAD + text, encoding="utf-8")
    return OntologyFile(path, f"impckg:source/{name}")


@pytest.fixture
def anatomy(tmp_path: Path) -> OntologyFile:
    return written(
        tmp_path,
        "anatomy.ofn",
        "Ontology(<http://example.org/anatomy.owl> <http://example.org/1/anatomy.owl>"
        "Declaration(Class(obo:UBERON_0000948)) Declaration(Class(obo:UBERON_0002082)) Declaration(Class(ex:body))"
        "Declaration(ObjectProperty(obo:BFO_0000050)) TransitiveObjectProperty(obo:BFO_0000050)"
        "SubClassOf(obo:UBERON_0002082 ObjectSomeValuesFrom(obo:BFO_0000050 obo:UBERON_0000948))"
        "SubClassOf(obo:UBERON_0000948 ObjectSomeValuesFrom(obo:BFO_0000050 ex:body)))",
    )


def test_axioms_of_all_files_are_one(anatomy, tmp_path):
    more = written(
        tmp_path,
        "more.ofn",
        "Ontology(<http://example.org/more.owl> Import(<http://example.org/1/anatomy.owl>)"
        "Declaration(Class(obo:MP_0000001)) Declaration(Class(obo:MP_0000002))"
        "SubClassOf(obo:MP_0000002 obo:MP_0000001)"
        "SubClassOf(obo:MP_0000002 ObjectSomeValuesFrom(obo:BFO_0000051 ObjectIntersectionOf(obo:PATO_0000001"
        " ObjectSomeValuesFrom(obo:RO_0000052 obo:UBERON_0002082)))))",
    )

    found = classify_files([anatomy, more])

    assert found.relations[REDUNDANT][AFFECTS].rows() == [
        ("MP:0000002", "<http://example.org/x#body>"),
        ("MP:0000002", "UBERON:0000948"),
        ("MP:0000002", "UBERON:0002082"),
    ]
    assert found.relations[NONREDUNDANT][PART_OF].rows() == [
        ("UBERON:0000948", "<http://example.org/x#body>"),
        ("UBERON:0002082", "UBERON:0000948"),
    ]
    assert ("MP:0000002", "MP:0000002") in found.relations[REDUNDANT][SUBSUMED_BY].rows()
    assert found.relations[NONREDUNDANT][DIRECTLY].rows() == [("MP:0000002", "MP:0000001")]
    assert found.account.undeclared == (OBO + "PATO_0000001",)


def test_a_property_that_only_repeats_a_narrower_one_is_left_out(tmp_path):
    file = written(
        tmp_path,
        "o.ofn",
        "Ontology(SubObjectPropertyOf(obo:BFO_0000050 ex:overlaps)"
        "SubClassOf(ex:A ObjectSomeValuesFrom(obo:BFO_0000050 ex:B)))",
    )

    found = classify_files([file])

    assert PART_OF in found.relations[REDUNDANT]
    assert "http://example.org/x#overlaps" not in found.relations[REDUNDANT]


def test_a_term_knows_its_ontology_and_how_specific_it_is(anatomy):
    found = classify_files([anatomy])

    assert found.tables["ClassifiedTerm"].rows() == [
        ("<http://example.org/x#body>", None, 0.0),
        ("UBERON:0000948", f"<{OBO}uberon.owl>", pytest.approx(36.907, abs=0.001)),
        ("UBERON:0002082", f"<{OBO}uberon.owl>", 100.0),
    ]
    assert found.tables["Ontology"].rows() == [
        ("<http://example.org/anatomy.owl>", "http://example.org/1/anatomy.owl", "impckg:source/anatomy.ofn")
    ]


def test_an_import_that_no_file_is_names_both_and_what_is_there(anatomy, tmp_path):
    more = written(
        tmp_path, "more.ofn", "Ontology(<http://example.org/more.owl> Import(<http://example.org/ro.owl>))"
    )

    with pytest.raises(
        OntologyError,
        match=r"^more\.ofn: imports http://example\.org/ro\.owl, and no file of the recipe .* http://example\.org/anatomy\.owl",
    ):
        classify_files([anatomy, more])


def test_imports_may_go_in_a_circle(tmp_path):
    one = written(tmp_path, "1.ofn", "Ontology(<http://example.org/1> Import(<http://example.org/2>))")
    two = written(
        tmp_path,
        "2.ofn",
        "Ontology(<http://example.org/2> Import(<http://example.org/1>) SubClassOf(ex:A ex:B))",
    )

    assert classify_files([one, two]).account.subsumptions == 1


def test_what_looks_like_a_mistake_is_told(tmp_path):
    file = written(
        tmp_path,
        "odd.ofn",
        "Ontology(Declaration(Class(ex:A)) Declaration(Class(ex:B)) Declaration(Class(ex:p))"
        "Declaration(ObjectProperty(ex:p)) DisjointClasses(ex:A ex:B) SubClassOf(ex:C ex:A) SubClassOf(ex:C ex:B)"
        "SubClassOf(ex:A ObjectAllValuesFrom(ex:p ex:B)))",
    )

    account = classify_files([file]).account

    x = "http://example.org/x#"
    assert account.unsatisfiable == account.undeclared == (x + "C",)
    assert account.punned == (x + "p",)
    assert account.outside == {"ObjectAllValuesFrom": 1}


def test_an_unsatisfiable_class_stands_in_no_relation(tmp_path):
    file = written(
        tmp_path,
        "odd.ofn",
        "Ontology(DisjointClasses(ex:A ex:B) SubClassOf(ex:C ex:A) SubClassOf(ex:C ex:B))",
    )

    found = classify_files([file])

    assert found.relations[REDUNDANT][SUBSUMED_BY].rows() == [
        (f"<http://example.org/x#{n}>",) * 2 for n in "AB"
    ]
    assert found.relations[NONREDUNDANT][DIRECTLY].rows() == []


# The demo -----------------------------------------------------------------------------------------------


def test_a_release_keeps_its_classification(demo):
    kept = open_kept(demo / "reasoning")

    answer = ask(
        kept.classification,
        parse("'has part' some ('increased size' and 'characteristic of' some heart)", kept.names),
    )

    assert {OBO + "MP_0000274", OBO + "HP_0001640"} <= {*answer.below, *answer.equivalent}


def test_the_closure_in_the_store_is_a_walk_over_the_direct_hierarchy(demo):
    store = open_store(demo)
    walked = store.query(
        "SELECT DISTINCT ?class ?above { GRAPH ?g { ?class kg:directlySubsumedBy* ?above } }",
        named_graphs=[GRAPH + "nonredundant"],
    )
    closed = store.query(
        f"SELECT ?class ?above {{ GRAPH <{GRAPH}redundant> {{ ?class kg:subsumedBy ?above }} }}"
    )

    walked = {(row[0].value, row[1].value) for row in walked}
    closed = {(row[0].value, row[1].value) for row in closed}
    # A walk does not step from a class to one that means the same, unless something lies above or below both.
    apart = {(a, b) for a, b in closed - walked if (b, a) in closed}
    assert walked <= closed
    assert closed - walked == apart
    assert len(closed) > 50_000


def test_what_is_nonredundant_is_redundant_too(demo):
    graphs = (
        "GRAPH <{0}nonredundant> {{ ?s ?p ?o }} FILTER NOT EXISTS {{ GRAPH <{0}redundant> {{ ?s ?p ?o }} }}"
    )
    left = open_store(demo).query(f"SELECT DISTINCT ?p {{ {graphs.format(GRAPH)} }}")

    assert [row[0].value for row in left] == [DIRECTLY]


def test_every_term_of_the_hierarchy_is_classified(demo):
    missing = open_store(demo).query(
        "SELECT ?term { ?term kg:isA ?term FILTER NOT EXISTS { ?term a kg:ClassifiedTerm } }"
    )

    assert list(missing) == []


def test_told_is_inferred(demo):
    missing = open_store(demo).query(
        "SELECT ?term ?above { ?term kg:isA ?above FILTER NOT EXISTS { ?term kg:subsumedBy ?above } }"
    )

    assert list(missing) == []
