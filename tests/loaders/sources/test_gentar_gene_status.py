"""GenTaR's status of genes by centre."""

import pytest


@pytest.fixture(scope="module")
def outcome(read):
    return read("gentar_gene_status", "gene_status.tsv")


def test_a_status_stands_alone_with_its_work_unit_beside_it(outcome):
    assert outcome.things("ProductionStatus")[
        "impckg:production_status/MGI:104785/es_cell_null/WTSI/Genotype%20Confirmed"
    ] == {
        "gene": "MGI:104785",
        "production_step": "es_cell_null",
        "status": "Genotype Confirmed",
        "centre": "impckg:centre/WTSI",
    }


def test_a_status_of_no_centre_has_none(outcome):
    assert outcome.things("ProductionStatus")[
        "impckg:production_status/MGI:104785/assignment/any_centre/Assigned"
    ] == {"gene": "MGI:104785", "production_step": "assignment", "status": "Assigned"}


def test_a_cell_may_hold_the_status_of_several_centres(outcome):
    statuses = [
        (status["production_step"], status["centre"], status["status"])
        for status in outcome.things("ProductionStatus").values()
        if status["gene"] == "MGI:101757"
    ]

    assert statuses == [
        ("assignment", "impckg:centre/MRC%20Harwell", "Assigned"),
        ("assignment", "impckg:centre/JAX", "Conflict"),
        ("crispr", "impckg:centre/MRC%20Harwell", "Attempt In Progress"),
        ("crispr", "impckg:centre/JAX", "Genotype Confirmed"),
        ("phenotyping", "impckg:centre/JAX", "Phenotyping Started"),
    ]


def test_a_gene_that_no_one_works_on_is_a_gene_without_a_status(outcome):
    assert outcome.things("Gene")["MGI:101759"] == {"symbol": "Syt4"}
    assert all(status["gene"] != "MGI:101759" for status in outcome.things("ProductionStatus").values())


def test_a_status_without_its_centre_or_a_centre_without_its_status_is_told(outcome):
    assert outcome.items == [
        (5, "malformed_status", "Crispr Production Status", "JAX|"),
        (5, "malformed_status", "Crispr Production Status", "|Founder Obtained"),
    ]


def test_rows_without_a_gene_are_put_aside(outcome):
    assert outcome.rules == [(6, "duplicated"), (7, "missing_value"), (8, "malformed_identifier")]
