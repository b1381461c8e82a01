"""A whole test: decide, fit, estimate, scale. Compiled, and many tests at a time share what they have in common.

Responses are shifted and divided before they are summed, so that no digits are lost; what comes out is in their own unit.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from impckg.loaders.statistics.mixed_model.calibrated import Calibration, calibrate, empty_calibration
from impckg.loaders.statistics.mixed_model.compiled import compiled
from impckg.loaders.statistics.mixed_model.design import (
    COLUMNS,
    GENOTYPE,
    INTERACTION,
    INTERCEPT,
    RESPONSE,
    SEX,
    WEIGHT,
)
from impckg.loaders.statistics.mixed_model.effect_size import effect_size, spread
from impckg.loaders.statistics.mixed_model.inference import coefficients, sex_coefficients
from impckg.loaders.statistics.mixed_model.selection import Candidate, Data, rows_for, select
from impckg.loaders.statistics.mixed_model.sums import Controls, Sums, add_controls, add_mutants

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

# A genotype of a sex needs more weights than this where any animal has none (OpenStats 1.6.4, OpenStatsList).
TOO_FEW_WEIGHTS = 2
# So few mutants can be fitted without a remainder, and a variance of their own would then be 0. Upstream has no such rule:
# its gates want more of them.
MUTANTS_WITHOUT_VARIANCE = 2


class Outcomes(NamedTuple):
    """What came of some tests; rows of NaN, and zeros, where no model could be fitted.

    found: shape (tests,). full, terms: shape (tests, 5); columns of COLUMNS in the model begun with, and in the final one.
    has_batch, has_precision: shape (tests,); whether the final model has a batch effect, and a variance of mutants.
    rows: shape (tests, 2); controls and mutants in the final model. batches: shape (tests,).
    coefficients: shape (tests, 7, 3); estimate, standard error and degrees of freedom of COLUMNS in the final model, then
        of the genotype in females and in males in the split model; NaN where there is none.
    both_sexes: shape (tests, 3); F value of both of these together, degrees of freedom above and below.
    variances: shape (tests, 3); between batches, of controls within, of mutants within.
    effect_sizes: shape (tests, 3); of all animals, females and males. changes: the same in percent.
    """

    found: BoolArray
    full: BoolArray
    terms: BoolArray
    has_batch: BoolArray
    has_precision: BoolArray
    rows: IntArray
    batches: IntArray
    coefficients: FloatArray
    both_sexes: FloatArray
    variances: FloatArray
    effect_sizes: FloatArray
    changes: FloatArray


class Parts(NamedTuple):
    """Sums over those with a response, those with a weight as well, females, and males: of controls, or of all."""

    everyone: Sums
    weighed: Sums
    females: Sums
    males: Sums


class ControlParts(NamedTuple):
    """The same of controls, with what decides on the terms.

    animals, weights: shape (2,); how many females and males there are, and how many of them have a weight.
    lightest, heaviest: of all weights. shift, scale: what responses were made smaller by, and divided by.
    """

    everyone: Controls
    weighed: Controls
    females: Controls
    males: Controls
    animals: IntArray
    weights: IntArray
    lightest: float
    heaviest: float
    shift: float
    scale: float


@compiled
def empty_outcomes(tests: int) -> Outcomes:
    """Outcomes that hold nothing yet."""
    return Outcomes(
        np.zeros(tests, dtype=np.bool_),
        np.zeros((tests, 5), dtype=np.bool_),
        np.zeros((tests, 5), dtype=np.bool_),
        np.zeros(tests, dtype=np.bool_),
        np.zeros(tests, dtype=np.bool_),
        np.zeros((tests, 2), dtype=np.int64),
        np.zeros(tests, dtype=np.int64),
        np.full((tests, 7, 3), np.nan),
        np.full((tests, 3), np.nan),
        np.full((tests, 3), np.nan),
        np.full((tests, 3), np.nan),
        np.full((tests, 3), np.nan),
    )


@compiled
def prepare_controls(table: FloatArray, batch: IntArray, weight: FloatArray) -> ControlParts:
    """Sum over controls, once for all lines that share them.

    table: shape (controls, 6); see `design`; NaN for what is missing. batch: shape (controls,); numbers from 0.
    weight: shape (batches,); of each batch in the window, or 1; batches that have mutants only are counted.
    """
    there = np.isfinite(table[:, RESPONSE])
    shift, scale = _shift_and_scale(table[there, RESPONSE])
    scaled = table.copy()
    scaled[:, RESPONSE] = (table[:, RESPONSE] - shift) / scale
    has_weight, male = np.isfinite(table[:, WEIGHT]), table[:, SEX] > 0.0
    animals, weights, lightest, heaviest = _count(table)
    return ControlParts(
        add_controls(scaled, batch, weight, there),
        add_controls(scaled, batch, weight, there & has_weight),
        add_controls(scaled, batch, weight, there & ~male),
        add_controls(scaled, batch, weight, there & male),
        animals,
        weights,
        lightest,
        heaviest,
        shift,
        scale,
    )


@compiled
def analyse_line(
    controls: ControlParts,
    table: FloatArray,
    batch: IntArray,
    use_weight: bool,
    use_precision: bool,
    keeps_terms: bool,
    out: Outcomes,
    calibration: Calibration,
    at: int,
) -> None:
    """Test the mutants of one line, and write what came of it into `out`, and into `calibration` where that has room.

    table: shape (mutants, 6); as for `prepare_controls`. batch: shape (mutants,).
    use_weight: whether body weight may be in the model. use_precision: whether a variance of the mutants may.
    keeps_terms: whether all terms stay in it.
    """
    scaled = table.copy()
    scaled[:, RESPONSE] = (table[:, RESPONSE] - controls.shift) / controls.scale
    there = np.isfinite(table[:, RESPONSE])
    has_weight, male = np.isfinite(table[:, WEIGHT]), table[:, SEX] > 0.0
    parts = Parts(
        add_mutants(controls.everyone, scaled, batch, there),
        add_mutants(controls.weighed, scaled, batch, there & has_weight),
        add_mutants(controls.females, scaled, batch, there & ~male),
        add_mutants(controls.males, scaled, batch, there & male),
    )
    if parts.everyone.rows.min() == 0:
        return
    offered = _offered(controls, table, use_weight)
    has_batch = parts.everyone.batches > 1
    data = Data(parts.everyone, parts.weighed, np.log(controls.scale))
    has_precision = use_precision and parts.everyone.rows[1] > MUTANTS_WITHOUT_VARIANCE
    decided = select(data, offered, has_batch, has_precision, keeps_terms)
    chosen = decided.chosen
    out.found[at] = decided.final.found
    out.full[at], out.terms[at] = decided.full, chosen.terms
    if not decided.final.found:
        return
    if len(calibration.deviation):
        calibrate(data, decided.full, has_batch, has_precision, calibration, at)
        calibration.equal[at, :, :2] *= controls.scale
        calibration.own[at, :, :2] *= controls.scale
        calibration.deviation[at] *= controls.scale
    out.has_batch[at], out.has_precision[at] = chosen.has_batch, chosen.has_precision
    rows = rows_for(data, chosen.terms)
    out.rows[at], out.batches[at] = rows.rows, rows.batches
    coefficients(rows, np.flatnonzero(chosen.terms), decided.final, chosen.has_batch, out.coefficients[at])
    if decided.split.found:
        both = decided.full.copy()
        both[GENOTYPE] = both[INTERACTION] = True
        out.both_sexes[at] = sex_coefficients(
            rows_for(data, both), np.flatnonzero(both), decided.split, chosen.has_batch, out.coefficients[at]
        )
    variance = decided.final.variance * controls.scale**2
    out.variances[at] = np.array(
        [variance * decided.final.theta, variance, variance / decided.final.precision]
    )
    _scale_effects(parts, chosen, out, at)
    # OpenStats takes the spread of the animals that the split model is fitted to.
    out.changes[at, 1:] = (
        100.0 * out.coefficients[at, len(COLUMNS) :, 0] / spread(rows_for(data, decided.full))
    )
    out.coefficients[at, :, :2] *= controls.scale
    out.coefficients[at, INTERCEPT, 0] += controls.shift


@compiled
def _scale_effects(parts: Parts, like: Candidate, out: Outcomes, at: int) -> None:
    """Effect sizes, and the change of all animals in percent of the spread of the responses."""
    everyone, change = effect_size(parts.everyone, like.has_batch, like.has_precision)
    out.effect_sizes[at, 0] = everyone
    out.effect_sizes[at, 1] = effect_size(parts.females, like.has_batch, like.has_precision)[0]
    out.effect_sizes[at, 2] = effect_size(parts.males, like.has_batch, like.has_precision)[0]
    out.changes[at, 0] = 100.0 * change / spread(parts.everyone)


@compiled
def _shift_and_scale(values: FloatArray) -> tuple[float, float]:
    """Mean and standard deviation; 1 for the latter where it is 0."""
    if len(values) == 0:
        return 0.0, 1.0
    mean, deviation = values.mean(), values.std()
    return mean, deviation if deviation > 0.0 else 1.0


@compiled
def _count(table: FloatArray) -> tuple[IntArray, IntArray, float, float]:
    """Females and males, those of them with a weight, and the ends of the weights."""
    animals, weights = np.zeros(2, dtype=np.int64), np.zeros(2, dtype=np.int64)
    lightest, heaviest = np.inf, -np.inf
    for animal in range(len(table)):
        sex = int(table[animal, SEX])
        animals[sex] += 1
        if np.isfinite(table[animal, WEIGHT]):
            weights[sex] += 1
            lightest, heaviest = min(lightest, table[animal, WEIGHT]), max(heaviest, table[animal, WEIGHT])
    return animals, weights, lightest, heaviest


@compiled
def _offered(controls: ControlParts, table: FloatArray, use_weight: bool) -> BoolArray:
    """The terms that there is data for. Animals without a response count, as they do in OpenStats' checks."""
    animals, weights, lightest, heaviest = _count(table)
    offered = np.array([True, True, False, False, False])
    both_sexes = animals + controls.animals > 0
    offered[SEX] = both_sexes.all()
    offered[INTERACTION] = offered[SEX] and animals.min() > 0 and controls.animals.min() > 0
    if use_weight and max(heaviest, controls.heaviest) > min(lightest, controls.lightest):
        offered[WEIGHT] = True
        if weights.sum() + controls.weights.sum() < animals.sum() + controls.animals.sum():
            for sex in range(2):
                for count, there in (
                    (weights[sex], animals[sex]),
                    (controls.weights[sex], controls.animals[sex]),
                ):
                    if there > 0 and count <= TOO_FEW_WEIGHTS:
                        offered[WEIGHT] = False
    return offered


@compiled
def analyse_lines(
    controls: ControlParts,
    table: FloatArray,
    batch: IntArray,
    starts: IntArray,
    use_weight: bool,
    use_precision: bool,
    use_calibration: bool,
) -> tuple[Outcomes, Calibration]:
    """Test lines that share controls, one after the other.

    table: shape (mutants, 6); those of a line stand together.
    starts: shape (lines + 1,); where each line begins, and the end.
    use_calibration: whether to fit for calibrated p-values; there is none otherwise.
    """
    out = empty_outcomes(len(starts) - 1)
    calibration = empty_calibration(len(starts) - 1 if use_calibration else 0)
    for line in range(len(starts) - 1):
        rows = slice(starts[line], starts[line + 1])
        analyse_line(
            controls, table[rows], batch[rows], use_weight, use_precision, False, out, calibration, line
        )
    return out, calibration
