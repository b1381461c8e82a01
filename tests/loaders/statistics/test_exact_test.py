"""Fisher's exact test against every table, against scipy, and against R."""

import gzip
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import fisher_exact

from impckg.graph.errors import BadParameter
from impckg.loaders.statistics.exact_test import exact_p_value, largest_difference, plain_p_value

small = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 5)), min_size=2, max_size=4)
squares = st.lists(st.tuples(st.integers(1, 400), st.integers(0, 60)), min_size=2, max_size=2)


@given(small)
def test_it_finds_what_looking_at_every_table_finds(rows):
    table = np.array(rows)

    if table.sum(axis=0).all():
        assert exact_p_value(table) == pytest.approx(plain_p_value(table), rel=1e-9)


@given(squares)
def test_of_two_rows_it_finds_what_scipy_finds(rows):
    table = np.array(rows)

    if table.sum(axis=0).all():
        assert exact_p_value(table) == pytest.approx(fisher_exact(table).pvalue, rel=1e-7)


@given(small, st.randoms())
def test_the_order_of_rows_and_columns_does_not_matter(rows, chance):
    shuffled = list(rows)
    chance.shuffle(shuffled)

    assert exact_p_value(np.array(rows)) == pytest.approx(
        exact_p_value(np.array(shuffled)[:, ::-1]), rel=1e-9
    )


@pytest.mark.parametrize("rows", [[[3, 0], [4, 0]], [[0, 0], [5, 6]], [[5, 6]]])
def test_a_table_that_says_nothing_has_a_p_value_of_one(rows):
    assert exact_p_value(np.array(rows)) == 1.0


def test_large_tables_of_several_rows_are_exact():
    table = np.array([[107, 120], [220, 230], [300, 280], [41, 60], [7, 2]])

    assert 0 < exact_p_value(table) < 1
    assert exact_p_value(table) == pytest.approx(exact_p_value(table[::-1]), rel=1e-9)


def test_tables_of_several_rows_are_told_apart_as_by_r():
    # From fisher.test of R 4.2.2: other tables are more likely by between 1e-7 and 3.5e-7. They count.
    table = np.array([[675, 98], [425, 76], [98, 7], [505, 77], [297, 42]])

    assert exact_p_value(table) == pytest.approx(0.18829760046157829, rel=1e-9)


@pytest.mark.parametrize(
    "table", [np.array([1, 2]), np.array([[1, 2, 3]]), np.array([[1, -2]]), np.array([[0.5, 1]])]
)
def test_what_is_no_table_of_counts_is_refused(table):
    with pytest.raises(BadParameter, match="expected counts in two columns"):
        exact_p_value(table)


def test_the_effect_of_a_column_that_is_empty_is_not_known():
    assert largest_difference(np.array([[3, 0], [4, 0]])) is None


def test_it_finds_what_r_finds_in_every_golden_table(shared_data):
    compared = 0
    for path in sorted((shared_data / "statistics" / "golden").glob("*.json.gz")):
        for test in tables_of(json.loads(gzip.decompress(path.read_bytes()))):
            counts = np.array(test["table"]["counts"])
            if counts.ndim == 2 and counts.shape[1] == 2:
                assert exact_p_value(counts) == pytest.approx(test["p_value"], rel=1e-7), (path.name, counts)
                if test["effect"] is not None:
                    assert largest_difference(counts) == pytest.approx(test["effect"], abs=1e-12), path.name
                compared += 1

    assert compared > 200


def tables_of(result):
    """Every table with its p-value, wherever it stands."""
    if isinstance(result, dict):
        if result.get("table") and "p_value" in result:
            yield result
        else:
            for part in result.values():
                yield from tables_of(part)
