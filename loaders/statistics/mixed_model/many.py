"""Many tests at a time: all lines that share controls, as Arrow tables.

A stratum is what has the same controls: one parameter of one centre, pipeline, strain and metadata group. A table comes in
and a table goes out, so that whatever hands out groups as Arrow tables can run a release.
"""

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
from scipy import stats

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


def analyse_stratum(animals: pa.Table, *, calibrated: bool = True) -> pa.Table:
    """Test each line of a stratum; one row for each colony, in their order.

    animals: with the columns of ANIMALS; null for what is missing.
    calibrated: whether to find calibrated p-values, and power, as well.

    Raises BadParameter where a column or a date is missing, a sex is unknown, or a number is infinite.
    """
    frame = _checked(pl.DataFrame(animals)).with_columns(pl.col("date_of_experiment").rank("dense") - 1)
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
    return pl.DataFrame(
        {"colony_id": lines["colony_id"]}
        | _columns(outcomes)
        | (_calibrated_columns(calibration) if calibrated else {})
    ).to_arrow()


def _checked(animals: pl.DataFrame) -> pl.DataFrame:
    missing = [name for name in ANIMALS if name not in animals.columns]
    if missing:
        raise BadParameter(f"columns {animals.columns}; expected {missing} as well")
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
    """The outcomes by the names of their columns; NaN for what is not there."""
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
    columns["both_sexes_p_value"] = np.asarray(stats.f.sf(*outcomes.both_sexes.T))
    for place, name in enumerate(("batch", "control", "mutant")):
        columns[f"{name}_deviation"] = np.sqrt(outcomes.variances[:, place])
    for place, name in enumerate(("", "female_", "male_")):
        columns[f"{name}effect_size"] = outcomes.effect_sizes[:, place]
        columns[f"{name}percentage_change"] = outcomes.changes[:, place]
    return columns


def _calibrated_columns(calibration: Calibration) -> dict[str, npt.NDArray[np.generic]]:
    p_values, powers = calibrated_p_values(calibration), power(calibration)
    columns: dict[str, npt.NDArray[np.generic]] = {}
    for place, name in enumerate(HYPOTHESES):
        columns[f"{name}_calibrated_p_value"] = p_values[:, place]
        columns[f"{name}_power"] = powers[:, place]
    return columns
