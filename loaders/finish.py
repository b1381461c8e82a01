"""What can be said of a table only when all of a source is read."""

import polars as pl

_CARDINALITIES = {
    (False, False): "one_to_one",
    (False, True): "one_to_many",
    (True, False): "many_to_one",
    (True, True): "many_to_many",
}


def finish(kind_name: str, table: pl.DataFrame) -> pl.DataFrame:
    """The table of one kind from one source, with what only the whole of it tells."""
    if kind_name == "Orthology":
        return with_cardinality(table)
    return table


def with_cardinality(orthology: pl.DataFrame) -> pl.DataFrame:
    """Orthology with the column `cardinality`: mouse genes to human genes, within one source.

    A pair is one-to-many where its mouse gene has several human orthologs, many-to-one where its human gene has several
    mouse ones.

    >>> pairs = pl.DataFrame({"gene": ["Hbb-bs", "Hbb-bt", "Myo6"], "human_gene": ["HBB", "HBB", "MYO6"]})
    >>> with_cardinality(pairs)["cardinality"].to_list()
    ['many_to_one', 'many_to_one', 'one_to_one']
    """
    several_human = pl.col("human_gene").n_unique().over("gene") > 1
    several_mouse = pl.col("gene").n_unique().over("human_gene") > 1
    cardinality: pl.Expr = pl.lit(None, pl.String)
    for (mouse, human), key in _CARDINALITIES.items():
        cardinality = (
            pl.when((several_mouse == mouse) & (several_human == human))
            .then(pl.lit(key))
            .otherwise(cardinality)
        )
    return orthology.with_columns(cardinality=cardinality)
