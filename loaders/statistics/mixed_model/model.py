"""One test of the mixed model framework, from the animals of a line and its controls to a record.

Source: OpenStats 1.6.4 (mpi2/OpenStats 1407d0f2), method MM, as the IMPC runs it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from impckg.graph.errors import BadParameter
from impckg.loaders.statistics.mixed_model.calibrated import (
    Calibration,
    calibrated_p_values,
    empty_calibration,
    own_variance_p_values,
    power,
)
from impckg.loaders.statistics.mixed_model.design import (
    COLUMNS,
    FEMALE_GENOTYPE,
    GENOTYPE,
    INTERACTION,
    MALE_GENOTYPE,
    RESPONSE,
    SEX,
    WEIGHT,
    design,
)
from impckg.loaders.statistics.mixed_model.residuals import (
    Normality,
    conditional_residuals,
    normality_by_group,
)
from impckg.loaders.statistics.mixed_model.tag import SexEffect, classification_tag
from impckg.loaders.statistics.mixed_model.testing import (
    Outcomes,
    analyse_line,
    empty_outcomes,
    prepare_controls,
)

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

CONFIDENCE = 0.95
"""Of the intervals of the estimates."""

JOINT_TEST = "the tag calls a test of both sexes together a test of the interaction"
"""A slip of OpenStats that is kept, and said where it matters."""


@dataclass(frozen=True)
class Estimate:
    """A coefficient, in the unit of the response. lower, upper: of the interval of CONFIDENCE."""

    value: float
    standard_error: float
    degrees_of_freedom: float
    p_value: float
    lower: float
    upper: float


@dataclass(frozen=True)
class Effect:
    """How large the effect of the genotype is. size: in standard deviations of the residuals.

    percentage_change: of the standard deviation of the responses, times 100.
    """

    size: float | None
    percentage_change: float | None


@dataclass(frozen=True)
class Calibrated:
    """p-values that are what they say, see calibrated.py; None where a hypothesis cannot be tested.

    own_variance_p_value: the first where mutants have a variance of their own; it holds where variances differ.
    probability_of_equal_variances: that mutants have the variance of controls, given the data.
    power: of finding an effect of one standard deviation at the level of significance, with these animals.
    """

    p_value: float
    female_p_value: float | None
    male_p_value: float | None
    interaction_p_value: float | None
    own_variance_p_value: float | None
    probability_of_equal_variances: float
    power: float


@dataclass(frozen=True)
class MixedModel:
    """What came of one test.

    terms, full_terms: of COLUMNS, those in the final model and those begun with.
    has_batch, has_own_variance: whether the final model has an effect of the batch, and a variance of the mutants.
    controls, mutants, batches: in the final model.
    coefficients: by the names of `terms`. female, male: the effect of the genotype in each sex, from the split model.
    both_sexes_p_value: of these two together.
    batch_deviation, control_deviation, mutant_deviation: standard deviations, in the unit of the response.
    effect, female_effect, male_effect: how large they are.
    calibrated: the p-values of a test that chooses no model.
    normality: tests of the residuals by group of animals.
    tag: what is significant, as OpenStats words it. flags: what is to be known about it.
    """

    terms: tuple[str, ...]
    full_terms: tuple[str, ...]
    has_batch: bool
    has_own_variance: bool
    controls: int
    mutants: int
    batches: int
    coefficients: Mapping[str, Estimate]
    female: Estimate | None
    male: Estimate | None
    both_sexes_p_value: float | None
    batch_deviation: float
    control_deviation: float
    mutant_deviation: float
    effect: Effect
    female_effect: Effect | None
    male_effect: Effect | None
    calibrated: Calibrated
    normality: Mapping[str, Normality]
    tag: str
    flags: tuple[str, ...]

    @property
    def genotype(self) -> Estimate:
        """The effect of the genotype in the final model: in females, where the interaction is in it."""
        return self.coefficients["Genotype"]


def mixed_model(
    response: FloatArray,
    is_mutant: BoolArray,
    is_male: BoolArray,
    batch: npt.NDArray[np.str_] | IntArray,
    weight: FloatArray | None = None,
    window: FloatArray | None = None,
    *,
    keeps_terms: bool = False,
) -> MixedModel | None:
    """Test whether mutants differ from controls; None where no model can be fitted.

    response: shape (animals,); NaN for what is missing. is_mutant, is_male: shape (animals,).
    batch: shape (animals,); the date of the measurement, or any other name.
    weight: shape (animals,); NaN for what is missing; None leaves it out of the model.
    window: shape (animals,); how much an animal counts, above 0 and the same within a batch; None counts all alike. With it
        mutants have no variance of their own, and there are no effect sizes (see windowed.py).
    keeps_terms: whether all terms stay in the model, and only the variance of mutants and the batch are decided on.

    Raises BadParameter where shapes differ or a number is infinite.
    """
    weights = np.full(len(response), np.nan) if weight is None else weight
    _check(response, is_mutant, is_male, batch, weights)
    table = design(response, is_mutant, is_male, weights)
    _, numbers = np.unique(batch, return_inverse=True)
    batches = int(numbers.max()) + 1 if len(numbers) else 0
    of_batch = np.ones(batches)
    if window is not None:
        of_batch[numbers] = window
    controls = prepare_controls(table[~is_mutant], numbers[~is_mutant], of_batch)
    outcomes, calibration = empty_outcomes(1), empty_calibration(1)
    analyse_line(
        controls,
        table[is_mutant],
        numbers[is_mutant],
        weight is not None and not repeats(weights, response),
        window is None,
        keeps_terms,
        outcomes,
        calibration,
        0,
    )
    return record(outcomes, calibration, table, numbers, of_batch) if outcomes.found[0] else None


def repeats(weight: FloatArray, response: FloatArray) -> bool:
    """Whether the response is the weight itself, or differs from it by a constant, so that it explains nothing."""
    difference = response - weight
    known = difference[~np.isnan(difference)]
    same_gaps = bool((np.isnan(weight) == np.isnan(response)).all())
    return same_gaps and len(known) > 0 and bool((known == known[0]).all())


def t_test(coefficients: FloatArray) -> FloatArray:
    """Two-sided p-values, shape (...,); coefficients: shape (..., 3); estimate, standard error, degrees of freedom."""
    with np.errstate(divide="ignore", invalid="ignore"):
        t_value = np.abs(coefficients[..., 0] / coefficients[..., 1])
    return np.asarray(2 * special.stdtr(coefficients[..., 2], -t_value), dtype=np.float64)


def record(
    outcomes: Outcomes, calibration: Calibration, table: FloatArray, batch: IntArray, of_batch: FloatArray
) -> MixedModel:
    """The outcome of a single test, with tests of the residuals.

    table: shape (animals, 6); see `design`. batch: shape (animals,); numbers from 0.
    of_batch: shape (batches,); how much animals of each count.
    """
    terms = tuple(np.array(COLUMNS)[outcomes.terms[0]].tolist())
    coefficients = outcomes.coefficients[0]
    p_values = t_test(coefficients)
    female, male = (_estimate(coefficients, p_values, place) for place in (FEMALE_GENOTYPE, MALE_GENOTYPE))
    both = outcomes.both_sexes[0]
    both_sexes_p_value = float(special.fdtrc(both[1], both[2], both[0])) if np.isfinite(both).all() else None
    has_interaction = bool(outcomes.terms[0, INTERACTION])
    effects = [_effect(outcomes, at) for at in range(3)]
    between, of_controls, of_mutants = np.sqrt(outcomes.variances[0]).tolist()
    return MixedModel(
        terms=terms,
        full_terms=tuple(np.array(COLUMNS)[outcomes.full[0]].tolist()),
        has_batch=bool(outcomes.has_batch[0]),
        has_own_variance=bool(outcomes.has_precision[0]),
        controls=int(outcomes.rows[0, 0]),
        mutants=int(outcomes.rows[0, 1]),
        batches=int(outcomes.batches[0]),
        coefficients={
            name: estimate
            for place, name in enumerate(COLUMNS)
            if (estimate := _estimate(coefficients, p_values, place))
        },
        female=female,
        male=male,
        both_sexes_p_value=both_sexes_p_value,
        batch_deviation=between,
        control_deviation=of_controls,
        mutant_deviation=of_mutants,
        effect=effects[0],
        female_effect=effects[1],
        male_effect=effects[2],
        calibrated=_calibrated(calibration),
        normality=_normality(outcomes, table, batch, of_batch),
        tag=classification_tag(
            float(p_values[GENOTYPE]),
            both_sexes_p_value if has_interaction else None,
            SexEffect(female.p_value, female.value) if female else None,
            SexEffect(male.p_value, male.value) if male else None,
            sexes_in_common(table),
        ),
        flags=(JOINT_TEST,) if has_interaction else (),
    )


def sexes_in_common(table: FloatArray) -> tuple[str, ...]:
    """The sexes that have controls and mutants, with a response or without. table: shape (animals, 6); see `design`."""
    return tuple(
        sex
        for number, sex in enumerate(("female", "male"))
        if len(np.unique(table[table[:, SEX] == number, GENOTYPE])) == 2
    )


def _check(
    response: FloatArray,
    is_mutant: BoolArray,
    is_male: BoolArray,
    batch: npt.NDArray[np.str_] | IntArray,
    weight: FloatArray,
) -> None:
    shapes = {array.shape for array in (response, is_mutant, is_male, batch, weight)}
    if len(shapes) > 1 or response.ndim != 1:
        raise BadParameter(f"arrays of shapes {sorted(shapes)}; expected one value for each animal in each")
    for name, values in (("response", response), ("weight", weight)):
        if np.isinf(values).any():
            at = int(np.flatnonzero(np.isinf(values))[0])
            raise BadParameter(f"{name} of animal {at + 1}: {values[at]}; expected a number")


def _estimate(coefficients: FloatArray, p_values: FloatArray, place: int) -> Estimate | None:
    value, error, freedom = coefficients[place].tolist()
    if np.isnan(value):
        return None
    half = -float(special.stdtrit(freedom, (1 - CONFIDENCE) / 2)) * error
    return Estimate(value, error, freedom, float(p_values[place]), value - half, value + half)


def _effect(outcomes: Outcomes, at: int) -> Effect:
    size, change = float(outcomes.effect_sizes[0, at]), float(outcomes.changes[0, at])
    return Effect(size if np.isfinite(size) else None, change if np.isfinite(change) else None)


def _calibrated(calibration: Calibration) -> Calibrated:
    everyone, *rest = calibrated_p_values(calibration)[0].tolist()
    female, male, interaction = (None if np.isnan(p_value) else p_value for p_value in rest)
    own = float(own_variance_p_values(calibration)[0, 0])
    return Calibrated(
        p_value=everyone,
        female_p_value=female,
        male_p_value=male,
        interaction_p_value=interaction,
        own_variance_p_value=None if np.isnan(own) else own,
        probability_of_equal_variances=float(calibration.probability[0, 0]),
        power=float(power(calibration)[0, 0]),
    )


def _normality(
    outcomes: Outcomes, table: FloatArray, batch: IntArray, of_batch: FloatArray
) -> Mapping[str, Normality]:
    there = np.isfinite(table[:, RESPONSE])
    if outcomes.terms[0, WEIGHT]:
        there &= np.isfinite(table[:, WEIGHT])
    x, is_mutant = table[there][:, :RESPONSE], table[there, GENOTYPE] > 0
    columns = np.flatnonzero(outcomes.terms[0])
    fixed = x[:, columns] @ outcomes.coefficients[0, columns, 0]
    between, of_controls, of_mutants = outcomes.variances[0]
    precision = np.where(is_mutant, of_controls / of_mutants, 1.0) * of_batch[batch[there]]
    residual = conditional_residuals(
        table[there, RESPONSE] - fixed, batch[there], precision, between / of_controls
    )
    return normality_by_group(residual, is_mutant, table[there, SEX] > 0)
