"""The OBO edition of the Mondo Disease Ontology (MONDO), with its equivalents in OMIM, Orphanet and DECIPHER.

A cross-reference with ``source="MONDO:equivalentTo"`` is MONDO's statement that the two are the same disease; those to
entries that annotations speak of become mappings. All others stay cross-references.
"""

import polars as pl

from impckg.graph.identifiers import mint_column, standard_curies
from impckg.loaders.ontology_source import ontology_reader
from impckg.loaders.source import Context, Source, things
from impckg.ontology.read import Ontology

_ANNOTATED = r"^(OMIM|OMIMPS|ORPHA|DECIPHER):\w+$"


def equivalents(ontology: Ontology, context: Context) -> dict[str, pl.DataFrame]:
    """Mapping tables for the equivalent entries of disease databases."""
    live = ontology.terms.filter(~pl.col("obsolete")).select(term="id")
    entries = (
        ontology.xrefs.filter("equivalent")
        .join(live, on="term", how="semi", maintain_order="left")
        .with_columns(entry=standard_curies(pl.col("xref")))
        .filter(pl.col("entry").str.contains(_ANNOTATED))
    )
    predicate, justification = "skos:exactMatch", "semapv:UnspecifiedMatching"
    mappings = things(
        entries,
        "Mapping",
        id=mint_column("mapping", pl.lit(context.name), pl.col("term"), pl.lit(predicate), pl.col("entry")),
        subject=pl.col("term"),
        predicate=pl.lit(predicate),
        object=pl.col("entry"),
        justification=pl.lit(justification),
        mapping_set=pl.lit(context.dataset),
    )
    return {"Mapping": mappings}


SOURCE = Source(
    reader="mondo",
    title="Mondo Disease Ontology (MONDO)",
    publisher="Monarch Initiative",
    licence="https://creativecommons.org/licenses/by/4.0/",
    kinds=("Disease", "Mapping"),
    read=ontology_reader("MONDO", "Disease", equivalents),
)
