"""Answers written down, read back with the engine's own readers or those of the standard library."""

import csv
import io
import json
import socket
import xml.etree.ElementTree as ET

import curies
import pyoxigraph as ox
import pytest

from impckg.graph.errors import QueryError
from impckg.graph.results import (
    FORMATS,
    BrokenAnswer,
    Form,
    columns,
    form_of,
    formats_for,
    text_of,
    write_result,
    write_table,
)

DATA = r"""
PREFIX ex: <http://example.org/>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>
ex:allele ex:symbol "Cib2<tm1b(EUCOMM)Wtsi>" ;
  ex:p 1e-320 , 25.0e0 , 1e-5 , "INF"^^xsd:double , "1e-5"^^xsd:float ;
  ex:n 5 , 1.50 , true ;
  ex:note "a \"quoted\",\ttabbed\r\nnote & <more>"@en-gb ;
  ex:date "2026-03-01"^^xsd:date ;
  ex:see <http://purl.obolibrary.org/obo/MP_0001262> , _:nobody .
"""
ALL = "SELECT ?s ?p ?o ?nothing WHERE { ?s ?p ?o } ORDER BY ?p ?o"


@pytest.fixture
def store() -> ox.Store:
    store = ox.Store()
    store.load(DATA.encode(), format=ox.RdfFormat.TURTLE)
    return store


def written(result, format_name: str) -> bytes:
    output = io.BytesIO()
    write_result(result, format_name, output)
    return output.getvalue()


@pytest.mark.parametrize("name", ["json", "xml", "tsv"])
def test_solutions_are_read_back_as_they_were(store, name):
    engine_format = {"json": ox.QueryResultsFormat.JSON, "xml": ox.QueryResultsFormat.XML}.get(
        name, ox.QueryResultsFormat.TSV
    )

    read_back = ox.parse_query_results(written(store.query(ALL), name), format=engine_format)

    assert [v.value for v in read_back.variables] == ["s", "p", "o", "nothing"]
    assert sorted(map(by_value, read_back), key=str) == sorted(map(by_value, store.query(ALL)), key=str)


def by_value(row: ox.QuerySolution) -> list[object]:
    """The terms of a row; of numbers their value, since that is what the engine keeps."""
    return [
        (float(term.value), term.datatype.value) if is_inexact(term) else unlabelled(term) for term in row
    ]


def is_inexact(term: object) -> bool:
    return isinstance(term, ox.Literal) and term.datatype.value.rpartition("#")[2] in ("double", "float")


def unlabelled(term: object) -> object:
    return "blank" if isinstance(term, ox.BlankNode) else term


@pytest.mark.parametrize("name", [f.name for f in formats_for(Form.SOLUTIONS)])
def test_a_tiny_p_value_is_written_short(store, name):
    text = written(store.query("SELECT ?o { ?s <http://example.org/p> ?o }"), name).decode()

    assert "1.0E-320" in text or "9.99989E-321" in text
    assert "1.0E-5" in text
    assert "25.0" in text
    assert "0.0000" not in text


def test_a_double_in_tsv_reads_back_as_a_double(store):
    text = written(store.query("SELECT (25.0e0 AS ?x) (1e-5 AS ?y) (1.5 AS ?z) (2 AS ?n) {}"), "tsv").decode()

    assert text == "?x\t?y\t?z\t?n\n25.0E0\t1.0E-5\t1.5\t2\n"


def test_csv_is_what_spreadsheets_and_data_frames_read(store):
    text = written(store.query(ALL), "csv").decode()

    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert text.splitlines()[0] == "s,p,o,nothing"
    assert text.startswith("s,p,o,nothing\r\n")
    assert 'a "quoted",\ttabbed\r\nnote & <more>' in [row["o"] for row in rows]
    assert {row["nothing"] for row in rows} == {""}


def test_json_has_one_row_on_each_line_and_leaves_out_what_is_unbound(store):
    text = written(store.query(ALL), "json").decode()

    bindings = json.loads(text)["results"]["bindings"]
    assert len(text.splitlines()) == len(bindings) + 2
    assert all("nothing" not in binding for binding in bindings)


def test_xml_survives_what_xml_cannot_hold(store):
    query = r'SELECT ("\u0001\r<&>\uFFFE" AS ?x) {}'

    root = ET.fromstring(written(store.query(query), "xml"))

    assert [e.text for e in root.iter("{http://www.w3.org/2005/sparql-results#}literal")] == [
        "\ufffd\r<&>\ufffd"
    ]


@pytest.mark.parametrize("name", ["json", "xml"])
def test_statements_about_statements_and_directions_are_kept(store, name):
    query = 'SELECT (<<( <http://a/s> <http://a/p> 1e-5 )>> AS ?t) (STRLANGDIR("x", "ar", "rtl") AS ?d) {}'
    engine_format = ox.QueryResultsFormat.JSON if name == "json" else ox.QueryResultsFormat.XML

    (row,) = ox.parse_query_results(written(store.query(query), name), format=engine_format)

    assert row["t"].object.value == "0.00001" or float(row["t"].object.value) == 1e-5
    assert (row["d"].language, str(row["d"].direction)) == ("ar", "rtl")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("json", b'{"head":{},"boolean":true}'),
        ("csv", b"true"),
        ("tsv", b"true"),
        ("xml", b"<boolean>true</boolean>"),
    ],
)
def test_a_boolean_can_be_written_in_every_format_of_solutions(store, name, expected):
    assert expected in written(store.query("ASK { ?s ?p ?o }"), name)


@pytest.mark.parametrize(
    ("name", "engine_format"),
    [
        ("ttl", ox.RdfFormat.TURTLE),
        ("nt", ox.RdfFormat.N_TRIPLES),
        ("jsonld", ox.RdfFormat.JSON_LD),
        ("rdfxml", ox.RdfFormat.RDF_XML),
    ],
)
def test_triples_are_read_back_as_they_were(store, name, engine_format):
    query = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o FILTER(!isBlank(?o)) }"

    found = written(store.query(query), name)

    again = ox.Store()
    again.load(found, format=engine_format)
    assert {(q.subject, q.predicate, q.object) for q in again} == set(map(tuple, store.query(query)))
    assert b"1.0E-5" in found


def test_turtle_declares_the_prefixes_that_it_uses_and_no_others(store):
    text = written(store.query("CONSTRUCT WHERE { ?s <http://example.org/see> ?o }"), "ttl").decode()

    declared = [line for line in text.splitlines() if line.startswith("@prefix")]
    assert declared == ["@prefix MP: <http://purl.obolibrary.org/obo/MP_> ."]
    assert "MP:0001262" in text


@pytest.mark.parametrize("name", [f.name for f in FORMATS])
def test_the_rows_are_counted(store, name):
    is_triples = name in [f.name for f in formats_for(Form.TRIPLES)]
    query = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }" if is_triples else ALL

    assert write_result(store.query(query), name, io.BytesIO()) == len(store)


def test_long_answers_are_whole():
    store = ox.Store()
    query = f"SELECT ?a ?b {{ VALUES ?a {{ {' '.join(map(str, range(600)))} }} VALUES ?b {{ 0 1 2 3 }} }}"

    text = written(store.query(query), "json")

    assert len(json.loads(text)["results"]["bindings"]) == 2_400


def test_a_format_of_the_other_form_is_refused_and_nothing_is_written(store):
    output = io.BytesIO()

    with pytest.raises(QueryError, match="SELECT and ASK queries can be written as json, xml, csv, tsv"):
        write_result(store.query(ALL), "ttl", output)

    assert output.getvalue() == b""


@pytest.mark.parametrize("name", [f.name for f in formats_for(Form.SOLUTIONS)])
def test_an_engine_that_gives_up_half_way_is_an_error(name):
    # A SERVICE that nobody listens to is the one way to make the engine fail after it has found something.
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        result = ox.Store().query(
            "SELECT * { { BIND(1 AS ?x) } UNION { BIND(2 AS ?x) } "
            f"UNION {{ SERVICE <http://127.0.0.1:{port}/> {{ ?x ?y ?z }} }} }}"
        )

        with pytest.raises(BrokenAnswer, match=r"broke off after \d+ rows: Connection refused"):
            write_result(result, name, io.BytesIO())


def test_an_engine_that_gives_up_on_triples_is_an_error_too():
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        result = ox.Store().query(
            f"CONSTRUCT {{ ?x ?x ?x }} WHERE {{ SERVICE <http://127.0.0.1:{port}/> {{ ?x ?y ?z }} }}"
        )

        with pytest.raises(BrokenAnswer):
            write_result(result, "ttl", io.BytesIO())


def table(result, width=100, names=None) -> list[str]:
    output = io.StringIO()
    write_table(result, output, width, names)
    return output.getvalue().splitlines()


def test_a_table_shows_things_as_curies_and_numbers_short(store):
    lines = table(store.query("SELECT ?o (1e-5 AS ?p) { ?s <http://example.org/see> ?o FILTER(isIRI(?o)) }"))

    assert lines == ["o           p", "----------  ------", "MP:0001262  1.0E-5"]


def test_a_table_takes_the_prefixes_it_is_given(store):
    names = curies.Converter.from_prefix_map({"ex": "http://example.org/"})

    assert text_of(ox.NamedNode("http://example.org/allele"), names) == "ex:allele"
    assert table(store.query("SELECT ?s { ?s ?p 5 }"), names=names)[2] == "ex:allele"


def test_a_table_fits_the_terminal_and_cuts_the_widest_column(store):
    lines = table(store.query(f'SELECT ("short" AS ?a) ("long {"x" * 200}" AS ?b) {{}}'), width=40)

    assert max(map(len, lines)) == 40
    assert lines[2].startswith("short  long xxx")
    assert lines[2].endswith("…")


def test_a_table_gives_the_terminal_no_orders(store):
    lines = table(store.query(r'SELECT ("a\nb\u001B[2Jc" AS ?x) {}'))

    assert lines[2] == "a b [2Jc"


def test_a_table_of_triples_and_one_of_nothing_and_a_boolean(store):
    assert table(store.query("CONSTRUCT WHERE { ?s <http://example.org/see> ?o }"))[0].split() == [
        "subject",
        "predicate",
        "object",
    ]
    assert table(store.query("SELECT ?x { ?x <http://example.org/nothing> ?y }")) == ["x", "-"]
    assert table(store.query("ASK {}")) == ["true"]


def test_the_form_and_the_columns_of_an_answer_are_known_before_it_is_read(store):
    solutions, boolean = store.query(ALL), store.query("ASK {}")
    triples = store.query("CONSTRUCT WHERE { ?s ?p ?o }")

    assert [form_of(r).name for r in (solutions, boolean, triples)] == ["SOLUTIONS", "SOLUTIONS", "TRIPLES"]
    assert columns(solutions) == ("s", "p", "o", "nothing")
    assert columns(boolean) == ("answer",)
    assert columns(triples) == ("subject", "predicate", "object")


def test_a_table_leaves_out_columns_that_are_not_wanted() -> None:
    found = ox.Store().query("SELECT ?a ?b { VALUES (?a ?b) { (1 2) } }")
    output = io.StringIO()

    write_table(found, output, without=["a"])

    assert output.getvalue() == "b\n-\n2\n"
