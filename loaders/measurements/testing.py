"""Every parameter of every line of a table, tested and called."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from impckg.graph.errors import BadParameter
from impckg.loaders.calls import Called, call, evidence
from impckg.loaders.measurements.parameters import Parameter, Parameters
from impckg.loaders.measurements.reading import DESCRIBED, STRATUM, Measurements
from impckg.loaders.statistics.analysis import Analysis, Animals, analyse
from impckg.loaders.statistics.gates import Framework


@dataclass(frozen=True, eq=False)
class Tested:
    """One parameter of one line.

    line: the name of the mutants. described: what the table says of them besides (reading.DESCRIBED, None where nothing).
    rows: shape (animals,); columns row (of the file) and specimen (what the animal is called).
    animals: all of them, before the gates. analysis, called: what became of the test.
    """

    line: str
    parameter: Parameter
    described: Mapping[str, str | None]
    rows: pl.DataFrame
    animals: Animals
    analysis: Analysis
    called: Called


def analyse_lines(
    measurements: Measurements, parameters: Parameters, *, windowing: bool = False
) -> Iterator[Tested]:
    """Test each line for each parameter, against all controls of its stratum; in the order of the table.

    windowing: whether controls count the more, the nearer in time they are to the mutants.
    A table without mutants has nothing to test.

    Raises BadParameter where texts are to be tested as numbers.
    """
    strata = measurements.rows.partition_by("parameter", *STRATUM, maintain_order=True)
    for stratum in strata:
        parameter = parameters[stratum["parameter"][0]]
        controls = stratum.filter(~pl.col("is_mutant"))
        for mutants in stratum.filter("is_mutant").partition_by("line", maintain_order=True):
            yield _test(pl.concat([controls, mutants]), mutants, parameter, windowing)


def _test(rows: pl.DataFrame, mutants: pl.DataFrame, parameter: Parameter, windowing: bool) -> Tested:
    framework = parameter.framework
    is_numeric = bool(rows["is_numeric"][0])
    if framework is Framework.FISHER:
        # Numbers may be categories where the file of parameters says so.
        is_numeric = False
    elif framework is not None and not is_numeric:
        raise BadParameter(
            f"{parameter.id}: framework {framework.value} is for numbers, and most values are texts such as "
            f"{rows['text'][0]!r}; expected FE, or no framework"
        )
    values = (
        rows["text"].cast(pl.Float64).to_numpy() if is_numeric else rows["text"].to_numpy().astype(np.str_)
    )
    animals = Animals(
        values,
        rows["is_mutant"].to_numpy(),
        rows["is_male"].to_numpy(),
        rows["date"].to_numpy().astype(np.str_),
        rows["weight"].fill_null(np.nan).to_numpy(),
    )
    analysis = analyse(animals, parameter.id, framework, windowing=windowing)
    return Tested(
        line=mutants["line"][0],
        parameter=parameter,
        described={name: first_known(mutants, name) for name in DESCRIBED},
        rows=rows.select("row", "specimen"),
        animals=animals,
        analysis=analysis,
        called=call(evidence(analysis), parameter.options, sexes_tested(animals, analysis)),
    )


def sexes_tested(animals: Animals, analysis: Analysis) -> tuple[str, ...]:
    """The sexes that were tested."""
    is_male = animals.is_male[analysis.kept]
    return tuple(sex for sex, male in (("female", False), ("male", True)) if (is_male == male).any())


def first_known(rows: pl.DataFrame, name: str) -> str | None:
    """The first text of a column; None where there is none."""
    known = rows[name].drop_nulls()
    return str(known[0]) if len(known) else None
