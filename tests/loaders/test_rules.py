"""Rules over whole columns: what each puts aside, under which name, and what it leaves."""

import datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impckg.graph.schema import schema
from impckg.loaders import rules
from impckg.loaders.table import LINE, all_good
from impckg.ontology.normalise import term_index
from impckg.ontology.read import read_ontology

ZYGOSITY = schema().enumerations["Zygosity"]


def rows_of(**columns):
    """Rows from line 2 on, with columns of text unless they are given as series."""
    frame = pl.DataFrame(
        {
            name: c if isinstance(c, pl.Series) else pl.Series(c, dtype=pl.String)
            for name, c in columns.items()
        }
    )
    return all_good(frame.with_columns(pl.int_range(2, frame.height + 2, dtype=pl.Int64).alias(LINE)))


def kept(rows, column="x"):
    return rows.kept[column].to_list()


def broken(rows):
    """Of each reject its rule and value."""
    return rows.rejects.sort("line").select("rule", "value").rows()


# ---------------------------------------------------------------- columns


def test_columns_take_our_names_and_others_go():
    rows = rules.rename(rows_of(theirs=["a"], other=["b"]), {"theirs": "ours"})

    assert rows.kept.columns == [LINE, "ours"]


def test_a_row_without_a_needed_value_is_put_aside_with_the_column():
    rows = rules.present(rows_of(x=["a", None, "c"], y=[None, "b", "c"]), "x", "y")

    assert kept(rows) == ["c"]
    assert rows.rejects.sort("line").rows() == [
        (2, "missing_value", "y", None),
        (3, "missing_value", "x", None),
    ]


# ---------------------------------------------------------------- identifiers


@pytest.mark.parametrize(
    ("cell", "rule"),
    [
        ("nobody:5", "unknown_prefix"),
        ("mp:0001262", "unknown_prefix"),
        ("https://example.org/5", "unknown_prefix"),
        ("MPATH:458", "unexpected_prefix"),
        ("impckg:line/A", "unexpected_prefix"),
        ("MP:1262", "malformed_identifier"),
        ("MP:00012622", "malformed_identifier"),
        ("MP:", "malformed_identifier"),
        ("MP", "malformed_identifier"),
        (":0001262", "malformed_identifier"),
        ("-", "malformed_identifier"),
        (" ", "malformed_identifier"),
        ("MP 0001262", "malformed_identifier"),
        ("MP:0001262,MP:0001263", "malformed_identifier"),
    ],
)
def test_what_is_no_identifier_of_the_expected_kind_breaks_the_rule_that_fits(cell, rule):
    rows = rules.curies(rows_of(x=[cell, "MP:0001262"]), "x", "MP")

    assert kept(rows) == ["MP:0001262"]
    assert [found for found, _ in broken(rows)] == [rule]


def test_identifiers_are_trimmed_and_take_the_preferred_prefix():
    rows = rules.curies(rows_of(x=[" Orphanet:558 ", "OMIM:138670", None]), "x", "ORPHA", "OMIM")

    assert kept(rows) == ["ORPHA:558", "OMIM:138670", None]
    assert rows.rejects.is_empty()


def test_items_of_a_list_that_are_no_identifiers_leave_it_and_are_told():
    # given
    cells = pl.Series(
        [["MP:0000001", "MP:1", "nobody:1"], [], None, ["HP:0000001"]], dtype=pl.List(pl.String)
    )

    # when
    rows = rules.item_curies(rows_of(x=cells), "x", "MP")

    # then
    assert kept(rows) == [["MP:0000001"], [], None, []]
    assert rows.items.rows() == [
        (2, "malformed_identifier", "x", "MP:1"),
        (2, "unknown_prefix", "x", "nobody:1"),
        (5, "unexpected_prefix", "x", "HP:0000001"),
    ]
    assert rows.rejects.is_empty()
    assert rows.read == rows.kept.height == 4


def test_a_cell_that_is_no_identifier_is_emptied_and_told():
    rows = rules.item_curies(rows_of(x=["Orphanet:558", "ORPHA:", None]), "x", "ORPHA")

    assert kept(rows) == ["ORPHA:558", None, None]
    assert rows.items.rows() == [(3, "malformed_identifier", "x", "ORPHA:")]


def test_items_may_be_of_any_known_prefix_where_none_is_given():
    cells = pl.Series([["MP:0000001", "impckg:line/A", "obo.MONDO_0018037"]], dtype=pl.List(pl.String))

    rows = rules.item_curies(rows_of(x=cells), "x")

    assert kept(rows) == [["MP:0000001", "impckg:line/A"]]
    assert rows.items["rule"].to_list() == ["malformed_identifier"]


# ---------------------------------------------------------------- numbers


@pytest.mark.parametrize(
    "cell", ["NaN", "nan", "inf", "-inf", "Infinity", "1e400", "1,5", "5%", "x", " ", "--5"]
)
def test_what_is_no_finite_number_is_put_aside(cell):
    rows = rules.numbers(rows_of(x=[cell, "0.5"]), "x")

    assert kept(rows) == [0.5]
    assert broken(rows) == [("not_a_number", cell)]


def test_numbers_are_read_in_full():
    cells = ["1.21417411680369E-8", "-18.02", "1e-320", "0", "5", None]

    rows = rules.numbers(rows_of(x=cells), "x")

    assert kept(rows) == [1.21417411680369e-08, -18.02, 1e-320, 0.0, 5.0, None]


@pytest.mark.parametrize("cell", ["1.5", "-0.1", "1.0000001", "2"])
def test_a_p_value_outside_of_0_to_1_is_put_aside(cell):
    rows = rules.probabilities(rows_of(x=[cell, "0", "1", "1e-320", None]), "x")

    assert kept(rows) == [0.0, 1.0, 1e-320, None]
    assert [rule for rule, _ in broken(rows)] == ["not_a_probability"]


def test_a_rejected_p_value_is_shown():
    assert broken(rules.probabilities(rows_of(x=["1.5", "many"]), "x")) == [
        ("not_a_probability", "1.5"),
        ("not_a_number", "many"),
    ]


@pytest.mark.parametrize("cell", ["-1", "1.5", "many", ".0", "1e3", "99999999999999999999", " 5"])
def test_what_is_no_count_is_put_aside(cell):
    rows = rules.counts(rows_of(x=[cell, "5", "12.0", "0", "0.0", None]), "x")

    assert kept(rows) == [5, 12, 0, 0, None]
    assert broken(rows) == [("not_a_count", cell)]


@pytest.mark.parametrize("cell", ["2026-13-01", "2026-02-30", "16 March 2026", "20260316", "x"])
def test_what_is_no_date_is_put_aside(cell):
    rows = rules.dates(rows_of(x=[cell, "2026-03-16", None]), "x")

    assert kept(rows) == [datetime.date(2026, 3, 16), None]
    assert broken(rows) == [("not_a_date", cell)]


# ---------------------------------------------------------------- values


def test_values_are_known_by_key_title_and_the_spellings_of_a_file():
    rows = rules.values(
        rows_of(x=["early_adult", "Early adult", "NA", "young", None, "Old"]),
        "x",
        schema().enumerations["LifeStage"],
        {"NA": None, "young": "early_adult"},
    )

    assert kept(rows) == ["early_adult", "early_adult", None, "early_adult", None]
    assert broken(rows) == [("unknown_x", "Old")]


@pytest.mark.parametrize("cell", ["Homozygote", "homozygous", "hom", " homozygote", ""])
def test_an_unknown_zygosity_is_put_aside(cell):
    rows = rules.values(rows_of(zygosity=[cell, "homozygote"]), "zygosity", ZYGOSITY)

    assert kept(rows, "zygosity") == ["homozygote"]
    assert broken(rows) == [("unknown_zygosity", cell)]


def test_values_that_do_not_match_break_the_given_rule():
    rows = rules.values_matching(
        rows_of(x=["3/7", "many", None]), "x", r"^[0-9]+/[0-9]+$", "malformed_frequency"
    )

    assert kept(rows) == ["3/7", None]
    assert broken(rows) == [("malformed_frequency", "many")]


def test_lists_are_split_trimmed_and_hold_each_item_once_in_order():
    rows = rules.lists(rows_of(x=["b|a| b ||", None, " ", "c"]), "|", "x")

    assert kept(rows) == [["b", "a"], [], [], ["c"]]


# ---------------------------------------------------------------- repeated keys


def test_the_first_row_with_a_key_counts_and_the_rest_repeat_it():
    # given
    seen = rules.Seen()

    # when
    first = seen.first_only(rows_of(a=["x", "x", "y"], b=["1", "1", None]), ["a", "b"])
    second = seen.first_only(rows_of(a=["y", "x", "z"], b=[None, "2", "1"]), ["a", "b"])

    # then
    assert first.kept.select("a", "b").rows() == [("x", "1"), ("y", None)]
    assert first.rejects.rows() == [(3, "duplicated", "a+b", "x 1")]
    assert second.kept.select("a", "b").rows() == [("x", "2"), ("z", "1")]
    assert second.rejects.rows() == [(2, "duplicated", "a+b", "y ")]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("ab", "c"), ("a", "bc")),
        (("a", "b"), ("b", "a")),
        ((None, "a"), ("a", None)),
        (("", "a"), (None, "a")),
    ],
)
def test_keys_that_look_alike_are_different(one, other):
    rows = rules.Seen().first_only(rows_of(a=[one[0], other[0]], b=[one[1], other[1]]), ["a", "b"])

    assert rows.kept.height == 2


@settings(max_examples=50, deadline=None)
@given(st.lists(st.lists(st.integers(0, 30), max_size=20), max_size=12))
def test_keys_are_told_apart_as_a_slow_set_does(blocks):
    # given
    seen, slow = rules.Seen(), set()

    for block in blocks:
        # when
        rows = seen.first_only(rows_of(x=[str(key) for key in block]), ["x"], "again")

        # then
        expected = []
        for key in map(str, block):
            if key not in slow:
                expected.append(key)
            slow.add(key)
        assert kept(rows) == expected
        assert rows.rejects.height == len(block) - len(expected)


# ---------------------------------------------------------------- terms


@pytest.fixture(scope="module")
def index():
    folder = Path(__file__).parents[1] / "fixtures" / "ontology"
    return term_index([read_ontology(folder / "replacements.obo", "MP")])


def test_old_terms_are_replaced_and_counted(index):
    rows, replaced = rules.terms(
        rows_of(x=["MP:9000011", "MP:9000101", "MP:9000011", "MP:9000001", None]), "x", index
    )

    assert kept(rows) == ["MP:9000001"] * 4 + [None]
    assert replaced.rows() == [
        ("x", "MP:9000011", "MP:9000001", "replaced", 2),
        ("x", "MP:9000101", "MP:9000001", "alternative", 1),
    ]


def test_a_row_whose_term_no_ontology_has_is_put_aside(index):
    rows, _ = rules.terms(rows_of(x=["MP:9000001", "MP:0000000", "MP:9000013", "MPATH:458"]), "x", index)

    assert kept(rows) == ["MP:9000001", "MPATH:458"], "terms of ontologies that nobody read are let through"
    assert rows.rejects.rows() == [
        (3, "unknown_term", "x", "MP:0000000"),
        (4, "obsolete_term", "x", "MP:9000013"),
    ]
    assert rows.read == rows.kept.height + rows.rejects.height


def test_of_a_list_only_the_term_goes(index):
    # given
    cells = pl.Series([["MP:9000001", "MP:0000000"], ["MP:9000013"], ["MP:9000011", "MP:9000001"]])

    # when
    rows, replaced = rules.terms(rows_of(x=cells), "x", index)

    # then
    assert kept(rows) == [["MP:9000001"], [], ["MP:9000001"]]
    assert rows.items.rows() == [
        (2, "unknown_term", "x", "MP:0000000"),
        (3, "obsolete_term", "x", "MP:9000013"),
    ]
    assert rows.rejects.is_empty()
    assert replaced.rows() == [("x", "MP:9000011", "MP:9000001", "replaced", 1)]
