"""Whether there is enough to test: which animals are left, and what stands against a test.

A test is one parameter of one line against its controls. Groups (sex and genotype) with too few animals are left out first;
then each condition is looked at, and one that does not hold makes the result "not processed", with its reason.

Source: mpi2/impc_stats_pipeline b3320a4f, main.R and sideFunctions.R.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

import numpy as np
import numpy.typing as npt

from impckg.graph.errors import BadParameter

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]

# Animals that a group needs, of numeric parameters and of those of hearing (auditory brain stem response).
FEWEST_ANIMALS = 4
FEWEST_ANIMALS_OF_HEARING = 1
HEARING = "_ABR_"
# Distinct values of a numeric parameter over all values: what is not above this is taken for a category.
SMALLEST_SHARE_OF_VALUES = 0.005
# Controls of a sex that a reference range needs to be more than.
REFERENCE_RANGE_CONTROLS = 60
# Of weights, the largest share that may be missing, and how many each group needs.
LARGEST_SHARE_WITHOUT_WEIGHT = 0.2
FEWEST_WEIGHTS = 4


class Framework(Enum):
    """The statistical frameworks."""

    MIXED_MODEL = "MM"
    FISHER = "FE"
    REFERENCE_RANGE = "RR"


CONDITIONS: Mapping[str, str] = {
    "two_genotypes": "controls or mutants are missing",
    "enough_of_each": "a genotype has fewer animals than are needed",
    "two_mutants": "no sex has two mutants",
    "sex_in_common": "no sex has both controls and mutants",
    "variation": "all values are equal",
    "many_values": "there are too few distinct values",
    "enough_controls": "there are too few controls for a reference range",
}
"""What must hold for a test, and what is said where it does not."""


@dataclass(frozen=True, eq=False)
class Gates:
    """What is left to be tested.

    kept: shape (animals,); the animals of groups that are large enough, with a value.
    fewest: how many a group needs.
    broken: conditions of CONDITIONS that do not hold.
    """

    kept: BoolArray
    fewest: int
    broken: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether the test is to be made."""
        return not self.broken


def check_gates(
    values: FloatArray | npt.NDArray[np.str_],
    is_mutant: BoolArray,
    is_male: BoolArray,
    framework: Framework,
    parameter: str,
) -> Gates:
    """Look at what there is for one test.

    values: shape (animals,); numbers with NaN, or categories with "", for what is missing.
    is_mutant, is_male: shape (animals,). parameter: its identifier in IMPReSS.

    Raises BadParameter where the shapes differ.
    """
    if not (values.shape == is_mutant.shape == is_male.shape) or values.ndim != 1:
        raise BadParameter(
            f"values of shape {values.shape}, genotypes of shape {is_mutant.shape}; expected one for each animal"
        )
    is_numeric = framework is not Framework.FISHER
    fewest = (FEWEST_ANIMALS_OF_HEARING if HEARING in parameter else FEWEST_ANIMALS) if is_numeric else 0
    there = np.isfinite(values.astype(np.float64)) if is_numeric else values != ""
    kept = there.copy()
    for group in groups(is_mutant, is_male):
        inside = there & group
        constant = framework is Framework.MIXED_MODEL and len(np.unique(values[inside])) == 1
        if np.count_nonzero(inside) < fewest or constant:
            kept &= ~group
    holds = _conditions(values[kept], is_mutant[kept], is_male[kept], framework, fewest)
    return Gates(kept, fewest, tuple(name for name in CONDITIONS if not holds[name]))


def groups(is_mutant: BoolArray, is_male: BoolArray) -> list[BoolArray]:
    """The animals of each sex and genotype: four masks of shape (animals,)."""
    return [(is_mutant == mutant) & (is_male == male) for mutant in (False, True) for male in (False, True)]


def _conditions(
    values: FloatArray | npt.NDArray[np.str_],
    is_mutant: BoolArray,
    is_male: BoolArray,
    framework: Framework,
    fewest: int,
) -> dict[str, bool]:
    mutants = {male: np.count_nonzero(is_mutant & (is_male == male)) for male in (False, True)}
    controls = {male: np.count_nonzero(~is_mutant & (is_male == male)) for male in (False, True)}
    distinct = len(np.unique(values))
    is_numeric = framework is not Framework.FISHER
    return {
        "two_genotypes": any(mutants.values()) and any(controls.values()),
        "enough_of_each": bool(min(sum(mutants.values()), sum(controls.values())) >= fewest),
        "two_mutants": bool(max(mutants.values()) > 1),
        "sex_in_common": any(mutants[sex] and controls[sex] for sex in mutants),
        "variation": distinct > 1,
        "many_values": not is_numeric
        or (len(values) > 0 and distinct / len(values) > SMALLEST_SHARE_OF_VALUES),
        "enough_controls": framework is not Framework.REFERENCE_RANGE
        or any(mutants[sex] and controls[sex] > REFERENCE_RANGE_CONTROLS for sex in mutants),
    }


def takes_weight(weights: FloatArray, is_mutant: BoolArray, is_male: BoolArray) -> bool:
    """Whether body weight goes into the mixed model.

    weights: shape (animals,); NaN for what is missing. The animals are those that are left.

    It does where few are missing, and each group that there is has enough.
    """
    known = np.isfinite(weights)
    if not len(weights) or 1 - np.count_nonzero(known) / len(weights) > LARGEST_SHARE_WITHOUT_WEIGHT:
        return False
    return all(
        np.count_nonzero(known & group) >= FEWEST_WEIGHTS
        for group in groups(is_mutant, is_male)
        if group.any()
    )
