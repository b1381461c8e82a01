"""The reference range plus framework against the R package that the IMPC runs."""

import gzip
import json

import numpy as np
import polars as pl
import pytest

from impckg.graph.errors import BadParameter
from impckg.loaders.statistics.reference_range import (
    classification_tag,
    reference_range,
    reference_range_plus,
)

CASES = (
    "RR01_real_grip",
    "RR02_abr_high",
    "RR03_abr_null_small",
    "RR04_skewed_low",
    "RR05_female_only",
    "RR06_few_controls",
)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("sex", [None, "Female", "Male"])
def test_it_finds_what_openstats_finds(case, sex, shared_data):
    folder = shared_data / "statistics"
    golden = json.loads(gzip.decompress((folder / "golden" / f"{case}.json.gz").read_bytes()))["result"]
    quantiles = golden["control_quantiles"].get(sex or "overall")
    if quantiles is None:
        pytest.skip(f"{case} has no {sex} animals")
    animals = pl.read_csv(folder / "data" / f"{case}.csv.gz").drop_nulls("data_point")
    if sex is not None:
        animals = animals.filter(pl.col("sex") == sex.lower())

    found = reference_range(
        animals["data_point"].cast(pl.Float64).to_numpy(),
        (animals["biological_sample_group"] == "experimental").to_numpy(),
    )

    # The reference has 15 digits.
    assert found.lower == pytest.approx(quantiles["q0.025"], rel=1e-14)
    assert found.upper == pytest.approx(quantiles["q0.975"], rel=1e-14)
    for name, tail in (("Low", found.low), ("High", found.high)):
        test = golden["tests"][f"{name}.data_point.Genotype" + (f".{sex}" if sex else "")]
        table = test["Genotype"]["tables"]["Complete table"]
        assert tail.p_value == pytest.approx(table["p_value"], rel=1e-7)
        if table["table"] is not None:
            theirs = dict(zip(table["table"]["rows"], table["table"]["counts"], strict=True))
            assert tail.table[0].tolist() == theirs[name]
            assert tail.effect == pytest.approx(table["effect"], abs=1e-12)


@pytest.mark.parametrize("case", CASES)
def test_the_tag_is_that_of_openstats(case, shared_data):
    folder = shared_data / "statistics"
    golden = json.loads(gzip.decompress((folder / "golden" / f"{case}.json.gz").read_bytes()))["result"]
    animals = pl.read_csv(folder / "data" / f"{case}.csv.gz").drop_nulls("data_point")

    found = reference_range_plus(
        animals["data_point"].cast(pl.Float64).to_numpy(),
        (animals["biological_sample_group"] == "experimental").to_numpy(),
        (animals["sex"] == "male").to_numpy(),
    )

    assert found.tag == golden["report"]["Classification tag"]["Classification tag"]


@pytest.mark.parametrize(
    ("overall", "by_sex", "tag"),
    [
        (
            "High",
            {"Female": "High", "Male": "Low"},
            "males (Low), females (High) and in combined dataset (High)",
        ),
        ("Low", {"Female": None, "Male": None}, "combined dataset only (Low)"),
        (None, {"Female": "High", "Male": "High"}, "males (High) and females (High) datasets"),
        (None, {"Female": None, "Male": "Low"}, "males (Low) dataset only"),
    ],
)
def test_the_tag_says_which_groups_and_which_tails(overall, by_sex, tag):
    assert (
        classification_tag(overall, by_sex) == f"With phenotype threshold value 1e-04 - significant in {tag}"
    )


@pytest.mark.parametrize(
    ("values", "mutants", "message"),
    [
        ([1.0, 2.0], [True, True], "there is no control"),
        ([1.0, np.nan], [False, True], "missing or infinite"),
        ([np.inf, 1.0], [False, True], "missing or infinite"),
        ([1.0], [False, True], "expected one for each animal"),
    ],
)
def test_what_has_no_range_is_refused(values, mutants, message):
    with pytest.raises(BadParameter, match=message):
        reference_range(np.array(values), np.array(mutants))


def test_equal_values_are_in_both_tails():
    found = reference_range(np.full(30, 5.0), np.arange(30) > 25)

    assert found.low.table.tolist() == found.high.table.tolist() == [[26, 4], [0, 0]]
    assert found.low.p_value == found.high.p_value == 1.0
