"""Fisher's exact test of a table with two columns and any number of rows, two-sided.

All tables with the margins of the observed one are weighed by their probability; the p-value is that of all which are no
more likely than the observed one (with R's tolerance, 1e-7). There may be millions of them. So whole families are taken at
once: a table is filled row by row, and as soon as even the likeliest way to go on is unlikely enough, all ways together are
added, which is one binomial coefficient; as soon as even the unlikeliest is too likely, none is.

Source: Fisher 1935; Mehta and Patel 1983, https://doi.org/10.1080/01621459.1983.10477989, for the bounds; R's fisher.test
for the tolerance and the meaning of two-sided. scipy's test of larger tables draws at random and cannot reach 1e-4.
"""

import itertools
import math

import numpy as np
import numpy.typing as npt
from numba import njit

from impckg.graph.errors import BadParameter

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

# A table counts as no more likely than the observed one where the logarithm of its probability is no more than this above.
# R's fisher.test has the first for two rows, and the second, FEXACT's, for more: with thousands of animals there are tables
# between them.
TOLERANCE_OF_TWO_ROWS = float(np.log1p(1e-7))
TOLERANCE_OF_MORE_ROWS = 3.45254e-7


def exact_p_value(table: IntArray) -> float:
    """The two-sided p-value of the independence of rows and columns.

    table: shape (rows, 2); counts.

    A table with an empty column, or with one row, says nothing: its p-value is 1. Empty rows do not count. Raises
    BadParameter where the table is no table of counts with two columns.

    >>> f"{exact_p_value(np.array([[13, 2], [444, 3], [43, 10]])):.6e}"
    '5.713034e-09'
    """
    counts = _checked(table)
    rows, columns = counts.sum(axis=1), counts.sum(axis=0)
    counts = counts[rows > 0]
    if len(counts) < 2 or not columns.all():
        return 1.0
    # The smaller column decides how many tables there are.
    column = counts[:, int(np.argmin(columns))]
    sizes = counts.sum(axis=1)
    order = np.argsort(-sizes, kind="stable")
    p_value = _p_value(sizes[order], column[order], _log_factorials(int(sizes.sum())), _tolerance(len(sizes)))
    return float(min(p_value, 1.0))


def plain_p_value(table: IntArray) -> float:
    """The same, by looking at every table: for small ones, and to compare with.

    >>> round(plain_p_value(np.array([[3, 1], [1, 3]])), 6)
    0.485714
    """
    counts = _checked(table)
    sizes, chosen = counts.sum(axis=1), counts[:, 1]
    whole = math.comb(int(sizes.sum()), int(chosen.sum()))
    ways = [
        math.prod(math.comb(int(size), x) for size, x in zip(sizes, filled, strict=True))
        for filled in itertools.product(*(range(int(size) + 1) for size in sizes))
        if sum(filled) == chosen.sum()
    ]
    observed = math.prod(math.comb(int(size), int(x)) for size, x in zip(sizes, chosen, strict=True))
    most = observed * math.exp(_tolerance(len(counts)))
    return sum(way for way in ways if way <= most) / whole


def largest_difference(table: IntArray) -> float | None:
    """How far the shares of the two columns are apart in the row where they are furthest; None where a column is empty.

    table: shape (rows, 2); counts. Source: OpenStats, the effect size of its Fisher framework.

    >>> largest_difference(np.array([[13, 2], [444, 3], [43, 10]]))
    0.688
    """
    counts = _checked(table)
    columns = counts.sum(axis=0)
    if not columns.all():
        return None
    shares = counts / columns
    return float(np.abs(shares[:, 0] - shares[:, 1]).max())


def _checked(table: IntArray) -> IntArray:
    counts = np.asarray(table)
    if (
        counts.ndim != 2
        or counts.shape[1] != 2
        or not np.issubdtype(counts.dtype, np.integer)
        or (counts < 0).any()
    ):
        raise BadParameter(
            f"an exact test of shape {counts.shape} and type {counts.dtype}; expected counts in two columns"
        )
    return counts.astype(np.int64)


def _tolerance(rows: int) -> float:
    return TOLERANCE_OF_TWO_ROWS if rows == 2 else TOLERANCE_OF_MORE_ROWS


def _log_factorials(most: int) -> FloatArray:
    return np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, most + 1)))])


@njit(cache=True)
def _log_choose(log_factorials: FloatArray, size: int, chosen: int) -> float:
    return float(log_factorials[size] - log_factorials[chosen] - log_factorials[size - chosen])


@njit(cache=True)
def _bounds(sizes: IntArray, total: int, log_factorials: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The likeliest and the unlikeliest way to choose so many from the rows from one on: shapes (rows + 1, total + 1)."""
    rows = len(sizes)
    most = np.full((rows + 1, total + 1), -np.inf)
    least = np.full((rows + 1, total + 1), np.inf)
    most[rows, 0] = least[rows, 0] = 0.0
    for row in range(rows - 1, -1, -1):
        for left in range(total + 1):
            for chosen in range(min(sizes[row], left) + 1):
                way = _log_choose(log_factorials, sizes[row], chosen)
                most[row, left] = max(most[row, left], way + most[row + 1, left - chosen])
                least[row, left] = min(least[row, left], way + least[row + 1, left - chosen])
    return most, least


@njit(cache=True)
def _p_value(sizes: IntArray, observed: IntArray, log_factorials: FloatArray, tolerance: float) -> float:
    rows, total = len(sizes), observed.sum()
    whole = _log_choose(log_factorials, sizes.sum(), total)
    threshold = tolerance
    for row in range(rows):
        threshold += _log_choose(log_factorials, sizes[row], observed[row])
    most, least = _bounds(sizes, total, log_factorials)
    after = np.zeros(rows + 1, dtype=np.int64)
    for row in range(rows - 1, -1, -1):
        after[row] = after[row + 1] + sizes[row]
    # What waits: from which row on, how many are left to choose, how likely it is so far. At each row at most all ways wait.
    waiting_row = np.empty(rows * (total + 1) + 1, dtype=np.int64)
    waiting_left = np.empty_like(waiting_row)
    waiting_log = np.empty(len(waiting_row))
    waiting_row[0], waiting_left[0], waiting_log[0] = 0, total, 0.0
    waiting, p_value = 1, 0.0
    while waiting:
        waiting -= 1
        row, left, so_far = waiting_row[waiting], waiting_left[waiting], waiting_log[waiting]
        if so_far + most[row, left] <= threshold:
            p_value += np.exp(so_far + _log_choose(log_factorials, after[row], left) - whole)
        elif so_far + least[row, left] <= threshold:
            for chosen in range(max(0, left - after[row + 1]), min(sizes[row], left) + 1):
                waiting_row[waiting] = row + 1
                waiting_left[waiting] = left - chosen
                waiting_log[waiting] = so_far + _log_choose(log_factorials, sizes[row], chosen)
                waiting += 1
    return p_value
