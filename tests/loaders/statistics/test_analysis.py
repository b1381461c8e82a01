"""A test from its animals to its outcome, against the reference cases and on what can be wrong with animals."""

import gzip
import json

import numpy as np
import polars as pl
import pytest

from impckg.graph.errors import BadParameter
from impckg.loaders.statistics.analysis import Animals, Status, analyse, counts
from impckg.loaders.statistics.fisher import COMPLETE
from impckg.loaders.statistics.gates import Framework

FRAMEWORKS = {"MM": "MM", "WIN": "MM", "FE": "FE", "RR": "RR"}


def numbers(column):
    return column.cast(pl.Float64).fill_null(float("nan")).to_numpy()


def animals_of(path):
    table = pl.read_csv(path)
    return Animals(
        values=table["category"].fill_null("").to_numpy().astype(np.str_)
        if "category" in table.columns
        else numbers(table["data_point"]),
        is_mutant=(table["biological_sample_group"] == "experimental").to_numpy(),
        is_male=(table["sex"] == "male").to_numpy(),
        date=table["date_of_experiment"].to_numpy().astype(np.str_),
        weight=numbers(table["weight"]) if "weight" in table.columns else np.full(len(table), np.nan),
    )


def drawn(mutants=10, controls=40, seed=1, dates=4):
    """Animals of both sexes, none of them affected."""
    generator = np.random.default_rng(seed)
    count = mutants + controls
    number = np.arange(count)
    return Animals(
        values=generator.normal(10, 2, count),
        is_mutant=number < mutants,
        is_male=number % 2 == 0,
        date=np.array([f"2020-01-{day + 1:02}" for day in number % dates]),
        weight=generator.normal(25, 2, count),
    )


def with_values(animals, values):
    return Animals(np.asarray(values), animals.is_mutant, animals.is_male, animals.date, animals.weight)


def test_every_reference_case_takes_the_way_that_the_pipeline_takes(shared_data):
    folder = shared_data / "statistics"
    seen = 0
    for path in sorted((folder / "golden").glob("*.json.gz")):
        golden = json.loads(gzip.decompress(path.read_bytes()))
        found = analyse(
            animals_of(folder / "data" / f"{golden['case_id']}.csv.gz"),
            golden["parameter"],
            Framework(FRAMEWORKS[golden["framework"]]),
        )

        assert (found.status is Status.SUCCESSFUL) == golden["gates"]["pass"], path.name
        assert bool(found.reasons) == (found.result is None), path.name
        seen += 1
    assert seen == 39


def test_the_front_door_gives_what_openstats_gives(shared_data):
    folder = shared_data / "statistics"
    strict = json.loads(gzip.decompress((folder / "golden/MM20_real_sparc_bone.json.gz").read_bytes()))
    categories = json.loads(gzip.decompress((folder / "golden/FE03_three_levels.json.gz").read_bytes()))

    bone = analyse(animals_of(folder / "data/MM20_real_sparc_bone.csv.gz"), strict["parameter"]).result
    levels = analyse(animals_of(folder / "data/FE03_three_levels.csv.gz"), categories["parameter"]).result

    theirs = strict["result"]["final_model_tight"]["coefficients"]
    rows = theirs if isinstance(theirs, list) else [dict(term=name, **row) for name, row in theirs.items()]
    p_value = next(row["p_value"] for row in rows if row.get("term") == "Genotypeexperimental")
    assert np.log10(bone.genotype.p_value) == pytest.approx(np.log10(p_value), abs=1e-3)
    table = categories["result"]["tests"]["category"]["Genotype"]["tables"]["Complete table"]
    assert levels.genotype[COMPLETE].p_value == pytest.approx(table["p_value"], rel=1e-7)


def test_a_sex_without_mutants_is_left_out():
    animals = drawn()
    only_male = animals.those(~animals.is_mutant | animals.is_male)

    found = analyse(only_male, "X")

    assert found.status is Status.SUCCESSFUL
    assert counts(only_male.those(found.kept)) == {
        "female_mutant_count": 0,
        "female_control_count": 0,
        "male_mutant_count": 5,
        "male_control_count": 20,
    }


@pytest.mark.parametrize(
    ("animals", "reason"),
    [
        (drawn(mutants=1), "controls or mutants are missing"),
        (drawn(mutants=0), "controls or mutants are missing"),
        (with_values(drawn(), np.full(50, 3.0)), "all values are equal"),
        (with_values(drawn(), np.full(50, np.nan)), "controls or mutants are missing"),
        (with_values(drawn(), np.full(50, np.inf)), "controls or mutants are missing"),
        (drawn(mutants=0, controls=0), "controls or mutants are missing"),
    ],
)
def test_what_cannot_be_tested_is_not_processed_and_says_why(animals, reason):
    found = analyse(animals, "X")

    assert found.status is Status.NOT_PROCESSED
    assert reason in found.reasons


@pytest.mark.parametrize(
    "animals",
    [
        drawn(dates=1),
        with_values(drawn(), drawn().weight),
        with_values(drawn(), drawn().values * 1e150),
        with_values(drawn(), drawn().values * 1e305),
        with_values(drawn(), drawn().values * 1e-200),
        with_values(drawn(), 1e12 + drawn().values),
        with_values(drawn(), np.where(np.arange(50) == 3, 1e300, drawn().values)),
        with_values(drawn(), np.where(drawn().is_mutant, 1e9, 0) + np.arange(50) % 7),
    ],
    ids=["one batch", "the weight itself", "1e150", "1e305", "1e-200", "1e12", "one huge", "apart"],
)
def test_odd_numbers_end_in_a_result_of_numbers_or_in_a_reason(animals):
    found = analyse(animals, "X")

    if found.result is None:
        assert found.status is not Status.SUCCESSFUL
        assert found.reasons
        return
    for estimate in found.result.coefficients.values():
        assert np.isfinite([estimate.value, estimate.standard_error, estimate.p_value]).all()
    assert 0 <= found.result.genotype.p_value <= 1
    assert 0 <= found.result.calibrated.p_value <= 1


def test_two_hundred_thousand_controls_are_not_too_many():
    found = analyse(drawn(mutants=14, controls=200_000, dates=400), "X")

    assert found.status is Status.SUCCESSFUL
    assert found.result.controls == 200_000


def test_the_order_of_animals_does_not_matter():
    animals = drawn(seed=3)
    other = animals.those(np.random.default_rng(5).permutation(50).astype(np.int64))

    one, two = analyse(animals, "X").result, analyse(other, "X").result

    assert two.genotype.p_value == pytest.approx(one.genotype.p_value, rel=1e-9)


def test_labels_that_say_nothing_are_left_out():
    labels = np.array(["normal"] * 45 + ["imageOnly"] * 5)
    animals = with_values(drawn(), np.where(np.arange(50) < 4, "abnormal", labels))

    found = analyse(animals, "IMPC_EYE_007_001")

    assert found.status is Status.SUCCESSFUL
    assert int(found.kept.sum()) == 45


def test_a_framework_that_does_not_fit_the_values_is_refused():
    with pytest.raises(BadParameter, match="FE is for categories"):
        analyse(drawn(), "X", Framework.FISHER)


def test_arrays_that_do_not_fit_together_are_refused():
    with pytest.raises(BadParameter, match="expected one value for each animal"):
        Animals(np.zeros(3), np.zeros(2, bool), np.zeros(3, bool), np.zeros(3, np.str_), np.zeros(3))


@pytest.mark.parametrize(("factor", "shift"), [(1.0, 0.0), (1.0, 100.0), (1000.0, 0.0), (1 / 28.35, 0.1)])
def test_body_weight_does_not_explain_itself_in_any_unit(factor, shift):
    rng = np.random.default_rng(5)
    is_mutant, is_male = np.arange(120) < 12, np.arange(120) % 2 == 0
    weight = rng.normal(25, 3, 120)
    date = np.array([f"2020-01-{day:02d}" for day in rng.integers(1, 20, 120)])

    found = analyse(Animals(factor * weight + shift, is_mutant, is_male, date, weight), "X").result

    assert "Weight" not in found.terms
    assert 1e-3 < found.genotype.p_value < 1
