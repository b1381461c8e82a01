"""What comes of a table of animals, as tables."""

import gzip
import json

import numpy as np
import polars as pl
import pytest

from impckg.loaders.calls import Option, Outcome
from impckg.loaders.measurements.parameters import Parameter, Parameters
from impckg.loaders.measurements.reading import Reading, read_measurements
from impckg.loaders.measurements.results import OVERWRITTEN, call_table, result_table
from impckg.loaders.measurements.testing import analyse_lines
from impckg.loaders.statistics.gates import Framework

KNOWN = Parameters(
    {
        "grip": Parameter("Grip", "Grip strength", None, (Option("MP:0010053", Outcome.DECREASED),)),
        "eye": Parameter("Eye", None, None, (Option("MP:0001314", Outcome.ABNORMAL, category="cloudy"),)),
    }
)


def analysed(path, known=KNOWN, **reading):
    return list(analyse_lines(read_measurements(path, Reading(**reading)), known))


def test_a_knockout_earns_its_calls(knockout):
    found = analysed(knockout())

    results, calls = result_table(found), call_table(found)

    rows = {row["parameter_stable_id"]: row for row in results.iter_rows(named=True)}
    assert set(rows) == {"Weight", "Grip", "Length", "Eye"}
    assert rows["Grip"]["significant"]
    assert rows["Grip"]["genotype_effect_parameter_estimate"] == pytest.approx(-40, abs=6)
    assert rows["Grip"]["calibrated_p_value"] < 1e-4
    assert rows["Grip"]["female_control_mean"] - rows["Grip"]["female_mutant_mean"] == pytest.approx(
        40, abs=6
    )
    assert rows["Eye"]["female_control_mean"] is None
    assert rows["Eye"]["categorical_p_value"] == rows["Eye"]["p_value"]
    assert rows["Grip"]["gene_accession_id"] == "MGI:98373"
    assert not rows["Length"]["significant"]
    assert (rows["Eye"]["mp_term_id"], rows["Eye"]["statistical_method"]) == (
        "MP:0001314",
        "Fisher Exact Test framework",
    )
    assert set(calls.filter(parameter_stable_id="Grip")["sex"]) == {"female", "male"}
    assert set(calls["rule"]) <= {
        "mixed model, genotype effect in one sex",
        "Fisher's exact test of categories, all animals",
        "Fisher's exact test of categories, one sex",
    }


def test_no_number_is_nan(knockout):
    results = result_table(analysed(knockout()))

    for column in results.select(pl.col(pl.Float64)):
        assert not column.is_nan().any(), column.name


def test_q_values_are_those_of_benjamini_and_hochberg_over_the_table(knockout):
    results = result_table(analysed(knockout()))

    p_values = results["calibrated_p_value"].to_numpy()
    order = np.argsort(p_values)
    by_hand = np.minimum.accumulate(
        (p_values[order] * len(p_values) / np.arange(1, len(p_values) + 1))[::-1]
    )[::-1]
    assert results["q_value"].to_numpy()[order] == pytest.approx(by_hand)


def test_what_cannot_be_tested_says_why(write_table):
    lines = [
        f"M{number},{'x/x' if number < 2 else '+/+'},f,2024-01-0{number % 3 + 1},{number}"
        for number in range(20)
    ]
    path = write_table("Mouse,Genotype,Sex,Date,Grip", *lines)

    row = result_table(analysed(path)).row(0, named=True)

    assert row["status"] == "NotProcessed"
    assert "controls or mutants are missing" in row["reason"]
    assert (row["p_value"], row["significant"], row["q_value"]) == (None, False, None)


def test_slips_of_the_published_results_are_kept_and_named(knockout):
    known = Parameters({"grip": Parameter("Grip", framework=Framework.REFERENCE_RANGE)})
    lines = knockout().read_text().splitlines()
    # The gate wants more than 60 controls of a sex.
    more = [f"N{number}," + lines[2 + number % 5].split(",", 1)[1] for number in range(150)]
    path = knockout("more.csv")
    path.write_text("\n".join([*lines, *more]))

    row = result_table(analysed(path, known, parameters=["Grip"])).row(0, named=True)

    assert row["statistical_method"] == "Reference Range Plus framework"
    assert OVERWRITTEN in row["flags"]
    assert row["female_low_p_value"] < 1e-4 < row["female_pvalue_low_vs_normal_high"]
    assert row["calibrated_p_value"] <= 2 * row["genotype_pvalue_low_vs_normal_high"]


@pytest.mark.parametrize(
    ("file", "parameter", "case"),
    [
        ("openstats_test_continuous", "IMPC_GRS_011_001", "MM01_real_grip_withweight"),
        ("phenstat_test1", "Bone Mineral Density", "MM20_real_sparc_bone"),
        ("phenstat_test1", "Lean Mass", "MM21_real_sparc_lean"),
        ("phenstat_test1", "Fat Percentage Estimate", "MM22_real_sparc_fat"),
        ("phenstat_test3", "Nose To Tail Base Length", "MM23_real_mysm1_nose_tail"),
    ],
)
def test_real_tables_give_what_openstats_gives(file, parameter, case, shared_data):
    golden = json.loads(gzip.decompress((shared_data / f"statistics/golden/{case}.json.gz").read_bytes()))
    report = golden["result"]["report"]
    path = shared_data / f"impc/raw/{file}.csv.gz"

    found = analysed(path, Parameters({}), parameters=[parameter], female=["1"], male=["2"])

    row = result_table(found).row(0, named=True)
    assert np.log10(row["p_value"]) == pytest.approx(np.log10(report["Genotype p-value"]), abs=0.03)
    assert np.log10(row["female_ko_effect_p_value"]) == pytest.approx(
        np.log10(report["Sex FvKO p-value"]), abs=0.03
    )
    assert row["batch_significant"] == golden["result"]["batch_in"]
    assert row["variance_significant"] == golden["result"]["variance_structure_in"]
    # The p-value inside a tag has as many digits as OpenStats' optimiser is right about.
    assert (
        row["classification_tag"].split("[")[0]
        == report["Classification tag"]["Classification tag"].split("[")[0]
    )


def test_real_categories_give_what_openstats_gives(shared_data):
    golden = json.loads(
        gzip.decompress((shared_data / "statistics/golden/FE01_real_thoracic.json.gz").read_bytes())
    )
    path = shared_data / "impc/raw/openstats_test_categorical.csv.gz"

    results = result_table(analysed(path, Parameters({}), parameters=["Thoracic Processes"]))

    row = results.filter(line="MCND Aff3/Aff3").row(0, named=True)
    table = golden["result"]["tests"]["category"]["Genotype"]["tables"]["Complete table"]
    assert row["p_value"] == pytest.approx(table["p_value"], rel=1e-7)
    assert row["effect_size"] == pytest.approx(table["effect"], rel=1e-9)
