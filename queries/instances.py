"""Instances of phenotype classes: the genes and lines with calls for them."""

from collections.abc import Iterable
from pathlib import Path

import polars as pl

from impckg.graph.errors import StoreError
from impckg.graph.identifiers import obo_curie

COLUMNS = ("gene", "symbol", "line", "phenotype", "label")


def instances(tables: Path, classes: Iterable[str]) -> pl.DataFrame:
    """Find the genes and lines with calls for some classes.

    tables: the folder `tables` of a release. classes: IRIs, with everything below that is meant.

    Returns gene, symbol, line, phenotype and label, each combination once, sorted. Raises StoreError where the folder has no
    calls.
    """
    calls = _calls(tables)
    terms = [curie for curie in map(obo_curie, classes) if curie is not None]
    found = (
        pl.scan_parquet(calls)
        .filter(pl.col("phenotype").is_in(terms))
        .select("gene", "line", "phenotype")
        .unique()
    )
    for name, key, column, renamed in (
        ("gene", "gene", "symbol", "symbol"),
        ("phenotype_term", "phenotype", "label", "label"),
    ):
        path = tables / f"{name}.parquet"
        if path.exists():
            labels = pl.scan_parquet(path).select(pl.col("id").alias(key), pl.col(column).alias(renamed))
            found = found.join(labels, on=key, how="left")
        else:
            found = found.with_columns(pl.lit(None, dtype=pl.String).alias(renamed))
    return found.select(COLUMNS).sort(COLUMNS[0], COLUMNS[2], COLUMNS[3]).collect()


def read_calls(tables: Path) -> pl.DataFrame:
    """All calls of a release: gene and phenotype, one row for each call.

    Raises StoreError where the folder has no calls.
    """
    return pl.read_parquet(_calls(tables), columns=["gene", "phenotype"])


def _calls(tables: Path) -> Path:
    calls = tables / "call.parquet"
    if not calls.exists():
        raise StoreError(
            f"{tables}: has no call.parquet; expected the folder `tables` of a release that impckg built"
        )
    return calls
