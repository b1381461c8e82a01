"""How a call was made, and which of its numbers are numbers.

Published files name the statistical method in words that changed over the years. A call's type follows from those words
alone, never from its p-value (notes on the IMPC pipeline: a p-value of 0 may be a placeholder or an underflow, and a
significant result may have a combined p-value of 0.9 because one sex drives it).
"""

import polars as pl

SUPPLIED = "Supplied as data"

# First match wins; the words are those of the statistical-result core of DR 18 to 24 and of reports before DR 12.
_CALL_TYPES: tuple[tuple[str, str], ...] = (
    (r"(?i)supplied", "supplied"),
    (r"(?i)reference range", "reference_range"),
    (r"(?i)fisher", "fisher_exact"),
    (r"(?i)mixed|linear model|generalized least squares", "linear_model"),
    (r"(?i)^(unknown|manual)?$", "unknown_method"),
)


def call_type(method: pl.Expr) -> pl.Expr:
    """The type of a call, from the words for its statistical method.

    >>> methods = ["Fisher Exact Test framework", "Supplied as data", "Mixed Model -Phenstat", None, "Wilcoxon"]
    >>> pl.select(call_type(pl.Series(methods))).to_series().to_list()
    ['fisher_exact', 'supplied', 'linear_model', 'unknown_method', 'other_method']
    """
    words = method.fill_null("")
    expression: pl.Expr = pl.lit("other_method")
    for pattern, type_ in reversed(_CALL_TYPES):
        expression = pl.when(words.str.contains(pattern)).then(pl.lit(type_)).otherwise(expression)
    return expression


def without_placeholders(method: pl.Expr, p_value: pl.Expr, effect_size: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    """p-value and effect size without those that supplied data carry as placeholders.

    Supplied calls have p 0 and effect 1 where called, p 1 and effect 0 where not; a centre's own p-value (viability) is
    kept.
    """
    placeholder = (method.fill_null("") == SUPPLIED) & p_value.is_in([0.0, 1.0])
    return (
        pl.when(placeholder).then(None).otherwise(p_value),
        pl.when((method.fill_null("") == SUPPLIED) & effect_size.is_in([0.0, 1.0]))
        .then(None)
        .otherwise(effect_size),
    )


def neg_log10(p_value: pl.Expr) -> pl.Expr:
    """-log10 p; infinity where p is 0, which is an underflow once placeholders are gone.

    >>> pl.select(neg_log10(pl.Series([0.001, 1.0, 0.0])).round(6)).to_series().to_list()
    [3.0, 0.0, inf]
    """
    # A probability has no logarithm above 0; unlike a minus this gives 0.0 for p = 1, not -0.0.
    return p_value.log10().abs()


def evidence(call_type_: pl.Expr) -> pl.Expr:
    """The ECO term for how a call was made: manual assertion for supplied ones, automatic for the rest.

    Source: impc-etl d8c64cf, genotype-phenotype core (assertion_type_id).
    """
    return (
        pl.when(call_type_ == "supplied")
        .then(pl.lit("ECO:0000218"))
        .when(call_type_ == "unknown_method")
        .then(None)
        .otherwise(pl.lit("ECO:0000203"))
    )
