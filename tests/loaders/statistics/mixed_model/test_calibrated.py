"""Calibrated p-values: against textbook tests where these are exact, and against their level on null lines."""

import numpy as np
import pytest
from scipy import stats

from impckg.loaders.statistics.mixed_model.calibrated import (
    Calibration,
    calibrated_p_values,
    own_variance_p_values,
    power,
)
from impckg.loaders.statistics.mixed_model.design import design
from impckg.loaders.statistics.mixed_model.model import mixed_model
from impckg.loaders.statistics.mixed_model.testing import analyse_lines, prepare_controls


def test_in_one_batch_and_one_sex_it_lies_between_student_and_welch():
    rng = np.random.default_rng(1)
    controls, mutants = rng.normal(0, 1, 40), rng.normal(0.8, 3, 9)

    found = mixed_model(
        np.concatenate([controls, mutants]),
        np.arange(49) >= 40,
        np.ones(49, dtype=bool),
        np.zeros(49, dtype=np.int64),
    )

    student = stats.ttest_ind(mutants, controls).pvalue
    welch = stats.ttest_ind(mutants, controls, equal_var=False).pvalue
    share = found.calibrated.probability_of_equal_variances
    assert 0.01 < share < 0.99
    assert found.calibrated.p_value == pytest.approx(share * student + (1 - share) * welch, rel=0.02)
    assert found.calibrated.own_variance_p_value == pytest.approx(welch, rel=0.02)
    assert found.calibrated.female_p_value is None
    assert found.calibrated.interaction_p_value is None


def test_in_one_batch_equal_variances_give_students_degrees_of_freedom():
    rng = np.random.default_rng(2)
    is_mutant = np.arange(60) >= 50
    table = design(rng.normal(0, 1, 60), is_mutant, np.arange(60) % 2 == 0, np.full(60, np.nan))
    batch = np.zeros(60, dtype=np.int64)

    calibration = calibrate_one(table, batch)

    # Three columns without the interaction, four with it.
    assert calibration.equal[0, :, 2] == pytest.approx([57, 56, 56, 56])


def test_mutants_in_a_batch_of_their_own_are_tested_against_batches():
    rng = np.random.default_rng(3)
    batch = np.concatenate([np.arange(200) // 10, np.full(10, 20)])
    response = rng.normal(0, 3, 21)[batch] + rng.normal(0, 1, 210)
    table = design(response, batch == 20, np.zeros(210, dtype=bool), np.full(210, np.nan))

    calibration = calibrate_one(table, batch)

    # Nearly all that is not known of the difference lies between the 20 batches of controls.
    assert calibration.equal[0, 0, 2] == pytest.approx(19, abs=1)


def test_null_lines_are_significant_as_often_as_the_level_says():
    rng = np.random.default_rng(4)
    p_values = np.concatenate([calibrated_p_values(null_lines(rng))[:, 0] for _ in range(60)])

    # 6,000 lines of 60 strata: three standard errors, and half as much again for what lines of a stratum share.
    for level in (0.05, 0.01):
        error = np.sqrt(level / len(p_values))
        assert np.mean(p_values < level) == pytest.approx(level, abs=4.5 * error)


def test_a_variance_of_their_own_keeps_to_the_level_where_mutants_vary_otherwise():
    rng = np.random.default_rng(8)
    lines = [null_lines(rng, mutant_deviation=2.5) for _ in range(40)]
    own = np.concatenate([own_variance_p_values(some)[:, 0] for some in lines])
    averaged = np.concatenate([calibrated_p_values(some)[:, 0] for some in lines])

    error = np.sqrt(0.01 / len(own))
    assert np.mean(own < 0.01) == pytest.approx(0.01, abs=4.5 * error)
    assert np.mean(averaged < 0.01) > 0.02


def test_power_is_that_of_the_noncentral_t_distribution():
    rng = np.random.default_rng(5)
    is_mutant = np.arange(120) >= 100
    table = design(rng.normal(0, 1, 120), is_mutant, np.zeros(120, dtype=bool), np.full(120, np.nan))

    found = power(calibrate_one(table, np.zeros(120, dtype=np.int64)), effect=1.0, level=0.05)

    shift = 1 / np.sqrt(1 / 100 + 1 / 20)
    critical = stats.t.isf(0.025, 118)
    assert found[0, 0] == pytest.approx(stats.nct.sf(critical, 118, shift), abs=1e-6)
    assert np.isnan(found[0, 1:]).all()


def test_a_weight_that_is_a_copy_of_the_sex_leaves_a_p_value():
    rng = np.random.default_rng(6)
    is_male = np.arange(80) % 2 == 0

    found = mixed_model(
        rng.normal(0, 1, 80), np.arange(80) >= 66, is_male, np.arange(80) % 6, np.where(is_male, 30.0, 20.0)
    )

    assert not {"Sex", "Weight"} <= set(found.full_terms)
    assert 0 < found.calibrated.p_value <= 1


def calibrate_one(table, batch) -> Calibration:
    is_mutant = table[:, 1] > 0
    controls = prepare_controls(table[~is_mutant], batch[~is_mutant], np.ones(batch.max() + 1))
    starts = np.array([0, np.count_nonzero(is_mutant)])
    return analyse_lines(controls, table[is_mutant], batch[is_mutant], starts, False, True, True)[1]


def null_lines(rng, mutant_deviation=1.0):
    """100 lines of 7 females and 7 males in 3 of the 20 batches of 240 controls."""
    lines, controls = 100, 240
    batch = np.concatenate(
        [
            rng.integers(0, 20, controls),
            *(rng.choice(rng.choice(20, 3, replace=False), 14) for _ in range(lines)),
        ]
    )
    is_mutant = np.arange(len(batch)) >= controls
    is_male = np.arange(len(batch)) % 2 == 0
    noise = rng.normal(0, 1, len(batch)) * np.where(is_mutant, mutant_deviation, 1.0)
    response = is_male + rng.normal(0, 0.5, 20)[batch] + noise
    table = design(response, is_mutant, is_male, np.full(len(batch), np.nan))
    parts = prepare_controls(table[:controls], batch[:controls], np.ones(20))
    starts = np.arange(lines + 1) * 14
    return analyse_lines(parts, table[controls:], batch[controls:], starts, False, True, True)[1]
