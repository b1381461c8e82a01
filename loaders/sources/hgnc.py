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
# Columns that hold bare identifiers of other databases, and the prefix to give them; mgd_id brings its own.
_DATABASES = {"entrez_id": "NCBIGene", "ensembl_gene_id": "ENSEMBL"}
_DATABASES_OF_LISTS = {"uniprot_ids": "UniProtKB", "omim_id": "OMIM"}
PROVIDER = "HGNC"


def read(path: Path, context: Context) -> Iterator[Batch]:
    """HumanGene, and the mouse orthologs that HGNC names."""
    seen = rules.Seen()
    for block in read_delimited(path, "\t", list(_COLUMNS), quoted=True, limit=context.limit):
        rows = rules.rename(block, _COLUMNS)
        rows = rules.present(rows, "hgnc_id", "symbol")
        rows = rules.curies(rows, "hgnc_id", "HGNC")
        rows = rows.put_aside(pl.col("status") != "Approved", "not_approved", "status")
        rows = seen.first_only(rows, ["hgnc_id"])
        rows = _with_other_databases(rules.lists(rows, "|", *_LISTS))
        yield Batch(rows, {"HumanGene": _genes(rows), "Orthology": _orthologs(rows)})


def _with_other_databases(rows: Rows) -> Rows:
    """The rows with CURIEs for the entries of other databases; what cannot be one is taken out and told."""
    cells = {name: f"{prefix}:" + pl.col(name) for name, prefix in _DATABASES.items()}
    lists = {
        name: pl.col(name).list.eval(f"{prefix}:" + pl.element())
        for name, prefix in _DATABASES_OF_LISTS.items()
    }
    rows = rules.change(rows, **cells, **lists)
    for name, prefix in (_DATABASES | _DATABASES_OF_LISTS).items():
        rows = rules.item_curies(rows, name, prefix)
    return rules.item_curies(rows, "mgd_id", "MGI")


def _genes(rows: Rows) -> pl.DataFrame:
    return things(
        rows.kept,
        "HumanGene",
        id=pl.col("hgnc_id"),
        symbol=pl.col("symbol"),
        name=pl.col("name"),
        synonyms=pl.col("alias_symbol"),
        previous_symbols=pl.col("prev_symbol"),
        ncbi_gene=pl.col("entrez_id"),
        ensembl_gene=pl.col("ensembl_gene_id"),
        omim_gene=pl.col("omim_id"),
        uniprot=pl.col("uniprot_ids"),
        locus_group=pl.col("locus_group"),
        location=pl.col("location"),
    )


def _orthologs(rows: Rows) -> pl.DataFrame:
    pairs = rows.kept.select("hgnc_id", gene="mgd_id").explode("gene").drop_nulls()
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
