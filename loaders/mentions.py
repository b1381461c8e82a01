"""Things that IMPC's files mention beside what they are about: centres, alleles, strains, procedures, parameters.

A file of results names the allele, the strain, the procedure and so on of each row. These become rows of their own
kinds, so that what a result points to has a label. All take a frame of kept rows and the columns that name the thing.
"""

import polars as pl

from impckg.graph.identifiers import mint_column
from impckg.graph.schema import schema
from impckg.loaders.source import things

ZYGOSITY = schema().enumerations["Zygosity"]
SEX = schema().enumerations["Sex"]
LIFE_STAGE = schema().enumerations["LifeStage"]

NO_SEX: dict[str, str | None] = {
    "not_considered": None,
    "no data": None,
    "both": None,
    "not_applicable": None,
}
"""What files write where sexes were not told apart."""

LIFE_STAGE_SPELLINGS: dict[str, str | None] = {"NA": None}
"""Beside the titles of the enumeration; NA is the stage of the alternative pipeline."""


def allele_id(accession: pl.Expr) -> pl.Expr:
    """The CURIE of an allele: MGI's where the accession is one, else ours.

    Alleles before their release carry made-up accessions such as NOT-RELEASED-f54a0cb5a5; they are not MGI's.

    >>> pl.select(allele_id(pl.Series(["MGI:6153886", "NOT-RELEASED-f5"]))).to_series().to_list()
    ['MGI:6153886', 'impckg:allele/NOT-RELEASED-f5']
    """
    return _mgi_or_ours(accession, "allele")


def strain_id(accession: pl.Expr) -> pl.Expr:
    """The CURIE of a strain: MGI's where the accession is one, else ours."""
    return _mgi_or_ours(accession, "strain")


def _mgi_or_ours(accession: pl.Expr, kind: str) -> pl.Expr:
    return (
        pl.when(accession.str.contains(r"^MGI:\d+$")).then(accession).otherwise(mint_column(kind, accession))
    )


def genes(frame: pl.DataFrame, accession: str, symbol: str) -> pl.DataFrame:
    """Table of Gene: CURIE and symbol."""
    return things(frame, "Gene", id=pl.col(accession), symbol=pl.col(symbol))


def alleles(
    frame: pl.DataFrame, accession: str, symbol: str, gene: str, name: str | None = None
) -> pl.DataFrame:
    """Table of Allele: the accession as published, its symbol, gene and, if there is a column of them, full name."""
    columns = {"id": allele_id(pl.col(accession)), "symbol": pl.col(symbol), "gene": pl.col(gene)}
    if name is not None:
        columns["name"] = pl.col(name)
    return things(frame.drop_nulls([accession, symbol]), "Allele", **columns)


def lines(
    frame: pl.DataFrame,
    colony: str,
    gene: str,
    *,
    allele: str | None = None,
    strain: str | None = None,
    production_centre: str | None = None,
    phenotyping_centre: str | None = None,
) -> pl.DataFrame:
    """Table of Line: a colony, its gene, and what else there is a column of (accessions, names of centres)."""
    columns = {"id": mint_column("line", pl.col(colony)), "label": pl.col(colony), "gene": pl.col(gene)}
    if allele is not None:
        columns["allele"] = allele_id(pl.col(allele))
    if strain is not None:
        columns["strain"] = strain_id(pl.col(strain))
    if production_centre is not None:
        columns["production_centre"] = mint_column("centre", pl.col(production_centre))
    if phenotyping_centre is not None:
        columns["phenotyping_centre"] = mint_column("centre", pl.col(phenotyping_centre))
    return things(frame, "Line", **columns)


def strains(frame: pl.DataFrame, accession: str, name: str) -> pl.DataFrame:
    """Table of Strain."""
    return things(frame, "Strain", id=strain_id(pl.col(accession)), label=pl.col(name))


def centres(frame: pl.DataFrame, *columns: str) -> pl.DataFrame:
    """Table of Centre, from every column that names one."""
    names = (
        pl.concat([frame[column].alias("name") for column in columns]).unique(maintain_order=True).to_frame()
    )
    return things(names, "Centre", id=mint_column("centre", pl.col("name")), label=pl.col("name"))


def pipelines(frame: pl.DataFrame, stable_id: str, name: str | None = None) -> pl.DataFrame:
    """Table of Pipeline."""
    columns = {"id": mint_column("pipeline", pl.col(stable_id)), "stable_id": pl.col(stable_id)}
    if name is not None:
        columns["label"] = pl.col(name)
    return things(frame, "Pipeline", **columns)


def procedures(frame: pl.DataFrame, stable_id: str, name: str, pipeline: str) -> pl.DataFrame:
    """Table of Procedure, with every pipeline in which the rows show it."""
    grouped = (
        frame.drop_nulls(stable_id)
        .group_by(stable_id, maintain_order=True)
        .agg(
            pl.col(name).drop_nulls().first(),
            mint_column("pipeline", pl.col(pipeline)).drop_nulls().unique().sort().alias("pipelines"),
        )
    )
    return things(
        grouped,
        "Procedure",
        id=mint_column("procedure", pl.col(stable_id)),
        stable_id=pl.col(stable_id),
        label=pl.col(name),
        pipelines=pl.col("pipelines"),
    )


def parameters(frame: pl.DataFrame, stable_id: str, name: str, procedure: str) -> pl.DataFrame:
    """Table of Parameter, with every procedure in which the rows show it."""
    grouped = (
        frame.drop_nulls(stable_id)
        .group_by(stable_id, maintain_order=True)
        .agg(
            pl.col(name).drop_nulls().first(),
            mint_column("procedure", pl.col(procedure)).drop_nulls().unique().sort().alias("procedures"),
        )
    )
    return things(
        grouped,
        "Parameter",
        id=mint_column("parameter", pl.col(stable_id)),
        stable_id=pl.col(stable_id),
        label=pl.col(name),
        procedures=pl.col("procedures"),
    )
