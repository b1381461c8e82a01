"""The Fisher framework against the R package that the IMPC runs, case by case and table by table."""

import gzip
import json
import re

import numpy as np
import polars as pl
import pytest

from impckg.graph.errors import BadParameter
from impckg.loaders.statistics.fisher import COMPLETE, classification_tag, fisher_framework

CASES = (
    "FE01_real_thoracic",
    "FE02_two_levels",
    "FE03_three_levels",
    "FE04_four_levels_large",
    "FE05_male_only",
    "FE06_no_variation",
    "FE07_complete_separation",
)


@pytest.mark.parametrize("case", CASES)
def test_every_table_is_that_of_openstats(case, shared_data):
    folder = shared_data / "statistics"
    golden = json.loads(gzip.decompress((folder / "golden" / f"{case}.json.gz").read_bytes()))["result"]
    animals = pl.read_csv(folder / "data" / f"{case}.csv.gz").drop_nulls("category")

    found = fisher_framework(
        animals["category"].to_numpy().astype(str),
        (animals["biological_sample_group"] == "experimental").to_numpy(),
        (animals["sex"] == "male").to_numpy(),
    )

    ours = {"Genotype": found.genotype, "Sex": found.sex}
    ours |= {f"Genotype_{sex}": tests for sex, tests in found.genotype_by_sex.items()}
    ours |= {f"Sex_{genotype}": tests for genotype, tests in found.sex_by_genotype.items()}
    theirs = golden["tests"]["category"]
    assert set(ours) == set(theirs)
    for name, tests in ours.items():
        assert set(tests) == set(theirs[name]["tables"]), name
        for categories, test in tests.items():
            table = theirs[name]["tables"][categories]
            assert test.p_value == pytest.approx(table["p_value"], rel=1e-7), (name, categories)
            assert test.effect == (
                None if table["effect"] is None else pytest.approx(table["effect"], abs=1e-12)
            )
            if table["table"] is not None:
                assert test.table.tolist() == table["table"]["counts"]
    assert nine_digits(found.tag) == nine_digits(golden["report"]["Classification tag"]["Classification tag"])


def nine_digits(tag):
    return re.sub(r"pvalue = ([0-9.e-]+)", lambda found: f"pvalue = {float(found[1]):.9g}", tag)


def test_one_category_says_nothing():
    found = fisher_framework(np.array(["normal"] * 6), np.arange(6) > 3, np.arange(6) % 2 == 0)

    test = found.genotype[COMPLETE]
    assert (test.p_value, test.effect) == (1.0, None)


def test_categories_without_animals_are_refused():
    with pytest.raises(BadParameter, match="expected one for each animal, and animals"):
        fisher_framework(np.array([], dtype=str), np.array([], dtype=bool), np.array([], dtype=bool))


@pytest.mark.parametrize(
    ("p_value", "by_sex", "tag"),
    [
        (
            1e-9,
            {"Female": 1e-9, "Male": 1e-9},
            "With phenotype threshold value 1e-04 - significant in males, females and in combined dataset",
        ),
        (
            1e-9,
            {"Female": 0.5, "Male": 0.5},
            "With phenotype threshold value 1e-04 - significant in combined dataset only",
        ),
        (
            0.5,
            {"Female": 1e-9, "Male": 1e-9},
            "With phenotype threshold value 1e-04 - significant in males and in females datasets",
        ),
        (
            0.5,
            {"Female": 0.5, "Male": 1e-9},
            "With phenotype threshold value 1e-04 - significant in males dataset only",
        ),
        (0.25, {"Female": 0.5, "Male": 0.5}, "Not significant [level = 1e-04, pvalue = 0.25] "),
        (
            0.25,
            {"Female": 0.25},
            "Overally insignificant [level = 1e-04, pvalue = 0.25] and not significant for the only sex (female) tested",
        ),
    ],
)
def test_the_tag_says_which_groups_are_significant(p_value, by_sex, tag):
    assert classification_tag(p_value, by_sex) == tag
