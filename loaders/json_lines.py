"""From a file with one JSON object a line to frames, block by block."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import polars as pl

from impckg.graph.errors import MissingColumn
from impckg.loaders.table import LINE, Rows, read_lines


def read_json_lines(
    path: Path, types: Mapping[str, pl.DataType], required: Sequence[str], limit: int | None = None
) -> Iterator[Rows]:
    """The objects of a file, some thousands at a time, with the given keys as columns.

    types: the keys that we want and what they hold; a key that an object lacks is null.
    required: keys that some of the first hundred objects must have.
    limit: read so many objects and no more.

    A line that is not such an object breaks `not_json`. Raises MissingColumn, and DamagedFile where the file is empty,
    cut off or not text.
    """
    wanted = pl.Struct(dict(types))
    first = True
    for lines in read_lines(path, limit):
        # Strict decoding would end the file at the first bad line; so lines are told apart first.
        rows = lines.put_aside(
            ~pl.col("text").str.contains(r"^\s*\{.*\}\s*$"), "not_json", "", pl.col("text")
        )
        frame, broken = _decoded(rows.kept, wanted)
        rows = rows.with_kept(rows.kept.with_columns(broken.alias("_bad")))
        rows = rows.put_aside(pl.col("_bad"), "not_json", "", pl.col("text"))
        if first and rows.kept.height:
            _demand(rows.kept["text"][:100], required, path)
            first = False
        good = frame.filter(~broken).with_columns(rows.kept[LINE])
        yield rows.with_kept(good)


def _decoded(lines: pl.DataFrame, wanted: pl.Struct) -> tuple[pl.DataFrame, pl.Series]:
    """The objects as columns, and which lines could not be read as one."""
    names = [field.name for field in wanted.fields]
    try:
        decoded = lines["text"].str.json_decode(wanted)
        return decoded.struct.unnest(), pl.Series([False] * lines.height, dtype=pl.Boolean)
    except pl.exceptions.ComputeError:
        pass
    # One bad line spoils the whole column; only then look at each.
    broken = [not _is_object(text, wanted) for text in lines["text"]]
    good = pl.select(pl.when(pl.Series(broken)).then(pl.lit("{}")).otherwise(lines["text"])).to_series()
    decoded = good.str.json_decode(wanted)
    return decoded.struct.unnest().select(names), pl.Series(broken, dtype=pl.Boolean)


def _is_object(text: str, wanted: pl.Struct) -> bool:
    try:
        pl.Series([text]).str.json_decode(wanted)
    except pl.exceptions.ComputeError:
        return False
    return True


def _demand(objects: pl.Series, required: Sequence[str], path: Path) -> None:
    found = list(objects.str.json_decode(infer_schema_length=len(objects)).struct.fields)
    missing = [name for name in required if name not in found]
    if missing:
        raise MissingColumn(
            f"{path.name}: key {', '.join(map(repr, missing))} is missing; found {', '.join(map(repr, found))}"
        )
