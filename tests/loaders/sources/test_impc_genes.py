"""IMPC's catalogue of genes."""

import pytest


@pytest.fixture(scope="module")
def outcome(read):
    return read("impc_genes", "genes.jsonl")


def test_a_gene_has_its_names_each_once(outcome):
    assert outcome.things("Gene")["MGI:101757"] == {
        "symbol": "Cfl1",
        "name": "cofilin 1, non-muscle",
        "synonyms": ["cofilin", "Cof"],
        "human_gene_symbols": ["CFL1"],
        "phenotyping_data_available": False,
    }


def test_a_status_is_one_of_a_step_and_none_means_that_no_one_began(outcome):
    assert outcome.things("ProductionStatus") == {
        "impckg:production_status/MGI:101757/es_cell": {
            "gene": "MGI:101757",
            "production_step": "es_cell",
            "status": "ES Cells Produced",
        },
        "impckg:production_status/MGI:101757/mouse": {
            "gene": "MGI:101757",
            "production_step": "mouse",
            "status": "Mice Produced",
        },
        "impckg:production_status/MGI:101759/phenotyping": {
            "gene": "MGI:101759",
            "production_step": "phenotyping",
            "status": "Phenotyping data available",
        },
    }


def test_keys_that_an_object_lacks_say_nothing(outcome):
    assert outcome.things("Gene")["MGI:104785"] == {"symbol": "Myo6"}


def test_lines_that_are_no_gene_are_put_aside_and_blank_ones_are_none(outcome):
    assert outcome.read == 10
    assert outcome.rules == [
        (4, "duplicated"),
        (5, "malformed_identifier"),
        (6, "unexpected_prefix"),
        (7, "missing_value"),
        (8, "not_json"),
        (9, "not_json"),
    ]
