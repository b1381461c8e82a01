"""IMPC's viability by gene, three tables on top of each other, told apart by the column `table`.

`primaryViabilityTable` has the outcome of the primary screen, `primaryViabilityChart` the same with the zygosity before
it ("Homozygous - Lethal"), `windowOfLethality` when mutants of lethal lines die. A gene stands in two outcomes where its
lines disagree.
"""

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from impckg.graph.identifiers import mint_column
from impckg.graph.schema import schema
from impckg.loaders import mentions, rules
from impckg.loaders.source import Batch, Context, Source, things
from impckg.loaders.table import read_delimited

_COLUMNS = {"table": "table", "outcome": "words", "mgi_accession_id": "gene", "gene_symbol": "symbol"}
_WINDOW = "windowOfLethality"
_TABLES = [_WINDOW, "primaryViabilityTable", "primaryViabilityChart"]
_OUTCOMES: dict[str, str | None] = {"Lethal": "lethal", "Subviable": "subviable", "Viable": "viable"}
_ZYGOSITIES: dict[str, str | None] = {"Homozygous": "homozygote", "Hemizygous": "hemizygote"}


def read(path: Path, context: Context) -> Iterator[Batch]:
    """Viability and Gene."""
    seen = rules.Seen()
    for block in read_delimited(path, ",", list(_COLUMNS), limit=context.limit):
        rows = rules.rename(block, _COLUMNS)
        rows = rules.present(rows, "table", "words", "gene")
        rows = rows.put_aside(~pl.col("table").is_in(_TABLES), "unknown_table", "table")
        rows = rules.curies(rows, "gene", "MGI")
        in_window = pl.col("table") == _WINDOW
        rows = rules.change(
            rows,
            zygosity=pl.when(~in_window).then(pl.col("words").str.extract(r"^(\w+) - \w+$")),
            outcome=pl.when(~in_window).then(pl.col("words").str.extract(r"^(?:\w+ - )?(\w+)$")),
            window=pl.when(in_window).then(pl.col("words")),
        )
        # Words of another form would name no outcome, and a row without one would become nothing.
        rows = rows.put_aside(
            pl.col("outcome").is_null() & pl.col("window").is_null(), "unknown_outcome", "words"
        )
        rows = rules.values(rows, "zygosity", mentions.ZYGOSITY, _ZYGOSITIES)
        rows = rules.values(rows, "outcome", schema().enumerations["ViabilityOutcome"], _OUTCOMES)
        rows = rules.values(rows, "window", schema().enumerations["LethalityWindow"])
        rows = seen.first_only(rows, ["table", "words", "gene"])
        viability = things(
            rows.kept,
            "Viability",
            id=mint_column(
                "viability",
                pl.col("gene"),
                pl.col("zygosity").fill_null("gene"),
                pl.coalesce("outcome", "window"),
            ),
            gene=pl.col("gene"),
            zygosity=pl.col("zygosity"),
            viability_outcome=pl.col("outcome"),
            lethality_window=pl.col("window"),
        )
        yield Batch(rows, {"Viability": viability, "Gene": mentions.genes(rows.kept, "gene", "symbol")})


SOURCE = Source(
    reader="impc_viability_outcomes",
    title="IMPC's viability outcomes and windows of lethality by gene",
    publisher="International Mouse Phenotyping Consortium",
    licence="https://creativecommons.org/licenses/by/4.0/",
    kinds=("Viability", "Gene"),
    read=read,
)
