"""The terms that IMPReSS's parameters offer where nobody lists them."""

import os
import re
import subprocess
import sys
from importlib import resources

import pytest

from impckg.loaders.calls import Outcome
from impckg.loaders.measurements.impress import impress_options
from impckg.loaders.measurements.parameters import Parameters, read_parameters

from ...conftest import PROJECT

TABLE = PROJECT / "loaders" / "measurements" / "impress_terms.tsv"


def test_pipelines_and_versions_share_their_terms():
    bone_density = impress_options("IMPC_DXA_004_001")

    assert {option.outcome: option.term for option in bone_density} == {
        Outcome.INCREASED: "MP:0000062",
        Outcome.DECREASED: "MP:0000063",
        Outcome.ABNORMAL: "MP:0010119",
    }
    assert impress_options("HRWLLA_DXA_004_002") == impress_options("impc_dxa_004_001") == bone_density


def test_what_centres_judge_has_a_word_for_each_term():
    viability = {option.category: option.term for option in impress_options("IMPC_VIA_065_001")}

    assert viability == {"lethal": "MP:0011100", "subviable": "MP:0011110"}
    assert impress_options("ESLIM_023_001_001") == impress_options("IMPC_VIA_001_001")
    assert [(one.category, one.term) for one in impress_options("IMPC_FER_001_001")] == [
        ("infertile", "MP:0001925")
    ]
    assert [(one.category, one.term) for one in impress_options("IMPC_GEL_006_001")] == [(None, "MP:0000288")]


@pytest.mark.parametrize("name", ["Bone density", "IMPC_ZZZ_004_001", "ESLIM_005_001_008", "DXA_004", ""])
def test_what_is_no_known_parameter_offers_nothing(name):
    assert impress_options(name) == ()


def test_a_file_of_parameters_has_the_last_word(write_table):
    listed = read_parameters(write_table("parameter,name", "IMPC_DXA_004_001,Bone mineral density"))

    assert listed["IMPC_DXA_004_001"].options == ()
    assert listed["IMPC_DXA_003_001"].options == impress_options("IMPC_DXA_003_001") != ()
    assert Parameters({})["IMPC_DXA_004_001"].options == impress_options("IMPC_DXA_004_001")


def test_the_table_says_where_it_is_from_and_comes_with_the_package():
    text = (resources.files("impckg.loaders.measurements") / "impress_terms.tsv").read_text(encoding="utf-8")

    assert "data release 21.1, https://creativecommons.org/licenses/by/4.0/" in text
    rows = [line.split("\t") for line in text.splitlines() if not line.startswith("#")]
    assert rows[0] == ["measurement", "outcome", "mp_term", "category"]
    assert len(rows) > 500
    assert all(
        re.fullmatch(r"[A-Z]{3}_\d{3}", row[0]) and re.fullmatch(r"MP:\d{7}", row[2]) for row in rows[1:]
    )
    assert len({(row[0], row[1], row[3]) for row in rows}) == len(rows)


def test_the_table_is_what_the_script_cuts_out_of_the_real_file(shared_data, tmp_path):
    script = PROJECT / "benchmarks" / "slice_options.py"
    # It imports the script beside it, which the environment of `make test` does not allow.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"}

    subprocess.run([sys.executable, script, shared_data, tmp_path / "terms.tsv"], check=True, env=environment)

    assert (tmp_path / "terms.tsv").read_text(encoding="utf-8") == TABLE.read_text(encoding="utf-8")
