"""The crawl of IMPReSS's parameters."""

import pytest


@pytest.fixture(scope="module")
def outcome(read):
    return read("impress_crawl", "impress_parameters.csv")


def test_a_parameter_has_its_name_and_types(outcome):
    assert outcome.things("Parameter") == {
        "impckg:parameter/IMPC_GRS_008_001": {
            "stable_id": "IMPC_GRS_008_001",
            "label": "Forelimb grip strength measurement mean",
            "parameter_type": "simpleParameter",
            "value_type": "FLOAT",
            "required_parameter": False,
        },
        "impckg:parameter/IMPC_VIA_001_001": {
            "stable_id": "IMPC_VIA_001_001",
            "label": "Viability Outcome",
            "parameter_type": "simpleParameter",
            "value_type": "TEXT",
            "required_parameter": True,
        },
        "impckg:parameter/ESLIM_001_001_003": {
            "stable_id": "ESLIM_001_001_003",
            "label": "made up",
            "parameter_type": "procedureMetadata",
            "value_type": "FLOAT",
        },
    }


def test_rows_after_a_cell_with_a_line_end_have_the_right_lines(outcome):
    assert outcome.rejects == [
        (3, "repeats_a_parameter", "stable_id", "IMPC_GRS_008_001"),
        (7, "deleted_in_impress", "deleted", "IMPC_BLK_009_001"),
        (8, "malformed_stable_id", "stable_id", "forelimb grip"),
        (9, "malformed_stable_id", "stable_id", "IMPC_GRS"),
        (10, "missing_value", "stable_id", None),
        (11, "missing_value", "name", None),
    ]
