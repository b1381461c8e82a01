"""The animals behind the results of a simulated release, as rows of the IMPC's `experiment` core.

`impckg analyse` reads them and finds the results again. Wild types stand once for each parameter of their centre. What the
centre judged itself is there as it was said.
"""

from collections.abc import Iterable

import numpy as np
import polars as pl

from impckg.loaders.simulate.plan import Plan
from impckg.loaders.simulate.results import Result
from impckg.loaders.simulate.world import World
from impckg.loaders.statistics.analysis import Animals

FILE = "experiment.csv.gz"

_OF_STEP = (
    "phenotyping_center", "pipeline_stable_id", "procedure_stable_id", "parameter_stable_id", "parameter_name",
    "strain_accession_id", "metadata_group",
)  # fmt: skip
_OF_LINE = ("colony_id", "gene_accession_id", "gene_symbol", "allele_symbol", "zygosity")
_OF_ANIMAL = (
    "biological_sample_group", "external_sample_id", "sex", "date_of_experiment", "weight", "data_point", "category",
    "text_value",
)  # fmt: skip
COLUMNS = (*_OF_STEP, *_OF_LINE, *_OF_ANIMAL)


class Experiments:
    """Rows of the core as results are drawn; remembers whose wild types have been written."""

    def __init__(self, world: World, plan: Plan, steps: pl.DataFrame) -> None:
        """Steps: rows of Plan.steps with the columns of results (rows.Columns)."""
        self._world = world
        self._plan = plan
        self._steps = steps.select(_OF_STEP)
        self._written: set[int] = set()

    def rows(self, results: Iterable[Result]) -> pl.DataFrame:
        """The animals of results that were tested, and what was judged, with the columns COLUMNS; no wild type twice."""
        parts = [pl.DataFrame(schema=dict.fromkeys(COLUMNS, pl.String))]
        for result in results:
            if result.said:
                parts.append(self._judgement(result))
            if result.tested is None:
                continue
            animals = result.tested.animals
            if result.step not in self._written:
                self._written.add(result.step)
                parts.append(self._part(result, animals.those(~animals.is_mutant), is_mutant=False))
            parts.append(self._part(result, animals.those(animals.is_mutant), is_mutant=True))
        return pl.concat(parts)

    def _judgement(self, result: Result) -> pl.DataFrame:
        """The verdict, which is of no specimen, or a row for each embryo."""
        said = pl.Series(result.said, dtype=pl.String)
        is_verdict = (
            self._world.parameters[self._plan.steps[result.step].parameter].kind != "embryo_morphology"
        )
        names = [
            None if is_verdict else f"{result.line.colony}-embryo-{number + 1}" for number in range(len(said))
        ]
        return self._with_what_it_is_of(
            result,
            pl.DataFrame(
                {
                    "biological_sample_group": ["experimental"] * len(said),
                    "external_sample_id": pl.Series(names, dtype=pl.String),
                    "sex": ["no data"] * len(said),
                    "text_value" if is_verdict else "category": said,
                }
            ),
            is_mutant=True,
        )

    def _part(self, result: Result, animals: Animals, *, is_mutant: bool) -> pl.DataFrame:
        step, line = self._plan.steps[result.step], result.line
        whose = f"{line.colony}-{result.zygosity[:3]}" if is_mutant else f"SIM-{step.centre.colony_code}-WT"
        values = pl.Series(animals.values.tolist()).cast(pl.String)
        return self._with_what_it_is_of(
            result,
            pl.DataFrame(
                {
                    "biological_sample_group": ["experimental" if is_mutant else "control"] * len(values),
                    "external_sample_id": [
                        f"{whose}-{step.pipeline.stable_id}-{step.procedure}-{number}"
                        for number in range(1, len(values) + 1)
                    ],
                    "sex": np.where(animals.is_male, "male", "female").tolist(),
                    "date_of_experiment": animals.date.tolist(),
                    "weight": pl.Series(animals.weight.tolist(), dtype=pl.Float64).cast(pl.String),
                    "data_point" if animals.is_numeric else "category": values,
                }
            ),
            is_mutant=is_mutant,
        )

    def _with_what_it_is_of(self, result: Result, rows: pl.DataFrame, *, is_mutant: bool) -> pl.DataFrame:
        """Rows of animals with the columns of their step and, for mutants, of their line."""
        line, gene = result.line, self._world.genes.row(result.line.gene, named=True)
        of_line = (line.colony, gene["mgi_id"], gene["symbol"], line.allele_symbol, result.zygosity)
        named = self._steps.row(result.step, named=True)
        named |= dict(zip(_OF_LINE, of_line if is_mutant else (None,) * len(_OF_LINE), strict=True))
        named |= dict.fromkeys(set(_OF_ANIMAL) - set(rows.columns))
        return rows.with_columns(
            pl.lit(value, pl.String).alias(name) for name, value in named.items()
        ).select(pl.col(COLUMNS).cast(pl.String))
