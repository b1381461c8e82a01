"""IMPC's significant statistical results, the Parquet file behind the portal's batch query (seen at release 21.1).

One row for each result and each phenotype shown for it (`displayPhenotype`), so a result repeats one to six times; a few
results repeat once more for a second project or procedure. Keys are in camel case, things are {id, name} records,
p-values and effects are text. `phenotypeSexes` are the sexes analysed, not those of the call. A row without p-value has
none in the file. No colony, no strain, no counts of controls.
"""

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from impckg.graph.errors import DamagedFile, MissingColumn
from impckg.graph.identifiers import mint_column
from impckg.graph.schema import schema
from impckg.loaders import mentions, rules
from impckg.loaders.call_types import call_type, evidence, neg_log10, without_placeholders
from impckg.loaders.source import Batch, Context, Source, things
from impckg.loaders.table import LINE, Rows, all_good

_TEXT = (
    "statisticalResultId", "mgiGeneAccessionId", "alleleAccessionId", "alleleSymbol", "alleleName", "phenotypingCentre",
    "projectName", "pipelineStableId", "procedureStableId", "procedureName", "parameterStableId", "parameterName",
    "metadataGroup", "zygosity", "lifeStageName", "dataType", "statisticalMethod", "status", "pValue", "effectSize",
)  # fmt: skip
_TERM = pl.Struct({"id": pl.String, "name": pl.String})
_RECORDS = ("significantPhenotype", "potentialPhenotypes")
_TYPES: dict[str, pl.DataType] = dict.fromkeys(_TEXT, pl.String()) | {
    "phenotypeSexes": pl.List(pl.String),
    "femaleMutantCount": pl.Int64(),
    "maleMutantCount": pl.Int64(),
    "significant": pl.Boolean(),
    "significantPhenotype": _TERM,
    "potentialPhenotypes": pl.List(_TERM),
}


def read(path: Path, context: Context) -> Iterator[Batch]:
    """Result and Call, and the things that they mention."""
    rows = rules.item_curies(_checked(_open(path, context.limit)), "potential", "MP", "MPATH")
    rows, of_calls = rules.terms(rows, "phenotype", context.terms)
    rows, of_potential = rules.terms(rows, "potential", context.terms)
    frame = _one_row_a_result(rows.kept)
    yield Batch(
        rows,
        {
            "Result": _results(frame, context),
            "Call": _calls(frame, context),
            "Allele": mentions.alleles(
                frame, "alleleAccessionId", "alleleSymbol", "mgiGeneAccessionId", "alleleName"
            ),
            "Centre": mentions.centres(frame, "phenotypingCentre"),
            "Pipeline": mentions.pipelines(frame, "pipelineStableId"),
            "Procedure": mentions.procedures(
                rows.kept, "procedureStableId", "procedureName", "pipelineStableId"
            ),
            "Parameter": mentions.parameters(
                rows.kept, "parameterStableId", "parameterName", "procedureStableId"
            ),
        },
        (of_calls, of_potential),
    )


def _open(path: Path, limit: int | None) -> Rows:
    try:
        lazy = pl.scan_parquet(path)
        found = lazy.collect_schema()
        missing = [name for name in _TYPES if name not in found]
        if missing:
            raise MissingColumn(
                f"{path.name}: column {', '.join(map(repr, missing))} is missing; "
                f"found {', '.join(map(repr, found))}"
            )
        rows = lazy.select(*_TYPES).with_row_index(LINE, 1)
        frame = (rows if limit is None else rows.head(limit)).collect()
    except (pl.exceptions.ComputeError, OSError) as error:
        raise DamagedFile(f"{path.name}: not a Parquet file that can be read: {error}") from error
    # "Line" is the number of the row: Parquet has no lines.
    return all_good(frame.with_columns(pl.col(LINE).cast(pl.Int64), *(_as(path, frame, n) for n in _TYPES)))


def _as(path: Path, frame: pl.DataFrame, name: str) -> pl.Series:
    """A column in the type that we read it as. Releases differ in the width of numbers and in text for numbers."""
    found = frame.schema[name]
    message = f"{path.name}: column {name!r}: holds {found}; expected {_TYPES[name]}"
    # A record without an id would be cast to one whose id is empty, and the terms be lost in silence.
    if name in _RECORDS and found.base_type() != pl.Null and "id" not in _fields(found):
        raise DamagedFile(message)
    try:
        return frame[name].cast(_TYPES[name])
    except pl.exceptions.InvalidOperationError as error:
        raise DamagedFile(message) from error


def _fields(dtype: pl.DataType) -> list[str]:
    """The names of the fields of a record or of a list of records; none for anything else."""
    inner = dtype.inner if isinstance(dtype, pl.List) else dtype
    return [field.name for field in inner.fields] if isinstance(inner, pl.Struct) else []


def _checked(rows: Rows) -> Rows:
    rows = rules.change(
        rows,
        phenotype=_once(pl.col("significantPhenotype").struct.field("id")),
        potential=pl.col("potentialPhenotypes").list.eval(_once(pl.element().struct.field("id"))),
    )
    rows = rules.present(rows, "statisticalResultId", "mgiGeneAccessionId", "parameterStableId", "status")
    rows = rules.Seen().first_only(
        rows, ["statisticalResultId", "projectName", "procedureStableId"], "repeats_a_result"
    )
    rows = rules.curies(rows, "mgiGeneAccessionId", "MGI")
    rows = rules.curies(rows, "phenotype", "MP", "MPATH")
    rows = rules.values(rows, "zygosity", mentions.ZYGOSITY)
    rows = rules.values(rows, "lifeStageName", mentions.LIFE_STAGE, mentions.LIFE_STAGE_SPELLINGS)
    rows = rules.values(rows, "status", schema().enumerations["ResultStatus"])
    rows = rules.probabilities(rows, "pValue")
    rows = rules.numbers(rows, "effectSize")
    p_value, effect = without_placeholders(
        pl.col("statisticalMethod"), pl.col("pValue"), pl.col("effectSize")
    )
    sexes = (
        pl.col("phenotypeSexes")
        .list.eval(pl.element().filter(pl.element().is_in(["female", "male"])))
        .list.sort()
    )
    return rules.change(rows, pValue=p_value, effectSize=effect, phenotypeSexes=sexes)


def _once(identifier: pl.Expr) -> pl.Expr:
    """The term of a cell that holds one term twice, as in `["MP:0000556","MP:0000556"]`; others as they are.

    Where female and male calls were collapsed upstream a few cells kept both (one in release 21.1).
    """
    listed = identifier.str.extract_all(r"[A-Z]+:\d+").list.unique()
    twice = identifier.str.starts_with("[") & (listed.list.len() == 1)
    return pl.when(twice).then(listed.list.first()).otherwise(identifier)


def _one_row_a_result(frame: pl.DataFrame) -> pl.DataFrame:
    """Results of two projects or procedures as one row, with both in a list."""
    grouped = frame.group_by("statisticalResultId", maintain_order=True).agg(
        pl.exclude("projectName", "procedureStableId").first(),
        pl.col("projectName").drop_nulls().unique().sort(),
        mint_column("procedure", pl.col("procedureStableId"))
        .drop_nulls()
        .unique()
        .sort()
        .alias("procedures"),
    )
    return grouped.with_columns(
        id=mint_column("result", pl.col("statisticalResultId")),
        allele=mentions.allele_id(pl.col("alleleAccessionId")),
        centre=mint_column("centre", pl.col("phenotypingCentre")),
        pipeline=mint_column("pipeline", pl.col("pipelineStableId")),
        parameter=mint_column("parameter", pl.col("parameterStableId")),
        neg_log10_p=neg_log10(pl.col("pValue")),
        call_type=call_type(pl.col("statisticalMethod")),
    )


def _shared(context: Context) -> dict[str, pl.Expr]:
    """The columns that Result and Call have in common."""
    return {
        "gene": pl.col("mgiGeneAccessionId"),
        "allele": pl.col("allele"),
        "centre": pl.col("centre"),
        "pipeline": pl.col("pipeline"),
        "procedures": pl.col("procedures"),
        "parameter": pl.col("parameter"),
        "project": pl.col("projectName"),
        "zygosity": pl.col("zygosity"),
        "life_stage": pl.col("lifeStageName"),
        "sexes_tested": pl.col("phenotypeSexes"),
        "statistical_method": pl.col("statisticalMethod"),
        "p_value": pl.col("pValue"),
        "neg_log10_p": pl.col("neg_log10_p"),
        "effect_size": pl.col("effectSize"),
        "phenotype": pl.col("phenotype"),
        "source": pl.lit(context.dataset),
    }


def _results(frame: pl.DataFrame, context: Context) -> pl.DataFrame:
    return things(
        frame,
        "Result",
        id=pl.col("id"),
        metadata_group=pl.col("metadataGroup"),
        data_type=pl.col("dataType"),
        female_mutants=pl.col("femaleMutantCount"),
        male_mutants=pl.col("maleMutantCount"),
        result_status=pl.col("status"),
        significant=pl.col("significant"),
        potential_phenotypes=pl.col("potential"),
        **_shared(context),
    )


def _calls(frame: pl.DataFrame, context: Context) -> pl.DataFrame:
    called = frame.filter(pl.col("phenotype").str.starts_with("MP:"))
    return things(
        called,
        "Call",
        id=mint_column("call", pl.col("statisticalResultId"), pl.col("phenotype")),
        call_type=pl.col("call_type"),
        evidence=evidence(pl.col("call_type")),
        result=pl.col("id"),
        **_shared(context),
    )


SOURCE = Source(
    reader="impc_significant_results",
    title="IMPC's significant statistical results (batch query, Parquet)",
    publisher="International Mouse Phenotyping Consortium",
    licence="https://creativecommons.org/licenses/by/4.0/",
    kinds=("Result", "Call", "Allele", "Centre", "Pipeline", "Procedure", "Parameter"),
    read=read,
    needs=("mp",),
)
