"""Tables of text cells: what is read, what is put aside and on which line, what is refused."""

import csv
import gzip
import io

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impckg.graph.errors import DamagedFile, MissingColumn
from impckg.loaders.table import (
    LINE,
    LONGEST_RECORD_LINES,
    LONGEST_ROW,
    REJECTS_SCHEMA,
    SHOWN,
    Rows,
    all_good,
    leading_comments,
    read_delimited,
    read_lines,
)

ONE_BLOCK = 1 << 20
SMALL_BLOCK = 64

CSV = b"gene,name\nMGI:1,one\nMGI:2,two\n"


def whole(blocks):
    """All blocks of a file as one."""
    blocks = list(blocks)
    for block in blocks:
        assert block.read == block.kept.height + block.rejects.height
    return Rows(
        pl.concat([block.kept for block in blocks]),
        pl.concat([block.rejects for block in blocks]).sort("line"),
        sum(block.read for block in blocks),
        pl.concat([block.items for block in blocks]),
    )


@pytest.fixture
def read(tmp_path):
    """Reads a text as a CSV file, or as what the options say."""

    def read(content, required=("gene", "name"), *, separator=",", name="table.csv", **options):
        path = tmp_path / name
        path.write_bytes(content)
        return whole(read_delimited(path, separator, required, **options))

    return read


def cells(rows):
    return rows.kept.rows()


def rejected(rows):
    return rows.rejects.rows()


# ---------------------------------------------------------------- the header


def test_columns_are_found_by_name_in_any_order(read):
    rows = read(b"name,more,gene\none,x,MGI:1\n")

    assert rows.kept.rows(named=True) == [{"name": "one", "more": "x", "gene": "MGI:1", LINE: 2}]


def test_a_missing_column_is_named_with_what_was_found(read):
    with pytest.raises(MissingColumn) as refused:
        read(b"gene,label\nMGI:1,one\n", ["gene", "name", "symbol"])

    assert str(refused.value) == "table.csv: column 'name', 'symbol' is missing; found 'gene', 'label'"


@pytest.mark.parametrize("content", [b"\n", b"\n\nMGI:1,one\n", b"\xef\xbb\xbf\n"])
def test_a_blank_first_line_is_no_header(read, content):
    with pytest.raises(MissingColumn) as refused:
        read(content)

    assert str(refused.value) == "table.csv: column 'gene', 'name' is missing; found no header"


def test_a_column_that_stands_twice_in_the_header_is_refused(read):
    with pytest.raises(DamagedFile) as refused:
        read(b"gene,name,gene\nMGI:1,one,MGI:2\n")

    assert str(refused.value) == "table.csv:1: the header has 'gene' more than once"


def test_quotes_and_blanks_around_names_of_columns_do_not_matter(read):
    rows = read(b'"gene", name \nMGI:1,one\n')

    assert rows.kept.columns == ["gene", "name", LINE]


def test_a_header_that_is_not_utf8_is_refused(read):
    with pytest.raises(DamagedFile, match=r"^table\.csv:1: the header is not UTF-8: "):
        read(b"gene,n\xe4me\nMGI:1,one\n")


def test_a_file_with_carriage_returns_alone_is_refused(read):
    with pytest.raises(DamagedFile, match=r"^table\.csv:1: the header cannot be read: "):
        read(b"gene,name\rMGI:1,one\r")


def test_a_header_of_five_megabytes_is_refused(read):
    with pytest.raises(DamagedFile, match=r"^table\.csv:1: the header cannot be read: "):
        read(b"gene," + b"n" * 5_000_000 + b"\n")


def test_a_file_without_header_takes_the_given_names(read):
    rows = read(b"MGI:1,one\nMGI:2,two\n", names=["gene", "name"])

    assert cells(rows) == [("MGI:1", "one", 1), ("MGI:2", "two", 2)]


def test_a_header_without_rows_is_an_empty_table(tmp_path):
    path = tmp_path / "table.csv"
    path.write_bytes(b"gene,name\n")

    assert list(read_delimited(path, ",", ["gene"])) == []


def test_a_table_of_one_column_keeps_its_first_row(read):
    rows = read(b"gene\nMGI:1\n\nMGI:2\n", ["gene"])

    assert cells(rows) == [("MGI:1", 2), ("MGI:2", 4)]


# ---------------------------------------------------------------- bytes


def test_a_byte_order_mark_is_no_part_of_the_first_column(read):
    assert cells(read(b"\xef\xbb\xbf" + CSV)) == cells(read(CSV))


def test_line_ends_of_windows_are_no_part_of_the_last_cell(read):
    rows = read(b"gene,name\r\nMGI:1,one\r\n\r\nMGI:2,\r\n")

    assert cells(rows) == [("MGI:1", "one", 2), ("MGI:2", None, 4)]


def test_the_last_line_needs_no_line_end(read):
    assert cells(read(CSV.rstrip(b"\n"))) == cells(read(CSV))


def test_a_row_in_latin_1_is_put_aside_and_can_be_read_in_the_rejects(read):
    rows = read(b"gene,name\nMGI:1,M\xfcller\nMGI:2,two\n")

    assert cells(rows) == [("MGI:2", "two", 3)]
    assert rejected(rows) == [(2, "not_utf8", "", "MGI:1,Müller")]


def test_a_row_in_latin_1_whose_quoted_cell_has_a_line_end_is_put_aside_whole(read):
    rows = read(b'gene,name\nMGI:1,"M\xfcller\nsenior"\nMGI:2,two\n', quoted=True)

    assert cells(rows) == [("MGI:2", "two", 4)]
    assert rejected(rows) == [(2, "not_utf8", "", 'MGI:1,"Müller\nsenior"')]


def test_a_cell_of_five_megabytes_is_put_aside(read):
    rows = read(b"gene,name\nMGI:1," + b"x" * 5_000_000 + b"\nMGI:2,two\n")

    assert cells(rows) == [("MGI:2", "two", 3)]
    assert rejected(rows) == [(2, "row_too_long", "", "5000006 bytes: MGI:1," + "x" * 54 + "…")]


def test_a_cell_of_five_megabytes_with_quotes_is_put_aside(read):
    rows = read(b'gene,name\nMGI:1,"' + b"x,\n" * 40 + b"x" * 5_000_000 + b'"\nMGI:2,two\n', quoted=True)

    assert cells(rows) == [("MGI:2", "two", 43)]
    assert rejected(rows)[0][:3] == (2, "row_too_long", "")


def test_the_longest_row_that_is_read_has_a_million_bytes(read):
    longest = b"MGI:1," + b"x" * (LONGEST_ROW - 6)

    assert read(b"gene,name\n" + longest + b"\n").kept.height == 1
    assert read(b"gene,name\n" + longest + b"x\n").rejects["rule"].to_list() == ["row_too_long"]


def test_a_rejected_value_is_shown_in_part(read):
    rows = read(b"gene,name\n" + b"x" * 500 + b"\n")

    assert rows.rejects["value"].str.len_chars().to_list() == [SHOWN]


def test_an_empty_file_is_refused(read):
    with pytest.raises(DamagedFile) as refused:
        read(b"")

    assert str(refused.value) == "table.csv: the file is empty"


def test_a_file_with_nothing_but_a_byte_order_mark_is_refused(read):
    with pytest.raises(DamagedFile, match=r"^table\.csv: the file is empty$"):
        read(b"\xef\xbb\xbf")


def parquet():
    content = io.BytesIO()
    pl.DataFrame({"gene": ["MGI:1"]}).write_parquet(content)
    return content.getvalue()


@pytest.mark.parametrize(
    "content",
    [parquet(), CSV.decode().encode("utf-16"), b"PK\x03\x04\x14\x00\x00\x00"],
    ids=["Parquet", "UTF-16", "zip"],
)
def test_a_binary_file_is_refused_with_its_first_bytes(read, content):
    with pytest.raises(DamagedFile) as refused:
        read(content)

    assert str(refused.value) == f"table.csv: not a text table; its first bytes are {content[:8]!r}"


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(DamagedFile) as refused:
        list(read_delimited(tmp_path / "gone.csv", ",", []))

    assert str(refused.value) == "gone.csv: cannot be opened: No such file or directory"


# ---------------------------------------------------------------- gzip


@pytest.mark.parametrize("name", ["table.csv.gz", "table.csv"])
def test_gzip_is_known_by_its_bytes_and_not_by_its_name(read, name):
    assert cells(read(gzip.compress(CSV), name=name)) == cells(read(CSV))


def test_gzip_of_several_parts_is_read_to_its_end(read):
    rows = read(gzip.compress(b"gene,name\nMGI:1,one\n") + gzip.compress(b"MGI:2,two\n"))

    assert cells(rows) == cells(read(CSV))


def truncated():
    content = gzip.compress(CSV * 100)
    return content[: len(content) // 2]


def flipped():
    content = bytearray(gzip.compress(CSV))
    content[-6] ^= 0xFF
    return bytes(content)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (truncated(), "Compressed file ended before the end-of-stream marker was reached"),
        (gzip.compress(CSV)[:12], "Compressed file ended before the end-of-stream marker was reached"),
        (flipped(), "CRC check failed"),
        (gzip.compress(CSV) + b"rubbish", "Not a gzipped file"),
        (gzip.compress(CSV)[:10] + b"\xff" * 20, "Error -3 while decompressing data"),
    ],
    ids=["half", "nothing but its head", "wrong sum", "rubbish behind it", "rubbish in it"],
)
def test_damaged_gzip_is_refused(read, content, why):
    with pytest.raises(DamagedFile) as refused:
        read(content, name="table.csv.gz")

    assert str(refused.value).startswith(f"table.csv.gz: the gzip data end too soon or are damaged ({why}")
    assert str(refused.value).endswith("; fetch the file again")


def test_the_comments_of_damaged_gzip_are_refused(tmp_path):
    path = tmp_path / "table.tsv.gz"
    path.write_bytes(gzip.compress(b"# a comment\n" * 1000)[:30])

    with pytest.raises(DamagedFile, match=r"^table\.tsv\.gz: the gzip data end too soon"):
        leading_comments(path, "#")


# ---------------------------------------------------------------- cells


@pytest.mark.parametrize(("row", "count"), [(b"MGI:1", 1), (b"MGI:1,one,more", 3), (b"MGI:1,", None)])
def test_a_row_with_too_many_or_too_few_cells_is_put_aside(read, row, count):
    rows = read(b"gene,name\n" + row + b"\nMGI:2,two\n")

    if count is None:
        assert cells(rows) == [("MGI:1", None, 2), ("MGI:2", "two", 3)]
    else:
        assert cells(rows) == [("MGI:2", "two", 3)]
        assert rejected(rows) == [
            (2, "wrong_number_of_cells", "", f"{count} cells where the header has 2: {row.decode()}")
        ]


def test_rows_may_leave_out_empty_cells_at_their_end_where_the_format_says_so(read):
    rows = read(b"gene\tname\tmore\nMGI:1\nMGI:2\ttwo\nMGI:3\tthree\tx\ty\n", separator="\t", short_rows=True)

    assert cells(rows) == [("MGI:1", None, None, 2), ("MGI:2", "two", None, 3)]
    assert rejected(rows) == [
        (4, "wrong_number_of_cells", "", "4 cells where the header has 3: MGI:3\tthree\tx\ty")
    ]


def test_the_first_row_may_be_short(read):
    rows = read(b"MGI:1\nMGI:2\ttwo\n", separator="\t", names=["gene", "name"], short_rows=True)

    assert cells(rows) == [("MGI:1", None, 1), ("MGI:2", "two", 2)]


def test_blank_lines_are_no_rows(read):
    rows = read(b"gene,name\n\nMGI:1,one\n   \n\nMGI:2,two\n\n")

    assert cells(rows) == [("MGI:1", "one", 3), ("MGI:2", "two", 6)]
    assert rows.read == 2


def test_quoted_cells_hold_separators_line_ends_and_quotes(read):
    rows = read(
        b'gene,name\n"MGI:1","preweaning lethality, complete penetrance"\nMGI:2,"5"" tail\r\nshort"\nMGI:3,""\n',
        quoted=True,
    )

    assert cells(rows) == [
        ("MGI:1", "preweaning lethality, complete penetrance", 2),
        ("MGI:2", '5" tail\nshort', 3),
        ("MGI:3", None, 5),
    ]


def test_blank_lines_inside_a_quoted_cell_belong_to_it(read):
    rows = read(b'gene,name\nMGI:1,"a\n\n\nb"\nMGI:2,two\n', quoted=True)

    assert cells(rows) == [("MGI:1", "a\n\n\nb", 2), ("MGI:2", "two", 6)]


def test_where_a_format_has_no_quotes_they_are_text(read):
    rows = read(b'gene\tname\nMGI:1\t5" tail\nMGI:2\t"quoted"\n', separator="\t")

    assert cells(rows) == [("MGI:1", '5" tail', 2), ("MGI:2", '"quoted"', 3)]


def test_an_unclosed_quote_costs_one_row(read):
    rows = read(b'gene,name\nMGI:1,"one\nMGI:2,two\nMGI:3,three\n', quoted=True)

    assert cells(rows) == [("MGI:2", "two", 3), ("MGI:3", "three", 4)]
    assert rejected(rows) == [(2, "unclosed_quote", "text", 'MGI:1,"one')]


def test_a_quote_that_is_closed_too_late_is_unclosed(read):
    # given
    longest = b'MGI:1,"' + b"\nx" * (LONGEST_RECORD_LINES - 1) + b'"\n'
    longer = b'MGI:1,"' + b"\nx,x" * LONGEST_RECORD_LINES + b'"\n'

    # when
    good = read(b"gene,name\n" + longest + b"MGI:2,two\n", quoted=True)
    bad = read(b"gene,name\n" + longer + b"MGI:2,two\n", quoted=True)

    # then
    assert good.kept[LINE].to_list() == [2, 2 + LONGEST_RECORD_LINES]
    assert bad.kept.height == LONGEST_RECORD_LINES
    assert [(line, rule) for line, rule, _, _ in rejected(bad)] == [
        (2, "unclosed_quote"),
        (2 + LONGEST_RECORD_LINES, "unclosed_quote"),
    ]


@pytest.mark.parametrize(
    "row", [b'a "b" c,x', b'a "b,c" d,x', b'"abc"def,x', b'"a" "b",x', b'a"",x', b'x,"a"b"c"']
)
def test_quotes_in_the_middle_of_a_cell_put_the_row_aside(read, row):
    rows = read(b"gene,name\n" + row + b"\nMGI:2,two\n", quoted=True)

    assert cells(rows) == [("MGI:2", "two", 3)]
    assert rejected(rows) == [(2, "malformed_quotes", "text", row.decode())]


# ---------------------------------------------------------------- comments


def test_comments_on_top_are_no_rows_and_count_as_lines(read):
    rows = read(b"#version: 1\n# more\ngene\tname\nMGI:1\tone\n", separator="\t", comment="#")

    assert cells(rows) == [("MGI:1", "one", 4)]


def test_a_byte_order_mark_before_the_comments_does_not_matter(read):
    rows = read(b"\xef\xbb\xbf#version: 1\ngene\tname\nMGI:1\tone\n", separator="\t", comment="#")

    assert cells(rows) == [("MGI:1", "one", 3)]


def test_what_looks_like_a_comment_below_the_header_is_a_row(read):
    rows = read(b"gene\tname\n#MGI:1\tone\n", separator="\t", comment="#")

    assert cells(rows) == [("#MGI:1", "one", 2)]


@pytest.mark.parametrize("end", [b"", b"\n"])
def test_a_file_of_comments_has_no_header(read, end):
    with pytest.raises(MissingColumn, match=r"is missing; found no header$"):
        read(b"# one\n# two" + end, comment="#")


def test_the_comments_of_a_file_can_be_read_by_themselves(tmp_path):
    path = tmp_path / "table.tsv"
    path.write_bytes(b"\xef\xbb\xbf#version: 1\r\n# more \xfc\ngene\tname\n# not on top\n")

    assert leading_comments(path, "#") == ["version: 1", " more �"]


# ---------------------------------------------------------------- blocks

# A quote left open (line 7) takes the rows up to the next quote with it: nothing tells it from one that is meant.
ODD_FILE = b'''\xef\xbb\xbfgene,name,more\r
MGI:1,one,a\r
\r
MGI:2,"two
lines, a comma and ""quotes""",b
MGI:3,three
MGI:4,"left open,c
MGI:5,M\xfcller,d
MGI:6,"M\xfcller
senior",d
MGI:7,"seven, of a length that is beyond that of a block of sixty-four bytes",e
MGI:8,mis"placed"quotes,f
MGI:9,nine,g,h
,,
MGI:10,"ten",i'''


@pytest.mark.parametrize("quoted", [True, False])
@pytest.mark.parametrize("size", [5, 16, SMALL_BLOCK, 100, ONE_BLOCK])
def test_how_a_file_is_cut_into_blocks_makes_no_difference(read, size, quoted):
    rows = read(ODD_FILE, block_bytes=size, quoted=quoted)
    at_once = read(ODD_FILE, quoted=quoted)

    assert cells(rows) == cells(at_once)
    assert rejected(rows) == rejected(at_once)
    assert rows.read == at_once.read


def test_every_row_of_an_odd_file_has_its_line(read):
    rows = read(ODD_FILE, block_bytes=SMALL_BLOCK, quoted=True)

    assert [(row[0], row[-1]) for row in cells(rows)] == [
        ("MGI:1", 2),
        ("MGI:2", 4),
        ("MGI:7", 11),
        (None, 14),
        ("MGI:10", 15),
    ]
    assert [(line, rule) for line, rule, _, _ in rejected(rows)] == [
        (6, "wrong_number_of_cells"),
        (7, "not_utf8"),
        (10, "unclosed_quote"),
        (12, "malformed_quotes"),
        (13, "wrong_number_of_cells"),
    ]


def test_a_long_file_has_the_same_rows_in_many_blocks(read):
    # given
    content = b"gene,name\n" + b"".join(b'MGI:%d,"name\n%d"\n' % (n, n) for n in range(2000))

    # when
    many, one = read(content, quoted=True, block_bytes=1000), read(content, quoted=True)

    # then
    assert many.kept.equals(one.kept)
    assert one.kept[LINE].to_list() == list(range(2, 4002, 2))


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(CELLS, CELLS), max_size=6), st.sampled_from([5, SMALL_BLOCK, ONE_BLOCK]))
def test_what_is_written_by_the_rules_is_read_as_python_reads_it(tmp_path_factory, table, size):
    # given: quotes around everything, since ours takes a lone carriage return for text
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows([("gene", "name"), *table])
    path = tmp_path_factory.getbasetemp() / "written.csv"
    path.write_bytes(text.getvalue().encode())

    # when
    blocks = list(read_delimited(path, ",", ["gene", "name"], quoted=True, block_bytes=size))

    # then
    found = [row[:2] for block in blocks for row in block.kept.rows()]
    assert found == [tuple(as_read(cell) for cell in row) for row in table]
    assert sum(block.rejects.height for block in blocks) == 0


def as_read(cell):
    """A cell as it is read: empty is null, and line ends of Windows inside it are plain."""
    return cell.replace("\r\n", "\n") or None


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200), st.sampled_from([5, SMALL_BLOCK, ONE_BLOCK]), st.booleans())
def test_no_bytes_end_a_file_or_lose_a_row(tmp_path_factory, content, size, quoted):
    # given
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(
        b"gene,name\n" + content.replace(b"\x00", b'"').replace(b"\x01", b"\n").replace(b"\x02", b",")
    )

    # when
    blocks = list(read_delimited(path, ",", ["gene", "name"], quoted=quoted, block_bytes=size))

    # then
    for block in blocks:
        assert block.read == block.kept.height + block.rejects.height
        assert block.kept.columns == ["gene", "name", LINE]


# ---------------------------------------------------------------- lines


def test_the_lines_of_a_file_are_read_with_their_numbers(tmp_path):
    path = tmp_path / "lines.jsonl"
    path.write_bytes(b'{"a": 1}\n\n{"a": "\xfc"}\n{"a": 2}\r\n')

    rows = whole(read_lines(path, block_bytes=4))

    assert rows.kept.select("text", LINE).rows() == [('{"a": 1}', 1), ('{"a": 2}', 4)]
    assert rejected(rows) == [(3, "not_utf8", "", '{"a": "ü"}')]


# ---------------------------------------------------------------- the account of rows


def test_rows_are_put_aside_once_and_in_the_words_of_the_caller():
    # given
    rows = all_good(pl.DataFrame({"p": ["0.5", None, "x"], LINE: [2, 3, 4]}))

    # when
    after = rows.put_aside(pl.col("p") == "x", "not_a_number", "p")
    again = after.put_aside(pl.col("p").is_null(), "missing_value", "p", pl.lit("row without p"))

    # then
    assert after.kept.rows() == [("0.5", 2), (None, 3)], "a rule that cannot be judged is not broken"
    assert rejected(again) == [(4, "not_a_number", "p", "x"), (3, "missing_value", "p", "row without p")]
    assert again.kept.height + again.rejects.height == again.read == 3
    assert again.rejects.schema == REJECTS_SCHEMA


def test_rows_among_which_none_is_bad_stay_as_they_are():
    rows = all_good(pl.DataFrame({"p": ["0.5"], LINE: [2]}))

    assert rows.put_aside(pl.col("p") == "x", "not_a_number", "p") is rows
