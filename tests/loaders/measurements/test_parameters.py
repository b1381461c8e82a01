"""What a file of parameters says."""

import pytest

from impckg.graph.errors import BadParameter, MissingColumn
from impckg.loaders.calls import Option, Outcome
from impckg.loaders.measurements.parameters import read_parameters
from impckg.loaders.statistics.gates import Framework

HEADER = "parameter,name,framework,mp_term,outcome,sex,category"


def test_rows_of_one_parameter_are_its_options(write_table):
    path = write_table(
        HEADER,
        "Grip,Grip strength,MM,MP:0010052,INCREASED,,",
        "Grip,,,MP:0010053,decreased,female,",
        "Eye,,FE,MP:0001314,ABNORMAL,,cloudy",
    )

    known = read_parameters(path)

    assert len(known) == 2
    assert known["grip"].name == "Grip strength"
    assert known["Grip"].framework is Framework.MIXED_MODEL
    assert known["Grip"].options == (
        Option("MP:0010052", Outcome.INCREASED),
        Option("MP:0010053", Outcome.DECREASED, "female"),
    )
    assert known["Eye"].options[0].category == "cloudy"
    assert known["Length"].options == ()


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("Grip,,,MP:12,INCREASED,,", "parameters.csv:2: column 'mp_term': 'MP:12'; expected a term such as"),
        ("Grip,,,MP:0010052,UP,,", "column 'outcome': 'UP'; expected one of INCREASED"),
        ("Grip,,LM,,,,", "column 'framework': 'LM'; expected MM, FE or RR"),
        ("Grip,,,MP:0010052,INCREASED,both,", "column 'sex': 'both'"),
        (",,,MP:0010052,INCREASED,,", "column 'parameter' is empty"),
        ("Grip,,,,INCREASED,,", "column 'mp_term': ''"),
        ("a,b,c,d,e,f,g,h", "parameters.csv:2: wrong number of cells"),
    ],
)
def test_a_cell_that_cannot_be_read_is_named(row, message, write_table):
    with pytest.raises(BadParameter, match=message):
        read_parameters(write_table(HEADER, row, name="parameters.csv"))


def test_a_file_without_parameters_is_refused(write_table):
    with pytest.raises(MissingColumn, match="column 'parameter' is missing"):
        read_parameters(write_table("name,mp_term", "a,b"))
