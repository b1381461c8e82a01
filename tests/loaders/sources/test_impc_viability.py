"""IMPC's viability by line, in the layouts with and without Zygosity."""

import pytest


@pytest.fixture(scope="module")
def outcome(read):
    return read("impc_viability", "27_columns.csv")


def test_an_outcome_has_its_line_and_its_numbers_of_pups(outcome):
    assert outcome.things("Viability")["impckg:viability/MGI:96522/JR25849/homozygote/curated/lethal"] == {
        "gene": "MGI:96522",
        "allele": "MGI:5614604",
        "line": "impckg:line/JR25849",
        "centre": "impckg:centre/JAX",
        "strain": "MGI:3056279",
        "zygosity": "homozygote",
        "viability_outcome": "lethal",
        "pups": 60,
        "homozygous_pups": 0,
        "heterozygous_pups": 40,
        "wild_type_pups": 20,
        "breeding_strategy": "Het x Het",
        "call_method": "curated",
        "conflicting": False,
    }


def test_no_information_is_no_count_and_one_sex_alone_is_a_total(outcome):
    viability = outcome.things("Viability")
    x_linked = viability["impckg:viability/MGI:1918248/JR1/hemizygote/computed/viable"]
    one_sex = viability["impckg:viability/MGI:96522/JR2/homozygote/curated/subviable"]

    assert "homozygous_pups" not in x_linked
    assert (x_linked["hemizygous_pups"], x_linked["heterozygous_pups"]) == (7, 12)
    assert one_sex["homozygous_pups"] == 3


def test_lines_of_a_gene_that_disagree_say_so(outcome):
    conflicting = {row["line"]: row["conflicting"] for row in outcome.things("Viability").values()}

    assert conflicting == {
        "impckg:line/JR25849": False,
        "impckg:line/JR1": False,
        "impckg:line/JR2": True,
    }


def test_an_allele_before_its_release_goes_by_a_name_of_ours(outcome):
    assert outcome.things("Allele")["impckg:allele/NOT-RELEASED-aa11"] == {
        "symbol": "Phf6<em1(IMPC)J>",
        "gene": "MGI:1918248",
    }
    assert outcome.things("Line")["impckg:line/JR1"]["allele"] == "impckg:allele/NOT-RELEASED-aa11"


def test_without_the_column_zygosity_follows_from_the_supporting_data(read):
    viability = read("impc_viability", "26_columns.csv").things("Viability")

    assert [(row["line"], row["zygosity"]) for row in viability.values()] == [
        ("impckg:line/JR25849", "homozygote"),
        ("impckg:line/JR1", "hemizygote"),
        ("impckg:line/JR3", "homozygote"),
    ]


def test_rows_that_are_no_verdict_are_put_aside(outcome):
    assert outcome.rejects == [
        (5, "duplicated", "colony+zygosity+method+outcome", "JR25849 homozygote curated lethal"),
        (6, "unknown_outcome", "outcome", "Insufficient numbers"),
        (7, "not_a_count", "pups", "some"),
        (8, "unknown_zygosity", "zygosity", "homozygous"),
        (9, "malformed_identifier", "gene", "96522"),
        (10, "missing_value", "outcome", None),
        (11, "missing_value", "colony", None),
    ]
