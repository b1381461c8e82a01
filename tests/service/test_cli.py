"""The command line: data on standard output, all else on standard error, exit codes as documented."""

import csv
import io
import json
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from impckg.queries.catalog import questions
from impckg.service.cli import DEMO_QUESTIONS, main

FIXTURE = Path(__file__).parents[1] / "fixtures" / "build"
COMMANDS = (
    "analyse",
    "build",
    "changes",
    "check",
    "classify",
    "demo",
    "dl",
    "explain",
    "fetch",
    "queries",
    "query",
    "release",
    "serve",
    "simulate",
    "sources",
)


def run(*arguments: object, given: str | None = None) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments], input=given)


def test_all_commands_are_there() -> None:
    assert tuple(sorted(main.commands)) == COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help_with_an_example(command: str) -> None:
    done = run(command, "--help")

    assert done.exit_code == 0
    assert f"impckg {command}" in done.stdout
    assert "Example:" in done.stdout
    for parameter in main.commands[command].params:
        if isinstance(parameter, click.Option) and parameter.name not in ("serve",):
            assert parameter.help, f"{command} {parameter.opts} has no help"


def test_wrong_use_is_exit_code_2() -> None:
    assert run("build").exit_code == 2
    assert run("qeury").exit_code == 2


def test_a_question_answers_its_own_example(demo: Path) -> None:
    done = run("query", "phenotypes_of_gene", "--store", demo)

    assert done.exit_code == 0
    assert "MGI:95490" in done.stdout
    assert done.stderr == ""


def test_answers_come_as_csv_tsv_and_json(demo: Path) -> None:
    asked = ("query", "genes_of_phenotype", "-p", "phenotype=MP:0010768", "--store", demo, "--format")

    by_csv = list(csv.DictReader(io.StringIO(run(*asked, "csv").stdout)))
    by_json = json.loads(run(*asked, "json").stdout)["results"]["bindings"]
    by_tsv = run(*asked, "tsv").stdout.splitlines()

    assert len(by_csv) == len(by_json) == len(by_tsv) - 1 > 0
    assert by_csv[0]["symbol"] == by_json[0]["symbol"]["value"]


def test_a_query_comes_from_a_file_or_from_standard_input(demo: Path, tmp_path: Path) -> None:
    text = "SELECT (COUNT(*) AS ?calls) { ?call a kg:Call }"
    (tmp_path / "count.rq").write_text(text)

    from_file = run("query", tmp_path / "count.rq", "--store", demo, "--format", "csv")
    from_input = run("query", "-", "--store", demo, "--format", "csv", given=text)

    assert from_file.stdout == from_input.stdout
    assert int(from_file.stdout.splitlines()[1]) > 100


def test_triples_come_as_turtle(demo: Path) -> None:
    done = run(
        "query",
        "-",
        "--store",
        demo,
        "--format",
        "ttl",
        given="CONSTRUCT { ?g a kg:Gene } { ?g a kg:Gene } LIMIT 1",
    )

    assert done.exit_code == 0
    assert "kg:Gene" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("query", "phenotype_of_gene"), 5, "did you mean phenotypes_of_gene"),
        (
            ("query", "phenotypes_of_gene", "-p", "gene=Pax3"),
            5,
            "'Pax3' is not an identifier; expected MGI and a colon",
        ),
        (
            ("query", "phenotypes_of_gene", "-p", "gene=MP:0001262"),
            5,
            "'MP:0001262' is not of the right sort",
        ),
        (("query", "phenotypes_of_gene", "-p", "gene"), 5, "expected NAME=VALUE, such as -p gene=MGI:95490"),
        (
            ("query", "phenotypes_of_gene", "-p", "gen=MGI:95490"),
            5,
            "there is no parameter 'gen'; expected gene",
        ),
        (("query", "nowhere.rq"), 5, "nowhere.rq: cannot be read"),
        (("query", "phenotypes_of_gene", "--format", "ttl"), 5, "ttl"),
        (("queries", "elephant"), 5, "no question has 'elephant' in it"),
        (("sources", "impc-99"), 3, "impc-21.1"),
    ],
)
def test_a_mistake_is_told_in_words_with_its_exit_code(
    arguments: tuple[str, ...], code: int, message: str, demo: Path
) -> None:
    store = ("--store", demo) if arguments[0] == "query" else ()

    done = run(*arguments, *store)

    assert done.exit_code == code, done.stderr
    assert message in done.stderr
    assert done.stdout == ""


def test_a_syntax_error_names_line_and_column(demo: Path) -> None:
    done = run("query", "-", "--store", demo, given="SELECT ?g WHERE {\n  ?g a kg:Gene\n")

    assert done.exit_code == 5
    assert "line 3, column 1" in done.stderr


def test_where_there_is_no_store_that_is_said(tmp_path: Path) -> None:
    done = run("query", "phenotypes_of_gene", "--store", tmp_path)

    assert done.exit_code == 6
    assert "no store here; expected a folder that `impckg build --out` or `impckg demo` wrote" in done.stderr


def test_build_prints_the_report_and_keeps_to_standard_error_while_at_work(tmp_path: Path) -> None:
    done = run("build", FIXTURE / "recipe.toml", "--out", tmp_path / "out")

    assert done.exit_code == 0, done.stderr
    assert "unknown_zygosity" in done.stdout
    assert "read mp:" in done.stderr
    assert "read mp:" not in done.stdout


def test_a_file_that_cannot_be_used_is_exit_code_3(tmp_path: Path) -> None:
    files = Path(shutil.copytree(FIXTURE, tmp_path / "files"))
    (files / "calls.csv").write_text((files / "calls.csv").read_text().replace("zygosity,", "zigosity,", 1))

    done = run("build", files / "recipe.toml", "--out", tmp_path / "out")

    assert done.exit_code == 3
    assert (
        "calls.csv: column 'zygosity' is missing; found 'marker_accession_id', 'marker_symbol'" in done.stderr
    )


def test_a_wrong_checksum_is_exit_code_4(tmp_path: Path) -> None:
    files = Path(shutil.copytree(FIXTURE, tmp_path / "files"))
    recipe = files / "recipe.toml"
    recipe.write_text(
        recipe.read_text().replace('path = "mp.obo"', f'path = "mp.obo"\nsha256 = "{"0" * 64}"')
    )

    done = run("build", recipe, "--out", tmp_path / "out")

    assert done.exit_code == 4
    assert "0000" in done.stderr


def test_check_tells_each_rule(demo: Path) -> None:
    done = run("check", "--store", demo, "--shapes", 2)

    assert done.exit_code == 0
    assert "A p-value lies between 0 and 1.  [kept]" in done.stdout
    assert "Shapes: 0 violations" in done.stdout


def test_simulate_prints_the_recipe_that_build_takes(tmp_path: Path) -> None:
    done = run("simulate", "--genes", 3, "--out", tmp_path)

    assert done.stdout.strip() == str(tmp_path / "recipe.toml")
    assert (tmp_path / "recipe.toml").exists()
    assert (
        "path" in run("sources", tmp_path / "recipe.toml").stdout
        or "mp.obo" in run("sources", tmp_path / "recipe.toml").stdout
    )


def test_queries_lists_every_question_with_its_example() -> None:
    listed = run("queries").stdout

    for question in questions():
        assert question.question in listed
        for parameter in question.parameters:
            assert f"-p {parameter.name}={parameter.example}" in listed


def test_the_demo_asks_five_questions_that_exist() -> None:
    assert len(DEMO_QUESTIONS) == 5
    assert set(DEMO_QUESTIONS) <= {question.name for question in questions()}


def test_the_demo_prints_five_answers_with_rows(tmp_path: Path) -> None:
    done = run("demo", "--out", tmp_path / "demo")

    assert done.exit_code == 0, done.stderr
    answers = done.stdout.split("\n\n")
    for name in DEMO_QUESTIONS:
        asked = next(question for question in questions() if question.name == name)
        place = next(n for n, part in enumerate(answers) if asked.question in part)
        assert len(answers[place + 1].splitlines()) > 2, f"{name} has no rows"


def test_a_closed_pipe_is_no_error(demo: Path) -> None:
    command = f"{sys.executable} -m impckg query - --store {demo} --format csv"
    query = "SELECT ?s ?p ?o { ?s ?p ?o } LIMIT 100000"

    done = subprocess.run(
        f"{command} | head -n 1",
        shell=True,
        input=query,
        text=True,
        capture_output=True,
        check=False,
        cwd=demo,
    )

    assert done.stdout.strip() == "s,p,o"
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("DROP ALL", "a store is only read; DROP would change it"),
        ("INSERT DATA { <urn:a> <urn:b> <urn:c> }", "a store is only read; INSERT would change it"),
        ("SELECT ?x { ?x foo:bar ?y }", "nobody says what the prefix 'foo' stands for"),
    ],
)
def test_what_a_store_cannot_be_asked_is_said(text: str, message: str, demo: Path) -> None:
    done = run("query", "-", "--store", demo, given=text)

    assert done.exit_code == 5
    assert message in done.stderr


def test_a_parameter_is_given_once(demo: Path) -> None:
    done = run("query", "genes_of_phenotype", "-p", "phenotype=MP:1", "-p", "phenotype=MP:2", "--store", demo)

    assert done.exit_code == 5
    assert "-p phenotype: given more than once" in done.stderr


def test_a_symbol_in_place_of_an_identifier_leads_to_the_question_that_finds_it(demo: Path) -> None:
    done = run("query", "phenotypes_of_gene", "-p", "gene=Fgf10", "--store", demo)

    assert "the question find_gene finds it by symbol=Fgf10" in done.stderr


def test_a_folder_that_cannot_be_made_is_told_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    done = run("build", FIXTURE / "recipe.toml", "--out", tmp_path / "file" / "below")

    assert done.exit_code == 1
    assert f"impckg: {tmp_path / 'file'}" in done.stderr


def test_a_host_that_is_none_is_told(demo: Path) -> None:
    done = run("serve", "--store", demo, "--host", "300.1.1.1", "--port", 0)

    assert done.exit_code == 1
    assert "300.1.1.1:0: cannot be listened on" in done.stderr


def test_a_table_shows_small_numbers_with_their_exponent(demo: Path) -> None:
    given = "SELECT ?p { VALUES ?p { 3.0209565512345678e-15 } }"

    as_table = run("query", "-", "--store", demo, given=given).stdout
    as_csv = run("query", "-", "--store", demo, "--format", "csv", given=given).stdout

    assert as_table.splitlines()[2] == "3.021E-15"
    assert as_csv.splitlines()[1] == "3.0209565512345676E-15"
