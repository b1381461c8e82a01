"""HGNC's complete set of human genes, `hgnc_complete_set.txt`.

Tab-separated with a header; cells with several items join them by ``|``, and older files put such cells in quotes.
Withdrawn entries have a status other than Approved and are put aside.
"""

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from impckg.graph.identifiers import mint_column
from impckg.loaders import rules
from impckg.loaders.source import Batch, Context, Source, things
from impckg.loaders.table import Rows, read_delimited

_COLUMNS = {
    name: name
    for name in (
        "hgnc_id", "symbol", "name", "locus_group", "status", "location", "alias_symbol", "prev_symbol", "entrez_id",
        "ensembl_gene_id", "uniprot_ids", "mgd_id", "omim_id",
    )
}  # fmt: skip
_LISTS = ("alias_symbol", "prev_symbol", "uniprot_ids", "mgd_id", "omim_id")
PROVIDER = "HGNC"


def read(path: Path, context: Context) -> Iterator[Batch]:
    """HumanGene, and the mouse orthologs that HGNC names."""
    seen = rules.Seen()
    for block in read_delimited(path, "\t", list(_COLUMNS), quoted=True):
        rows = rules.rename(block, _COLUMNS)
        rows = rules.present(rows, "hgnc_id", "symbol")
        rows = rules.curies(rows, "hgnc_id", "HGNC")
        rows = rows.put_aside(pl.col("status") != "Approved", "not_approved", "status")
        rows = seen.first_only(rows, ["hgnc_id"])
        rows = rules.lists(rows, "|", *_LISTS)
        yield Batch(rows, {"HumanGene": _genes(rows), "Orthology": _orthologs(rows)})


def _genes(rows: Rows) -> pl.DataFrame:
    return things(
        rows.kept,
        "HumanGene",
        id=pl.col("hgnc_id"),
        symbol=pl.col("symbol"),
        name=pl.col("name"),
        synonyms=pl.col("alias_symbol"),
        previous_symbols=pl.col("prev_symbol"),
        ncbi_gene="NCBIGene:" + pl.col("entrez_id").str.extract(r"^(\d+)$"),
        ensembl_gene="ENSEMBL:" + pl.col("ensembl_gene_id").str.extract(r"^(ENSG\d{11})$"),
        omim_gene=pl.col("omim_id")
        .list.eval("OMIM:" + pl.element().str.extract(r"^(\d{6})$"))
        .list.drop_nulls(),
        uniprot=pl.col("uniprot_ids")
        .list.eval("UniProtKB:" + pl.element().str.extract(r"^(\w+)$"))
        .list.drop_nulls(),
        locus_group=pl.col("locus_group"),
        location=pl.col("location"),
    )


def _orthologs(rows: Rows) -> pl.DataFrame:
    pairs = rows.kept.select("hgnc_id", gene="mgd_id").explode("gene").drop_nulls()
    pairs = pairs.filter(pl.col("gene").str.contains(r"^MGI:\d+$")).unique(maintain_order=True)
    return things(
        pairs,
        "Orthology",
        id=mint_column("orthology", pl.lit(PROVIDER), pl.col("gene"), pl.col("hgnc_id")),
        gene=pl.col("gene"),
        human_gene=pl.col("hgnc_id"),
        provider=pl.lit(PROVIDER),
    )


SOURCE = Source(
    reader="hgnc",
    title="Human genes (HGNC complete set)",
    publisher="HUGO Gene Nomenclature Committee",
    licence="https://creativecommons.org/publicdomain/zero/1.0/",
    kinds=("HumanGene", "Orthology"),
    read=read,
)
