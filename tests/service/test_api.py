"""The named questions as an API: what a request asks, and what is refused."""

from pathlib import Path

import pyoxigraph as ox
import pytest

from impckg.graph.errors import BadParameter, UnknownQuestion
from impckg.graph.results import rows
from impckg.graph.store import open_store
from impckg.queries.catalog import bind, questions
from impckg.queries.remote import with_values
from impckg.service.api import MOST_ROWS, choose_data, listing, read_call, sliced
from impckg.service.errors import NotAcceptable, RequestError, status_of

GENE = ("gene", "MGI:95489")


@pytest.fixture(scope="module")
def demo_store(demo: Path):
    return open_store(demo)


def test_the_list_has_every_question_with_what_it_takes_and_gives():
    listed = {entry["name"]: entry for entry in listing(questions())["queries"]}

    assert list(listed) == [question.name for question in questions()]
    stage = listed["calls_at_life_stage"]["parameters"][0]
    assert (stage["name"], stage["kind"], stage["required"]) == ("stage", "LifeStage", True)
    assert {"value": "late_adult", "title": "Late adult"} in stage["values"]
    assert listed["genes_of_phenotype"]["columns"] == ["phenotype", "gene", "symbol", "name"]
    assert listed["genes_of_phenotype"]["address"] == "/api/queries/genes_of_phenotype"


def test_the_addresses_of_the_list_begin_with_the_public_address():
    entry = listing(questions(), "https://kg.example.org")["queries"][0]

    assert entry["address"].startswith("https://kg.example.org/api/queries/")
    assert entry["page"].startswith("https://kg.example.org/questions/")


def test_a_call_binds_the_values_and_leaves_the_text_alone():
    call = read_call("diseases_of_gene", [GENE])

    assert call.bindings == {"gene": ox.NamedNode("https://identifiers.org/MGI:95489")}
    assert call.text == call.question.text


def test_the_nearest_names_are_told_for_a_question_that_does_not_exist():
    with pytest.raises(
        UnknownQuestion, match=r"did you mean .*diseases_of_gene.*/api/queries lists"
    ) as error:
        read_call("disease_of_gene", [GENE])

    assert status_of(error.value) == 404


@pytest.mark.parametrize(
    "name", ["genes", "Gene", "GENE", "gene_", "gen", "limits", "Limit", "off-set", "fromat"]
)
def test_a_parameter_that_is_spelt_wrongly_is_refused_with_the_nearest(name):
    with pytest.raises(BadParameter, match=r"did you mean '(gene|limit|offset|format)'\?") as error:
        read_call("diseases_of_gene", [GENE, (name, "1")])

    assert status_of(error.value) == 400


def test_a_numbered_parameter_beyond_the_last_is_refused():
    with pytest.raises(BadParameter, match=r"'hp5'; did you mean 'hp1'\?"):
        read_call("genes_for_human_phenotypes", [("hp1", "HP:0001263"), ("hp5", "HP:0000252")])


def test_a_parameter_of_another_question_is_refused():
    with pytest.raises(BadParameter, match="there is no parameter 'phenotype'; it takes gene, limit"):
        read_call("diseases_of_gene", [GENE, ("phenotype", "MP:0003631")])


@pytest.mark.parametrize(
    "name", ["ac", "_", "utm_source", "query", "timeout", "output", "callback", "api_key"]
)
def test_what_has_nothing_to_do_with_the_question_is_ignored(name):
    assert read_call("diseases_of_gene", [GENE, (name, "x")]) == read_call("diseases_of_gene", [GENE])


def test_no_question_has_a_parameter_that_the_api_keeps_for_itself():
    taken = {"limit", "offset", "format", "query", "timeout", "output", "ac", "callback"}

    assert [q.name for q in questions() if taken & {parameter.name for parameter in q.parameters}] == []


def test_no_parameter_of_a_question_is_taken_for_a_mistake():
    for question in questions():
        call = read_call(question.name, list(question.example.items()))

        assert call.bindings == bind(question, question.example)


def test_a_parameter_that_is_given_twice_is_refused():
    with pytest.raises(BadParameter, match="parameter 'gene' is given 2 times; expected once"):
        read_call("diseases_of_gene", [GENE, GENE])


def test_an_empty_value_counts_as_absent():
    call = read_call(
        "calls_at_life_stage", [("stage", "late_adult"), ("within", ""), ("limit", ""), ("format", "")]
    )

    assert list(call.bindings) == ["stage"]
    assert (call.text, call.format_name) == (call.question.text, None)


def test_a_required_parameter_that_is_missing_is_told_with_an_example():
    with pytest.raises(BadParameter, match="parameter 'gene' is missing; such as gene=MGI:95489"):
        read_call("diseases_of_gene", [])


@pytest.mark.parametrize(
    "count", ["-1", "+1", "1.5", "ten", "1e3", "٣", " 1", "10000000000", "99999999999999999999"]
)
@pytest.mark.parametrize("name", ["limit", "offset"])
def test_a_limit_or_offset_that_is_no_count_is_refused(name, count):
    with pytest.raises(BadParameter, match=rf"{name}: .* is not a whole number from 0 to {MOST_ROWS:,}"):
        read_call("diseases_of_gene", [GENE, (name, count)])


def test_a_format_that_does_not_exist_is_refused():
    with pytest.raises(RequestError, match="format 'xlsx' is not known"):
        read_call("diseases_of_gene", [GENE, ("format", "xlsx")])


@pytest.mark.parametrize(
    ("accept", "format_name", "expected"),
    [
        (None, None, "json"),
        ("*/*", None, "json"),
        ("text/csv", None, "csv"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", None, "xml"),
        ("text/csv", "tsv", "tsv"),
    ],
)
def test_an_answer_is_given_as_data_in_the_format_that_is_liked_best(accept, format_name, expected):
    call = read_call("diseases_of_gene", [GENE, ("format", format_name or "")])

    assert choose_data(call, accept).name == expected


def test_a_page_is_at_another_address():
    call = read_call("diseases_of_gene", [GENE, ("format", "html")])

    with pytest.raises(NotAcceptable, match="the page is /questions/diseases_of_gene"):
        choose_data(call, None)
    with pytest.raises(NotAcceptable, match="can be answered as application/sparql-results"):
        choose_data(read_call("diseases_of_gene", [GENE]), "text/html")


def test_solutions_cannot_be_had_as_triples():
    with pytest.raises(NotAcceptable, match="json, xml, csv, tsv"):
        choose_data(read_call("diseases_of_gene", [GENE, ("format", "ttl")]), None)


# ---------------------------------------------------------------- limit and offset


@pytest.mark.parametrize("question", questions(), ids=lambda question: question.name)
def test_the_pieces_of_an_answer_in_a_row_are_the_whole_answer(demo_store, question):
    bindings = bind(question, question.example)
    whole = list(rows(demo_store.query(question.text, bindings)))
    piece = max(1, len(whole) // 3)

    pieces = [
        list(rows(demo_store.query(sliced(question.text, piece, start), bindings)))
        for start in range(0, len(whole) + 1, piece)
    ]

    assert [row for found in pieces for row in found] == whole
    assert all(len(found) == piece for found in pieces[:-1])


@pytest.mark.parametrize("question", questions(), ids=lambda question: question.name)
def test_a_piece_is_the_same_where_values_stand_in_the_text(demo_store, question):
    bindings = bind(question, question.example)
    text = sliced(question.text, 3, 1)

    bound = list(rows(demo_store.query(text, bindings)))

    assert list(rows(demo_store.query(with_values(text, bindings)))) == bound


NUMBERS = "VALUES ?n { 1 2 3 4 5 6 7 8 9 }"


@pytest.mark.parametrize(
    ("query", "limit", "offset", "expected"),
    [
        (f"SELECT ?n {{ {NUMBERS} }} ORDER BY ?n", 3, 0, [1, 2, 3]),
        (f"SELECT ?n {{ {NUMBERS} }} ORDER BY ?n", None, 7, [8, 9]),
        (f"SELECT ?n {{ {NUMBERS} }} ORDER BY ?n", 0, 0, []),
        (f"SELECT ?n {{ {NUMBERS} }} ORDER BY ?n # LIMIT 1", 2, 1, [2, 3]),
        (f"SELECT ?n {{ {NUMBERS} }} ORDER BY ?n LIMIT 4", 3, 2, [3, 4]),
        (f"SELECT ?n {{ {NUMBERS} }} ORDER BY ?n LIMIT 4", None, 9, []),
        (f"SELECT ?n {{ {NUMBERS} }} ORDER BY ?n limit 4 # four\n offset 2", 3, 1, [4, 5, 6]),
        (f"SELECT ?n {{ {NUMBERS} }} ORDER BY ?n OFFSET 2 LIMIT 4", 9, 3, [6]),
        (f"SELECT ?n {{ {{ SELECT ?n {{ {NUMBERS} }} ORDER BY ?n LIMIT 5 }} }} ORDER BY ?n", 2, 4, [5]),
        ("SELECT ?n { BIND(0 AS ?zero) } ORDER BY ?n LIMIT 4 VALUES ?n { 1 2 3 4 5 6 }", 2, 1, [2, 3]),
        ("SELECT ?n { BIND(0 AS ?zero) } ORDER BY ?n VALUES ?n { 1 2 3 4 5 6 }", 2, 1, [2, 3]),
        ("SELECT (?m AS ?n) { VALUES ?m { 1 2 } BIND('LIMIT 1' AS ?limit) } ORDER BY ?m", 5, 1, [2]),
    ],
)
def test_a_piece_is_cut_out_of_what_the_query_itself_leaves(query, limit, offset, expected):
    found = ox.Store().query(sliced(query, limit, offset))

    assert [int(row["n"].value) for row in found] == expected


def test_a_query_without_limit_and_offset_stays_as_it_is():
    query = "SELECT * { ?s ?p ?o } LIMIT 5"

    assert sliced(query, None) is query


def test_triples_are_cut_by_the_rows_that_they_are_made_of():
    found = ox.Store().query(sliced(f"CONSTRUCT {{ <urn:a> <urn:p> ?n }} {{ {NUMBERS} }} ORDER BY ?n", 2, 1))

    assert [int(triple.object.value) for triple in found] == [2, 3]
