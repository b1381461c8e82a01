"""Estimates of a fitted model with their standard errors and degrees of freedom.

A coefficient is tested against the animals where its column differs within a batch, and against the batches where it does
not. Its degrees of freedom are what that leaves.

Source: nlme 3.1-162, getFixDF; Pinheiro and Bates 2000, section 2.4.2. The split model is OpenStats' SplitEffect.
"""

import numpy as np
import numpy.typing as npt

from impckg.loaders.statistics.mixed_model.compiled import compiled
from impckg.loaders.statistics.mixed_model.design import (
    FEMALE_GENOTYPE,
    GENOTYPE,
    INTERACTION,
    INTERCEPT,
    MALE_GENOTYPE,
)
from impckg.loaders.statistics.mixed_model.likelihood import Fit
from impckg.loaders.statistics.mixed_model.sums import Sums

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@compiled
def degrees_of_freedom(some: Sums, columns: IntArray, has_batch: bool) -> FloatArray:
    """The degrees of freedom of each column, shape (columns,).

    columns: shape (columns,); places in COLUMNS, and FEMALE_GENOTYPE and MALE_GENOTYPE. has_batch: of the model.
    """
    rows = some.rows.sum()
    if not has_batch:
        return np.full(len(columns), float(rows - len(columns)))
    inner = 0
    for column in columns:
        if column != INTERCEPT and some.varies[column]:
            inner += 1
    outer = len(columns) - 1 - inner
    of_animals, of_batches = float(rows - some.batches - inner), float(some.batches - 1 - outer)
    out = np.empty(len(columns))
    for at in range(len(columns)):
        if columns[at] == INTERCEPT:
            out[at] = max(of_animals, of_batches)
        else:
            out[at] = of_animals if some.varies[columns[at]] else of_batches
    return out


@compiled
def coefficients(some: Sums, columns: IntArray, found: Fit, has_batch: bool, out: FloatArray) -> None:
    """Write estimate, standard error and degrees of freedom into out, shape (7, 3), at the places of the columns."""
    freedom = degrees_of_freedom(some, columns, has_batch)
    for at in range(len(columns)):
        out[columns[at], 0] = found.beta[at]
        out[columns[at], 1] = np.sqrt(found.covariance[at, at])
        out[columns[at], 2] = freedom[at]


@compiled
def sex_coefficients(
    some: Sums, columns: IntArray, found: Fit, has_batch: bool, out: FloatArray
) -> FloatArray:
    """Write the effects of the genotype in females and in males into out, shape (7, 3).

    columns: of the model with the interaction, of which the split model is another way to say the same.

    Returns shape (3,); the F value of both effects together with its degrees of freedom above and below.
    """
    genotype, interaction = np.searchsorted(columns, GENOTYPE), np.searchsorted(columns, INTERACTION)
    split = columns.copy()
    split[genotype], split[interaction] = FEMALE_GENOTYPE, MALE_GENOTYPE
    freedom = degrees_of_freedom(some, split, has_batch)
    c = found.covariance
    a, b = found.beta[genotype], found.beta[genotype] + found.beta[interaction]
    aa, ab = c[genotype, genotype], c[genotype, genotype] + c[genotype, interaction]
    bb = aa + 2.0 * c[genotype, interaction] + c[interaction, interaction]
    out[FEMALE_GENOTYPE] = np.array([a, np.sqrt(aa), freedom[genotype]])
    out[MALE_GENOTYPE] = np.array([b, np.sqrt(bb), freedom[interaction]])
    both = (bb * a * a - 2.0 * ab * a * b + aa * b * b) / (aa * bb - ab * ab) / 2.0
    return np.array([both, 2.0, _joint_freedom(some, split, has_batch)])


@compiled
def _joint_freedom(some: Sums, split: IntArray, has_batch: bool) -> float:
    """The degrees of freedom below for both effects: they count as one term, inner if either is."""
    rows = some.rows.sum()
    if not has_batch:
        return float(rows - len(split))
    is_inner = some.varies[FEMALE_GENOTYPE] or some.varies[MALE_GENOTYPE]
    inner = 2 if is_inner else 0
    outer = 2 - inner
    for column in split:
        if column not in (INTERCEPT, FEMALE_GENOTYPE, MALE_GENOTYPE):
            inner += int(some.varies[column])
            outer += int(not some.varies[column])
    return float(rows - some.batches - inner) if is_inner else float(some.batches - 1 - outer)
