"""The Mondo Disease Ontology as a source."""

import pytest


@pytest.fixture(scope="module")
def outcome(read):
    return read("mondo", "mondo.obo")


def test_every_term_is_a_disease_with_its_cross_references(outcome):
    diseases = outcome.things("Disease")

    assert len(diseases) == outcome.read == 5
    assert diseases["MONDO:0007739"] == {
        "label": "Huntington disease",
        "parents": ["MONDO:0000001"],
        "exact_synonyms": ["HD"],
        "xrefs": ["DOID:12858", "ICD9:333.4", "MedDRA:10070668", "OMIM:143100", "Orphanet:399"],
    }


def test_equivalents_in_disease_databases_are_mappings_and_orphanet_is_spelled_as_annotations_do(outcome):
    mappings = outcome.things("Mapping")

    assert [(m["subject"], m["predicate"], m["object"]) for m in mappings.values()] == [
        ("MONDO:0007739", "skos:exactMatch", "OMIM:143100"),
        ("MONDO:0007739", "skos:exactMatch", "ORPHA:399"),
        ("MONDO:0008926", "skos:exactMatch", "OMIMPS:214150"),
    ]
    assert mappings["impckg:mapping/mondo/MONDO:0007739/skos:exactMatch/ORPHA:399"] == {
        "subject": "MONDO:0007739",
        "predicate": "skos:exactMatch",
        "object": "ORPHA:399",
        "justification": "semapv:UnspecifiedMatching",
        "mapping_set": "impckg:source/mondo/1",
    }


def test_neither_related_entries_nor_those_of_retired_terms_are_mapped(outcome):
    objects = {mapping["object"] for mapping in outcome.things("Mapping").values()}

    assert not objects & {"MedDRA:10070668", "DOID:12858", "OMIM:214150", "ORPHA:1466"}


def test_links_of_another_notation_are_told(outcome):
    assert outcome.items == [(3, "malformed_identifier", "consider", "obo.MONDO_0018037")]
    assert outcome.things("Disease")["MONDO:0000038"]["consider"] == ["MONDO:0000001"]
