"""How often the statistical step finds what OpenStats would find, on animals that nobody has chosen.

    python benchmarks/openstats.py FOLDER [TESTS [WINDOWS [TABLES]]]

TESTS lines with their controls are drawn (2,000 unless said otherwise), of designs as mixed as those of the centres and some
that are worse: few mutants on many dates, one sex, missing weights and responses, ties, heavy tails, mutants that vary less
or more. Beside ours, each goes through the steps of OpenStats with nlme for every fit (openstats/mixed_model.R); WINDOWS of
60 lines through its search for a window and the model in it (window.R), and TABLES of 2,000 tables through R's fisher.test
(exact_test.R).
Needs R with nlme (Debian's r-base-core and r-cran-nlme). FOLDER takes what is handed to R. Prints Markdown.

nlme ends its search early, and fails where a likelihood has no end, so not every difference is an error of ours; the
reference cases, which have strict refits, are in tests/loaders/statistics.
"""

import datetime as dt
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from impckg.loaders.statistics.exact_test import exact_p_value
from impckg.loaders.statistics.mixed_model.model import Estimate, MixedModel, mixed_model
from impckg.loaders.statistics.mixed_model.windowed import windowed_model

SCRIPTS = Path(__file__).parent / "openstats"
WHAT = (
    *("terms", "variance of mutants", "batch", "all decisions"),
    *("p-values", "estimates", "effect sizes", "everything"),
)
LOG_P, ERRORS, SIZE = 0.03, 2e-3, 1e-3
FIRST_DAY = dt.date(2012, 1, 1)

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


class Line(NamedTuple):
    """The animals of a test. weight: NaN where it is not known; has_weight: whether it may be in the model."""

    response: FloatArray
    is_mutant: BoolArray
    is_male: BoolArray
    day: npt.NDArray[np.int64]
    weight: FloatArray
    has_weight: bool

    @property
    def date(self) -> npt.NDArray[np.str_]:
        """The batches."""
        return np.array([str(FIRST_DAY + dt.timedelta(days=int(day))) for day in self.day])

    def write(self, file: Path) -> None:
        """As the scripts read it."""
        pl.DataFrame(
            {
                "biological_sample_group": np.where(self.is_mutant, "experimental", "control"),
                "sex": np.where(self.is_male, "male", "female"),
                "date_of_experiment": self.date,
                "weight": self.weight,
                "data_point": self.response,
            }
        ).with_columns(pl.col("weight", "data_point").fill_nan(None)).write_csv(file)


def main() -> None:
    """Print the tables."""
    version = 'cat(R.version.string, "with nlme", as.character(packageVersion("nlme")))'
    print(
        subprocess.run(["Rscript", "-e", version], check=True, stdout=subprocess.PIPE, text=True).stdout, "\n"
    )
    folder = Path(sys.argv[1])
    tests, windows, tables = (
        int(sys.argv[at]) if len(sys.argv) > at else usual for at, usual in ((2, 2_000), (3, 60), (4, 2_000))
    )
    _print_mixed_models(folder, tests)
    _print_windows(folder, windows)
    _print_exact_tests(folder, tables)


def _draw(rng: np.random.Generator, controls: tuple[int, ...], dates_of_mutants: int, drift: float) -> Line:
    """A line of a design drawn at random."""
    both = rng.random() < 0.7
    only_male = not both and rng.random() < 0.5
    females, males = (int(rng.choice([4, 6, 7, 7, 7, 8, 11])) for _ in range(2))
    females, males = (females, males) if both else (0, males) if only_male else (females, 0)
    n, mutants = int(rng.choice(controls)), females + males
    days = rng.choice(2500, max(4, n // int(rng.choice([3, 6, 10, 20]))), replace=False)
    own_days = rng.choice(days, min(int(rng.integers(1, dates_of_mutants + 1)), len(days)), replace=False)
    if rng.random() < 0.4:
        own_days = np.unique(rng.integers(2600, 3000, len(own_days)))
    day = np.concatenate([rng.choice(days, n), rng.choice(own_days, mutants)])
    is_mutant = np.arange(n + mutants) >= n
    is_male = np.concatenate(
        [rng.random(n) < 0.5 if both else np.full(n, only_male), np.arange(mutants) >= females]
    )
    noise = rng.normal(size=n + mutants) if rng.random() < 0.7 else rng.standard_t(4, n + mutants)
    noise *= np.where(is_mutant, rng.choice([0.5, 0.8, 1.0, 1.0, 1.0, 1.5, 3.0]), 1.0)
    effects = (
        rng.choice([0.0, 0.0, 0.5, 1.5, -2.0], 2)
        if rng.random() < 0.4
        else np.repeat(rng.choice([0.0, 1.0]), 2)
    )
    of_day = rng.normal(0, rng.choice([0.0, 0.2, 0.5, 1.0]), 3001) + drift * np.sin(np.arange(3001) / 400)
    weight = np.round(np.where(is_male, 26, 20) + rng.normal(0, 1.6, n + mutants), 1)
    response = 10 + 2 * is_male + is_mutant * effects[is_male.astype(int)] + of_day[day] + noise
    response = (response + rng.choice([0.0, 0.1, 0.4]) * weight) * float(rng.choice([1e-3, 1.0, 1.0, 1e4]))
    if rng.random() < 0.3:
        step = response[is_mutant].std() / 2
        response = np.round(response / step) * step
    if rng.random() < 0.2:
        response[rng.random(len(response)) < 0.08] = np.nan
    if rng.random() < 0.3:
        weight[rng.random(len(weight)) < 0.1] = np.nan
    return Line(response, is_mutant, is_male, day, weight, bool(rng.random() < 0.6))


def _ask_r(script: str, folder: Path, lines: list[Line]) -> pl.DataFrame:
    """What a script finds, in the order of the lines."""
    folder.mkdir()
    files = [folder / f"{number}.csv" for number in range(len(lines))]
    for line, file in zip(lines, files, strict=True):
        line.write(file)
    cases = [
        {"file": str(file), "weight": "TRUE" if line.has_weight else "FALSE"}
        for line, file in zip(lines, files, strict=True)
    ]
    pl.DataFrame(cases).write_csv(folder / "cases.csv")
    subprocess.run(
        ["Rscript", str(SCRIPTS / script), str(folder / "cases.csv"), str(folder / "found.csv")], check=True
    )
    return pl.read_csv(folder / "found.csv", infer_schema_length=None)


def _print_mixed_models(folder: Path, tests: int) -> None:
    rng = np.random.default_rng(2024)
    lines = [_draw(rng, (60, 100, 200, 400, 800), 5, 0.0) for _ in range(tests)]
    counts: Counter[str] = Counter()
    for line, theirs in zip(
        lines, _ask_r("mixed_model.R", folder / "mixed_models", lines).to_dicts(), strict=True
    ):
        if theirs["failed"]:
            counts["nlme fits nothing"] += 1
            continue
        ours = mixed_model(
            line.response, line.is_mutant, line.is_male, line.date, line.weight if line.has_weight else None
        )
        counts.update(_agreements(ours, theirs))
    fitted = tests - counts.pop("nlme fits nothing", 0)
    print(
        f"{tests:,} mixed models, of which nlme fits {fitted:,}.\n\n| the same | tests | share |\n| --- | --- | --- |"
    )
    for what in (
        "terms",
        "variance of mutants",
        "batch",
        "all decisions",
        "p-values",
        "estimates",
        "effect sizes",
        "everything",
    ):
        print(f"| {what} | {counts[what]:,} | {counts[what] / fitted:.2%} |", flush=True)
    print(
        f"\np-values: of the genotype, in females and in males, within {LOG_P} in log10; estimates: the same, within "
        f"{ERRORS} "
        f"standard errors; effect sizes within {SIZE} of themselves. All three where all decisions are the same.\n"
    )


def _agreements(ours: MixedModel | None, theirs: dict[str, object]) -> list[str]:
    """What is the same."""
    if ours is None:
        return []
    same = {
        "terms": set(ours.terms) == {"Intercept", *str(theirs["terms"]).split()},
        "variance of mutants": ours.has_own_variance == theirs["own_variance"],
        "batch": ours.has_batch == theirs["batch"],
    }
    same["all decisions"] = all(same.values())
    estimates = [("genotype", ours.genotype), ("female", ours.female), ("male", ours.male)]
    same["p-values"] = same["all decisions"] and all(
        _same_p(one, theirs[f"{who}_p"]) for who, one in estimates
    )
    same["estimates"] = same["all decisions"] and all(
        _same_estimate(one, theirs[f"{who}_estimate"], theirs[f"{who}_error"]) for who, one in estimates
    )
    sizes = [("genotype", ours.effect), ("female", ours.female_effect), ("male", ours.male_effect)]
    same["effect sizes"] = same["all decisions"] and all(
        one is None or one.size is None or _near(one.size, theirs[f"{who}_size"], SIZE) for who, one in sizes
    )
    same["everything"] = all(same.values())
    return [what for what, is_same in same.items() if is_same]


def _same_p(ours: Estimate | None, theirs: object) -> bool:
    if ours is None or not isinstance(theirs, float):
        return ours is None and theirs is None
    return abs(np.log10(max(ours.p_value, 1e-300)) - np.log10(max(theirs, 1e-300))) <= LOG_P


def _same_estimate(ours: Estimate | None, theirs: object, error: object) -> bool:
    if ours is None or not isinstance(theirs, float) or not isinstance(error, float):
        return ours is None and theirs is None
    return abs(ours.value - theirs) <= ERRORS * error


def _near(ours: float, theirs: object, share: float) -> bool:
    return isinstance(theirs, float) and abs(ours - theirs) <= share * abs(theirs)


def _print_windows(folder: Path, windows: int) -> None:
    rng = np.random.default_rng(2025)
    lines = [
        _complete(_draw(rng, (200, 300, 400, 600), 5, float(rng.choice([0.0, 1.0, 2.0]))))
        for _ in range(windows)
    ]
    counts: Counter[str] = Counter()
    for line, theirs in zip(lines, _ask_r("window.R", folder / "windows", lines).to_dicts(), strict=True):
        weight = line.weight if line.has_weight else None
        full = mixed_model(line.response, line.is_mutant, line.is_male, line.date, weight)
        assert full is not None
        ours = windowed_model(line.response, line.is_mutant, line.is_male, line.day, weight, full.full_terms)
        same = [np.isclose(ours.window.half_width, theirs["half_width"])]
        same.append(same[0] and np.isclose(ours.window.shape, theirs["shape"]))
        same.append(same[1] and ours.model is not None and _same_in_window(ours.model, theirs))
        for what, is_same in zip(("l", "k", "model"), same, strict=True):
            counts[what] += bool(is_same)
    print(
        f"Of {windows:,} searches for a window, {counts['l']:,} end at the same l, and {counts['k']:,} at the same k as "
        f"well. Of the latter, {counts['model']:,} have the same terms, batch, number of animals, and p-value of the "
        "genotype in it.\n"
    )


def _same_in_window(ours: MixedModel, theirs: dict[str, object]) -> bool:
    return (
        set(ours.terms) == {"Intercept", *str(theirs["terms"]).split()}
        and ours.has_batch == theirs["batch"]
        and ours.controls + ours.mutants == theirs["animals"]
        and _same_p(ours.genotype, theirs["p"])
    )


def _complete(line: Line) -> Line:
    """Without the animals that the search leaves out."""
    there = np.isfinite(line.response) & (np.isfinite(line.weight) | (not line.has_weight))
    return Line(*(column[there] for column in line[:-1]), line.has_weight)


def _print_exact_tests(folder: Path, tables: int) -> None:
    rng = np.random.default_rng(2026)
    drawn = [_table(rng) for _ in range(tables)]
    drawn = [table for table in drawn if len(table) > 1 and table.sum(axis=0).all()]
    place = folder / "tables.txt"
    place.write_text("".join(" ".join(map(str, table.T.ravel())) + "\n" for table in drawn))
    subprocess.run(
        ["Rscript", str(SCRIPTS / "exact_test.R"), str(place), str(folder / "p_values.txt")], check=True
    )
    theirs = np.loadtxt(folder / "p_values.txt")
    worst = max(abs(exact_p_value(table) / p - 1) for table, p in zip(drawn, theirs, strict=True) if p > 0)
    print(
        f"Of {len(drawn):,} exact tests of two to five rows, the worst p-value differs by {worst:.0e} of itself."
    )


def _table(rng: np.random.Generator) -> npt.NDArray[np.int64]:
    shares = rng.dirichlet(np.full(int(rng.integers(2, 6)), 0.5))
    own = shares if rng.random() < 0.5 else rng.dirichlet(np.full(len(shares), 0.5))
    columns = [
        rng.multinomial(int(rng.choice([20, 100, 500, 2000])), shares),
        rng.multinomial(int(rng.choice([2, 4, 7, 14, 40, 300])), own),
    ]
    table = np.column_stack(columns)
    return table[table.sum(axis=1) > 0]


if __name__ == "__main__":
    main()
