"""GenTaR's colonies."""

import pytest


@pytest.fixture(scope="module")
def outcome(read):
    return read("gentar_colonies", "phenotyping_colonies.tsv")


def test_a_line_knows_its_gene_its_strain_and_who_makes_and_measures_it(outcome):
    assert outcome.things("Line")["impckg:line/JR25849"] == {
        "label": "JR25849",
        "gene": "MGI:96522",
        "strain": "MGI:3056279",
        "production_centre": "impckg:centre/HMGU",
        "phenotyping_centre": "impckg:centre/JAX",
    }


def test_the_name_of_a_colony_is_kept_and_escaped_in_its_identifier(outcome):
    assert outcome.things("Line")["impckg:line/CR10962%2Fa%20b"] == {
        "label": "CR10962/a b",
        "gene": "MGI:1261775",
        "production_centre": "impckg:centre/UC%20Davis",
    }


def test_centres_genes_and_strains_are_mentioned_each_once(outcome):
    assert list(outcome.things("Centre").values()) == [
        {"label": name} for name in ("WTSI", "HMGU", "UC Davis", "MRC Harwell", "JAX")
    ]
    assert outcome.things("Strain")["impckg:strain/IMPC-CURATE-1A2B"] == {"label": "C57BL/6 (local)"}
    assert outcome.things("Gene")["MGI:104785"] == {"symbol": "Myo6"}


def test_rows_without_a_line_or_a_gene_are_put_aside(outcome):
    assert outcome.rejects == [
        (6, "duplicated", "colony", "MEYZ"),
        (7, "missing_value", "colony", None),
        (8, "missing_value", "gene", None),
        (9, "malformed_identifier", "gene", "101757"),
        (10, "unexpected_prefix", "gene", "HGNC:1874"),
    ]
