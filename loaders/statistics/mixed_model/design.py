"""Animals as rows of numbers.

A row is what the fixed effects say of an animal, and its response: COLUMNS, then RESPONSE.
"""

import numpy as np
import numpy.typing as npt

from impckg.loaders.statistics.mixed_model.compiled import compiled

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]

COLUMNS = ("Intercept", "Genotype", "Sex", "Weight", "Genotype:Sex")
"""Columns of the design: controls and females are 0, mutants and males are 1, weight is as it is."""

INTERCEPT, GENOTYPE, SEX, WEIGHT, INTERACTION, RESPONSE = range(6)
"""Places of the columns, and of the response after them."""

FEMALE_GENOTYPE, MALE_GENOTYPE = 5, 6
"""Places, after those of COLUMNS, of the columns of the split model: mutants among females, and among males."""


@compiled
def design(response: FloatArray, is_mutant: BoolArray, is_male: BoolArray, weight: FloatArray) -> FloatArray:
    """The rows of all animals: shape (animals, 6). All arguments: shape (animals,)."""
    table = np.empty((len(response), 6))
    for animal in range(len(response)):
        table[animal, INTERCEPT] = 1.0
        table[animal, GENOTYPE] = 1.0 if is_mutant[animal] else 0.0
        table[animal, SEX] = 1.0 if is_male[animal] else 0.0
        table[animal, WEIGHT] = weight[animal]
        table[animal, INTERACTION] = table[animal, GENOTYPE] * table[animal, SEX]
        table[animal, RESPONSE] = response[animal]
    return table
