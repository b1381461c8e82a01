"""The animals of the demo world: which there are, when they are measured, and what they weigh.

Each centre measures its wild types throughout, some every week, and so has controls for each procedure of its pipelines. The
mutants of a line are measured in a few of these weeks. All parameters of a procedure are of the same animals.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import numpy as np
import numpy.typing as npt

from impckg.loaders.simulate.plan import Plan, Step
from impckg.loaders.simulate.world import BoolArray, FloatArray, IntArray

# Wild types of each sex for each procedure: fewest, and most. A reference range needs more than 60.
ADULTS, LATE_ADULTS = (90, 220), (64, 110)
WILD_TYPES_A_WEEK = 10
FIRST_MONDAY = date(2015, 3, 2)
# Mutants of each sex, in how many weeks, and how often there are too few of them: of both sexes, and of either.
MUTANTS, WEEKS = (5, 9), (2, 4)
SCARCE_MUTANTS = (0, 3)
FEW_ANIMALS_PROBABILITY = 0.03
# Body weight in grams.
WEIGHT_OF_FEMALES, WEIGHT_OF_MALES, WEIGHT_DEVIATION = 21.0, 27.0, 2.0


@dataclass(frozen=True, eq=False)
class Cohort:
    """Animals that undergo a procedure. All arrays: shape (animals,).

    week: of the measurement, from 0. weight: in grams.
    """

    is_male: BoolArray
    week: IntArray
    weight: FloatArray

    @cached_property
    def date(self) -> npt.NDArray[np.str_]:
        """Of the measurement, as ISO has it."""
        return np.array([_monday(week) for week in self.week.tolist()], dtype="U10")


@dataclass(frozen=True, eq=False)
class WildTypes:
    """The controls of one parameter.

    of_week: shape (weeks,); what the values of a week have in common, in standard deviations of the parameter.
    chance: shape (animals,); standard normal, of each animal its own.
    """

    cohort: Cohort
    of_week: FloatArray
    chance: FloatArray


class Controls:
    """The wild types of all centres, drawn when they are first asked for: the same for a seed, whatever is asked first."""

    def __init__(self, plan: Plan, seed: int) -> None:
        self._plan = plan
        self._seed = seed
        self._first_of_cohort: dict[tuple[str, str, str], int] = {}
        for place, step in enumerate(plan.steps):
            self._first_of_cohort.setdefault(cohort_key(step), place)
        self._cohorts: dict[int, Cohort] = {}
        self._of_step: dict[int, WildTypes] = {}

    def of(self, place: int) -> WildTypes:
        """Those of a step of the plan."""
        if place not in self._of_step:
            cohort = self._cohort(self._plan.steps[place])
            generator = np.random.Generator(np.random.PCG64([self._seed, 3, place]))
            of_week = generator.standard_normal(int(cohort.week.max()) + 1)
            self._of_step[place] = WildTypes(cohort, of_week, generator.standard_normal(cohort.week.size))
        return self._of_step[place]

    def _cohort(self, step: Step) -> Cohort:
        number = self._first_of_cohort[cohort_key(step)]
        if number not in self._cohorts:
            generator = np.random.Generator(np.random.PCG64([self._seed, 4, number]))
            is_late = step.pipeline is step.centre.late_pipeline
            fewest, most = LATE_ADULTS if is_late else ADULTS
            females, males = generator.integers(fewest, most + 1, 2).tolist()
            is_male = np.repeat([False, True], [females, males])
            week = generator.integers(0, is_male.size // WILD_TYPES_A_WEEK, is_male.size)
            self._cohorts[number] = Cohort(is_male, week, _weigh(is_male, generator))
        return self._cohorts[number]


def cohort_key(step: Step) -> tuple[str, str, str]:
    """Steps with the same key are measured on the same animals."""
    return step.centre.name, step.pipeline.stable_id, step.procedure


def draw_mutants(weeks: int, sexes: tuple[str, ...], generator: np.random.Generator) -> Cohort:
    """The mutants of a line for one procedure. weeks: in which they may be measured. sexes: that such mutants can have."""
    few = generator.random() < FEW_ANIMALS_PROBABILITY
    count = {}
    for sex in ("female", "male"):
        scarce = generator.random() < FEW_ANIMALS_PROBABILITY
        many, scarcely = (
            generator.integers(*_inclusive(MUTANTS)),
            generator.integers(*_inclusive(SCARCE_MUTANTS)),
        )
        count[sex] = int(scarcely if few or scarce else many) if sex in sexes else 0
    is_male = np.repeat([False, True], [count["female"], count["male"]])
    span = int(generator.integers(*_inclusive(WEEKS)))
    first = int(generator.integers(0, weeks - span + 1))
    return Cohort(is_male, first + generator.integers(0, span, is_male.size), _weigh(is_male, generator))


def weight_deviations(cohort: Cohort) -> FloatArray:
    """How far each animal is from the weight of its sex, in standard deviations, shape (animals,)."""
    mean = np.where(cohort.is_male, WEIGHT_OF_MALES, WEIGHT_OF_FEMALES)
    deviations: FloatArray = (cohort.weight - mean) / WEIGHT_DEVIATION
    return deviations


def _weigh(is_male: BoolArray, generator: np.random.Generator) -> FloatArray:
    mean = np.where(is_male, WEIGHT_OF_MALES, WEIGHT_OF_FEMALES)
    weight: FloatArray = np.round(mean + WEIGHT_DEVIATION * generator.standard_normal(is_male.size), 1)
    return weight


def _monday(week: int) -> str:
    return (FIRST_MONDAY + timedelta(weeks=week)).isoformat()


def _inclusive(ends: tuple[int, int]) -> tuple[int, int]:
    return ends[0], ends[1] + 1
