"""IMPReSS's pipelines, procedures and parameters, with what they can reveal."""

import pytest


@pytest.fixture(scope="module")
def outcome(read):
    return read("impress_pipelines", "pipeline.csv")


def test_a_parameter_belongs_to_its_procedures_and_they_to_their_pipelines(outcome):
    assert outcome.things("Procedure")["impckg:procedure/IMPC_DXA_001"] == {
        "stable_id": "IMPC_DXA_001",
        "label": "Body Composition (DEXA lean/fat)",
        "pipelines": ["impckg:pipeline/JAX_001", "impckg:pipeline/UCD_001"],
    }
    assert outcome.things("Pipeline")["impckg:pipeline/JAX_001"] == {
        "stable_id": "JAX_001",
        "label": "JAX Pipeline",
    }


def test_a_parameter_can_reveal_the_terms_of_all_directions_and_pipelines(outcome):
    assert outcome.things("Parameter")["impckg:parameter/IMPC_DXA_001_001"] == {
        "stable_id": "IMPC_DXA_001_001",
        "label": "Body weight",
        "procedures": ["impckg:procedure/IMPC_DXA_001", "impckg:procedure/IMPC_DXA_002"],
        "unit_label": "g",
        "value_type": "FLOAT",
        "parameter_type": "unidimensional",
        "required_parameter": True,
        "can_reveal": ["MP:0001262", "MP:0005378", "MP:0030610"],
    }


def test_terms_that_no_ontology_has_leave_the_list_and_old_ones_are_replaced(outcome):
    assert outcome.items == [
        (4, "obsolete_term", "terms", "MP:0000012"),
        (4, "unknown_prefix", "terms", "obo:MP_1"),
        (4, "unknown_term", "terms", "MP:9999999"),
    ]
    assert outcome.replaced == [("terms", "MP:0000124", "MP:0030610", "replaced", 1)]
    assert outcome.things("Parameter")["impckg:parameter/IMPC_VIA_001_001"]["can_reveal"] == [
        "MP:0011100",
        "MP:0011110",
    ]


def test_rows_that_repeat_or_lack_an_identifier_are_put_aside(outcome):
    assert outcome.rules == [
        (6, "duplicated"),
        (7, "missing_value"),
        (8, "missing_value"),
        (9, "missing_value"),
    ]


def test_directions_need_not_be_in_the_file(read, fixture_file, tmp_path):
    # given: only the columns that must be there
    path = tmp_path / "pipeline.csv"
    path.write_text(
        "pipeline_stable_id,pipeline_name,procedure_stable_id,procedure_name,parameter_stable_id,parameter_name,mp_id\n"
        'UCD_001,UCD Pipeline,IMPC_DXA_001,DEXA,IMPC_DXA_001_001,Body weight,"MP:0001262,MP:0005378"\n'
    )

    # when
    outcome = read("impress_pipelines", path)

    # then
    assert outcome.things("Parameter")["impckg:parameter/IMPC_DXA_001_001"]["can_reveal"] == [
        "MP:0001262",
        "MP:0005378",
    ]
