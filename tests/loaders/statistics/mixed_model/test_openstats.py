"""The mixed model against the R package that the IMPC runs, case by case."""

import re

import numpy as np
import pytest

from impckg.loaders.statistics.mixed_model.model import mixed_model

CASES = (
    "MM01_real_grip_withweight",
    "MM02_real_grip_noweight",
    "MM03_null",
    "MM04_both_sexes",
    "MM05_male_only",
    "MM06_opposite",
    "MM07_weight_mediated",
    "MM08_ko_variance_x3",
    "MM09_no_batch_effect",
    "MM10_female_only",
    "MM11_large",
    "MM12_small",
    "MM13_confounded_batch",
    "MM14_missing",
    "MM15_integer_ties",
    "MM16_weight_is_response",
    "MM17_extreme_p",
    "MM18_too_few_males",
    "MM19_weight_dropped_missing",
    "MM20_real_sparc_bone",
    "MM21_real_sparc_lean",
    "MM22_real_sparc_fat",
    "MM23_real_mysm1_nose_tail",
    "MM24_pipeline_filter",
)

NAMES = {
    "(Intercept)": "Intercept",
    "Genotypeexperimental": "Genotype",
    "SexMale": "Sex",
    "Weight": "Weight",
    "Genotypeexperimental:SexMale": "Genotype:Sex",
}


@pytest.fixture(params=CASES)
def case(request, read_case):
    return read_case(request.param)


@pytest.fixture
def found(case):
    return mixed_model(case.response, case.is_mutant, case.is_male, case.date, case.weight)


def test_it_decides_as_openstats_does(case, found):
    theirs = case.result

    assert set(found.terms) == {NAMES[row["term"]] for row in theirs["final_model"]["coefficients"]}
    assert found.has_own_variance == theirs["variance_structure_in"]
    assert found.has_batch == theirs["batch_in"]
    assert found.controls + found.mutants == theirs["final_model"]["variance"]["nobs"]


def test_estimates_are_those_of_the_strict_fit(case, found):
    for row in case.result["final_model_tight"]["coefficients"]:
        ours = found.coefficients[NAMES[row["term"]]]
        _agree(ours, row, estimate=2e-5, log_p=1e-3)


def test_estimates_are_near_those_of_openstats_own_fit(case, found):
    for row in case.result["final_model"]["coefficients"]:
        ours = found.coefficients[NAMES[row["term"]]]
        _agree(ours, row, estimate=2e-3, log_p=0.03)
        if "df" in row:
            assert ours.degrees_of_freedom == row["df"]


def test_the_sexes_are_those_of_the_split_model(case, found):
    split = case.result["split_model_tight"]
    if split is None:
        assert found.female is None
        assert found.male is None
        return

    rows = {row["term"]: row for row in split["coefficients"]}

    for ours, name in ((found.female, "SexFemale"), (found.male, "SexMale")):
        _agree(ours, rows[f"{name}:Genotypeexperimental"], estimate=2e-5, log_p=1e-3)
    both = next(row for row in split["anova_marginal"] if row["term"] == "Sex:Genotype")
    if both["p_value"] > 0:
        assert np.log10(found.both_sexes_p_value) == pytest.approx(np.log10(both["p_value"]), abs=1e-3)


def test_intervals_and_effects_are_those_of_the_report(case, found):
    report = case.result["report"]

    interval = list(report["Genotype estimate"]["Confidence"].values())
    assert [found.genotype.lower, found.genotype.upper] == pytest.approx(
        interval, abs=4e-3 * found.genotype.standard_error
    )
    for key, ours in (
        ("Genotype effect size", found.effect),
        ("Sex FvKO effect size", found.female_effect),
        ("Sex MvKO effect size", found.male_effect),
    ):
        if report[key] is not None:
            assert ours.size == pytest.approx(report[key]["Value"], rel=1e-3), key
    changes = report["Genotype percentage change"]
    ours = {
        "SexFemale:Genotypeexperimental": found.female_effect.percentage_change,
        "SexMale:Genotypeexperimental": found.male_effect.percentage_change,
        "experimental Genotype": found.effect.percentage_change,
    }
    for name, theirs in changes.items():
        if name in ours:
            assert ours[name] == pytest.approx(theirs, rel=1e-3, abs=0.01), name


def test_residuals_are_tested_as_openstats_does(case, found):
    theirs = case.result["report"]["residual_normality"]

    flat = {"Overall": theirs["Overall"]} | theirs["Genotype"] | theirs.get("Sex", {})
    flat |= theirs.get("Genotype_Sex", {})
    assert flat
    for name, test in flat.items():
        if test is None:
            continue
        p_value, animals, distinct = (_first(test[key]) for key in ("P-value", "N", "Unique N"))
        ours = found.normality[name]
        assert ours.animals == animals
        if p_value is not None and _first(test["Test"]) == "Shapiro":
            # Their fit is loose, and the p-value follows it.
            assert ours.p_value == pytest.approx(p_value, rel=2e-3), name
            assert ours.distinct == pytest.approx(distinct, abs=5)


def test_the_tag_is_that_of_openstats(case, found):
    theirs = case.result["report"]["Classification tag"]["Classification tag"]

    # The p-value in the text is that of their loose fit.
    assert _without_number(found.tag) == _without_number(theirs)


def _agree(ours, row, estimate, log_p):
    assert ours.value == pytest.approx(row["estimate"], abs=estimate * row["std_error"])
    assert ours.standard_error == pytest.approx(row["std_error"], rel=estimate)
    if row["p_value"] > 0:
        assert np.log10(ours.p_value) == pytest.approx(np.log10(row["p_value"]), abs=log_p)
    else:
        assert ours.p_value < 1e-15


def _first(value):
    return value[0] if isinstance(value, list) else value


def _without_number(tag):
    return re.sub(r"pvalue =  \S+", "pvalue =", tag)
