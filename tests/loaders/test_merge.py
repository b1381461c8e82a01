"""Tables of several sources as one, and what each source adds to it."""

import itertools

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impckg.graph.schema import kind, parse_schema
from impckg.graph.triples import FIRST_MET
from impckg.loaders.merge import concatenate, merge

MOUSE = parse_schema(
    """
id: https://example.org/schema
version: 1
title: Small
classes:
  Mouse: {description: A mouse., slots: [id, name, weight, colours]}
slots:
  id: {description: Name., identifier: true, required: true, range: uriorcurie}
  name: {description: Name., slot_uri: "kg:name"}
  weight: {description: Weight., range: double, slot_uri: "kg:weight"}
  colours: {description: Colours., multivalued: true, slot_uri: "kg:colours"}
enums: {}
"""
).kind("Mouse")

IDS = ["MGI:1", "MGI:2", "MGI:3"]


def mice(*rows):
    return pl.DataFrame(rows, schema=MOUSE.dtypes, orient="row")


def statements(table):
    """What a table says: thing, column, value."""
    found = []
    for row in table.rows(named=True):
        if row.get(FIRST_MET, True):
            found.append((row["id"], "class", None))
        for name in ("name", "weight"):
            if row.get(name) is not None:
                found.append((row["id"], name, row[name]))
        found += [(row["id"], "colours", item) for item in row.get("colours") or [] if item is not None]
    return found


def slowly(tables):
    """What the sources say in all, one cell after the other: the first value stands, lists grow.

    Returns the statements that each source is the first to make.
    """
    known, additions = {}, {}
    for source, table in tables.items():
        new = []
        for row in table.rows(named=True):
            thing = known.setdefault(row["id"], {"class": source, "colours": []})
            if thing["class"] == source and (row["id"], "class", None) not in new:
                new.append((row["id"], "class", None))
            for name in ("name", "weight"):
                if row[name] is not None and name not in thing:
                    thing[name] = row[name]
                    new.append((row["id"], name, row[name]))
            for item in row["colours"] or []:
                if item is not None and item not in thing["colours"]:
                    thing["colours"].append(item)
                    new.append((row["id"], "colours", item))
        additions[source] = new
    return additions


# ---------------------------------------------------------------- examples


def test_the_first_source_to_say_something_is_believed_and_later_ones_fill_in():
    # given
    first = mice(("MGI:1", "Myo6", None, ["brown"]))
    second = mice(("MGI:1", "Sv", 20.0, ["brown", "white"]), ("MGI:2", "Cib2", None, None))

    # when
    merged = merge(MOUSE, {"first": first, "second": second})

    # then
    assert merged.table.rows() == [
        ("MGI:1", "Myo6", 20.0, ["brown", "white"]),
        ("MGI:2", "Cib2", None, []),
    ]
    assert merged.additions["first"].rows() == [("MGI:1", "Myo6", None, ["brown"], True)]
    assert merged.additions["second"].rows() == [
        ("MGI:1", None, 20.0, ["white"], False),
        ("MGI:2", "Cib2", None, [], True),
    ]
    assert merged.conflicts == {"Mouse.name": 1}


def test_the_order_of_the_sources_decides():
    first, second = mice(("MGI:1", "a", None, [])), mice(("MGI:1", "b", None, []))

    assert merge(MOUSE, {"x": first, "y": second}).table["name"].to_list() == ["a"]
    assert merge(MOUSE, {"y": second, "x": first}).table["name"].to_list() == ["b"]


def test_a_source_that_says_nothing_new_adds_nothing():
    table = mice(("MGI:1", "a", 1.0, ["brown"]))

    merged = merge(MOUSE, {"x": table, "y": table})

    assert merged.additions["y"].is_empty()
    assert merged.conflicts == {}


def test_a_thing_that_is_only_mentioned_is_there_all_the_same():
    merged = merge(MOUSE, {"x": mice(("MGI:1", None, None, None))})

    assert merged.table.rows() == [("MGI:1", None, None, [])]
    assert merged.additions["x"][FIRST_MET].to_list() == [True]


def test_several_rows_for_a_thing_in_one_source_become_one():
    # given
    table = mice(
        ("MGI:2", None, None, ["white", None]),
        ("MGI:1", "a", None, []),
        ("MGI:2", "b", None, ["brown", "white"]),
        ("MGI:2", "c", 5.0, None),
    )

    # when
    merged = merge(MOUSE, {"x": table})

    # then
    assert merged.table.rows() == [("MGI:2", "b", 5.0, ["white", "brown"]), ("MGI:1", "a", None, [])]


def test_a_table_may_lack_columns():
    merged = merge(
        MOUSE, {"x": pl.DataFrame({"id": ["MGI:1"], "name": ["a"]}), "y": pl.DataFrame({"id": ["MGI:2"]})}
    )

    assert merged.table.rows() == [("MGI:1", "a", None, []), ("MGI:2", None, None, [])]
    assert merged.table.schema == MOUSE.dtypes


def test_no_sources_make_an_empty_table():
    merged = merge(MOUSE, {})

    assert merged.table.is_empty()
    assert merged.table.schema == MOUSE.dtypes


def test_conflicts_are_counted_in_things_and_over_all_sources():
    tables = {
        "x": mice(("MGI:1", "a", 1.0, []), ("MGI:2", "a", 1.0, [])),
        "y": mice(("MGI:1", "b", 1.0, []), ("MGI:2", "b", 2.0, [])),
        "z": mice(("MGI:1", "c", None, ["red"])),
    }

    assert merge(MOUSE, tables).conflicts == {"Mouse.name": 3, "Mouse.weight": 1}


# ---------------------------------------------------------------- any tables

CELL = st.none() | st.sampled_from(["a", "b", "c"])
ROW = st.tuples(
    st.sampled_from(IDS),
    CELL,
    st.none() | st.sampled_from([0.0, 1.5]),
    st.none() | st.lists(CELL, max_size=3),
)
TABLES = st.dictionaries(
    st.sampled_from(["hgnc", "impc", "mgi"]),
    st.lists(ROW, max_size=5).map(lambda rows: mice(*rows)),
    max_size=3,
)


@settings(max_examples=60, deadline=None)
@given(TABLES)
def test_what_each_source_adds_is_what_a_slow_reader_would_say(tables):
    # when
    merged = merge(MOUSE, tables)

    # then
    slow = slowly(tables)
    assert {name: set(statements(addition)) for name, addition in merged.additions.items()} == {
        name: set(new) for name, new in slow.items()
    }


@settings(max_examples=60, deadline=None)
@given(TABLES)
def test_a_statement_stands_in_one_addition_and_all_of_them_are_the_table(tables):
    # when
    merged = merge(MOUSE, tables)
    additions = [statements(addition) for addition in merged.additions.values()]

    # then
    for said in additions:
        assert len(said) == len(set(said))
    for one, other in itertools.combinations(additions, 2):
        assert not set(one) & set(other)
    assert sorted(itertools.chain(*additions), key=repr) == sorted(statements(merged.table), key=repr)
    assert merged.table["id"].is_unique().all()


@settings(max_examples=50, deadline=None)
@given(TABLES)
def test_the_same_tables_are_merged_to_the_same_rows_in_the_same_order(tables):
    once, again = merge(MOUSE, tables), merge(MOUSE, {name: table.clone() for name, table in tables.items()})

    assert once.table.rows() == again.table.rows()
    assert {n: a.rows() for n, a in once.additions.items()} == {
        n: a.rows() for n, a in again.additions.items()
    }


# ---------------------------------------------------------------- bulk kinds


@pytest.fixture
def part(tmp_path):
    def part(name, *ids, **columns):
        path = tmp_path / f"{name}.parquet"
        pl.DataFrame({"id": list(ids), **columns}, schema_overrides={"id": pl.String}).write_parquet(path)
        return path

    return part


def test_parts_of_bulk_kinds_are_put_end_to_end_and_a_repeated_id_is_left_out(part):
    # given
    files = {
        "x": [part("x0", "impckg:result/2", gene=["MGI:1"]), part("x1", "impckg:result/1", gene=["MGI:1"])],
        "y": [part("y0", "impckg:result/1", "impckg:result/3", p_value=[0.5, 0.1])],
        "z": [part("z0", "impckg:result/3", "impckg:result/4", "impckg:result/2")],
    }

    # when
    table = concatenate(kind("Result"), files).collect()

    # then
    assert table["id"].to_list() == [f"impckg:result/{n}" for n in (2, 1, 3, 4)]
    assert table.select("gene", "p_value").rows() == [
        ("MGI:1", None),
        ("MGI:1", None),
        (None, 0.1),
        (None, None),
    ]
    assert table.schema == kind("Result").dtypes
