"""The reference results of OpenStats, and the animals that they were found on."""

import gzip
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest


@dataclass(frozen=True, eq=False)
class Case:
    """One reference case: its animals as arrays, and what the R package found."""

    golden: dict[str, Any]
    response: npt.NDArray[np.float64]
    is_mutant: npt.NDArray[np.bool_]
    is_male: npt.NDArray[np.bool_]
    date: npt.NDArray[np.str_]
    weight: npt.NDArray[np.float64] | None

    @property
    def result(self) -> dict[str, Any]:
        return self.golden["result"]


@pytest.fixture
def read_case(shared_data):
    """Reads a case of the mixed model, with its weights where they may be in the model."""
    return lambda name: _read_case(shared_data, name)


def _read_case(shared_data: Path, name: str) -> Case:
    folder = shared_data / "statistics"
    golden = json.loads(gzip.decompress((folder / "golden" / f"{name}.json.gz").read_bytes()))
    animals = pl.read_csv(folder / "data" / f"{name}.csv.gz")
    if golden.get("pipeline_filter"):
        # Small groups are left out, then the sexes that have no controls or no mutants.
        groups = set(golden["gates"]["groups_kept"])
        sexes = [sex for sex in ("female", "male") if {f"{sex}_control", f"{sex}_experimental"} <= groups]
        animals = animals.filter(pl.col("sex").is_in(sexes))
    has_weight = golden["equation"] == "withWeight"
    return Case(
        golden=golden,
        response=_numbers(animals["data_point"]),
        is_mutant=(animals["biological_sample_group"] == "experimental").to_numpy(),
        is_male=(animals["sex"] == "male").to_numpy(),
        date=animals["date_of_experiment"].to_numpy().astype(np.str_),
        weight=_numbers(animals["weight"]) if has_weight else None,
    )


def _numbers(column: pl.Series) -> npt.NDArray[np.float64]:
    return column.cast(pl.Float64).fill_null(float("nan")).to_numpy()
