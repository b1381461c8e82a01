"""Mapping sets in SSSOM (Simple Standard for Sharing Ontological Mappings), TSV with metadata in ``#`` lines on top.

Read for MP to HP (MGI by hand, MGI lexical, derived through uPheno) and for MONDO to OMIM and Orphanet. Columns by name,
in any order; a row may leave out empty cells at its end. A term that is obsolete is replaced by its successor, at both
ends. A mapping says that two terms correspond; it never makes them the same. A row whose `predicate_modifier` is Not
says that they do not, which no property of the graph can tell, and is put aside.
"""

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from impckg.graph.identifiers import mint_column
from impckg.loaders import rules
from impckg.loaders.source import Batch, Context, Source, things
from impckg.loaders.table import Rows, read_delimited

_REQUIRED = ["subject_id", "predicate_id", "object_id", "mapping_justification"]
_OPTIONAL = [
    "predicate_modifier",
    "confidence",
    "author_id",
    "mapping_tool",
    "mapping_date",
    "match_string",
    "via_upheno",
    "comment",
]
_TERMS = (
    "MP",
    "HP",
    "MONDO",
    "OMIM",
    "OMIMPS",
    "ORPHA",
    "DECIPHER",
    "DOID",
    "NCIT",
    "UPHENO",
    "UBERON",
    "MA",
    "PATO",
)
_PREDICATES = ("skos", "semapv", "owl", "rdfs", "oboInOwl")


def read(path: Path, context: Context) -> Iterator[Batch]:
    """Mapping tables."""
    seen = rules.Seen()
    for block in read_delimited(path, "\t", _REQUIRED, comment="#", short_rows=True, limit=context.limit):
        rows = block.with_kept(block.kept.with_columns(_missing(block)))
        rows = rules.rename(rows, {name: name for name in (*_REQUIRED, *_OPTIONAL)})
        rows = rules.present(rows, *_REQUIRED)
        rows = rows.put_aside(
            pl.col("predicate_modifier").is_not_null(), "negated_mapping", "predicate_modifier"
        )
        rows = rules.curies(rows, "subject_id", *_TERMS)
        rows = rules.curies(rows, "object_id", *_TERMS)
        rows = rules.curies(rows, "predicate_id", *_PREDICATES)
        rows = rules.curies(rows, "mapping_justification", "semapv")
        rows = rules.probabilities(rows, "confidence")
        rows = rules.dates(rows, "mapping_date")
        rows, of_subjects = rules.terms(rows, "subject_id", context.terms)
        rows, of_objects = rules.terms(rows, "object_id", context.terms)
        rows = seen.first_only(rows, ["subject_id", "predicate_id", "object_id", "mapping_justification"])
        rows = rules.lists(rows, "|", "author_id")
        yield Batch(rows, {"Mapping": _mappings(rows, context)}, (of_subjects, of_objects))


def _missing(block: Rows) -> list[pl.Expr]:
    """Empty columns for those that a set does without."""
    return [pl.lit(None, pl.String).alias(name) for name in _OPTIONAL if name not in block.kept.columns]


def _mappings(rows: Rows, context: Context) -> pl.DataFrame:
    return things(
        rows.kept,
        "Mapping",
        id=mint_column(
            "mapping",
            pl.lit(context.name),
            pl.col("subject_id"),
            pl.col("predicate_id"),
            pl.col("object_id"),
            pl.col("mapping_justification"),
        ),
        subject=pl.col("subject_id"),
        predicate=pl.col("predicate_id"),
        object=pl.col("object_id"),
        justification=pl.col("mapping_justification"),
        confidence=pl.col("confidence"),
        mapping_author=pl.col("author_id"),
        mapping_tool=pl.col("mapping_tool"),
        mapping_date=pl.col("mapping_date"),
        mapping_set=pl.lit(context.dataset),
        match_string=pl.coalesce("match_string", "via_upheno"),
        comment=pl.col("comment"),
    )


SOURCE = Source(
    reader="sssom",
    title="Mappings between ontologies (SSSOM)",
    publisher="MGI, uPheno, MONDO and others, by the file",
    licence="https://creativecommons.org/licenses/by/4.0/",
    kinds=("Mapping",),
    read=read,
    needs=("mp", "hp", "mondo"),
)
