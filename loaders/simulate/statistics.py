"""The tests of the demo world, for many results at once: linear model and Fisher's exact test.

What comes in is what remains of the animals of a result: how many there are, their mean, their sum of
squares, or how many of them are abnormal. Arrays have one element per result.
"""

from dataclasses import dataclass

import numpy as np
from scipy import special

from impckg.loaders.simulate.world import BoolArray, FloatArray, IntArray


@dataclass(frozen=True)
class Contrast:
    """An estimate with its standard error and two-sided p-value; NaN where it cannot be made."""

    estimate: FloatArray
    standard_error: FloatArray
    p_value: FloatArray


@dataclass(frozen=True)
class LinearModel:
    """The contrasts of `response ~ genotype * sex`.

    genotype: mutant less control, mean of the sexes; female, male: of one sex, NaN if the other is missing.
    interaction: female less male difference. sex: male less female, mean of the genotypes.
    residual: residual standard deviation.
    """

    genotype: Contrast
    female: Contrast
    male: Contrast
    interaction: Contrast
    sex: Contrast
    residual: FloatArray


def fit_linear_model(
    animals: IntArray, mean: FloatArray, squares: FloatArray, female: BoolArray, male: BoolArray
) -> LinearModel:
    """Fit the model to each result.

    animals, mean, squares: shape (4, results), by female control, female mutant, male control, male mutant;
    squares are sums of squared deviations from the mean of the cell. female, male: whether the sex is in the
    analysis; at least one is.

    The residual variance is common to all cells, as in a linear model without batch and weight; p-values are
    of Student's t.
    """
    both = female & male
    kept = np.stack([female, female, male, male])
    freedom = np.where(kept, animals, 0).sum(axis=0) - kept.sum(axis=0)
    residual = np.sqrt(np.where(kept, squares, 0.0).sum(axis=0) / freedom)
    with np.errstate(divide="ignore"):
        weight = 1 / animals

    def contrast(coefficients: FloatArray, possible: BoolArray) -> Contrast:
        used = coefficients != 0
        estimate = np.where(used, coefficients * mean, 0.0).sum(axis=0)
        error = residual * np.sqrt(np.where(used, coefficients**2 * weight, 0.0).sum(axis=0))
        p_value = 2 * special.stdtr(freedom, -np.abs(estimate / error))
        return Contrast(*(np.where(possible, array, np.nan) for array in (estimate, error, p_value)))

    one = np.ones(animals.shape[1])
    nothing = np.zeros(animals.shape[1])
    of_female = np.where(both, 0.5, np.where(female, 1.0, 0.0))
    of_male = np.where(both, 0.5, np.where(male, 1.0, 0.0))
    with np.errstate(invalid="ignore", divide="ignore"):
        return LinearModel(
            genotype=contrast(np.stack([-of_female, of_female, -of_male, of_male]), female | male),
            female=contrast(np.stack([-one, one, nothing, nothing]), both),
            male=contrast(np.stack([nothing, nothing, -one, one]), both),
            interaction=contrast(np.stack([-one, one, one, -one]), both),
            sex=contrast(np.stack([-one, -one, one, one]) / 2, both),
            residual=residual,
        )


def fisher_exact(
    abnormal_mutants: IntArray, mutants: IntArray, abnormal_controls: IntArray, controls: IntArray
) -> FloatArray:
    """Two-sided p-value of Fisher's exact test of each 2 x 2 table.

    Tables as probable as the observed one, to a relative 1e-7, count as not more probable, as in R and SciPy.

    >>> fisher_exact(*(np.array([n]) for n in (8, 10, 1, 6))).round(6).tolist()
    [0.034965]
    """
    if abnormal_mutants.size == 0:
        return np.empty(0)
    log_factorial = special.gammaln(np.arange(int((mutants + controls).max()) + 1) + 1.0)
    abnormal = (abnormal_mutants + abnormal_controls)[:, None]
    everyone = (mutants + controls)[:, None]
    drawn = mutants[:, None]
    possible = np.arange(int(mutants.max()) + 1)[None, :]
    within = (possible <= drawn) & (possible <= abnormal) & (possible >= drawn - (everyone - abnormal))

    def log_choose(of: IntArray, chosen: IntArray) -> FloatArray:
        # Impossible tables are masked later; they must only stay inside the table of factorials.
        low, high = np.clip(chosen, 0, of), np.clip(of - chosen, 0, of)
        ways: FloatArray = log_factorial[of] - log_factorial[low] - log_factorial[high]
        return ways

    log_probability = (
        log_choose(abnormal, possible)
        + log_choose(everyone - abnormal, drawn - possible)
        - log_choose(everyone, drawn)
    )
    observed = np.take_along_axis(log_probability, abnormal_mutants[:, None], axis=1)
    counted = within & (log_probability <= observed + 1e-7)
    p_value: FloatArray = np.minimum(1.0, np.where(counted, np.exp(log_probability), 0.0).sum(axis=1))
    return p_value
