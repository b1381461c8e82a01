"""IMPC's statistical results, significant and not."""

import pytest


@pytest.fixture(scope="module")
def outcome(read):
    return read("impc_statistical_results", "statistical-results-ALL.csv", version="24.0")


@pytest.fixture(scope="module")
def results(outcome):
    return [result for _, result in sorted(outcome.things("Result").items())]


def test_a_result_keeps_all_that_it_says(results):
    assert results[0] == {
        "gene": "MGI:1261775",
        "allele": "MGI:6449042",
        "line": "impckg:line/CR10962",
        "centre": "impckg:centre/UC%20Davis",
        "production_centre": "impckg:centre/UC%20Davis",
        "pipeline": "impckg:pipeline/UCD_001",
        "procedures": ["impckg:procedure/IMPC_DXA_001"],
        "parameter": "impckg:parameter/IMPC_DXA_001_001",
        "project": ["DTCC"],
        "resource": "IMPC",
        "strain": "MGI:2683688",
        "metadata_group": "d41d8cd98f00b204e9800998ecf8427e",
        "zygosity": "heterozygote",
        "life_stage": "early_adult",
        "data_type": "unidimensional",
        "sexes_tested": ["female", "male"],
        "female_mutants": 8,
        "male_mutants": 8,
        "female_controls": 101,
        "male_controls": 99,
        "statistical_method": "Linear Mixed Model framework, LME, including Weight",
        "result_status": "successful",
        "significant": False,
        "p_value": 0.131269625403399,
        "neg_log10_p": pytest.approx(0.8818357540763617),
        "effect_size": 0.22,
        "female_p_value": 0.5,
        "male_p_value": 0.04,
        "classification": "Not significant",
        "potential_phenotypes": ["MP:0001262", "MP:0005378"],
        "source": "impckg:source/impc_statistical_results/24.0",
    }


def test_significant_means_that_a_term_was_assigned_whatever_the_p_value(results):
    found = [(result["significant"], result.get("phenotype"), result.get("p_value")) for result in results]

    assert found == [
        (False, None, 0.131269625403399),
        (True, "MP:0001262", 1e-320),
        (True, "MP:0011100", None),
        (False, None, None),
        (False, None, 0.131269625403399),
        (True, "MPATH:458", 0.131269625403399),
        (True, "MP:0010768", 0.131269625403399),
    ]


def test_no_call_is_made_from_this_file(outcome):
    assert "Call" not in outcome.tables


def test_a_comparison_that_was_not_made_has_no_numbers(results):
    assert results[3]["result_status"] == "not_processed"
    assert (
        not {"p_value", "effect_size", "life_stage", "sexes_tested", "statistical_method"} & results[3].keys()
    )


def test_placeholders_of_supplied_data_are_no_numbers(results):
    assert not {"p_value", "neg_log10_p", "effect_size"} & results[2].keys()


def test_sexes_tested_are_known_by_any_of_their_spellings(results):
    assert [result.get("sexes_tested") for result in results[:5]] == [
        ["female", "male"],
        ["female"],
        None,
        None,
        ["female", "male"],
    ]


def test_cells_with_several_values_are_lists_and_each_procedure_is_mentioned(outcome, results):
    assert results[4]["project"] == ["DTCC", "BaSH"]
    assert results[4]["procedures"] == ["impckg:procedure/IMPC_DXA_001", "impckg:procedure/IMPC_DXA_002"]
    assert set(outcome.things("Procedure")) == {
        "impckg:procedure/IMPC_DXA_001",
        "impckg:procedure/IMPC_DXA_002",
        "impckg:procedure/IMPC_VIA_001",
    }


def test_terms_that_no_ontology_has_leave_the_options_and_old_ones_are_replaced(outcome, results):
    assert results[4]["potential_phenotypes"] == ["MP:0030610"]
    assert outcome.items == [
        (6, "malformed_identifier", "mp_term_id_options", "MP:1262"),
        (6, "obsolete_term", "mp_term_id_options", "MP:0000012"),
        (6, "unexpected_prefix", "mp_term_id_options", "EMAPA:16039"),
        (6, "unknown_term", "mp_term_id_options", "MP:9999999"),
    ]
    assert outcome.replaced == [
        ("mp_term_id", "MP:0005372", "MP:0010768", "alternative", 1),
        ("mp_term_id_options", "MP:0000124", "MP:0030610", "replaced", 1),
    ]


def test_an_allele_before_its_release_goes_by_a_name_of_ours(outcome, results):
    assert results[6]["allele"] == "impckg:allele/NOT-RELEASED-0a1b2c"
    assert "impckg:allele/NOT-RELEASED-0a1b2c" in outcome.things("Allele")


def test_rows_that_cannot_be_believed_are_put_aside(outcome):
    assert outcome.rejects == [
        (9, "duplicated", "doc_id", "00000000000000000000000000000001"),
        (10, "not_a_probability", "p_value", "1.0001"),
        (11, "not_a_probability", "male_ko_effect_p_value", "-0.5"),
        (12, "unknown_zygosity", "zygosity", "unknown"),
        (13, "unknown_status", "status", "Aborted"),
        (14, "unknown_life_stage_name", "life_stage_name", "Teenage"),
        (15, "not_a_count", "female_mutant_count", "8.5"),
        (16, "not_a_number", "effect_size", "NaN"),
        (17, "unknown_term", "mp_term_id", "MP:9999999"),
        (18, "malformed_identifier", "marker_accession_id", "MGI:"),
        (19, "missing_value", "parameter_stable_id", None),
        (20, "unexpected_prefix", "mp_term_id", "EMAPA:16039"),
    ]
