"""IMPC's calls, `genotype-phenotype-assertions-*.csv.gz` of a release (IMPC, EuroPhenome, MGP, 3i and pain data).

CSV with quotes; 27 columns since about release 20, 28 before (`project_fullname`), so read by name. One row for each
significant call for each sex of the call: `sex` is male, female, not_considered or "no data". `percentage_change` has a
``%`` in old files. `mp_term_id` may be a term of MPATH (histopathology) or empty; calls are of MP terms, so such rows
are put aside. p 0 and effect 1 of supplied data are placeholders. Life stage follows from the procedure.
"""

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from impckg.graph.identifiers import mint_column
from impckg.loaders import mentions, rules
from impckg.loaders.call_types import call_type, evidence, neg_log10, without_placeholders
from impckg.loaders.source import Batch, Context, Source, things
from impckg.loaders.table import Rows, read_delimited

_COLUMNS = {
    name: name
    for name in (
        "marker_accession_id", "marker_symbol", "phenotyping_center", "colony_id", "sex", "zygosity",
        "allele_accession_id", "allele_symbol", "allele_name", "strain_accession_id", "strain_name", "project_name",
        "pipeline_name", "pipeline_stable_id", "procedure_stable_id", "procedure_name", "parameter_stable_id",
        "parameter_name", "mp_term_id", "p_value", "percentage_change", "effect_size", "statistical_method",
        "resource_name",
    )
}  # fmt: skip
_KEY = [
    "colony_id", "pipeline_stable_id", "procedure_stable_id", "parameter_stable_id", "zygosity", "sex", "mp_term_id",
]  # fmt: skip

# Procedures that tell a life stage, first match wins (impc-etl d8c64cf, life stage by procedure id).
_LIFE_STAGES: tuple[tuple[str, str | None], ...] = (
    (r"_(GEL|EVL|HPL|EOL|EML|HEL|GPL)_", "E9.5"),
    (r"_(GEM|ELZ|GPM|EVM)_", "E12.5"),
    (r"_(EVO|GPO|MAA|EMO|GEO)_", "E15.5"),
    (r"_(EVP|EMA|GEP|GPP)_", "E18.5"),
    (r"IP_", "middle_aged_adult"),
    (r"LA_", "late_adult"),
    (r"^ALT", None),
)


def read(path: Path, context: Context) -> Iterator[Batch]:
    """Call and Line, and the things that they mention."""
    seen = rules.Seen()
    for block in read_delimited(path, ",", list(_COLUMNS), quoted=True, limit=context.limit):
        rows, replaced = rules.terms(_checked(block), "mp_term_id", context.terms)
        # Only now: a call of an old term and one of its successor are one call.
        rows = seen.first_only(rows, _KEY)
        yield Batch(rows, _tables(rows.kept, context), (replaced,))


def life_stage(procedure: pl.Expr) -> pl.Expr:
    """The life stage that a procedure's stable id stands for; early adult unless it says otherwise.

    >>> procedures = pl.Series(["IMPC_EVL_001", "BCMLA_DXA_001", "IMPC_GRS_001", "ALT_GRS_001"])
    >>> pl.select(life_stage(procedures)).to_series().to_list()
    ['E9.5', 'late_adult', 'early_adult', None]
    """
    stage: pl.Expr = pl.lit("early_adult")
    for pattern, key in reversed(_LIFE_STAGES):
        stage = pl.when(procedure.str.contains(pattern)).then(pl.lit(key, pl.String)).otherwise(stage)
    return stage


def _checked(block: Rows) -> Rows:
    rows = rules.rename(block, _COLUMNS)
    rows = rules.present(
        rows,
        "marker_accession_id",
        "colony_id",
        "pipeline_stable_id",
        "procedure_stable_id",
        "parameter_stable_id",
        "mp_term_id",
    )
    rows = rules.curies(rows, "marker_accession_id", "MGI")
    rows = rules.curies(rows, "mp_term_id", "MP")
    rows = rules.values(rows, "zygosity", mentions.ZYGOSITY)
    rows = rules.values(rows, "sex", mentions.SEX, mentions.NO_SEX)
    rows = rules.probabilities(rows, "p_value")
    rows = rules.change(rows, percentage_change=pl.col("percentage_change").str.strip_suffix("%"))
    rows = rules.numbers(rows, "effect_size", "percentage_change")
    p_value, effect = without_placeholders(
        pl.col("statistical_method"), pl.col("p_value"), pl.col("effect_size")
    )
    return rules.change(
        rows, p_value=p_value, effect_size=effect, call_type=call_type(pl.col("statistical_method"))
    )


def _tables(frame: pl.DataFrame, context: Context) -> dict[str, pl.DataFrame]:
    return {
        "Call": _calls(frame, context),
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
            phenotyping_centre="phenotyping_center",
        ),
        "Strain": mentions.strains(frame, "strain_accession_id", "strain_name"),
        "Centre": mentions.centres(frame, "phenotyping_center"),
        "Pipeline": mentions.pipelines(frame, "pipeline_stable_id", "pipeline_name"),
        "Procedure": mentions.procedures(
            frame, "procedure_stable_id", "procedure_name", "pipeline_stable_id"
        ),
        "Parameter": mentions.parameters(
            frame, "parameter_stable_id", "parameter_name", "procedure_stable_id"
        ),
    }


def _calls(frame: pl.DataFrame, context: Context) -> pl.DataFrame:
    return things(
        frame,
        "Call",
        id=mint_column(
            "call",
            pl.col("colony_id"),
            pl.col("pipeline_stable_id"),
            pl.col("procedure_stable_id"),
            pl.col("parameter_stable_id"),
            pl.col("zygosity").fill_null("any_zygosity"),
            pl.col("sex").fill_null("any_sex"),
            pl.col("mp_term_id"),
        ),
        gene=pl.col("marker_accession_id"),
        allele=mentions.allele_id(pl.col("allele_accession_id")),
        line=mint_column("line", pl.col("colony_id")),
        phenotype=pl.col("mp_term_id"),
        sex=pl.col("sex"),
        zygosity=pl.col("zygosity"),
        life_stage=life_stage(pl.col("procedure_stable_id")),
        call_type=pl.col("call_type"),
        p_value=pl.col("p_value"),
        neg_log10_p=neg_log10(pl.col("p_value")),
        effect_size=pl.col("effect_size"),
        percentage_change=pl.col("percentage_change"),
        statistical_method=pl.col("statistical_method"),
        centre=mint_column("centre", pl.col("phenotyping_center")),
        pipeline=mint_column("pipeline", pl.col("pipeline_stable_id")),
        procedures=pl.concat_list(mint_column("procedure", pl.col("procedure_stable_id"))).list.drop_nulls(),
        parameter=mint_column("parameter", pl.col("parameter_stable_id")),
        project=pl.concat_list("project_name").list.drop_nulls(),
        resource=pl.col("resource_name"),
        strain=mentions.strain_id(pl.col("strain_accession_id")),
        evidence=evidence(pl.col("call_type")),
        source=pl.lit(context.dataset),
    )


SOURCE = Source(
    reader="impc_genotype_phenotype",
    title="IMPC's calls (genotype-phenotype-assertions-*.csv.gz)",
    publisher="International Mouse Phenotyping Consortium",
    licence="https://creativecommons.org/licenses/by/4.0/",
    kinds=("Call", "Gene", "Allele", "Line", "Strain", "Centre", "Pipeline", "Procedure", "Parameter"),
    read=read,
    needs=("mp",),
)
