"""What is measured of the animals of the demo world, and what centres judge themselves.

A number is a mean, a sex, the effect of the genotype, a part that a week has in common, a part of body weight, and chance. A
category is chance alone. The statistics that follow are those of any animals (`results.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from impckg.loaders.simulate.cohorts import Cohort, WildTypes, weight_deviations
from impckg.loaders.simulate.world import FloatArray, Parameter
from impckg.loaders.statistics.analysis import Animals

# Shares of the standard deviation of wild types: of weeks, and of body weight. Chance has the rest of the variance.
OF_WEEK, OF_WEIGHT = 0.3, 0.2
OF_CHANCE = float(np.sqrt(1 - OF_WEEK**2 - OF_WEIGHT**2))
# No effect takes away more of what wild types have: amounts do not go below nothing.
GREATEST_LOSS = 0.75
# Measured values are written with so many digits.
DIGITS = 5
NORMAL, ABNORMAL = "normal", "abnormal"
"""Labels of categories where IMPReSS has none."""


@dataclass(frozen=True)
class Effect:
    """What the mutants of a line show of a parameter, in standard deviations of the wild types."""

    female: float
    male: float

    def of(self, sex: str) -> float:
        """That of one sex."""
        return self.female if sex == "female" else self.male


NO_EFFECT = Effect(0.0, 0.0)


def labels(parameter: Parameter) -> tuple[str, str]:
    """The categories of a parameter: the normal and the abnormal one."""
    normal, abnormal = parameter.categories if len(parameter.categories) == 2 else (NORMAL, ABNORMAL)
    return normal, abnormal


def measured(
    parameter: Parameter,
    controls: WildTypes,
    mutants: Cohort,
    effect: Effect,
    generator: np.random.Generator,
) -> Animals:
    """The values of controls and mutants."""
    chance = generator.standard_normal(mutants.week.size)
    if parameter.kind == "categorical":
        values: list[npt.NDArray[np.generic]] = [
            _category(parameter, controls.cohort, controls.chance, NO_EFFECT),
            _category(parameter, mutants, chance, effect),
        ]
    else:
        values = [
            _number(parameter, controls.cohort, controls.of_week, controls.chance, NO_EFFECT),
            _number(parameter, mutants, controls.of_week, chance, effect),
        ]
    return Animals(
        np.concatenate(values),
        np.repeat([False, True], [controls.chance.size, chance.size]),
        np.concatenate([controls.cohort.is_male, mutants.is_male]),
        np.concatenate([controls.cohort.date, mutants.date]),
        np.concatenate([controls.cohort.weight, mutants.weight]),
    )


def specimens(parameter: Parameter, count: int, effect: float, generator: np.random.Generator) -> list[str]:
    """What is seen of so many mutants, each a category."""
    normal, abnormal = labels(parameter)
    seen = generator.random(count) < _abnormal_share(parameter, effect)
    return [abnormal if is_abnormal else normal for is_abnormal in seen.tolist()]


def _number(
    parameter: Parameter, cohort: Cohort, of_week: FloatArray, chance: FloatArray, effect: Effect
) -> FloatArray:
    mean, deviation = parameter.mean, parameter.standard_deviation
    by_sex: Mapping[str, float] = {
        sex: max(effect.of(sex), -GREATEST_LOSS * mean / deviation) + shift
        for sex, shift in (("female", parameter.female_shift), ("male", 0.0))
    }
    deviations = np.where(cohort.is_male, by_sex["male"], by_sex["female"])
    deviations = deviations + OF_WEEK * of_week[cohort.week] + OF_WEIGHT * weight_deviations(cohort)
    values = mean + deviation * (deviations + OF_CHANCE * chance)
    # As many decimals as give a value of the size of the mean its digits.
    decimals = DIGITS - 1 - int(np.floor(np.log10(abs(mean) or 1.0)))
    rounded: FloatArray = np.round(values, decimals)
    return rounded


def _category(
    parameter: Parameter, cohort: Cohort, chance: FloatArray, effect: Effect
) -> npt.NDArray[np.str_]:
    share = np.where(
        cohort.is_male, *(_abnormal_share(parameter, effect.of(sex)) for sex in ("male", "female"))
    )
    return np.array(labels(parameter))[(special.ndtr(chance) < share).astype(np.int64)]


def _abnormal_share(parameter: Parameter, effect: float) -> float:
    """The share of animals in the abnormal category: some of the wild types, and of the rest by the size of the effect."""
    rate = parameter.abnormal_rate
    return float(rate + (1 - rate) * (1 - np.exp(-abs(effect))))
