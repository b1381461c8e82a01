"""Whether the harness tells right from wrong, shown on a small suite of our own."""

import subprocess
import sys
from pathlib import Path

import pyoxigraph as ox
import pytest

from .w3c.client import Answer
from .w3c.evaluation import refusal_fault
from .w3c.manifest import read_suite
from .w3c.report import read_expectations
from .w3c.results import Cells, Likeness, Table, Unreadable, compare, read_result, read_result_graph

HERE = Path(__file__).resolve().parent
XSD = "http://www.w3.org/2001/XMLSchema#"

# ---------------------------------------------------------------- comparing answers


def numbers(*texts, datatype="decimal"):
    return Table(("n",), tuple((ox.Literal(text, datatype=ox.NamedNode(XSD + datatype)),) for text in texts))


def blanks(*rows):
    return Table(("a", "b"), tuple(tuple(ox.BlankNode(name) for name in row) for row in rows))


@pytest.mark.parametrize(
    ("actual", "expected", "likeness"),
    [
        pytest.param(True, True, Likeness.SAME, id="the same truth"),
        pytest.param(True, False, Likeness.DIFFERENT, id="another truth"),
        pytest.param(True, numbers("1"), Likeness.DIFFERENT, id="a truth for a table"),
        pytest.param(numbers("1", "2"), numbers("2", "1"), Likeness.SAME, id="rows in another order"),
        pytest.param(numbers("1", "1"), numbers("1"), Likeness.DIFFERENT, id="a row too many"),
        pytest.param(
            numbers("1", "1", "2"), numbers("1", "2", "2"), Likeness.DIFFERENT, id="another row twice"
        ),
        pytest.param(numbers("1.50"), numbers("1.5"), Likeness.BY_VALUE, id="the same number in other words"),
        pytest.param(numbers("1.5"), numbers("1.6"), Likeness.DIFFERENT, id="another number"),
        pytest.param(numbers("1"), numbers("1", datatype="double"), Likeness.DIFFERENT, id="another type"),
        pytest.param(
            numbers("1", datatype="integer"),
            numbers("1", datatype="byte"),
            Likeness.BY_VALUE,
            id="an integer for a byte",
        ),
        pytest.param(
            numbers("false", datatype="boolean"),
            numbers("0", datatype="boolean"),
            Likeness.BY_VALUE,
            id="0 is false",
        ),
        pytest.param(blanks("xy", "yz"), blanks("ba", "cb"), Likeness.SAME, id="other names for blank nodes"),
        pytest.param(blanks("xx", "yz"), blanks("ba", "cb"), Likeness.DIFFERENT, id="one blank node for two"),
        pytest.param(
            Table(("b", "a"), ((ox.Literal("2"), ox.Literal("1")),)),
            Table(("a", "b"), ((ox.Literal("1"), ox.Literal("2")),)),
            Likeness.SAME,
            id="columns in another order",
        ),
        pytest.param(
            Table(("a",), ((None,),)),
            Table(("a",), ((ox.Literal(""),),)),
            Likeness.DIFFERENT,
            id="nothing for an empty text",
        ),
        pytest.param(Table(("a",), ()), Table(("b",), ()), Likeness.DIFFERENT, id="another variable"),
        pytest.param(
            Cells(("n",), (("1.0",),)), numbers("1"), Likeness.BY_VALUE, id="CSV with the same number"
        ),
        pytest.param(Cells(("n",), (("1",),)), numbers("1"), Likeness.SAME, id="CSV with the same text"),
        pytest.param(
            Cells(("a", "b"), (("_:x", "_:x"),)),
            blanks("pq"),
            Likeness.DIFFERENT,
            id="CSV with one blank node for two",
        ),
    ],
)
def test_answers_are_compared_as_the_recommendations_mean_them(actual, expected, likeness):
    assert compare(actual, expected) is likeness


def test_the_order_of_rows_counts_where_the_query_asks_for_one():
    expected = numbers("1", "2")

    in_order = Table(expected.variables, expected.rows, ordered=True)

    assert compare(numbers("1", "2"), in_order) is Likeness.SAME
    assert compare(numbers("2", "1"), in_order) is Likeness.DIFFERENT


def test_the_order_of_columns_counts_where_it_is_asked_for():
    assert compare(Cells(("b", "a"), ()), Cells(("a", "b"), ()), columns=True) is Likeness.BY_VALUE
    assert compare(Cells(("a", "b"), ()), Cells(("a", "b"), ()), columns=True) is Likeness.SAME


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        (b'{"head":{"vars":["a"]},"results":{"bindings":[', "application/sparql-results+json"),
        (b"a,b\r\n1\r\n", "text/csv"),
        (b"", "text/csv"),
        (b"<a:a> <a:b> ", "text/turtle"),
        (b"yes", "text/html"),
    ],
)
def test_an_answer_that_is_not_what_its_media_type_says_is_unreadable(body, media_type):
    with pytest.raises(Unreadable):
        list(read_result(body, media_type).rows)


def test_a_graph_may_describe_a_table():
    turtle = """
    @prefix rs: <http://www.w3.org/2001/sw/DataAccess/tests/result-set#> .
    [] a rs:ResultSet ; rs:resultVariable "a", "b" ;
       rs:solution [ rs:index 2 ; rs:binding [ rs:variable "a" ; rs:value 2 ] ] ,
                   [ rs:index 1 ; rs:binding [ rs:variable "a" ; rs:value 1 ] , [ rs:variable "b" ; rs:value <a:b> ] ] .
    """

    table = read_result_graph(ox.Dataset(ox.parse(turtle.encode(), format=ox.RdfFormat.TURTLE)))

    rows = ((ox.Literal(1), ox.NamedNode("a:b")), (ox.Literal(2), None))
    assert table == Table(("a", "b"), rows, ordered=True)


@pytest.mark.parametrize(
    ("status", "media_type", "body", "right"),
    [
        (400, "application/problem+json", b'{"line": 1, "column": 5}', True),
        (400, "application/problem+json", b'{"line": 9, "column": 5}', False),
        (400, "application/problem+json", b'{"line": 1}', False),
        (400, "application/problem+json", b"oh", False),
        (400, "text/plain", b"line 1, column 5", False),
        (200, "application/problem+json", b'{"line": 1, "column": 5}', False),
    ],
)
def test_a_refusal_needs_its_status_its_media_type_and_a_place(status, media_type, body, right):
    answer = Answer(status, {"content-type": media_type}, body)

    assert (refusal_fault(answer, "ASK {", problems=True) is None) is right


# ---------------------------------------------------------------- a small suite

MANIFESTS = {
    "manifest-all.ttl": "<> mf:include ( <small/manifest.ttl> <entailment/manifest.ttl> ) .",
    "small/manifest.ttl": """
<> mf:entries ( <#right> <#wrong> <#nearly> <#broken> <#changed> ) .
<#right> a mf:QueryEvaluationTest ; mf:name "what is right" ; mf:result <right.srj> ;
  mf:action [ qt:query <names.rq> ; qt:data <data.ttl> ; qt:graphData <more.ttl> ] .
<#wrong> a mf:QueryEvaluationTest ; mf:name "what is wrong" ; mf:result <wrong.srj> ;
  mf:action [ qt:query <names.rq> ; qt:data <data.ttl> ; qt:graphData <more.ttl> ] .
<#nearly> a mf:QueryEvaluationTest ; mf:name "what is right by value" ; mf:result <nearly.srj> ;
  mf:action [ qt:query <number.rq> ] .
<#broken> a mf:NegativeSyntaxTest11 ; mf:name "what is well-formed, but said not to be" ; mf:action <names.rq> .
<#changed> a mf:UpdateEvaluationTest ; mf:name "what an update leaves" ;
  mf:action [ ut:request <move.ru> ; ut:data <data.ttl> ] ;
  mf:result [ ut:graphData [ ut:graph <data.ttl> ; rdfs:label "https://example.org/there" ] ] .
""",
    "small/data.ttl": "<line> <name> 'JR18518' .",
    "small/more.ttl": "<line> <name> 'JR18519' .",
}
FILES = {
    "small/names.rq": "SELECT ?name { { ?line <name> ?name } UNION { GRAPH <more.ttl> { <line> <name> ?name } } }",
    "small/number.rq": "SELECT (1.0 * 1.0 AS ?name) {}",
    "small/move.ru": "MOVE DEFAULT TO <https://example.org/there>",
    "small/right.srj": '{"head": {"vars": ["name"]}, "results": {"bindings": ['
    '{"name": {"type": "literal", "value": "JR18519"}}, {"name": {"type": "literal", "value": "JR18518"}}]}}',
    "small/wrong.srj": '{"head": {"vars": ["name"]}, "results": {"bindings": ['
    '{"name": {"type": "literal", "value": "JR18518"}}]}}',
    "small/nearly.srj": '{"head": {"vars": ["name"]}, "results": {"bindings": ['
    f'{{"name": {{"type": "literal", "value": "1.000", "datatype": "{XSD}decimal"}}}}]}}}}',
}
PREFIXES = """
@prefix mf: <http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#> .
@prefix qt: <http://www.w3.org/2001/sw/DataAccess/tests/test-query#> .
@prefix ut: <http://www.w3.org/2009/sparql/tests/test-update#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
"""
KNOWN = """
[fails]
"small/wrong" = "The expected answer lacks a row."
"small/broken" = "There is nothing wrong with the query."

[by_value]
"small/nearly" = "The engine keeps decimals by value."
"""


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """A folder with five cases: two that pass, one that passes by value, two that cannot pass."""
    for name, text in MANIFESTS.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(PREFIXES + text, encoding="utf-8")
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def run_harness(client, suite, tmp_path_factory):
    """Runs the harness on the small suite with a list of expectations, against the service of the tests."""
    folder = tmp_path_factory.mktemp("harness")
    addresses = client.addresses
    flags = ["--query", addresses.query, "--update", addresses.update, "--graphs", addresses.graphs]
    if addresses.token is not None:
        (folder / "token").write_text(addresses.token, encoding="utf-8")
        flags += ["--token", str(folder / "token")]

    def run(known: str, *only: str) -> subprocess.CompletedProcess[str]:
        (folder / "expected.toml").write_text(known, encoding="utf-8")
        return subprocess.run(
            [
                sys.executable,
                str(HERE),
                str(suite),
                *only,
                "--expected",
                str(folder / "expected.toml"),
                *flags,
            ],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


def test_a_suite_is_read_with_what_its_cases_need(suite):
    cases = {case.id: case for case in read_suite(suite)}

    assert list(cases) == ["small/right", "small/wrong", "small/nearly", "small/broken", "small/changed"]
    assert [(graph, path.name) for graph, path in cases["small/right"].given.graphs] == [
        (None, "data.ttl"),
        ("https://w3c.github.io/rdf-tests/sparql/sparql11/small/more.ttl", "more.ttl"),
    ]
    assert [graph for graph, _ in cases["small/changed"].left.graphs] == ["https://example.org/there"]


def test_a_run_in_which_all_goes_as_expected_ends_well(run_harness):
    ended = run_harness(KNOWN)

    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stdout.splitlines()[-1].split() == ["all", "5", "2", "1", "2", "0"]


def test_a_failure_that_was_not_expected_is_told_with_what_was_answered(run_harness):
    ended = run_harness(KNOWN.replace('"small/wrong" =', '# "small/wrong" ='), "wrong")

    assert ended.returncode == 1
    assert "small/wrong (what is wrong) fails, but is expected to be one that passes" in ended.stdout
    assert "JR18519" in ended.stdout


def test_a_case_that_passes_although_it_is_known_to_fail_is_told_as_well(run_harness):
    ended = run_harness(
        KNOWN.replace("[by_value]", '"small/changed" = "It does not."\n[by_value]'), "changed"
    )

    assert ended.returncode == 1
    assert (
        "small/changed (what an update leaves) passes, but is expected to be one that fails" in ended.stdout
    )


def test_a_case_that_passes_by_value_alone_is_told_if_that_was_not_expected(run_harness):
    ended = run_harness(KNOWN.replace('"small/nearly" =', '# "small/nearly" ='), "nearly")

    assert ended.returncode == 1
    assert "small/nearly (what is right by value) passes by value, but" in ended.stdout


@pytest.mark.parametrize(
    ("known", "complaint"),
    [
        ('[fails]\n"small/gone" = "It is gone."', "the suite has no case small/gone"),
        ('[fails]\n"small/wrong" = ""', "'small/wrong' has no reason"),
        ('[skips]\n"small/wrong" = "Why not."', "tables skips; expected fails and by_value"),
    ],
)
def test_expectations_that_make_no_sense_are_refused(run_harness, known, complaint):
    ended = run_harness(known)

    assert ended.returncode == 2
    assert complaint in ended.stderr


def test_the_list_of_what_this_service_fails_has_a_reason_for_each_case():
    known = read_expectations(HERE / "expected.toml")

    assert all(len(reason.split()) > 3 for reason in [*known.fails.values(), *known.by_value.values()])


def test_a_service_that_holds_data_is_left_alone(run_harness, client):
    client.put_graph(None, b"<a:a> <a:b> <a:c> .", "text/turtle")

    ended = run_harness(KNOWN)

    assert ended.returncode == 2
    assert "must be empty" in ended.stderr
    assert client.get_graph(None).body.strip() == b"<a:a> <a:b> <a:c> ."


def test_a_folder_that_is_no_suite_is_refused(run_harness, suite):
    (suite / "manifest-all.ttl").unlink()

    ended = run_harness(KNOWN)

    assert ended.returncode == 2
    assert "no manifest-all.ttl" in ended.stderr
