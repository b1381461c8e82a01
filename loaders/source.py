"""What a source is: one published file, how it is read, and what it becomes.

Each module of `loaders/sources/` describes one in a constant SOURCE. A new published file is one module there, one
fixture and one test; nothing else is touched.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from impckg.graph.errors import SchemaError
from impckg.graph.identifiers import mint
from impckg.graph.schema import kind
from impckg.loaders.table import Rows
from impckg.ontology.normalise import TermIndex


@dataclass(frozen=True)
class Context:
    """What reading one source may rest on: its own place in the recipe, and what earlier sources said.

    name, version: as the recipe has them.
    terms: which terms the ontologies of the recipe know.
    term_labels: columns label, id; the live MP terms by their label.
    human_genes: columns ncbi_gene, human_gene; HGNC's name for a gene of NCBI.
    limit: how many rows to read, for a quick look; None reads all. Ontologies are always read whole.
    """

    name: str
    version: str
    terms: TermIndex
    term_labels: pl.DataFrame
    human_genes: pl.DataFrame
    limit: int | None = None

    @property
    def dataset(self) -> str:
        """The CURIE of this file at this version, which rows of bulk kinds name as their source."""
        return mint("source", self.name, self.version)


@dataclass(frozen=True)
class Batch:
    """Some rows of a file and the tables they became.

    tables: one for each kind, by its name; columns of that kind, ids as CURIEs.
    replaced: terms that were replaced by their successor: columns column, from, to, reason, rows.
    """

    rows: Rows
    tables: Mapping[str, pl.DataFrame]
    replaced: tuple[pl.DataFrame, ...] = ()


Reader = Callable[[Path, Context], Iterator[Batch]]


@dataclass(frozen=True)
class Source:
    """A published file that we can read.

    reader: the name that recipes use; also the name of the module.
    title, publisher: in words, for `impckg sources`.
    licence: an IRI; what the recipe says goes for a particular file.
    kinds: which kinds of thing it fills.
    needs: readers whose sources must be read before it.
    """

    reader: str
    title: str
    publisher: str
    licence: str
    kinds: tuple[str, ...]
    read: Reader = field(repr=False)
    needs: tuple[str, ...] = ()


def things(frame: pl.DataFrame, kind_name: str, **columns: pl.Expr) -> pl.DataFrame:
    """A table of one kind made from rows: the given columns, one row for each identifier.

    columns: by the names of the kind's columns, `id` among them. Rows without an identifier are left out, since the
    thing that they would be about is not mentioned.

    Raises SchemaError for a column that the kind does not have or whose type does not fit.
    """
    declared = kind(kind_name).dtypes
    unknown = [name for name in columns if name not in declared]
    if unknown:
        raise SchemaError(
            f"kind {kind_name} has no column {', '.join(unknown)}; it has {', '.join(declared)}"
        )
    table = frame.select(expression.alias(name) for name, expression in columns.items())
    wrong = {
        name: table.schema[name]
        for name in table.columns
        if table.schema[name] not in (declared[name], pl.Null)
    }
    if wrong:
        raise SchemaError(f"kind {kind_name}: column types {wrong} do not fit {declared}")
    table = table.cast({name: declared[name] for name in table.columns})
    return table.filter(pl.col("id").is_not_null()).unique("id", keep="first", maintain_order=True)
