"""One test from its animals to its outcome: the framework is chosen, the gates are passed or not, and the test is made.

Source of the order of steps: mpi2/impc_stats_pipeline b3320a4f, main.R.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import Enum

import numpy as np
import numpy.typing as npt

from impckg.graph.errors import BadParameter
from impckg.loaders.statistics.fisher import FisherResult, fisher_framework
from impckg.loaders.statistics.gates import CONDITIONS, Framework, check_gates, takes_weight
from impckg.loaders.statistics.mixed_model.model import MixedModel, mixed_model
from impckg.loaders.statistics.mixed_model.window import Window
from impckg.loaders.statistics.mixed_model.windowed import windowed_model
from impckg.loaders.statistics.reference_range import ReferenceRangePlus, reference_range_plus
from impckg.loaders.statistics.routing import framework_of, plain_categories

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]

NO_DATES = "no window: what tells the batches apart are no dates"
NO_WINDOW = "no window: no model can be fitted in it"
"""What is said where a window was asked for and there is none."""

NO_MODEL = "no model can be fitted to the animals"
"""What is said of a test that failed."""


class Status(Enum):
    """What became of a test, in the words of the IMPC."""

    SUCCESSFUL = "Successful"
    NOT_PROCESSED = "NotProcessed"
    FAILED = "Failed"


@dataclass(frozen=True, eq=False)
class Animals:
    """The animals of one test: mutants of one line, and their controls. All arrays: shape (animals,).

    values: numbers with NaN, or categories with "", for what is missing.
    date: of the measurement; the batch. weight: body weight, NaN for what is missing.
    """

    values: FloatArray | npt.NDArray[np.str_]
    is_mutant: BoolArray
    is_male: BoolArray
    date: npt.NDArray[np.str_]
    weight: FloatArray

    def __post_init__(self) -> None:
        """Refuse arrays that do not fit together."""
        arrays = (self.values, self.is_mutant, self.is_male, self.date, self.weight)
        if len({array.shape for array in arrays}) > 1 or self.values.ndim != 1:
            raise BadParameter(
                f"arrays of shapes {[array.shape for array in arrays]}; expected one value for each animal in each"
            )

    @property
    def is_numeric(self) -> bool:
        """Whether the values are numbers."""
        return self.values.dtype.kind == "f"

    def those(self, taken: BoolArray) -> "Animals":
        """Some of the animals."""
        return Animals(
            self.values[taken],
            self.is_mutant[taken],
            self.is_male[taken],
            self.date[taken],
            self.weight[taken],
        )


@dataclass(frozen=True, eq=False)
class Analysis:
    """What became of one test.

    reasons: why it was not processed, or failed. kept: shape (animals,); those that were tested.
    has_weight: whether body weight was offered to the model.
    result: of the framework; None unless it was successful. In a window, if there is one.
    window: shape (animals,); how much each counted, 0 for those that were not tested; None where all counted alike.
    windowed: the window, and unwindowed: the result without it, where there is one.
    told: what is to be known of the window.
    """

    parameter: str
    framework: Framework
    status: Status
    reasons: tuple[str, ...]
    kept: BoolArray
    has_weight: bool
    result: MixedModel | FisherResult | ReferenceRangePlus | None
    window: FloatArray | None = None
    windowed: Window | None = None
    unwindowed: MixedModel | None = None
    told: tuple[str, ...] = ()

    @property
    def flags(self) -> tuple[str, ...]:
        """What is to be known about the result."""
        return (*(self.result.flags if isinstance(self.result, MixedModel) else ()), *self.told)


def analyse(
    animals: Animals, parameter: str, framework: Framework | None = None, *, windowing: bool = False
) -> Analysis:
    """Test one parameter of one line.

    parameter: its stable identifier in IMPReSS, or any other name.
    framework: to be used; the IMPC's choice for this parameter where it is not said.
    windowing: whether controls of the mixed model count the more, the nearer in time they are to the mutants.

    Raises BadParameter where a framework does not fit the values.

    >>> drawn = np.random.default_rng(1).normal(size=40)
    >>> mutants, males = np.arange(40) < 8, np.arange(40) % 2 == 0
    >>> found = analyse(Animals(drawn, mutants, males, np.full(40, "2020-01-01"), np.full(40, np.nan)), "X")
    >>> found.status.value, found.framework.value, bool(found.result.genotype.p_value > 0.01)
    ('Successful', 'MM', True)
    """
    chosen = framework or framework_of(parameter, animals.is_numeric)
    if (chosen is Framework.FISHER) == animals.is_numeric:
        raise BadParameter(
            f"{parameter}: framework {chosen.value} with {'numbers' if animals.is_numeric else 'categories'}; "
            f"FE is for categories, MM and RR are for numbers"
        )
    if not animals.is_numeric:
        animals = replace(animals, values=plain_categories(animals.values.astype(np.str_)))
    gates = check_gates(animals.values, animals.is_mutant, animals.is_male, chosen, parameter)
    if not gates.passed:
        told = tuple(CONDITIONS[name] for name in gates.broken)
        return Analysis(parameter, chosen, Status.NOT_PROCESSED, told, gates.kept, False, None)
    kept = gates.kept & _of_shared_sexes(animals.is_mutant, animals.is_male, gates.kept)
    tested = animals.those(kept)
    has_weight = chosen is Framework.MIXED_MODEL and takes_weight(
        tested.weight, tested.is_mutant, tested.is_male
    )
    result = _test(tested, chosen, has_weight)
    if result is None:
        return Analysis(parameter, chosen, Status.FAILED, (NO_MODEL,), kept, has_weight, None)
    found = Analysis(parameter, chosen, Status.SUCCESSFUL, (), kept, has_weight, result)
    return _in_window(found, tested, result) if windowing and isinstance(result, MixedModel) else found


def counts(animals: Animals) -> Mapping[str, int]:
    """How many there are of each sex and genotype, by the names of the columns of IMPC's results."""
    return {
        f"{sex}_{genotype}_count": int(
            np.count_nonzero((animals.is_male == male) & (animals.is_mutant == mutant))
        )
        for male, sex in ((False, "female"), (True, "male"))
        for mutant, genotype in ((True, "mutant"), (False, "control"))
    }


def days(dates: npt.NDArray[np.str_]) -> npt.NDArray[np.int64] | None:
    """Dates in ISO's form as days since 1970; None where one is no date."""
    try:
        return np.array([date.fromisoformat(text).toordinal() for text in dates.tolist()]) - _EPOCH
    except ValueError:
        return None


_EPOCH = date(1970, 1, 1).toordinal()


def _in_window(found: Analysis, tested: Animals, result: MixedModel) -> Analysis:
    """The same in a window. tested: the animals that are kept; result: of them without a window."""
    day = days(tested.date)
    if day is None:
        return replace(found, told=(NO_DATES,))
    weight = tested.weight if found.has_weight else None
    values = tested.values.astype(np.float64)
    in_window = windowed_model(values, tested.is_mutant, tested.is_male, day, weight, result.full_terms)
    if in_window.model is None:
        return replace(found, windowed=in_window.window, told=(NO_WINDOW,))
    weights = np.zeros(len(found.kept))
    weights[found.kept] = in_window.weight
    return replace(
        found,
        kept=weights > 0,
        result=in_window.model,
        window=weights,
        windowed=in_window.window,
        unwindowed=result,
    )


def _of_shared_sexes(is_mutant: BoolArray, is_male: BoolArray, kept: BoolArray) -> BoolArray:
    """The animals of sexes that have both controls and mutants among those that are kept."""
    shared = np.zeros(len(kept), dtype=np.bool_)
    for male in (False, True):
        of_sex = kept & (is_male == male)
        if (of_sex & is_mutant).any() and (of_sex & ~is_mutant).any():
            shared |= is_male == male
    return shared


def _test(
    animals: Animals, framework: Framework, has_weight: bool
) -> MixedModel | FisherResult | ReferenceRangePlus | None:
    if framework is Framework.FISHER:
        return fisher_framework(animals.values.astype(np.str_), animals.is_mutant, animals.is_male)
    values = animals.values.astype(np.float64)
    if framework is Framework.REFERENCE_RANGE:
        return reference_range_plus(values, animals.is_mutant, animals.is_male)
    weight = animals.weight if has_weight else None
    return mixed_model(values, animals.is_mutant, animals.is_male, animals.date, weight)
