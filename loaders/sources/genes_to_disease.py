"""Gene to disease, `genes_to_disease.txt` of the Human Phenotype Ontology project.

Tab-separated with a header, no quotes. `association_type` is MENDELIAN, POLYGENIC or UNKNOWN (all of Orphanet's); genes
are NCBI's; a ``-`` in place of a gene means that none is known.
"""

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from impckg.graph.identifiers import mint_column
from impckg.graph.schema import schema
from impckg.loaders import rules
from impckg.loaders.human_genes import named_by_hgnc, unnamed
from impckg.loaders.source import Batch, Context, Source, things
from impckg.loaders.table import read_delimited

_COLUMNS = {
    name: name for name in ("ncbi_gene_id", "gene_symbol", "association_type", "disease_id", "source")
}


def read(path: Path, context: Context) -> Iterator[Batch]:
    """GeneDisease, and the diseases and genes that it mentions."""
    seen = rules.Seen()
    for block in read_delimited(path, "\t", list(_COLUMNS), limit=context.limit):
        rows = rules.rename(block, _COLUMNS)
        rows = rules.present(rows, "ncbi_gene_id", "gene_symbol", "association_type", "disease_id")
        rows = rules.curies(rows, "ncbi_gene_id", "NCBIGene")
        rows = rules.curies(rows, "disease_id", "OMIM", "ORPHA", "DECIPHER")
        rows = rules.values(rows, "association_type", schema().enumerations["GeneDiseaseType"])
        rows = seen.first_only(rows, ["ncbi_gene_id", "disease_id", "association_type"])
        rows = named_by_hgnc(rows, "ncbi_gene_id", context)
        frame = rows.kept
        association = things(
            frame,
            "GeneDisease",
            id=mint_column(
                "gene_disease", pl.col("human_gene"), pl.col("disease_id"), pl.col("association_type")
            ),
            human_gene=pl.col("human_gene"),
            disease=pl.col("disease_id"),
            association_type=pl.col("association_type"),
            provider=pl.col("source"),
        )
        yield Batch(
            rows,
            {
                "GeneDisease": association,
                "Disease": things(frame, "Disease", id=pl.col("disease_id")),
                "HumanGene": unnamed(frame, "gene_symbol"),
            },
        )


SOURCE = Source(
    reader="genes_to_disease",
    title="Diseases of human genes (genes_to_disease.txt)",
    publisher="Human Phenotype Ontology",
    licence="https://hpo.jax.org/app/license",
    kinds=("GeneDisease", "Disease", "HumanGene"),
    read=read,
    needs=("hgnc",),
)
