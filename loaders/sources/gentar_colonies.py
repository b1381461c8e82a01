"""GenTaR's report of phenotyped colonies: which line carries which allele, who made it and who measures it.

Tab-separated with a header. The colony is the "Phenotyping External Reference"; the allele is given by its symbol alone,
so the link from line to allele comes from files that give its accession.
"""

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from impckg.loaders import mentions, rules
from impckg.loaders.source import Batch, Context, Source
from impckg.loaders.table import Rows, read_delimited

_COLUMNS = {
    "Phenotyping External Reference": "colony",
    "Background Strain": "strain_name",
    "MGI Strain Accession ID": "strain_accession",
    "Mutation Symbol": "allele_symbol",
    "Gene Symbol": "symbol",
    "MGI Gene Accession ID": "gene",
    "Phenotyping Work Unit": "phenotyping_centre",
    "Production Work Unit": "production_centre",
}


def read(path: Path, context: Context) -> Iterator[Batch]:
    """Line, and the things that it mentions."""
    seen = rules.Seen()
    for block in read_delimited(path, "\t", list(_COLUMNS), limit=context.limit):
        rows = rules.rename(block, _COLUMNS)
        rows = rules.present(rows, "colony", "gene")
        rows = rules.curies(rows, "gene", "MGI")
        rows = seen.first_only(rows, ["colony"])
        yield Batch(rows, _tables(rows))


def _tables(rows: Rows) -> dict[str, pl.DataFrame]:
    frame = rows.kept
    return {
        "Line": mentions.lines(
            frame,
            "colony",
            "gene",
            strain="strain_accession",
            production_centre="production_centre",
            phenotyping_centre="phenotyping_centre",
        ),
        "Gene": mentions.genes(frame, "gene", "symbol"),
        "Strain": mentions.strains(frame, "strain_accession", "strain_name"),
        "Centre": mentions.centres(frame, "production_centre", "phenotyping_centre"),
    }


SOURCE = Source(
    reader="gentar_colonies",
    title="Colonies under phenotyping (GenTaR)",
    publisher="International Mouse Phenotyping Consortium",
    licence="https://creativecommons.org/licenses/by/4.0/",
    kinds=("Line", "Gene", "Strain", "Centre"),
    read=read,
)
