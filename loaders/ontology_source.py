"""What MP, HP and MONDO have in common as sources: an OBO file becomes a table of terms."""

from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl

from impckg.loaders import rules
from impckg.loaders.source import Batch, Context, things
from impckg.loaders.table import LINE, all_good
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
        tables = {kind_name: term_table(rows.kept, ontology.xrefs, kind_name)}
        if further is not None:
            tables |= further(ontology, context)
        yield Batch(rows, tables)

    return read


def term_table(terms: pl.DataFrame, xrefs: pl.DataFrame, kind_name: str) -> pl.DataFrame:
    """The terms and cross-references of an ontology as a table of PhenotypeTerm or Disease."""
    xrefs = xrefs.group_by("term", maintain_order=True).agg(pl.col("xref").alias("xrefs"))
    terms = terms.join(xrefs, left_on="id", right_on="term", how="left", maintain_order="left")
    # Only what is obsolete says so: a statement that a term is in use would be noise on every other term.
    obsolete = pl.when(pl.col("obsolete")).then(True)
    columns = {name: pl.col(name) for name in _COLUMNS} | {"obsolete": obsolete, "xrefs": pl.col("xrefs")}
    return things(terms, kind_name, id=pl.col("id"), **columns)
