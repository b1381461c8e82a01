"""Reading one source: a published file becomes parts on disk, with an account of every row.

What is read of a source lies in a folder of its own: Parquet parts by kind, one for each block of the file, the rejects,
and the account. The file is read block by block, so its size does not matter.
"""

import dataclasses
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from impckg.graph.errors import BuildError, DamagedFile
from impckg.graph.schema import kind
from impckg.loaders.source import Batch, Context, Source
from impckg.loaders.table import REJECTS_SCHEMA

ACCOUNT = "account.json"
REJECTS = "rejects.parquet"
REPLACED = "replaced.parquet"

_REPLACED_SCHEMA = pl.Schema(
    {
        "column": pl.String,
        "from": pl.String,
        "to": pl.String,
        "reason": pl.String,
        "rows": pl.Int64,
    }
)


@dataclass(frozen=True)
class Account:
    """What became of the rows of one source. read = kept + the sum of rejected.

    rejected: rows put aside, by rule.
    items: single items taken out of lists in rows that were kept, by rule.
    replaced: cells whose obsolete or merged term gave way to its successor.
    things: rows of each kind that came out.
    """

    source: str
    reader: str
    version: str
    read: int
    kept: int
    rejected: dict[str, int]
    items: dict[str, int]
    replaced: int
    things: dict[str, int]
    seconds: float


def read_source(
    source: Source,
    path: Path,
    context: Context,
    folder: Path,
    advanced: Callable[[int], None],
) -> Account:
    """Read a file into a new folder of parts and return the account, which is kept there too.

    advanced: told how many rows were read, block by block.

    Raises DamagedFile where the file has no rows at all: no published file is meant to be empty.
    """
    started = time.perf_counter()
    folder.mkdir(parents=True)
    rejects: list[pl.DataFrame] = []
    replaced: list[pl.DataFrame] = []
    things = dict.fromkeys(source.kinds, 0)
    read = kept = 0
    for number, batch in enumerate(source.read(path, context)):
        _write_parts(batch, source, folder, number, things)
        rejects.append(batch.rows.rejects.with_columns(pl.lit("row").alias("what")))
        rejects.append(batch.rows.items.with_columns(pl.lit("item").alias("what")))
        replaced += batch.replaced
        read += batch.rows.read
        kept += batch.rows.kept.height
        advanced(batch.rows.read)
    if not read:
        raise DamagedFile(f"{path.name}: there is a header and not one row below it; fetch the file again")
    account = _account(source, context, read, kept, rejects, replaced, things, folder)
    account = dataclasses.replace(account, seconds=round(time.perf_counter() - started, 3))
    (folder / ACCOUNT).write_text(json.dumps(dataclasses.asdict(account), indent=1), encoding="utf-8")
    return account


def read_account(folder: Path) -> Account:
    """The account of a source that was read before."""
    return Account(**json.loads((folder / ACCOUNT).read_text(encoding="utf-8")))


def parts(folder: Path, kind_name: str) -> list[Path]:
    """The parts of one kind that a source was read into, in the order of the file."""
    return sorted(folder.glob(f"{kind(kind_name).table}-*.parquet"))


def _write_parts(batch: Batch, source: Source, folder: Path, number: int, things: dict[str, int]) -> None:
    for name, table in batch.tables.items():
        if name not in source.kinds:
            raise BuildError(f"source {source.reader} gave a table of {name}, which it does not declare")
        things[name] += table.height
        if table.height:
            table.write_parquet(folder / f"{kind(name).table}-{number:05d}.parquet")


def _account(
    source: Source,
    context: Context,
    read: int,
    kept: int,
    rejects: list[pl.DataFrame],
    replaced: list[pl.DataFrame],
    things: dict[str, int],
    folder: Path,
) -> Account:
    aside = pl.concat(rejects) if rejects else pl.DataFrame(schema=REJECTS_SCHEMA | {"what": pl.String})
    aside.write_parquet(folder / REJECTS)
    changes = pl.concat(
        [pl.DataFrame(schema=_REPLACED_SCHEMA), *(frame.cast(_REPLACED_SCHEMA) for frame in replaced)]
    )
    changes = changes.group_by("column", "from", "to", "reason", maintain_order=True).agg(
        pl.col("rows").sum()
    )
    changes.write_parquet(folder / REPLACED)
    rejected = _by_rule(aside.filter(pl.col("what") == "row"))
    if read != kept + sum(rejected.values()):
        raise BuildError(
            f"source {context.name}: {read} rows read, but {kept} kept and {sum(rejected.values())} rejected"
        )
    return Account(
        source=context.name,
        reader=source.reader,
        version=context.version,
        read=read,
        kept=kept,
        rejected=rejected,
        items=_by_rule(aside.filter(pl.col("what") == "item")),
        replaced=int(changes["rows"].sum()),
        things={name: count for name, count in things.items() if count},
        seconds=0.0,
    )


def _by_rule(aside: pl.DataFrame) -> dict[str, int]:
    return dict(aside.group_by("rule").agg(pl.len()).sort("rule").iter_rows())
