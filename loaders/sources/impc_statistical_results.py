"""IMPC's statistical results, significant and not: `statistical-results-ALL.csv.gz` of a release.

The CSV export of the Solr core `statistical-result`. The order of its columns is not documented, so they are read by
name; the ones below must be there, others are used where they are. Cells with several values join them by commas inside
quotes; `mp_term_id` is empty unless a term was assigned, which is what significant means. Calls are not made from this
file: the ones for each sex are in the genotype-phenotype file of the same release.
"""

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from impckg.graph.identifiers import mint_column
from impckg.graph.schema import schema
from impckg.loaders import mentions, rules
from impckg.loaders.call_types import neg_log10, without_placeholders
from impckg.loaders.source import Batch, Context, Source, things
from impckg.loaders.table import Rows, read_delimited

_REQUIRED = (
    "doc_id", "marker_accession_id", "marker_symbol", "allele_accession_id", "allele_symbol", "colony_id",
    "phenotyping_center", "pipeline_stable_id", "procedure_stable_id", "procedure_name", "parameter_stable_id",
    "parameter_name", "zygosity", "life_stage_name", "status", "statistical_method", "p_value", "effect_size", "mp_term_id",
)  # fmt: skip
_OPTIONAL = (
    "allele_name", "production_center", "project_name", "resource_name", "pipeline_name", "strain_accession_id",
    "strain_name", "metadata_group", "data_type", "phenotype_sex", "sex", "mp_term_id_options", "male_mutant_count",
    "female_mutant_count", "male_control_count", "female_control_count", "male_ko_effect_p_value",
    "female_ko_effect_p_value", "classification_tag",
)  # fmt: skip
_COUNTS = ("male_mutant_count", "female_mutant_count", "male_control_count", "female_control_count")
_TWO_SEXES = {"Both sexes included": "male,female", "both": "male,female"}


def read(path: Path, context: Context) -> Iterator[Batch]:
    """Result and Line, and the things that they mention."""
    seen = rules.Seen()
    for block in read_delimited(path, ",", _REQUIRED, quoted=True, limit=context.limit):
        rows = seen.first_only(_checked(block), ["doc_id"])
        rows = rules.item_curies(rows, "mp_term_id_options", "MP", "MPATH")
        rows, of_calls = rules.terms(rows, "mp_term_id", context.terms)
        rows, of_potential = rules.terms(rows, "mp_term_id_options", context.terms)
        yield Batch(rows, _tables(rows.kept, context), (of_calls, of_potential))


def _checked(block: Rows) -> Rows:
    absent = [pl.lit(None, pl.String).alias(name) for name in _OPTIONAL if name not in block.kept.columns]
    rows = block.with_kept(block.kept.with_columns(absent))
    rows = rules.rename(rows, {name: name for name in (*_REQUIRED, *_OPTIONAL)})
    rows = rules.present(rows, "doc_id", "marker_accession_id", "parameter_stable_id", "status")
    rows = rules.curies(rows, "marker_accession_id", "MGI")
    rows = rules.curies(rows, "mp_term_id", "MP", "MPATH")
    rows = rules.values(rows, "zygosity", mentions.ZYGOSITY)
    rows = rules.values(rows, "life_stage_name", mentions.LIFE_STAGE, mentions.LIFE_STAGE_SPELLINGS)
    rows = rules.values(rows, "status", schema().enumerations["ResultStatus"])
    rows = rules.probabilities(rows, "p_value", "male_ko_effect_p_value", "female_ko_effect_p_value")
    rows = rules.numbers(rows, "effect_size")
    rows = rules.counts(rows, *_COUNTS)
    sexes = pl.coalesce("phenotype_sex", "sex").replace(_TWO_SEXES)
    rows = rules.change(rows, sexes=sexes)
    rows = rules.lists(rows, ",", "sexes", "procedure_stable_id", "project_name", "mp_term_id_options")
    only_sexes = (
        pl.col("sexes").list.eval(pl.element().filter(pl.element().is_in(["female", "male"]))).list.sort()
    )
    p_value, effect = without_placeholders(
        pl.col("statistical_method"), pl.col("p_value"), pl.col("effect_size")
    )
    return rules.change(rows, sexes=only_sexes, p_value=p_value, effect_size=effect)


def _tables(frame: pl.DataFrame, context: Context) -> dict[str, pl.DataFrame]:
    by_procedure = frame.explode("procedure_stable_id")
    return {
        "Result": _results(frame, context),
        "Gene": mentions.genes(frame, "marker_accession_id", "marker_symbol"),
        "Allele": mentions.alleles(
            frame, "allele_accession_id", "allele_symbol", "marker_accession_id", "allele_name"
        ),
        "Line": mentions.lines(
            frame,
            "colony_id",
            "marker_accession_id",
            allele="allele_accession_id",
            strain="strain_accession_id",
            production_centre="production_center",
            phenotyping_centre="phenotyping_center",
        ),
        "Strain": mentions.strains(frame, "strain_accession_id", "strain_name"),
        "Centre": mentions.centres(frame, "phenotyping_center", "production_center"),
        "Pipeline": mentions.pipelines(frame, "pipeline_stable_id", "pipeline_name"),
        "Procedure": mentions.procedures(
            by_procedure, "procedure_stable_id", "procedure_name", "pipeline_stable_id"
        ),
        "Parameter": mentions.parameters(
            by_procedure, "parameter_stable_id", "parameter_name", "procedure_stable_id"
        ),
    }


def _results(frame: pl.DataFrame, context: Context) -> pl.DataFrame:
    return things(
        frame,
        "Result",
        id=mint_column("result", pl.col("doc_id")),
        gene=pl.col("marker_accession_id"),
        allele=mentions.allele_id(pl.col("allele_accession_id")),
        line=mint_column("line", pl.col("colony_id")),
        centre=mint_column("centre", pl.col("phenotyping_center")),
        production_centre=mint_column("centre", pl.col("production_center")),
        pipeline=mint_column("pipeline", pl.col("pipeline_stable_id")),
        procedures=pl.col("procedure_stable_id").list.eval(mint_column("procedure", pl.element())),
        parameter=mint_column("parameter", pl.col("parameter_stable_id")),
        project=pl.col("project_name"),
        resource=pl.col("resource_name"),
        strain=mentions.strain_id(pl.col("strain_accession_id")),
        metadata_group=pl.col("metadata_group"),
        zygosity=pl.col("zygosity"),
        life_stage=pl.col("life_stage_name"),
        data_type=pl.col("data_type"),
        sexes_tested=pl.col("sexes"),
        female_mutants=pl.col("female_mutant_count"),
        male_mutants=pl.col("male_mutant_count"),
        female_controls=pl.col("female_control_count"),
        male_controls=pl.col("male_control_count"),
        statistical_method=pl.col("statistical_method"),
        result_status=pl.col("status"),
        significant=pl.col("mp_term_id").is_not_null(),
        p_value=pl.col("p_value"),
        neg_log10_p=neg_log10(pl.col("p_value")),
        effect_size=pl.col("effect_size"),
        female_p_value=pl.col("female_ko_effect_p_value"),
        male_p_value=pl.col("male_ko_effect_p_value"),
        classification=pl.col("classification_tag"),
        phenotype=pl.col("mp_term_id"),
        potential_phenotypes=pl.col("mp_term_id_options"),
        source=pl.lit(context.dataset),
    )


SOURCE = Source(
    reader="impc_statistical_results",
    title="IMPC's statistical results (statistical-results-ALL.csv.gz)",
    publisher="International Mouse Phenotyping Consortium",
    licence="https://creativecommons.org/licenses/by/4.0/",
    kinds=("Result", "Gene", "Allele", "Line", "Strain", "Centre", "Pipeline", "Procedure", "Parameter"),
    read=read,
    needs=("mp",),
)
