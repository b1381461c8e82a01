"""What follows from the tables: the hierarchy closed, and the shortcuts that users write first.

Each function returns links: a frame of two columns of CURIEs, sorted, each pair once. The property that a frame stands
for is declared in the schema under the name of the function (annotation `inferred`).
"""

from collections.abc import Mapping

import polars as pl

from impckg.ontology.hierarchy import closure

Tables = Mapping[str, pl.LazyFrame]
"""Tables by the name of their kind; a kind that no source filled may be absent."""

# Predicates that say that an MP and an HP term mean the same or nearly so. Broad, narrow and related do not.
SAME_OR_CLOSE = ("skos:exactMatch", "skos:closeMatch", "semapv:crossSpeciesExactMatch")


def is_a(terms: pl.DataFrame, ontology: str) -> pl.DataFrame:
    """Each live term of one ontology with itself and every term above it.

    terms: columns id, parents, obsolete.
    Raises OntologyError with the cycle where there is one.
    """
    live = terms.filter(~pl.col("obsolete").fill_null(False))
    edges = live.select(child="id", parent="parents").explode("parent").drop_nulls()
    edges = edges.join(live.select(parent="id"), on="parent", how="semi")
    return closure(edges, live["id"], ontology).rename({"term": "from", "ancestor": "to"})


def called_phenotype(tables: Tables) -> pl.DataFrame:
    """Each gene with the terms that its calls are of."""
    return _links(tables, "Call", "gene", "phenotype")


def has_phenotype(called: pl.DataFrame, hierarchy: pl.DataFrame) -> pl.DataFrame:
    """Each gene with the terms that its calls are of and all terms above."""
    above = called.join(hierarchy, left_on="to", right_on="from", how="inner").select("from", to="to_right")
    return _tidy(above)


def tested_normal_for(tables: Tables, has: pl.DataFrame) -> pl.DataFrame:
    """Each gene with the terms that its results could have been assigned and that it does not have.

    Only comparisons that were made count. A gene that was called for a term below has the term, so is not normal for it.
    """
    if "Result" not in tables:
        return _no_links()
    tested = (
        tables["Result"]
        .filter(pl.col("result_status") == "successful")
        .select(pl.col("gene").alias("from"), pl.col("potential_phenotypes").alias("to"))
        .explode("to")
        .drop_nulls()
        .unique()
        .collect(engine="streaming")
    )
    tested = tested.filter(pl.col("to").str.starts_with("MP:"))
    return _tidy(tested.join(has, on=["from", "to"], how="anti"))


def reveals(tables: Tables) -> pl.DataFrame:
    """Each parameter with the terms that it can call: declared by IMPReSS, named by a result as possible, or called."""
    found = [_no_links()]
    if "Parameter" in tables:
        found.append(_exploded(tables["Parameter"], "id", "can_reveal"))
    if "Result" in tables:
        found.append(_exploded(tables["Result"], "parameter", "potential_phenotypes"))
    found.append(_links(tables, "Call", "parameter", "phenotype"))
    return _tidy(pl.concat(found).filter(pl.col("to").str.starts_with("MP:")))


def ortholog(tables: Tables) -> pl.DataFrame:
    """Each mouse gene with the human genes that some source calls its orthologs."""
    return _links(tables, "Orthology", "gene", "human_gene")


def associated_disease(tables: Tables) -> pl.DataFrame:
    """Each human gene with the diseases that some source associates with it."""
    return _links(tables, "GeneDisease", "human_gene", "disease")


def maps_to(tables: Tables) -> pl.DataFrame:
    """Each MP term with the HP terms that some set calls the same or close, whichever way round the set is written."""
    mappings = _mappings(tables).filter(pl.col("predicate").is_in(SAME_OR_CLOSE))
    forward = mappings.filter(pl.col("from").str.starts_with("MP:") & pl.col("to").str.starts_with("HP:"))
    back = mappings.filter(pl.col("from").str.starts_with("HP:") & pl.col("to").str.starts_with("MP:"))
    return _tidy(
        pl.concat(
            [
                forward.select("from", "to"),
                back.select(pl.col("to").alias("from"), pl.col("from").alias("to")),
            ]
        )
    )


def mondo(tables: Tables) -> pl.DataFrame:
    """Each disease entry with the MONDO term that stands for it; each live MONDO term with itself."""
    if "Disease" not in tables:
        return _no_links()
    live = (
        tables["Disease"]
        .filter(pl.col("id").str.starts_with("MONDO:") & ~pl.col("obsolete").fill_null(False))
        .select(pl.col("id").alias("from"), pl.col("id").alias("to"))
        .collect()
    )
    entries = _mappings(tables).filter(
        (pl.col("predicate") == "skos:exactMatch")
        & pl.col("from").str.starts_with("MONDO:")
        & pl.col("to").str.contains("^(OMIM|OMIMPS|ORPHA|DECIPHER):")
    )
    turned = entries.select(pl.col("to").alias("from"), pl.col("from").alias("to"))
    return _tidy(pl.concat([live, turned]))


def direct_mappings(tables: Tables) -> dict[str, pl.DataFrame]:
    """Mapped terms by the predicate of their mapping, as SSSOM's direct triples."""
    mappings = _mappings(tables)
    return {
        predicate: _tidy(mappings.filter(pl.col("predicate") == predicate).select("from", "to"))
        for predicate in sorted(mappings["predicate"].unique())
    }


def result(tables: Tables) -> pl.DataFrame:
    """Each call that does not name its result with the one that it rests on, where just one fits.

    A call fits the significant result of the same line, pipeline, procedure, parameter and zygosity.
    """
    if "Call" not in tables or "Result" not in tables:
        return _no_links()
    key = ["line", "pipeline", "parameter", "zygosity", "procedure"]
    calls = (
        tables["Call"]
        .filter(pl.col("result").is_null())
        .with_columns(procedure=pl.col("procedures").list.first())
    )
    results = tables["Result"].filter("significant").with_columns(procedure=pl.col("procedures").list.first())
    alone = results.select("id", *key).filter(pl.len().over(key) == 1)
    found = calls.select("id", *key).join(alone, on=key, how="inner")
    return _tidy(found.select(pl.col("id").alias("from"), pl.col("id_right").alias("to")).collect())


def _mappings(tables: Tables) -> pl.DataFrame:
    if "Mapping" not in tables:
        return pl.DataFrame(schema={"from": pl.String, "predicate": pl.String, "to": pl.String})
    columns = {"from": pl.col("subject"), "predicate": pl.col("predicate"), "to": pl.col("object")}
    return tables["Mapping"].select(**columns).collect()


def _links(tables: Tables, kind: str, start: str, end: str) -> pl.DataFrame:
    if kind not in tables:
        return _no_links()
    return _tidy(
        tables[kind].select(pl.col(start).alias("from"), pl.col(end).alias("to")).drop_nulls().collect()
    )


def _exploded(table: pl.LazyFrame, start: str, end: str) -> pl.DataFrame:
    pairs = (
        table.select(pl.col(start).alias("from"), pl.col(end).alias("to")).explode("to").drop_nulls().unique()
    )
    return pairs.collect(engine="streaming")


def _tidy(links: pl.DataFrame) -> pl.DataFrame:
    return links.unique().sort("from", "to")


def _no_links() -> pl.DataFrame:
    return pl.DataFrame(schema={"from": pl.String, "to": pl.String})
