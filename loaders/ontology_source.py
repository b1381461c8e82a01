"""What MP, HP and MONDO have in common as sources: an OBO file becomes a table of terms."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import polars as pl

from impckg.loaders import rules
from impckg.loaders.source import Batch, Context, things
from impckg.loaders.table import LINE, Rows, all_good
from impckg.ontology.read import Ontology, read_ontology

# Columns of terms, which become links of the graph.
_TERMS = ("parents", "replaced_by", "consider")
_COLUMNS = (
    "label", "definition", "comment", "parents", "exact_synonyms", "broad_synonyms", "narrow_synonyms",
    "related_synonyms", "alternative_ids", "subsets", "obsolete", "replaced_by", "consider",
)  # fmt: skip


def ontology_reader(
    prefix: str, kind_name: str, further: Callable[[Ontology, Context], dict[str, pl.DataFrame]] | None = None
) -> Callable[[Path, Context], Iterator[Batch]]:
    """A reader of an ontology's OBO file: one row for each term with the prefix, obsolete ones included.

    further: makes tables of other kinds from the ontology.
    """

    def read(path: Path, context: Context) -> Iterator[Batch]:
        ontology = read_ontology(path, prefix)
        # "Line" is the number of the term: the reader of OBO does not keep lines.
        terms = ontology.terms.with_row_index(LINE, 1).with_columns(pl.col(LINE).cast(pl.Int64))
        rows = all_good(terms)
        for column in _TERMS:
            rows = rules.item_curies(rows, column)
        rows = _known_parents(rows, ontology)
        tables = {kind_name: term_table(rows.kept, ontology.xrefs, kind_name)}
        if further is not None:
            tables |= further(ontology, context)
        yield Batch(rows, tables)

    return read


def _known_parents(rows: Rows, ontology: Ontology) -> Rows:
    """The terms with only parents that are live terms of the ontology; others are taken out and told."""
    lines = rows.kept.select("id", pl.col(LINE).alias("line"))
    items = ontology.dangling.join(lines, left_on="child", right_on="id", how="inner").select(
        "line",
        rule=pl.lit("unknown_parent"),
        column=pl.lit("parents"),
        value=pl.format("{} is_a {}", "child", "parent"),
    )
    strays = ontology.dangling.group_by("child", maintain_order=True).agg(pl.col("parent").alias("_strays"))
    kept = rows.kept.join(strays, left_on="id", right_on="child", how="left", maintain_order="left")
    parents = pl.col("parents").list.set_difference(pl.col("_strays").fill_null([])).list.sort()
    kept = kept.with_columns(
        pl.when(pl.col("_strays").is_null()).then(pl.col("parents")).otherwise(parents).alias("parents")
    )
    return replace(rows, kept=kept.drop("_strays"), items=pl.concat([rows.items, items]))


def term_table(terms: pl.DataFrame, xrefs: pl.DataFrame, kind_name: str) -> pl.DataFrame:
    """The terms and cross-references of an ontology as a table of PhenotypeTerm or Disease."""
    xrefs = xrefs.group_by("term", maintain_order=True).agg(pl.col("xref").alias("xrefs"))
    terms = terms.join(xrefs, left_on="id", right_on="term", how="left", maintain_order="left")
    # Only what is obsolete says so: a statement that a term is in use would be noise on every other term.
    obsolete = pl.when(pl.col("obsolete")).then(True)
    columns = {name: pl.col(name) for name in _COLUMNS} | {"obsolete": obsolete, "xrefs": pl.col("xrefs")}
    return things(terms, kind_name, id=pl.col("id"), **columns)
