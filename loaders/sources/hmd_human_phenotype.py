"""Mouse and human orthologs, `HMD_HumanPhenotype.rpt` of Mouse Genome Informatics (MGI).

Tab-separated, no header, no quotes: human symbol, NCBI gene of the human, mouse symbol, MGI accession, high-level MP
terms joined by ``, ``, and an empty sixth cell. The MP terms stem from all of MGI, not from IMPC, and are left out.
"""

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from impckg.graph.identifiers import mint_column
from impckg.loaders import rules
from impckg.loaders.human_genes import named_by_hgnc, unnamed
from impckg.loaders.mentions import genes
from impckg.loaders.source import Batch, Context, Source, things
from impckg.loaders.table import read_delimited

_NAMES = ["human_symbol", "ncbi_gene", "mouse_symbol", "mgi_accession", "mp_terms", "end"]
PROVIDER = "MGI"


def read(path: Path, context: Context) -> Iterator[Batch]:
    """Orthology, and the genes at both ends."""
    seen = rules.Seen()
    for block in read_delimited(path, "\t", [], names=_NAMES, short_rows=True, limit=context.limit):
        rows = rules.present(block, "human_symbol", "ncbi_gene", "mouse_symbol", "mgi_accession")
        rows = rules.change(
            rows,
            ncbi_gene="NCBIGene:" + pl.col("ncbi_gene").str.strip_chars(),
            mgi_accession=pl.col("mgi_accession"),
        )
        rows = rules.curies(rows, "ncbi_gene", "NCBIGene")
        rows = rules.curies(rows, "mgi_accession", "MGI")
        rows = seen.first_only(rows, ["ncbi_gene", "mgi_accession"])
        rows = named_by_hgnc(rows, "ncbi_gene", context)
        orthology = things(
            rows.kept,
            "Orthology",
            id=mint_column("orthology", pl.lit(PROVIDER), pl.col("mgi_accession"), pl.col("human_gene")),
            gene=pl.col("mgi_accession"),
            human_gene=pl.col("human_gene"),
            provider=pl.lit(PROVIDER),
        )
        yield Batch(
            rows,
            {
                "Orthology": orthology,
                "HumanGene": unnamed(rows.kept, "human_symbol"),
                "Gene": genes(rows.kept, "mgi_accession", "mouse_symbol"),
            },
        )


SOURCE = Source(
    reader="hmd_human_phenotype",
    title="Mouse and human orthologs (HMD_HumanPhenotype.rpt)",
    publisher="Mouse Genome Informatics",
    licence="https://creativecommons.org/licenses/by/4.0/",
    kinds=("Orthology", "HumanGene", "Gene"),
    read=read,
    needs=("hgnc",),
)
