"""HPO's annotations of diseases."""

import pytest

from impckg.graph.errors import MissingColumn


@pytest.fixture(scope="module")
def outcome(read):
    return read("hpoa", "phenotype.hpoa")


@pytest.fixture(scope="module")
def annotations(outcome):
    return outcome.things("DiseasePhenotype")


def test_an_annotation_keeps_all_that_it_says(annotations):
    assert annotations["impckg:disease_phenotype/OMIM:143100/HP:0001250/PMID:31675180"] == {
        "disease": "OMIM:143100",
        "phenotype": "HP:0001250",
        "negated": False,
        "references": ["PMID:31675180", "OMIM:143100"],
        "evidence_code": "PCS",
        "onset": "HP:0003577",
        "frequency": "3/7",
        "sex": "female",
        "modifiers": ["HP:0012825"],
        "aspect": "phenotypic_abnormality",
        "source": "impckg:source/hpoa/1",
    }


def test_not_says_that_a_phenotype_does_not_occur(annotations):
    negated = {key: row["phenotype"] for key, row in annotations.items() if row["negated"]}

    assert negated == {"impckg:disease_phenotype/ORPHA:1401/HP:0001263/ORPHA:1401": "HP:0001263"}


def test_a_frequency_is_a_term_a_fraction_or_a_percentage(annotations):
    frequencies = [
        (row["disease"], row.get("frequency"), row.get("frequency_class"))
        for row in annotations.values()
        if "frequency" in row or "frequency_class" in row
    ]

    assert frequencies == [
        ("OMIM:143100", "3/7", None),
        ("ORPHA:1401", None, "HP:0040283"),
        ("DECIPHER:16", "12.5%", None),
        ("OMIM:143100", "5/7", None),
    ]


def test_annotations_that_differ_in_details_are_numbered(annotations):
    key = "impckg:disease_phenotype/OMIM:143100/HP:0001250/PMID:31675180"

    assert annotations[f"{key}/2"]["frequency"] == "5/7"
    assert f"{key}/3" not in annotations


def test_a_row_that_differs_only_in_its_curator_is_duplicated(outcome):
    assert (13, "duplicated") in outcome.rules


def test_diseases_take_the_spelling_of_orpha(outcome):
    assert outcome.things("Disease")["OMIM:143100"] == {"label": "Huntington disease"}
    assert "ORPHA:558" in outcome.things("Disease")


def test_an_annotation_without_reference_has_a_name_all_the_same(annotations):
    assert "impckg:disease_phenotype/ORPHA:558/HP:0001263/unreferenced" in annotations


def test_old_terms_are_replaced_in_annotations_and_their_details(outcome, annotations):
    assert outcome.replaced == [
        ("hpo_id", "HP:0000057", "HP:0008665", "replaced", 1),
        ("hpo_id", "HP:0002125", "HP:0001250", "alternative", 1),
        ("onset", "HP:0003595", "HP:0003577", "alternative", 1),
    ]
    assert annotations["impckg:disease_phenotype/OMIM:609621/HP:0001250/OMIM:609621"]["onset"] == "HP:0003577"


def test_details_that_no_ontology_has_are_told_and_the_annotation_stays(outcome, annotations):
    assert outcome.items == [
        (15, "malformed_identifier", "modifier", "Mild"),
        (15, "unexpected_prefix", "modifier", "MP:0001262"),
        (15, "unknown_term", "modifier", "HP:9999999"),
        (28, "unknown_term", "onset", "HP:9999999"),
    ]
    assert "onset" not in annotations["impckg:disease_phenotype/OMIM:609621/HP:0001263/OMIM:609621"]


def test_rows_that_cannot_be_believed_are_put_aside(outcome):
    assert [found for found in outcome.rejects if found[0] in (16, 17)] == [
        (16, "obsolete_term", "hpo_id", "HP:0000489"),
        (17, "unknown_term", "hpo_id", "HP:9999999"),
    ]
    assert outcome.rules[3:] == [
        (18, "malformed_identifier"),
        (19, "unexpected_prefix"),
        (20, "unknown_prefix"),
        (21, "malformed_frequency"),
        (22, "unknown_qualifier"),
        (23, "unknown_sex"),
        (24, "unknown_evidence"),
        (25, "unknown_aspect"),
        (26, "missing_value"),
        (27, "malformed_identifier"),
        (29, "wrong_number_of_cells"),
    ]


def test_the_layout_before_2023_is_refused_by_the_names_of_its_columns(read, tmp_path):
    # given: its header stood in a comment
    path = tmp_path / "phenotype.hpoa"
    path.write_text("#DatabaseID\tDiseaseName\tQualifier\nOMIM:143100\tHuntington disease\t\n")

    # when
    with pytest.raises(MissingColumn) as refused:
        read("hpoa", path)

    # then
    assert str(refused.value).endswith("is missing; found 'OMIM:143100', 'Huntington disease', ''")


@pytest.mark.parametrize(
    ("frequency", "rule"),
    [
        ("3/7", None),
        ("0/2", None),
        ("100%", None),
        ("12/5", "impossible"),
        ("0/0", "impossible"),
        ("150%", "impossible"),
    ],
)
def test_a_frequency_above_all_or_of_none_is_put_aside(frequency, rule, read, fixture_file, tmp_path):
    lines = fixture_file("hpoa/phenotype.hpoa").read_text(encoding="utf-8").splitlines()
    header = next(number for number, line in enumerate(lines) if line.startswith("database_id"))
    cells = dict(zip(lines[header].split("\t"), lines[header + 1].split("\t"), strict=True))
    changed = "\t".join((cells | {"frequency": frequency}).values())
    (tmp_path / "phenotype.hpoa").write_text(
        "\n".join([*lines[: header + 1], changed]) + "\n", encoding="utf-8"
    )

    found = read("hpoa", tmp_path / "phenotype.hpoa")

    assert [broken for _, broken in found.rules] == ([] if rule is None else ["impossible_frequency"])
