"""Old term ids made current: what was retired or merged gives way to the live term that took its place.

Published tables lag behind the ontologies. A term that its ontology has retired is replaced where the
ontology names one live successor of its own; otherwise its row is set aside with the reason.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from impckg.graph.errors import MissingColumn, OntologyError, SchemaError
from impckg.ontology.read import Ontology

SUCCESSOR_SCHEMA: Mapping[str, pl.DataType] = {
    "term": pl.String(),
    "successor": pl.String(),
    "reason": pl.String(),
}


@dataclass(frozen=True, eq=False)
class TermIndex:
    """What `normalise()` knows about the terms of some ontologies; made by `term_index()`.

    prefixes: of the ontologies, as in ("MP", "HP").
    terms: (term, status, successor, reason), one row for each id of the ontologies, sorted by term; `status`
        as in `known_terms()`, `successor` and `reason` as in `successors()` and null for a live term.
    """

    prefixes: tuple[str, ...]
    terms: pl.DataFrame


@dataclass(frozen=True, eq=False)
class Normalised:
    """A table whose terms are current, and what that took.

    table: the input with one column changed and without the rows that cannot be used; the order is kept.
    replaced: (column, from, to, reason, rows), each replacement and in how many rows it was made; sorted.
    unknown: (row, column, value, rule), what was taken out, in the order of the input. `row` counts the rows
        of the input from 0; `rule` is `unknown_term` where the ontology has no such id, `obsolete_term` where
        it has but names no successor.
    """

    table: pl.DataFrame
    replaced: pl.DataFrame
    unknown: pl.DataFrame


def successors(ontologies: Sequence[Ontology]) -> pl.DataFrame:
    """Say which live term took the place of each id that is no longer a live term.

    Returns (term, successor, reason), one row for each obsolete term and each alternative id, sorted by term.
    Where there is a successor the reason is

    - `replaced`: the term is obsolete; its `replaced_by`, followed to its end, is the successor;
    - `alternative`: the id was merged into the successor, which lists it as `alt_id`.

    Where there is none the successor is null and the reason is

    - `not_replaced`: the term, or the one that the chain ends in, names no replacement;
    - `several_replacements`: it, or one in its chain, has more than one, and the choice would be ours;
    - `replaced_in_a_circle`: the chain comes back to itself;
    - `replaced_elsewhere`: the replacement is not in the ontology's file. MONDO replaces some diseases by HP
      phenotypes; a table of diseases has no place for them.

    An obsolete term that names no replacement but is another's alternative id counts as alternative. A live
    term is never replaced, whoever lists it as an alternative id.

    Raises OntologyError if two ontologies have one prefix.
    """
    _check_prefixes(ontologies)
    rows = [row for ontology in ontologies for row in _successors_within(ontology)]
    return pl.DataFrame(rows, schema=SUCCESSOR_SCHEMA, orient="row").sort("term")


def known_terms(ontologies: Sequence[Ontology]) -> pl.DataFrame:
    """List every id that the ontologies know.

    Returns (term, status), one row for each id, sorted by term; `status` is `live`, `obsolete`, or
    `alternative` for an id that is known only as the alternative id of a term. An alternative id counts only
    in the ontology's own prefix.

    Raises OntologyError if two ontologies have one prefix.
    """
    _check_prefixes(ontologies)
    tables = [pl.DataFrame(schema={"term": pl.String, "status": pl.String})]
    for ontology in ontologies:
        obsolete = pl.when("obsolete").then(pl.lit("obsolete")).otherwise(pl.lit("live"))
        tables += [
            ontology.terms.select(term="id", status=obsolete),
            _alternatives(ontology).select("term", status=pl.lit("alternative")),
        ]
    return pl.concat(tables).unique("term", keep="first", maintain_order=True).sort("term")


def term_index(ontologies: Sequence[Ontology]) -> TermIndex:
    """Prepare what `normalise()` needs; do it once for many tables.

    Raises OntologyError if two ontologies have one prefix.
    """
    return TermIndex(
        prefixes=tuple(ontology.prefix for ontology in ontologies),
        terms=known_terms(ontologies).join(
            successors(ontologies), on="term", how="left", maintain_order="left"
        ),
    )


def normalise(table: pl.DataFrame, column: str, terms: TermIndex) -> Normalised:
    """Replace the terms in a column by their successors, and set aside what has none.

    column: of strings, or of lists of strings. In a column of strings a row whose term is unknown or obsolete
        without successor is taken out whole; in a column of lists only that entry is, and entries that have
        become equal are merged into the first of them. Nulls and ids of prefixes that the index does not have
        are kept as they are.

    Raises MissingColumn if the table lacks the column; SchemaError if it holds something else than strings.

    >>> merged = ("MP:0000011", "alternative", "MP:0000003", "alternative")
    >>> columns = ["term", "status", "successor", "reason"]
    >>> terms = TermIndex(("MP",), pl.DataFrame([merged], schema=columns, orient="row"))
    >>> done = normalise(pl.DataFrame({"term": ["MP:0000011", "MPATH:458", "MP:9"]}), "term", terms)
    >>> done.table["term"].to_list(), done.unknown.rows()
    (['MP:0000003', 'MPATH:458'], [(2, 'term', 'MP:9', 'unknown_term')])
    """
    if column not in table.columns:
        raise MissingColumn(f"column {column!r}: not found; expected one of {', '.join(table.columns)}")
    dtype = table.schema[column]
    if dtype == pl.String:
        judged = _judged(table.select(_row_numbers(table), value=column), terms)
        kept = judged.get_column("rule").is_null()
        current = table.with_columns(judged.get_column("current").alias(column)).filter(kept)
    elif dtype == pl.List(pl.String):
        judged = _judged(_entries(table, column), terms)
        current = table.with_columns(_lists(table.get_column(column), judged).alias(column))
    else:
        raise SchemaError(f"column {column!r}: holds {dtype}; expected String or List(String)")
    return Normalised(table=current, replaced=_replaced(judged, column), unknown=_unknown(judged, column))


def _check_prefixes(ontologies: Sequence[Ontology]) -> None:
    prefixes = [ontology.prefix for ontology in ontologies]
    twice = sorted({prefix for prefix in prefixes if prefixes.count(prefix) > 1})
    if twice:
        raise OntologyError(f"two ontologies have the prefix {', '.join(twice)}; expected one of each")


def _alternatives(ontology: Ontology) -> pl.DataFrame:
    """List the alternative ids in an ontology's own prefix: (term, primary)."""
    return (
        ontology.terms.select(term="alternative_ids", primary="id")
        .explode("term", empty_as_null=False, keep_nulls=False)
        .filter(pl.col("term").str.starts_with(f"{ontology.prefix}:"))
    )


def _successors_within(ontology: Ontology) -> list[tuple[str, str | None, str]]:
    """List the rows of `successors()` for one ontology."""
    obsolete = ontology.terms.filter("obsolete")
    live = set(ontology.terms.filter(~pl.col("obsolete")).get_column("id"))
    steps: dict[str, tuple[str, list[str]]] = {}
    for term, primary in _alternatives(ontology).iter_rows():
        if term not in live:
            steps.setdefault(term, ("alternative", []))[1].append(primary)
    for term, replacements in obsolete.select("id", "replaced_by").iter_rows():
        if replacements or term not in steps:
            steps[term] = ("replaced", replacements)
    return [(term, *_followed(term, steps, live)) for term in steps]


def _followed(
    term: str, steps: Mapping[str, tuple[str, list[str]]], live: Collection[str]
) -> tuple[str | None, str]:
    """Follow the steps from a term to a live one: (successor, reason)."""
    reason, replacements = steps[term]
    seen = {term}
    while len(replacements) == 1:
        (following,) = replacements
        if following in live:
            return following, reason
        if following in seen:
            return None, "replaced_in_a_circle"
        if following not in steps:
            return None, "replaced_elsewhere"
        seen.add(following)
        replacements = steps[following][1]
    return None, "several_replacements" if replacements else "not_replaced"


def _row_numbers(table: pl.DataFrame) -> pl.Series:
    return pl.int_range(table.height, dtype=pl.UInt32, eager=True).alias("row")


def _entries(table: pl.DataFrame, column: str) -> pl.DataFrame:
    """Take the lists of a column apart: (row, value), in order."""
    return table.select(_row_numbers(table), value=column).explode(
        "value", empty_as_null=False, keep_nulls=False
    )


def _judged(entries: pl.DataFrame, terms: TermIndex) -> pl.DataFrame:
    """Add to (row, value) what becomes of each: `current` is the id to use, `rule` the one that it breaks."""
    value, status, successor = pl.col("value"), pl.col("status"), pl.col("successor")
    ours = pl.any_horizontal(
        pl.lit(False), *[value.str.starts_with(f"{prefix}:") for prefix in terms.prefixes]
    ).fill_null(False)
    rule = (
        pl.when(~ours)
        .then(None)
        .when(status.is_null())
        .then(pl.lit("unknown_term"))
        .when((status != "live") & successor.is_null())
        .then(pl.lit("obsolete_term"))
    )
    return entries.join(
        terms.terms, left_on="value", right_on="term", how="left", maintain_order="left"
    ).with_columns(current=pl.coalesce(successor, value), rule=rule)


def _lists(lists: pl.Series, judged: pl.DataFrame) -> pl.Series:
    """Put the entries that are kept back into their lists, each id once."""
    regrouped = (
        judged.filter(pl.col("rule").is_null())
        .filter(pl.struct("row", "current").is_first_distinct() | pl.col("current").is_null())
        .group_by("row", maintain_order=True)
        .agg("current")
    )
    before = pl.DataFrame({"before": lists})
    return (
        before.select(_row_numbers(before), "before")
        .join(regrouped, on="row", how="left", maintain_order="left")
        .select(pl.when(pl.col("before").is_not_null()).then(pl.col("current").fill_null([])))
        .to_series()
    )


def _replaced(judged: pl.DataFrame, column: str) -> pl.DataFrame:
    return (
        judged.filter(pl.col("rule").is_null() & (pl.col("current") != pl.col("value")))
        .rename({"value": "from", "current": "to"})
        .group_by("from", "to", "reason")
        .agg(rows=pl.col("row").n_unique())
        .select(pl.lit(column).alias("column"), "from", "to", "reason", "rows")
        .sort("from")
    )


def _unknown(judged: pl.DataFrame, column: str) -> pl.DataFrame:
    return judged.filter(pl.col("rule").is_not_null()).select(
        "row", pl.lit(column).alias("column"), "value", "rule"
    )
