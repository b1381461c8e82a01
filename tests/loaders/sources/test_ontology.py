"""Ontologies that are there for their axioms, as a source."""

import pytest

from impckg.graph.errors import DamagedFile, OntologyError


@pytest.fixture(scope="module")
def outcome(read):
    return read("ontology", "definitions.ofn")


def test_classes_and_properties_come_with_their_labels_and_those_of_phenotypes_do_not(outcome):
    assert outcome.things("OntologyTerm") == {
        "<http://example.org/anatomy#body>": {},
        "PATO:0000587": {},
        "UBERON:0000468": {"label": "multicellular organism"},
    }
    assert outcome.things("Relation") == {
        "<http://example.org/anatomy#near>": {},
        "BFO:0000051": {"label": "has part"},
    }


def test_every_axiom_and_annotation_is_a_row(outcome):
    ontology_itself, declarations, labels, axioms = 1, 6, 4, 2

    assert outcome.read == ontology_itself + declarations + labels + axioms
    assert outcome.rejects == outcome.items == []


def test_a_file_that_breaks_off_says_where(read, fixture_file, tmp_path):
    text = fixture_file("ontology/definitions.ofn").read_text(encoding="utf-8")
    broken = tmp_path / "broken.ofn"
    broken.write_text(text[:-300], encoding="utf-8")

    with pytest.raises(OntologyError, match=r"^broken\.ofn:\d+:\d+: cannot be read at "):
        read("ontology", broken)


def test_an_empty_file_is_refused(read, tmp_path):
    empty = tmp_path / "empty.ofn"
    empty.write_text("", encoding="utf-8")

    with pytest.raises(DamagedFile, match="is empty; expected an ontology"):
        read("ontology", empty)
