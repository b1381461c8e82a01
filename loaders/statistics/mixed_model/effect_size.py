"""How large an effect is, beside the spread of the animals.

Both measures are OpenStats'. Neither is adjusted for sex or weight in its numerator, so that its sign can differ from that
of the estimate.

Source: OpenStats 1.6.4 (mpi2/OpenStats 1407d0f2), eff.size and percentageChangeCont.
"""

import numpy as np
import numpy.typing as npt

from impckg.loaders.statistics.mixed_model.compiled import compiled
from impckg.loaders.statistics.mixed_model.design import GENOTYPE, INTERCEPT, RESPONSE
from impckg.loaders.statistics.mixed_model.likelihood import START, Fit, Model, fit
from impckg.loaders.statistics.mixed_model.sums import Sums

FloatArray = npt.NDArray[np.float64]


@compiled
def spread(some: Sums) -> float:
    """The standard deviation of all responses; all batches have weight 1."""
    n = some.rows.sum()
    total = some.products[0, INTERCEPT, RESPONSE] + some.products[1, INTERCEPT, RESPONSE]
    squares = some.products[0, RESPONSE, RESPONSE] + some.products[1, RESPONSE, RESPONSE]
    return float(np.sqrt((squares - total * total / n) / (n - 1)))


@compiled
def effect_size(some: Sums, has_batch: bool, has_precision: bool) -> tuple[float, float]:
    """How far the means of mutants and controls are apart, and the estimate of the model that has the genotype only.

    some: of weight 1. has_batch, has_precision: of the final model.

    Returns the difference in standard deviations of the residuals within batches, and the estimate in the unit of the
    response; NaN where there are no mutants, no controls, or no model.
    """
    if some.rows.min() == 0:
        return np.nan, np.nan
    found = fit(some, Model(np.array([INTERCEPT, GENOTYPE]), has_batch, has_precision, True), START)
    if not found.found:
        return np.nan, np.nan
    means = some.products[:, INTERCEPT, RESPONSE] / some.rows
    return (means[1] - means[0]) / residual_spread(some, found), found.beta[1]


@compiled
def residual_spread(some: Sums, found: Fit) -> float:
    """The standard deviation of the residuals within batches, of the model that has the genotype only.

    A residual is what the fixed effects and the predicted effect of the batch leave.
    """
    total, squares = _fixed_residuals(some, found)
    for pool in range(len(some.pool_size)):
        size, outer = some.pool_size[pool], some.pool_outer[pool]
        shrink = found.theta / (1.0 + found.theta * size)
        ones, cross = outer[INTERCEPT, INTERCEPT], outer[INTERCEPT, RESPONSE]
        of_sums = outer[RESPONSE, RESPONSE] - 2.0 * found.beta[0] * cross + found.beta[0] ** 2 * ones
        total -= shrink * (cross - found.beta[0] * ones)
        squares += (shrink * shrink * size - 2.0 * shrink) * of_sums
    for batch in range(len(some.own_size)):
        sizes, totals = some.own_size[batch], some.own_total[batch]
        of_controls = totals[0, RESPONSE] - found.beta[0] * sizes[0]
        of_mutants = totals[1, RESPONSE] - (found.beta[0] + found.beta[1]) * sizes[1]
        weighed = of_controls + found.precision * of_mutants
        predicted = found.theta * weighed / (1.0 + found.theta * (sizes[0] + found.precision * sizes[1]))
        total -= sizes.sum() * predicted
        squares += sizes.sum() * predicted * predicted - 2.0 * predicted * (of_controls + of_mutants)
    n = some.rows.sum()
    return float(np.sqrt((squares - total * total / n) / (n - 1)))


@compiled
def _fixed_residuals(some: Sums, found: Fit) -> tuple[float, float]:
    """The sum and the sum of squares of what the fixed effects leave."""
    total, squares = 0.0, 0.0
    for group in range(2):
        mean = found.beta[0] + group * found.beta[1]
        of_group = some.products[group, INTERCEPT, RESPONSE]
        total += of_group - mean * some.rows[group]
        squares += (
            some.products[group, RESPONSE, RESPONSE] - 2.0 * mean * of_group + mean * mean * some.rows[group]
        )
    return total, squares
