"""What earlier sources say that later ones rest on: known terms, labels of terms, names of human genes.

Taken from the parts of the sources that were read, so that a build that goes on needs no ontology file again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from impckg.loaders.reading import parts
from impckg.loaders.source import Context
from impckg.ontology.normalise import TermIndex, term_index
from impckg.ontology.read import TERM_SCHEMA, Ontology

# Reader of an ontology to the prefix of its terms and the kind of its table.
ONTOLOGIES: Mapping[str, tuple[str, str]] = {
    "mp": ("MP", "PhenotypeTerm"),
    "hp": ("HP", "PhenotypeTerm"),
    "mondo": ("MONDO", "Disease"),
}


@dataclass(frozen=True)
class ReadSource:
    """A source of the recipe that has been read, and the folder of its parts."""

    name: str
    reader: str
    folder: Path


def context(name: str, version: str, read: Iterable[ReadSource], limit: int | None = None) -> Context:
    """The context for reading a source, from all that has been read before it."""
    before = list(read)
    ontologies = [_ontology(source) for source in before if source.reader in ONTOLOGIES]
    return Context(
        name=name,
        version=version,
        terms=term_index(ontologies) if ontologies else TermIndex((), _no_terms()),
        term_labels=_labels(ontologies),
        human_genes=_human_genes(before),
        limit=limit,
    )


def _ontology(source: ReadSource) -> Ontology:
    prefix, kind = ONTOLOGIES[source.reader]
    terms = pl.concat([pl.read_parquet(path) for path in parts(source.folder, kind)])
    terms = (
        terms.with_columns(pl.col("obsolete").fill_null(False))
        .select(TERM_SCHEMA.keys())
        .cast(pl.Schema(TERM_SCHEMA))
    )
    return Ontology(
        prefix=prefix,
        version=None,
        terms=terms,
        edges=_no_edges(),
        xrefs=pl.DataFrame(schema={"term": pl.String, "xref": pl.String, "equivalent": pl.Boolean}),
        dangling=_no_edges(),
    )


def _labels(ontologies: Iterable[Ontology]) -> pl.DataFrame:
    live = [o.terms.filter(~pl.col("obsolete")).select("label", "id") for o in ontologies if o.prefix == "MP"]
    empty = pl.DataFrame(schema={"label": pl.String, "id": pl.String})
    return pl.concat([empty, *live]).drop_nulls().unique("label", keep="first", maintain_order=True)


def _human_genes(read: Iterable[ReadSource]) -> pl.DataFrame:
    tables = [
        pl.read_parquet(path)
        for source in read
        if source.reader == "hgnc"
        for path in parts(source.folder, "HumanGene")
    ]
    empty = pl.DataFrame(schema={"ncbi_gene": pl.String, "human_gene": pl.String})
    named = [table.select("ncbi_gene", human_gene="id").drop_nulls() for table in tables]
    return pl.concat([empty, *named]).unique("ncbi_gene", keep="first", maintain_order=True)


def _no_terms() -> pl.DataFrame:
    return pl.DataFrame(schema=dict.fromkeys(("term", "status", "successor", "reason"), pl.String))


def _no_edges() -> pl.DataFrame:
    return pl.DataFrame(schema={"child": pl.String, "parent": pl.String})
