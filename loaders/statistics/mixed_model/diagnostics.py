"""What a fitted mixed model leaves of each animal, for plots that show whether its assumptions hold."""

import numpy as np
import numpy.typing as npt

from impckg.loaders.statistics.mixed_model.design import COLUMNS, WEIGHT, design
from impckg.loaders.statistics.mixed_model.model import MixedModel
from impckg.loaders.statistics.mixed_model.residuals import conditional_residuals

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]


def standardised_residuals(
    found: MixedModel,
    response: FloatArray,
    is_mutant: BoolArray,
    is_male: BoolArray,
    batch: npt.NDArray[np.str_],
    weight: FloatArray,
    window: FloatArray | None = None,
) -> FloatArray:
    """What fixed effects and predicted effects of batches leave, in standard deviations of the animal's genotype.

    The arrays are those that the model was fitted to, all of shape (animals,). Returns shape (animals,); NaN for animals
    that are not in the final model, since something is missing.
    """
    table = design(response, is_mutant, is_male, weight)
    columns = [COLUMNS.index(term) for term in found.terms]
    there = np.isfinite(response) & (np.isfinite(weight) | (WEIGHT not in columns))
    estimates = np.array([found.coefficients[term].value for term in found.terms])
    fixed = table[there][:, columns] @ estimates
    _, numbers = np.unique(batch[there], return_inverse=True)
    deviation = np.where(is_mutant[there], found.mutant_deviation, found.control_deviation)
    counts = np.ones(len(numbers)) if window is None else window[there]
    precision = (found.control_deviation / deviation) ** 2 * counts
    theta = (found.batch_deviation / found.control_deviation) ** 2
    left = np.full(len(response), np.nan)
    left[there] = (
        conditional_residuals(response[there] - fixed, numbers, precision, theta)
        * np.sqrt(counts)
        / deviation
    )
    return left
