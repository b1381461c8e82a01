"""How many mixed-model tests a second, beside statsmodels, and what a release takes.

    python benchmarks/mixed_models.py FOLDER [TESTS]

Times are CPU seconds of one process, which `run.py` keeps to one thread. A complete test is the whole of OpenStats'
selection, split model, effect sizes and p-values, with the calibrated p-values and power beside it where the table says so;
one at a time has the tests of the residuals as well. What statsmodels does in its place is one fit of the full model by the
restricted likelihood, without a variance of the mutants.

The release is TESTS tests, 2,500,000 unless said otherwise, in two processes, from Arrow tables to a Parquet file each.
FOLDER takes these files. Prints Markdown.
"""

import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.linalg import LinAlgError
from statsmodels.regression.mixed_linear_model import MixedLM
from statsmodels.tools.sm_exceptions import ConvergenceWarning

from impckg.loaders.statistics.analysis import Analysis, Animals, analyse
from impckg.loaders.statistics.gates import Framework
from impckg.loaders.statistics.mixed_model.many import analyse_stratum, result_schema
from impckg.loaders.statistics.mixed_model.model import mixed_model
from impckg.loaders.steps import peak_mib

CONTROLS = (200, 500, 1000, 2000)
MUTANTS, BATCHES_OF_A_LINE, CONTROLS_OF_A_BATCH = 14, 3, 12
LINES, LINES_ALONE, LINES_OF_PEER, LINES_IN_WINDOW = 1000, 100, 20, 10
STRATA_WRITTEN_TOGETHER = 50
FIRST_DAY = np.datetime64("2018-01-01")

FloatArray = npt.NDArray[np.float64]


class Stratum(NamedTuple):
    """Controls and lines that share them. line: shape (animals,); -1 for controls. weight: NaN for none."""

    line: npt.NDArray[np.int64]
    male: npt.NDArray[np.bool_]
    date: npt.NDArray[np.str_]
    weight: FloatArray
    value: FloatArray

    def table(self) -> pa.Table:
        """As `analyse_stratum` takes it."""
        names = np.char.add("line", self.line.astype(np.str_))
        return (
            pl.DataFrame(
                {
                    "colony_id": names,
                    "sex": np.where(self.male, "male", "female"),
                    "date_of_experiment": self.date,
                    "weight": self.weight,
                    "data_point": self.value,
                }
            )
            .with_columns(
                pl.col("weight").fill_nan(None),
                colony_id=pl.when(pl.Series(self.line) >= 0).then("colony_id"),
            )
            .to_arrow()
        )

    def of(self, line: int) -> Animals:
        """The animals of one test."""
        kept = (self.line < 0) | (self.line == line)
        return Animals(
            self.value[kept], self.line[kept] >= 0, self.male[kept], self.date[kept], self.weight[kept]
        )


def stratum(controls: int, lines: int, *, has_weight: bool, seed: int) -> Stratum:
    """Draw a stratum: batches a week apart, a deviation of 0.5 between and of 1 within, an effect for each tenth line."""
    rng = np.random.default_rng(seed)
    batches = controls // CONTROLS_OF_A_BATCH
    line = np.concatenate([np.full(controls, -1), np.repeat(np.arange(lines), MUTANTS)])
    turn = np.arange(MUTANTS) % BATCHES_OF_A_LINE
    first = rng.integers(0, batches - BATCHES_OF_A_LINE, lines)
    batch = np.concatenate([rng.integers(0, batches, controls), (first[:, None] + turn).ravel()])
    male = np.concatenate([rng.random(controls) < 0.5, np.tile(np.arange(MUTANTS) < MUTANTS // 2, lines)])
    weight = rng.normal(25, 3, len(line)) + 4 * male
    value = male + rng.normal(0, 0.5, batches)[batch] + rng.normal(size=len(line))
    value += 0.1 * (weight - 25) + 1.5 * ((line >= 0) & (line % 10 == 0))
    date = (FIRST_DAY + 7 * batch).astype(np.str_)
    return Stratum(line, male, date, weight if has_weight else np.full(len(line), np.nan), value)


def main() -> None:
    """Print the tables."""
    folder, tests = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 2_500_000
    if len(sys.argv) > 3:
        release_part(folder, tests)
        return
    print("Tests a second of CPU time, and the ratio to the fits a second of statsmodels.\n")
    print(
        "| controls | weight | lines share controls | … with calibration | one at a time | statsmodels, one fit "
        "| ratio, shared | ratio, calibrated | ratio, one at a time |"
    )
    print("| --- " * 9 + "|")
    failures = 0
    for controls in CONTROLS:
        for has_weight in (False, True):
            shared = stratum(controls, LINES, has_weight=has_weight, seed=controls)
            rates = [_rate_shared(shared, calibrated=calibrated) for calibrated in (False, True)]
            rates.append(_rate_alone(shared))
            peer, failed = _rate_of_peer(shared)
            failures += failed
            cells = [f"{rate:,.0f}" for rate in (*rates, peer)] + [f"{rate / peer:,.0f}" for rate in rates]
            print(f"| {controls:,} | {'yes' if has_weight else 'no'} | {' | '.join(cells)} |", flush=True)
    print(f"\n{failures} of {LINES_OF_PEER * len(CONTROLS) * 2} fits of statsmodels did not converge.\n")
    _print_windowed()
    _print_release(folder, tests)


def _rate_shared(shared: Stratum, *, calibrated: bool) -> float:
    table = shared.table()
    analyse_stratum(stratum(200, 2, has_weight=True, seed=1).table(), calibrated=calibrated)
    started = time.process_time()
    found = analyse_stratum(table, calibrated=calibrated)
    seconds = time.process_time() - started
    assert found["status"].to_pylist() == ["Successful"] * LINES
    return LINES / seconds


def _rate_alone(shared: Stratum) -> float:
    has_weight = bool(np.isfinite(shared.weight).all())
    alone = [shared.of(line) for line in range(LINES_ALONE + 1)]
    started = 0.0
    for number, one in enumerate(alone):
        # The first compiles, or loads what is compiled.
        if number == 1:
            started = time.process_time()
        weight = one.weight if has_weight else None
        found = mixed_model(one.values.astype(np.float64), one.is_mutant, one.is_male, one.date, weight)
        assert found is not None
    return LINES_ALONE / (time.process_time() - started)


def _rate_of_peer(shared: Stratum) -> tuple[float, int]:
    """Fits a second of statsmodels, and how many did not converge."""
    seconds, failed = 0.0, 0
    for line in range(LINES_OF_PEER):
        one = shared.of(line)
        mutant, male = one.is_mutant.astype(float), one.is_male.astype(float)
        columns = [np.ones(len(mutant)), mutant, male, mutant * male]
        if np.isfinite(one.weight).all():
            columns.append(one.weight)
        started = time.process_time()
        with warnings.catch_warnings():
            warnings.simplefilter("error", ConvergenceWarning)
            try:
                MixedLM(one.values, np.column_stack(columns), groups=one.date).fit(reml=True)
            except (ConvergenceWarning, LinAlgError):
                failed += 1
        seconds += time.process_time() - started
    return LINES_OF_PEER / seconds, failed


def _print_windowed() -> None:
    print("Tests a second of CPU time in a soft window, each with the same test without one.\n")
    print("| controls | weight | in a window | tests with a window | median of animals in it |")
    print("| --- | --- | --- | --- | --- |")
    for controls in CONTROLS:
        for has_weight in (False, True):
            shared = stratum(controls, LINES_IN_WINDOW + 1, has_weight=has_weight, seed=controls + 1)
            found: list[Analysis] = []
            started = 0.0
            for line in range(LINES_IN_WINDOW + 1):
                if line == 1:
                    started = time.process_time()
                one = shared.of(line)
                found.append(analyse(one, "X", Framework.MIXED_MODEL, windowing=True))
            rate = LINES_IN_WINDOW / (time.process_time() - started)
            inside = [int((one.window > 0).sum()) for one in found[1:] if one.window is not None]
            print(
                f"| {controls:,} | {'yes' if has_weight else 'no'} | {rate:,.0f} | {len(inside)} of {LINES_IN_WINDOW} "
                f"| {np.median(inside) if inside else 0:,.0f} |",
                flush=True,
            )


def _print_release(folder: Path, tests: int) -> None:
    started = time.perf_counter()
    parts = [folder / f"part{number}" for number in range(2)]
    running = []
    for part in parts:
        part.mkdir()
        command = [sys.executable, __file__, str(part), str(tests // 2), "part"]
        running.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
    told = [process.communicate()[0] for process in running]
    seconds = time.perf_counter() - started
    assert not any(process.returncode for process in running)
    rows = sum(pq.read_metadata(part / "results.parquet").num_rows for part in parts)
    print(f"\nA release: {rows:,} tests with calibration, in two processes, in {seconds / 60:.1f} minutes.\n")
    print("| process | MiB after a tenth of its tests | after half | after all |")
    print("| --- | --- | --- | --- |")
    for number, peaks in enumerate(told, start=1):
        print(f"| {number} | {' | '.join(peaks.split())} |")


def release_part(folder: Path, tests: int) -> None:
    """Test so many lines into a Parquet file, and print the peak of memory after a tenth, half, and all of them."""
    tables = [
        stratum(controls, LINES, has_weight=has_weight, seed=seed).table()
        for seed, controls in enumerate(CONTROLS)
        for has_weight in (False, True)
    ]
    peaks: dict[int, int] = {}
    waiting: list[pa.Table] = []
    with pq.ParquetWriter(folder / "results.parquet", result_schema()) as writer:
        for done in range(0, tests, LINES):
            waiting.append(analyse_stratum(tables[done // LINES % len(tables)]))
            if len(waiting) == STRATA_WRITTEN_TOGETHER or done + LINES >= tests:
                # What the end of a Parquet file says of each part stays in memory until then.
                writer.write_table(pa.concat_tables(waiting).combine_chunks())
                waiting = []
            for share in (10, 2, 1):
                if done + LINES >= tests // share:
                    peaks.setdefault(share, peak_mib())
    print(*(f"{peaks[share]:,}" for share in (10, 2, 1)))


if __name__ == "__main__":
    main()
