"""HPO's associations of genes with diseases."""

import pytest


@pytest.fixture(scope="module")
def outcome(read):
    return read("genes_to_disease", "genes_to_disease.txt")


def test_an_association_names_gene_disease_and_how_they_are_associated(outcome):
    associations = outcome.things("GeneDisease")

    assert [(a["human_gene"], a["disease"], a["association_type"]) for a in associations.values()] == [
        ("HGNC:7605", "OMIM:606346", "mendelian"),
        ("HGNC:4827", "OMIM:611162", "polygenic"),
        ("HGNC:4827", "ORPHA:46532", "unknown_association"),
        ("NCBIGene:64170", "OMIM:212050", "mendelian"),
        ("NCBIGene:64170", "ORPHA:457088", "unknown_association"),
    ]
    assert associations["impckg:gene_disease/HGNC:7605/OMIM:606346/mendelian"]["provider"].endswith(
        "mim2gene_medgen"
    )


def test_diseases_are_mentioned_and_so_are_genes_without_a_name_of_hgnc(outcome):
    assert list(outcome.things("Disease")) == [
        "OMIM:606346",
        "OMIM:611162",
        "ORPHA:46532",
        "OMIM:212050",
        "ORPHA:457088",
    ]
    assert outcome.things("HumanGene") == {
        "NCBIGene:64170": {"symbol": "CARD9", "ncbi_gene": "NCBIGene:64170"}
    }


def test_rows_without_a_gene_or_a_disease_entry_are_put_aside(outcome):
    assert outcome.rejects[1] == (8, "malformed_identifier", "ncbi_gene_id", "-")
    assert outcome.rules == [
        (7, "duplicated"),
        (8, "malformed_identifier"),
        (9, "unexpected_prefix"),
        (10, "malformed_identifier"),
        (11, "unknown_association_type"),
        (12, "missing_value"),
        (13, "unknown_prefix"),
    ]
