"""IMPC's catalogue of mouse genes with their status, one JSON object a line (the index behind the portal's search).

Keys as in the portal's `gene_search`: mgiGeneAccessionId, geneSymbol, geneName, synonyms, humanGeneSymbols,
esCellProductionStatus, mouseProductionStatus, phenotypeStatus, phenotypingDataAvailable. A null status means that the
work has not begun. The human symbols are what the portal shows beside a gene; orthology comes from MGI and HGNC.
"""

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from impckg.graph.identifiers import mint_column
from impckg.loaders import rules
from impckg.loaders.json_lines import read_json_lines
from impckg.loaders.source import Batch, Context, Source, things
from impckg.loaders.table import Rows

_TYPES = {
    "mgiGeneAccessionId": pl.String(),
    "geneSymbol": pl.String(),
    "geneName": pl.String(),
    "synonyms": pl.List(pl.String),
    "humanGeneSymbols": pl.List(pl.String),
    "esCellProductionStatus": pl.String(),
    "mouseProductionStatus": pl.String(),
    "phenotypeStatus": pl.String(),
    "phenotypingDataAvailable": pl.Boolean(),
}
_STEPS = {
    "esCellProductionStatus": "es_cell",
    "mouseProductionStatus": "mouse",
    "phenotypeStatus": "phenotyping",
}


def read(path: Path, context: Context) -> Iterator[Batch]:
    """Gene, and ProductionStatus overall (no centre)."""
    seen = rules.Seen()
    for block in read_json_lines(path, _TYPES, ["mgiGeneAccessionId", "geneSymbol"], limit=context.limit):
        rows = rules.present(block, "mgiGeneAccessionId", "geneSymbol")
        rows = rules.curies(rows, "mgiGeneAccessionId", "MGI")
        rows = seen.first_only(rows, ["mgiGeneAccessionId"])
        yield Batch(rows, {"Gene": _genes(rows), "ProductionStatus": _statuses(rows)})


def _genes(rows: Rows) -> pl.DataFrame:
    return things(
        rows.kept,
        "Gene",
        id=pl.col("mgiGeneAccessionId"),
        symbol=pl.col("geneSymbol"),
        name=pl.col("geneName"),
        synonyms=pl.col("synonyms").list.unique(maintain_order=True),
        human_gene_symbols=pl.col("humanGeneSymbols").list.unique(maintain_order=True),
        phenotyping_data_available=pl.col("phenotypingDataAvailable"),
    )


def _statuses(rows: Rows) -> pl.DataFrame:
    long = rows.kept.unpivot(
        list(_STEPS), index="mgiGeneAccessionId", variable_name="field", value_name="status"
    ).drop_nulls("status")
    step = pl.col("field").replace_strict(_STEPS, return_dtype=pl.String)
    return things(
        long,
        "ProductionStatus",
        id=mint_column("production_status", pl.col("mgiGeneAccessionId"), step),
        gene=pl.col("mgiGeneAccessionId"),
        production_step=step,
        status=pl.col("status"),
    )


SOURCE = Source(
    reader="impc_genes",
    title="IMPC's catalogue of genes and their status",
    publisher="International Mouse Phenotyping Consortium",
    licence="https://creativecommons.org/licenses/by/4.0/",
    kinds=("Gene", "ProductionStatus"),
    read=read,
)
