"""Answers as they are written, against a slow and obvious writer, on terms that try to break out."""

import csv
import io
import json
import math
import re
import xml.etree.ElementTree as ET
from decimal import Decimal, localcontext

import pyoxigraph as ox
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from impckg.graph import engine_text, results
from impckg.graph.engine_text import (
    Outlet,
    cut_json_ld,
    cut_lines,
    cut_rdf_xml,
    cut_turtle,
    revise_json_ld,
    revise_n_triples,
    revise_rdf_xml,
    turtle_reviser,
    write_revised,
)
from impckg.graph.errors import AnswerTooLong
from impckg.graph.numbers import LONG_NUMBER, number_text, short_number, shortest
from impckg.graph.results import _SOLUTION_WRITERS as SOLUTION_WRITERS
from impckg.graph.results import write_result

XSD = "http://www.w3.org/2001/XMLSchema#"
INEXACT = {XSD + "double", XSD + "float"}
TSV = ox.QueryResultsFormat.TSV
SPARQL_XML = "{http://www.w3.org/2005/sparql-results#}"

# What has a meaning somewhere, whole and in pieces.
SNIPPETS = [
    '"value":"0.00001","datatype":"http://www.w3.org/2001/XMLSchema#double"',
    '"@type":"http://www.w3.org/2001/XMLSchema#double","@value":"25"',
    '<literal datatype="http://www.w3.org/2001/XMLSchema#double">0.00001</literal>',
    '"0.00001"^^<http://www.w3.org/2001/XMLSchema#double>',
    '"0.5"^^<http://www.w3.org/2001/XMLSchema#float>\t',
    "http://www.w3.org/2001/XMLSchema#double",
    '"value":"',
    '},{"x":{"type":"uri","value":"',
    '"}},{"',
    "}},{",
    "},{}",
    "{},{},{},",
    '"bindings":[',
    "]}}",
    "]},{",
    '[{"@id',
    "<result></result>",
    "\n\t\t<p>",
    "\n</rdf:RDF>",
    "<<( ",
    " )>>",
    '"@en\t',
    "<http://example.org/x>",
    " , ",
    " ;\n",
    " .\n",
    "\\",
    '"',
    "\\\\",
    '\\"',
    "0.00001",
    "-12",
    "NaN",
    "\ufffd\ufffe\uffff",
    "\r\n",
    "\x00\x01\x0b\x7f\x85\u2028",
]
texts = st.lists(
    st.one_of(
        st.sampled_from(SNIPPETS),
        st.text(alphabet='"\\<>{}[],:;@^&\t\n\r\x00\x1f 0123.E-é\U0001f42d', max_size=6),
    ),
    max_size=4,
).map("".join)
doubles = st.floats().map(
    lambda x: ox.Literal(
        "NaN" if math.isnan(x) else "INF" if x == math.inf else "-INF" if x == -math.inf else repr(x),
        datatype=ox.NamedNode(XSD + "double"),
    )
)
kinds = st.sampled_from(
    [
        XSD + "double",
        XSD + "float",
        XSD + "decimal",
        XSD + "integer",
        XSD + "date",
        "http://example.org/a,b'&",
    ]
)
iris = st.sampled_from(["", "a,b", "x'&;", "@é", "?a=1#b"]).map(
    lambda end: ox.NamedNode(f"http://example.org/{end}")
)
plain_terms = st.one_of(
    doubles,
    iris,
    st.integers().map(ox.Literal),
    st.booleans().map(ox.Literal),
    st.decimals(allow_nan=False, allow_infinity=False).map(
        lambda x: ox.Literal(f"{x:f}"[:30], datatype=ox.NamedNode(XSD + "decimal"))
    ),
    texts.map(ox.Literal),
    st.tuples(texts, kinds).map(lambda pair: ox.Literal(pair[0], datatype=ox.NamedNode(pair[1]))),
    st.tuples(texts, st.sampled_from(["en", "de-CH-1996"])).map(
        lambda pair: ox.Literal(pair[0], language=pair[1])
    ),
    texts.map(lambda text: ox.Literal(text, language="ar", direction=ox.BaseDirection.RTL)),
)
terms = st.one_of(plain_terms, st.builds(ox.Triple, iris, iris, plain_terms))
names = st.sampled_from(["x", "value", "type", "datatype", "ü", "vars"])


@st.composite
def tables(draw):
    """Names of columns, and rows; None where a variable is unbound."""
    columns = draw(st.lists(names, min_size=1, max_size=3, unique=True))
    row = st.lists(st.none() | terms, min_size=len(columns), max_size=len(columns))
    return columns, draw(st.lists(row, max_size=8))


def solutions(table) -> ox.QuerySolutions:
    """The table as the engine finds it."""
    columns, found = table
    lines = " ".join(f"({' '.join(map(in_sparql, row))})" for row in found)
    variables = " ".join(f"?{name}" for name in columns)
    return ox.Store().query(f"SELECT {variables} {{ VALUES ({variables}) {{ {lines} }} }}")


def in_sparql(term) -> str:
    if term is None:
        return "UNDEF"
    return f"<<( {' '.join(map(in_sparql, term))} )>>" if isinstance(term, ox.Triple) else str(term)


def written(result, name: str) -> bytes:
    output = io.BytesIO()
    write_result(result, name, output)
    return output.getvalue()


def text_of_literal(literal: ox.Literal) -> str:
    return shortest(literal.value) if literal.datatype.value in INEXACT else literal.value


# ---------------------------------------------------------------- a slow and obvious writer


def json_term(term) -> dict[str, object]:
    if isinstance(term, ox.NamedNode):
        return {"type": "uri", "value": term.value}
    if isinstance(term, ox.Triple):
        parts = zip(("subject", "predicate", "object"), term, strict=True)
        return {"type": "triple", "value": {name: json_term(part) for name, part in parts}}
    found = {"type": "literal", "value": text_of_literal(term)}
    if term.language:
        found["xml:lang"] = term.language
        if term.direction:
            found["its:dir"] = str(term.direction)
    elif term.datatype.value != XSD + "string":
        found["datatype"] = term.datatype.value
    return found


def as_json(result: ox.QuerySolutions) -> dict[str, object]:
    columns = [variable.value for variable in result.variables]
    return {
        "head": {"vars": columns},
        "results": {
            "bindings": [
                {name: json_term(term) for name, term in zip(columns, row, strict=True) if term is not None}
                for row in result
            ]
        },
    }


def xml_text(text: str) -> str:
    return re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "\ufffd", text)


def xml_term(term) -> tuple[object, ...]:
    if isinstance(term, ox.NamedNode):
        return "uri", {}, term.value
    if isinstance(term, ox.Triple):
        parts = zip(("subject", "predicate", "object"), term, strict=True)
        return "triple", {}, *((name, {}, xml_term(part)) for name, part in parts)
    attributes = {}
    if term.language:
        attributes["{http://www.w3.org/XML/1998/namespace}lang"] = term.language
        if term.direction:
            attributes["{http://www.w3.org/2005/11/its}dir"] = str(term.direction)
            attributes["{http://www.w3.org/2005/11/its}version"] = "2.0"
    elif term.datatype.value != XSD + "string":
        attributes["datatype"] = term.datatype.value
    text = xml_text(text_of_literal(term))
    return ("literal", attributes, text) if text else ("literal", attributes)


def read_xml(element: ET.Element) -> tuple[object, ...]:
    content = [element.text] if element.text else [read_xml(child) for child in element]
    return element.tag.removeprefix(SPARQL_XML), element.attrib, *content


# ---------------------------------------------------------------- solutions


@given(tables())
def test_json_says_what_a_slow_writer_says_with_a_row_on_each_line(table):
    text = written(solutions(table), "json")

    assert json.loads(text) == as_json(solutions(table))
    assert len(text.split(b"\n")) == max(len(table[1]), 1) + 3


@given(tables())
def test_xml_says_what_a_slow_writer_says(table):
    root = ET.fromstring(written(solutions(table), "xml"))

    found = [
        {binding.attrib["name"]: read_xml(binding[0]) for binding in row}
        for row in root.iter(SPARQL_XML + "result")
    ]
    assert found == [
        {name: xml_term(term) for name, term in zip(table[0], row, strict=True) if term is not None}
        for row in solutions(table)
    ]


@given(tables())
def test_csv_is_what_the_standard_library_writes(table):
    cells = [line.split("\t") for line in solutions(table).serialize(format=TSV).decode().split("\n")[1:-1]]
    expected = io.StringIO(newline="")
    writer = csv.writer(expected)
    writer.writerow(table[0])
    for row, in_tsv in zip(solutions(table), cells, strict=True):
        # A statement about a statement has no form in CSV. We take that of TSV.
        writer.writerow(
            [
                cell if isinstance(term, ox.Triple) else csv_cell(term)
                for cell, term in zip(in_tsv, row, strict=True)
            ]
        )

    assert written(solutions(table), "csv").decode() == expected.getvalue()


def csv_cell(term) -> str:
    if term is None:
        return ""
    return text_of_literal(term) if isinstance(term, ox.Literal) else term.value


@given(tables())
def test_tsv_is_read_back_as_it_was_and_its_doubles_are_numbers(table):
    text = written(solutions(table), "tsv")

    read = ox.parse_query_results(text, format=ox.QueryResultsFormat.TSV)
    assert [list(map(by_value, row)) for row in read] == [
        list(map(by_value, row)) for row in solutions(table)
    ]
    lines = text.decode().split("\n")[1:-1]
    for line, row in zip(lines, solutions(table), strict=True):
        for cell, term in zip(line.split("\t"), row, strict=True):
            if isinstance(term, ox.Literal) and term.datatype.value == XSD + "double":
                number = shortest(term.value)
                plain = re.fullmatch("-?[0-9].*", number) and re.fullmatch("-?[0-9]+([.][0-9]+)?", term.value)
                assert not plain or cell == (number if "E" in number else number + "E0")


def by_value(term):
    if isinstance(term, ox.Triple):
        return tuple(map(by_value, term))
    if isinstance(term, ox.Literal) and term.datatype.value in INEXACT:
        return shortest(str(float(term.value))) if is_number(term.value) else term.value, term.datatype
    return term


def is_number(text: str) -> bool:
    return re.fullmatch("-?[0-9]+([.][0-9]+)?([eE]-?[0-9]+)?", text) is not None


# ---------------------------------------------------------------- pieces


class Torn:
    """A result that is written in small pieces, as if the engine did so."""

    def __init__(self, result, sizes: list[int]) -> None:
        self.result = result
        self.sizes = sizes

    def serialize(self, output, **how) -> None:
        text, start = self.result.serialize(**how), 0
        while start < len(text):
            for size in self.sizes:
                output.write(text[start : start + size])
                start += size


def revised(result, native, cut, revise) -> tuple[bytes, int, int]:
    """What is written, the number of rows, and in how many pieces it is written."""
    output = Pieces()
    outlet = Outlet(output, None, None)
    write_revised(result, native, cut, revise, outlet)
    return b"".join(output.pieces), outlet.rows, len(output.pieces)


class Pieces:
    """An output that keeps what is written."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def write(self, piece: bytes) -> None:
        self.pieces.append(piece)


sizes = st.lists(st.integers(1, 40), min_size=1, max_size=5)


@pytest.mark.parametrize("name", ["json", "xml", "csv", "tsv"])
@given(table=tables(), sizes=sizes, enough=st.integers(1, 200))
def test_solutions_are_the_same_wherever_they_are_cut(name, table, sizes, enough):
    native, cut, reviser = SOLUTION_WRITERS[name]
    columns = len(table[0])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine_text, "PIECE_BYTES", enough)
        torn, rows, _ = revised(Torn(solutions(table), sizes), native, cut, reviser(columns))

    assert torn == written(solutions(table), name)
    assert rows == len(table[1])


graphs = st.lists(st.tuples(iris, iris, terms), max_size=12)
TRIPLE_WRITERS = {
    "ttl": (ox.RdfFormat.TURTLE, cut_turtle, turtle_reviser({"ex": "http://example.org/", "xsd": XSD})),
    "nt": (ox.RdfFormat.N_TRIPLES, cut_lines, revise_n_triples),
    "jsonld": (ox.RdfFormat.JSON_LD, cut_json_ld, revise_json_ld),
    "rdfxml": (ox.RdfFormat.RDF_XML, cut_rdf_xml, revise_rdf_xml),
}


def statements(graph, name: str) -> ox.Store:
    """A store of some triples, without those that the format cannot hold."""
    store = ox.Store()
    for triple in graph:
        if name == "rdfxml":
            store.add(ox.Quad(*in_xml(ox.Triple(*triple))))
        elif name != "jsonld" or not isinstance(triple[2], ox.Triple):
            store.add(ox.Quad(*triple))
    return store


def in_xml(term):
    """The term without characters that XML cannot hold, and predicates that cannot be a tag."""
    if isinstance(term, ox.Triple):
        return ox.Triple(term.subject, ox.NamedNode("http://example.org/p"), in_xml(term.object))
    if isinstance(term, ox.Literal) and xml_text(term.value) != term.value:
        return ox.Literal(xml_text(term.value))
    return term


@pytest.mark.parametrize("name", ["ttl", "nt", "jsonld", "rdfxml"])
@given(graph=graphs, sizes=sizes, enough=st.integers(1, 200))
def test_triples_are_read_back_and_are_the_same_wherever_they_are_cut(name, graph, sizes, enough):
    store = statements(graph, name)
    query = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"
    native, cut, revise = TRIPLE_WRITERS[name]
    prefixes = b"@prefix ex: <http://example.org/> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .\n"

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine_text, "PIECE_BYTES", enough)
        torn, rows, _ = revised(Torn(store.query(query), sizes), native, cut, revise)
    whole, _, _ = revised(store.query(query), native, cut, revise)

    assert torn == whole
    assert rows == len(store)
    read = ox.parse((prefixes if name == "ttl" else b"") + whole, format=native)
    expected = [short(triple) for triple in store.query(query)]
    assert sorted(map(str, (quad.triple for quad in read))) == sorted(map(str, expected))


def short(term):
    """The term with its doubles written short, as they come from a file."""
    if isinstance(term, ox.Triple):
        return ox.Triple(*map(short, term))
    if isinstance(term, ox.Literal) and term.datatype.value in INEXACT:
        return ox.Literal(shortest(term.value), datatype=term.datatype)
    return term


@pytest.mark.parametrize("name", ["ttl", "rdfxml"])
@given(graph=graphs)
def test_an_answer_in_two_parts_is_one(name, graph):
    store = statements(graph, name)
    query = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"
    output = io.BytesIO()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(results, "_TRIPLES_AHEAD", 2)
        count = write_result(store.query(query), name, output)

    read = ox.parse(output.getvalue(), format=TRIPLE_WRITERS[name][0])
    assert {quad.triple for quad in read} == {short(triple) for triple in store.query(query)}
    assert count == len(store)


def test_a_predicate_with_many_objects_is_written_in_pieces():
    store = ox.Store()
    store.extend(
        ox.Quad(
            ox.NamedNode("http://example.org/s"),
            ox.NamedNode("http://example.org/p"),
            ox.Literal(f"{number} , "),
        )
        for number in range(30_000)
    )

    text, rows, pieces = revised(store.query("CONSTRUCT WHERE { ?s ?p ?o }"), *TRIPLE_WRITERS["ttl"])

    assert rows == 30_000
    assert text.count(b"\n") == 1
    assert pieces > 5


@pytest.mark.parametrize("row", ["()", "(UNDEF)", "(1)"])
@pytest.mark.parametrize("name", ["json", "xml", "csv", "tsv"])
def test_rows_without_a_value_are_counted_and_written_in_pieces(name, row):
    variables = "" if row == "()" else "?x"
    query = f"SELECT * {{ VALUES ({variables}) {{ {row * 30_000} }} }}"
    native, cut, reviser = SOLUTION_WRITERS[name]

    text, rows, pieces = revised(ox.Store().query(query), native, cut, reviser(len(variables) // 2))

    assert rows == 30_000
    assert len(text) < 100_000 or pieces > 1
    if name == "json":
        assert len(json.loads(text)["results"]["bindings"]) == 30_000
        assert text.count(b"\n") == 30_003 - 1


def test_pieces_have_a_good_size_and_the_first_comes_early():
    numbers = " ".join(map(str, range(300)))
    query = f"SELECT ?x ?y {{ VALUES ?x {{ {numbers} }} VALUES ?y {{ {numbers} }} }}"
    native, cut, reviser = SOLUTION_WRITERS["json"]
    output = Pieces()

    write_revised(ox.Store().query(query), native, cut, reviser(2), Outlet(output, None, None))

    first, *middle, _ = map(len, output.pieces)
    assert first < 10_000
    assert all(60_000 < size < 80_000 for size in middle)


def test_a_very_long_term_is_read_through_a_few_times_only():
    # given
    looked = []
    native, cut, reviser = SOLUTION_WRITERS["json"]

    def counted(held: bytes) -> int:
        looked.append(len(held))
        return cut(held)

    # when
    long = ox.Store().query(f"SELECT ?x {{ VALUES ?x {{ '{'{},' * 1_000_000}' }} }}")
    text, rows, _ = revised(long, native, counted, reviser(1))

    # then
    assert (rows, len(json.loads(text)["results"]["bindings"])) == (1, 1)
    assert sum(looked) < 5 * len(text)


# ---------------------------------------------------------------- limits


MANY = "SELECT ?x { VALUES ?x { 1 2 3 4 5 6 7 8 9 } VALUES ?y { 1 2 3 4 5 6 7 8 9 } VALUES ?z { 1 2 3 4 5 6 7 8 9 } }"


@pytest.mark.parametrize("name", ["json", "xml", "csv", "tsv"])
def test_an_answer_may_have_as_many_rows_as_the_limit_and_no_more(name):
    assert write_result(ox.Store().query(MANY), name, io.BytesIO(), most_rows=729) == 729
    with pytest.raises(AnswerTooLong, match="it may have 728 rows") as refused:
        write_result(ox.Store().query(MANY), name, io.BytesIO(), most_rows=728)
    assert (refused.value.most, refused.value.unit) == (728, "rows")


@pytest.mark.parametrize("name", ["ttl", "nt", "jsonld", "rdfxml"])
def test_an_answer_may_have_as_many_triples_as_the_limit_and_no_more(name):
    query = MANY.replace("SELECT ?x", "CONSTRUCT { [] <http://a/> ?x , ?y } WHERE")
    count = write_result(ox.Store().query(query), name, io.BytesIO())

    assert write_result(ox.Store().query(query), name, io.BytesIO(), most_rows=count) == count
    with pytest.raises(AnswerTooLong, match=f"it may have {count - 1:,} triples"):
        write_result(ox.Store().query(query), name, io.BytesIO(), most_rows=count - 1)


@pytest.mark.parametrize("name", ["json", "xml", "csv", "tsv"])
def test_an_answer_may_have_as_many_bytes_as_the_limit_and_no_more(name):
    text = written(ox.Store().query(MANY), name)
    output = io.BytesIO()

    write_result(ox.Store().query(MANY), name, io.BytesIO(), most_bytes=len(text))
    with pytest.raises(AnswerTooLong, match=f"it may have {len(text) - 1:,} bytes"):
        write_result(ox.Store().query(MANY), name, output, most_bytes=len(text) - 1)

    assert len(output.getvalue()) < len(text)


def test_an_endless_answer_ends_at_its_limit():
    query = f"SELECT ?nothing {{ {' '.join(f'VALUES ?x{n} {{ 1 2 3 4 5 6 7 8 9 }}' for n in range(20))} }}"

    with pytest.raises(AnswerTooLong):
        write_result(ox.Store().query(query), "json", io.BytesIO(), most_rows=100_000)


@pytest.mark.parametrize("error", [BrokenPipeError(32, "gone"), ValueError("closed"), KeyboardInterrupt()])
@pytest.mark.parametrize("name", ["json", "csv", "ttl"])
def test_what_the_output_raises_is_raised_as_it_is_and_nothing_more_is_written(name, error):
    class Gone(Pieces):
        def write(self, piece):
            super().write(piece)
            raise error

    output = Gone()
    query = (
        MANY if name != "ttl" else MANY.replace("SELECT ?x", "CONSTRUCT { <http://a/> <http://b/> ?x } WHERE")
    )

    with pytest.raises(type(error)) as raised:
        write_result(ox.Store().query(query), name, output)

    assert raised.value is error
    assert len(output.pieces) == 1


# ---------------------------------------------------------------- numbers


@example(562949953421312.25)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_double_is_written_as_python_writes_it_from_the_digits_of_the_engine(number):
    (row,) = ox.Store().query("SELECT ?x {}", substitutions={ox.Variable("x"): ox.Literal(number)})
    digits = row[0].value.encode()

    text = short_number(digits) if re.fullmatch(LONG_NUMBER, digits) else digits

    # Of two shortest ways that are equally near to the number, the engine may take the other: 562949953421312.25.
    ours, theirs = text.decode(), number_text(number)
    assert ours == theirs or (len(ours) == len(theirs) and distance(ours, number) == distance(theirs, number))
    assert float(text) == number


def distance(text: str, number: float) -> Decimal:
    with localcontext() as precise:
        precise.prec = 800
        return abs(Decimal(text) - Decimal(number))


@given(st.from_regex(LONG_NUMBER, fullmatch=True))
def test_whatever_is_written_short_is_the_same_number(digits):
    assert float(short_number(digits)) == float(digits)
