"""The Human Phenotype Ontology as a source."""


def test_terms_keep_their_names_links_and_cross_references(read):
    outcome = read("hp", "hp.obo")

    assert outcome.read == len(outcome.things("PhenotypeTerm")) == 12
    assert outcome.things("PhenotypeTerm")["HP:0001250"] == {
        "label": "Seizure",
        "parents": ["HP:0000118"],
        "exact_synonyms": ["Epileptic seizure"],
        "alternative_ids": ["HP:0002125"],
        "xrefs": ["UMLS:C0036572"],
    }


def test_a_retired_term_names_its_successor(read):
    terms = read("hp", "hp.obo").things("PhenotypeTerm")

    assert terms["HP:0000057"]["replaced_by"] == ["HP:0008665"]
    assert terms["HP:0000489"] == {
        "label": "obsolete Abnormality of globe location or size",
        "obsolete": True,
        "consider": ["HP:0000118"],
    }
