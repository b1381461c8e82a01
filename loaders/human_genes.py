"""One name for each human gene: HGNC's, and NCBI's only where HGNC has none."""

import polars as pl

from impckg.loaders.source import Context, things
from impckg.loaders.table import Rows


def named_by_hgnc(rows: Rows, column: str, context: Context) -> Rows:
    """The rows with a column `human_gene`: HGNC's CURIE for the NCBI gene in `column`, or that gene itself."""
    frame = rows.kept.join(
        context.human_genes, left_on=column, right_on="ncbi_gene", how="left", maintain_order="left"
    )
    return rows.with_kept(frame.with_columns(pl.col("human_gene").fill_null(pl.col(column))))


def unnamed(frame: pl.DataFrame, symbol: str) -> pl.DataFrame:
    """Table of HumanGene for the genes of a frame that HGNC has no name for."""
    others = frame.filter(pl.col("human_gene").str.starts_with("NCBIGene:"))
    return things(
        others, "HumanGene", id=pl.col("human_gene"), symbol=pl.col(symbol), ncbi_gene=pl.col("human_gene")
    )
