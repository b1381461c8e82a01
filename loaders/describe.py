"""What a release says of itself: its name and date, and each file that it was built from."""

from collections.abc import Mapping, Sequence

import polars as pl

from impckg._version import __version__
from impckg.graph.identifiers import mint
from impckg.graph.schema import kind
from impckg.graph.store import graph_iri
from impckg.loaders.fetch import FetchedFile
from impckg.loaders.reading import Account
from impckg.loaders.recipe import Recipe
from impckg.loaders.sources import find_source


def describe(
    recipe: Recipe,
    files: Sequence[FetchedFile],
    accounts: Mapping[str, Account],
    statements: Mapping[str, int],
) -> dict[str, pl.DataFrame]:
    """The tables of Release (one row) and SourceFile (one row for each source).

    statements: how many statements were written, by source, by bulk kind and by inferred graph.
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
        "statements": sum(statements.values()),
    }
    return {
        "Release": pl.DataFrame([release], schema=kind("Release").dtypes),
        "SourceFile": pl.DataFrame(rows, schema=kind("SourceFile").dtypes),
    }


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
