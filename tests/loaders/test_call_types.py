"""How a call was made, and which of its numbers are numbers."""

import math

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from impckg.graph.schema import schema
from impckg.loaders.call_types import call_type, evidence, neg_log10, without_placeholders


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        # Words of releases 18 to 24.
        ("Linear Mixed Model framework, LME, including Weight", "linear_model"),
        ("Linear Mixed Model framework, LME, not including Weight", "linear_model"),
        ("Linear Mixed Model framework, GLS, including Weight", "linear_model"),
        ("Fisher Exact Test framework", "fisher_exact"),
        (
            "Reference Range Plus Test framework; quantile = 0.95 (Tails probability = 0.025)",
            "reference_range",
        ),
        ("Supplied as data", "supplied"),
        # Words of reports before release 12.
        ("Mixed Model framework, linear mixed-effects model, equation withoutWeight", "linear_model"),
        ("Mixed Model framework, generalized least squares, equation withWeight", "linear_model"),
        ("Fisher's exact test", "fisher_exact"),
        ("Unknown", "unknown_method"),
        ("Manual", "unknown_method"),
        ("", "unknown_method"),
        (None, "unknown_method"),
        # Never guessed.
        ("Wilcoxon rank sum test with continuity correction", "other_method"),
        ("Unknown test of unknowns", "other_method"),
    ],
)
def test_the_type_of_a_call_follows_from_the_words_of_its_method(method, expected):
    frame = pl.DataFrame({"method": [method]}, schema={"method": pl.String})

    assert frame.select(call_type(pl.col("method"))).item() == expected


def test_every_type_is_a_value_of_the_schema():
    methods = pl.Series(["supplied", "reference range", "fisher", "mixed", "unknown", "x"])
    declared = {value.key for value in schema().enumerations["CallType"].values}

    assert set(pl.select(call_type(methods)).to_series()) == declared


@pytest.mark.parametrize(
    ("method", "p_value", "effect_size", "kept"),
    [
        pytest.param("Supplied as data", 0.0, 1.0, (None, None), id="called"),
        pytest.param("Supplied as data", 1.0, 0.0, (None, None), id="not called"),
        pytest.param("Supplied as data", 0.004, 1.0, (0.004, None), id="a p-value of the centre"),
        pytest.param("Supplied as data", 0.0, 0.75, (None, 0.75), id="an effect of the centre"),
        pytest.param("Supplied as data", None, None, (None, None), id="nothing"),
        pytest.param("Fisher Exact Test framework", 0.0, 1.0, (0.0, 1.0), id="an underflow"),
        pytest.param("Unknown", 0.0, 1.0, (0.0, 1.0), id="a method that is not stated"),
        pytest.param(None, 0.0, 1.0, (0.0, 1.0), id="no method"),
    ],
)
def test_placeholders_are_taken_out_of_supplied_data_alone(method, p_value, effect_size, kept):
    # given
    frame = pl.DataFrame(
        {"method": [method], "p": [p_value], "effect": [effect_size]},
        schema={"method": pl.String, "p": pl.Float64, "effect": pl.Float64},
    )

    # when
    p, effect = without_placeholders(pl.col("method"), pl.col("p"), pl.col("effect"))

    # then
    assert frame.select(p.alias("p"), effect.alias("effect")).row(0) == kept


@pytest.mark.parametrize(
    ("p", "expected"), [(1.0, 0.0), (0.001, 3.0), (1e-320, 320.0), (0.0, math.inf), (None, None)]
)
def test_the_negative_logarithm_of_a_p_value(p, expected):
    found = pl.select(neg_log10(pl.lit(p, pl.Float64))).item()

    assert found == pytest.approx(expected)
    assert found is None or math.copysign(1, found) == 1, "minus zero would be written as -0.0"


@given(st.floats(0, 1, exclude_min=True))
def test_the_negative_logarithm_is_never_below_zero(p):
    found = pl.select(neg_log10(pl.lit(p))).item()

    assert found >= 0
    assert found == pytest.approx(-math.log10(p))


@pytest.mark.parametrize(
    ("type_", "term"),
    [
        ("supplied", "ECO:0000218"),
        ("fisher_exact", "ECO:0000203"),
        ("other_method", "ECO:0000203"),
        ("unknown_method", None),
    ],
)
def test_supplied_calls_are_asserted_by_hand_and_others_by_program(type_, term):
    assert pl.select(evidence(pl.lit(type_))).item() == term
