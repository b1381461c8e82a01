"""The mixed model within a soft window: what the IMPC publishes where it runs windowing.

The window is found with the terms that the model without one begins with. Then terms and batch are decided anew, on the
animals in the window; their weights take the place of a variance of the mutants.

Source: PhenStatWindow (mpi2/impc_stats_pipeline b3320a4f) and OpenStats 1.6.4 (mpi2/OpenStats 1407d0f2).
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from impckg.loaders.statistics.mixed_model.design import (
    COLUMNS,
    GENOTYPE,
    INTERACTION,
    INTERCEPT,
    RESPONSE,
    SEX,
    WEIGHT,
    design,
)
from impckg.loaders.statistics.mixed_model.likelihood import START, Fit, Model, fit
from impckg.loaders.statistics.mixed_model.model import Effect, MixedModel, mixed_model
from impckg.loaders.statistics.mixed_model.residuals import conditional_residuals
from impckg.loaders.statistics.mixed_model.sums import add_controls, add_mutants
from impckg.loaders.statistics.mixed_model.window import Window, find_window

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

ALL_ALIKE = "in the window all animals count alike: as published, the model with all its terms"
"""What is said of a window that says nothing."""

STANDARDISED_WEIGHTS = (
    "effect sizes in the window rest on weights that OpenStats standardises, as the IMPC publishes them"
)
"""A slip of OpenStats that is kept, and said."""


@dataclass(frozen=True, eq=False)
class Windowed:
    """A window and the model in it.

    rows: shape (animals in the data of the window,); which animals the arrays of `window` are about.
    weight: shape (animals,); how much each counts in the model, 0 for those outside.
    model: None where none can be fitted.
    """

    window: Window
    rows: IntArray
    weight: FloatArray
    model: MixedModel | None


def windowed_model(
    response: FloatArray,
    is_mutant: BoolArray,
    is_male: BoolArray,
    day: IntArray,
    weight: FloatArray | None,
    full_terms: tuple[str, ...],
) -> Windowed:
    """Find the window and test within it.

    response, is_mutant, is_male, weight: as for `mixed_model`. day: shape (animals,); of the measurement, any day being 0.
    full_terms: that the model without a window began with.
    """
    weights = np.full(len(response), np.nan) if weight is None else weight
    columns = np.array([COLUMNS.index(term) for term in full_terms])
    rows = np.flatnonzero(np.isfinite(response) & (np.isfinite(weights) | (WEIGHT not in columns)))
    table = design(response[rows], is_mutant[rows], is_male[rows], weights[rows])
    middle, spread = table[:, RESPONSE].mean(), table[:, RESPONSE].std()
    table[:, RESPONSE] = (table[:, RESPONSE] - middle) / (spread if spread > 0 else 1.0)
    window = find_window(table, day[rows], columns)
    used = WEIGHT in columns
    counts = np.zeros(len(response))
    if not window.varies:
        counts[rows] = 1.0
        everyone = (
            response[rows],
            is_mutant[rows],
            is_male[rows],
            day[rows],
            weights[rows] if used else None,
        )
        alike = mixed_model(*everyone, keeps_terms=True)
        return Windowed(
            window, rows, counts, replace(alike, flags=(*alike.flags, ALL_ALIKE)) if alike else None
        )
    inside = rows[window.inside]
    counts[inside] = window.weight[window.inside]
    found = mixed_model(
        response[inside],
        is_mutant[inside],
        is_male[inside],
        day[inside],
        weights[inside] if used else None,
        counts[inside],
    )
    if found is None:
        return Windowed(window, rows, counts, None)
    animals = design(response[inside], is_mutant[inside], is_male[inside], weights[inside])
    _, batch = np.unique(day[inside], return_inverse=True)
    return Windowed(window, rows, counts, _with_effects(found, animals, batch, counts[inside]))


def _with_effects(found: MixedModel, animals: FloatArray, batch: IntArray, counts: FloatArray) -> MixedModel:
    """The same with effect sizes and changes in percent.

    OpenStats standardises all columns of numbers before it scales effects, those weights among them, and nlme takes their
    absolute values for weights: animals of a mean weight then hardly count. This is kept, and flagged.
    """
    spread = counts.std(ddof=1)
    if not spread > 0:
        return found
    slipped = np.abs(counts - counts.mean()) / spread
    scaled = animals.copy()
    for column in (WEIGHT, RESPONSE):
        scaled[:, column] = _standardised(animals[:, column])
    everyone = np.ones(len(animals), dtype=np.bool_)
    size, change = _effect_size(scaled, batch, slipped, everyone, found.has_batch)
    return replace(
        found,
        effect=Effect(size, change),
        female_effect=_effect_of_sex(scaled, batch, slipped, found, 0),
        male_effect=_effect_of_sex(scaled, batch, slipped, found, 1),
        flags=(*found.flags, STANDARDISED_WEIGHTS),
    )


def _standardised(values: FloatArray) -> FloatArray:
    spread = values.std(ddof=1)
    return np.asarray((values - values.mean()) / (spread if spread > 0 else 1.0), dtype=np.float64)


def _effect_of_sex(
    animals: FloatArray, batch: IntArray, counts: FloatArray, found: MixedModel, sex: int
) -> Effect | None:
    """The effect in one sex, and the change that the split model has for it."""
    if found.female is None or found.male is None:
        return None
    size, _ = _effect_size(animals, batch, counts, animals[:, SEX] == sex, found.has_batch)
    terms = [COLUMNS.index(term) for term in found.full_terms]
    columns = np.array(sorted({*terms, INTERACTION}))
    model = _fit(animals, batch, counts, columns, found.has_batch)
    if not model.found:
        return Effect(size, None)
    change = model.beta[columns == GENOTYPE] + sex * model.beta[columns == INTERACTION]
    return Effect(size, 100 * float(change[0]))


def _effect_size(
    animals: FloatArray, batch: IntArray, counts: FloatArray, rows: BoolArray, has_batch: bool
) -> tuple[float | None, float | None]:
    """Of some animals, the difference of means in standard deviations of the residuals, and the change in percent.

    Both are of the model that has the genotype only.
    """
    is_mutant = animals[rows, GENOTYPE] > 0
    if not is_mutant.any() or is_mutant.all():
        return None, None
    _, places = np.unique(batch[rows], return_inverse=True)
    model = _fit(animals[rows], places, counts[rows], np.array([INTERCEPT, GENOTYPE]), has_batch)
    if not model.found:
        return None, None
    response = animals[rows, RESPONSE]
    fixed = model.beta[0] + model.beta[1] * is_mutant
    residual = conditional_residuals(response - fixed, places, counts[rows], model.theta)
    apart = response[is_mutant].mean() - response[~is_mutant].mean()
    return float(apart / residual.std(ddof=1)), 100 * float(model.beta[1])


def _fit(animals: FloatArray, batch: IntArray, counts: FloatArray, columns: IntArray, has_batch: bool) -> Fit:
    is_mutant = animals[:, GENOTYPE] > 0
    of_batch = np.ones(int(batch.max()) + 1)
    of_batch[batch] = counts
    groups = (~is_mutant, is_mutant)
    controls, mutants = (
        (animals[rows], batch[rows], np.ones(np.count_nonzero(rows), dtype=np.bool_)) for rows in groups
    )
    summed = add_controls(controls[0], controls[1], of_batch, controls[2])
    return fit(add_mutants(summed, *mutants), Model(columns, has_batch, False, True), START)
