"""The Mammalian Phenotype ontology as a source."""

import pytest

from impckg.graph.errors import OntologyError


@pytest.fixture(scope="module")
def outcome(read):
    return read("mp", "mp.obo")


def test_every_term_of_the_ontology_is_a_row_and_others_are_not(outcome):
    terms = outcome.things("PhenotypeTerm")

    assert len(terms) == outcome.read == 10
    assert terms["MP:0001262"] == {
        "label": "decreased body weight",
        "definition": "lighter than most",
        "parents": ["MP:0005378"],
        "exact_synonyms": ["low body weight"],
        "subsets": ["IMPC"],
    }


def test_what_is_obsolete_says_so_and_what_is_not_says_nothing(outcome):
    terms = outcome.things("PhenotypeTerm")

    assert terms["MP:0000124"] == {
        "label": "obsolete absent teeth",
        "obsolete": True,
        "replaced_by": ["MP:0030610"],
    }
    assert [term for term, says in terms.items() if "obsolete" in says] == ["MP:0000012", "MP:0000124"]


def test_merged_identifiers_are_kept(outcome):
    assert outcome.things("PhenotypeTerm")["MP:0010768"]["alternative_ids"] == ["MP:0005372", "MP:0005373"]


def test_a_link_to_what_is_no_identifier_is_told_and_the_term_stays(outcome):
    assert outcome.things("PhenotypeTerm")["MP:0000012"]["consider"] == ["MP:0001262"]
    assert outcome.items == [(2, "malformed_identifier", "consider", "obo.MP_0008844")]
    assert outcome.rejects == []


def test_the_file_of_another_ontology_is_refused(read, fixture_file):
    with pytest.raises(OntologyError, match=r"hp\.obo: holds terms of HP; expected terms of MP"):
        read("mp", fixture_file("hp/hp.obo"))
