"""IMPC's calls, in the layouts of 27 and of 28 columns."""

import math

import polars as pl
import pytest

from impckg.loaders.sources.impc_genotype_phenotype import life_stage

FEMALE = "impckg:call/MEYZ/MGP_001/IMPC_DXA_001/IMPC_DXA_001_001/homozygote/female/MP:0001262"


@pytest.fixture(scope="module")
def outcome(read):
    return read("impc_genotype_phenotype", "27_columns.csv", version="24.0")


@pytest.fixture(scope="module")
def calls(outcome):
    return outcome.things("Call")


def test_a_call_keeps_all_that_it_says(calls):
    assert calls[FEMALE] == {
        "gene": "MGI:104785",
        "allele": "MGI:5637085",
        "line": "impckg:line/MEYZ",
        "phenotype": "MP:0001262",
        "sex": "female",
        "zygosity": "homozygote",
        "life_stage": "early_adult",
        "call_type": "linear_model",
        "p_value": 1.21417411680369e-8,
        "neg_log10_p": pytest.approx(7.9157190294511635),
        "effect_size": -5.45546287090715,
        "percentage_change": -18.02,
        "statistical_method": "Linear Mixed Model framework, LME, including Weight",
        "centre": "impckg:centre/WTSI",
        "pipeline": "impckg:pipeline/MGP_001",
        "procedures": ["impckg:procedure/IMPC_DXA_001"],
        "parameter": "impckg:parameter/IMPC_DXA_001_001",
        "project": ["MGP"],
        "resource": "IMPC",
        "strain": "MGI:2164831",
        "evidence": "ECO:0000203",
        "source": "impckg:source/impc_genotype_phenotype/24.0",
    }


def test_each_sex_of_a_call_is_a_call_and_where_sexes_are_not_told_apart_there_is_none(calls):
    assert [(call["line"], call.get("sex")) for call in calls.values()] == [
        ("impckg:line/MEYZ", "female"),
        ("impckg:line/MEYZ", "male"),
        ("impckg:line/JR25849", None),
        ("impckg:line/H-CFL1-1", None),
        ("impckg:line/MEYZ", "female"),
    ]


def test_placeholders_of_supplied_data_are_no_numbers(calls):
    (supplied,) = (call for call in calls.values() if call["call_type"] == "supplied")

    assert not {"p_value", "neg_log10_p", "effect_size"} & supplied.keys()
    assert supplied["evidence"] == "ECO:0000218"


def test_an_allele_and_a_strain_without_an_accession_of_mgi_go_by_names_of_ours(outcome, calls):
    call = calls[
        "impckg:call/H-CFL1-1/HRWLIP_001/HRWLIP_DXA_001/IMPC_DXA_001_001/heterozygote/any_sex/MP:0001262"
    ]

    assert (call["allele"], call["strain"]) == (
        "impckg:allele/NOT-RELEASED-f54a0cb5a5",
        "impckg:strain/IMPC-CURATE-1A2B",
    )
    assert outcome.things("Allele")[call["allele"]] == {"symbol": "Cfl1<em1(IMPC)H>", "gene": "MGI:101757"}
    assert outcome.things("Strain")[call["strain"]] == {"label": "C57BL/6 (local)"}


def test_commas_in_names_of_terms_and_alleles_do_not_cut_them(outcome):
    assert outcome.things("Allele")["MGI:5614604"]["name"] == (
        "targeted mutation 1b, Helmholtz Zentrum Muenchen GmbH"
    )


def test_a_retired_term_is_replaced_and_a_call_of_its_successor_is_the_same_call(outcome, calls):
    assert outcome.replaced == [("mp_term_id", "MP:0000124", "MP:0030610", "replaced", 1)]
    assert len([call for call in calls.values() if call["phenotype"] == "MP:0030610"]) == 1
    assert (7, "duplicated") in outcome.rules


def test_every_row_that_is_kept_is_a_call(outcome, calls):
    assert len(calls) == outcome.kept


def test_what_a_call_points_to_is_mentioned(outcome):
    assert outcome.things("Line")["impckg:line/JR25849"] == {
        "label": "JR25849",
        "gene": "MGI:96522",
        "allele": "MGI:5614604",
        "strain": "MGI:3056279",
        "phenotyping_centre": "impckg:centre/JAX",
    }
    assert outcome.things("Parameter")["impckg:parameter/IMPC_DXA_001_001"] == {
        "stable_id": "IMPC_DXA_001_001",
        "label": "Body weight",
        "procedures": ["impckg:procedure/HRWLIP_DXA_001", "impckg:procedure/IMPC_DXA_001"],
    }


def test_rows_that_cannot_be_believed_are_put_aside(outcome):
    assert outcome.rules == [
        (7, "duplicated"),
        (8, "duplicated"),
        (9, "unknown_sex"),
        (10, "unknown_zygosity"),
        (11, "not_a_probability"),
        (12, "not_a_number"),
        (13, "malformed_identifier"),
        (14, "unknown_prefix"),
        (15, "unexpected_prefix"),
        (16, "missing_value"),
        (17, "unknown_term"),
        (18, "obsolete_term"),
        (19, "not_a_number"),
        (20, "missing_value"),
        (21, "wrong_number_of_cells"),
        (22, "unclosed_quote"),
    ]
    assert outcome.rejects[4] == (11, "not_a_probability", "p_value", "1.5")


def test_the_layout_of_28_columns_is_read_by_name_and_its_per_cent_signs_go(read):
    old, _ = read("impc_genotype_phenotype", "28_columns.csv").things("Call").values()

    assert old["percentage_change"] == -18.02
    assert old["project"] == ["EUMODIC"]
    assert old["parameter"] == "impckg:parameter/ESLIM_022_001_708"
    assert old["call_type"] == "linear_model"


def test_a_method_that_is_not_stated_is_not_guessed_from_the_p_value(read):
    _, old = read("impc_genotype_phenotype", "28_columns.csv").things("Call").values()

    assert (old["call_type"], old["p_value"], old["effect_size"]) == ("unknown_method", 0.0, 1.0)
    assert old["neg_log10_p"] == math.inf
    assert "evidence" not in old


@pytest.mark.parametrize(
    ("procedure", "stage"),
    [
        ("IMPC_GEL_044", "E9.5"),
        ("IMPC_GEL_044_001", "E9.5"),
        ("IMPC_ELZ_001", "E12.5"),
        ("IMPC_GPO_001", "E15.5"),
        ("IMPC_EVP_001", "E18.5"),
        ("HRWLIP_DXA_001", "middle_aged_adult"),
        ("BCMLA_DXA_001", "late_adult"),
        ("ALT_GRS_001", None),
        ("IMPC_DXA_001", "early_adult"),
        ("ESLIM_022_001", "early_adult"),
    ],
)
def test_the_life_stage_follows_from_the_procedure(procedure, stage):
    assert pl.select(life_stage(pl.lit(procedure))).item() == stage
