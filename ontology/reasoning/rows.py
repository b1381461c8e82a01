"""Integers in rows, of different lengths."""

from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Integers: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Rows:
    """Integers in rows: those of row n are values[first[n] : first[n + 1]], ascending."""

    first: Integers
    values: Integers

    def row(self, number: int) -> Integers:
        """One row."""
        return self.values[self.first[number] : self.first[number + 1]]

    @cached_property
    def numbers(self) -> Integers:
        """The row of each value."""
        return np.repeat(np.arange(len(self.first) - 1, dtype=np.int64), np.diff(self.first))


def packed(numbers: Integers, values: Integers, rows: int) -> Integers:
    """Put values into rows in a single array: row n of it is packed[packed[n] : packed[n + 1]].

    numbers: the row of each value, ascending. rows: how many there are.

    >>> packed(np.array([0, 2, 2]), np.array([7, 8, 9]), rows=3).tolist()
    [4, 5, 5, 7, 7, 8, 9]
    """
    made = np.empty(rows + 1 + len(values), dtype=np.int64)
    made[0] = rows + 1
    made[1 : rows + 1] = rows + 1 + np.cumsum(np.bincount(numbers, minlength=rows))
    made[rows + 1 :] = values
    return made


def packed_row(rows: Integers, number: int) -> Integers:
    """One row of a packed array."""
    return rows[rows[number] : rows[number + 1]]
