"""`impckg analyse` from the door: files, pages and messages."""

import csv
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from impckg.service.cli import main

FILES = {"results.csv", "calls.csv", "rejects.csv", "animals.parquet", "graph.nt"}


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["analyse", *map(str, arguments)])


@pytest.fixture
def animals(tmp_path: Path) -> Path:
    """Forty controls and eight weak mutants with a name that must be escaped."""
    generator = np.random.default_rng(6)
    rows = ["Mouse,Genotype,Sex,Date,Colony,Grip <g>,Coat"]
    for number in range(48):
        is_mutant = number % 6 == 0
        grip = generator.normal(60 if is_mutant else 100, 5)
        rows.append(
            f"M{number},{'x/x' if is_mutant else '+/+'},{'f' if number // 6 % 2 else 'm'},2024-05-{number // 8 + 1:02},"
            f"{'<b>&1' if is_mutant else ''},{grip:.2f},{'pale' if number % 5 == 0 else 'dark'}"
        )
    path = tmp_path / "animals.csv"
    path.write_text("\n".join(rows))
    return path


class Page(HTMLParser):
    """Links and elements of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.elements: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.links += [value for name, value in attrs if name in ("href", "src") and value]


def test_it_writes_results_statements_and_pages(animals: Path, tmp_path: Path) -> None:
    done = run(animals, "--gene", "MGI:98373", "--out", tmp_path / "out")

    assert done.exit_code == 0, done.output
    assert {path.name for path in (tmp_path / "out").iterdir()} == FILES | {"report"}
    rows = list(csv.DictReader((tmp_path / "out" / "results.csv").read_text().splitlines()))
    assert {row["parameter_stable_id"] for row in rows} == {"Grip <g>", "Coat"}
    assert all(row["gene_accession_id"] == "MGI:98373" for row in rows)
    assert "<b>&1: Grip <g>: Successful: p " in done.stdout


def test_pages_stand_alone_and_lead_to_each_other(animals: Path, tmp_path: Path) -> None:
    run(animals, "--out", tmp_path / "out")

    folder = tmp_path / "out" / "report"
    pages = {path.name: Page(path.read_text()) for path in folder.glob("*.html")}
    assert len(pages) == 3
    for name, page in pages.items():
        own = [link for link in page.links if not link.startswith(("#", "http://purl.obolibrary.org/"))]
        assert set(own) <= set(pages), name
        assert "script" not in page.elements
        assert "b" not in page.elements, "names are escaped"
    assert {"001-grip-g-b-1.html", "002-coat-b-1.html"} <= set(pages["index.html"].links)
    assert pages["001-grip-g-b-1.html"].elements.count("svg") == 3
    assert pages["002-coat-b-1.html"].elements.count("svg") == 1
    # Significant, and nothing to call it.
    assert "offers no MP term" in (folder / "001-grip-g-b-1.html").read_text()


def test_figures_are_the_same_for_the_same_animals(animals: Path, tmp_path: Path) -> None:
    run(animals, "--out", tmp_path / "one")
    run(animals, "--out", tmp_path / "two")

    for path in (tmp_path / "one" / "report").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / "report" / path.name).read_bytes(), path.name


@pytest.mark.parametrize(
    ("arguments", "exit_code", "message"),
    [
        (["--column", "sex"], 5, "--column 'sex': expected ROLE=NAME"),
        (["--column", "sex=Gender"], 5, "no column 'Gender'; it has 'Mouse'"),
        (["--gene", "Abc1"], 5, "--gene 'Abc1': expected an MGI accession"),
        (["--name", "my analysis"], 5, "--name 'my analysis': expected letters"),
        (["--licence", "mine only"], 5, "--licence 'mine only': expected an address"),
        (["--parameter", "Fat"], 5, "no parameter 'Fat'"),
        (["--control", "x/x"], 5, "no animal is a control"),
    ],
)
def test_wrong_use_is_named(
    arguments: list[str], exit_code: int, message: str, animals: Path, tmp_path: Path
) -> None:
    if arguments[0] == "--control":
        animals.write_text(animals.read_text().replace("+/+", "y/y"))
        arguments = []

    done = run(animals, *arguments, "--out", tmp_path / "out")

    assert (done.exit_code, message in done.stderr) == (exit_code, True), done.output


@pytest.mark.parametrize("name", [r"Cost $\frac{ $", "_hidden", "50 % <&>", "^_^", "§", "体重"])
def test_a_measurement_may_have_any_name(name: str, animals: Path, tmp_path: Path) -> None:
    animals.write_text(animals.read_text().replace("Grip <g>", name))

    done = run(animals, "--out", tmp_path / "out")

    assert done.exit_code == 0, done.output
    assert f": {name}: Successful" in done.stdout


def test_numbers_near_the_largest_double_are_drawn_without_a_warning(animals: Path, tmp_path: Path) -> None:
    lines = animals.read_text().splitlines()
    cells = lines[5].split(",")
    lines[5] = ",".join([*cells[:5], "1e308", *cells[6:]])
    animals.write_text("\n".join(lines))

    done = run(animals, "--out", tmp_path / "out")

    assert done.exit_code == 0, done.output
    assert "nan" not in (tmp_path / "out" / "results.csv").read_text().lower()


def test_what_parameters_say_in_vain_is_told(animals: Path, tmp_path: Path) -> None:
    parameters = tmp_path / "parameters.csv"
    parameters.write_text("parameter,framework\nCoat,FE\nTail,MM\n")
    done = run(animals, "--parameters", parameters, "--out", tmp_path / "out", "--no-report")
    parameters.write_text("parameter,framework\nCoat,MM\n")
    refused = run(animals, "--parameters", parameters, "--out", tmp_path / "other", "--no-report")

    assert "not in the table, or empty there: 'Tail'" in done.stderr
    assert refused.exit_code == 5
    assert "Coat: framework MM is for numbers, and most values are texts such as" in refused.stderr


def test_of_many_tests_the_most_telling_are_printed_and_have_a_page(
    animals: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = np.random.default_rng(2)
    header, *rows = animals.read_text().splitlines()
    header += "".join(f",Length {number}" for number in range(4))
    rows = [row + "".join(f",{value:.3f}" for value in generator.normal(9, 1, 4)) for row in rows]
    animals.write_text("\n".join([header.replace("Grip <g>", "IMPC_GRS_009_001"), *rows]))
    monkeypatch.setattr("impckg.service.report.pages.MOST_PAGES", 2)
    monkeypatch.setattr("impckg.service.analysis_commands.MOST_LINES", 3)

    done = run(animals, "--out", tmp_path / "out")

    assert done.exit_code == 0
    assert done.stdout.splitlines()[-1] == "6 tests, 6 of them made, 1 with a phenotype call"
    assert len(done.stdout.splitlines()) == 2
    assert "note: 2 tests have a page; --parameter chooses others" in done.stderr
    pages = sorted(path.name for path in (tmp_path / "out" / "report").iterdir())
    assert len(pages) == 3
    index = (tmp_path / "out" / "report" / "index.html").read_text()
    assert "2 of them have a page" in index
    assert [name for name in Page(index).links if name.endswith(".html")] == sorted(
        set(pages) - {"index.html"}, key=lambda name: "grs" not in name
    )
    assert index.count("Length 3") == 1


def test_a_table_without_values_says_where_they_are_looked_for(tmp_path: Path) -> None:
    path = tmp_path / "animals.csv"
    path.write_text("sex,biological_sample_group,parameter_stable_id\nmale,control,IMPC_ABR_006_001\n")

    done = run(path, "--out", tmp_path / "out")

    assert done.exit_code == 5
    assert (
        "no measurement of 1 rows is left; expected values in a column 'data_point' or 'category'"
        in done.stderr
    )
    assert "Traceback" not in done.output


def test_categories_that_no_option_names_are_told_with_their_rows(animals: Path, tmp_path: Path) -> None:
    parameters = tmp_path / "parameters.csv"
    parameters.write_text("parameter,mp_term,outcome,category\nCoat,MP:0002075,ABNORMAL,spotted\n")
    lines = animals.read_text().splitlines()
    lines[3] = lines[3].rsplit(",", 1)[0] + ",striped"
    animals.write_text("\n".join(lines))

    done = run(animals, "--parameters", parameters, "--out", tmp_path / "out", "--no-report")

    assert done.exit_code == 0
    assert (
        "row 4: column 'Coat': 'striped' is no category that an option names (spotted); it is tested and earns no call"
        in done.stderr
    )
    assert "'dark'" not in done.stderr


def test_parameters_of_impress_are_called_without_a_file(animals: Path, tmp_path: Path) -> None:
    animals.write_text(animals.read_text().replace("Grip <g>", "IMPC_GRS_009_001", 1))

    done = run(animals, "--out", tmp_path / "out", "--no-report")

    assert done.exit_code == 0
    assert "not listed, offer the terms of data release 21.1: IMPC_GRS_009_001" in done.stderr
    assert "MP:0010053" in (tmp_path / "out" / "calls.csv").read_text()


def test_a_page_shows_no_window_where_none_was_used(animals: Path, tmp_path: Path) -> None:
    # All on one date: every window holds the same animals.
    animals.write_text(re.sub(r"2024-05-0[2-9]", "2024-05-01", animals.read_text()))

    run(animals, "--window", "--out", tmp_path / "out")

    page = (tmp_path / "out" / "report" / "001-grip-g-b-1.html").read_text()
    assert "weight in the window" not in page
    assert "in the window all animals count alike: as published, the model with all its terms" in page


def test_rows_that_cannot_be_believed_are_told_and_kept_apart(animals: Path, tmp_path: Path) -> None:
    animals.write_text(animals.read_text().replace("2024-05-01", "01-2024", 1).replace(",f,", ",?,", 1))

    done = run(animals, "--out", tmp_path / "out", "--no-report")
    strict = run(animals, "--out", tmp_path / "strict", "--strict")

    assert done.exit_code == 0
    assert "animals.csv:2: column 'Date': '01-2024': not a date" in done.stderr
    assert re.search(r"animals.csv:\d+: column 'Sex': '\?': unknown sex", done.stderr)
    assert len((tmp_path / "out" / "rejects.csv").read_text().splitlines()) == 3
    assert strict.exit_code == 3
    assert "unknown sex" in strict.stderr
    assert not (tmp_path / "strict").exists()


def test_a_store_that_is_not_there_is_named(animals: Path, tmp_path: Path) -> None:
    done = run(
        animals, "--out", tmp_path / "out", "--gene", "MGI:1", "--add-to", tmp_path / "nowhere", "--no-report"
    )

    assert done.exit_code == 6
    assert "no store here" in done.stderr


def test_what_the_centre_judged_is_told_and_on_the_index(tmp_path: Path) -> None:
    table = tmp_path / "judged.csv"
    table.write_text(
        "biological_sample_group,sex,colony_id,gene_accession_id,parameter_stable_id,parameter_name,text_value\n"
        "experimental,both,ABCD,MGI:98373,IMPC_VIA_067_001,Homozygous animals viability,Homozygous - Lethal\n"
    )

    done = run(table, "--out", tmp_path / "out")

    assert done.exit_code == 0, done.output
    assert "ABCD: IMPC_VIA_067_001: Successful: Homozygous - Lethal  MP:0011100" in done.stdout
    assert "\n1 judgements of the centre, 1 with a phenotype call" in done.stdout
    assert "not listed, offer the terms of data release 21.1: IMPC_VIA_067_001" in done.stderr
    index = (tmp_path / "out" / "report" / "index.html").read_text()
    assert "<td>Homozygous - Lethal</td>" in index
    assert "<h2>Tests</h2>" not in index
    assert [path.name for path in (tmp_path / "out" / "report").iterdir()] == ["index.html"]
