"""The reference range plus framework (RR+): whether mutants are too often in a tail of the controls.

The range is what lies between two quantiles of the controls. Below or at the lower one is low, at or above the upper one is
high; each tail against all the rest makes a table for an exact test (exact_test.py). For each sex the range is taken anew
from the controls of that sex.

Source: OpenStats 1.6.4 (mpi2/OpenStats 1407d0f2), RRrunner and RRCut; quantiles of R's type 7.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from impckg.graph.errors import BadParameter
from impckg.loaders.statistics.exact_test import exact_p_value, largest_difference
from impckg.loaders.statistics.significance import LEVEL, SEXES, SIGNIFICANCE

# The share of controls that the range is to hold (impc_stats_pipeline b3320a4f, function_windowed.R, RR_prop).
RANGE_SHARE = 0.95


@dataclass(frozen=True, eq=False)
class Tail:
    """One tail of the range, and how many animals are in it.

    table: shape (2, 2); rows: in the tail, outside of it; columns: controls, mutants.
    effect: how far the shares in the tail are apart; None where there are no controls or no mutants.
    """

    table: npt.NDArray[np.int64]
    p_value: float
    effect: float | None


@dataclass(frozen=True, eq=False)
class ReferenceRange:
    """The range of the controls, in the unit of the values, and both of its tails."""

    lower: float
    upper: float
    low: Tail
    high: Tail


@dataclass(frozen=True, eq=False)
class ReferenceRangePlus:
    """All tests of one parameter: over all animals, and for each sex that there is ("Female", "Male").

    tag: which groups are significant, as OpenStats words it.
    """

    overall: ReferenceRange
    by_sex: Mapping[str, ReferenceRange]
    tag: str


def reference_range(
    values: npt.NDArray[np.float64], is_mutant: npt.NDArray[np.bool_], share: float = RANGE_SHARE
) -> ReferenceRange:
    """Test whether mutants are in a tail of the controls more, or less, often than controls.

    values: shape (animals,); without missing ones. is_mutant: shape (animals,).
    share: of the controls that the range is to hold, between 0 and 1.

    Raises BadParameter where there is no control, where a value is missing or infinite, or the shapes differ.

    >>> found = reference_range(np.arange(41.0), np.arange(41) > 39)
    >>> round(found.lower, 6), round(found.upper, 6), found.high.table.tolist()
    (0.975, 38.025, [[1, 1], [39, 0]])
    """
    if values.shape != is_mutant.shape or values.ndim != 1:
        raise BadParameter(
            f"values of shape {values.shape}, genotypes of shape {is_mutant.shape}; expected one for each animal"
        )
    if not np.isfinite(values).all():
        raise BadParameter("a value is missing or infinite; expected numbers, with missing ones left out")
    controls = values[~is_mutant]
    if not len(controls):
        raise BadParameter("there is no control; expected some, whose range the mutants are held against")
    probability = 1 - (1 - share) / 2
    lower, upper = quantile(controls, 1 - probability), quantile(controls, probability)
    return ReferenceRange(lower, upper, _tail(values <= lower, is_mutant), _tail(values >= upper, is_mutant))


def reference_range_plus(
    values: npt.NDArray[np.float64], is_mutant: npt.NDArray[np.bool_], is_male: npt.NDArray[np.bool_]
) -> ReferenceRangePlus:
    """Test all animals, and those of each sex against the range of that sex.

    values, is_mutant, is_male: shape (animals,), as for `reference_range`.

    Raises BadParameter where all animals, or those of one sex, have no range.
    """
    overall = reference_range(values, is_mutant)
    sexes = {name: rows for name, rows in (("Female", ~is_male), ("Male", is_male)) if rows.any()}
    by_sex = {name: reference_range(values[rows], is_mutant[rows]) for name, rows in sexes.items()}
    tails = {name: significant_tail(found) for name, found in by_sex.items()}
    return ReferenceRangePlus(overall, by_sex, classification_tag(significant_tail(overall), tails))


def significant_tail(found: ReferenceRange) -> str | None:
    """Which tail is significant, "High" or "Low"; None for neither, and for both, which OpenStats does not classify."""
    low, high = (tail.p_value < SIGNIFICANCE for tail in (found.low, found.high))
    if low == high:
        return None
    return "Low" if low else "High"


def classification_tag(overall: str | None, by_sex: Mapping[str, str | None]) -> str:
    """Which groups are significant, and in which tail, in OpenStats' words.

    overall: the significant tail of all animals. by_sex: that of "Female" and "Male", for the sexes that there are.

    >>> classification_tag("High", {"Female": "High", "Male": None})
    'With phenotype threshold value 1e-04 - significant in females (High) and in combined dataset (High)'
    """
    start = f"With phenotype threshold value {LEVEL} - significant"
    if len(by_sex) == 1:
        sex = next(iter(by_sex)).lower()
        if overall is None:
            return f"Not significant for the one sex ({sex}) tested"
        return f"{start} for the sex ({sex}) tested ({overall})"
    found = [f"{words} ({by_sex[sex]})" for sex, words in SEXES.items() if by_sex.get(sex) is not None]
    if overall is None:
        if not found:
            return "Not significant"
        return f"{start} in {' and '.join(found)} dataset{'s' if len(found) > 1 else ' only'}"
    if not found:
        return f"{start} in combined dataset only ({overall})"
    return f"{start} in {', '.join(found)} and in combined dataset ({overall})"


def quantile(values: npt.NDArray[np.float64], probability: float) -> float:
    """R's quantile of type 7, rounded as R does: a value that equals a bound is in the tail, so the bound must be the same.

    values: shape (animals,); at least one. numpy's has the same definition, and rounds otherwise.

    >>> quantile(np.array([1.0, 2.0, 4.0]), 0.75)
    3.0
    """
    ordered = np.sort(values)
    index = (len(ordered) - 1) * probability
    # R counts from 1, and that addition rounds, too.
    at = 1 + index
    low, high = int(np.floor(at)), int(np.ceil(at))
    share = at - low
    below, above = float(ordered[low - 1]), float(ordered[high - 1])
    return below if share == 0 or above == below else (1 - share) * below + share * above


def _tail(is_in: npt.NDArray[np.bool_], is_mutant: npt.NDArray[np.bool_]) -> Tail:
    counts = [
        [np.count_nonzero(rows & columns) for columns in (~is_mutant, is_mutant)] for rows in (is_in, ~is_in)
    ]
    table = np.array(counts, dtype=np.int64)
    return Tail(table, exact_p_value(table), largest_difference(table))
