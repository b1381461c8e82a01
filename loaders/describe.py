"""What a release says of itself: its name and date, each file that it was built from, and how much it holds.

The statements go into three graphs of the store (graph/metadata/). Their numbers count what these graphs say as well, so all
that is known without counting is made first.
"""

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable

import polars as pl
import pyoxigraph as ox

from impckg._version import __version__
from impckg.graph.identifiers import iri, mint
from impckg.graph.metadata import EXAMPLES_GRAPH, VOID_GRAPH
from impckg.graph.metadata.dcat import LINKED, Made, description
from impckg.graph.metadata.examples import example_queries, prefix_declarations
from impckg.graph.metadata.void import Counts
from impckg.graph.schema import kind, schema
from impckg.graph.store import graph_iri
from impckg.graph.triples import write_table
from impckg.graph.vocabulary import vocabulary
from impckg.loaders.fetch import FetchedFile
from impckg.loaders.reading import Account
from impckg.loaders.recipe import Recipe
from impckg.loaders.sources import find_source
from impckg.loaders.steps import fingerprint

RELEASE_GRAPH = graph_iri("release")
VOCABULARY_GRAPH = graph_iri("vocabulary")

# Kinds that a newcomer looks at first; one thing of each is shown as an example.
_SHOWN_KINDS = ("Gene", "Line", "Call", "Result", "PhenotypeTerm", "HumanGene", "Disease")


@dataclass(frozen=True)
class Description:
    """What a release says of itself: tables of Release and SourceFile, and statements by graph."""

    tables: Mapping[str, pl.DataFrame]
    statements: Mapping[str, Sequence[ox.Triple]]


def describe(
    recipe: Recipe,
    files: Sequence[FetchedFile],
    accounts: Mapping[str, Account],
    statements: Mapping[str, int],
    shown: Mapping[str, str],
    links: Mapping[tuple[str, str], int],
) -> Description:
    """All that a release says of itself but for what must be counted.

    statements: how many statements were written, by source, by bulk kind and by inferred graph.
    shown: by kind, the CURIE of a thing.
    links: by property (an IRI) and prefix of the things linked to, how many statements link to them.
    """
    rows = [_source_file(file, accounts[file.source.name], statements) for file in files]
    release = {
        "id": mint("release", recipe.name),
        "identifier": recipe.name,
        "title": recipe.title,
        "issued": recipe.date,
        "simulated": recipe.simulated,
        "software": f"impckg {__version__}",
        "sources": [row["id"] for row in rows],
        "statements": None,
    }
    tables = {
        "Release": pl.DataFrame([release], schema=kind("Release").dtypes),
        "SourceFile": pl.DataFrame(rows, schema=kind("SourceFile").dtypes),
    }
    graphs = [graph_iri(name) for name, number in statements.items() if number and name not in _bulk_tables()]
    made = Made(
        release=recipe.name,
        software=__version__,
        simulated=recipe.simulated,
        sources=tuple(iri(str(row["id"])) for row in rows),
        licences=tuple(sorted({file.source.licence for file in files})),
        graphs=tuple(sorted([*graphs, RELEASE_GRAPH, VOID_GRAPH, EXAMPLES_GRAPH])),
        examples=tuple(iri(shown[name]) for name in _SHOWN_KINDS if name in shown),
        links=links,
    )
    return Description(
        tables,
        {
            RELEASE_GRAPH: _as_triples(tables),
            VOCABULARY_GRAPH: _once(vocabulary(schema())),
            VOID_GRAPH: _once(description(made)),
            EXAMPLES_GRAPH: _once([*prefix_declarations(), *example_queries(questions_folder())]),
        },
    )


def with_counts(described: Description, counts: Counts) -> Description:
    """The same with what was counted."""
    whole = described.tables["Release"].with_columns(statements=pl.lit(counts.triples, pl.Int64))
    tables = {**described.tables, "Release": whole}
    return Description(
        tables,
        {
            **described.statements,
            RELEASE_GRAPH: _as_triples(tables),
            VOID_GRAPH: [*described.statements[VOID_GRAPH], *counts.statements],
        },
    )


def questions_folder() -> Traversable:
    """Where the questions lie that a release brings along as examples: files, not code that loaders might import."""
    return resources.files("impckg.queries")


def questions_checksum() -> str:
    """A checksum of all questions; another one makes another release."""
    files = sorted(
        (entry.name, entry.read_text(encoding="utf-8"))
        for entry in questions_folder().iterdir()
        if entry.name.endswith(".rq")
    )
    return fingerprint(files)


def links_to_others(predicate: str, links: pl.DataFrame) -> dict[tuple[str, str], int]:
    """How many links of a property lead into each dataset of others that ours is linked to.

    predicate: an IRI. links: two columns of CURIEs, each pair once.

    >>> links_to_others("http://example.org/p", pl.DataFrame({"from": ["MGI:1", "MGI:1"], "to": ["MP:1", "X:2"]}))
    {('http://example.org/p', 'MP'): 1}
    """
    prefixes = links.select(pl.nth(1).str.splitn(":", 2).struct.field("field_0").alias("prefix"))["prefix"]
    found = dict(prefixes.value_counts().iter_rows())
    return {(predicate, prefix): found[prefix] for prefix in LINKED if prefix in found}


def _source_file(file: FetchedFile, account: Account, statements: Mapping[str, int]) -> dict[str, object]:
    source = find_source(file.source.reader)
    return {
        "id": mint("source", file.source.name, file.source.version),
        "title": source.title,
        "publisher": source.publisher,
        "version": file.source.version,
        "licence": file.source.licence,
        "citation": file.source.citation,
        "address": file.source.address,
        "sha256": file.sha256,
        "named_graph": graph_iri(file.source.name),
        "rows_read": account.read,
        "rows_kept": account.kept,
        "statements": statements[file.source.name],
    }


def _bulk_tables() -> frozenset[str]:
    """The names under which statements of the default graph are counted."""
    return frozenset(kind.table for kind in schema().kinds.values() if kind.bulk)


def _as_triples(tables: Mapping[str, pl.DataFrame]) -> list[ox.Triple]:
    written = io.BytesIO()
    for name, table in tables.items():
        write_table(table, kind(name), written)
    return [quad.triple for quad in ox.parse(written.getvalue(), format=ox.RdfFormat.N_TRIPLES)]


def _once(triples: Iterable[ox.Triple]) -> list[ox.Triple]:
    return list(dict.fromkeys(triples))
