"""What a published cell must be to be believed: rules over whole columns.

Each function takes rows and returns them with the rows put aside that break its rule; the name of the rule is what the
build report counts. Where a rule reads text as a number or a value, the column comes back in its new form.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import polars as pl

from impckg.graph.identifiers import OWN_PREFIX, PREFIXES, curie_pattern, standard_curies
from impckg.graph.schema import Enumeration
from impckg.loaders.table import LINE, SHOWN, Rows
from impckg.ontology.normalise import TermIndex, normalise

_KNOWN_PREFIXES = [p.prefix for p in PREFIXES] + [OWN_PREFIX]


def rename(rows: Rows, names: Mapping[str, str]) -> Rows:
    """The rows with only the named columns, under the names that we use for them."""
    kept = rows.kept.select(LINE, *(pl.col(theirs).alias(ours) for theirs, ours in names.items()))
    return rows.with_kept(kept)


def change(rows: Rows, **columns: pl.Expr) -> Rows:
    """The rows with columns added or replaced."""
    return rows.with_kept(rows.kept.with_columns(**columns))


def present(rows: Rows, *columns: str) -> Rows:
    """Rows that have something in each of the columns; others break `missing_value`."""
    for column in columns:
        rows = rows.put_aside(pl.col(column).is_null(), "missing_value", column)
    return rows


def curies(rows: Rows, column: str, *prefixes: str) -> Rows:
    """Rows whose cell is empty or a CURIE with one of the prefixes, in their standard spelling.

    Others break `unknown_prefix` (one that nobody knows), `unexpected_prefix` (known, but not here) or
    `malformed_identifier`.
    """
    rows = change(rows, **{column: standard_curies(pl.col(column).str.strip_chars())})
    for rule in ("unknown_prefix", "unexpected_prefix", "malformed_identifier"):
        rows = rows.put_aside(_broken_rule(pl.col(column), prefixes) == rule, rule, column)
    return rows


def item_curies(rows: Rows, column: str, *prefixes: str) -> Rows:
    """The rows with only those items of a list, or that cell, that are CURIEs with one of the prefixes.

    prefixes: all known ones where none are given.

    The others are taken out and told among the items; the rules are those of `curies`.
    """
    is_list = isinstance(rows.kept.schema[column], pl.List)
    expected = prefixes or tuple(_KNOWN_PREFIXES)
    standard = standard_curies(pl.element() if is_list else pl.col(column))
    rows = change(rows, **{column: pl.col(column).list.eval(standard) if is_list else standard})
    long = rows.kept.select(LINE, value=pl.col(column))
    if is_list:
        long = long.explode("value", empty_as_null=False, keep_nulls=False)
    rule = _broken_rule(pl.col("value"), expected)
    items = long.select(
        line=LINE, rule=rule, column=pl.lit(column), value=pl.col("value").str.slice(0, SHOWN)
    ).drop_nulls("rule")
    if items.is_empty():
        return rows
    kept = (
        pl.col(column).list.eval(pl.element().filter(_broken_rule(pl.element(), expected).is_null()))
        if is_list
        else pl.when(_broken_rule(pl.col(column), expected).is_null()).then(pl.col(column))
    )
    return replace(change(rows, **{column: kept}), items=pl.concat([rows.items, items]))


def _broken_rule(cell: pl.Expr, prefixes: Sequence[str]) -> pl.Expr:
    """The rule that a CURIE breaks; null for a good or an empty one."""
    prefix = cell.str.extract(r"^([A-Za-z][\w.]*):", 1)
    return (
        pl.when(cell.is_null() | cell.str.contains(curie_pattern(prefixes)))
        .then(None)
        .when(prefix.is_not_null() & ~prefix.is_in(_KNOWN_PREFIXES))
        .then(pl.lit("unknown_prefix"))
        .when(prefix.is_not_null() & ~prefix.is_in(list(prefixes)))
        .then(pl.lit("unexpected_prefix"))
        .otherwise(pl.lit("malformed_identifier"))
    )


def numbers(rows: Rows, *columns: str) -> Rows:
    """Rows whose cells are empty or finite numbers, as Float64; others break `not_a_number`."""
    for column in columns:
        number = pl.col(column).cast(pl.Float64, strict=False)
        # NaN and infinity are numbers to the parser, not to a reader of results.
        rows = rows.put_aside(
            pl.col(column).is_not_null() & ~number.is_finite().fill_null(False), "not_a_number", column
        )
        rows = change(rows, **{column: number})
    return rows


def probabilities(rows: Rows, *columns: str) -> Rows:
    """Rows whose cells are empty or numbers from 0 to 1, as Float64; others break `not_a_probability`."""
    rows = numbers(rows, *columns)
    for column in columns:
        rows = rows.put_aside(~pl.col(column).is_between(0, 1), "not_a_probability", column)
    return rows


def counts(rows: Rows, *columns: str) -> Rows:
    """Rows whose cells are empty or whole numbers from 0 up, as Int64; others break `not_a_count`."""
    for column in columns:
        # Some reports write whole numbers as 12.0.
        number = pl.col(column).cast(pl.String).str.strip_suffix(".0").cast(pl.Int64, strict=False)
        rows = rows.put_aside(
            pl.col(column).is_not_null() & (number.is_null() | (number < 0)), "not_a_count", column
        )
        rows = change(rows, **{column: number})
    return rows


def values(
    rows: Rows, column: str, enumeration: Enumeration, spellings: Mapping[str, str | None] | None = None
) -> Rows:
    """Rows whose cell is empty or names a value of the enumeration, as the value's key.

    spellings: what the file writes for a value, to its key or to None where it means nothing; keys and titles of the
    enumeration are known without.

    Others break `unknown_<column>`.
    """
    known: dict[str, str | None] = {value.title: value.key for value in enumeration.values}
    known |= {value.key: value.key for value in enumeration.values}
    known |= spellings or {}
    rows = rows.put_aside(
        pl.col(column).is_not_null() & ~pl.col(column).is_in(list(known)), f"unknown_{column}", column
    )
    return change(
        rows, **{column: pl.col(column).replace_strict(known, default=None, return_dtype=pl.String)}
    )


def values_matching(rows: Rows, column: str, pattern: str, rule: str) -> Rows:
    """Rows whose cell is empty or matches a regular expression; others break the rule."""
    return rows.put_aside(~pl.col(column).str.contains(pattern), rule, column)


def dates(rows: Rows, column: str, pattern: str = "%Y-%m-%d") -> Rows:
    """Rows whose cell is empty or a date, as Date; others break `not_a_date`."""
    date = pl.col(column).str.to_date(pattern, strict=False)
    rows = rows.put_aside(pl.col(column).is_not_null() & date.is_null(), "not_a_date", column)
    return change(rows, **{column: date})


def lists(rows: Rows, separator: str, *columns: str) -> Rows:
    """The rows with cells split into lists of trimmed, non-empty items, each once; an empty cell is an empty list."""
    for column in columns:
        items = (
            pl.col(column)
            .fill_null("")
            .str.split(separator)
            .list.eval(pl.element().str.strip_chars().replace("", None))
            .list.drop_nulls()
            .list.unique(maintain_order=True)
        )
        rows = change(rows, **{column: items})
    return rows


class Seen:
    """Keys met so far in one file, for telling the first row with a key from the ones that repeat it.

    Keeps eight bytes for each key (a hash), whatever its length, in sorted runs of which each is at least twice as long
    as the next; so a key is looked up in some twenty runs at most, and moved as often, however long the file.
    """

    def __init__(self) -> None:
        self._runs: list[npt.NDArray[np.uint64]] = []

    def first_only(self, rows: Rows, columns: Sequence[str], rule: str = "duplicated") -> Rows:
        """Rows whose key was not met before, in this block or an earlier one; others break the rule."""
        keys = rows.kept.select(pl.struct(columns).hash(seed=0)).to_series()
        new = keys.is_first_distinct() & ~pl.Series(self._met(keys.to_numpy()), dtype=pl.Boolean)
        self._remember(keys.filter(new).to_numpy())
        shown = pl.concat_str(
            [pl.col(column).cast(pl.String).fill_null("") for column in columns], separator=" "
        )
        marked = rows.with_kept(rows.kept.with_columns((~new).alias("_repeated")))
        marked = marked.put_aside(pl.col("_repeated"), rule, "+".join(columns), shown)
        return marked.with_kept(marked.kept.drop("_repeated"))

    def _met(self, keys: npt.NDArray[np.uint64]) -> npt.NDArray[np.bool_]:
        met = np.zeros(len(keys), dtype=np.bool_)
        for run in self._runs:
            places = np.minimum(np.searchsorted(run, keys), len(run) - 1)
            met |= run[places] == keys
        return met

    def _remember(self, keys: npt.NDArray[np.uint64]) -> None:
        run = np.sort(keys)
        while self._runs and len(self._runs[-1]) < 2 * len(run):
            run = np.sort(np.concatenate([self._runs.pop(), run]))
        if len(run):
            self._runs.append(run)


def terms(rows: Rows, column: str, index: TermIndex) -> tuple[Rows, pl.DataFrame]:
    """Rows whose term the ontologies know, each obsolete or merged one replaced by its successor.

    Others break `unknown_term` or `obsolete_term`; where the cell is a list, only the item goes and the row stays. Also
    returns what was replaced (see `ontology.normalise`).
    """
    numbered = rows.kept.with_row_index("row")
    found = normalise(numbered, column, index)
    lines = numbered.select("row", LINE)
    rejects = found.unknown.join(lines, on="row", how="left", maintain_order="left").select(
        pl.col(LINE).alias("line"), "rule", "column", pl.col("value").cast(pl.String).str.slice(0, SHOWN)
    )
    where = "items" if rows.kept.schema[column] == pl.List(pl.String) else "rejects"
    aside = {where: pl.concat([getattr(rows, where), rejects])}
    return replace(rows, kept=found.table.drop("row"), **aside), found.replaced
