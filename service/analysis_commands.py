"""What the command line offers to people with animals of their own: `impckg analyse`."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from impckg._version import __version__
from impckg.graph.errors import BadParameter

if TYPE_CHECKING:
    import polars as pl

# Of more tests only those with a call are printed.
MOST_LINES = 100
_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]*"


@click.command()
@click.argument("table", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Where results go."
)
@click.option(
    "--parameters",
    "parameters_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A CSV of what parameters are called, how they are tested and which MP terms they offer.",
)
@click.option(
    "--parameter",
    "wanted",
    multiple=True,
    metavar="NAME",
    help="Analyse this one; repeatable. All are, otherwise, that look like measurements.",
)
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="ROLE=NAME",
    help="Which column is what, such as sex=Gender; repeatable. The usual names are known.",
)
@click.option(
    "--control",
    "controls",
    multiple=True,
    metavar="GENOTYPE",
    help="A genotype of controls, beside +/+ and wt.",
)
@click.option(
    "--female", multiple=True, metavar="TEXT", help="What the table writes for females, beside female and f."
)
@click.option(
    "--male", multiple=True, metavar="TEXT", help="What the table writes for males, beside male and m."
)
@click.option("--gene", metavar="MGI:ID", help="The gene of lines for which the table has no MGI accession.")
@click.option(
    "--name", help="What the analysis is called; part of identifiers. The name of the table unless said."
)
@click.option("--licence", metavar="IRI", help="The licence of the measurements.")
@click.option("--strict", is_flag=True, help="Refuse the table where one row cannot be believed.")
@click.option(
    "--window",
    is_flag=True,
    help="Let controls count the more, the nearer in time they are to the mutants (soft windowing, as the IMPC).",
)
@click.option(
    "--report/--no-report", default=True, show_default=True, help="Write a page with figures for each test."
)
@click.option(
    "--add-to",
    "store",
    type=click.Path(path_type=Path),
    help="A folder that a build wrote, and that is not served meanwhile: add the results as a named graph.",
)
def analyse(
    table: Path,
    out: Path,
    parameters_file: Path | None,
    wanted: tuple[str, ...],
    columns: tuple[str, ...],
    controls: tuple[str, ...],
    female: tuple[str, ...],
    male: tuple[str, ...],
    gene: str | None,
    name: str | None,
    licence: str | None,
    strict: bool,
    window: bool,
    report: bool,
    store: Path | None,
) -> None:
    """Test animals of your own, call phenotypes, and write results as CSV, RDF and pages.

    TABLE is a CSV with a row for each animal and a column for each measurement, or one in the layout of the IMPC's
    experiment core.

    \b
    Example:  impckg analyse animals.csv --parameters parameters.csv --gene MGI:98373 --out analysis
    """
    from impckg.loaders.measurements.analysis import Plan, analyse_table, rejects_in_words
    from impckg.loaders.measurements.graph import UNDETERMINED
    from impckg.loaders.measurements.parameters import Parameters, read_parameters
    from impckg.loaders.measurements.reading import Reading

    plan = Plan(
        name=_checked_name(name, table),
        software=f"impckg {__version__}",
        reading=Reading(_pairs(columns), wanted, controls, female, male),
        parameters=Parameters({}) if parameters_file is None else read_parameters(parameters_file),
        gene=_checked_gene(gene),
        licence=UNDETERMINED if licence is None else _checked_licence(licence),
        strict=strict,
        windowing=window,
    )
    written = analyse_table(table, out, plan)
    for told in (*written.measurements.notes, *rejects_in_words(table.name, written.measurements)):
        click.echo(f"note: {told}", err=True)
    for line in _summary(written.results):
        click.echo(line)
    if report:
        from impckg.service.report.pages import MOST_PAGES, write_report

        click.echo(f"Pages: {write_report(written, f'Analysis of {table.name}', out / 'report')}", err=True)
        if len(written.tested) > MOST_PAGES:
            click.echo(f"note: {MOST_PAGES} tests have a page; --parameter chooses others", err=True)
    if written.unknown_genes:
        shown = ", ".join(written.unknown_genes[:5])
        click.echo(
            f"note: no RDF for {shown}: its gene has no MGI accession in the table; --gene says it", err=True
        )
    if store is not None:
        from impckg.loaders.measurements.adding import add_graph

        number = add_graph(store, written.graph, out / "graph.nt")
        click.echo(f"<{written.graph}> in {store}: {number:,} statements", err=True)
    click.echo(f"All of it is in {out}", err=True)


def _summary(results: "pl.DataFrame") -> list[str]:
    """A line for each test, or, of many, for each that earned a call; and how many there were."""
    lines = []
    for row in results.iter_rows(named=True):
        if results.height > MOST_LINES and not row["mp_term_id"]:
            continue
        if row["status"] != "Successful":
            found = row["reason"]
        elif row["judged_as"]:
            found = row["judged_as"]
        else:
            found = f"p {row['p_value']:.2e}, calibrated {row['calibrated_p_value']:.2e}"
        called = f"  {row['mp_term_id']}" if row["mp_term_id"] else ""
        lines.append(f"{row['line']}: {row['parameter_stable_id']}: {row['status']}: {found}{called}")
    is_test = results["judged_as"].is_null()
    tests, judgements = int(is_test.sum()), int((~is_test).sum())
    made = int((is_test & (results["status"] == "Successful")).sum())
    counted = [f"{tests:,} tests, {made:,} of them made"] if tests or not judgements else []
    counted += [f"{judgements:,} judgements of the centre"] if judgements else []
    return [*lines, ", ".join([*counted, f"{int(results['significant'].sum()):,} with a phenotype call"])]


def _pairs(columns: Iterable[str]) -> dict[str, str]:
    found = {}
    for text in columns:
        role, equals, column = text.partition("=")
        if not equals or not role.strip() or not column.strip():
            raise BadParameter(f"--column {text!r}: expected ROLE=NAME, such as --column sex=Gender")
        found[role.strip()] = column.strip()
    return found


def _checked_name(name: str | None, table: Path) -> str:
    if name is None:
        return (
            re.sub(r"[^A-Za-z0-9._-]+", "-", table.name.removesuffix(".gz").removesuffix(".csv")).strip("-._")
            or "table"
        )
    if not re.fullmatch(_NAME, name):
        raise BadParameter(f"--name {name!r}: expected letters, digits, dots, hyphens and underscores")
    return name


def _checked_licence(licence: str) -> str:
    if not re.fullmatch(r"https?://[^\s<>\"{}|\\^`]+", licence):
        raise BadParameter(
            f"--licence {licence!r}: expected an address, such as https://creativecommons.org/licenses/by/4.0/"
        )
    return licence


def _checked_gene(gene: str | None) -> str | None:
    if gene is not None and not re.fullmatch(r"MGI:\d+", gene):
        raise BadParameter(f"--gene {gene!r}: expected an MGI accession, such as MGI:98373")
    return gene
