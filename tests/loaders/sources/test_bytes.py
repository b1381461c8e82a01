"""What can be wrong with the bytes of a published file, tried on the fixture of every source that is text."""

import gzip
import json
import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from impckg.graph.errors import DamagedFile, MissingColumn
from impckg.graph.schema import kind
from impckg.loaders.merge import merge
from impckg.loaders.sources import sources
from impckg.loaders.table import read_delimited, read_lines

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "sources"
ONTOLOGIES = ("mp", "hp", "mondo", "ontology")

# Of Parquet, whose tests are with its source.
NOT_TEXT = {"impc_significant_results"}
# Its columns are known by their place.
NO_HEADER = {"hmd_human_phenotype"}


@dataclass(frozen=True)
class Text:
    """A fixture: the reader of its source, and its file."""

    reader: str
    path: Path

    @property
    def content(self):
        return self.path.read_bytes()

    @property
    def separator(self):
        return "," if self.path.suffix == ".csv" else "\t"

    @property
    def is_json(self):
        return self.path.suffix == ".jsonl"

    def header_line(self):
        """The index of the line with the names of the columns."""
        lines = self.content.decode().splitlines()
        return next(number for number, line in enumerate(lines) if not line.startswith("#"))


def texts(*without):
    found = [
        Text(reader, path)
        for reader in sources()
        if reader not in NOT_TEXT and reader not in without
        for path in sorted((FIXTURES / reader).iterdir())
        if path.suffix != ".md"
    ]
    return [pytest.param(text, id=f"{text.reader}/{text.path.name}") for text in found]


@pytest.fixture
def changed(tmp_path, read):
    """Reads other bytes under the name of a fixture or under another one."""

    def changed(text, content, name=None):
        path = tmp_path / (name or text.path.name)
        path.write_bytes(content)
        return read(text.reader, path, checked=False)

    return changed


@pytest.fixture(scope="module")
def plain(read):
    """Reads a fixture as it is, once."""
    return cache(lambda text: read(text.reader, text.path, checked=False))


def same(one, other):
    """Whether two outcomes are; a thing may be mentioned in one block or in several."""
    return (one.rejects, one.items, one.replaced) == (other.rejects, other.items, other.replaced) and all(
        table.unique("id", keep="first", maintain_order=True).equals(
            other.tables[kind].unique("id", keep="first", maintain_order=True)
        )
        for kind, table in one.tables.items()
    )


@pytest.mark.parametrize("text", texts())
def test_a_byte_order_mark_and_gzip_make_no_difference(plain, changed, text):
    packed = gzip.compress(b"\xef\xbb\xbf" + text.content)

    assert same(changed(text, packed), plain(text))


@pytest.mark.parametrize("text", texts())
def test_line_ends_of_windows_make_no_difference(plain, changed, text):
    assert same(changed(text, text.content.replace(b"\n", b"\r\n")), plain(text))


@pytest.mark.parametrize("text", texts(*ONTOLOGIES))
def test_a_row_in_latin_1_and_a_cell_of_five_megabytes_cost_their_rows_alone(plain, changed, text):
    # given
    lines = len(text.content.splitlines())
    odd = "Müller\n".encode("latin-1") + b"x" * 5_000_000 + b"\n"

    # when
    outcome = changed(text, text.content + odd)

    # then
    assert outcome.rejects == [
        *plain(text).rejects,
        (lines + 1, "not_utf8", "", "Müller"),
        (lines + 2, "row_too_long", "", f"5000000 bytes: {'x' * 60}…"),
    ]
    assert all(table.equals(plain(text).tables[kind]) for kind, table in outcome.tables.items())


@pytest.mark.parametrize("text", texts())
def test_truncated_gzip_is_refused_with_its_name(changed, text):
    packed = gzip.compress(text.content)

    with pytest.raises(DamagedFile, match=r"^packed\.gz: .*(too soon|truncated)"):
        changed(text, packed[: len(packed) // 2], "packed.gz")


@pytest.mark.parametrize("text", texts())
def test_an_empty_file_is_refused_with_its_name(changed, text):
    with pytest.raises(DamagedFile, match=r"^nothing: .*empty"):
        changed(text, b"", "nothing")


@pytest.mark.parametrize("text", texts(*ONTOLOGIES))
def test_a_file_without_its_last_line_end_is_read_to_the_end(plain, changed, text):
    assert same(changed(text, text.content.rstrip(b"\n")), plain(text))


def renamed(text, names):
    """The bytes of a fixture with `nobody` in front of the names of some columns."""
    content = text.content.decode()
    if text.is_json:
        return re.sub(rf'"({"|".join(names)})":', r'"nobody \1":', content).encode()
    lines = content.split("\n")
    at = text.header_line()
    lines[at] = text.separator.join(f"nobody {name}" if name in names else name for name in columns(text))
    return "\n".join(lines).encode()


def columns(text):
    if text.is_json:
        return list(json.loads(text.content.splitlines()[0]))
    header = text.content.decode().splitlines()[text.header_line()]
    return [cell.strip('"') for cell in header.split(text.separator)]


@pytest.mark.parametrize("text", texts(*ONTOLOGIES, *NO_HEADER))
def test_a_column_that_is_missing_is_named_with_what_was_found(changed, text):
    # given
    word = "key" if text.is_json else "column"
    with pytest.raises(MissingColumn) as refused:
        changed(text, renamed(text, columns(text)))
    needed = re.findall(r"'([^']+)'", str(refused.value).partition(" is missing; found ")[0])

    for name in needed:
        # when
        with pytest.raises(MissingColumn) as refused:
            changed(text, renamed(text, [name]))

        # then
        expected = f"{text.path.name}: {word} {name!r} is missing; found "
        assert str(refused.value).startswith(expected)
        assert f"'nobody {name}'" in str(refused.value)
    assert set(needed) <= set(columns(text))


@pytest.mark.parametrize("text", texts(*ONTOLOGIES, *NO_HEADER))
def test_a_file_without_the_columns_that_need_not_be_there_is_read(plain, changed, text):
    # given
    with pytest.raises(MissingColumn) as refused:
        changed(text, renamed(text, columns(text)))
    needed = re.findall(r"'([^']+)'", str(refused.value).partition(" is missing; found ")[0])
    others = [name for name in columns(text) if name not in needed]

    # when: the columns that need not be there are called otherwise
    outcome = changed(text, renamed(text, others)) if others else plain(text)

    # then
    assert {line for line, _ in plain(text).rules} >= {line for line, _ in outcome.rules}
    assert outcome.kept >= plain(text).kept


@pytest.mark.parametrize("text", texts(*ONTOLOGIES))
def test_a_file_in_several_blocks_says_the_same(plain, read, text, monkeypatch):
    # given: no source says how long its blocks are
    fifth = len(text.content) // 5
    monkeypatch.setitem(read_delimited.__kwdefaults__, "block_bytes", fifth)
    monkeypatch.setattr(read_lines, "__defaults__", (fifth,))

    # when
    outcome = read(text.reader, text.path, checked=False)

    # then
    assert (outcome.rejects, outcome.items) == (plain(text).rejects, plain(text).items)
    assert added_up(outcome.replaced) == added_up(plain(text).replaced)
    for kind_name, table in outcome.tables.items():
        expected = plain(text).tables[kind_name]
        if kind(kind_name).bulk:
            assert table.equals(expected), kind_name
        else:
            assert merged(kind_name, table) == merged(kind_name, expected), kind_name


def added_up(replaced):
    rows = Counter()
    for column, old, new, reason, count in replaced:
        rows[column, old, new, reason] += count
    return rows


def merged(kind_name, table):
    """What a table says in all, things and items of lists in no order."""
    rows = merge(kind(kind_name), {"source": table}).table.rows(named=True)
    return {
        row["id"]: {name: set(cell) if isinstance(cell, list) else cell for name, cell in row.items()}
        for row in rows
    }
