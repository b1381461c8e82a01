"""Soft windowing against PhenStatWindow and SmoothWin, and what windows are in themselves."""

import numpy as np
import pytest
from scipy import special

from impckg.loaders.statistics.mixed_model.design import design
from impckg.loaders.statistics.mixed_model.model import mixed_model
from impckg.loaders.statistics.mixed_model.peaks import MOST_PEAKS, chosen_peaks, drawn
from impckg.loaders.statistics.mixed_model.window import FLOOR, SMALLEST_WEIGHT, date_weights, find_window
from impckg.loaders.statistics.mixed_model.windowed import ALL_ALIKE, STANDARDISED_WEIGHTS, windowed_model

CASES = ("WIN01_real_grip", "WIN02_drift")


def days_of(case):
    return np.array([np.datetime64(text[:10], "D") for text in case.date]).astype(np.int64)


@pytest.fixture(params=CASES)
def case(request, read_case):
    return read_case(request.param)


@pytest.fixture
def found(case):
    arguments = (case.response, case.is_mutant, case.is_male, days_of(case), case.weight)
    return windowed_model(*arguments, mixed_model(*arguments).full_terms)


def test_the_window_is_that_of_smoothwin(case, found):
    theirs = case.result["window"]

    window = found.window

    assert window.half_width == theirs["l"]
    assert window.shape == pytest.approx(theirs["k"], rel=1e-12)
    # SmoothWin's fits stop short of the optimum, and a score is a sum of p-values of residuals.
    assert window.half_width_score == pytest.approx(theirs["l_score"], abs=2e-3)
    assert window.shape_score == pytest.approx(theirs["k_score"], abs=2e-3)
    assert window.fewest == theirs["min_obs"]
    assert int(window.inside.sum()) == theirs["obs_in_window"]
    assert window.widths == theirs["n_bandwidths"]


def test_weights_are_equal(case, found):
    # The reference is in order of time; dates have one weight each.
    by_date = {row["date"][:10]: row["weight"] for row in case.result["weights"]}
    theirs = np.array([by_date[text[:10]] for text in case.date[found.rows]])

    assert found.window.weight == pytest.approx(theirs, rel=1e-9, abs=1e-14)


def test_the_model_in_the_window_is_that_of_openstats(case, found):
    golden = case.result["windowed"]
    ours = found.model

    assert (
        " + ".join(term for term in ours.terms if term != "Intercept")
        == golden["final_model"]["formula"].split(" ~ ")[1]
    )
    assert ours.has_batch == golden["batch_in"]
    assert not ours.has_own_variance
    assert ours.controls + ours.mutants == golden["n_rows"]
    assert ours.tag == golden["report"]["Classification tag"]["Classification tag"]
    names = {
        "(Intercept)": "Intercept",
        "Genotypeexperimental": "Genotype",
        "SexMale": "Sex",
        "Weight": "Weight",
    }
    for row in golden["final_model_tight"]["coefficients"]:
        estimate = ours.coefficients[names[row["term"]]]
        assert estimate.value == pytest.approx(row["estimate"], abs=2e-5 * row["std_error"])
        assert estimate.degrees_of_freedom == row["df"]
        assert np.log10(estimate.p_value) == pytest.approx(np.log10(row["p_value"]), abs=1e-3)
    split = {row["term"]: row for row in golden["split_model_tight"]["coefficients"]}
    for sex, estimate in (("Female", ours.female), ("Male", ours.male)):
        row = split[f"Sex{sex}:Genotypeexperimental"]
        assert np.log10(estimate.p_value) == pytest.approx(np.log10(row["p_value"]), abs=1e-3)
        assert estimate.degrees_of_freedom == row["df"]


def test_effects_and_residuals_are_those_of_openstats(case, found):
    report = case.result["windowed"]["report"]
    ours = found.model

    changes = report["Genotype percentage change"]
    for effect, name, sex in (
        (ours.effect, "Genotype", None),
        (ours.female_effect, "Sex FvKO", "Female"),
        (ours.male_effect, "Sex MvKO", "Male"),
    ):
        assert effect.size == pytest.approx(report[f"{name} effect size"]["Value"], rel=1e-3)
        if sex:
            assert effect.percentage_change == pytest.approx(
                changes[f"Sex{sex}:Genotypeexperimental"], rel=1e-3
            )
    assert ours.normality["control"].p_value == pytest.approx(
        report["Gp1 Residuals normality test"]["P-value"], rel=1e-4
    )
    assert ours.normality["experimental"].p_value == pytest.approx(
        report["Gp2 Residuals normality test"]["P-value"], rel=1e-4
    )
    assert STANDARDISED_WEIGHTS in ours.flags


def test_the_union_of_windows_is_that_of_all_products():
    dates, peaks = np.arange(0, 400, 7), np.array([100, 130, 300])
    each = special.expit((dates - peaks[:, None] + 20) * 0.7) * (
        1 - special.expit((dates - peaks[:, None] - 20) * 0.7)
    )
    a, b, c = each / each.max(axis=1, keepdims=True)
    union = a + b + c - a * b - a * c - b * c + a * b * c
    stretched = (union - union.min()) / (union.max() - union.min())

    assert date_weights(dates, peaks, 20, 0.7) == pytest.approx(np.maximum(stretched, FLOOR), abs=1e-12)


@pytest.mark.parametrize("shape", [0.5, 2.0, 10.0])
@pytest.mark.parametrize("half_width", [1, 30, 3000])
def test_weights_are_between_the_floor_and_one(half_width, shape):
    weight = date_weights(np.arange(0, 5000, 3), np.array([12, 700, 4000]), half_width, shape)

    assert weight.min() >= FLOOR
    assert weight.max() <= 1


def test_many_peaks_are_drawn_as_r_draws_them():
    # set.seed(123); sample(10) in R 4.
    assert (drawn(10, 10, 123) + 1).tolist() == [3, 10, 2, 8, 6, 9, 1, 7, 5, 4]
    days = np.repeat(np.arange(0, 400, 10), 2)

    peaks = chosen_peaks(days)

    assert len(peaks) == MOST_PEAKS
    assert set(peaks) <= set(days)
    assert (np.diff(peaks) > 0).all()


def animals(days, seed=1):
    """Controls on all days, and mutants on the last one."""
    generator = np.random.default_rng(seed)
    day = np.concatenate([np.repeat(days, 10), np.repeat(days[-1:], 12)])
    is_mutant = np.arange(len(day)) >= len(day) - 12
    response = generator.normal(0, 1, len(day)) + day / 300
    return response, is_mutant, np.arange(len(day)) % 2 == 0, day, None


def test_where_all_count_alike_the_model_keeps_its_terms():
    arguments = animals(np.array([5]))
    without = mixed_model(*arguments)

    found = windowed_model(*arguments, without.full_terms)

    assert not found.window.varies
    assert found.model.terms == found.model.full_terms == ("Intercept", "Genotype", "Sex", "Genotype:Sex")
    assert without.terms == ("Intercept", "Genotype")
    assert ALL_ALIKE in found.model.flags
    assert (found.weight == 1).all()
    # By R: gls(y ~ Genotype * Sex, method = "REML"), without a variance of the mutants, which AICc turns down.
    assert found.model.genotype.p_value == pytest.approx(0.67979734324, rel=1e-6)


def test_far_controls_do_not_count():
    arguments = animals(np.arange(0, 3000, 30))

    found = windowed_model(*arguments, mixed_model(*arguments).full_terms)

    far = arguments[3][found.rows] < arguments[3].max() - 3 * found.window.half_width
    assert far.any()
    assert (found.window.weight[far] < SMALLEST_WEIGHT).all()
    assert not found.window.inside[far].any()
    assert found.model.controls < 1000


def test_neither_shift_of_days_nor_of_values_matters():
    response, is_mutant, is_male, day, _ = animals(np.arange(0, 1500, 30))
    terms = ("Intercept", "Genotype", "Sex", "Genotype:Sex")

    one = windowed_model(response, is_mutant, is_male, day, None, terms)
    other = windowed_model(1000 + 5 * response, is_mutant, is_male, day + 17_000, None, terms)

    assert other.window.half_width == one.window.half_width
    assert other.window.shape == one.window.shape
    assert other.model.genotype.p_value == pytest.approx(one.model.genotype.p_value, rel=1e-6)


def test_a_window_of_no_model_is_the_widest():
    table = design(np.zeros(40), np.arange(40) < 10, np.arange(40) % 2 == 0, np.full(40, np.nan))

    window = find_window(table, np.arange(40) // 4 * 10, np.array([0, 1, 2, 4]))

    assert window.half_width_score is None
    assert window.half_width == 90
