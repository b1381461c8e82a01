"""What centres judged themselves: called as they say, and said in results, calls and the graph."""

import polars as pl
import pytest

from impckg.graph.checks import run_checks
from impckg.graph.store import open_store, write_store
from impckg.graph.validation import validate_sample
from impckg.loaders.measurements.analysis import Plan, analyse_table
from impckg.loaders.measurements.parameters import Parameters, read_parameters
from impckg.loaders.measurements.reading import Reading, read_measurements

HEADER = (
    "external_sample_id,biological_sample_group,sex,date_of_experiment,colony_id,zygosity,gene_accession_id,"
    "parameter_stable_id,data_point,category,text_value"
)


def of_line(parameter, said, column="text_value", zygosity="homozygote", colony="ABCD"):
    cells = {"category": f",{said},", "text_value": f",,{said}", "data_point": f"{said},,"}[column]
    return f",experimental,no data,,{colony},{zygosity},MGI:98373,{parameter},{cells}"


def embryo(number, said, *, parameter="IMPC_GEL_006_001", zygosity="homozygote", is_mutant=True):
    group, colony, gene = ("experimental", "ABCD", "MGI:98373") if is_mutant else ("control", "", "")
    return f"E{number},{group},no data,2024-03-01,{colony},{zygosity},{gene},{parameter},,{said},"


@pytest.fixture
def analysed(write_table, tmp_path):
    """Analyses the rows of a long table, and returns what was judged, by parameter, and all that was written."""

    def analyse(*rows):
        plan = Plan("mine", "impckg 0.1", Reading(), Parameters({}))
        written = analyse_table(write_table(HEADER, *rows), tmp_path / "out", plan)
        return {one.parameter.id: one for one in written.judged}, written

    return analyse


@pytest.mark.parametrize(
    ("parameter", "said", "term", "sex"),
    [
        ("IMPC_VIA_001_001", "Homozygous - Lethal", "MP:0011100", None),
        ("ESLIM_023_001_001", "Homozygous - Subviable", "MP:0011110", None),
        ("IMPC_VIA_063_001", "Homozygous - Subviable", "MP:0011110", "male"),
        ("IMPC_VIA_064_001", "Homozygous - Lethal", "MP:0011100", "female"),
        ("IMPC_VIA_067_001", "Homozygous - Viable", None, None),
        ("JAX_FER_001_001", "Infertile", "MP:0001925", "male"),
        ("IMPC_FER_019_001", "infertile", "MP:0001926", "female"),
        ("IMPC_FER_019_001", "Fertile", None, None),
        ("IMPC_EVL_001_001", "Homozygous - Lethal", "MP:0013292", None),
        ("IMPC_EVP_001_001", "Homozygous - Viable", None, None),
    ],
)
@pytest.mark.parametrize("column", ["category", "text_value"])
def test_a_line_has_the_term_of_its_verdict(analysed, parameter, said, term, sex, column):
    judged, written = analysed(of_line(parameter, said, column))

    called = judged[parameter].called
    assert called.term == term
    assert [call.sex for call in called.calls] == ([sex] if term else [])
    row = written.results.row(0, named=True)
    assert (row["status"], row["statistical_method"], row["judged_as"]) == (
        "Successful",
        "Supplied as data",
        said,
    )
    assert (row["p_value"], row["effect_size"]) == ((0.0, 1.0) if term else (1.0, 0.0))
    assert (row["significant"], row["mp_term_id"], row["q_value"]) == (term is not None, term, None)
    calls = pl.read_csv(written.folder / "calls.csv")
    assert calls["sex"].to_list() == ([sex or "not_considered"] if term else [])


def test_the_centres_own_p_value_is_the_one_of_the_outcome(analysed):
    judged, written = analysed(
        of_line("IMPC_VIA_001_001", "Homozygous - Lethal", "category"),
        of_line("IMPC_VIA_001_001", "Homozygous - Lethal", "category", colony="OTHER"),
        of_line("IMPC_VIA_032_001", "0.002", "data_point"),
        of_line("IMPC_VIA_003_001", "48", "data_point"),
    )

    assert written.results.select("line", "p_value").rows() == [("ABCD", 0.002), ("OTHER", 0.0)]
    assert any("IMPC_VIA_032_001, IMPC_VIA_003_001" in note for note in written.measurements.notes)
    assert set(judged) == {"IMPC_VIA_001_001"}


def test_no_verdict_is_no_result(analysed):
    judged, written = analysed(of_line("IMPC_VIA_065_001", "Cannot be calculated", zygosity="hemizygote"))

    assert judged["IMPC_VIA_065_001"].called.term is None
    row = written.results.row(0, named=True)
    assert (row["status"], row["reason"]) == ("NotProcessed", "the centre has no verdict")
    assert (row["p_value"], row["judged_as"]) == (None, "Cannot be calculated")


@pytest.mark.parametrize("said", ["12", "Letahl", "n.d.", "preweaning lethality"])
def test_a_verdict_that_nobody_knows_is_no_result(analysed, said):
    judged, written = analysed(of_line("IMPC_VIA_001_001", said, "category"))

    assert judged["IMPC_VIA_001_001"].called.term is None
    assert written.results["status"].to_list() == ["NotProcessed"]
    assert "none of lethal, subviable" in written.results["reason"][0]


def test_a_file_of_parameters_may_have_other_words(write_table, tmp_path):
    listed = read_parameters(
        write_table(
            "parameter,mp_term,category", "IMPC_EVL_001_001,MP:0011092,all dead", name="parameters.csv"
        )
    )
    table = write_table(
        HEADER,
        of_line("IMPC_EVL_001_001", "All dead at E9.5"),
        of_line("IMPC_EVL_001_001", "alive", colony="OTHER"),
    )

    written = analyse_table(table, tmp_path / "out", Plan("mine", "impckg 0.1", Reading(), listed))

    assert [(one.called.term, one.status.value) for one in written.judged] == [
        ("MP:0011092", "Successful"),
        (None, "Successful"),
    ]


def test_numbers_of_embryos_are_no_judgement(analysed):
    judged, written = analysed(
        embryo(1, "2.5", parameter="IMPC_GEL_048_001"),
        embryo(2, "2.7", parameter="IMPC_GEL_048_001"),
        embryo(1, "normal"),
    )

    assert set(judged) == {"IMPC_GEL_006_001"}
    assert any(
        note.endswith("measure or count what centres judge: IMPC_GEL_048_001")
        for note in written.measurements.notes
    )


def test_of_several_verdicts_the_first_counts_and_it_is_told(analysed):
    judged, written = analysed(
        of_line("IMPC_VIA_001_001", "Insufficient numbers to make a call"),
        of_line("IMPC_VIA_001_001", "Insufficient numbers"),
        of_line("IMPC_VIA_001_001", "Homozygous - Subviable"),
        of_line("IMPC_VIA_001_001", "Homozygous - Lethal"),
    )

    assert judged["IMPC_VIA_001_001"].called.term == "MP:0011110"
    assert written.results["flags"].to_list() == ["the centre has several verdicts; the first counts"]


@pytest.mark.parametrize(
    ("zygosity", "abnormal", "term"),
    [("homozygote", 2, "MP:0000288"), ("heterozygote", 3, None), ("heterozygote", 4, "MP:0000288")],
)
def test_enough_embryos_make_a_call(analysed, zygosity, abnormal, term):
    seen = ["abnormal"] * abnormal + ["normal", "unobservable"]

    judged, written = analysed(
        *(embryo(number, said, zygosity=zygosity) for number, said in enumerate(seen)),
        embryo(99, "normal", is_mutant=False),
    )

    one = judged["IMPC_GEL_006_001"]
    assert one.called.term == term
    assert one.verdict == f"{abnormal} abnormal, 1 normal"
    animals = pl.read_parquet(written.folder / "animals.parquet")
    assert animals.select("specimen", "is_mutant", "sex", "value").rows()[:2] == [
        ("E99", False, None, "normal"),
        ("E0", True, None, "abnormal"),
    ]


def test_an_answer_is_abnormal_where_controls_give_the_other(analysed):
    controls = [embryo(f"C{number}", "yes", is_mutant=False) for number in range(3)]

    judged, _ = analysed(*controls, embryo(1, "no"), embryo(2, "no"), embryo(3, "yes"))

    assert judged["IMPC_GEL_006_001"].called.term == "MP:0000288"


def test_embryos_of_unknown_zygosity_are_not_called(analysed):
    judged, _ = analysed(embryo(1, "abnormal", zygosity=""), embryo(2, "abnormal", zygosity=""))

    one = judged["IMPC_GEL_006_001"]
    assert (one.called.term, one.status.value) == (None, "NotProcessed")
    assert "zygosity" in one.reasons[0]


def test_what_is_tested_beside_it_still_needs_a_sex_and_a_date(write_table):
    good = "A,control,male,2024-03-01,,homozygote,,IMPC_GRS_008_001,90,,"
    bad = "B,experimental,no data,2024-03-01,ABCD,homozygote,MGI:98373,IMPC_GRS_008_001,80,,"

    found = read_measurements(
        write_table(HEADER, good, bad, of_line("IMPC_VIA_001_001", "Homozygous - Lethal")), Reading()
    )

    assert found.rejects.select("line", "rule").rows() == [(3, "unknown_sex")]
    assert found.rows["specimen"].to_list() == ["A"]
    assert found.judged.select("specimen", "line", "is_male", "date").rows() == [
        ("row 4", "ABCD", None, None)
    ]


def test_judgements_are_said_in_the_graph_and_fit_its_shapes(analysed, tmp_path):
    _, written = analysed(
        of_line("IMPC_VIA_063_001", "Homozygous - Lethal"),
        of_line("IMPC_FER_019_001", "Fertile"),
        *(embryo(number, "abnormal") for number in range(2)),
    )

    write_store(tmp_path / "store", [written.folder / "graph.nt"])
    store = open_store(tmp_path / "store")
    rows = store.query(
        """SELECT ?rule ?type ?evidence ?sex ?selection ?p {
          ?call kg:callRule ?rule ; kg:callType ?type ; kg:result ?result .
          ?result kg:animals [ kg:selection ?selection ] .
          OPTIONAL { ?call kg:evidence ?evidence } OPTIONAL { ?call kg:sex ?sex } OPTIONAL { ?result kg:pValue ?p }
        } ORDER BY ?rule"""
    )
    found = [[term and term.value.rsplit("#")[-1] for term in row] for row in rows]
    assert [row[:2] + row[3:4] + row[5:] for row in found] == [
        ["embryo_rule", "supplied", None, None],
        ["supplied_rule", "supplied", "male", None],
    ]
    animals = pl.read_parquet(written.folder / "animals.parquet")
    assert animals.filter(pl.sql_expr(found[0][4])).height == 2
    assert validate_sample(store, 20) == []
    assert [rule.name for rule in run_checks(store) if rule.severity == "violation" and rule.violations] == []
