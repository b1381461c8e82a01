"""What the command line offers of ontologies: `impckg classify`, `explain`, `dl` and `changes`."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from impckg.graph.errors import QueryError, StoreError
from impckg.graph.store import REASONING_FOLDER, find_release

if TYPE_CHECKING:
    from impckg.ontology.documents.document import Document
    from impckg.ontology.documents.labels import Labels
    from impckg.ontology.reasoning.account import Account
    from impckg.ontology.reasoning.classification import Classification
    from impckg.ontology.reasoning.owl_dl import DlLimits

Command = TypeVar("Command", bound=Callable[..., Any])

_SHOWN = 5
"""So many IRIs of one kind are named in a message."""

_NEIGHBOURS = ("equivalent", "below", "above")


def _ontologies(required: bool) -> Callable[[Command], Command]:
    """Give a command the options that say which ontologies it is about. required: whether there must be one."""
    files = click.option(
        "--ontology",
        "files",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        multiple=True,
        required=required,
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
    longest = click.option(
        "--file-mib",
        type=click.IntRange(min=1),
        default=1024,
        show_default=True,
        help="How long a file may be when unpacked; reading takes some 8 to 25 times as much memory.",
    )
    return lambda command: files(catalogue(longest(command)))


_STORE = click.option(
    "--store",
    show_default="demo, without --ontology",
    help="A folder that a build wrote: the ontologies of its release are asked, unless --ontology names others.",
)


@click.command()
@_ontologies(required=True)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="A folder for subsumptions, direct, equivalents, redundant and nonredundant, each as Parquet.",
)
@click.option("--seconds", type=float, default=600.0, show_default=True, help="How long it may take.")
@click.option("--memory", type=int, default=8192, show_default=True, help="How many MiB it may need.")
@click.option(
    "--reasoner",
    type=click.Choice(["el", "hermit", "pellet"]),
    default="el",
    show_default=True,
    help="The built-in one for OWL 2 EL; or one for all of OWL 2 DL, which needs Java and pip install 'impckg[owl]'.",
)
def classify(
    files: tuple[Path, ...],
    imports: tuple[str, ...],
    file_mib: int,
    out: Path | None,
    seconds: float,
    memory: int,
    reasoner: str,
) -> None:
    """Infer the hierarchy of ontologies in OWL 2 EL, and tell what is outside it.

    \b
    Example:  impckg classify --ontology mp.obo --ontology mp-definitions.ofn --out inferred
    """
    from impckg.ontology.documents.labels import labels_of
    from impckg.ontology.reasoning.account import account
    from impckg.ontology.reasoning.owl_dl import DlLimits
    from impckg.ontology.reasoning.reasoner import Limits
    from impckg.ontology.reasoning.reasoner import classify as find
    from impckg.ontology.reasoning.relations import named_properties, relations
    from impckg.service.explanations import called

    documents = _read(files, imports, file_mib)
    if reasoner != "el":
        _classify_dl(documents, reasoner, DlLimits(seconds, memory), out)
        return
    found = find(documents, Limits(seconds, memory))
    names = labels_of(documents)
    told = account(found, names)
    click.echo(f"{told.classes:,} classes, {told.axioms:,} logical axioms")
    click.echo(
        f"{told.subsumptions:,} subsumptions, {told.direct:,} direct, {told.equivalents:,} equivalents"
    )
    click.echo(f"{len(told.unsatisfiable):,} unsatisfiable")
    for iri in told.unsatisfiable:
        click.echo(f"  {called(iri, names)}")
    _tell_oddities(told)
    for one, other in told.indistinct[:_SHOWN]:
        click.echo(f"{called(one, names)} and {called(other, names)} mean the same", err=True)
    if len(told.indistinct) > _SHOWN:
        click.echo(f"{len(told.indistinct):,} such pairs of classes of one ontology", err=True)
    if out is not None:
        related = relations(found, named_properties(found))
        tables = {
            "subsumptions": found.subsumptions(),
            "direct": found.direct(),
            "equivalents": found.equivalents(),
            "redundant": related.redundant,
            "nonredundant": related.nonredundant,
        }
        out.mkdir(parents=True, exist_ok=True)
        for name, table in tables.items():
            table.write_parquet(out / f"{name}.parquet")
        click.echo(f"Written to {out}", err=True)


@click.command()
@click.argument("sub")
@click.argument("sup")
@_ontologies(required=False)
@_STORE
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["text", "ttl", "svg"]),
    default="text",
    show_default=True,
    help="Text, RDF as Turtle, or a picture.",
)
def explain(
    sub: str,
    sup: str,
    files: tuple[Path, ...],
    imports: tuple[str, ...],
    file_mib: int,
    store: str | None,
    format_name: str,
) -> None:
    """Tell why one class is under another: the axioms, where they are said, and the steps.

    SUB and SUP are classes in Manchester syntax: a label, a CURIE or an IRI. SUP may be owl:Nothing.

    \b
    Example:  impckg explain 'enlarged heart' Cardiomegaly
    """
    import pyoxigraph as ox

    from impckg.graph.metadata.words import write_description
    from impckg.ontology.reasoning.explanation import explain as why
    from impckg.ontology.reasoning.manchester import parse_class
    from impckg.service.explanations import as_picture, as_text, as_triples

    found, names = _classified(files, imports, file_mib, store)
    explanation = why(found, parse_class(sub, names), parse_class(sup, names))
    if format_name == "ttl":
        click.echo(write_description(as_triples(explanation, names), ox.RdfFormat.TURTLE), nl=False)
    elif format_name == "svg":
        click.echo(as_picture(explanation, names), nl=False)
    else:
        for line in as_text(explanation, names):
            click.echo(line)


@click.command()
@click.argument("expression")
@_ontologies(required=False)
@_STORE
@click.option("--direct", is_flag=True, help="Only the nearest classes.")
def dl(
    expression: str,
    files: tuple[Path, ...],
    imports: tuple[str, ...],
    file_mib: int,
    store: str | None,
    direct: bool,
) -> None:
    """Ask what is below, above and equal to a class expression in Manchester syntax.

    Of a release, the genes and lines with calls for a class below are told as well.

    \b
    Example:  impckg dl "'has part' some ('increased size' and 'characteristic of' some heart)"
    """
    from impckg.ontology.reasoning.class_query import ask
    from impckg.ontology.reasoning.manchester import parse
    from impckg.service.explanations import called

    found, names = _classified(files, imports, file_mib, store)
    answer = ask(found, parse(expression, names))
    if not answer.satisfiable:
        raise QueryError(f"{expression} can have no instance: by the axioms, it is nothing")
    for kind in _NEIGHBOURS:
        prefix = "direct_" if direct and kind != "equivalent" else ""
        for iri in getattr(answer, prefix + kind):
            click.echo(f"{kind}\t{called(iri, names)}")
    if not (answer.equivalent or answer.below or answer.above):
        click.echo("No named class is equal to it, above it or below it.", err=True)
    if store is not None or not files:
        from impckg.queries.instances import instances

        tables = _release(store) / "tables"
        for row in instances(tables, (*answer.equivalent, *answer.below)).iter_rows():
            click.echo("instance\t" + "\t".join("" if cell is None else cell for cell in row))


def _classify_dl(
    documents: "tuple[Document, ...]", reasoner: str, limits: "DlLimits", out: Path | None
) -> None:
    from impckg.ontology.documents.labels import labels_of
    from impckg.ontology.reasoning.owl_dl import classify_dl
    from impckg.service.explanations import called

    found = classify_dl(documents, reasoner, limits)
    click.echo(f"{found.subsumptions.height:,} subsumptions, by {reasoner} (OWL 2 DL)")
    click.echo(f"{len(found.unsatisfiable):,} unsatisfiable")
    names = labels_of(documents)
    for iri in found.unsatisfiable:
        click.echo(f"  {called(iri, names)}")
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        found.subsumptions.write_parquet(out / "subsumptions.parquet")
        click.echo(f"Written to {out}", err=True)


def _read(files: tuple[Path, ...], imports: tuple[str, ...], file_mib: int) -> "tuple[Document, ...]":
    from impckg.ontology.documents.document import Limits
    from impckg.ontology.documents.imports import read_closure

    catalogue = {}
    for said in imports:
        iri, equals, path = said.rpartition("=")
        if not equals:
            raise QueryError(f"--import {said}: has no '='; expected IRI=FILE")
        catalogue[iri] = Path(path)
    documents = read_closure(files, catalogue, Limits(file_mib))
    for document in documents:
        for predicate, statements in document.left_out:
            click.echo(
                f"{document.name}: {statements:,} statements with {predicate} are part of no axiom", err=True
            )
    return documents


def _classified(
    files: tuple[Path, ...], imports: tuple[str, ...], file_mib: int, store: str | None
) -> "tuple[Classification, Labels]":
    """The classification of some files; where none are given, that of the release."""
    if not files:
        from impckg.ontology.reasoning.keeping import open_kept

        kept = open_kept(_release(store) / REASONING_FOLDER)
        return kept.classification, kept.names
    from impckg.ontology.documents.labels import labels_of
    from impckg.ontology.reasoning.reasoner import classify as find

    documents = _read(files, imports, file_mib)
    found = find(documents)
    return found, labels_of(documents)


def _tell_oddities(told: "Account") -> None:
    """What was not used as it stands, and what may be a mistake."""
    for construct, axioms in told.outside.items():
        click.echo(f"{axioms:,} axioms outside OWL 2 EL: {construct}", err=True)
    for what, iris in (
        ("used, but declared nowhere", told.undeclared),
        ("two of class, property and individual", told.punned),
    ):
        if iris:
            more = ", ..." if len(iris) > _SHOWN else ""
            click.echo(f"{len(iris):,} {what}: {', '.join(iris[:_SHOWN])}{more}", err=True)


def _release(store: str | None) -> Path:
    store = store or os.environ.get("IMPCKG_STORE", "demo")
    if store.startswith(("http://", "https://")):
        raise StoreError(
            f"{store}: an endpoint gives no classification; expected the folder of a release, or --ontology"
        )
    return find_release(Path(store))


@click.command()
@click.argument("before", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("after", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--prefix", default="MP", show_default=True, help="Of the terms to compare.")
@_STORE
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="A folder for terms.tsv, calls.tsv and genes.tsv.",
)
def changes(before: Path, after: Path, prefix: str, store: str | None, out: Path | None) -> None:
    """Tell what became of the terms of an ontology (OBO) between two releases, and which calls and genes it touches.

    \b
    Example:  impckg changes mp-2024.obo mp-2025.obo --store demo --out changes
    """
    import polars as pl

    from impckg.ontology.changes import CHANGES, RETIRED, changed_terms, touched_calls, touched_genes
    from impckg.ontology.read import read_ontology
    from impckg.queries.instances import read_calls

    found = changed_terms(read_ontology(before, prefix), read_ontology(after, prefix))
    calls = read_calls(_release(store) / "tables")
    touched, pages = touched_calls(found, calls), touched_genes(found, calls)
    counts = dict(found.terms.group_by("change").len().iter_rows())
    in_calls = {
        change: (terms, calls)
        for change, terms, calls in touched.group_by("change")
        .agg(pl.len(), pl.col("calls").sum())
        .iter_rows()
    }
    for change, words in CHANGES.items():
        terms, called = in_calls.get(change, (0, 0))
        click.echo(f"{counts.get(change, 0):>7,} {words}; {terms:,} of them in {called:,} calls")
    click.echo(f"{pages['gene'].n_unique():>7,} genes gain or lose phenotypes")
    for term, change, called, genes in touched.filter(pl.col("change").is_in(RETIRED)).iter_rows():
        click.echo(f"  {term} {CHANGES[change]}: {called:,} calls of {genes:,} genes")
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        joined = found.terms.with_columns(pl.col("before", "after").list.join("|"))
        for name, table in {"terms": joined, "calls": touched, "genes": pages}.items():
            table.write_csv(out / f"{name}.tsv", separator="\t")
        click.echo(f"Written to {out}", err=True)
