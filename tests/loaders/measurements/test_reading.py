"""What is read of a table of animals, and what is put aside."""

import gzip

import pytest

from impckg.graph.errors import BadParameter, DamagedFile, MissingColumn
from impckg.loaders.measurements.reading import Reading, read_measurements

WIDE = "Mouse,Genotype,Sex,Date,Weight,Lean Mass,Cornea"


def read(path, **reading):
    return read_measurements(path, Reading(**reading))


def test_a_wide_table_has_a_measurement_for_each_animal_and_column(write_table):
    path = write_table(
        WIDE,
        "M1,+/+,Female,2024-01-02,20.5,15,clear",
        "M2,Abc1/Abc1,m,2024-01-03,,14.5,cloudy",
        "M3,WT,F,2024-01-03,21,NA,clear",
    )

    rows = read(path).rows.sort("row", "parameter")

    assert rows.select("specimen", "line", "is_male", "date", "parameter", "text", "is_numeric").rows() == [
        ("M1", None, False, "2024-01-02", "Cornea", "clear", False),
        ("M1", None, False, "2024-01-02", "Lean Mass", "15", True),
        ("M1", None, False, "2024-01-02", "Weight", "20.5", True),
        ("M2", "Abc1/Abc1", True, "2024-01-03", "Cornea", "cloudy", False),
        ("M2", "Abc1/Abc1", True, "2024-01-03", "Lean Mass", "14.5", True),
        ("M3", None, False, "2024-01-03", "Cornea", "clear", False),
        ("M3", None, False, "2024-01-03", "Weight", "21", True),
    ]


def test_the_layout_of_the_experiment_core_is_long(write_table):
    path = write_table(
        "external_sample_id,biological_sample_group,sex,date_of_experiment,weight,parameter_stable_id,data_point,colony_id,zygosity",
        "A,control,male,2024-01-02T00:00:00Z,20,IMPC_GRS_008_001,90.5,,homozygote",
        "B,experimental,male,2024-01-02T00:00:00Z,20,IMPC_GRS_008_001,80,COL,homozygote",
        "B,experimental,male,2024-01-02T00:00:00Z,20,IMPC_GRS_009_001,180,COL,homozygote",
    )

    rows = read(path).rows

    assert rows.select("specimen", "line", "date", "parameter", "text").rows() == [
        ("A", None, "2024-01-02", "IMPC_GRS_008_001", "90.5"),
        ("B", "COL", "2024-01-02", "IMPC_GRS_008_001", "80"),
        ("B", "COL", "2024-01-02", "IMPC_GRS_009_001", "180"),
    ]


def test_what_cannot_be_believed_is_put_aside_with_row_column_and_rule(write_table):
    good = [
        f"G{number},+/+,Female,2024-01-02,20,{10 + number},{'clear' if number else 'cloudy'}"
        for number in range(12)
    ]
    path = write_table(
        WIDE, *good, "M1,+/+,hermaphrodite,2024-01-02,20,15,clear", "M2,,Male,2024-01-02,20,15,clear",
        "M3,+/+,Male,yesterday,20,15,clear", "M4,+/+,Male,2024-01-02,heavy,15,clear",
        "M5,+/+,Male,2024-01-02,20,>15,clear", "M6,+/+,Male,2024-01-02,20,inf,clear", "G1,+/+,Female,2024-01-05,21,11,clear",
    )  # fmt: skip

    found = read(path)

    assert sorted(found.rejects.rows()) == [
        (14, "unknown_sex", "Sex", "hermaphrodite"),
        (15, "unknown_group", "Genotype", None),
        (16, "not_a_date", "Date", "yesterday"),
        (17, "not_a_number", "Weight", "heavy"),
        (18, "not_a_number", "Lean Mass", ">15"),
        (19, "not_a_number", "Lean Mass", "inf"),
        (20, "duplicate_animal", "Cornea", "G1"),
        (20, "duplicate_animal", "Lean Mass", "G1"),
        (20, "duplicate_animal", "Weight", "G1"),
    ]
    # A weight that is none costs the weight, not the animal.
    assert found.rows.filter(specimen="M4")["parameter"].to_list() == ["Lean Mass", "Cornea"]


@pytest.mark.parametrize(
    ("written", "iso"),
    [
        ("06/11/2012", "2012-11-06"),
        ("14.04.2014 07:50:33", "2014-04-14"),
        ("2012-08-06T00:00:00Z", "2012-08-06"),
        ("12/31/2013", "2013-12-31"),
    ],
)
def test_dates_are_read_as_they_are_written(written, iso, write_table):
    path = write_table(WIDE, f"M1,+/+,f,{written},20,15,clear", f"M2,x/x,f,{written},20,16,cloudy")

    assert read(path).rows["date"].unique().to_list() == [iso]


def test_mutants_of_one_colony_with_two_genotypes_are_two_lines(write_table):
    path = write_table(
        "Mouse,Genotype,Sex,Colony,Grip",
        "A,+/+,f,ZZ,1",
        "B,Abc1/+,f,MX,2",
        "C,Abc1/Abc1,f,MX,3",
        "D,Abc1/+,m,MX,4",
    )

    found = read(path)

    assert found.rows.drop_nulls("line")["line"].to_list() == ["MX Abc1/+", "MX Abc1/Abc1", "MX Abc1/+"]
    assert any("one batch" in note for note in found.notes)


def test_a_weight_that_no_double_holds_is_missing_and_told(write_table):
    found = read(write_table(WIDE, "M1,+/+,f,2024-01-02,1e999,15,clear", "M2,x/x,f,2024-01-02,20,16,cloudy"))

    assert found.rejects.rows() == [(2, "not_a_number", "Weight", "1e999")]
    assert found.rows.filter(specimen="M1")["weight"].to_list() == [None, None]


def test_a_column_of_a_wide_table_that_is_empty_is_told(write_table):
    found = read(write_table(WIDE, "M1,+/+,f,2024-01-02,20,-,clear", "M2,x/x,f,2024-01-02,20,NA,cloudy"))

    assert any("empty: 'Lean Mass'" in note for note in found.notes)


def test_the_owner_says_what_the_table_does_not(write_table):
    path = write_table("id,kind,s,Grip", "A,normal,1,1", "B,broken,2,2", "C,normal,2,4")

    found = read(
        path, columns={"genotype": "kind", "sex": "s"}, controls=["normal"], female=["1"], male=["2"]
    )

    assert found.rows.select("specimen", "is_mutant", "is_male").rows() == [
        ("A", False, False), ("B", True, True), ("C", False, True),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("Mouse,Genotype,Grip", r"no column for sex; found 'Mouse', 'Genotype', 'Grip'; .*--column sex=NAME"),
        ("Mouse,Sex,Grip", "no column for group or genotype"),
    ],
)
def test_a_table_without_sex_or_genotype_is_refused(header, message, write_table):
    with pytest.raises(MissingColumn, match=message):
        read(write_table(header, "A,x,1"))


def test_what_is_no_table_is_refused(write_table, tmp_path):
    with pytest.raises(DamagedFile, match="no row below the header"):
        read(write_table(WIDE))
    with pytest.raises(DamagedFile, match="no header of a table"):
        read(write_table("hello"))
    with pytest.raises(DamagedFile, match=r"animals.csv:2: wrong number of cells"):
        read(write_table("Mouse,Genotype,Sex", "a,+/+,f,4,5"))
    broken = tmp_path / "broken.csv.gz"
    broken.write_bytes(gzip.compress(b"a,b,c\n" * 1000)[:40])
    with pytest.raises(DamagedFile):
        read(broken)


def test_columns_and_parameters_that_are_not_there_are_named(write_table):
    path = write_table(WIDE, "M1,+/+,Female,2024-01-02,20.5,15,clear")

    with pytest.raises(BadParameter, match="no column 'Gender'"):
        read(path, columns={"sex": "Gender"})
    with pytest.raises(BadParameter, match="'colour' is no role"):
        read(path, columns={"colour": "Sex"})
    with pytest.raises(BadParameter, match="no parameter 'Fat Mass'"):
        read(path, parameters=["Fat Mass"])


def test_the_tables_of_phenstat_are_read_as_they_are(shared_data):
    raw = shared_data / "impc/raw"
    found = {
        path.name: read_measurements(path, Reading(female=["1"], male=["2"]))
        for path in sorted(raw.glob("phenstat_*.csv.gz")) + sorted(raw.glob("openstats_*.csv.gz"))
    }

    mutants = {
        name: dict(
            table.rows.drop_nulls("line").group_by("line").n_unique().select("line", "specimen").rows()
        )
        for name, table in found.items()
    }
    assert mutants["phenstat_test1.csv.gz"] == {"MBAU": 16}
    assert mutants["phenstat_test2.csv.gz"] == {"MAAJ Arid4a/Arid4a": 14, "MAAJ Arid4a/+": 3}
    assert mutants["phenstat_test3.csv.gz"] == {"MAHN": 22}
    assert mutants["phenstat_test7_TFE.csv.gz"] == {"EPD0211_3_A05-tm1b": 19}
    assert mutants["openstats_test_continuous.csv.gz"] == {"JR18569": 13}
    # The one animal that stands twice in these files.
    assert {name for name, table in found.items() if table.rejects.height} == {"phenstat_testLR.csv.gz"}


def test_none_is_a_category_and_no_number(write_table):
    lines = [
        f"M{number},{'x/x' if number % 4 else '+/+'},f,{'None' if number % 2 else 'Present'},"
        f"{'None' if number == 3 else number}"
        for number in range(12)
    ]
    path = write_table("Mouse,Genotype,Sex,Startle response,Grip", *lines)

    rows = read_measurements(path, Reading()).rows

    startle = rows.filter(parameter="Startle response")
    assert startle["text"].value_counts().sort("text").rows() == [("None", 6), ("Present", 6)]
    grip = rows.filter(parameter="Grip")
    assert grip["is_numeric"].all()
    assert "M3" not in grip["specimen"].to_list()
    assert grip.height == 11


def test_none_says_nothing_of_an_animal(write_table):
    path = write_table(
        "external_sample_id,biological_sample_group,sex,colony_id,weight,parameter_stable_id,data_point,category",
        *(
            f"A{number},{'control' if number % 2 else 'experimental'},male,{'None' if number % 2 else 'ABCD'},"
            f"None,X,{number},None"
            for number in range(8)
        ),
    )

    rows = read_measurements(path, Reading()).rows

    assert rows["is_numeric"].all()
    assert rows.height == 8
    assert set(rows["weight"]) == {None}
    assert set(rows.filter("is_mutant")["line"]) == {"ABCD"}


def test_an_export_that_was_made_wide_is_wide(write_table):
    path = write_table(
        "external_sample_id,biological_sample_group,sex,parameter_stable_id,6kHz-evoked ABR Threshold,Body weight,category",
        *(
            f"A{number},{'control' if number % 2 else 'experimental'},male,IMPC_ABR_004_001,{30 + number},2{number}.5,"
            f"{'Yes' if number == 5 else ''}"
            for number in range(8)
        ),
    )

    rows = read_measurements(path, Reading()).rows

    assert set(rows["parameter"]) == {"6kHz-evoked ABR Threshold", "Body weight"}
    assert rows.height == 16
