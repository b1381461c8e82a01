"""Bringing together what several sources say about the same things.

Many files name the same gene, allele or procedure. A thing is one row of its table; what an earlier source of the recipe
says stands, a later one fills in what is missing, and its lists are added to. For the graph each source keeps what it was
the first to say, so a statement stands in one graph only (the engine finds one that stands in two graphs twice).

Kinds of many rows (bulk) are not brought together: each row belongs to one file, and only a repeated id is left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from impckg.graph.schema import Kind
from impckg.graph.triples import FIRST_MET


@dataclass(frozen=True)
class Merged:
    """The table of one kind, and what each source adds to it.

    table: one row for each thing, all columns of the kind.
    additions: by source, the same columns with only what the source was the first to say, and FIRST_MET: whether no
        earlier source mentions the thing at all.
    conflicts: by column, in how many things a later source said something else in a cell that holds one value.
    """

    table: pl.DataFrame
    additions: Mapping[str, pl.DataFrame]
    conflicts: Mapping[str, int]


def merge(kind: Kind, tables: Mapping[str, pl.DataFrame]) -> Merged:
    """Bring together the tables of one kind, in order of their sources.

    tables: by source, with any columns of the kind and possibly several rows for a thing.
    """
    whole = pl.DataFrame(schema=kind.dtypes)
    additions: dict[str, pl.DataFrame] = {}
    conflicts: dict[str, int] = {}
    for source, table in tables.items():
        rows = _one_row_a_thing(kind, table.select(_all_columns(kind, table.columns)))
        met = rows["id"].is_in(whole["id"].implode())
        first, again = _first_met(kind, rows.filter(~met)), rows.filter(met)
        if again.height:
            known = again.select("id").join(whole, on="id", how="left", maintain_order="left")
            for column, count in _conflicts(kind, again, known).items():
                conflicts[column] = conflicts.get(column, 0) + count
            more = _more(kind, again, known)
            whole = _filled(kind, whole, more)
            additions[source] = pl.concat([more, first])
        else:
            additions[source] = first
        whole = pl.concat([whole, first.drop(FIRST_MET)])
    return Merged(whole, additions, conflicts)


def concatenate(kind: Kind, files: Mapping[str, Sequence[Path]]) -> pl.LazyFrame:
    """The table of a bulk kind from the parts of its sources, without rows whose id an earlier source has."""
    earlier: list[pl.LazyFrame] = []
    for paths in files.values():
        table = pl.concat([_scan(kind, path) for path in paths])
        for other in earlier:
            table = table.join(other.select("id"), on="id", how="anti", maintain_order="left")
        earlier.append(table)
    return pl.concat(earlier)


def _scan(kind: Kind, path: Path) -> pl.LazyFrame:
    table = pl.scan_parquet(path)
    return table.select(_all_columns(kind, table.collect_schema().names()))


def _all_columns(kind: Kind, found: Sequence[str]) -> list[pl.Expr]:
    return [
        pl.col(name).cast(dtype) if name in found else pl.lit(None, dtype).alias(name)
        for name, dtype in kind.dtypes.items()
    ]


def _one_row_a_thing(kind: Kind, table: pl.DataFrame) -> pl.DataFrame:
    """What the parts of one source say of a thing as one row: the first value that is there, every item of lists."""
    if not table["id"].is_duplicated().any():
        return table
    single = [pl.col(column.name).drop_nulls().first() for column in kind.columns[1:] if not column.many]
    lists = [
        pl.col(column.name).explode().drop_nulls().unique(maintain_order=True)
        for column in kind.columns[1:]
        if column.many
    ]
    return table.group_by("id", maintain_order=True).agg(*single, *lists).select(kind.dtypes.keys())


def _first_met(kind: Kind, rows: pl.DataFrame) -> pl.DataFrame:
    """Things that no earlier source mentions, whole; items of lists once each."""
    lists = [pl.col(c.name).fill_null([]).list.unique(maintain_order=True) for c in kind.columns if c.many]
    return rows.with_columns(*lists, pl.lit(True).alias(FIRST_MET))


def _more(kind: Kind, rows: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """Of things that an earlier source mentions, what it does not say; rows that add nothing left out."""
    columns = {}
    for column in kind.columns[1:]:
        name = column.name
        if column.many:
            new = pl.DataFrame({"rows": rows[name], "known": known[name]}).select(
                pl.col("rows").fill_null([]).list.set_difference(pl.col("known").fill_null([]))
            )
            columns[name] = new.to_series()
        else:
            columns[name] = pl.select(pl.when(known[name].is_null()).then(rows[name])).to_series()
    frame = pl.DataFrame({"id": rows["id"], **columns}).with_columns(pl.lit(False).alias(FIRST_MET))
    return frame.filter(_says_anything(frame))


def _filled(kind: Kind, whole: pl.DataFrame, addition: pl.DataFrame) -> pl.DataFrame:
    """The whole table with an addition to things that it has filled in."""
    joined = whole.join(addition.drop(FIRST_MET), on="id", how="left", suffix="_new", maintain_order="left")
    return joined.select(
        "id",
        *(
            pl.concat_list(
                pl.col(column.name).fill_null([]), pl.col(f"{column.name}_new").fill_null([])
            ).alias(column.name)
            if column.many
            else pl.coalesce(column.name, f"{column.name}_new")
            for column in kind.columns[1:]
        ),
    )


def _says_anything(frame: pl.DataFrame) -> pl.Series:
    return frame.select(
        pl.any_horizontal(
            pl.col(name).list.len().fill_null(0) > 0
            if isinstance(dtype, pl.List)
            else pl.col(name).is_not_null()
            for name, dtype in frame.schema.items()
            if name not in ("id", FIRST_MET)
        )
    ).to_series()


def _conflicts(kind: Kind, rows: pl.DataFrame, known: pl.DataFrame) -> dict[str, int]:
    counts = {
        column.name: int((rows[column.name] != known[column.name]).sum())
        for column in kind.columns[1:]
        if not column.many
    }
    return {f"{kind.name}.{name}": count for name, count in counts.items() if count}
