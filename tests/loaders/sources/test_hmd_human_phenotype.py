"""MGI's orthologs."""

import pytest

from impckg.loaders.finish import finish


@pytest.fixture(scope="module")
def outcome(read):
    return read("hmd_human_phenotype", "HMD_HumanPhenotype.rpt")


def test_a_human_gene_goes_by_the_name_of_hgnc_and_by_that_of_ncbi_only_without_one(outcome):
    assert list(outcome.things("Orthology")) == [
        "impckg:orthology/MGI/MGI:104785/HGNC:7605",
        "impckg:orthology/MGI/MGI:5474852/HGNC:4827",
        "impckg:orthology/MGI/MGI:5474850/HGNC:4827",
        "impckg:orthology/MGI/MGI:5474852/NCBIGene:3045",
        "impckg:orthology/MGI/MGI:101757/HGNC:1874",
        "impckg:orthology/MGI/MGI:101759/HGNC:11512",
    ]
    assert outcome.things("HumanGene") == {"NCBIGene:3045": {"symbol": "HBD", "ncbi_gene": "NCBIGene:3045"}}


def test_mouse_genes_are_mentioned_with_their_symbols(outcome):
    assert outcome.things("Gene")["MGI:5474852"] == {"symbol": "Hbb-bs"}


def test_cardinality_follows_from_the_whole_file(outcome):
    table = finish("Orthology", outcome.tables["Orthology"])

    assert dict(zip(table["id"], table["cardinality"], strict=True)) == {
        "impckg:orthology/MGI/MGI:104785/HGNC:7605": "one_to_one",
        "impckg:orthology/MGI/MGI:5474852/HGNC:4827": "many_to_many",
        "impckg:orthology/MGI/MGI:5474850/HGNC:4827": "many_to_one",
        "impckg:orthology/MGI/MGI:5474852/NCBIGene:3045": "one_to_many",
        "impckg:orthology/MGI/MGI:101757/HGNC:1874": "one_to_one",
        "impckg:orthology/MGI/MGI:101759/HGNC:11512": "one_to_one",
    }


def test_the_terms_of_the_whole_of_mgi_are_no_part_of_it(outcome):
    assert set(outcome.tables["Gene"].columns) == {"id", "symbol"}


def test_rows_that_name_no_two_genes_are_put_aside(outcome):
    assert outcome.rules == [
        (7, "duplicated"),
        (8, "malformed_identifier"),
        (9, "malformed_identifier"),
        (10, "missing_value"),
        (11, "wrong_number_of_cells"),
    ]
