"""Spark runs the statistics over groups of animals, by the example of docs/analysis.md.

Installed by tests/real-parts.sh into build/clients/spark from spark.txt; the test is skipped where it is absent, or Java is.
"""

import os
import re
import shutil
import subprocess
import sys

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from impckg.loaders.statistics.mixed_model.many import analyse_stratum

from ..conftest import PROJECT

FOLDER = PROJECT / "build" / "clients" / "spark"
STRATUM = [
    "phenotyping_center",
    "pipeline_stable_id",
    "parameter_stable_id",
    "strain_accession_id",
    "metadata_group",
]

BEFORE = """
import sys
from pyspark.sql import SparkSession
spark = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false").getOrCreate()
animals = sys.argv[1]
"""
AFTER = """
import polars as pl
pl.DataFrame(results.toArrow()).write_parquet(sys.argv[2])
"""

pytestmark = [
    pytest.mark.skipif(
        not (FOLDER / "pyspark").is_dir(), reason="Spark is not installed: tests/real-parts.sh"
    ),
    pytest.mark.skipif(shutil.which("java") is None, reason="Java is not installed"),
]


def stratum(seed, parameter, center):
    """100 controls and five lines of 8 mutants."""
    rng = np.random.default_rng(seed)
    n = 140
    return pl.DataFrame(
        {
            **dict.fromkeys(STRATUM, "none"),
            "parameter_stable_id": parameter,
            "phenotyping_center": center,
            "colony_id": [None] * 100 + [f"line{i}" for i in range(5) for _ in range(8)],
            "sex": np.where(np.arange(n) % 2, "male", "female"),
            "date_of_experiment": [f"2024-01-{1 + day:02d}" for day in rng.integers(0, 20, n)],
            "weight": rng.normal(25, 3, n),
            "data_point": rng.normal(size=n),
        }
    )


def test_spark_finds_what_is_found_without_it(tmp_path):
    strata = [stratum(1, "X_1", "JAX"), stratum(2, "X_1", "ICS"), stratum(3, "X_2", "JAX")]
    pl.concat(strata).sample(fraction=1.0, shuffle=True, seed=1).write_parquet(tmp_path / "animals.parquet")
    (example,) = re.findall(
        r"```python\n(.*?)```", (PROJECT / "docs" / "analysis.md").read_text(encoding="utf-8"), re.DOTALL
    )
    (tmp_path / "run.py").write_text(BEFORE + example + AFTER, encoding="utf-8")

    done = subprocess.run(
        [sys.executable, tmp_path / "run.py", tmp_path / "animals.parquet", tmp_path / "results.parquet"],
        env=os.environ | {"PYTHONPATH": str(FOLDER), "PYSPARK_PYTHON": sys.executable},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    found = pl.read_parquet(tmp_path / "results.parquet").sort(*STRATUM, "colony_id")
    expected = pl.concat(
        pl.DataFrame(analyse_stratum(animals.to_arrow(), keep=STRATUM)) for animals in strata
    ).sort(*STRATUM, "colony_id")
    assert len(expected) == 15
    assert_frame_equal(found, expected, rel_tol=1e-5)
