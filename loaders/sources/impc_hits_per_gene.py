"""IMPC's count of phenotype hits by gene, `phenotypeHitsPerGene.csv.gz` of a release.

CSV with quotes; hits are the labels of MP terms joined by ``::``. Genes with 0 hits are in it: they were tested and
earned no call, which is not the same as never tested. Labels are those of the MP that the release was made with; one
that today's MP does not have as a label leaves the list and is reported.
"""

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from impckg.graph.identifiers import mint_column
from impckg.loaders import mentions, rules
from impckg.loaders.source import Batch, Context, Source, things
from impckg.loaders.table import LINE, Rows, read_delimited

_COLUMNS = {
    "Gene Symbol": "symbol",
    "MGI Gene Id": "gene",
    "# Phenotype Hits": "hits",
    "Phenotype Hits": "labels",
}


def read(path: Path, context: Context) -> Iterator[Batch]:
    """HitsPerGene and Gene."""
    seen = rules.Seen()
    for block in read_delimited(path, ",", list(_COLUMNS), quoted=True, limit=context.limit):
        rows = rules.rename(block, _COLUMNS)
        rows = rules.present(rows, "gene", "hits")
        rows = rules.curies(rows, "gene", "MGI")
        rows = rules.counts(rows, "hits")
        rows = seen.first_only(rows, ["gene"])
        rows = _with_terms(rules.lists(rows, "::", "labels"), context)
        hits = things(
            rows.kept,
            "HitsPerGene",
            id=mint_column("hits_per_gene", pl.lit(context.version), pl.col("gene")),
            gene=pl.col("gene"),
            hits=pl.col("hits"),
            phenotypes=pl.col("phenotypes"),
        )
        yield Batch(rows, {"HitsPerGene": hits, "Gene": mentions.genes(rows.kept, "gene", "symbol")})


def _with_terms(rows: Rows, context: Context) -> Rows:
    """The rows with a column `phenotypes`, the terms that the labels name."""
    long = rows.kept.select(LINE, label="labels").explode("label").drop_nulls()
    long = long.join(context.term_labels, on="label", how="left", maintain_order="left")
    unknown = long.filter(pl.col("id").is_null()).select(
        line=pl.col(LINE),
        rule=pl.lit("unknown_label"),
        column=pl.lit("Phenotype Hits"),
        value=pl.col("label"),
    )
    terms = long.drop_nulls("id").group_by(LINE, maintain_order=True).agg(pl.col("id").alias("phenotypes"))
    kept = rows.kept.join(terms, on=LINE, how="left", maintain_order="left")
    return Rows(kept, rows.rejects, rows.read, pl.concat([rows.items, unknown]))


SOURCE = Source(
    reader="impc_hits_per_gene",
    title="IMPC's phenotype hits by gene (phenotypeHitsPerGene.csv.gz)",
    publisher="International Mouse Phenotyping Consortium",
    licence="https://creativecommons.org/licenses/by/4.0/",
    kinds=("HitsPerGene", "Gene"),
    read=read,
    needs=("mp",),
)
