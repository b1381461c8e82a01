"""Soft windowing: controls count the more, the nearer in time they are to the mutants.

Around each date with mutants, a peak, stands a window with soft edges; l is its half width in days, k how steep its edges
are. l is found first, with the steepest edges, then k: the step of the grid at which the spread of residuals and of
predicted values changes most clearly from one window to the next, among those that hold enough animals.

Source: SmoothWin 3.0.0 and PhenStatWindow (mpi2/impc_stats_pipeline b3320a4f), as the IMPC runs them: check = 1,
sensitivity = c(1, 1, 1, 0), weightORthreshold = "threshold". What is called a comparison of means there is one of variances.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special, stats

from impckg.loaders.statistics.mixed_model.compiled import compiled
from impckg.loaders.statistics.mixed_model.design import GENOTYPE, RESPONSE, SEX
from impckg.loaders.statistics.mixed_model.likelihood import START, Model, fit
from impckg.loaders.statistics.mixed_model.peaks import chosen_peaks
from impckg.loaders.statistics.mixed_model.sums import add_controls, add_mutants

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

# An animal of less weight is outside of the window; a weight is never less than a thousandth of that.
SMALLEST_WEIGHT = 10 * float(np.sqrt(np.finfo(np.float64).eps))
FLOOR = SMALLEST_WEIGHT / 1000
# A date with fewer animals in the window is left out, since it tells nothing about its batch (check = 1).
FEWEST_ON_A_DATE = 2
# How many controls each sex is to have for each peak, and what the grids of l and k are.
CONTROLS_OF_A_PEAK = 35
MOST_WIDTHS = 500
SHAPES = np.exp(np.linspace(np.log(0.5), np.log(10.0), 50))[::-1]


@dataclass(frozen=True, eq=False)
class Window:
    """A window.

    half_width: l, in days. shape: k, per day. half_width_score, shape_score: the sums of p-values that were smallest; None
    where no step of the grid had one, and the largest l or k was taken.
    fewest: how many animals the window was to hold, besides the mutants. peaks: shape (peaks,); days.
    weight: shape (animals,); between FLOOR and 1. inside: shape (animals,); those that are in the window.
    widths: how many values of l were tried.
    """

    half_width: float
    shape: float
    half_width_score: float | None
    shape_score: float | None
    fewest: int
    peaks: IntArray
    weight: FloatArray
    inside: BoolArray
    widths: int

    @property
    def varies(self) -> bool:
        """Whether animals have different weights; a window for which they have not says nothing."""
        return bool(len(np.unique(self.weight)) > 1 and np.var(self.weight, ddof=1) >= SMALLEST_WEIGHT)


def find_window(table: FloatArray, day: IntArray, columns: IntArray) -> Window:
    """The window for the animals of one test.

    table: shape (animals, 6); see `design`; without missing values in `columns` and the response. day: shape (animals,).
    columns: shape (terms,); of the model begun with.
    """
    is_mutant = table[:, GENOTYPE] > 0
    peaks = chosen_peaks(day[is_mutant])
    at_peaks = int(np.isin(day[is_mutant], peaks).sum())
    sexes = len(np.unique(table[:, SEX]))
    needed = (
        CONTROLS_OF_A_PEAK * sexes if len(peaks) > 1 else max(np.pi * np.sqrt(len(day)), CONTROLS_OF_A_PEAK)
    )
    fewest = int(np.ceil(min(max(needed * len(peaks), at_peaks), len(day))))
    dates, batch = np.unique(day, return_inverse=True)
    animals = _Animals(table, batch, columns, dates, peaks)
    widths = _widths(day, peaks)
    half_width, width_score = _search(
        animals, [(width, SHAPES[0]) for width in widths], min(fewest + at_peaks, len(day)), place=0
    )
    half_width = widths[-1] if half_width is None else half_width
    shape, shape_score = _search(animals, [(half_width, shape) for shape in SHAPES], 0, place=1)
    shape = SHAPES[0] if shape is None else shape
    of_date = date_weights(dates, peaks, half_width, shape)
    inside = _inside(of_date, batch)
    return Window(
        float(half_width),
        float(shape),
        width_score,
        shape_score,
        fewest,
        peaks,
        of_date[batch],
        inside[batch],
        len(widths),
    )


def date_weights(dates: IntArray, peaks: IntArray, half_width: float, shape: float) -> FloatArray:
    """The weights of dates, shape (dates,): of the union of the windows around the peaks, stretched to reach from 0 to 1.

    >>> date_weights(np.array([0, 90, 99, 100, 120]), np.array([100]), 10.0, 1.0).round(3).tolist()
    [0.0, 0.5, 1.0, 1.0, 0.0]
    """
    days, centres = dates[None, :].astype(np.float64), peaks[:, None].astype(np.float64)
    # The second factor is one minus a logistic function, to the digit.
    each = special.expit((days - centres + half_width) * shape) * (
        1 - special.expit((days - centres - half_width) * shape)
    )
    highest = each.max(axis=1, keepdims=True)
    each = each / np.where(highest != 0, highest, 1.0)
    together = each.sum(axis=0)
    weight = np.where(together > FLOOR, 1 - np.prod(1 - each, axis=0), together)
    length = weight.max() - weight.min()
    if length > np.sqrt(np.finfo(np.float64).eps):
        weight = (weight - weight.min()) / length
    return np.asarray(np.maximum(weight, FLOOR), dtype=np.float64)


@dataclass(frozen=True, eq=False)
class _Animals:
    table: FloatArray
    batch: IntArray
    columns: IntArray
    dates: IntArray
    peaks: IntArray


def _widths(day: IntArray, peaks: IntArray) -> FloatArray:
    """The grid of l: whole days, the denser the smaller."""
    largest = max(int(np.abs(peaks - day.min()).max()), int(np.abs(peaks - day.max()).max()), 1)
    steps = int(min(MOST_WIDTHS, max(1, day.max() - day.min())))
    return np.unique(np.round(np.exp(np.linspace(0.0, np.log(largest), steps))))


def _search(
    animals: _Animals, grid: list[tuple[float, float]], fewest: int, place: int
) -> tuple[float | None, float | None]:
    """The first of the best steps of a grid of l and k that hold enough animals, and its score.

    place: 0 for l, 1 for k.
    """
    found = [(step[place], *trial) for step in grid if (trial := _tried(animals, *step)) is not None]
    if len(found) < 2:
        return None, None
    values, rows, residual, predicted = (np.array(column) for column in zip(*found, strict=True))
    score = _scores(rows, residual, predicted)
    enough = (rows[:-1] >= fewest) & np.isfinite(score)
    if not enough.any():
        return None, None
    best = score[enough].min()
    return float(values[:-1][enough & (score == best)][0]), float(best)


def _scores(rows: FloatArray, residual: FloatArray, predicted: FloatArray) -> FloatArray:
    """The score of each window but the last, held against the next: shape (windows - 1,).

    rows, residual, predicted: shape (windows,); animals, and the variances of their residuals and predicted values.

    With v and p the p-values of the variance tests, this is all products and sums that SmoothWin takes of them.
    """
    v, p = (_variance_test(variance, rows) for variance in (residual, predicted))
    together = v * v + 2 * v * p + p * p + 2 * v * v * p + 2 * v * p * p + v * v * p * p
    return np.asarray(together + 2 * (v + p + v * p), dtype=np.float64)


def _variance_test(variance: FloatArray, rows: FloatArray) -> FloatArray:
    """Two-sided p-values of F tests of each variance but the first against the one before."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = variance[1:] / variance[:-1]
    freedom = rows[1:] - 1, rows[:-1] - 1
    return np.asarray(2 * np.minimum(stats.f.cdf(ratio, *freedom), stats.f.sf(ratio, *freedom)))


def _inside(weight: FloatArray, batch: IntArray) -> BoolArray:
    """The dates that are in the window: shape (dates,)."""
    animals = np.bincount(batch, minlength=len(weight))
    return np.asarray((weight >= SMALLEST_WEIGHT) & (animals >= FEWEST_ON_A_DATE))


def _tried(animals: _Animals, half_width: float, shape: float) -> tuple[float, float, float] | None:
    """How many animals are in a window, and the variances of their residuals and predicted values; None without a model."""
    weight = date_weights(animals.dates, animals.peaks, half_width, shape)
    inside = _inside(weight, animals.batch)
    if not inside.any():
        return None
    found, rows, residual, predicted = _trial(animals.table, animals.batch, weight, inside, animals.columns)
    return (rows, residual, predicted) if found else None


@compiled
def _trial(
    table: FloatArray, batch: IntArray, weight: FloatArray, inside: BoolArray, columns: IntArray
) -> tuple[bool, float, float, float]:
    """Fit the model within a window: whether that can be done, animals, variance of residuals and of predicted values."""
    is_mutant, taken = table[:, GENOTYPE] > 0.0, inside[batch]
    controls = add_controls(table, batch, weight, taken & ~is_mutant)
    sums = add_mutants(controls, table, batch, taken & is_mutant)
    if sums.rows.min() == 0:
        return False, 0.0, 0.0, 0.0
    found = fit(sums, Model(columns, True, False, True), START)
    if not found.found:
        return False, 0.0, 0.0, 0.0
    fixed, total, size = np.zeros(len(table)), np.zeros(len(weight)), np.zeros(len(weight))
    for animal in range(len(table)):
        if taken[animal]:
            for place in range(len(columns)):
                fixed[animal] += found.beta[place] * table[animal, columns[place]]
            at = batch[animal]
            total[at] += weight[at] * (table[animal, RESPONSE] - fixed[animal])
            size[at] += weight[at]
    effect = found.theta * total / (1.0 + found.theta * size)
    predicted = (fixed + effect[batch])[taken]
    residual = table[taken, RESPONSE] - predicted
    n = len(predicted)
    share = n / (n - 1.0)
    return True, float(n), residual.var() * share, predicted.var() * share
