"""How often null lines are significant, by the compatible test and by the calibrated ones; and what each finds.

    python benchmarks/calibration.py [LINES]

Six designs: 500 controls in 42 batches, 7 females and 7 males of a line, normal residuals of variance 1. Fifty lines share
controls. LINES null lines each, 300,000 unless said otherwise, and a tenth of that with an effect of 1.6. Prints Markdown.
"""

import sys
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from impckg.loaders.statistics.mixed_model.calibrated import calibrated_p_values, own_variance_p_values
from impckg.loaders.statistics.mixed_model.design import design
from impckg.loaders.statistics.mixed_model.model import t_test
from impckg.loaders.statistics.mixed_model.testing import analyse_lines, prepare_controls

CONTROLS, BATCHES, MUTANTS, LINES_A_STRATUM = 500, 42, 14, 50
EFFECT = 1.6
GENOTYPE = 1

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Design:
    """Where mutants stand. batches: how many each line is in. deviation: between batches."""

    name: str
    batches: int
    with_controls: bool
    deviation: float = 0.5
    heavy_tails: bool = False
    mutant_deviation: float = 1.0


DESIGNS = (
    Design("3 batches with controls", 3, True),
    Design("1 batch with controls", 1, True),
    Design("3 batches without controls", 3, False),
    Design("1 batch without controls", 1, False),
    Design("2 batches without controls, 0.2 between batches", 2, False, deviation=0.2),
    Design("3 batches with controls, t residuals of 4 degrees", 3, True, heavy_tails=True),
    Design("3 batches with controls, mutants of twice the deviation", 3, True, mutant_deviation=2.0),
)


def p_values(how: Design, lines: int, effect: float, rng: np.random.Generator) -> list[FloatArray]:
    """p-values of the genotype: compatible, calibrated, and with a variance of the mutants; shapes (lines,)."""
    found = [_stratum(how, effect, rng) for _ in range(lines // LINES_A_STRATUM)]
    return [np.concatenate(part) for part in zip(*found, strict=True)]


def _stratum(how: Design, effect: float, rng: np.random.Generator) -> tuple[FloatArray, ...]:
    lines = np.arange(LINES_A_STRATUM)
    if how.with_controls:
        of_line = np.array([rng.choice(BATCHES, how.batches, replace=False) for _ in lines])
    else:
        of_line = BATCHES + how.batches * lines[:, None] + np.arange(how.batches)
    batches = BATCHES + (0 if how.with_controls else how.batches * LINES_A_STRATUM)
    turn = np.arange(MUTANTS) % how.batches
    batch = np.concatenate([rng.integers(0, BATCHES, CONTROLS), of_line[:, turn].ravel()])
    is_mutant = np.arange(len(batch)) >= CONTROLS
    is_male = np.concatenate(
        [rng.random(CONTROLS) < 0.5, np.tile(np.arange(MUTANTS) < MUTANTS // 2, LINES_A_STRATUM)]
    )
    noise = rng.standard_t(4, len(batch)) / np.sqrt(2) if how.heavy_tails else rng.normal(size=len(batch))
    noise *= np.where(is_mutant, how.mutant_deviation, 1.0)
    response = is_male + effect * is_mutant + rng.normal(0, how.deviation, batches)[batch] + noise
    table = design(response, is_mutant, is_male, np.full(len(batch), np.nan))
    controls = prepare_controls(table[:CONTROLS], batch[:CONTROLS], np.ones(batches))
    starts = np.arange(LINES_A_STRATUM + 1) * MUTANTS
    outcomes, calibration = analyse_lines(
        controls, table[CONTROLS:], batch[CONTROLS:], starts, False, True, True
    )
    return (
        t_test(outcomes.coefficients)[:, GENOTYPE],
        calibrated_p_values(calibration)[:, 0],
        own_variance_p_values(calibration)[:, 0],
    )


def main() -> None:
    """Print the table."""
    lines = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    print(
        f"{lines:,} null lines of each design, and {lines // 10:,} with an effect of {EFFECT}. Significant over"
    )
    print("expected; the power of each test at its own true level of 1e-4.\n")
    print(
        "| design | compatible 1e-3 | 1e-4 | calibrated 1e-3 | 1e-4 | own variance 1e-3 | 1e-4 | power, compatible "
        "| calibrated | own variance |"
    )
    print("| --- " * 10 + "|")
    for number, how in enumerate(DESIGNS):
        rng = np.random.default_rng(number)
        null, shifted = p_values(how, lines, 0.0, rng), p_values(how, lines // 10, EFFECT, rng)
        rates = [f"{np.mean(p < level) / level:.2f}" for p in null for level in (1e-3, 1e-4)]
        powers = [
            f"{np.mean(there < np.quantile(p, 1e-4)):.3f}" for p, there in zip(null, shifted, strict=True)
        ]
        print(f"| {how.name} | {' | '.join(rates)} | {' | '.join(powers)} |", flush=True)


if __name__ == "__main__":
    main()
