"""Many tests at a time: all lines that share controls, as Arrow tables.

A stratum is what has the same controls: one parameter of one centre, pipeline, strain and metadata group. A table comes in
and a table goes out, so that whatever hands out groups as Arrow tables can run a release, as Spark's `applyInArrow` does
(docs/analysis.md). Each line passes the gates, or not, and is tested as if it were alone (analysis.py), in the compatible
mode without a window; beside that stands the calibrated p-value.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
from scipy import special

from impckg.graph.errors import BadParameter
from impckg.loaders.statistics.analysis import NO_MODEL, Status
from impckg.loaders.statistics.mixed_model.calibrated import (
    HYPOTHESES,
    Calibration,
    calibrated_p_values,
    empty_calibration,
    own_variance_p_values,
    power,
)
from impckg.loaders.statistics.mixed_model.design import (
    INTERACTION,
    SEX,
    WEIGHT,
    design,
)
from impckg.loaders.statistics.mixed_model.eligible import Eligible, eligible
from impckg.loaders.statistics.mixed_model.model import repeats, t_test
from impckg.loaders.statistics.mixed_model.testing import (
    Outcomes,
    analyse_lines,
    empty_outcomes,
    prepare_controls,
)

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

ANIMALS = {
    "colony_id": pl.String,
    "sex": pl.String,
    "date_of_experiment": pl.String,
    "weight": pl.Float64,
    "data_point": pl.Float64,
}
"""Columns of the animals of a stratum: no colony for controls, "female" or "male", any name for a batch."""

TESTED = ("intercept", "genotype", "sex", "weight", "interaction", "female", "male")
"""What has an estimate, a standard error, degrees of freedom and a p-value: columns `<name>_estimate` and so on."""


def analyse_stratum(animals: pa.Table, *, calibrated: bool = True, keep: Sequence[str] = ()) -> pa.Table:
    """Test each line of a stratum; one row for each colony, in their order, null for what there is not.

    animals: with the columns of ANIMALS; null for what is missing.
    calibrated: whether to find calibrated p-values, and power, as well.
    keep: columns of texts that say which stratum this is, to stand before the results.

    `status` and `reason` say what became of a line, in the IMPC's words (analysis.Status). Where it is not "Successful" the
    rest is null.
    Raises BadParameter where a column or a date is missing, a sex is unknown, or a number is infinite.
    """
    everything = pl.DataFrame(animals)
    frame = _checked(everything, keep).with_columns(
        (pl.col("date_of_experiment").rank("dense") - 1).cast(pl.Int64).alias("batch"),
        (pl.col("sex") == "male").alias("is_male"),
    )
    names = frame.select(pl.col("colony_id").drop_nulls().unique().sort()).with_row_index("line")
    frame = frame.join(names, on="colony_id", how="left", maintain_order="left").drop_nulls("data_point")
    controls = frame.filter(pl.col("colony_id").is_null())
    mutants = frame.drop_nulls("colony_id").sort("line", maintain_order=True)
    decided = eligible(controls, mutants, names.height)
    tested = pl.concat(
        [
            _nothing(calibrated),
            *(_test(controls, mutants, decided, alike, calibrated) for alike in _alike(decided)),
        ]
    )
    found = pl.col("found").fill_null(False)
    status = (
        pl.when(pl.col("reason").is_not_null())
        .then(pl.lit(Status.NOT_PROCESSED.value))
        .when(found)
        .then(pl.lit(Status.SUCCESSFUL.value))
        .otherwise(pl.lit(Status.FAILED.value))
    )
    results = (
        names.with_columns(reason=pl.Series(decided.reasons, dtype=pl.String))
        .join(tested, on="line", how="left", maintain_order="left")
        .select(
            *(pl.lit(everything[name].first(), pl.String).alias(name) for name in keep),
            "colony_id",
            status.alias("status"),
            pl.when(found).then(None).otherwise(pl.coalesce("reason", pl.lit(NO_MODEL))).alias("reason"),
            pl.when(found).then(pl.all().exclude("line", "colony_id", "reason", "found")),
        )
    )
    return _with_plain_strings(results.to_arrow(compat_level=pl.CompatLevel.oldest()))


def result_schema(*, calibrated: bool = True, keep: Sequence[str] = ()) -> pa.Schema:
    """The columns that `analyse_stratum` answers with, for those who must name them first."""
    nothing = pl.DataFrame(schema=ANIMALS | dict.fromkeys(keep, pl.String)).to_arrow()
    return analyse_stratum(nothing, calibrated=calibrated, keep=keep).schema


def _alike(decided: Eligible) -> list[IntArray]:
    """The lines that are tested, together with those of the same sexes, and with weight or without."""
    kinds: dict[tuple[bool, ...], list[int]] = {}
    for line in np.flatnonzero(decided.sexes.any(axis=1)).tolist():
        kinds.setdefault((*decided.sexes[line].tolist(), bool(decided.weight[line])), []).append(line)
    return [np.array(lines) for lines in kinds.values()]


def _test(
    controls: pl.DataFrame, mutants: pl.DataFrame, decided: Eligible, lines: IntArray, calibrated: bool
) -> pl.DataFrame:
    """What came of lines of the same sexes; column `line` and those of results."""
    sexes = [male for male in (False, True) if decided.sexes[lines[0], int(male)]]
    of_sexes = pl.col("is_male").is_in(sexes)
    controls = controls.filter(of_sexes)
    mutants = mutants.filter(of_sexes & pl.col("line").is_in(lines))
    starts = np.searchsorted(mutants["line"].to_numpy(), np.append(lines, lines[-1] + 1)).astype(np.int64)
    control_rows, control_batch = _rows(controls)
    rows, batch = _rows(mutants)
    batches = int(max(control_batch.max(), batch.max())) + 1
    weight, response = (
        np.concatenate([part[name].fill_null(np.nan).to_numpy() for part in (controls, mutants)])
        for name in ("weight", "data_point")
    )
    use_weight = bool(decided.weight[lines[0]]) and not repeats(weight, response)
    parts = prepare_controls(control_rows, control_batch, np.ones(batches))
    outcomes, calibration = analyse_lines(parts, rows, batch, starts, use_weight, True, calibrated)
    return _frame(lines, outcomes, calibration if calibrated else None)


def _nothing(calibrated: bool) -> pl.DataFrame:
    """The columns of `_test`, without rows."""
    none = np.empty(0, dtype=np.int64)
    return _frame(none, empty_outcomes(0), empty_calibration(0) if calibrated else None)


def _frame(lines: IntArray, outcomes: Outcomes, calibration: Calibration | None) -> pl.DataFrame:
    columns = _columns(outcomes) | (_calibrated_columns(calibration) if calibration is not None else {})
    return pl.DataFrame({"line": lines.astype(np.uint32)} | columns).with_columns(
        pl.col(pl.Float64).fill_nan(None)
    )


def _with_plain_strings(table: pa.Table) -> pa.Table:
    """The same table for readers that know no strings of more than 2 GB in all."""
    plain = [
        field.with_type(pa.string()) if pa.types.is_large_string(field.type) else field
        for field in table.schema
    ]
    return table.cast(pa.schema(plain))


def _checked(animals: pl.DataFrame, keep: Sequence[str]) -> pl.DataFrame:
    missing = [name for name in (*ANIMALS, *keep) if name not in animals.columns]
    if missing:
        raise BadParameter(f"columns {animals.columns}; expected {missing} as well")
    for name in keep:
        if animals[name].n_unique() > 1:
            several = animals[name].unique().sort().to_list()
            raise BadParameter(f"{name} of a stratum: {several}; expected one value")
    animals = animals.select(pl.col(name).cast(type_) for name, type_ in ANIMALS.items())
    odd = animals.filter(~pl.col("sex").is_in(["female", "male"]) | pl.col("sex").is_null())
    if len(odd):
        raise BadParameter(f"sex of an animal: {odd['sex'][0]!r}; expected 'female' or 'male'")
    if animals["date_of_experiment"].null_count():
        raise BadParameter("date_of_experiment of an animal: nothing; expected the date of its batch")
    for name in ("weight", "data_point"):
        infinite = animals.filter(pl.col(name).is_infinite())
        if len(infinite):
            raise BadParameter(f"{name} of an animal: {infinite[name][0]}; expected a number")
    return animals


def _rows(animals: pl.DataFrame) -> tuple[FloatArray, IntArray]:
    table = design(
        animals["data_point"].fill_null(np.nan).to_numpy(writable=True),
        animals["colony_id"].is_not_null().to_numpy(writable=True),
        animals["is_male"].to_numpy(writable=True),
        animals["weight"].fill_null(np.nan).to_numpy(writable=True),
    )
    return table, animals["batch"].to_numpy(writable=True)


def _columns(outcomes: Outcomes) -> dict[str, npt.NDArray[np.generic]]:
    """The outcomes by the names of their columns; NaN for what there is not."""
    p_values = t_test(outcomes.coefficients)
    columns: dict[str, npt.NDArray[np.generic]] = {
        "found": outcomes.found,
        "controls": outcomes.rows[:, 0],
        "mutants": outcomes.rows[:, 1],
        "batches": outcomes.batches,
        "has_sex": outcomes.terms[:, SEX],
        "has_weight": outcomes.terms[:, WEIGHT],
        "has_interaction": outcomes.terms[:, INTERACTION],
        "has_batch": outcomes.has_batch,
        "has_own_variance": outcomes.has_precision,
    }
    for place, name in enumerate(TESTED):
        columns[f"{name}_estimate"] = outcomes.coefficients[:, place, 0]
        columns[f"{name}_standard_error"] = outcomes.coefficients[:, place, 1]
        columns[f"{name}_degrees_of_freedom"] = outcomes.coefficients[:, place, 2]
        columns[f"{name}_p_value"] = p_values[:, place]
    columns["both_sexes_p_value"] = _f_test(outcomes.both_sexes)
    for place, name in enumerate(("batch", "control", "mutant")):
        columns[f"{name}_deviation"] = np.sqrt(outcomes.variances[:, place])
    for place, name in enumerate(("", "female_", "male_")):
        columns[f"{name}effect_size"] = outcomes.effect_sizes[:, place]
        columns[f"{name}percentage_change"] = outcomes.changes[:, place]
    return columns


def _f_test(tested: FloatArray) -> FloatArray:
    """p-values, shape (tests,); tested: shape (tests, 3); F value, degrees of freedom above and below."""
    value, above, below = tested.T
    return np.asarray(special.fdtrc(above, below, value), dtype=np.float64)


def _calibrated_columns(calibration: Calibration) -> dict[str, npt.NDArray[np.generic]]:
    p_values, powers = calibrated_p_values(calibration), power(calibration)
    of_own_variance = own_variance_p_values(calibration)
    columns: dict[str, npt.NDArray[np.generic]] = {}
    for place, name in enumerate(HYPOTHESES):
        columns[f"{name}_calibrated_p_value"] = p_values[:, place]
        columns[f"{name}_own_variance_p_value"] = of_own_variance[:, place]
        columns[f"{name}_power"] = powers[:, place]
    return columns
