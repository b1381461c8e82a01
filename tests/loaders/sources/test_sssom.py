"""Mapping sets in SSSOM."""

import datetime

import pytest


@pytest.fixture(scope="module")
def outcome(read):
    return read("sssom", "mp_hp.sssom.tsv", name="mp_hp_mgi_manual", version="2026-06-23")


def test_a_mapping_keeps_how_and_by_whom_it_was_made(outcome):
    key = "impckg:mapping/mp_hp_mgi_manual/MP:0001262/skos:exactMatch/HP:0001250/semapv:ManualMappingCuration"

    assert outcome.things("Mapping")[key] == {
        "subject": "MP:0001262",
        "predicate": "skos:exactMatch",
        "object": "HP:0001250",
        "justification": "semapv:ManualMappingCuration",
        "confidence": 1.0,
        "mapping_author": ["orcid:0000-0003-4606-0597", "orcid:0000-0002-6490-7723"],
        "mapping_date": datetime.date(2022, 8, 2),
        "mapping_set": "impckg:source/mp_hp_mgi_manual/2026-06-23",
        "comment": "made up",
    }


def test_a_row_may_leave_out_empty_cells_at_its_end(outcome):
    assert [m["confidence"] for m in outcome.things("Mapping").values() if m["object"] == "HP:0001263"] == [
        0.75
    ]


def test_retired_terms_are_replaced_at_both_ends_and_rows_that_become_equal_count_once(outcome):
    assert outcome.replaced == [
        ("subject_id", "MP:0000124", "MP:0030610", "replaced", 1),
        ("object_id", "HP:0000057", "HP:0008665", "replaced", 1),
    ]
    assert (11, "duplicated") in outcome.rules


def test_rows_that_cannot_be_believed_are_put_aside(outcome):
    assert outcome.rules == [
        (11, "duplicated"),
        (12, "not_a_probability"),
        (13, "not_a_number"),
        (14, "obsolete_term"),
        (15, "unknown_term"),
        (16, "malformed_identifier"),
        (17, "unknown_prefix"),
        (18, "unexpected_prefix"),
        (19, "not_a_date"),
        (20, "missing_value"),
        (21, "wrong_number_of_cells"),
    ]


def test_columns_may_be_few_and_orphanet_is_spelled_as_annotations_do(read):
    mappings = read("sssom", "mondo_orphanet.sssom.tsv").things("Mapping")

    assert [(m["subject"], m["object"]) for m in mappings.values()] == [
        ("MONDO:0007739", "ORPHA:399"),
        ("MONDO:0008926", "ORPHA:1466"),
    ]


def test_what_a_set_says_not_to_correspond_is_never_a_mapping(read):
    outcome = read("sssom", "mondo_orphanet.sssom.tsv")

    assert outcome.rejects == [(8, "negated_mapping", "predicate_modifier", "Not")]
