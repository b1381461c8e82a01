"""Many tests at a time: all lines that share controls, as Arrow tables.

A stratum is what has the same controls: one parameter of one centre, pipeline, strain and metadata group. A table comes in
and a table goes out, so that whatever hands out groups as Arrow tables can run a release, as Spark's `applyInArrow` does
(docs/analysis.md). Lines are tested in the compatible mode without a window, beside which stands the calibrated p-value.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
from scipy import special

from impckg.graph.errors import BadParameter
from impckg.loaders.statistics.mixed_model.calibrated import (
    HYPOTHESES,
    Calibration,
    calibrated_p_values,
    power,
)
from impckg.loaders.statistics.mixed_model.design import (
    INTERACTION,
    SEX,
    WEIGHT,
    design,
)
from impckg.loaders.statistics.mixed_model.model import repeats, t_test
from impckg.loaders.statistics.mixed_model.testing import Outcomes, analyse_lines, prepare_controls

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

    Where `found` is false no model could be fitted, and nothing is said but the colony.
    Raises BadParameter where a column or a date is missing, a sex is unknown, or a number is infinite.
    """
    everything = pl.DataFrame(animals)
    frame = _checked(everything, keep).with_columns(pl.col("date_of_experiment").rank("dense") - 1)
    controls, mutants = frame.filter(pl.col("colony_id").is_null()), frame.drop_nulls("colony_id")
    mutants = mutants.sort("colony_id", maintain_order=True)
    lines = mutants.group_by("colony_id", maintain_order=True).len()
    starts = np.concatenate([[0], np.cumsum(lines["len"].to_numpy())]).astype(np.int64)
    batches = frame["date_of_experiment"].n_unique()
    control_rows, control_batch = _rows(controls)
    rows, batch = _rows(mutants)
    parts = prepare_controls(control_rows, control_batch, np.ones(batches))
    weight, response = (frame[name].fill_null(np.nan).to_numpy() for name in ("weight", "data_point"))
    outcomes, calibration = analyse_lines(
        parts, rows, batch, starts, not repeats(weight, response), True, calibrated
    )
    columns = _columns(outcomes) | (_calibrated_columns(calibration) if calibrated else {})
    found = pl.col("found")
    results = pl.DataFrame({"colony_id": lines["colony_id"]} | columns).select(
        *(pl.lit(everything[name].first(), pl.String).alias(name) for name in keep),
        "colony_id",
        "found",
        *(
            pl.when(found).then(pl.col(name).fill_nan(None) if values.dtype.kind == "f" else pl.col(name))
            for name, values in columns.items()
            if name != "found"
        ),
    )
    return _with_plain_strings(results.to_arrow(compat_level=pl.CompatLevel.oldest()))


def result_schema(*, calibrated: bool = True, keep: Sequence[str] = ()) -> pa.Schema:
    """The columns that `analyse_stratum` answers with, for those who must name them first."""
    nothing = pl.DataFrame(schema=ANIMALS | dict.fromkeys(keep, pl.String)).to_arrow()
    return analyse_stratum(nothing, calibrated=calibrated, keep=keep).schema


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
        (animals["sex"] == "male").to_numpy(writable=True),
        animals["weight"].fill_null(np.nan).to_numpy(writable=True),
    )
    return table, animals["date_of_experiment"].cast(pl.Int64).to_numpy(writable=True)


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
    columns: dict[str, npt.NDArray[np.generic]] = {}
    for place, name in enumerate(HYPOTHESES):
        columns[f"{name}_calibrated_p_value"] = p_values[:, place]
        columns[f"{name}_power"] = powers[:, place]
    return columns
