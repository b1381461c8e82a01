"""GenTaR's report of genes by centre: who produces and phenotypes lines for a gene, and how far each has come.

Tab-separated with a header. In the by-centre variant a status cell holds ``centre|status`` items joined by ``;``, in the
other one a single status with the work unit in the column after it; both are read. An empty cell means that no one has
begun. Two centres with the same gene at the same step may be duplicate work.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import polars as pl

from impckg.graph.identifiers import mint_column
from impckg.loaders import mentions, rules
from impckg.loaders.source import Batch, Context, Source, things
from impckg.loaders.table import LINE, SHOWN, Rows, read_delimited

_GENE = {"Gene Symbol": "symbol", "MGI ID": "gene"}

# Production step, the column of its status, and the column of its work unit where one stands beside it.
_STEPS: tuple[tuple[str, str, str | None], ...] = (
    ("assignment", "Assignment Status", None),
    ("es_cell_null", "ES Null Production Status", "ES Null Production Work Unit"),
    ("es_cell_conditional", "ES Conditional Production Status", "ES Conditional Production Work Unit"),
    ("crispr", "Crispr Production Status", "Crispr Production Work Unit"),
    ("crispr_conditional", "Crispr Conditional Production Status", "Crispr Conditional Production Work Unit"),
    ("phenotyping", "Early Adult Phenotyping Status", "Phenotyping Work Unit"),
)
_REQUIRED = [*_GENE, *(status for _, status, _ in _STEPS)]


def read(path: Path, context: Context) -> Iterator[Batch]:
    """ProductionStatus by centre, and the genes and centres that it mentions."""
    seen = rules.Seen()
    for block in read_delimited(path, "\t", _REQUIRED, limit=context.limit):
        absent = [unit for _, _, unit in _STEPS if unit is not None and unit not in block.kept.columns]
        rows = block.with_kept(
            block.kept.with_columns(pl.lit(None, pl.String).alias(name) for name in absent)
        )
        rows = rows.with_kept(rows.kept.rename(_GENE))
        rows = rules.present(rows, "gene")
        rows = rules.curies(rows, "gene", "MGI")
        rows = seen.first_only(rows, ["gene"])
        rows, statuses = _statuses(rows)
        yield Batch(
            rows,
            {
                "ProductionStatus": _table(statuses),
                "Gene": mentions.genes(rows.kept, "gene", "symbol"),
                "Centre": mentions.centres(statuses, "centre"),
            },
        )


def _statuses(rows: Rows) -> tuple[Rows, pl.DataFrame]:
    """One row for each gene, step and centre: columns gene, step, centre, status.

    Also the rows, with items that lack a centre or a status told as `malformed_status`.
    """
    steps = [
        rows.kept.select(
            LINE,
            "gene",
            pl.lit(step).alias("step"),
            pl.lit(status).alias("column"),
            pl.col(status).alias("cell"),
            (pl.col(unit) if unit is not None else pl.lit(None, pl.String)).alias("unit"),
        )
        for step, status, unit in _STEPS
    ]
    items = (
        pl.concat(steps)
        .drop_nulls("cell")
        .with_columns(pl.col("cell").str.split(";"))
        .explode("cell")
        .with_columns(pl.col("cell").str.strip_chars())
        .filter(pl.col("cell") != "")
    )
    by_centre = pl.col("cell").str.contains("|", literal=True)
    statuses = items.select(
        LINE,
        "column",
        "cell",
        "gene",
        "step",
        pl.when(by_centre)
        .then(pl.col("cell").str.extract(r"^([^|]+)\|"))
        .otherwise(pl.col("unit"))
        .str.strip_chars()
        .alias("centre"),
        pl.when(by_centre)
        .then(pl.col("cell").str.extract(r"\|(.+)$"))
        .otherwise(pl.col("cell"))
        .str.strip_chars()
        .alias("status"),
    )
    half = pl.col("status").is_null() | (
        pl.col("cell").str.contains("|", literal=True) & pl.col("centre").is_null()
    )
    told = statuses.filter(half).select(
        line=LINE, rule=pl.lit("malformed_status"), column="column", value=pl.col("cell").str.slice(0, SHOWN)
    )
    return replace(rows, items=pl.concat([rows.items, told])), statuses.filter(~half)


def _table(statuses: pl.DataFrame) -> pl.DataFrame:
    return things(
        statuses,
        "ProductionStatus",
        id=mint_column(
            "production_status",
            pl.col("gene"),
            pl.col("step"),
            pl.col("centre").fill_null("any_centre"),
            pl.col("status"),
        ),
        gene=pl.col("gene"),
        production_step=pl.col("step"),
        status=pl.col("status"),
        centre=mint_column("centre", pl.col("centre")),
    )


SOURCE = Source(
    reader="gentar_gene_status",
    title="Production and phenotyping status of genes by centre (GenTaR)",
    publisher="International Mouse Phenotyping Consortium",
    licence="https://creativecommons.org/licenses/by/4.0/",
    kinds=("ProductionStatus", "Gene", "Centre"),
    read=read,
)
