"""Groups of phenotypes across species, and mappings held against definitions."""

from pathlib import Path

import polars as pl
import pytest

from impckg.graph.identifiers import iri
from impckg.graph.store import open_store
from impckg.ontology.documents.document import read_document
from impckg.ontology.documents.labels import labels_of
from impckg.ontology.grouping import compare_with_mappings, group_phenotypes
from impckg.ontology.reasoning.reasoner import classify

HEAD = """Prefix(obo:=<http://purl.obolibrary.org/obo/>) Prefix(rdfs:=<http://www.w3.org/2000/01/rdf-schema#>)
Ontology(
Declaration(ObjectProperty(obo:BFO_0000051)) Declaration(ObjectProperty(obo:RO_0000052))
Declaration(ObjectProperty(obo:RO_0002573)) Declaration(ObjectProperty(obo:BFO_0000050))
AnnotationAssertion(rdfs:label obo:BFO_0000051 "has part") AnnotationAssertion(rdfs:label obo:RO_0000052 "characteristic of")
AnnotationAssertion(rdfs:label obo:PATO_0000586 "increased size") AnnotationAssertion(rdfs:label obo:PATO_0000117 "size")
AnnotationAssertion(rdfs:label obo:UBERON_0000948 "heart") AnnotationAssertion(rdfs:label obo:UBERON_0002107 "liver")
SubClassOf(obo:PATO_0000586 obo:PATO_0000117)
"""


def defined(term: str, quality: str, entity: str, abnormal: bool = False) -> str:
    modifier = " ObjectSomeValuesFrom(obo:RO_0002573 obo:PATO_0000460)" if abnormal else ""
    return (
        f"EquivalentClasses(obo:{term} ObjectSomeValuesFrom(obo:BFO_0000051 ObjectIntersectionOf(obo:{quality}"
        f" ObjectSomeValuesFrom(obo:RO_0000052 obo:{entity}){modifier})))\n"
    )


LARGE_HEARTS = defined("MP_0000274", "PATO_0000586", "UBERON_0000948") + defined(
    "HP_0001640", "PATO_0000586", "UBERON_0000948"
)


def grouped(tmp_path: Path, axioms: str):
    path = tmp_path / "o.ofn"
    path.write_text(HEAD + axioms + ")", encoding="utf-8")
    documents = [read_document(path)]
    classification = classify(documents)
    return documents, classification, group_phenotypes(documents, classification, labels_of(documents))


def test_terms_that_are_defined_alike_are_in_one_group_with_a_name(tmp_path):
    _, _, groups = grouped(tmp_path, LARGE_HEARTS)

    group = "impckg:phenotype/BFO_0000051/PATO_0000586/RO_0000052/UBERON_0000948"
    assert groups.table.rows() == [
        (
            group,
            "increased size of heart",
            "'has part' some ('increased size' and 'characteristic of' some heart)",
        )
    ]
    assert groups.members.rows() == [("HP:0001640", group), ("MP:0000274", group)]


def test_terms_below_a_definition_are_in_its_group_too(tmp_path):
    wider = defined("HP_0000001", "PATO_0000117", "UBERON_0000948", abnormal=False)

    _, _, groups = grouped(
        tmp_path,
        defined("MP_0000274", "PATO_0000586", "UBERON_0000948")
        + wider
        + "SubClassOf(obo:MP_0000009 obo:MP_0000274)",
    )

    assert groups.table["label"].to_list() == ["size of heart"]
    assert groups.members["term"].to_list() == ["HP:0000001", "MP:0000009", "MP:0000274"]


def test_a_definition_of_one_species_alone_makes_no_group(tmp_path):
    _, _, groups = grouped(
        tmp_path,
        defined("MP_0000274", "PATO_0000586", "UBERON_0000948")
        + defined("HP_0000002", "PATO_0000586", "UBERON_0002107"),
    )

    assert groups.table.is_empty()
    assert groups.members.is_empty()


def test_a_neutral_class_that_means_the_same_gives_the_group_its_iri_and_its_label(tmp_path):
    neutral = defined("UPHENO_0001003", "PATO_0000586", "UBERON_0000948")
    named = neutral + 'AnnotationAssertion(rdfs:label obo:UPHENO_0001003 "large heart")'

    without = grouped(tmp_path, LARGE_HEARTS + neutral)[2].table.rows()
    with_label = grouped(tmp_path, LARGE_HEARTS + named)[2].table.rows()

    assert without[0][:2] == ("UPHENO:0001003", "increased size of heart")
    assert with_label[0][:2] == ("UPHENO:0001003", None)


def test_what_is_abnormal_by_a_modifier_says_so(tmp_path):
    _, _, groups = grouped(
        tmp_path,
        defined("MP_0000001", "PATO_0000117", "UBERON_0000948", True)
        + defined("HP_0000001", "PATO_0000117", "UBERON_0000948", True),
    )

    assert groups.table["label"].to_list() == ["abnormal size of heart"]


def test_mappings_are_held_against_definitions(tmp_path):
    documents, classification, _ = grouped(
        tmp_path,
        LARGE_HEARTS
        + defined("MP_0000002", "PATO_0000586", "UBERON_0002107")
        + defined("HP_0000002", "PATO_0000586", "UBERON_0002107")
        + defined("HP_0000003", "PATO_0000117", "UBERON_0000948")
        + "SubClassOf(obo:MP_0000009 obo:MP_0000274) Declaration(Class(obo:HP_0000008)) Declaration(Class(obo:MP_0000008))",
    )
    mappings = pl.DataFrame(
        {
            "from": ["MP:0000274", "MP:0000274", "MP:0000274", "MP:0000009", "MP:0000008", "MP:0000274"],
            "to": ["HP:0001640", "HP:0000002", "HP:0000003", "HP:0001640", "HP:0000008", "HP:0001640"],
        }
    )

    found = compare_with_mappings(documents, classification, mappings)

    assert found.rows() == [
        ("MP:0000274", "HP:0001640", "confirmed"),
        ("MP:0000274", "HP:0000002", "contradicted"),
        ("MP:0000002", "HP:0000002", "gained"),
        ("MP:0000009", "HP:0001640", "nested"),
        ("MP:0000274", "HP:0000003", "nested"),
        ("MP:0000008", "HP:0000008", "undecided"),
    ]


def test_every_mapping_has_one_verdict(demo):
    verdicts = pl.read_csv(demo / "reports" / "mappings-and-definitions.tsv", separator="\t")
    mapped = open_store(demo).query("SELECT ?m ?h { ?m kg:mapsTo ?h }")
    pairs = {(row[0].value, row[1].value) for row in mapped}

    said = {(iri(a), iri(b)): verdict for a, b, verdict in verdicts.rows()}
    assert len(said) == verdicts.height
    assert {pair for pair, verdict in said.items() if verdict != "gained"} == pairs
    assert verdicts["verdict"].n_unique() == 5


@pytest.mark.parametrize("species", ["MP", "HP"])
def test_every_group_of_the_demo_has_terms_of_both_species_and_a_name(demo, species):
    alone = open_store(demo).query(
        f"""SELECT ?group {{ ?group a kg:PhenotypeGroup
        FILTER NOT EXISTS {{ ?term kg:groupedUnder ?group FILTER(CONTAINS(STR(?term), "/{species}_")) }} }}"""
    )
    unnamed = open_store(demo).query(
        "SELECT ?group { ?group a kg:PhenotypeGroup FILTER NOT EXISTS { ?group rdfs:label ?l } }"
    )

    assert list(alone) == list(unnamed) == []


def test_no_group_makes_terms_of_two_species_the_same(demo):
    same = open_store(demo).query("ASK { ?a owl:equivalentClass ?b }")

    assert not bool(same)
