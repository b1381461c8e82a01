"""IMPC's viability by gene."""

import pytest


@pytest.fixture(scope="module")
def outcome(read):
    return read("impc_viability_outcomes", "viability_outcomes.csv")


def test_the_chart_tells_zygosity_and_the_table_does_not(outcome):
    viability = outcome.things("Viability")

    assert viability["impckg:viability/MGI:1918248/hemizygote/viable"] == {
        "gene": "MGI:1918248",
        "zygosity": "hemizygote",
        "viability_outcome": "viable",
    }
    assert viability["impckg:viability/MGI:96522/gene/lethal"] == {
        "gene": "MGI:96522",
        "viability_outcome": "lethal",
    }


def test_a_gene_whose_lines_disagree_stands_in_two_outcomes(outcome):
    found = [
        v.get("viability_outcome") for v in outcome.things("Viability").values() if v["gene"] == "MGI:96522"
    ]

    assert found == ["lethal", "lethal", "subviable", None]


def test_windows_say_when_mutants_die(outcome):
    windows = {
        v["gene"]: v["lethality_window"]
        for v in outcome.things("Viability").values()
        if "lethality_window" in v
    }

    assert windows == {"MGI:96522": "early_lethal", "MGI:104785": "window_not_determined"}


def test_words_that_name_no_outcome_are_put_aside(outcome):
    assert outcome.rejects == [
        (8, "duplicated", "table+words+gene", "primaryViabilityTable Lethal MGI:96522"),
        (9, "unknown_outcome", "words", "Not lethal at all"),
        (10, "unknown_outcome", "outcome", "Immortal"),
        (11, "unknown_zygosity", "zygosity", "Trizygous"),
        (12, "unknown_window", "window", "next week"),
        (13, "unknown_table", "table", "secondaryViabilityTable"),
        (14, "unknown_prefix", "gene", "nobody:5"),
        (15, "missing_value", "words", None),
    ]


def test_every_row_that_is_kept_says_something(outcome):
    assert len(outcome.things("Viability")) == outcome.kept
