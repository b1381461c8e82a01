"""Which lines of a stratum are tested, and on which of their animals: the gates (gates.py) for many lines at a time.

Counts by line and sex decide for nearly all. Where they cannot, a line is looked at as if it were alone.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from impckg.loaders.statistics.gates import (
    CONDITIONS,
    FEWEST_ANIMALS,
    FEWEST_WEIGHTS,
    LARGEST_SHARE_WITHOUT_WEIGHT,
    SMALLEST_SHARE_OF_VALUES,
    Framework,
    check_gates,
)

BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Eligible:
    """What is tested of each line.

    sexes: shape (lines, 2); whether females and males are tested; neither where the line is not.
    weight: shape (lines,); whether body weight is offered to the model.
    reasons: of each line, why it is not processed; None where it is.
    """

    sexes: BoolArray
    weight: BoolArray
    reasons: tuple[str | None, ...]


@dataclass(frozen=True, eq=False)
class _Counts:
    """By group and sex: animals, and those with a weight; whether the group is kept. All of shape (groups, 2)."""

    animals: IntArray
    weights: IntArray
    kept: BoolArray


def eligible(controls: pl.DataFrame, mutants: pl.DataFrame, lines: int) -> Eligible:
    """Decide for each line.

    controls, mutants: animals with a value; columns is_male, data_point, weight, and of mutants `line`, a number from 0.
    lines: how many there are.
    """
    of_controls = _count(controls.with_columns(line=pl.lit(0)), 1)
    of_lines = _count(mutants, lines)
    sexes = of_controls.kept & of_lines.kept
    surely = sexes.any(axis=1) & _many_values(controls, of_controls, of_lines)
    reasons: list[str | None] = [None] * lines
    for line in np.flatnonzero(~surely).tolist():
        reasons[line] = _reason(controls, mutants.filter(pl.col("line") == line))
    processed = np.array([reason is None for reason in reasons], dtype=np.bool_)
    sexes &= processed[:, None]
    return Eligible(sexes, _takes_weight(of_controls, of_lines, sexes), tuple(reasons))


def _count(animals: pl.DataFrame, groups: int) -> _Counts:
    counted = animals.group_by("line", "is_male").agg(
        pl.len().alias("animals"),
        pl.col("weight").count().alias("weights"),
        (pl.col("data_point").min() < pl.col("data_point").max()).alias("varies"),
    )
    at = counted["line"].to_numpy(), counted["is_male"].to_numpy().astype(np.int64)
    number, weights = np.zeros((groups, 2), dtype=np.int64), np.zeros((groups, 2), dtype=np.int64)
    varies = np.zeros((groups, 2), dtype=np.bool_)
    number[at], weights[at], varies[at] = (
        counted[name].to_numpy() for name in ("animals", "weights", "varies")
    )
    return _Counts(number, weights, varies & (number >= FEWEST_ANIMALS))


def _many_values(controls: pl.DataFrame, of_controls: _Counts, of_lines: _Counts) -> BoolArray:
    """Whether controls alone have distinct values enough for all animals that are kept, shape (lines,)."""
    kept = [male for male in (False, True) if of_controls.kept[0, int(male)]]
    distinct = controls.filter(pl.col("is_male").is_in(kept))["data_point"].n_unique() if kept else 0
    animals = (of_controls.animals * of_controls.kept).sum() + (of_lines.animals * of_lines.kept).sum(axis=1)
    return np.asarray(distinct > SMALLEST_SHARE_OF_VALUES * animals, dtype=np.bool_)


def _reason(controls: pl.DataFrame, mutants: pl.DataFrame) -> str | None:
    """Why one line is not processed."""
    animals = pl.concat([controls.select("data_point", "is_male"), mutants.select("data_point", "is_male")])
    is_mutant = np.arange(animals.height) >= controls.height
    values, is_male = animals["data_point"].to_numpy(), animals["is_male"].to_numpy()
    gates = check_gates(values, is_mutant, is_male, Framework.MIXED_MODEL, "")
    return "; ".join(CONDITIONS[name] for name in gates.broken) or None


def _takes_weight(of_controls: _Counts, of_lines: _Counts, sexes: BoolArray) -> BoolArray:
    """As `gates.takes_weight`, of the sexes that are tested."""
    animals = ((of_controls.animals + of_lines.animals) * sexes).sum(axis=1)
    weights = ((of_controls.weights + of_lines.weights) * sexes).sum(axis=1)
    few = (np.minimum(of_controls.weights, of_lines.weights) < FEWEST_WEIGHTS) & sexes
    share = 1 - weights / np.maximum(animals, 1)
    return np.asarray((animals > 0) & (share <= LARGEST_SHARE_WITHOUT_WEIGHT) & ~few.any(axis=1))
