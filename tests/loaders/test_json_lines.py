"""Files with one JSON object a line."""

import gzip

import polars as pl
import pytest

from impckg.graph.errors import DamagedFile, MissingColumn
from impckg.loaders.json_lines import read_json_lines
from impckg.loaders.table import LINE

TYPES = {"gene": pl.String(), "names": pl.List(pl.String), "measured": pl.Boolean()}


@pytest.fixture
def read(tmp_path):
    def read(content, required=("gene",), name="genes.jsonl"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        (rows,) = read_json_lines(path, TYPES, required)
        assert rows.read == rows.kept.height + rows.rejects.height
        return rows

    return read


def test_objects_become_rows_with_their_lines(read):
    rows = read('{"gene": "MGI:1", "names": ["a", "b"], "measured": true, "more": 5}\n\n{"gene": "MGI:2"}\n')

    assert rows.kept.rows(named=True) == [
        {"gene": "MGI:1", "names": ["a", "b"], "measured": True, LINE: 1},
        {"gene": "MGI:2", "names": None, "measured": None, LINE: 3},
    ]


@pytest.mark.parametrize(
    "line",
    [
        "not json",
        "[1, 2]",
        '"text"',
        "5",
        "null",
        '{"gene": "MGI:1"',
        '{"gene": }',
        '{"gene": "MGI:1"} {"gene": "MGI:2"}',
        '{"gene": {"id": "MGI:1"}}',
        '{"measured": "yes"}',
        '{"names": {"first": "a"}}',
        "{'gene': 'MGI:1'}",
    ],
)
def test_a_line_that_is_no_such_object_is_put_aside_and_shown(read, line):
    rows = read(f'{{"gene": "MGI:1"}}\n{line}\n{{"gene": "MGI:3"}}\n')

    assert rows.kept.select("gene", LINE).rows() == [("MGI:1", 1), ("MGI:3", 3)]
    assert rows.rejects.rows() == [(2, "not_json", "", line)]


def test_one_bad_line_costs_the_others_nothing(read):
    # given
    lines = [f'{{"gene": "MGI:{n}", "names": ["{n}"]}}' for n in range(100)]
    lines[50] = '{"gene": "MGI:50", "measured": 1}'

    # when
    rows = read("\n".join(lines) + "\n")

    # then
    assert rows.kept["gene"].to_list() == [f"MGI:{n}" for n in range(100) if n != 50]
    assert rows.kept["names"].to_list() == [[str(n)] for n in range(100) if n != 50]
    assert rows.kept[LINE].to_list() == [n + 1 for n in range(100) if n != 50]
    assert rows.rejects.rows() == [(51, "not_json", "", lines[50])]


def test_the_first_line_may_be_bad(read):
    rows = read('x\n{"gene": "MGI:2"}\n')

    assert rows.kept["gene"].to_list() == ["MGI:2"]


def test_a_line_in_latin_1_is_put_aside(read):
    rows = read(b'{"gene": "M\xfcller"}\n{"gene": "MGI:2"}\n')

    assert rows.kept["gene"].to_list() == ["MGI:2"]
    assert rows.rejects.rows() == [(1, "not_utf8", "", '{"gene": "Müller"}')]


def test_a_byte_order_mark_and_line_ends_of_windows_do_not_matter(read):
    rows = read(b'\xef\xbb\xbf{"gene": "MGI:1"}\r\n{"gene": "MGI:2"}\r\n')

    assert rows.kept["gene"].to_list() == ["MGI:1", "MGI:2"]


def test_a_missing_key_is_named_with_what_was_found(read):
    with pytest.raises(MissingColumn) as refused:
        read('{"gene": "MGI:1", "title": "a"}\n', required=("gene", "names", "measured"))

    assert str(refused.value) == ("genes.jsonl: key 'names', 'measured' is missing; found 'gene', 'title'")


def test_a_key_that_only_a_later_object_lacks_is_null(read):
    rows = read('{"gene": "MGI:1"}\n{"names": []}\n')

    assert rows.kept["gene"].to_list() == ["MGI:1", None]


def test_a_file_without_one_good_object_gives_rejects_alone(read):
    rows = read("x\ny\n")

    assert rows.kept.is_empty()
    assert rows.kept.columns == [*TYPES, LINE]
    assert rows.rejects.height == 2


def test_truncated_gzip_is_refused(read):
    content = gzip.compress(b'{"gene": "MGI:1"}\n' * 1000)

    with pytest.raises(DamagedFile, match=r"^genes\.jsonl\.gz: the gzip data end too soon"):
        read(content[: len(content) // 2], name="genes.jsonl.gz")
