"""Old term ids made current, and what is done with those that cannot be."""

import doctest
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impckg.graph.errors import MissingColumn, OntologyError, SchemaError
from impckg.ontology import normalise as module
from impckg.ontology.normalise import TermIndex, known_terms, normalise, successors, term_index
from impckg.ontology.read import Ontology, read_ontology

FIXTURES = Path(__file__).parents[1] / "fixtures" / "ontology"

# A busy machine is no failure, and no run depends on the one before.
unhurried = settings(deadline=None, database=None)

LIVE, LIVE_TOO = "MP:9000001", "MP:9000002"
REPLACED, REPLACED_TWICE, MERGED = "MP:9000011", "MP:9000012", "MP:9000101"
RETIRED, UNKNOWN, OF_ANOTHER = "MP:9000013", "MP:1234567", "MPATH:1"

REPLACED_SCHEMA = {
    "column": pl.String,
    "from": pl.String,
    "to": pl.String,
    "reason": pl.String,
    "rows": pl.UInt32,
}
UNKNOWN_SCHEMA = {"row": pl.UInt32, "column": pl.String, "value": pl.String, "rule": pl.String}


@pytest.fixture(scope="module")
def mp() -> Ontology:
    return read_ontology(FIXTURES / "replacements.obo", "MP")


@pytest.fixture(scope="module")
def terms(mp: Ontology) -> TermIndex:
    return term_index([mp, read_ontology(FIXTURES / "mondo.obo", "MONDO")])


def successor_of(ontology: Ontology, term: str) -> tuple[str | None, str]:
    row = successors([ontology]).row(by_predicate=pl.col("term") == term, named=True)
    return row["successor"], row["reason"]


def test_the_examples_in_the_docstrings_are_true() -> None:
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize(
    ("term", "successor", "reason"),
    [
        (REPLACED, LIVE, "replaced"),
        (REPLACED_TWICE, LIVE, "replaced"),
        (MERGED, LIVE, "alternative"),
        ("MP:9000112", LIVE, "alternative"),
        ("MP:9000019", "MP:9000004", "alternative"),
        ("MP:9000020", LIVE, "replaced"),
        (RETIRED, None, "not_replaced"),
        ("MP:9000014", None, "not_replaced"),
        ("MP:9000114", None, "not_replaced"),
        ("MP:9000015", None, "several_replacements"),
        ("MP:9000103", None, "several_replacements"),
        ("MP:9000016", None, "replaced_in_a_circle"),
        ("MP:9000017", None, "replaced_in_a_circle"),
        ("MP:9000021", None, "replaced_in_a_circle"),
        ("MP:9000018", None, "replaced_elsewhere"),
    ],
    ids=[
        "replaced",
        "replaced by one that is replaced",
        "alternative id of a live term",
        "alternative id of a replaced term",
        "obsolete term that is an alternative id",
        "replaced by an alternative id",
        "replaced by nothing",
        "replaced by one that is replaced by nothing",
        "alternative id of a term that is replaced by nothing",
        "replaced by two",
        "alternative id of two",
        "circle",
        "the same circle",
        "replaced by itself",
        "replaced by a term of another ontology",
    ],
)
def test_an_old_id_has_one_live_successor_or_a_reason_for_none(
    mp: Ontology, term: str, successor: str | None, reason: str
) -> None:
    assert successor_of(mp, term) == (successor, reason)


def test_a_live_term_has_no_successor_even_if_another_lists_it_as_alternative(mp: Ontology) -> None:
    found = successors([mp])

    assert LIVE_TOO not in found["term"]
    assert found["term"].is_sorted()
    assert found["term"].is_unique().all()


def test_an_alternative_id_of_another_ontology_is_not_known(mp: Ontology) -> None:
    assert "HP:0000101" not in successors([mp])["term"]
    assert "HP:0000101" not in known_terms([mp])["term"]


def test_every_id_is_live_or_obsolete_or_alternative(mp: Ontology) -> None:
    known = known_terms([mp])

    status = dict(known.iter_rows())

    assert known["term"].is_sorted()
    assert len(status) == known.height
    assert (status[LIVE], status[LIVE_TOO], status[RETIRED]) == ("live", "live", "obsolete")
    assert (status[MERGED], status["MP:9000019"]) == ("alternative", "obsolete")


def test_several_ontologies_are_known_together(terms: TermIndex) -> None:
    assert terms.prefixes == ("MP", "MONDO")
    assert {"MP:9000001", "MONDO:0000001"} <= set(terms.terms["term"])


def test_two_ontologies_with_one_prefix_are_refused(mp: Ontology) -> None:
    with pytest.raises(OntologyError) as refused:
        term_index([mp, mp])

    assert str(refused.value) == "two ontologies have the prefix MP; expected one of each"


def test_no_ontologies_know_nothing() -> None:
    nothing = term_index([])

    table = pl.DataFrame({"term": [LIVE, None]})

    assert nothing.terms.is_empty()
    assert normalise(table, "term", nothing).table.equals(table)


def test_old_ids_in_a_column_are_replaced_and_the_rest_is_kept(terms: TermIndex) -> None:
    table = pl.DataFrame(
        {
            "gene": ["a", "b", "c", "d", "e", "f"],
            "term": [REPLACED, LIVE, None, OF_ANOTHER, MERGED, REPLACED],
            "row": [0, 0, 0, 0, 0, 0],
        }
    )

    done = normalise(table, "term", terms)

    assert done.table.equals(table.with_columns(term=pl.Series([LIVE, LIVE, None, OF_ANOTHER, LIVE, LIVE])))
    assert done.replaced.rows() == [
        ("term", REPLACED, LIVE, "replaced", 2),
        ("term", MERGED, LIVE, "alternative", 1),
    ]
    assert done.unknown.is_empty()


def test_a_row_whose_term_is_unknown_or_retired_is_set_aside_with_its_number(terms: TermIndex) -> None:
    table = pl.DataFrame({"gene": ["a", "b", "c", "d"], "term": [LIVE, UNKNOWN, "MONDO:9", RETIRED]})

    done = normalise(table, "term", terms)

    assert done.table.rows() == [("a", LIVE)]
    assert done.unknown.rows() == [
        (1, "term", UNKNOWN, "unknown_term"),
        (2, "term", "MONDO:9", "unknown_term"),
        (3, "term", RETIRED, "obsolete_term"),
    ]


def test_in_a_list_only_the_entry_is_set_aside_and_the_order_is_kept(terms: TermIndex) -> None:
    table = pl.DataFrame(
        {
            "gene": ["a", "b", "c", "d", "e"],
            "terms": [
                [LIVE_TOO, UNKNOWN, REPLACED, OF_ANOTHER],
                None,
                [],
                [RETIRED],
                [UNKNOWN, LIVE, RETIRED],
            ],
        }
    )

    done = normalise(table, "terms", terms)

    assert done.table.rows() == [
        ("a", [LIVE_TOO, LIVE, OF_ANOTHER]),
        ("b", None),
        ("c", []),
        ("d", []),
        ("e", [LIVE]),
    ]
    assert done.unknown.rows() == [
        (0, "terms", UNKNOWN, "unknown_term"),
        (3, "terms", RETIRED, "obsolete_term"),
        (4, "terms", UNKNOWN, "unknown_term"),
        (4, "terms", RETIRED, "obsolete_term"),
    ]


def test_entries_of_a_list_that_become_equal_are_merged_into_the_first(terms: TermIndex) -> None:
    table = pl.DataFrame({"terms": [[REPLACED, LIVE_TOO, LIVE, MERGED, None, REPLACED, None], [MERGED]]})

    done = normalise(table, "terms", terms)

    assert done.table["terms"].to_list() == [[LIVE, LIVE_TOO, None, None], [LIVE]]
    assert done.replaced.rows() == [
        ("terms", REPLACED, LIVE, "replaced", 1),
        ("terms", MERGED, LIVE, "alternative", 2),
    ]


@pytest.mark.parametrize("dtype", [pl.String, pl.List(pl.String)], ids=["strings", "lists"])
def test_an_empty_table_stays_one_and_the_reports_keep_their_columns(
    terms: TermIndex, dtype: pl.DataType
) -> None:
    table = pl.DataFrame(schema={"gene": pl.String, "term": dtype})

    done = normalise(table, "term", terms)

    assert done.table.equals(table)
    assert done.table.schema == table.schema
    assert done.replaced.schema == REPLACED_SCHEMA
    assert done.unknown.schema == UNKNOWN_SCHEMA


def test_a_column_whose_name_is_used_within_is_no_trouble(terms: TermIndex) -> None:
    for column in ("row", "value", "term", "status", "successor", "reason", "current", "rule", "before"):
        table = pl.DataFrame({column: [REPLACED], "other": [1]})

        assert normalise(table, column, terms).table.rows() == [(LIVE, 1)]
        assert normalise(table.with_columns(pl.col(column).implode()), column, terms).table.rows() == [
            ([LIVE], 1)
        ]


def test_a_table_that_lacks_the_column_is_refused(terms: TermIndex) -> None:
    with pytest.raises(MissingColumn) as refused:
        normalise(pl.DataFrame({"gene": ["a"], "mp": [LIVE]}), "term", terms)

    assert str(refused.value) == "column 'term': not found; expected one of gene, mp"


def test_a_column_that_does_not_hold_ids_is_refused(terms: TermIndex) -> None:
    with pytest.raises(SchemaError) as refused:
        normalise(pl.DataFrame({"term": [1]}), "term", terms)

    assert str(refused.value) == "column 'term': holds Int64; expected String or List(String)"


entry = st.sampled_from([LIVE, LIVE_TOO, REPLACED, MERGED, RETIRED, UNKNOWN, OF_ANOTHER, None])


def current(value: str | None) -> str | None:
    return {REPLACED: LIVE, MERGED: LIVE}.get(value or "", value)


def usable(value: str | None) -> bool:
    return value not in {RETIRED, UNKNOWN}


@unhurried
@given(values=st.lists(entry))
def test_a_column_becomes_what_a_loop_would_make_of_it(terms: TermIndex, values: list[str | None]) -> None:
    table = pl.DataFrame({"term": values}, schema={"term": pl.String})

    done = normalise(table, "term", terms)

    assert done.table["term"].to_list() == [current(value) for value in values if usable(value)]
    assert done.unknown["row"].to_list() == [row for row, value in enumerate(values) if not usable(value)]
    assert done.replaced["rows"].sum() == sum(value in {REPLACED, MERGED} for value in values)


@unhurried
@given(lists=st.lists(st.none() | st.lists(entry)))
def test_a_column_of_lists_becomes_what_a_loop_would_make_of_it(
    terms: TermIndex, lists: list[list[str | None] | None]
) -> None:
    expected: list[list[str | None] | None] = []
    for values in lists:
        kept: list[str | None] = []
        for value in values or []:
            if usable(value) and (value is None or current(value) not in kept):
                kept.append(current(value))
        expected.append(None if values is None else kept)

    done = normalise(pl.DataFrame({"terms": lists}, schema={"terms": pl.List(pl.String)}), "terms", terms)

    assert done.table["terms"].to_list() == expected


def test_the_old_ids_of_mp_have_the_successors_counted_in_its_file(shared_data: Path) -> None:
    mp = read_ontology(shared_data / "ontology" / "mp" / "mp-2025-08-27.obo.gz", "MP")

    reasons = successors([mp])["reason"].value_counts()

    # 454 obsolete terms, 49 of them with one replacement; 685 alternative ids, 19 of them of terms that are
    # themselves retired for good and one of them an obsolete term.
    assert dict(reasons.iter_rows()) == {"replaced": 49, "not_replaced": 405 + 19, "alternative": 665}
