"""What became of the terms of an ontology between two of its releases, and which calls that touches.

A term that was in use is, in the later release, obsolete (with a successor, with terms to think of, or with neither),
merged into another, gone without a trace, called otherwise, moved below other parents, or under other ancestors because
something above it was moved. All of it matters to whoever has calls: a call of an obsolete term must be made anew, and a
call under other ancestors changes which questions its gene answers.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from impckg.ontology.hierarchy import closure
from impckg.ontology.read import Ontology

CHANGES: Mapping[str, str] = {
    "replaced": "obsolete, with a successor",
    "considered": "obsolete, with terms to think of instead",
    "obsolete": "obsolete, with neither",
    "merged": "merged into another term",
    "removed": "gone without a trace",
    "relabelled": "called otherwise",
    "moved": "below other parents",
    "ancestors": "under other ancestors",
    "added": "new",
}
"""What can become of a term; all that fit are told of it."""

RETIRED = ("replaced", "considered", "obsolete", "merged", "removed")
"""Changes after which a call of the term must be made anew."""


@dataclass(frozen=True, eq=False)
class TermChanges:
    """Changes between two releases of an ontology.

    terms: term, change, before, after; what was and what is: labels, parents, ancestors or successors, lists sorted.
        Sorted by change in the order of CHANGES, then by term.
    above_before, above_after: (term, ancestor), closed, of live terms.
    """

    terms: pl.DataFrame
    above_before: pl.DataFrame
    above_after: pl.DataFrame


def changed_terms(before: Ontology, after: Ontology) -> TermChanges:
    """Compare two releases of one ontology.

    Raises OntologyError with the cycle where the hierarchy of one of them has one.
    """
    old, new = _live(before), _live(after)
    above_before = closure(before.edges, old["id"], f"{before.prefix} before")
    above_after = closure(after.edges, new["id"], f"{after.prefix} after")
    both = old.join(new, on="id", suffix="_after")
    gone = old.join(new, on="id", how="anti").select("id", "label")
    found = [
        _retired(gone, after),
        _differing(both, "label", "relabelled"),
        _differing(both, "parents", "moved"),
        _differing(
            _ancestors(above_before).join(_ancestors(above_after), on="id", suffix="_after"),
            "ancestors",
            "ancestors",
        ),
        new.join(old, on="id", how="anti").select(
            term="id",
            change=pl.lit("added"),
            before=pl.lit(None, pl.List(pl.String)),
            after=pl.concat_list("label"),
        ),
    ]
    order = {change: place for place, change in enumerate(CHANGES)}
    terms = pl.concat(found)
    terms = terms.sort(pl.col("change").replace_strict(order, return_dtype=pl.Int64), "term")
    return TermChanges(terms, above_before, above_after)


def _live(ontology: Ontology) -> pl.DataFrame:
    parents = ontology.edges.group_by("child").agg(pl.col("parent").sort().alias("parents"))
    live = ontology.terms.filter(~pl.col("obsolete").fill_null(False)).select("id", "label")
    return live.join(parents, left_on="id", right_on="child", how="left").with_columns(
        pl.col("parents").fill_null(pl.lit([], dtype=pl.List(pl.String)))
    )


def _retired(gone: pl.DataFrame, after: Ontology) -> pl.DataFrame:
    """Terms that were live: obsolete now, merged, or not there."""
    merged = after.terms.select(pl.col("alternative_ids").alias("id"), into="id").explode("id").drop_nulls()
    obsolete = after.terms.filter(pl.col("obsolete").fill_null(False)).select("id", "replaced_by", "consider")
    told = gone.join(obsolete, on="id", how="left").join(merged.unique("id"), on="id", how="left")
    replaced, considered = (pl.col(name).list.len().fill_null(0) > 0 for name in ("replaced_by", "consider"))
    change = (
        pl.when(pl.col("into").is_not_null())
        .then(pl.lit("merged"))
        .when(replaced)
        .then(pl.lit("replaced"))
        .when(considered)
        .then(pl.lit("considered"))
        .when(pl.col("replaced_by").is_not_null())
        .then(pl.lit("obsolete"))
        .otherwise(pl.lit("removed"))
    )
    instead = (
        pl.when(pl.col("into").is_not_null())
        .then(pl.concat_list("into"))
        .when(replaced)
        .then(pl.col("replaced_by"))
        .otherwise(pl.col("consider"))
    )
    return told.select(term="id", change=change, before=pl.concat_list("label"), after=instead.list.sort())


def _differing(both: pl.DataFrame, column: str, change: str) -> pl.DataFrame:
    """Terms of which a column is not what it was; of lists, what they lost and what they gained."""
    was, now = pl.col(column), pl.col(f"{column}_after")
    differ = both.filter(was != now)
    if both.schema[column] == pl.List(pl.String):
        was, now = was.list.set_difference(now).list.sort(), now.list.set_difference(was).list.sort()
    else:
        was, now = pl.concat_list(was), pl.concat_list(now)
    return differ.select(term="id", change=pl.lit(change), before=was, after=now)


def _ancestors(above: pl.DataFrame) -> pl.DataFrame:
    return above.group_by("term").agg(pl.col("ancestor").sort().alias("ancestors")).rename({"term": "id"})


# Calls --------------------------------------------------------------------------------------------------


def touched_calls(changes: TermChanges, calls: pl.DataFrame) -> pl.DataFrame:
    """How many calls, and of how many genes, each changed term has.

    calls: columns gene and phenotype, one row for each call.

    Returns term, change, calls, genes; of terms that have any, in the order of the changes.
    """
    counted = calls.group_by("phenotype").agg(calls=pl.len(), genes=pl.col("gene").n_unique())
    return changes.terms.select("term", "change").join(
        counted, left_on="term", right_on="phenotype", how="inner", maintain_order="left"
    )


def touched_genes(changes: TermChanges, calls: pl.DataFrame) -> pl.DataFrame:
    """What the page of each gene gains and loses: terms that it was called for, and those above.

    Calls of a term that was replaced or merged go to its successor, if it has one; of another that is no longer in use,
    they go nowhere.

    Returns gene, change (gains or loses) and term, sorted.
    """
    has = calls.select("gene", term="phenotype").unique()
    moved = changes.terms.filter(
        pl.col("change").is_in(["replaced", "merged"]) & (pl.col("after").list.len() == 1)
    )
    successor = moved.select("term", successor=pl.col("after").list.first())
    now = has.join(successor, on="term", how="left").select("gene", term=pl.coalesce("successor", "term"))
    before = has.join(changes.above_before, on="term").select("gene", term="ancestor").unique()
    after = now.join(changes.above_after, on="term").select("gene", term="ancestor").unique()
    return (
        pl.concat(
            [
                after.join(before, on=["gene", "term"], how="anti").with_columns(change=pl.lit("gains")),
                before.join(after, on=["gene", "term"], how="anti").with_columns(change=pl.lit("loses")),
            ]
        )
        .select("gene", "change", "term")
        .sort("gene", "change", "term")
    )
