"""Answers to queries, and whether two of them are the same.

Two answers are the same if they differ in nothing but the names of their blank nodes and, where no order was
asked for, the order of their rows. Where they are not, they may still be the same by value: 1.0 and 1.00 are
one decimal, and an engine that keeps numbers by value cannot tell them apart.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import IntEnum
from typing import TypeAlias

import pyoxigraph as ox

XSD = "http://www.w3.org/2001/XMLSchema#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RESULT_SET = "http://www.w3.org/2001/sw/DataAccess/tests/result-set#"

INTEGERS = frozenset(
    XSD + name
    for name in (
        *("integer", "long", "int", "short", "byte"),
        *("nonNegativeInteger", "unsignedLong", "unsignedInt", "unsignedShort", "unsignedByte"),
        *("positiveInteger", "nonPositiveInteger", "negativeInteger"),
    )
)
FLOATS = frozenset({XSD + "double", XSD + "float"})

Term: TypeAlias = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple
Row: TypeAlias = tuple[Term | None, ...]


class Likeness(IntEnum):
    """How like two answers are; the smaller the less."""

    DIFFERENT = 0
    BY_VALUE = 1
    SAME = 2


@dataclass(frozen=True)
class Table:
    """The answer to a SELECT: a row has a term, or None, for each variable.

    ordered: whether the rows must come in this order.
    """

    variables: tuple[str, ...]
    rows: tuple[Row, ...]
    ordered: bool = False


@dataclass(frozen=True)
class Cells:
    """The answer to a SELECT as CSV gives it, where nothing tells an IRI from a string."""

    variables: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


Graph: TypeAlias = ox.Dataset
Result: TypeAlias = Table | Cells | Graph | bool


class Unreadable(ValueError):
    """An answer that is not what its media type says."""


TABLE_FORMATS = {
    "application/sparql-results+json": ox.QueryResultsFormat.JSON,
    "application/sparql-results+xml": ox.QueryResultsFormat.XML,
    "text/tab-separated-values": ox.QueryResultsFormat.TSV,
}
GRAPH_FORMATS = {
    "text/turtle": ox.RdfFormat.TURTLE,
    "application/n-triples": ox.RdfFormat.N_TRIPLES,
    "application/n-quads": ox.RdfFormat.N_QUADS,
    "application/rdf+xml": ox.RdfFormat.RDF_XML,
    "application/ld+json": ox.RdfFormat.JSON_LD,
}


def read_result(body: bytes, media_type: str, base: str | None = None) -> Result:
    """What a body says, read by its media type.

    base: the address that it came from, against which its IRIs are relative.

    Raises Unreadable if it cannot be read so, or the media type is none of an answer.
    """
    try:
        if media_type == "text/csv":
            return read_cells(body.decode("utf-8"))
        if media_type in TABLE_FORMATS:
            return _read_table(body, TABLE_FORMATS[media_type])
        if media_type in GRAPH_FORMATS:
            return ox.Dataset(ox.parse(body, format=GRAPH_FORMATS[media_type], base_iri=base))
    except (ValueError, SyntaxError) as error:
        raise Unreadable(f"not {media_type}: {error}") from error
    raise Unreadable(f"'{media_type}' is no format of an answer")


def read_cells(text: str) -> Cells:
    """The table that a CSV document is."""
    lines = list(csv.reader(io.StringIO(text, newline="")))
    if not lines:
        raise Unreadable("a CSV document without its line of names")
    names, *rows = lines
    if not names:  # no variable at all, and so an empty line for each row
        return Cells((), tuple(() for _ in rows))
    if len(names) == 1:  # the writer of csv leaves a row of one empty cell empty
        rows = [row or [""] for row in rows]
    uneven = [row for row in rows if len(row) != len(names)]
    if uneven:
        raise Unreadable(f"a row of CSV with {len(uneven[0])} cells under {len(names)} names")
    return Cells(tuple(names), tuple(map(tuple, rows)))


def _read_table(body: bytes, result_format: ox.QueryResultsFormat) -> Table | bool:
    parsed = ox.parse_query_results(body, format=result_format)
    if isinstance(parsed, ox.QueryBoolean):
        return bool(parsed)
    variables = tuple(variable.value for variable in parsed.variables)
    return Table(variables, tuple(tuple(solution[name] for name in variables) for solution in parsed))


def read_result_graph(graph: ox.Dataset) -> Table | bool | None:
    """The answer that a graph describes in the vocabulary of result sets; None if it describes none.

    The rows are in order where they are numbered.
    """
    node = next((quad.subject for quad in _having(graph, RDF + "type", RESULT_SET + "ResultSet")), None)
    if node is None:
        return None
    truth = [value.value for value in _objects(graph, node, "boolean")]
    if truth:
        return truth[0] in ("true", "1")
    variables = tuple(sorted(value.value for value in _objects(graph, node, "resultVariable")))
    numbered = []
    for solution in _objects(graph, node, "solution"):
        bound = {
            _objects(graph, binding, "variable")[0].value: _objects(graph, binding, "value")[0]
            for binding in _objects(graph, solution, "binding")
        }
        index = [int(value.value) for value in _objects(graph, solution, "index")]
        numbered.append((index, tuple(bound.get(name) for name in variables)))
    ordered = bool(numbered) and all(index for index, _ in numbered)
    if ordered:
        numbered.sort(key=lambda pair: pair[0])
    return Table(variables, tuple(row for _, row in numbered), ordered)


def _having(graph: ox.Dataset, predicate: str, value: str) -> Iterable[ox.Quad]:
    return (
        quad
        for quad in graph.quads_for_object(ox.NamedNode(value))
        if quad.predicate == ox.NamedNode(predicate)
    )


def _objects(graph: ox.Dataset, subject: Term, name: str) -> list:
    predicate = ox.NamedNode(RESULT_SET + name)
    return [quad.object for quad in graph.quads_for_subject(subject) if quad.predicate == predicate]


def compare(actual: Result, expected: Result, columns: bool = False) -> Likeness:
    """How like the expected answer the actual one is.

    columns: whether the order of the columns counts as well; if only that differs, they are the same by value.
    """
    if isinstance(actual, Cells) and isinstance(expected, Table):
        # CSV keeps no types, and so values have to be made alike before it: of a boolean, 0 is false.
        likeness = _compare_tables(actual, cells_of(expected), columns)
        return likeness or min(
            _compare_tables(actual, cells_of(_table_by_value(expected)), columns), Likeness.BY_VALUE
        )
    if type(actual) is not type(expected):
        return Likeness.DIFFERENT
    if isinstance(expected, bool):
        return Likeness.SAME if actual == expected else Likeness.DIFFERENT
    if isinstance(expected, ox.Dataset):
        return _compare(actual, expected, _same_graph, _graph_by_value)
    return _compare_tables(actual, expected, columns)


def _compare_tables(actual: Table | Cells, expected: Table | Cells, columns: bool) -> Likeness:
    if set(actual.variables) != set(expected.variables) or len(actual.rows) != len(expected.rows):
        return Likeness.DIFFERENT
    by_value = _cells_by_value if isinstance(expected, Cells) else _table_by_value
    likeness = _compare(actual, expected, _same_rows, by_value)
    if columns and actual.variables != expected.variables:
        return min(likeness, Likeness.BY_VALUE)
    return likeness


def cells_of(table: Table) -> Cells:
    """A table as CSV would give it."""
    return Cells(table.variables, tuple(tuple(map(_cell, row)) for row in table.rows))


def _cell(term: Term | None) -> str:
    if term is None:
        return ""
    return str(term) if isinstance(term, ox.BlankNode | ox.Triple) else term.value


def _compare(actual, expected, same, by_value) -> Likeness:
    if same(actual, expected):
        return Likeness.SAME
    return Likeness.BY_VALUE if same(by_value(actual), by_value(expected)) else Likeness.DIFFERENT


def _same_graph(actual: ox.Dataset, expected: ox.Dataset) -> bool:
    return _canonical(actual) == _canonical(expected)


def _canonical(graph: ox.Dataset) -> ox.Dataset:
    copy = ox.Dataset(graph)
    copy.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    return copy


def _same_rows(actual: Table | Cells, expected: Table | Cells) -> bool:
    order = [actual.variables.index(name) for name in expected.variables]
    rows = [tuple(row[column] for column in order) for row in actual.rows]
    plain, labelled = _split(rows)
    expected_plain, expected_labelled = _split(expected.rows)
    if Counter(plain) != Counter(expected_plain) or len(labelled) != len(expected_labelled):
        return False
    if getattr(expected, "ordered", False) and plain != expected_plain:
        return False
    return not labelled or _same_graph(_as_graph(labelled), _as_graph(expected_labelled))


def _split(rows: Iterable[Sequence]) -> tuple[list, list]:
    """The rows without blank nodes, as text, and the rows with some.

    Only these need isomorphism, which costs most where many rows are alike, as rows without blank nodes may be.
    """
    plain: list[tuple[str | None, ...]] = []
    labelled: list[Sequence] = []
    for row in rows:
        if any(_is_blank(cell) for cell in row):
            labelled.append(row)
        else:
            plain.append(tuple(None if cell is None else str(cell) for cell in row))
    return plain, labelled


def _is_blank(cell: Term | str | None) -> bool:
    if isinstance(cell, ox.Triple):
        return any(map(_is_blank, (cell.subject, cell.object)))
    return isinstance(cell, ox.BlankNode) or (isinstance(cell, str) and cell.startswith("_:"))


def _as_graph(rows: Iterable[Sequence]) -> ox.Dataset:
    """A graph that is isomorphic to another's exactly if the rows are the same but for names of blank nodes."""
    graph = ox.Dataset()
    for row in rows:
        node = ox.BlankNode()
        for column, cell in enumerate(row):
            if cell is not None:
                graph.add(ox.Quad(node, ox.NamedNode(f"urn:column:{column}"), _as_term(cell)))
    return graph


def _as_term(cell: Term | str) -> Term:
    if not isinstance(cell, str):
        return cell
    # A name of the document, not of this process: `_:a` in two documents are two nodes all the same.
    return ox.BlankNode(re.sub(r"\W", "", cell)) if cell.startswith("_:") else ox.Literal(cell)


def _table_by_value(table: Table) -> Table:
    rows = tuple(tuple(None if term is None else by_value(term) for term in row) for row in table.rows)
    return Table(table.variables, rows, table.ordered)


def _cells_by_value(cells: Cells) -> Cells:
    return Cells(cells.variables, tuple(tuple(map(_cell_by_value, row)) for row in cells.rows))


def _graph_by_value(graph: ox.Dataset) -> ox.Dataset:
    return ox.Dataset(
        ox.Quad(quad.subject, quad.predicate, by_value(quad.object), quad.graph_name) for quad in graph
    )


def by_value(term: Term) -> Term:
    """A term in one spelling for each value: numbers and booleans, which engines may keep by value.

    Integers of all sizes become xsd:integer, since an engine that counts with one type of integer loses the rest.
    """
    if not isinstance(term, ox.Literal):
        return term
    datatype, text = term.datatype.value, term.value
    try:
        if datatype in INTEGERS:
            datatype, text = XSD + "integer", str(int(text))
        elif datatype == XSD + "decimal":
            text = f"{Decimal(text).normalize():f}"
        elif datatype in FLOATS:
            text = repr(float(text))
        elif datatype == XSD + "boolean":
            text = {"0": "false", "1": "true"}.get(text, text)
    except (ValueError, InvalidOperation):
        return term
    changed = (datatype, text) != (term.datatype.value, term.value)
    return ox.Literal(text, datatype=ox.NamedNode(datatype)) if changed else term


def _cell_by_value(cell: str) -> str:
    try:
        return repr(float(cell))
    except ValueError:
        return cell
