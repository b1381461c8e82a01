"""What is left to be tested, against the gates of the IMPC's pipeline."""

import gzip
import json

import numpy as np
import polars as pl
import pytest

from impckg.graph.errors import BadParameter
from impckg.loaders.statistics.gates import CONDITIONS, Framework, check_gates, takes_weight

THEIRS = {
    "two_genotypes": "two_genotypes",
    "min_per_genotype": "enough_of_each",
    "max_ko_per_sex_gt1": "two_mutants",
    "genotypes_share_a_sex": "sex_in_common",
    "nonzero_variation": "variation",
    "unique_ratio_gt_0.005": "many_values",
    "rr_controls_gt_60": "enough_controls",
}
FRAMEWORKS = {
    "MM": Framework.MIXED_MODEL,
    "WIN": Framework.MIXED_MODEL,
    "FE": Framework.FISHER,
    "RR": Framework.REFERENCE_RANGE,
}


def read(path):
    animals = pl.read_csv(path)
    is_mutant = (animals["biological_sample_group"] == "experimental").to_numpy()
    is_male = (animals["sex"] == "male").to_numpy()
    if "category" in animals.columns:
        return animals, animals["category"].fill_null("").to_numpy().astype(str), is_mutant, is_male
    return animals, animals["data_point"].cast(pl.Float64).fill_null(np.nan).to_numpy(), is_mutant, is_male


def test_the_gates_of_all_golden_cases_are_those_of_the_pipeline(shared_data):
    folder = shared_data / "statistics"
    cases = sorted((folder / "golden").glob("*.json.gz"))

    for path in cases:
        golden = json.loads(gzip.decompress(path.read_bytes()))
        _, values, is_mutant, is_male = read(folder / "data" / f"{golden['case_id']}.csv.gz")
        found = check_gates(values, is_mutant, is_male, FRAMEWORKS[golden["framework"]], golden["parameter"])

        gates = golden["gates"]
        assert found.fewest == gates["min_samples_required"], path.name
        assert np.count_nonzero(found.kept) == gates["rows_after_group_filter"], path.name
        assert {name for name in CONDITIONS if name in found.broken} == {
            ours for theirs, ours in THEIRS.items() if not gates[theirs]
        }, path.name
        assert found.passed == gates["pass"], path.name

    assert len(cases) == 39


def test_weight_is_taken_where_the_pipeline_takes_it(shared_data):
    folder = shared_data / "statistics"
    fixed = {"MM02_real_grip_noweight"}
    compared = 0

    for path in sorted((folder / "golden").glob("*.json.gz")):
        golden = json.loads(gzip.decompress(path.read_bytes()))
        if golden["framework"] not in ("MM", "WIN") or golden["case_id"] in fixed:
            continue
        animals, values, is_mutant, is_male = read(folder / "data" / f"{golden['case_id']}.csv.gz")
        weights = np.full(len(values), np.nan)
        if "weight" in animals.columns:
            weights = animals["weight"].cast(pl.Float64).fill_null(np.nan).to_numpy()
        taken = takes_weight(weights, is_mutant, is_male)
        assert taken == (golden["equation"] == "withWeight"), path.name
        compared += 1

    assert compared > 20


@pytest.mark.parametrize(
    ("values", "mutants", "males", "broken"),
    [
        (
            [1.0, 2.0, 3.0, 4.0],
            [0, 0, 0, 0],
            [0, 0, 0, 0],
            {"two_genotypes", "enough_of_each", "two_mutants", "sex_in_common"},
        ),
        (
            [5.0] * 8,
            [0] * 4 + [1] * 4,
            [0] * 8,
            {"two_genotypes", "enough_of_each", "two_mutants", "sex_in_common", "variation", "many_values"},
        ),
        ([1.0, 2.0, 3.0, 4.0] * 2, [0] * 4 + [1] * 4, [0] * 4 + [1] * 4, {"sex_in_common"}),
    ],
)
def test_what_stands_against_a_test_is_named(values, mutants, males, broken):
    found = check_gates(
        np.array(values),
        np.array(mutants, dtype=bool),
        np.array(males, dtype=bool),
        Framework.MIXED_MODEL,
        "IMPC_GRS_001_001",
    )

    assert set(found.broken) == broken


def test_infinite_and_missing_values_are_left_out():
    values = np.array([1.0, np.inf, np.nan, 2.0, 3.0, 4.0])

    found = check_gates(
        values, np.zeros(6, dtype=bool), np.zeros(6, dtype=bool), Framework.MIXED_MODEL, "IMPC_GRS_001_001"
    )

    assert found.kept.tolist() == [True, False, False, True, True, True]


def test_shapes_that_differ_are_refused():
    with pytest.raises(BadParameter, match="expected one for each animal"):
        check_gates(np.zeros(3), np.zeros(2, dtype=bool), np.zeros(3, dtype=bool), Framework.MIXED_MODEL, "X")
