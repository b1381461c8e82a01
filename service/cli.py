"""The command line, `impckg`.

Data go to standard output, everything else to standard error. Exit codes are those of `impckg.graph.errors`: 0 done,
1 something else that can be mended, 2 wrong use, 3 a recipe or a published file cannot be used, 4 a file cannot be fetched
or is not the one that the recipe pins, 5 a query or a value is wrong, 6 a store cannot be opened or written, 7 a build
cannot go on, 8 a check failed, 130 stopped by Ctrl-C.
"""

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

from impckg._version import __version__
from impckg.graph.errors import BadParameter, CheckFailed, KgError, QueryError
from impckg.service import analysis_commands, reasoning_commands
from impckg.service.progress import progress
from impckg.service.settings import SettingDescription, Settings, describe_settings

Command = TypeVar("Command", bound=Callable[..., Any])

DEMO_QUESTIONS = (
    "models_of_human_gene",
    "genes_of_disease",
    "phenotypes_shared_with_diseases",
    "diseases_of_lethal_genes",
    "human_counterparts_of_phenotype",
)
"""Five questions that cross from mouse to human; `impckg demo` prints their answers."""

DEMO_ROWS = 10
INTERRUPTED = 130
TABLE_WIDTH = 120


class Commands(click.Group):
    """The group of all commands; errors that we raise on purpose become a message and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except KgError as error:
            _fail(error)
        except BrokenPipeError:
            _leave_quietly()
        except OSError as error:
            _fail(KgError(f"{error.filename or 'output'}: {error.strerror or error}"))


def _leave_quietly() -> NoReturn:
    # Someone closed the pipe, such as `| head`. Nothing is wrong, and nothing can be said to them any more.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(0)


def _fail(error: KgError) -> NoReturn:
    click.echo(f"impckg: {error}", err=True)
    sys.exit(error.exit_code)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="impckg")
def main() -> None:
    """Mouse phenotypes of the IMPC and human disease as a knowledge graph.

    \b
    Start with:   impckg demo
    Then:         impckg queries
                  impckg query genes_of_phenotype --store demo
    """


_STORE = click.option(
    "--store",
    default="demo",
    show_default=True,
    envvar="IMPCKG_STORE",
    help="A folder that a build wrote, or the address of a SPARQL endpoint. Also IMPCKG_STORE.",
)


@main.command()
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("demo"),
    show_default=True,
    help="Where to.",
)
@click.option("--genes", type=int, default=60, show_default=True, help="How many genes the demo world has.")
@click.option("--seed", type=int, default=1, show_default=True, help="Chooses the simulated animals.")
@click.option("--serve/--no-serve", default=False, help="Go on to serve the store.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=int, default=8000, show_default=True, help="The port to listen on.")
def demo(out: Path, genes: int, seed: int, serve: bool, host: str, port: int) -> None:
    """Simulate a small release, build its graph, and answer five questions.

    The measurements are simulated; genes, diseases, terms and what links them are real.

    \b
    Example:  impckg demo --out demo --serve
    """
    from impckg.loaders.simulate import simulate_release

    click.echo(f"Simulating {genes} genes into {out / 'files'}", err=True)
    recipe = simulate_release(out / "files", genes, seed)
    _build(recipe, out, resume=False, limit=None)
    for name in DEMO_QUESTIONS:
        _show_example(name, out)
    # Both streams may end in one file; what comes last must be written last.
    sys.stdout.flush()
    click.echo(f"\nAll of it is in {out}. Ask it, or its ontologies:", err=True)
    click.echo(f"  {sys.argv[0]} query genes_of_phenotype --store {out}", err=True)
    click.echo(f"  {sys.argv[0]} dl \"'has phenotype affecting' some heart\" --store {out}", err=True)
    if serve:
        _serve(Settings(store=out, host=host, port=port))


@main.command()
@click.argument("recipe", required=False)
def sources(recipe: str | None) -> None:
    """List the published files that can be read, or those of a recipe.

    \b
    Example:  impckg sources impc-21.1
    """
    from impckg.loaders.recipe import find_recipe, read_recipe
    from impckg.loaders.sources import sources as readers

    if recipe is None:
        for source in readers().values():
            click.echo(
                f"{source.reader:26} {source.title}\n{'':26} {', '.join(source.kinds)}; {source.licence}"
            )
        return
    for listed in read_recipe(find_recipe(recipe)).sources:
        click.echo(
            f"{listed.name:26} {listed.version:12} {listed.address or listed.path}\n{'':26} {listed.licence}"
        )


@main.command()
@click.argument("recipe")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Where the files go."
)
def fetch(recipe: str, out: Path) -> None:
    """Fetch the files of a recipe, or go on where it broke off.

    RECIPE is a file, or the name of one that comes with impckg (impckg sources NAME shows what is in it).

    \b
    Example:  impckg fetch impc-21.1 --out downloads
    """
    from impckg.loaders.fetch import fetch_all
    from impckg.loaders.recipe import find_recipe, read_recipe

    with progress() as watcher:
        files = fetch_all(read_recipe(find_recipe(recipe)), out, watcher)
    for file in files:
        click.echo(f"{file.sha256}  {file.path}")


@main.command()
@click.argument("recipe")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Where the release goes."
)
@click.option("--resume", is_flag=True, help="Go on with a build that was cut off.")
@click.option(
    "--limit", type=click.IntRange(min=1), help="Read about so many rows of each file, for a quick look."
)
def build(recipe: str, out: Path, resume: bool, limit: int | None) -> None:
    """Build a release from a recipe and make it the live one.

    RECIPE is a file, or the name of one that comes with impckg. The live release answers until the new one is complete.
    The report is printed and kept in OUT/reports.

    \b
    Example:  impckg build impc-21.1 --out releases
    """
    from impckg.loaders.recipe import find_recipe

    _build(find_recipe(recipe), out, resume, limit)


def _build(recipe: Path, out: Path, resume: bool, limit: int | None) -> None:
    from impckg.loaders.build import build as build_release
    from impckg.loaders.recipe import read_recipe
    from impckg.loaders.report import as_text

    try:
        with progress() as watcher:
            report = build_release(read_recipe(recipe), out, resume=resume, limit=limit, watcher=watcher)
    except KeyboardInterrupt:
        click.echo(
            "Stopped. What was live before still is; --resume goes on from the last step that was done.",
            err=True,
        )
        sys.exit(INTERRUPTED)
    click.echo("\n".join(as_text(report)))


@main.command()
@click.option(
    "--store",
    type=click.Path(path_type=Path),
    default=Path("demo"),
    show_default=True,
    envvar="IMPCKG_STORE",
    help="A folder that a build wrote. Also IMPCKG_STORE.",
)
@click.option(
    "--shapes",
    type=click.IntRange(min=1),
    metavar="N",
    help="Also hold N things of each kind against the SHACL shapes.",
)
def check(store: Path, shapes: int | None) -> None:
    """Hold a store against the rules that the graph keeps.

    Ends with exit code 8 where a rule is broken that matters; warnings are told and pass.

    \b
    Example:  impckg check --store releases
    """
    from impckg.graph.checks import run_checks
    from impckg.graph.store import open_store
    from impckg.graph.validation import validate_sample

    opened = open_store(store)
    found = run_checks(opened)
    for result in found:
        state = "kept" if not result.violations else f"{result.severity}: broken {result.violations} times"
        click.echo(f"{result.rule}  [{state}]")
        for example in result.examples:
            click.echo(f"    {example}")
    broken = [result.name for result in found if result.severity == "violation" and result.violations]
    if shapes is not None:
        violations = validate_sample(opened, shapes)
        click.echo(f"Shapes: {len(violations)} violations in up to {shapes} things of each kind")
        for violation in violations:
            click.echo(f"    {violation}")
        broken += ["shapes"] if violations else []
    if broken:
        raise CheckFailed(f"{store}: broken: {', '.join(broken)}")


@main.command()
@click.argument("word", required=False)
def queries(word: str | None) -> None:
    """List the questions, or those with a WORD in their name, text or keywords.

    \b
    Example:  impckg queries disease
    """
    from impckg.queries.catalog import questions

    wanted = (word or "").casefold()
    shown = 0
    for asked in questions():
        if wanted not in " ".join((asked.name, asked.question, *asked.keywords)).casefold():
            continue
        shown += 1
        click.echo(f"{asked.name}\n    {asked.question}")
        for parameter in asked.parameters:
            optional = "" if parameter.required else ", may be left out"
            click.echo(
                f"    -p {parameter.name}={parameter.example}   {parameter.description.rstrip('.')}{optional}"
            )
    if not shown:
        raise QueryError(f"no question has {word!r} in it; impckg queries lists all")


@main.command()
@click.argument("query")
@_STORE
@click.option(
    "-p",
    "parameters",
    multiple=True,
    metavar="NAME=VALUE",
    help="A value for a parameter of the question; repeatable.",
)
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["table", "csv", "tsv", "json", "xml", "ttl", "nt", "jsonld", "rdfxml"]),
    default="table",
    show_default=True,
    help="table, csv, tsv, json and xml are for SELECT and ASK; ttl, nt, jsonld and rdfxml for CONSTRUCT and DESCRIBE.",
)
def query(query: str, store: str, parameters: tuple[str, ...], format_name: str) -> None:
    """Ask a store. QUERY is the name of a question, a file with SPARQL, or - for standard input.

    A question without -p answers its own example.

    \b
    Example:  impckg query phenotypes_of_gene -p gene=MGI:95490 --format csv
    """
    from impckg.graph.results import write_result, write_table
    from impckg.graph.sparql import UPDATES, keyword
    from impckg.queries.catalog import bind, question
    from impckg.queries.run import open_any

    values = _values(parameters)
    file = Path(query)
    if query == "-" or file.suffix in (".rq", ".sparql") or (file.is_file() and not query.isidentifier()):
        if values:
            raise BadParameter("-p is for questions of the catalogue; write the values into the query")
        text = _read_query(query)
        if keyword(text) in UPDATES:
            raise QueryError(f"a store is only read; {keyword(text)} would change it")
        found = open_any(store).query(text)
    else:
        asked = question(query)
        found = open_any(store).query(asked.text, bind(asked, values or asked.example))
    if format_name == "table":
        width = shutil.get_terminal_size((TABLE_WIDTH, 24)).columns if sys.stdout.isatty() else TABLE_WIDTH
        write_table(found, sys.stdout, width)
    else:
        write_result(found, format_name, sys.stdout.buffer)


def _values(parameters: tuple[str, ...]) -> dict[str, str]:
    given = [_name_and_value(text) for text in parameters]
    twice = sorted({name for name, _ in given if [other for other, _ in given].count(name) > 1})
    if twice:
        raise BadParameter(f"-p {', '.join(twice)}: given more than once")
    return dict(given)


def _name_and_value(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise BadParameter(f"-p {text!r}: expected NAME=VALUE, such as -p gene=MGI:95490")
    return name.strip(), value


def _read_query(where: str) -> str:
    if where == "-":
        return sys.stdin.read()
    try:
        return Path(where).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise QueryError(f"{where}: cannot be read: {error}") from error


def _show_example(name: str, store: Path) -> None:
    from impckg.graph.results import write_table
    from impckg.queries.catalog import question
    from impckg.queries.run import ask, open_any

    asked = question(name)
    given = ", ".join(f"{key} = {value}" for key, value in asked.example.items())
    click.echo(f"\n{asked.question}{f'  ({given})' if given else ''}\n")
    limited = _Counted(sys.stdout, DEMO_ROWS + 2)
    # The values of its parameters stand above the answer; repeated in each row they would only take room.
    repeated = [parameter.name for parameter in asked.parameters]
    rows = write_table(ask(asked, open_any(store), asked.example), limited, TABLE_WIDTH, without=repeated)
    if rows > DEMO_ROWS:
        click.echo(f"... and {rows - DEMO_ROWS} more rows: {sys.argv[0]} query {name} --store {store}")


class _Counted:
    """Passes on so many lines of what is written, and swallows the rest."""

    def __init__(self, output: Any, lines: int) -> None:
        self._output = output
        self._left = lines

    def write(self, text: str) -> int:
        """Write lines as long as there are any left."""
        for line in text.splitlines(keepends=True):
            if self._left > 0:
                self._output.write(line)
            self._left -= line.endswith("\n")
        return len(text)


def _settings_options(command: Command) -> Command:
    """Every setting of the service as a flag and as a variable of the environment."""
    for setting in reversed(describe_settings()):
        several = isinstance(setting.default, tuple)
        command = click.option(
            f"--{setting.name.replace('_', '-')}",
            type=_click_type(setting),
            is_flag=setting.kind is bool,
            multiple=several,
            default=setting.default,
            show_default=setting.default not in (None, (), False),
            envvar=f"IMPCKG_{setting.name.upper()}",
            help=f"{setting.help[0].upper()}{setting.help[1:]}.",
        )(command)
    return command


def _click_type(setting: SettingDescription) -> Any:
    if setting.choices:
        return click.Choice(setting.choices)
    if setting.kind is int:
        return click.IntRange(min=setting.least, max=65_535 if setting.name == "port" else None)
    return click.FloatRange(min=0, min_open=True) if setting.kind is float else setting.kind


@main.command()
@_settings_options
def serve(**values: Any) -> None:
    """Serve a store: SPARQL at /sparql, the questions and an editor at /.

    Each flag may also be given as a variable of the environment: --time-seconds as IMPCKG_TIME_SECONDS.

    \b
    Example:  impckg serve --store demo --port 8000
    """
    _serve(Settings(**values))


def _serve(settings: Settings) -> None:
    from impckg.service.server import serve as serve_store

    try:
        serve_store(
            settings,
            lambda address: click.echo(f"Serving {settings.store} at {address} (stop with Ctrl-C)", err=True),
        )
    except (OSError, ValueError) as error:
        told = getattr(error, "strerror", None) or error
        raise KgError(
            f"{settings.host}:{settings.port}: cannot be listened on: {told}; try another --host or --port"
        ) from error
    except KeyboardInterrupt:
        pass  # told before it served
    click.echo("Stopped.", err=True)


@main.command()
@click.option(
    "--store",
    type=click.Path(path_type=Path),
    default=Path("demo"),
    show_default=True,
    help="The folder of a release.",
)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="A new folder.")
def release(store: Path, out: Path) -> None:
    """Write a release for others to download: dump, tables, description, checksums.

    \b
    Example:  impckg release --store releases --out impckg-2026.1
    """
    from impckg.graph.release import write_release

    for file in write_release(store, out):
        click.echo(file)


@main.command()
@click.option("--genes", type=int, default=60, show_default=True, help="How many genes.")
@click.option("--seed", type=int, default=1, show_default=True, help="Chooses the simulated animals.")
@click.option(
    "--results", type=int, help="How many statistical results; as many as the genes give unless said."
)
@click.option(
    "--animals", is_flag=True, help="Write the animals, too: experiment.csv.gz, for impckg analyse."
)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Where to.")
def simulate(genes: int, seed: int, results: int | None, animals: bool, out: Path) -> None:
    """Write a small release in the published file formats, with simulated measurements.

    \b
    Example:  impckg simulate --genes 60 --seed 1 --out files && impckg build files/recipe.toml --out demo
    """
    from impckg.loaders.simulate import simulate_release

    click.echo(simulate_release(out, genes, seed, results, animals=animals))


for _command in (
    analysis_commands.analyse,
    reasoning_commands.classify,
    reasoning_commands.explain,
    reasoning_commands.dl,
    reasoning_commands.changes,
):
    main.add_command(_command)
