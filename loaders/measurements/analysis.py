"""A table of animals analysed as a whole: what `impckg analyse` writes, and where."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl

from impckg.graph.errors import BadParameter, SourceError
from impckg.graph.identifiers import BASE
from impckg.loaders.measurements import graph
from impckg.loaders.measurements.animals import ANIMALS_FILE, write_animals
from impckg.loaders.measurements.impress import RELEASE
from impckg.loaders.measurements.judged import Found, Judged, judge_lines, left_out
from impckg.loaders.measurements.parameters import Parameter, Parameters
from impckg.loaders.measurements.reading import Measurements, Reading, read_measurements
from impckg.loaders.measurements.results import call_table, result_table
from impckg.loaders.measurements.testing import Tested, analyse_lines
from impckg.loaders.statistics.routing import plain_categories

RESULTS_FILE, CALLS_FILE, REJECTS_FILE, STATEMENTS_FILE = (
    "results.csv",
    "calls.csv",
    "rejects.csv",
    "graph.nt",
)


NOTHING_MEASURED = (
    "expected values in a column 'data_point' or 'category' beside the parameter's, or a column for each parameter; "
    "--parameter asks for one, --column number=NAME says where values are"
)
# Parameters that one message names.
MOST_TOLD = 10


@dataclass(frozen=True)
class Written:
    """What was done.

    measurements: what was read. tested: every test, made or not. judged: what the centre judged itself.
    results: tests and then judgements, as a table (results.py).
    folder: where the files are.
    graph: the IRI that STATEMENTS_FILE is to be loaded as. statements: how many it has.
    unknown_genes: lines of which nothing was said, since their gene has no MGI accession.
    """

    measurements: Measurements
    tested: Sequence[Tested]
    judged: Sequence[Judged]
    results: pl.DataFrame
    folder: Path
    graph: str
    statements: int
    unknown_genes: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """What is to be analysed.

    name: of the analysis; part of identifiers. gene: MGI accession of lines of which the table has none.
    software: the program and its version. strict: whether one row that cannot be believed is an error.
    windowing: whether controls count the more, the nearer in time they are to the mutants.
    """

    name: str
    software: str
    reading: Reading
    parameters: Parameters
    gene: str | None = None
    licence: str = graph.UNDETERMINED
    strict: bool = False
    windowing: bool = False


def analyse_table(path: Path, folder: Path, plan: Plan) -> Written:
    """Test a table of animals, and write results, calls, rejects, animals and statements into a folder.

    Raises SourceError where the table cannot be used, or, if `strict` is on, a row of it; and BadParameter where it has no
    mutants, no controls, or nothing that was measured.
    """
    measurements = read_measurements(path, plan.reading)
    if plan.strict and measurements.rejects.height:
        raise SourceError("\n".join(rejects_in_words(path.name, measurements)))
    measurements = _with_gene(measurements, plan.gene)
    measurements = _with_notes(measurements, plan)
    tested = list(analyse_lines(measurements, plan.parameters, windowing=plan.windowing))
    judged = list(judge_lines(measurements.judged, plan.parameters))
    _demand(path.name, measurements, tested, judged)
    folder.mkdir(parents=True, exist_ok=True)
    found: list[Found] = [*tested, *judged]
    results = result_table(tested, judged)
    results.write_csv(folder / RESULTS_FILE)
    call_table(tested, judged).write_csv(folder / CALLS_FILE)
    measurements.rejects.write_csv(folder / REJECTS_FILE)
    write_animals(plan.name, found, folder / ANIMALS_FILE)
    origin = graph.Origin(
        name=plan.name,
        file=path.name,
        sha256=_sha256(path),
        animals_sha256=_sha256(folder / ANIMALS_FILE),
        software=plan.software,
        licence=plan.licence,
    )
    statements = graph.write_statements(graph.tables(origin, tested, judged), folder / STATEMENTS_FILE)
    unknown = dict.fromkeys(one.line for one in found if one.described["gene"] is None)
    return Written(
        measurements, tested, judged, results, folder, origin.graph(BASE), statements, tuple(unknown)
    )


_HINTS = {
    "unknown_sex": "--female and --male say what the table writes for sexes",
    "unknown_group": "--control says which genotype controls have, --column group=NAME where it is written",
    "not_a_date": "dates are best written as 2024-12-31; --column date=NAME says where they are",
    "not_an_mgi_accession": "a gene is named as MGI:98373",
    "not_a_number": "a column of numbers may have empty cells, but no other text",
    "duplicate_animal": "only the first measurement of an animal counts; --column specimen=NAME says which animal it is",
}
"""What to do about rows that break a rule."""


def rejects_in_words(file: str, measurements: Measurements, most: int = 10) -> list[str]:
    """The first of what was put aside, as messages, how many more there are, and what to do about them."""
    rejects = measurements.rejects
    told = [
        f"{file}:{line}: column {column!r}: {value!r}: {rule.replace('_', ' ')}"
        for line, rule, column, value in rejects.head(most).iter_rows()
    ]
    told += [f"... and {rejects.height - most} more"] if rejects.height > most else []
    return told + [_HINTS[rule] for rule in rejects["rule"].unique(maintain_order=True)]


def _with_gene(measurements: Measurements, gene: str | None) -> Measurements:
    """The same with the gene of all mutants for which the table has none."""
    known = pl.when("is_mutant").then(pl.coalesce("gene", pl.lit(gene, pl.String))).alias("gene")
    return replace(
        measurements,
        rows=measurements.rows.with_columns(known),
        judged=measurements.judged.with_columns(known),
    )


def _with_notes(measurements: Measurements, plan: Plan) -> Measurements:
    """The same with what is to be known of its parameters."""
    tested = measurements.rows["parameter"].unique(maintain_order=True).to_list()
    names = [*tested, *measurements.judged["parameter"].unique(maintain_order=True)]
    told: list[str] = []
    absent = [] if plan.reading.parameters else plan.parameters.absent_from(names)
    if absent:
        told.append(f"not in the table, or empty there: {', '.join(map(repr, absent))}")
    offered = [name for name in names if name not in plan.parameters and plan.parameters[name].options]
    if offered:
        told.append(
            f"not listed, offer the terms of data release {RELEASE}: "
            + ", ".join(offered[:MOST_TOLD])
            + (", ..." if len(offered) > MOST_TOLD else "")
        )
    if others := left_out(measurements.judged):
        told.append(
            f"left out, since they measure or count what centres judge: {', '.join(others[:MOST_TOLD])}"
            + (", ..." if len(others) > MOST_TOLD else "")
        )
    told += _unknown_categories(measurements.rows, [plan.parameters[name] for name in tested])
    return replace(measurements, notes=(*measurements.notes, *told))


def _unknown_categories(rows: pl.DataFrame, parameters: Iterable[Parameter]) -> list[str]:
    """Which categories earn no call, since no option names them and controls mostly show another; the first row of each."""
    told = []
    for parameter in parameters:
        named = {option.category.casefold() for option in parameter.options if option.category is not None}
        if not named or not all(option.category for option in parameter.options):
            continue
        of_parameter = rows.filter(pl.col("parameter") == parameter.id)
        labels = plain_categories(of_parameter["text"].to_numpy().astype(np.str_))
        of_parameter = of_parameter.with_columns(pl.Series("label", labels.tolist(), dtype=pl.String))
        controls = of_parameter.filter(~pl.col("is_mutant") & (pl.col("label") != ""))
        usual = controls["label"].mode(maintain_order=True).first()
        for row, label in (
            of_parameter.unique("label", keep="first", maintain_order=True).select("row", "label").rows()
        ):
            if label not in ("", usual) and label.casefold() not in named:
                told.append(
                    f"row {row}: column {parameter.id!r}: {label!r} is no category that an option names "
                    f"({', '.join(sorted(named))}); it is tested and earns no call"
                )
    return told


def _demand(
    file: str, measurements: Measurements, tested: Sequence[Tested], judged: Sequence[Judged]
) -> None:
    rows = measurements.rows
    if judged and not tested:
        return
    if rows.is_empty():
        why = rejects_in_words(file, measurements, 3) or [NOTHING_MEASURED]
        raise BadParameter(
            f"{file}: no measurement of {measurements.animals} rows is left; " + "; ".join(why)
        )
    if not rows["is_mutant"].any():
        raise BadParameter(
            f"{file}: all animals are controls; expected mutants, told by --column and --control"
        )
    if rows["is_mutant"].all():
        raise BadParameter(f"{file}: no animal is a control; expected some, told by --column and --control")
    if not tested:
        raise BadParameter(f"{file}: mutants have no value of any parameter")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
