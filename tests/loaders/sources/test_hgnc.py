"""HGNC's human genes."""

import pytest


@pytest.fixture(scope="module")
def outcome(read):
    return read("hgnc", "hgnc_complete_set.txt")


def test_a_gene_has_its_names_and_its_entries_in_other_databases(outcome):
    assert outcome.things("HumanGene")["HGNC:7605"] == {
        "symbol": "MYO6",
        "name": "myosin VI",
        "synonyms": ["KIAA0389"],
        "previous_symbols": ["DFNA22", "DFNB37"],
        "ncbi_gene": "NCBIGene:4646",
        "ensembl_gene": "ENSEMBL:ENSG00000196586",
        "omim_gene": ["OMIM:600970"],
        "uniprot": ["UniProtKB:Q9UM54"],
        "locus_group": "protein-coding gene",
        "location": "6q14.1",
    }


def test_cells_with_several_items_are_lists_with_and_without_quotes(outcome):
    genes = outcome.things("HumanGene")

    assert genes["HGNC:11512"]["synonyms"] == ["KIAA1342", "HsT1192"]
    assert genes["HGNC:18149"]["synonyms"] == ["A14GALT", "Gb3S", "P(k)"]
    assert genes["HGNC:6012"]["omim_gene"] == ["OMIM:308385", "OMIM:430000"]


def test_empty_cells_say_nothing(outcome):
    assert outcome.things("HumanGene")["HGNC:49"] == {"symbol": "ABCE1P1", "locus_group": "pseudogene"}


def test_every_mouse_gene_that_hgnc_names_is_an_ortholog(outcome):
    pairs = [(pair["gene"], pair["human_gene"]) for pair in outcome.things("Orthology").values()]

    assert [gene for gene, human in pairs if human == "HGNC:94"] == ["MGI:87871", "MGI:109182"]
    assert len(pairs) == 8
    assert outcome.things("Orthology")["impckg:orthology/HGNC/MGI:104785/HGNC:7605"]["provider"] == "HGNC"


def test_what_cannot_be_an_entry_of_another_database_is_told_and_the_gene_stays(outcome):
    assert outcome.items == [
        (7, "malformed_identifier", "mgd_id", "MGI:none"),
        (7, "malformed_identifier", "omim_id", "OMIM:OMIM 141900"),
        (7, "unexpected_prefix", "mgd_id", "HGNC:32579"),
        (8, "malformed_identifier", "ensembl_gene_id", "ENSEMBL:ENSG1"),
    ]
    assert "ensembl_gene" not in outcome.things("HumanGene")["HGNC:1874"]
    assert "omim_gene" not in outcome.things("HumanGene")["HGNC:4827"]


def test_rows_that_are_no_approved_gene_are_put_aside(outcome):
    assert outcome.rules == [
        (10, "not_approved"),
        (11, "duplicated"),
        (12, "malformed_identifier"),
        (13, "missing_value"),
        (14, "wrong_number_of_cells"),
    ]
