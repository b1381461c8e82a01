"""IMPC's significant results, from Parquet. The fixture holds its rows as JSON, which people can read."""

import json
import math

import polars as pl
import pytest

from impckg.graph.errors import DamagedFile, MissingColumn


@pytest.fixture(scope="module")
def rows(fixture_file):
    text = fixture_file("impc_significant_results/significant_results.jsonl").read_text(encoding="utf-8")
    return pl.DataFrame([json.loads(line) for line in text.splitlines()], infer_schema_length=None)


@pytest.fixture
def parquet(tmp_path):
    """Writes a frame as Parquet, and returns the path."""

    def parquet(frame):
        path = tmp_path / "results.parquet"
        frame.write_parquet(path)
        return path

    return parquet


@pytest.fixture(scope="module")
def outcome(read, rows, tmp_path_factory):
    path = tmp_path_factory.mktemp("significant") / "results.parquet"
    rows.write_parquet(path)
    return read("impc_significant_results", path, version="21.1")


def test_a_result_that_repeats_for_each_phenotype_shown_is_one(outcome):
    assert outcome.rejects[0] == (
        2,
        "repeats_a_result",
        "statisticalResultId+projectName+procedureStableId",
        "r1 BaSH IMPC_DXA_001",
    )
    assert list(outcome.things("Result")) == [f"impckg:result/r{n}" for n in range(1, 6)]


def test_a_result_of_two_projects_or_procedures_has_both(outcome):
    result = outcome.things("Result")["impckg:result/r1"]

    assert result == {
        "gene": "MGI:2384567",
        "allele": "MGI:6361214",
        "centre": "impckg:centre/BCM",
        "pipeline": "impckg:pipeline/BCM_001",
        "procedures": ["impckg:procedure/IMPC_DXA_001", "impckg:procedure/IMPC_DXA_002"],
        "parameter": "impckg:parameter/IMPC_DXA_001_001",
        "project": ["BaSH", "DTCC"],
        "metadata_group": "cb1584811cf6c88f3e279160c4bc8c88",
        "zygosity": "heterozygote",
        "life_stage": "early_adult",
        "data_type": "unidimensional",
        "sexes_tested": ["female", "male"],
        "female_mutants": 8,
        "male_mutants": 8,
        "statistical_method": "Linear Mixed Model framework, LME, not including Weight",
        "result_status": "successful",
        "significant": True,
        "p_value": 1.68886387028611e-5,
        "neg_log10_p": pytest.approx(4.772405355027084),
        "effect_size": 0.623318925881329,
        "phenotype": "MP:0001262",
        "potential_phenotypes": ["MP:0001262"],
        "source": "impckg:source/impc_significant_results/21.1",
    }


def test_a_call_points_to_its_result(outcome):
    call = outcome.things("Call")["impckg:call/r1/MP:0001262"]

    assert (call["result"], call["call_type"], call["evidence"]) == (
        "impckg:result/r1",
        "linear_model",
        "ECO:0000203",
    )
    assert "sex" not in call, "the sexes analysed are not those of the call"


def test_a_term_of_pathology_is_a_result_and_no_call(outcome):
    assert outcome.things("Result")["impckg:result/r4"]["phenotype"] == "MPATH:458"
    assert [call["result"] for call in outcome.things("Call").values()] == [
        f"impckg:result/r{n}" for n in (1, 2, 3, 5)
    ]


def test_placeholders_of_supplied_data_are_no_numbers_and_an_underflow_is_one(outcome):
    results = outcome.things("Result")

    assert not {"p_value", "neg_log10_p", "effect_size"} & results["impckg:result/r2"].keys()
    assert (results["impckg:result/r5"]["p_value"], results["impckg:result/r5"]["neg_log10_p"]) == (
        0.0,
        math.inf,
    )
    assert "p_value" not in results["impckg:result/r3"]


def test_a_term_that_stands_twice_in_a_cell_is_one_and_retired_ones_are_replaced(outcome):
    result = outcome.things("Result")["impckg:result/r3"]

    assert (result["phenotype"], result["potential_phenotypes"]) == ("MP:0030610", ["MP:0030610"])
    assert outcome.replaced == [
        ("phenotype", "MP:0000124", "MP:0030610", "replaced", 1),
        ("potential", "MP:0000124", "MP:0030610", "replaced", 1),
    ]


def test_potential_terms_that_no_ontology_has_are_told(outcome):
    assert outcome.items == [
        (5, "malformed_identifier", "potential", "MP:1"),
        (5, "unknown_term", "potential", "MP:9999999"),
    ]


def test_rows_that_cannot_be_believed_are_put_aside_with_their_number(outcome):
    assert outcome.rejects[1:] == [
        (9, "malformed_identifier", "phenotype", '["MP:0001262","MP:0011100"]'),
        (10, "unknown_term", "phenotype", "MP:9999999"),
        (11, "not_a_probability", "pValue", "2.0"),
        (12, "unknown_zygosity", "zygosity", "both"),
        (13, "malformed_identifier", "mgiGeneAccessionId", "ENSMUSG00000000001"),
        (14, "missing_value", "statisticalResultId", None),
        (15, "not_a_number", "effectSize", "large"),
    ]


def test_numbers_may_be_numbers_and_counts_of_another_width(read, rows, parquet):
    # given
    numeric = rows.filter(pl.col("statisticalResultId") == "r1").with_columns(
        pl.col("pValue", "effectSize").cast(pl.Float64), pl.col("femaleMutantCount").cast(pl.Int32)
    )

    # when
    result = read("impc_significant_results", parquet(numeric)).things("Result")["impckg:result/r1"]

    # then
    assert (result["p_value"], result["female_mutants"]) == (1.68886387028611e-5, 8)


def test_a_missing_column_is_named(read, rows, parquet):
    with pytest.raises(MissingColumn) as refused:
        read("impc_significant_results", parquet(rows.drop("pValue", "significant")))

    assert str(refused.value).startswith("results.parquet: column 'pValue', 'significant' is missing; found ")


@pytest.mark.parametrize(
    ("column", "found"),
    [
        ("femaleMutantCount", pl.Series(["many"])),
        ("significantPhenotype", pl.Series([{"name": "no id"}])),
        ("potentialPhenotypes", pl.Series([["MP:0001262"]])),
        ("phenotypeSexes", pl.Series(["female"])),
    ],
)
def test_a_column_that_holds_something_else_is_refused(read, rows, parquet, column, found):
    with pytest.raises(DamagedFile, match=rf"^results\.parquet: column '{column}': holds .*; expected "):
        read("impc_significant_results", parquet(rows.head(1).with_columns(found.alias(column))))


@pytest.mark.parametrize("part", [0, 100, 0.5, -4])
def test_half_of_a_parquet_file_is_refused(read, rows, parquet, part):
    # given
    path = parquet(rows)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * part) if isinstance(part, float) else part])

    # when, then
    with pytest.raises(DamagedFile, match=r"^results\.parquet: not a Parquet file that can be read: "):
        read("impc_significant_results", path)


def test_a_parquet_file_that_is_not_there_is_refused(read, tmp_path):
    with pytest.raises(DamagedFile, match=r"^gone\.parquet: "):
        read("impc_significant_results", tmp_path / "gone.parquet")
