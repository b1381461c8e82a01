"""Tables written as N-Triples and N-Quads, read back by the engine and held against a slow writer."""

import datetime
import io
import math

import polars as pl
import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impckg.graph.errors import SchemaError
from impckg.graph.identifiers import BASE, iri
from impckg.graph.schema import kind, parse_schema
from impckg.graph.triples import FIRST_MET, ROWS_PER_BATCH, batches, write_links, write_table

XSD = "http://www.w3.org/2001/XMLSchema#"
TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"

# One column for each range that the schema knows, alone and in a list.
EVERYTHING = parse_schema(
    """
id: https://example.org/schema
version: 1
title: Everything
classes:
  Thing:
    description: Anything.
    annotations: {also_type: "owl:Thing"}
    slots: [id, text, texts, whole, wholes, number, numbers, truth, truths, day, days, page, pages, link, links,
            other, value, values]
slots:
  id: {description: Name., identifier: true, required: true, range: uriorcurie}
  text: {description: Text., slot_uri: "kg:text"}
  texts: {description: Texts., multivalued: true, slot_uri: "kg:texts"}
  whole: {description: Whole., range: integer, slot_uri: "kg:whole"}
  wholes: {description: Wholes., range: integer, multivalued: true, slot_uri: "kg:wholes"}
  number: {description: Number., range: double, slot_uri: "kg:number"}
  numbers: {description: Numbers., range: double, multivalued: true, slot_uri: "kg:numbers"}
  truth: {description: Truth., range: boolean, slot_uri: "kg:truth"}
  truths: {description: Truths., range: boolean, multivalued: true, slot_uri: "kg:truths"}
  day: {description: Day., range: date, slot_uri: "kg:day"}
  days: {description: Days., range: date, multivalued: true, slot_uri: "kg:days"}
  page: {description: Page., range: uri, slot_uri: "kg:page"}
  pages: {description: Pages., range: uri, multivalued: true, slot_uri: "kg:pages"}
  link: {description: Link., range: uriorcurie, slot_uri: "kg:link"}
  links: {description: Links., range: uriorcurie, multivalued: true, slot_uri: "kg:links"}
  other: {description: Other., range: Thing, slot_uri: "kg:other"}
  value: {description: Value., range: Value, slot_uri: "kg:value"}
  values: {description: Values., range: Value, multivalued: true, slot_uri: "kg:values"}
enums:
  Value:
    description: A value.
    permissible_values:
      one: {description: One.}
      E9.5: {description: Two.}
"""
).kind("Thing")

RANGES = {
    "text": st.text(),
    "whole": st.integers(-(2**63), 2**63 - 1),
    "number": st.floats(allow_nan=False),
    "truth": st.booleans(),
    "day": st.dates(datetime.date(1, 1, 1), datetime.date(9999, 12, 31)),
    "page": st.from_regex(r"https://example\.org/[a-z0-9/?=&.-]{0,10}", fullmatch=True),
    "link": st.from_regex(r"(MP:[0-9]{7}|impckg:line/[A-Za-z0-9.-]{1,8})", fullmatch=True),
    "value": st.sampled_from(["one", "E9.5"]),
}
LISTS = {
    "text": "texts", "whole": "wholes", "number": "numbers", "truth": "truths", "day": "days", "page": "pages",
    "link": "links", "value": "values",
}  # fmt: skip


def a_row():
    singles = {name: st.none() | values for name, values in RANGES.items()}
    lists = {
        LISTS[name]: st.none() | st.lists(st.none() | values, max_size=3, unique_by=repr)
        for name, values in RANGES.items()
    }
    return st.fixed_dictionaries({**singles, **lists, "other": st.none() | RANGES["link"]})


def table(rows, a_kind=EVERYTHING):
    numbered = [{"id": f"impckg:thing/{number}"} | row for number, row in enumerate(rows)]
    return pl.DataFrame(numbered, schema=a_kind.dtypes)


def written(frame, a_kind=EVERYTHING, graph=None, **options):
    output = io.BytesIO()
    statements = write_table(frame, a_kind, output, graph, **options)
    return output.getvalue(), statements


def read(text, graph=None):
    format_ = ox.RdfFormat.N_QUADS if graph else ox.RdfFormat.N_TRIPLES
    return list(ox.parse(text, format=format_))


def objects(text, predicate):
    return [quad.object for quad in read(text) if quad.predicate.value == iri(predicate)]


# ---------------------------------------------------------------- the slow, obvious writer


def slowly(frame, a_kind, graph=None):
    """The same statements, one by one, as the engine's own terms."""
    graph_name = ox.NamedNode(graph) if graph else ox.DefaultGraph()
    for row in frame.rows(named=True):
        subject = ox.NamedNode(iri(row["id"]))
        if row.get(FIRST_MET, True):
            for type_ in (a_kind.iri, *map(iri, a_kind.also_types)):
                yield ox.Quad(subject, ox.NamedNode(TYPE), ox.NamedNode(type_), graph_name)
        for column in a_kind.columns[1:]:
            cell = row.get(column.name)
            for value in (cell or []) if column.many else [cell]:
                if value is not None:
                    yield ox.Quad(subject, ox.NamedNode(column.iri), obvious_term(column, value), graph_name)


def obvious_term(column, value):
    if column.enumeration is not None:
        return ox.NamedNode({v.key: v.iri for v in column.enumeration.values}[value])
    if column.is_identifier or column.range == "uri":
        return ox.NamedNode(iri(value) if column.is_identifier else value)
    if column.range == "date":
        return ox.Literal(value.isoformat(), datatype=ox.NamedNode(f"{XSD}date"))
    return ox.Literal(value)


def by_value(quad):
    """A statement with numbers compared as numbers: 1e-320 can be written in many ways."""
    term = quad.object
    if isinstance(term, ox.Literal) and term.datatype.value == f"{XSD}double":
        term = ("double", float(term.value.replace("INF", "inf")))
    return (quad.subject, quad.predicate, term, quad.graph_name)


@settings(max_examples=40, deadline=None)
@given(st.lists(a_row(), max_size=4), st.sampled_from([None, f"{BASE}graph/mp"]))
def test_the_fast_writer_says_what_a_slow_one_says(rows, graph):
    # given
    frame = table(rows)

    # when
    text, statements = written(frame, graph=graph)
    parsed = read(text, graph)

    # then
    assert {by_value(q) for q in parsed} == {by_value(q) for q in slowly(frame, EVERYTHING, graph)}
    assert statements == len(parsed) == len(set(parsed))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(), min_size=1))
def test_text_comes_back_as_it_was(texts):
    found = objects(written(table([{"text": text} for text in texts]))[0], "kg:text")

    assert found == [ox.Literal(text) for text in texts]


@pytest.mark.parametrize(
    "text", ['"', "\\", "\n", "\r\n", '\\"', "\\n", "\x00", "\x7f", "\u2028", "𝔐", "", " ", "%22"]
)
def test_awkward_text_comes_back_as_it_was(text):
    (found,) = objects(written(table([{"text": text}]))[0], "kg:text")

    assert found.value == text


@pytest.mark.parametrize(
    ("number", "lexical"),
    [
        (0.0, "0.0"),
        (-0.0, "-0.0"),
        (1.0, "1.0"),
        (0.1, "0.1"),
        (1e-320, "1e-320"),
        (5e-324, "5e-324"),
        (1.7976931348623157e308, "1.7976931348623157e+308"),
        (math.inf, "INF"),
        (-math.inf, "-INF"),
    ],
)
def test_numbers_keep_every_bit(number, lexical):
    # when
    (found,) = objects(written(table([{"number": number}]))[0], "kg:number")

    # then
    assert (found.value, found.datatype.value) == (lexical, f"{XSD}double")
    assert float(found.value.replace("INF", "inf")).hex() == number.hex()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(allow_nan=False), min_size=1))
def test_a_number_is_written_so_that_it_is_read_as_the_same(numbers):
    found = objects(written(table([{"number": number} for number in numbers]))[0], "kg:number")

    assert [float(term.value.replace("INF", "inf")).hex() for term in found] == [n.hex() for n in numbers]


def test_each_range_has_its_own_form():
    # given
    row = {
        "text": "a", "whole": 5, "truth": True, "day": datetime.date(2026, 3, 16), "page": "https://example.org/a",
        "link": "MP:0001262", "other": "impckg:thing/1", "value": "E9.5",
    }  # fmt: skip

    # when
    lines = written(table([row]))[0].decode().splitlines()

    # then
    subject = f"<{BASE}thing/0>"
    assert lines == [
        f"{subject} <{TYPE}> <{iri('kg:Thing')}> .",
        f"{subject} <{TYPE}> <http://www.w3.org/2002/07/owl#Thing> .",
        f'{subject} <{iri("kg:text")}> "a" .',
        f'{subject} <{iri("kg:whole")}> "5"^^<{XSD}integer> .',
        f'{subject} <{iri("kg:truth")}> "true"^^<{XSD}boolean> .',
        f'{subject} <{iri("kg:day")}> "2026-03-16"^^<{XSD}date> .',
        f"{subject} <{iri('kg:page')}> <https://example.org/a> .",
        f"{subject} <{iri('kg:link')}> <http://purl.obolibrary.org/obo/MP_0001262> .",
        f"{subject} <{iri('kg:other')}> <{BASE}thing/1> .",
        f"{subject} <{iri('kg:value')}> <{iri('kg:E9.5')}> .",
    ]


def test_every_item_of_a_list_is_a_statement_and_nothing_is_none():
    # given
    rows = [{"texts": ["b", None, "a"]}, {"texts": []}, {"texts": None}]

    # when
    text, statements = written(table(rows))

    # then
    assert [term.value for term in objects(text, "kg:texts")] == ["b", "a"]
    assert statements == 3 * 2 + 2


def test_an_empty_table_says_nothing():
    assert written(table([])) == (b"", 0)


def test_columns_that_a_table_lacks_say_nothing():
    frame = pl.DataFrame({"id": ["MGI:1"], "symbol": ["Myo6"]})

    text, statements = written(frame, kind("Gene"))

    assert statements == len(read(text)) == 2


def test_columns_that_the_kind_lacks_are_not_written():
    frame = pl.DataFrame({"id": ["MGI:1"], "symbol": ["Myo6"], "_line": [3]})

    assert written(frame, kind("Gene"))[1] == 2


def test_a_table_without_its_identifier_is_refused():
    with pytest.raises(SchemaError) as refused:
        written(pl.DataFrame({"symbol": ["Myo6"]}), kind("Gene"))

    assert str(refused.value) == "a table of kind Gene lacks its identifier 'id'; it has ['symbol']"


def test_the_class_is_written_where_a_thing_is_first_met():
    # given
    frame = table([{"text": "a"}, {"text": "b"}, {}]).with_columns(pl.Series(FIRST_MET, [True, False, False]))

    # when
    text, statements = written(frame)

    # then
    typed = [quad.subject.value for quad in read(text) if quad.predicate.value == TYPE]
    assert typed == [f"{BASE}thing/0"] * 2
    assert statements == len(read(text)) == 4
    assert {by_value(q) for q in read(text)} == {by_value(q) for q in slowly(frame, EVERYTHING)}


def test_a_named_graph_is_named_by_every_statement():
    graph = f"{BASE}graph/mp"

    text, statements = written(table([{"texts": ["a", "b"], "number": 1.0}]), graph=graph)

    assert {quad.graph_name for quad in read(text, graph)} == {ox.NamedNode(graph)}
    assert statements == len(read(text, graph)) == 5


def test_things_of_ours_are_written_below_the_given_base():
    text, _ = written(
        table([{"link": "impckg:line/A", "other": "MP:0000001"}]), base="http://example.org/kg/"
    )

    assert [quad.subject.value for quad in read(text)] == ["http://example.org/kg/thing/0"] * 4
    assert objects(text, "kg:link") == [ox.NamedNode("http://example.org/kg/line/A")]
    assert objects(text, "kg:other") == [ox.NamedNode("http://purl.obolibrary.org/obo/MP_0000001")]


@settings(max_examples=10, deadline=None)
@given(st.lists(a_row(), max_size=4))
def test_the_same_table_is_the_same_bytes(rows):
    assert written(table(rows)) == written(table(rows).clone())


def test_a_table_longer_than_a_batch_is_written_whole_and_in_order():
    # given
    rows = ROWS_PER_BATCH * 2 + 1
    frame = pl.DataFrame({"id": [f"MGI:{n}" for n in range(rows)], "symbol": [f"g{n}" for n in range(rows)]})

    # when
    text, statements = written(frame, kind("Gene"))
    lines = text.splitlines()

    # then
    assert statements == len(lines) == rows * 2
    labels = [line for line in lines if b"rdf-schema#label" in line]
    assert [line.split(b'"')[1].decode() for line in labels[:: len(labels) // 3]] == [
        frame["symbol"][n] for n in range(0, rows, rows // 3)
    ]


def test_a_lazy_table_comes_in_batches():
    frame = pl.DataFrame({"n": range(10)})

    pieces = list(batches(frame.lazy(), rows=4))

    assert [piece.height for piece in pieces] == [4, 4, 2]
    assert pl.concat(pieces).equals(frame)


def test_links_are_one_statement_each():
    # given
    links = pl.DataFrame({"from": ["MGI:1", "MGI:2"], "to": ["MP:0000001", "impckg:line/A"]})
    output = io.BytesIO()

    # when
    statements = write_links(links, iri("kg:hasPhenotype"), output, f"{BASE}graph/inferred")

    # then
    assert [str(quad) for quad in read(output.getvalue(), graph=True)] == [
        f"<https://identifiers.org/MGI:1> <{iri('kg:hasPhenotype')}> <http://purl.obolibrary.org/obo/MP_0000001> "
        f"<{BASE}graph/inferred>",
        f"<https://identifiers.org/MGI:2> <{iri('kg:hasPhenotype')}> <{BASE}line/A> <{BASE}graph/inferred>",
    ]
    assert statements == 2


def test_a_link_that_cannot_be_written_is_not_counted():
    text, statements = written(table([{"link": "nobody:5"}, {"links": ["nobody:5"]}]))

    assert statements == len(read(text))


def test_an_address_with_a_space_does_not_break_the_file():
    text, _ = written(table([{"page": "https://example.org/a b"}]))

    read(text)
