"""HPO annotations, `phenotype.hpoa` of the Human Phenotype Ontology project: which disease shows which phenotype.

Tab-separated, no quotes; lines with ``#`` on top, then a header (since 2023 with the names below). Empty cells mean
nothing stated. `frequency` holds an HP term, a fraction such as 3/7 or a percentage; `qualifier` is NOT or empty;
`reference` and `modifier` hold several CURIEs joined by ``;``. Rows repeat where only the curator differs.
"""

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from impckg.graph.identifiers import mint_column
from impckg.graph.schema import schema
from impckg.loaders import rules
from impckg.loaders.source import Batch, Context, Source, things
from impckg.loaders.table import Rows, read_delimited

_COLUMNS = {
    name: name
    for name in (
        "database_id", "disease_name", "qualifier", "hpo_id", "reference", "evidence", "onset", "frequency", "sex",
        "modifier", "aspect",
    )
}  # fmt: skip
_ASPECTS: dict[str, str | None] = {
    value.title: value.key for value in schema().enumerations["HpoAspect"].values
}
_SEXES: dict[str, str | None] = {"MALE": "male", "FEMALE": "female"}
_KEY = [
    "database_id",
    "qualifier",
    "hpo_id",
    "reference",
    "evidence",
    "onset",
    "frequency",
    "sex",
    "modifier",
]


def read(path: Path, context: Context) -> Iterator[Batch]:
    """Disease and DiseasePhenotype tables from the annotations."""
    seen, numbers = rules.Seen(), _Ordinals()
    for block in read_delimited(path, "\t", list(_COLUMNS), comment="#", limit=context.limit):
        rows = rules.rename(block, _COLUMNS)
        rows = rules.present(rows, "database_id", "hpo_id", "aspect")
        rows = rules.curies(rows, "database_id", "OMIM", "ORPHA", "DECIPHER")
        rows = rules.curies(rows, "hpo_id", "HP")
        rows = rules.curies(rows, "onset", "HP")
        rows = rows.put_aside(
            ~pl.col("qualifier").is_in(["NOT"]).fill_null(True), "unknown_qualifier", "qualifier"
        )
        rows = rules.values(rows, "aspect", schema().enumerations["HpoAspect"], _ASPECTS)
        rows = rules.values(rows, "evidence", schema().enumerations["HpoEvidence"])
        rows = rules.values(rows, "sex", schema().enumerations["Sex"], _SEXES)
        rows = rules.values_matching(
            rows, "frequency", r"^(HP:[0-9]{7}|[0-9]+/[0-9]+|[0-9]+(\.[0-9]+)?%)$", "malformed_frequency"
        )
        rows = rows.put_aside(_is_impossible(pl.col("frequency")), "impossible_frequency", "frequency")
        rows = seen.first_only(rows, _KEY)
        rows, replaced = rules.terms(rows, "hpo_id", context.terms)
        rows, also_replaced = _with_details(rows, context)
        yield Batch(rows, _tables(rows, numbers, context), (replaced, *also_replaced))


def _with_details(rows: Rows, context: Context) -> tuple[Rows, list[pl.DataFrame]]:
    """The rows with lists of references and of terms for modifiers, onset and frequency, and what was replaced.

    An annotation outlives a detail that its ontology does not know: the detail goes and is told.
    """
    is_term = pl.col("frequency").str.starts_with("HP:")
    rows = rules.change(
        rows,
        frequency=pl.when(~is_term).then(pl.col("frequency")),
        frequency_class=pl.when(is_term).then(pl.col("frequency")),
    )
    details = ("modifier", "onset", "frequency_class")
    rows = rules.lists(rows, ";", "reference", *details)
    replaced = []
    for column in details:
        rows = rules.item_curies(rows, column, "HP")
        rows, made_current = rules.terms(rows, column, context.terms)
        replaced.append(made_current)
    return rows, replaced


def _is_impossible(frequency: pl.Expr) -> pl.Expr:
    """Whether a fraction is of none or above one, or a percentage above a hundred."""
    having, of = (frequency.str.extract(r"^(\d+)/(\d+)$", part).cast(pl.Int64) for part in (1, 2))
    percentage = frequency.str.extract(r"^([\d.]+)%$").cast(pl.Float64, strict=False)
    return (of == 0) | (having > of) | (percentage > 100)


def _tables(rows: Rows, numbers: "_Ordinals", context: Context) -> dict[str, pl.DataFrame]:
    frame = numbers.add(rows.kept)
    first_reference = pl.col("reference").list.first().fill_null("unreferenced")
    key = mint_column("disease_phenotype", pl.col("database_id"), pl.col("hpo_id"), first_reference)
    return {
        "Disease": things(frame, "Disease", id=pl.col("database_id"), label=pl.col("disease_name")),
        "DiseasePhenotype": things(
            frame,
            "DiseasePhenotype",
            id=pl.when(pl.col("_ordinal") == 1)
            .then(key)
            .otherwise(pl.format("{}/{}", key, pl.col("_ordinal"))),
            disease=pl.col("database_id"),
            phenotype=pl.col("hpo_id"),
            negated=pl.col("qualifier").is_not_null(),
            references=pl.col("reference"),
            evidence_code=pl.col("evidence"),
            onset=pl.col("onset").list.first(),
            frequency=pl.col("frequency"),
            frequency_class=pl.col("frequency_class").list.first(),
            sex=pl.col("sex"),
            modifiers=pl.col("modifier"),
            aspect=pl.col("aspect"),
            source=pl.lit(context.dataset),
        ),
    }


class _Ordinals:
    """Numbers annotations that share disease, phenotype and first reference, across the blocks of a file.

    Some 100 of 270,000 do, since they differ in frequency, onset or sex; the file's order tells them apart.
    """

    def __init__(self) -> None:
        self._met = pl.DataFrame(schema={"_key": pl.UInt64, "_met": pl.UInt32})

    def add(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The frame with a column `_ordinal`, from 1."""
        key = pl.struct("database_id", "hpo_id", pl.col("reference").list.first()).hash(seed=0).alias("_key")
        frame = frame.with_columns(key).join(self._met, on="_key", how="left", maintain_order="left")
        frame = frame.with_columns(
            (pl.col("_met").fill_null(0) + pl.int_range(pl.len()).over("_key") + 1).alias("_ordinal")
        )
        counts = frame.group_by("_key").agg(pl.len().cast(pl.UInt32).alias("_met"))
        self._met = pl.concat([self._met, counts]).group_by("_key").agg(pl.col("_met").sum())
        return frame.drop("_key", "_met")


SOURCE = Source(
    reader="hpoa",
    title="HPO annotations of diseases (phenotype.hpoa)",
    publisher="Human Phenotype Ontology",
    licence="https://hpo.jax.org/app/license",
    kinds=("Disease", "DiseasePhenotype"),
    read=read,
    needs=("hp",),
)
