"""The results of a simulated release as rows: of the statistical-result core and of the genotype-phenotype report.

What the formats leave open is decided so:

* Columns of the statistical-result core that the simulation has no value for (soft windowing) are left out.
  `additional_information` says "simulated" in each row.
* RR+ results carry true p-values for females, not the effect sizes that the real core has in their place.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from impckg.loaders.call_types import SUPPLIED
from impckg.loaders.calls import Call
from impckg.loaders.measurements.results import result_table
from impckg.loaders.simulate.files import DATA_TYPES
from impckg.loaders.simulate.lines import Line
from impckg.loaders.simulate.plan import Plan
from impckg.loaders.simulate.results import Result
from impckg.loaders.simulate.world import LIFE_STAGES, World
from impckg.loaders.statistics.significance import SIGNIFICANCE

STATISTICAL_RESULT_COLUMNS = (
    "doc_id", "data_type", "status", "significant", "statistical_method", "additional_information",
    "mp_term_id_options", "mp_term_name_options", "mp_term_id", "mp_term_name", "top_level_mp_term_id",
    "top_level_mp_term_name", "male_mp_term_id", "male_mp_term_name", "female_mp_term_id",
    "female_mp_term_name", "resource_name", "resource_fullname", "project_name", "phenotyping_center",
    "production_center", "pipeline_stable_id", "pipeline_stable_key", "pipeline_name", "procedure_stable_id",
    "procedure_name", "parameter_stable_id", "parameter_name", "colony_id", "marker_symbol",
    "marker_accession_id", "allele_symbol", "allele_name", "allele_accession_id", "strain_name",
    "strain_accession_id", "genetic_background", "sex", "phenotype_sex", "zygosity", "life_stage_name",
    "life_stage_acc", "metadata_group", "male_control_count", "male_mutant_count", "female_control_count",
    "female_mutant_count", "male_control_mean", "male_mutant_mean", "female_control_mean",
    "female_mutant_mean", "p_value", "effect_size", "genotype_pvalue_low_vs_normal_high",
    "genotype_pvalue_low_normal_vs_high", "genotype_effect_size_low_vs_normal_high",
    "genotype_effect_size_low_normal_vs_high", "female_pvalue_low_vs_normal_high",
    "female_pvalue_low_normal_vs_high", "female_effect_size_low_vs_normal_high",
    "female_effect_size_low_normal_vs_high", "male_pvalue_low_vs_normal_high",
    "male_pvalue_low_normal_vs_high", "male_effect_size_low_vs_normal_high",
    "male_effect_size_low_normal_vs_high", "categories", "categorical_p_value", "categorical_effect_size",
    "genotype_effect_p_value", "genotype_effect_stderr_estimate", "genotype_effect_parameter_estimate",
    "male_percentage_change", "female_percentage_change", "sex_effect_p_value", "sex_effect_stderr_estimate",
    "sex_effect_parameter_estimate", "interaction_significant", "interaction_effect_p_value",
    "female_ko_effect_p_value", "female_ko_effect_stderr_estimate", "female_ko_parameter_estimate",
    "female_effect_size", "male_ko_effect_p_value", "male_ko_effect_stderr_estimate",
    "male_ko_parameter_estimate", "male_effect_size", "classification_tag",
)  # fmt: skip
GENOTYPE_PHENOTYPE_COLUMNS = (
    "marker_accession_id", "marker_symbol", "phenotyping_center", "colony_id", "sex", "zygosity",
    "allele_accession_id", "allele_symbol", "allele_name", "strain_accession_id", "strain_name",
    "project_name", "pipeline_name", "pipeline_stable_id", "procedure_stable_id", "procedure_name",
    "parameter_stable_id", "parameter_name", "top_level_mp_term_id", "top_level_mp_term_name", "mp_term_id",
    "mp_term_name", "p_value", "percentage_change", "effect_size", "statistical_method", "resource_name",
)  # fmt: skip
SIZE_COLUMNS = tuple(
    column
    for column in STATISTICAL_RESULT_COLUMNS
    if column.endswith(("_mean", "effect_size", "_estimate", "_percentage_change"))
    or "_effect_size_" in column
)
TAILS = ("low_vs_normal_high", "low_normal_vs_high")
_UNTESTED = (
    "status", "statistical_method", "phenotype_sex", "p_value", "effect_size", "female_mutant_count", "male_mutant_count",
)  # fmt: skip
# Columns that tables of tests have, too, and that stand here once for all parameters of a line.
_OURS = (
    "significant", "mp_term_id", "allele_symbol", "zygosity", "phenotyping_center", "pipeline_stable_id",
    "procedure_stable_id", "strain_accession_id", "metadata_group", "parameter_stable_id", "parameter_name",
)  # fmt: skip

# md5 of nothing: the metadata group of a procedure whose metadata do not matter.
NO_METADATA = "d41d8cd98f00b204e9800998ecf8427e"


@dataclass(frozen=True)
class Columns:
    """What the rows of the result files repeat: one row a step of the plan, and one row an MP term."""

    steps: pl.DataFrame
    terms: pl.DataFrame


def make_columns(world: World, plan: Plan) -> Columns:
    """What rows of the result files repeat."""
    terms = sorted({term for parameter in world.parameters for term in parameter.terms})
    steps = pl.DataFrame(
        [_step_row(world, plan, place) for place in range(len(plan.steps))], infer_schema_length=None
    )
    tops = [world.mp.top_levels(term) for term in terms]
    named = pl.DataFrame(
        {
            "mp_term_id": terms,
            "mp_term_name": [world.mp.names[term] for term in terms],
            "called_top_id": [",".join(top) for top in tops],
            "called_top_name": [",".join(world.mp.names[term] for term in top) for top in tops],
        }
    )
    return Columns(steps, named)


def _step_row(world: World, plan: Plan, place: int) -> dict[str, str | None]:
    step = plan.steps[place]
    parameter, centre = world.parameters[step.parameter], step.centre
    options = parameter.terms
    tops = sorted({top for term in options for top in world.mp.top_levels(term)})
    life_stage, life_stage_accession = LIFE_STAGES[parameter.stage]
    data_type = DATA_TYPES[parameter.kind][0]
    group = hashlib.md5(f"{centre.name} {step.procedure}".encode()).hexdigest()
    return {
        "data_type": data_type,
        "additional_information": "simulated",
        "mp_term_id_options": ",".join(options) or None,
        "mp_term_name_options": ",".join(world.mp.names[term] for term in options) or None,
        "options_top_id": ",".join(tops) or None,
        "options_top_name": ",".join(world.mp.names[term] for term in tops) or None,
        "resource_name": "IMPC",
        "resource_fullname": "IMPC (simulated)",
        "project_name": centre.project,
        "phenotyping_center": centre.name,
        "production_center": centre.name,
        "pipeline_stable_id": step.pipeline.stable_id,
        "pipeline_stable_key": step.pipeline.stable_key,
        "pipeline_name": step.pipeline.name,
        "procedure_stable_id": step.procedure,
        "procedure_name": parameter.procedure_name,
        "parameter_stable_id": parameter.stable_id,
        "parameter_name": parameter.name,
        "strain_name": centre.strain_name,
        "strain_accession_id": centre.strain_accession,
        "genetic_background": f"involves: {centre.strain_name}",
        "life_stage_name": life_stage,
        "life_stage_acc": life_stage_accession,
        "metadata_group": NO_METADATA if data_type in ("line", "embryo") else group,
        "categories": ",".join(parameter.categories) or None,
    }


def statistical_results(world: World, columns: Columns, results: Sequence[Result]) -> pl.DataFrame:
    """Rows of the statistical-result core."""
    by_sex = {sex: [_term_of_sex(result, sex) for result in results] for sex in ("female", "male")}
    terms = [result.called.term for result in results]
    drawn = pl.DataFrame(
        {
            "mp_term_id": terms,
            "female_mp_term_id": by_sex["female"],
            "male_mp_term_id": by_sex["male"],
            "significant": [term is not None for term in terms],
            "sex": [_sex_of(result) for result in results],
            "zygosity": [result.zygosity for result in results],
        },
        schema_overrides=dict.fromkeys(
            ("mp_term_id", "female_mp_term_id", "male_mp_term_id", "sex"), pl.String
        ),
    )
    frame = pl.concat(
        [
            columns.steps[[result.step for result in results]],
            _line_rows(world, [result.line for result in results]),
            drawn,
            _numbers(results),
        ],
        how="horizontal",
    )
    for prefix in ("", "female_", "male_"):
        named = columns.terms if prefix == "" else columns.terms.select("mp_term_id", "mp_term_name")
        named = named.rename({"mp_term_id": f"{prefix}mp_term_id", "mp_term_name": f"{prefix}mp_term_name"})
        frame = frame.join(named, on=f"{prefix}mp_term_id", how="left", maintain_order="left")
    frame = frame.with_columns(
        pl.col(SIZE_COLUMNS).round_sig_figs(6),
        top_level_mp_term_id=pl.coalesce("called_top_id", "options_top_id"),
        top_level_mp_term_name=pl.coalesce("called_top_name", "options_top_name"),
        # The real core knows true and nothing, never false.
        interaction_significant=pl.when(pl.col("interaction_effect_p_value") < SIGNIFICANCE).then(True),
    )
    return frame.with_columns(doc_id=_doc_ids(frame)).select(STATISTICAL_RESULT_COLUMNS)


def genotype_phenotypes(frame: pl.DataFrame, columns: Columns, results: Sequence[Result]) -> pl.DataFrame:
    """Rows of the genotype-phenotype report, one a call, of the rows that `statistical_results` gave."""
    calls = [(place, call) for place, result in enumerate(results) for call in result.called.calls]
    rows = frame[[place for place, _ in calls]]
    told = pl.DataFrame(
        [_call_row(call, judged=results[place].judged) for place, call in calls],
        schema={"mp_term_id": pl.String, "sex": pl.String, "p_value": pl.Float64, "effect_size": pl.Float64},
    )
    change = pl.coalesce(
        pl.when(pl.col("sex") == sex).then(f"{sex}_percentage_change") for sex in ("female", "male")
    )
    return (
        rows.drop(*told.columns, "mp_term_name", "top_level_mp_term_id", "top_level_mp_term_name")
        .hstack(told)
        .join(columns.terms, on="mp_term_id", how="left", maintain_order="left")
        .rename({"called_top_id": "top_level_mp_term_id", "called_top_name": "top_level_mp_term_name"})
        .with_columns(percentage_change=change)
        .select(GENOTYPE_PHENOTYPE_COLUMNS)
    )


def _numbers(results: Sequence[Result]) -> pl.DataFrame:
    """What tests found, and what stands in its place where a centre judged itself; a row for each result."""
    tested = [(place, result.tested) for place, result in enumerate(results) if result.tested is not None]
    found = result_table([one for _, one in tested]).with_columns(
        place=pl.Series([at for at, _ in tested], dtype=pl.Int64)
    )
    # A female p-value of a reference range is one here, see above.
    tails = [f"{group}_pvalue_{which}" for group in ("genotype", "female", "male") for which in TAILS]
    found = found.with_columns(
        pl.coalesce(pl.col(f"female_{side}_p_value"), pl.col(f"female_pvalue_{which}")).alias(
            f"female_pvalue_{which}"
        )
        for side, which in zip(("low", "high"), TAILS, strict=True)
    ).with_columns(p_value=pl.coalesce(pl.min_horizontal(tails), "p_value"))
    other = pl.DataFrame(
        [
            {"place": place, **_untested_row(result)}
            for place, result in enumerate(results)
            if not result.tested
        ],
        schema={"place": pl.Int64, **{name: found.schema[name] for name in _UNTESTED}},
    )
    names = [name for name in STATISTICAL_RESULT_COLUMNS if name in found.columns and name not in _OURS]
    both = pl.concat([found, other], how="diagonal").sort("place")
    return both.select(names)


def _untested_row(result: Result) -> dict[str, str | float | int | None]:
    counts = {f"{sex}_mutant_count": result.mutants.get(sex) for sex in ("female", "male")}
    sexes = ",".join(sorted(result.sexes, reverse=True))
    if not result.judged:
        return {"status": "NotProcessed", "phenotype_sex": sexes, **counts}
    # Placeholders: 0 and 1 where there is a call, else 1 and 0.
    called = result.called.term is not None
    return {
        "status": "Successful",
        "statistical_method": SUPPLIED,
        "phenotype_sex": sexes,
        "p_value": 0.0 if called else 1.0,
        "effect_size": 1.0 if called else 0.0,
        **counts,
    }


def _call_row(call: Call, *, judged: bool) -> dict[str, str | float | None]:
    return {
        "mp_term_id": call.term,
        "sex": call.sex or "not_considered",
        "p_value": 0.0 if judged else call.p_value,
        "effect_size": 1.0 if judged else call.effect_size,
    }


def _term_of_sex(result: Result, sex: str) -> str | None:
    return next((call.term for call in result.called.calls if call.sex == sex), None)


def _sex_of(result: Result) -> str | None:
    """Which sex a result was called for."""
    sexes = {call.sex or "not_considered" for call in result.called.calls}
    return None if not sexes else sexes.pop() if len(sexes) == 1 else "not_considered"


def _line_rows(world: World, lines: Sequence[Line]) -> pl.DataFrame:
    genes = world.genes[[line.gene for line in lines]]
    return pl.DataFrame(
        {
            "colony_id": [line.colony for line in lines],
            "marker_symbol": genes["symbol"],
            "marker_accession_id": genes["mgi_id"],
            "allele_symbol": [line.allele_symbol for line in lines],
            "allele_name": [line.allele_name for line in lines],
            "allele_accession_id": [line.allele_accession for line in lines],
        }
    )


def _doc_ids(frame: pl.DataFrame) -> pl.Series:
    """md5 of the natural key, run together as impc-etl does it."""
    key = frame.select(
        pl.concat_str(
            "colony_id",
            "pipeline_stable_id",
            "procedure_stable_id",
            "parameter_stable_id",
            "phenotyping_center",
            "production_center",
            "metadata_group",
            "zygosity",
            "strain_accession_id",
            pl.col("sex").fill_null(""),
        )
    ).to_series()
    return pl.Series([hashlib.md5(text.encode()).hexdigest() for text in key])
