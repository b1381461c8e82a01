"""What the command line offers of reasoning: `impckg classify`, `impckg explain` and `impckg dl`."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from impckg.graph.errors import QueryError

if TYPE_CHECKING:
    from impckg.ontology.documents.document import Document
    from impckg.ontology.documents.labels import Labels
    from impckg.ontology.reasoning.classification import Classification
    from impckg.ontology.reasoning.explanation import Explanation

Command = TypeVar("Command", bound=Callable[..., Any])

_NEIGHBOURS = ("equivalent", "below", "above")


def _ontologies(command: Command) -> Command:
    """Give a command the options that say which ontologies it is about."""
    files = click.option(
        "--ontology",
        "files",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        multiple=True,
        required=True,
        help="A file in any format of ontologies (OBO, OWL, RDF, OBO Graphs), gzipped or not. "
        "Give all that belong together.",
    )
    catalogue = click.option(
        "--import",
        "imports",
        multiple=True,
        metavar="IRI=FILE",
        help="The file of an ontology that others import. Nothing is ever fetched.",
    )
    return files(catalogue(command))


@click.command()
@_ontologies
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="A folder for subsumptions.parquet, direct.parquet and equivalents.parquet.",
)
@click.option("--seconds", type=float, default=600.0, show_default=True, help="How long it may take.")
@click.option("--memory", type=int, default=8192, show_default=True, help="How many MiB it may need.")
def classify(
    files: tuple[Path, ...], imports: tuple[str, ...], out: Path | None, seconds: float, memory: int
) -> None:
    """Infer the hierarchy of ontologies in OWL 2 EL, and tell what is outside it.

    \b
    Example:  impckg classify --ontology mp.obo --ontology mp-definitions.ofn --out inferred
    """
    from impckg.ontology.reasoning.reasoner import Limits
    from impckg.ontology.reasoning.reasoner import classify as find

    documents = _read(files, imports)
    found = find(documents, Limits(seconds, memory))
    pairs = {
        "subsumptions": found.subsumptions(),
        "direct": found.direct(),
        "equivalents": found.equivalents(),
    }
    click.echo(f"{len(found.classes):,} classes, {len(found.axioms):,} logical axioms")
    for name, table in pairs.items():
        click.echo(f"{table.height:,} {name}")
    click.echo(f"{len(found.unsatisfiable):,} unsatisfiable")
    for iri in found.unsatisfiable:
        click.echo(f"  {iri}")
    _tell_outside(found)
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        for name, table in pairs.items():
            table.write_parquet(out / f"{name}.parquet")
        click.echo(f"Written to {out}", err=True)


@click.command()
@click.argument("sub")
@click.argument("sup")
@_ontologies
def explain(sub: str, sup: str, files: tuple[Path, ...], imports: tuple[str, ...]) -> None:
    """Tell why one class is under another: the axioms, where they are said, and the steps.

    SUB and SUP are classes in Manchester syntax: a label, a CURIE or an IRI. SUP may be owl:Nothing.

    \b
    Example:  impckg explain MP:0000274 'abnormal heart morphology' --ontology mp.obo --ontology mp-definitions.ofn
    """
    from impckg.ontology.reasoning.explanation import explain as why

    documents = _read(files, imports)
    found, names = _classified(documents)
    explanation = why(found, _named(sub, names), _named(sup, names))
    for line in explanation_lines(explanation, names):
        click.echo(line)


@click.command()
@click.argument("expression")
@_ontologies
@click.option(
    "--store",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder that a build wrote: genes and lines with calls below the expression are told as well.",
)
@click.option("--direct", is_flag=True, help="Only the nearest classes.")
def dl(
    expression: str, files: tuple[Path, ...], imports: tuple[str, ...], store: Path | None, direct: bool
) -> None:
    """Ask what is below, above and equal to a class expression in Manchester syntax.

    \b
    Example:  impckg dl "'has part' some ('increased size' and 'characteristic of' some heart)" --ontology mp.obo ...
    """
    from impckg.ontology.reasoning.class_query import ask
    from impckg.ontology.reasoning.manchester import parse

    documents = _read(files, imports)
    found, names = _classified(documents)
    answer = ask(found, parse(expression, names))
    if not answer.satisfiable:
        raise QueryError(f"{expression} can have no instance: by the axioms, it is nothing")
    for kind in _NEIGHBOURS:
        prefix = "direct_" if direct and kind != "equivalent" else ""
        for iri in getattr(answer, prefix + kind):
            click.echo(f"{kind}\t{_called(iri, names)}")
    if store is not None:
        from impckg.queries.instances import instances

        for row in instances(store / "tables", (*answer.equivalent, *answer.below)).iter_rows():
            click.echo("instance\t" + "\t".join("" if cell is None else cell for cell in row))


def explanation_lines(explanation: "Explanation", names: "Labels") -> Iterable[str]:
    """An explanation as text, line by line."""
    from impckg.ontology.reasoning.manchester import write

    yield f"{_called(explanation.sub, names)}  is under  {_called(explanation.sup, names)}"
    yield ""
    yield "Axioms:"
    for number, axiom in enumerate(explanation.axioms, start=1):
        said = axiom.source.version_iri or axiom.source.iri or axiom.source.name
        yield f"  [{number}] {write(axiom.component.component, names)}"
        yield f"      {axiom.source.name}, {said}"
    yield ""
    yield "Steps:"
    for number, step in enumerate(explanation.steps, start=1):
        used = [f"[{place + 1}]" for place in step.axioms] + [f"step {place + 1}" for place in step.premises]
        yield f"  {number}. {write(step.conclusion, names)}"
        yield f"      {step.rule}: {', '.join(used) or 'by what the words mean'}"


def _read(files: tuple[Path, ...], imports: tuple[str, ...]) -> "tuple[Document, ...]":
    from impckg.ontology.documents.imports import read_closure

    catalogue = {}
    for said in imports:
        iri, equals, path = said.rpartition("=")
        if not equals:
            raise QueryError(f"--import {said}: has no '='; expected IRI=FILE")
        catalogue[iri] = Path(path)
    documents = read_closure(files, catalogue)
    for document in documents:
        for predicate, statements in document.left_out:
            click.echo(
                f"{document.name}: {statements:,} statements with {predicate} are part of no axiom", err=True
            )
    return documents


def _classified(documents: "tuple[Document, ...]") -> "tuple[Classification, Labels]":
    from impckg.ontology.documents.labels import labels_of
    from impckg.ontology.reasoning.reasoner import classify as find

    found = find(documents)
    return found, labels_of(documents)


def _tell_outside(found: "Classification") -> None:
    counts: dict[str, int] = {}
    for outside in found.outside:
        counts[outside.construct] = counts.get(outside.construct, 0) + 1
    for construct, axioms in sorted(counts.items()):
        click.echo(f"{axioms:,} axioms outside OWL 2 EL: {construct}", err=True)


def _named(text: str, names: "Labels") -> str:
    from pyhornedowl import model as owl

    from impckg.ontology.reasoning.manchester import parse

    quoted = text if text.startswith(("<", "'")) or " " not in text else f"'{text}'"
    expression = parse(quoted, names)
    if not isinstance(expression, owl.Class):
        raise QueryError(f"{text} is no named class; expected a label, a CURIE or an IRI")
    return str(expression)


def _called(iri: str, names: "Labels") -> str:
    from impckg.graph.identifiers import obo_curie

    return f"{obo_curie(iri) or iri} {names.label(iri) or ''}".strip()
