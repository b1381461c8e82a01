"""IMPC's hits by gene."""

import pytest


@pytest.fixture(scope="module")
def outcome(read):
    return read("impc_hits_per_gene", "phenotypeHitsPerGene.csv", version="18.0")


def test_hits_are_counted_and_named_by_their_terms_though_labels_hold_commas(outcome):
    assert outcome.things("HitsPerGene")["impckg:hits_per_gene/18.0/MGI:104785"] == {
        "gene": "MGI:104785",
        "hits": 2,
        "phenotypes": ["MP:0001262", "MP:0011100"],
    }


def test_a_gene_without_hits_was_tested_and_is_told_so(outcome):
    assert outcome.things("HitsPerGene")["impckg:hits_per_gene/18.0/MGI:101759"] == {
        "gene": "MGI:101759",
        "hits": 0,
    }


def test_labels_that_the_ontology_no_longer_has_leave_the_list_and_are_told(outcome):
    assert outcome.things("HitsPerGene")["impckg:hits_per_gene/18.0/MGI:101757"] == {
        "gene": "MGI:101757",
        "hits": 3,
        "phenotypes": ["MP:0001925"],
    }
    assert outcome.items == [
        (4, "unknown_label", "Phenotype Hits", "obsolete absent teeth"),
        (4, "unknown_label", "Phenotype Hits", "tail of a name that nobody knows"),
    ]


def test_rows_without_a_gene_or_a_count_are_put_aside(outcome):
    assert outcome.rejects == [
        (5, "duplicated", "gene", "MGI:104785"),
        (6, "malformed_identifier", "gene", "101757"),
        (7, "not_a_count", "hits", "many"),
        (8, "missing_value", "hits", None),
        (9, "not_a_count", "hits", "-1"),
    ]
