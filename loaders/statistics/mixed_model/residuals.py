"""What a fitted model leaves of each animal, and whether that is normally distributed.

Source: OpenStats 1.6.4 (mpi2/OpenStats 1407d0f2), QuyalityTests.
"""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

# The test is made for fewer animals than this, and for more distinct values than that (OpenStats 1.6.4, normality.test0).
TOO_MANY_FOR_SHAPIRO = 5000
TOO_FEW_VALUES = 3

# SciPy wraps the test in what looks for other shapes and for NaN. There are none here, and that takes eight times as long.
_SHAPIRO = inspect.unwrap(stats.shapiro)


@dataclass(frozen=True)
class Normality:
    """The Shapiro-Wilk test of some residuals. p_value: None where there are too few or too many."""

    p_value: float | None
    animals: int
    distinct: int


def conditional_residuals(
    residual: FloatArray, batch: IntArray, precision: FloatArray, theta: float
) -> FloatArray:
    """What fixed effects and the predicted effects of batches leave, shape (animals,).

    residual: shape (animals,); what the fixed effects leave. batch: shape (animals,); numbers from 0.
    precision: shape (animals,); 1 for a control without a window. theta: variance between batches over that of controls.
    """
    size = np.bincount(batch, weights=precision)
    total = np.bincount(batch, weights=precision * residual)
    return residual - (theta * total / (1 + theta * size))[batch]


def shapiro(values: FloatArray) -> Normality:
    """Test whether values are normally distributed.

    values: shape (animals,). Source: Royston 1995, https://doi.org/10.2307/2986146.
    """
    distinct = len(np.unique(values))
    if distinct <= TOO_FEW_VALUES or len(values) >= TOO_MANY_FOR_SHAPIRO:
        return Normality(None, len(values), distinct)
    return Normality(float(_SHAPIRO(values).pvalue), len(values), distinct)


def normality_by_group(
    residual: FloatArray, is_mutant: BoolArray, is_male: BoolArray
) -> Mapping[str, Normality]:
    """Test the residuals of all animals ("Overall"), of each genotype, each sex and each of both, where there are any."""
    groups = {"Overall": np.ones(len(residual), dtype=np.bool_)}
    genotypes = {"control": ~is_mutant, "experimental": is_mutant}
    sexes = {"Female": ~is_male, "Male": is_male}
    groups |= genotypes | sexes
    groups |= {
        f"{genotype} {sex}": of_genotype & of_sex
        for genotype, of_genotype in genotypes.items()
        for sex, of_sex in sexes.items()
    }
    return {name: shapiro(residual[rows]) for name, rows in groups.items() if rows.any()}
