"""What came of tests and judgements, as tables: one row for each of them, and one for each call.

Columns have the names of the IMPC's `statistical-result` core where it has one, and then hold what the IMPC would publish;
the slips that it would publish, too, are named in the column `flags`. Columns of our own come after them.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import polars as pl
from scipy import stats

from impckg.loaders.measurements.judged import METHOD, Found, Judged
from impckg.loaders.measurements.testing import Tested, sexes_tested
from impckg.loaders.statistics.analysis import Analysis, Animals, Status, counts
from impckg.loaders.statistics.fisher import COMPLETE, FisherResult
from impckg.loaders.statistics.mixed_model.model import Estimate, MixedModel
from impckg.loaders.statistics.reference_range import ReferenceRange, ReferenceRangePlus

Row = dict[str, str | float | int | bool | None]

OVERWRITTEN = (
    "female_pvalue_low_vs_normal_high and female_pvalue_low_normal_vs_high are effect sizes, as published"
)
"""A slip of the IMPC's that is kept: its p_value may be such an effect size."""

_NUMBERS = (
    "female_mutant_count", "male_mutant_count", "female_control_count", "male_control_count", "female_mutant_mean",
    "male_mutant_mean", "female_control_mean", "male_control_mean", "p_value", "effect_size",
    "genotype_effect_p_value", "genotype_effect_parameter_estimate", "genotype_effect_stderr_estimate",
    "genotype_effect_size", "female_ko_effect_p_value", "female_ko_parameter_estimate", "female_ko_effect_stderr_estimate",
    "female_effect_size", "female_percentage_change", "male_ko_effect_p_value", "male_ko_parameter_estimate",
    "male_ko_effect_stderr_estimate", "male_effect_size", "male_percentage_change", "percentage_change",
    "sex_effect_p_value", "sex_effect_parameter_estimate", "sex_effect_stderr_estimate", "weight_effect_p_value",
    "weight_effect_parameter_estimate", "weight_effect_stderr_estimate", "interaction_effect_p_value",
    "interaction_effect_parameter_estimate", "interaction_effect_stderr_estimate", "intercept_estimate",
    "categorical_p_value", "categorical_effect_size",
    "genotype_pvalue_low_vs_normal_high", "genotype_pvalue_low_normal_vs_high", "female_pvalue_low_vs_normal_high",
    "female_pvalue_low_normal_vs_high", "male_pvalue_low_vs_normal_high", "male_pvalue_low_normal_vs_high",
    "genotype_effect_size_low_vs_normal_high", "genotype_effect_size_low_normal_vs_high",
    "female_effect_size_low_vs_normal_high", "female_effect_size_low_normal_vs_high",
    "male_effect_size_low_vs_normal_high", "male_effect_size_low_normal_vs_high",
    "soft_windowing_bandwidth", "soft_windowing_shape", "soft_windowing_min_obs_required",
    "soft_windowing_total_obs_or_weight", "unwindowed_p_value", "female_low_p_value", "female_high_p_value",
    "calibrated_p_value", "female_calibrated_p_value",
    "male_calibrated_p_value", "interaction_calibrated_p_value", "own_variance_p_value", "probability_of_equal_variances",
    "q_value", "power",
)  # fmt: skip
_TRUTHS = ("significant", "batch_significant", "variance_significant")
_TEXTS_BEFORE = (
    "line", "gene_accession_id", "gene_symbol", "allele_symbol", "zygosity", "phenotyping_center", "pipeline_stable_id",
    "procedure_stable_id", "strain_accession_id", "metadata_group", "parameter_stable_id", "parameter_name", "status",
    "reason", "statistical_method", "phenotype_sex",
)  # fmt: skip
_TEXTS_AFTER = ("classification_tag", "mp_term_id", "flags", "judged_as")

RESULT_SCHEMA: dict[str, pl.DataType] = {
    **dict.fromkeys(_TEXTS_BEFORE, pl.String()),
    **dict.fromkeys(_NUMBERS[:4], pl.Int64()),
    **dict.fromkeys(_NUMBERS[4:], pl.Float64()),
    **dict.fromkeys(_TRUTHS, pl.Boolean()),
    **dict.fromkeys(_TEXTS_AFTER, pl.String()),
}
"""Columns of the table of results. No number is NaN or infinite; null is nothing.

judged_as: what the centre said, where it judged itself.
"""

CALL_SCHEMA: dict[str, pl.DataType] = {
    "line": pl.String(), "gene_accession_id": pl.String(), "parameter_stable_id": pl.String(), "mp_term_id": pl.String(),
    "sex": pl.String(), "outcome": pl.String(), "rule": pl.String(), "p_value": pl.Float64(), "effect_size": pl.Float64(),
}  # fmt: skip
"""Columns of the table of calls. sex: female, male, or not_considered."""

_DESCRIBED = {
    "gene_accession_id": "gene", "gene_symbol": "gene_symbol", "allele_symbol": "allele_symbol", "zygosity": "zygosity",
    "phenotyping_center": "centre", "pipeline_stable_id": "pipeline", "procedure_stable_id": "procedure",
    "strain_accession_id": "strain", "metadata_group": "metadata_group",
}  # fmt: skip


def result_table(tested: Sequence[Tested], judged: Sequence[Judged] = ()) -> pl.DataFrame:
    """One row for each test, then one for each judgement; see RESULT_SCHEMA.

    q_value: of Benjamini and Hochberg; its family is all tests of the table that were made.
    """
    rows = [*map(_row, tested), *map(_row_of_judgement, judged)]
    q_value = [*q_values(tested), *[None for _ in judged]]
    table = pl.DataFrame(rows, schema=RESULT_SCHEMA)
    floats = pl.col(pl.Float64)
    return table.with_columns(pl.when(floats.is_finite()).then(floats)).with_columns(
        pl.Series("q_value", q_value, dtype=pl.Float64)
    )


def calibrated_p_value(tested: Tested) -> float | None:
    """The p-value of the genotype in all animals that is what it says; None where no test was made.

    An exact test never promises too much. Of two tails the smaller p-value is doubled, as Bonferroni has it.
    """
    found = tested.analysis.result
    if isinstance(found, MixedModel):
        return found.calibrated.p_value
    if isinstance(found, FisherResult):
        return found.genotype[COMPLETE].p_value
    return of_two_tails(found.overall) if isinstance(found, ReferenceRangePlus) else None


def q_values(tested: Sequence[Tested]) -> list[float | None]:
    """The false discovery rates of Benjamini and Hochberg; the family is all of these tests that were made."""
    p_values = [calibrated_p_value(one) for one in tested]
    made = [p_value for p_value in p_values if p_value is not None]
    adjusted = iter(stats.false_discovery_control(made).tolist() if made else [])
    return [None if p_value is None else next(adjusted) for p_value in p_values]


def of_two_tails(tails: ReferenceRange) -> float:
    """One p-value for both tails."""
    return min(1.0, 2 * min(tails.low.p_value, tails.high.p_value))


def call_table(tested: Iterable[Tested], judged: Iterable[Judged] = ()) -> pl.DataFrame:
    """One row for each call; see CALL_SCHEMA."""
    found: list[Found] = [*tested, *judged]
    rows = [
        {
            "line": one.line,
            "gene_accession_id": one.described["gene"],
            "parameter_stable_id": one.parameter.id,
            "mp_term_id": call.term,
            "sex": call.sex or "not_considered",
            "outcome": call.outcome.value,
            "rule": call.rule.value,
            "p_value": call.p_value,
            "effect_size": call.effect_size,
        }
        for one in found
        for call in one.called.calls
    ]
    return pl.DataFrame(rows, schema=CALL_SCHEMA)


def statistical_method(tested: Tested) -> str | None:
    """The method of a test that was made, as the IMPC words it."""
    result = tested.analysis.result
    if isinstance(result, FisherResult):
        return "Fisher Exact Test framework"
    if isinstance(result, ReferenceRangePlus):
        return "Reference Range Plus framework"
    if isinstance(result, MixedModel):
        kind = "Linear Mixed Model framework, LME" if result.has_batch else "Linear Model framework, GLS"
        return f"{kind}, {'' if 'Weight' in result.terms else 'not '}including Weight"
    return None


def _row(one: Tested) -> Row:
    analysis = one.analysis
    kept, sexes = one.animals.those(analysis.kept), sexes_tested(one.animals, analysis)
    flags = [*analysis.flags, *one.called.flags]
    row = _of_parameter(one)
    row |= {
        "status": analysis.status.value,
        "reason": "; ".join(analysis.reasons) or None,
        "statistical_method": statistical_method(one),
        "phenotype_sex": ",".join(sexes) if analysis.status is Status.SUCCESSFUL else None,
        **counts(kept),
        **_means(kept),
        "calibrated_p_value": calibrated_p_value(one),
    }
    if isinstance(analysis.result, MixedModel):
        row |= _of_mixed_model(analysis.result)
        row |= _of_window(analysis)
    elif isinstance(analysis.result, FisherResult):
        row |= _of_fisher(analysis.result)
    elif isinstance(analysis.result, ReferenceRangePlus):
        row |= _of_reference_range(analysis.result)
        flags += [OVERWRITTEN] if "Female" in analysis.result.by_sex else []
    return row | {"flags": "; ".join(dict.fromkeys(flags)) or None}


def _of_parameter(one: Found) -> Row:
    """What parameter of which line it is, and what it earned."""
    row: Row = {name: one.described[ours] for name, ours in _DESCRIBED.items()}
    return row | {
        "line": one.line,
        "parameter_stable_id": one.parameter.id,
        "parameter_name": one.parameter.name or one.described["parameter_name"],
        "significant": one.called.term is not None,
        "mp_term_id": one.called.term,
    }


def _row_of_judgement(one: Judged) -> Row:
    row = _of_parameter(one) | {
        "status": one.status.value,
        "reason": "; ".join(one.reasons) or None,
        "phenotype_sex": one.sex,
        "flags": "; ".join(one.flags) or None,
        "judged_as": one.verdict,
    }
    if one.status is not Status.SUCCESSFUL:
        return row
    # Without a p-value of its own, a judgement has the placeholders that the IMPC publishes.
    called = one.called.term is not None
    p_value = float(not called) if one.p_value is None else one.p_value
    return row | {"statistical_method": METHOD, "p_value": p_value, "effect_size": float(called)}


def _means(animals: Animals) -> Row:
    """The means of numbers of each sex and genotype that there are."""
    if not animals.is_numeric:
        return {}
    values = animals.values.astype(np.float64)
    found: Row = {}
    for sex, is_sex in (("female", ~animals.is_male), ("male", animals.is_male)):
        for genotype, is_genotype in (("mutant", animals.is_mutant), ("control", ~animals.is_mutant)):
            group = values[is_sex & is_genotype]
            found[f"{sex}_{genotype}_mean"] = float(group.mean()) if len(group) else None
    return found


def _of_mixed_model(found: MixedModel) -> Row:
    row: Row = {
        "p_value": found.genotype.p_value,
        "effect_size": found.effect.size,
        "genotype_effect_p_value": found.genotype.p_value,
        "genotype_effect_parameter_estimate": found.genotype.value,
        "genotype_effect_stderr_estimate": found.genotype.standard_error,
        "genotype_effect_size": found.effect.size,
        "percentage_change": found.effect.percentage_change,
        "intercept_estimate": found.coefficients["Intercept"].value,
        "batch_significant": found.has_batch,
        "variance_significant": found.has_own_variance,
        "classification_tag": found.tag,
        "female_calibrated_p_value": found.calibrated.female_p_value,
        "male_calibrated_p_value": found.calibrated.male_p_value,
        "interaction_calibrated_p_value": found.calibrated.interaction_p_value,
        "own_variance_p_value": found.calibrated.own_variance_p_value,
        "probability_of_equal_variances": found.calibrated.probability_of_equal_variances,
        "power": found.calibrated.power,
    }
    for sex, estimate, effect in (
        ("female", found.female, found.female_effect),
        ("male", found.male, found.male_effect),
    ):
        row |= _of_sex(sex, estimate)
        row[f"{sex}_effect_size"] = effect.size if effect and estimate else None
        row[f"{sex}_percentage_change"] = effect.percentage_change if effect and estimate else None
    for name, term in (("sex", "Sex"), ("weight", "Weight"), ("interaction", "Genotype:Sex")):
        if term in found.coefficients:
            row[f"{name}_effect_p_value"] = found.coefficients[term].p_value
            row[f"{name}_effect_parameter_estimate"] = found.coefficients[term].value
            row[f"{name}_effect_stderr_estimate"] = found.coefficients[term].standard_error
    return row


def _of_sex(sex: str, estimate: Estimate | None) -> Row:
    if estimate is None:
        return {}
    return {
        f"{sex}_ko_effect_p_value": estimate.p_value,
        f"{sex}_ko_parameter_estimate": estimate.value,
        f"{sex}_ko_effect_stderr_estimate": estimate.standard_error,
    }


def _of_window(analysis: Analysis) -> Row:
    if analysis.windowed is None or analysis.window is None or analysis.unwindowed is None:
        return {}
    return {
        "soft_windowing_bandwidth": analysis.windowed.half_width,
        "soft_windowing_shape": analysis.windowed.shape,
        "soft_windowing_min_obs_required": float(analysis.windowed.fewest),
        "soft_windowing_total_obs_or_weight": float((analysis.window > 0).sum()),
        "unwindowed_p_value": analysis.unwindowed.genotype.p_value,
    }


def _of_fisher(found: FisherResult) -> Row:
    everyone = found.genotype[COMPLETE]
    row: Row = {
        "p_value": everyone.p_value,
        "effect_size": everyone.effect,
        "genotype_effect_p_value": everyone.p_value,
        "genotype_effect_size": everyone.effect,
        "categorical_p_value": everyone.p_value,
        "categorical_effect_size": everyone.effect,
        "classification_tag": found.tag,
    }
    for sex in ("Female", "Male"):
        if sex in found.genotype_by_sex:
            of_sex = found.genotype_by_sex[sex][COMPLETE]
            row[f"{sex.lower()}_ko_effect_p_value"] = of_sex.p_value
            row[f"{sex.lower()}_effect_size"] = of_sex.effect
            row[f"{sex.lower()}_calibrated_p_value"] = of_sex.p_value
    return row


def _of_reference_range(found: ReferenceRangePlus) -> Row:
    row: Row = {"classification_tag": found.tag}
    published = {"genotype": found.overall, **{sex.lower(): tails for sex, tails in found.by_sex.items()}}
    effects: list[float | None] = []
    least: list[float | None] = []
    for group, tails in published.items():
        both: Mapping[str, float | None] = {"low": tails.low.p_value, "high": tails.high.p_value}
        effects += [tails.low.effect, tails.high.effect]
        if group == "female":
            row |= {f"female_{tail}_p_value": p_value for tail, p_value in both.items()}
            both = {"low": tails.low.effect, "high": tails.high.effect}
        if group != "genotype":
            row[f"{group}_calibrated_p_value"] = of_two_tails(tails)
        row[f"{group}_pvalue_low_vs_normal_high"] = both["low"]
        row[f"{group}_pvalue_low_normal_vs_high"] = both["high"]
        row[f"{group}_effect_size_low_vs_normal_high"] = tails.low.effect
        row[f"{group}_effect_size_low_normal_vs_high"] = tails.high.effect
        least += both.values()
    row["p_value"] = min(value for value in least if value is not None)
    row["effect_size"] = max((value for value in effects if value is not None), default=None)
    return row
