"""The animals of an analysis as a file: what a result names when it says which animals it is of."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.parquet as pq

from impckg.graph.identifiers import mint
from impckg.loaders.measurements.judged import Found, Judged
from impckg.loaders.measurements.reading import STRATUM
from impckg.loaders.measurements.testing import Tested

ANIMALS_FILE = "animals.parquet"
"""The file of measurements: one row for each animal of each test."""

ANIMAL_SCHEMA = {
    "result": pl.String, "row": pl.Int64, "specimen": pl.String, "is_mutant": pl.Boolean, "sex": pl.String,
    "date": pl.String, "weight": pl.Float64, "value": pl.String, "used": pl.Boolean,
}  # fmt: skip
TESTS_AT_A_TIME = 200
_SEXES = {True: "male", False: "female"}


def result_id(name: str, found: Found) -> str:
    """The CURIE of a result."""
    return mint("result", *key(name, found))


def key(name: str, found: Found) -> list[str]:
    """What tells a result from all others of its analysis."""
    stratum = [found.described[role] for role in STRATUM]
    return [name, found.line, found.parameter.id, *(text for text in stratum if text)]


def write_animals(name: str, found: Sequence[Found], path: Path) -> None:
    """Write the animals of all tests and judgements of an analysis of that name as Parquet, some tests at a time.

    Columns: result, row (of the table), specimen, is_mutant, sex, date, weight, value, and used: whether the test used it.
    """
    with pq.ParquetWriter(path, _animals(name, []).to_arrow().schema, compression="zstd") as writer:
        for first in range(0, len(found), TESTS_AT_A_TIME):
            writer.write_table(_animals(name, found[first : first + TESTS_AT_A_TIME]).to_arrow())


def _animals(name: str, found: Sequence[Found]) -> pl.DataFrame:
    parts = [
        (_animals_of_test(one) if isinstance(one, Tested) else _animals_of_judgement(one)).select(
            pl.lit(result_id(name, one)).alias("result"), *list(ANIMAL_SCHEMA)[1:]
        )
        for one in found
    ]
    return pl.concat([pl.DataFrame(schema=ANIMAL_SCHEMA), *parts])


def _animals_of_test(one: Tested) -> pl.DataFrame:
    return one.rows.select(
        "row",
        "specimen",
        pl.Series("is_mutant", one.animals.is_mutant),
        pl.Series("is_male", one.animals.is_male).replace_strict(_SEXES).alias("sex"),
        pl.Series("date", one.animals.date.tolist(), dtype=pl.String),
        pl.Series("weight", one.animals.weight).fill_nan(None),
        pl.Series("value", one.animals.values.astype(np.str_).tolist(), dtype=pl.String),
        pl.Series("used", one.analysis.kept),
    )


def _animals_of_judgement(one: Judged) -> pl.DataFrame:
    return one.rows.select(
        "row",
        "specimen",
        "is_mutant",
        pl.col("is_male").replace_strict(_SEXES, return_dtype=pl.String).alias("sex"),
        "date",
        pl.lit(None, pl.Float64).alias("weight"),
        pl.col("text").alias("value"),
        pl.lit(True).alias("used"),
    )
