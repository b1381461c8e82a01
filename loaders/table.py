"""From the bytes of a published table to frames of text cells, block by block.

Published tables differ in separator, quotes, comments, header, compression and care. What is common to all stands here:
a file is read in blocks, so its size does not matter; a row that cannot be read is put aside with its line and the rule
that it breaks, never lost and never the end of the file; a file that lacks a column is refused by name.

All cells come out as text; an empty cell is null. What the cells mean is the business of `rules.py` and of the sources.
"""

import csv
import gzip
import io
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import polars as pl

from impckg.graph.errors import DamagedFile, MissingColumn

BLOCK_BYTES = 8 * 1024 * 1024
"""How much of a file is looked at at a time."""

LONGEST_ROW = 1_000_000
"""Bytes. No published row comes near; a longer one is put aside."""

LONGEST_RECORD_LINES = 200
"""A row with quoted line ends may take this many lines; a quote that is not closed by then is a mistake on its line."""

GZIP_MAGIC = b"\x1f\x8b"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"

LINE = "_line"
"""The column that holds the line of the file on which a row begins, counted from 1."""

REJECTS_SCHEMA = {"line": pl.Int64, "rule": pl.String, "column": pl.String, "value": pl.String}

SHOWN = 200
"""How many characters of a rejected value are kept."""


@dataclass(frozen=True)
class Rows:
    """Rows of a file: those still good, those put aside, and how many there were.

    kept: the columns of the file as text, and LINE.
    rejects: columns line, rule, column, value; at most one for each row.
    read: rows read; always the rows of kept and of rejects together.
    items: the same columns as rejects, for single items of a list, or cells, that were taken out of a row that is kept.
    """

    kept: pl.DataFrame
    rejects: pl.DataFrame
    read: int
    items: pl.DataFrame

    def put_aside(self, broken: pl.Expr, rule: str, column: str, value: pl.Expr | None = None) -> "Rows":
        """The same rows with those put aside for which `broken` is true.

        value: what to show of a rejected row; the text of `column` unless given.
        """
        shown = pl.col(column) if value is None else value
        marked = self.kept.with_columns(broken.fill_null(False).alias("_broken"))
        bad = marked.filter("_broken")
        if bad.is_empty():
            return self
        rejects = bad.select(
            pl.col(LINE).alias("line"),
            pl.lit(rule).alias("rule"),
            pl.lit(column).alias("column"),
            shown.cast(pl.String).str.slice(0, SHOWN).alias("value"),
        )
        kept = marked.filter(~pl.col("_broken")).drop("_broken")
        return replace(self, kept=kept, rejects=pl.concat([self.rejects, rejects]))

    def first(self, number: int) -> "Rows":
        """The first so many rows, good and put aside, by their lines."""
        lines = pl.concat([self.kept[LINE].alias("line"), self.rejects["line"]]).sort()[:number]
        last = lines.max() if number else 0
        return Rows(
            self.kept.filter(pl.col(LINE) <= last),
            self.rejects.filter(pl.col("line") <= last),
            len(lines),
            self.items.filter(pl.col("line") <= last),
        )

    def with_kept(self, kept: pl.DataFrame) -> "Rows":
        """The same account of rows, with the good ones in another form."""
        return replace(self, kept=kept)


def all_good(frame: pl.DataFrame) -> Rows:
    """Rows of which none is put aside yet. The frame needs LINE."""
    return Rows(frame, no_rejects(), frame.height, no_rejects())


def no_rejects() -> pl.DataFrame:
    """An empty table of rejects."""
    return pl.DataFrame(schema=REJECTS_SCHEMA)


def read_delimited(
    path: Path,
    separator: str,
    required: Sequence[str],
    *,
    names: Sequence[str] | None = None,
    comment: str | None = None,
    quoted: bool = False,
    short_rows: bool = False,
    limit: int | None = None,
    block_bytes: int = BLOCK_BYTES,
) -> Iterator[Rows]:
    """The rows of a table of cells, some thousands at a time.

    required: columns that must be in the header, by name; their order and any others do not matter.
    names: the columns of a file that has no header.
    comment: lines that begin so, before the header, are no rows.
    quoted: whether a cell may stand in double quotes (RFC 4180) and then hold separators and line ends.
    short_rows: whether a row may leave out empty cells at its end.
    limit: read so many rows and no more.

    Raises MissingColumn, and DamagedFile where the file is empty, cut off or not text.
    """
    with open_bytes(path) as file:
        rest, line = _skip_comments(_blocks(file, path, block_bytes), comment)
        first = next(rest, b"")
        if names is None:
            header, _, first = first.partition(b"\n")
            names = _header(header, separator, path, line)
            line += 1
        _demand(required, names, path)
        for rows in _first(_records(_chain(first, rest), line, quoted), limit):
            yield _parse(rows, list(names), separator, quoted, short_rows)


def read_lines(path: Path, limit: int | None = None, block_bytes: int = BLOCK_BYTES) -> Iterator[Rows]:
    """The lines of a text file, some thousands at a time, in a column `text`; blank ones are left out.

    limit: read so many lines and no more.

    Raises DamagedFile where the file is empty, cut off or not text.
    """
    with open_bytes(path) as file:
        yield from _first(_records(_blocks(file, path, block_bytes), 1, quoted=False), limit)


def _first(blocks: Iterable[Rows], limit: int | None) -> Iterator[Rows]:
    """The rows up to a limit, block by block."""
    left = limit
    for rows in blocks:
        if left is not None and rows.read >= left:
            yield rows.first(left)
            return
        yield rows
        left = None if left is None else left - rows.read


def open_bytes(path: Path) -> BinaryIO:
    """A file for reading, decompressed where it is gzip, whatever it is called.

    Raises DamagedFile where there is none.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise DamagedFile(f"{path.name}: cannot be opened: {error.strerror}") from error
    magic = file.read(len(GZIP_MAGIC))
    file.seek(0)
    # gzip closes the file that it is given a name for, not the one it is handed; so hand over and let go.
    if magic == GZIP_MAGIC:
        file.close()
        return gzip.open(path, "rb")  # type: ignore[return-value]
    return file


def leading_comments(path: Path, comment: str) -> list[str]:
    """The lines at the top of a file that begin with a mark, without the mark."""
    found = []
    with open_bytes(path) as file:
        for line in _lines(file, path):
            text = line.decode("utf-8", errors="replace").removeprefix("\ufeff")
            if not text.startswith(comment):
                break
            found.append(text[len(comment) :].rstrip("\r\n"))
    return found


def _lines(file: BinaryIO, path: Path) -> Iterator[bytes]:
    try:
        yield from file
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise _cut_off(path, error) from error


def _cut_off(path: Path, error: Exception) -> DamagedFile:
    return DamagedFile(
        f"{path.name}: the gzip data end too soon or are damaged ({error}); fetch the file again"
    )


def _blocks(file: BinaryIO, path: Path, size: int) -> Iterator[bytes]:
    """The file in pieces that end with a whole line."""
    held: list[bytes] = []
    first = True
    while True:
        try:
            read = file.read(size)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise _cut_off(path, error) from error
        if first:
            read = read.removeprefix(BYTE_ORDER_MARK)
            if not read:
                raise DamagedFile(f"{path.name}: the file is empty")
            if b"\x00" in read[:4096]:
                raise DamagedFile(f"{path.name}: not a text table; its first bytes are {read[:8]!r}")
            first = False
        if not read:
            break
        cut = read.rfind(b"\n") + 1
        if cut:
            yield b"".join([*held, read[:cut]])
            held = []
        held.append(read[cut:])
    if any(held):
        yield b"".join(held)


def _skip_comments(blocks: Iterator[bytes], comment: str | None) -> tuple[Iterator[bytes], int]:
    """The blocks from the first line that is no comment, and the number of that line."""
    line = 1
    for block in blocks:
        while comment and block.startswith(comment.encode()):
            _, _, block = block.partition(b"\n")  # noqa: PLW2901
            line += 1
        if block:
            return _chain(block, blocks), line
    return iter(()), line


def _chain(first: bytes, rest: Iterable[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from rest


def _header(line: bytes, separator: str, path: Path, number: int) -> list[str]:
    try:
        text = line.decode("utf-8").rstrip("\r")
        names = [name.strip() for name in next(csv.reader([text], delimiter=separator), [])]
    except UnicodeDecodeError as error:
        raise DamagedFile(f"{path.name}:{number}: the header is not UTF-8: {error}") from error
    except csv.Error as error:
        raise DamagedFile(f"{path.name}:{number}: the header cannot be read: {error}") from error
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DamagedFile(
            f"{path.name}:{number}: the header has {', '.join(map(repr, twice))} more than once"
        )
    return names


def _demand(required: Sequence[str], found: Sequence[str], path: Path) -> None:
    missing = [name for name in required if name not in found]
    if missing:
        instead = ", ".join(map(repr, found)) or "no header"
        raise MissingColumn(
            f"{path.name}: column {', '.join(map(repr, missing))} is missing; found {instead}"
        )


def _records(blocks: Iterable[bytes], first_line: int, quoted: bool) -> Iterator[Rows]:
    """The rows of a file as text, block by block; those that are not UTF-8 or too long put aside, blank ones left out."""
    line, held = first_line, b""
    for block in blocks:
        lines = (held + block).removesuffix(b"\n").split(b"\n")
        starts, used = _starts(lines, more=True) if quoted else (range(len(lines)), len(lines))
        yield _readable(lines[:used], starts, line)
        line += used
        held = b"".join(held_line + b"\n" for held_line in lines[used:])
    if held:
        lines = held.removesuffix(b"\n").split(b"\n")
        starts, _ = _starts(lines, more=False)
        yield _readable(lines, starts, line)


def _starts(lines: list[bytes], more: bool) -> tuple[Sequence[int], int]:
    """The lines on which rows begin, where quoted cells may hold line ends, and how many lines those rows take.

    more: whether further lines may follow. Lines from the first quote that they may yet close are then left over.

    A quote that stays open for LONGEST_RECORD_LINES is a mistake on its line alone. How the file was cut into blocks
    makes no difference.
    """
    odd = [number for number, line in enumerate(lines) if line.count(b'"') % 2]
    inside: set[int] = set()
    used = len(lines)
    place = 0
    while place < len(odd):
        opened = odd[place]
        if place + 1 < len(odd) and odd[place + 1] - opened < LONGEST_RECORD_LINES:
            inside.update(range(opened + 1, odd[place + 1] + 1))
            place += 2
        elif more and len(lines) - opened < LONGEST_RECORD_LINES:
            used = opened
            break
        else:
            place += 1
    starts = range(used)
    return ([number for number in starts if number not in inside] if inside else starts), used


def _joined(lines: list[bytes], starts: Sequence[int]) -> list[bytes]:
    """Rows of one or several lines, without the line ends between them."""
    if len(starts) == len(lines):
        return lines
    ends = [*starts[1:], len(lines)]
    return [
        b"\n".join(line.removesuffix(b"\r") for line in lines[start:end])
        for start, end in zip(starts, ends, strict=True)
    ]


def _readable(lines: list[bytes], starts: Sequence[int], first_line: int) -> Rows:
    records = _joined(lines, starts)
    frame = pl.DataFrame({LINE: pl.Series(starts, dtype=pl.Int64) + first_line, "text": _text(records)})
    frame = frame.with_columns(pl.col("text").str.strip_suffix("\r"), shown=pl.lit(None, pl.String))
    if frame["text"].null_count():
        shown = [
            records[number].decode("latin-1") if missing else None
            for number, missing in enumerate(frame["text"].is_null())
        ]
        frame = frame.with_columns(shown=pl.Series(shown, dtype=pl.String))
    frame = frame.filter(pl.col("text").is_null() | (pl.col("text").str.strip_chars() != ""))
    rows = all_good(frame).put_aside(pl.col("text").is_null(), "not_utf8", "", pl.col("shown"))
    length = pl.col("text").str.len_bytes()
    return rows.put_aside(
        length > LONGEST_ROW,
        "row_too_long",
        "",
        pl.format("{} bytes: {}…", length, pl.col("text").str.slice(0, 60)),
    )


def _text(records: list[bytes]) -> pl.Series:
    """Rows as text; null where one is not UTF-8."""
    try:
        return pl.Series(records, dtype=pl.Binary).cast(pl.String)
    except pl.exceptions.ComputeError:
        # Polars 2.1 ends the whole column at one bad row, strict or not.
        return pl.Series([_decoded(record) for record in records], dtype=pl.String)


def _decoded(record: bytes) -> str | None:
    try:
        return record.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _parse(rows: Rows, names: list[str], separator: str, quoted: bool, short_rows: bool) -> Rows:
    bare = pl.col("text")
    if quoted:
        rows = rows.put_aside(
            pl.col("text").str.count_matches('"', literal=True) % 2 == 1, "unclosed_quote", "text"
        )
        # Each quoted piece shrinks to one quote; then a quote beside anything but a separator is out of place.
        bare = bare.str.replace_all(r'(?s)"[^"]*"', '"')
        misplaced = f'[^{separator}"]"|"[^{separator}"]'
        rows = rows.put_aside(bare.str.contains(misplaced), "malformed_quotes", "text")
    cells = bare.str.count_matches(separator, literal=True) + 1
    rows = rows.put_aside(
        cells > len(names) if short_rows else cells != len(names),
        "wrong_number_of_cells",
        "",
        pl.format("{} cells where the header has {}: {}", cells, len(names), pl.col("text")),
    )
    frame = _cells(rows.kept["text"].to_list(), names, separator, quoted)
    return rows.with_kept(frame.with_columns(rows.kept[LINE]))


def _cells(rows: list[str], names: list[str], separator: str, quoted: bool) -> pl.DataFrame:
    if not rows:
        return pl.DataFrame(schema=dict.fromkeys(names, pl.String))
    # The first row decides how many columns the parser sees; a short one must not.
    first_full = separator.join("-" * len(names))
    frame = pl.read_csv(
        io.BytesIO("\n".join([first_full, *rows]).encode()),
        has_header=False,
        new_columns=names,
        separator=separator,
        quote_char='"' if quoted else None,
        infer_schema=False,
        truncate_ragged_lines=False,
    )[1:]
    if frame.height != len(rows):
        raise DamagedFile(f"{len(rows)} rows became {frame.height}")
    # A quoted empty cell is empty too.
    return frame.with_columns(pl.all().replace("", None)) if quoted else frame
