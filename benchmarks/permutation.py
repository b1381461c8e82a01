"""What p-values of the mixed model are worth on real animals, with permutation within batch as the judge.

    python benchmarks/permutation.py DATA [PERMUTATIONS]

DATA is the folder that holds statistics/data, the animals of the reference cases. Only their controls are used. Some are
dealt the part of mutants, PERMUTATIONS times (100,000 unless said otherwise): seven of each sex, on dates taken at random.
Nothing hangs on that, so a share of 1e-3 of these lines should be significant at 1e-3, with the residuals, dates and weights
that animals have. "Beside controls": at most half of the animals of a sex on a date are dealt in. "On dates of their own":
all of a date are, until there are enough, and nobody else is left on it. Prints Markdown.
"""

import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from impckg.loaders.statistics.mixed_model.calibrated import calibrated_p_values
from impckg.loaders.statistics.mixed_model.design import GENOTYPE, design
from impckg.loaders.statistics.mixed_model.model import t_test
from impckg.loaders.statistics.mixed_model.testing import analyse_lines, prepare_controls

CASES = (
    "MM01_real_grip_withweight",
    "MM20_real_sparc_bone",
    "MM21_real_sparc_lean",
    "MM22_real_sparc_fat",
    "MM23_real_mysm1_nose_tail",
)
MUTANTS_OF_A_SEX = 7
LEVELS = (1e-2, 1e-3, 1e-4)

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


def main() -> None:
    """Print the table."""
    data, permutations = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
    print(f"{permutations:,} permutations of each. Significant over expected.\n")
    levels = [f"{who} {level:.0e}" for who in ("compatible", "calibrated") for level in LEVELS]
    print(f"| controls of | weight | animals | dates | mutants | {' | '.join(levels)} |")
    print("| --- " * (5 + len(levels)) + "|")
    for case in CASES:
        for has_weight in (False, True):
            for apart in (False, True):
                rng = np.random.default_rng(len(case) + 2 * has_weight + apart)
                animals = _controls(pl.read_csv(data / "statistics" / "data" / f"{case}.csv.gz"), has_weight)
                cells = [case, "yes" if has_weight else "no", str(len(animals.response))]
                cells += [
                    str(animals.batch.max() + 1),
                    "on dates of their own" if apart else "beside controls",
                ]
                print(f"| {' | '.join([*cells, *_rates(animals, apart, permutations, rng)])} |", flush=True)


class Controls(NamedTuple):
    """Animals of one genotype. All arrays: shape (animals,). weight: NaN for none."""

    response: FloatArray
    is_male: BoolArray
    batch: IntArray
    weight: FloatArray


def _controls(animals: pl.DataFrame, has_weight: bool) -> Controls:
    taken = animals.drop_nulls("data_point").filter(pl.col("biological_sample_group") == "control")
    _, batch = np.unique(taken["date_of_experiment"].to_numpy().astype(np.str_), return_inverse=True)
    weight = taken["weight"].cast(pl.Float64).fill_null(np.nan).to_numpy()
    return Controls(
        taken["data_point"].cast(pl.Float64).to_numpy(),
        (taken["sex"] == "male").to_numpy(),
        batch,
        weight if has_weight else np.full(len(weight), np.nan),
    )


def _rates(animals: Controls, apart: bool, permutations: int, rng: np.random.Generator) -> list[str]:
    """Significant over expected at LEVELS, of the compatible and of the calibrated p-value."""
    compatible, calibrated = np.empty(permutations), np.empty(permutations)
    has_weight = bool(np.isfinite(animals.weight).any())
    for number in range(permutations):
        dealt, kept = _deal(animals, apart, rng)
        table = design(animals.response, dealt, animals.is_male, animals.weight)
        ones = np.ones(animals.batch.max() + 1)
        controls = prepare_controls(table[kept & ~dealt], animals.batch[kept & ~dealt], ones)
        starts = np.array([0, np.count_nonzero(dealt)])
        outcomes, calibration = analyse_lines(
            controls, table[dealt], animals.batch[dealt], starts, has_weight, True, True
        )
        compatible[number] = t_test(outcomes.coefficients)[0, GENOTYPE]
        calibrated[number] = calibrated_p_values(calibration)[0, 0]
    assert np.isfinite(calibrated).all()
    return [f"{np.mean(p < level) / level:.2f}" for p in (compatible, calibrated) for level in LEVELS]


def _deal(animals: Controls, apart: bool, rng: np.random.Generator) -> tuple[BoolArray, BoolArray]:
    """Which animals are mutants, and which take part at all. Both of shape (animals,)."""
    dealt = np.zeros(len(animals.batch), dtype=np.bool_)
    kept = np.ones(len(animals.batch), dtype=np.bool_)
    wanted = {False: MUTANTS_OF_A_SEX, True: MUTANTS_OF_A_SEX}
    for date in rng.permutation(animals.batch.max() + 1):
        for male in (False, True):
            there = rng.permutation(np.flatnonzero((animals.batch == date) & (animals.is_male == male)))
            taken = there[: min(wanted[male], len(there) if apart else len(there) // 2)]
            dealt[taken] = True
            wanted[male] -= len(taken)
        if apart and any(dealt[animals.batch == date]):
            kept[(animals.batch == date) & ~dealt] = False
        if not any(wanted.values()):
            break
    return dealt, kept


if __name__ == "__main__":
    main()
