"""What a query found, written down: the formats of answers, for the service and for the command line.

Solutions (SELECT) and booleans (ASK) are written as JSON, XML, CSV and TSV; triples (CONSTRUCT, DESCRIBE) as
Turtle, N-Triples, JSON-LD and RDF/XML.
Source: SPARQL 1.1 Query Results JSON Format, XML Format, and CSV and TSV Formats (W3C, 2013).

Both are written by the engine's own writers and put right on their way out (engine_text.py): doubles the shortest way
that reads back as the same number, rows counted, limits kept. JSON, XML and TSV take 1.1 to 1.2 times the CPU time of
the engine alone and CSV 1.2 to 1.35; where each row has a number of forty digits to shorten, 1.3 and 1.4. N-Triples,
JSON-LD and RDF/XML take 1.1 times its time, and Turtle, which gets its prefixes, 1.25. Written in Python, rows took 1.5
to 2.3 times as long. (100,000 rows of three and five columns and 200,000 triples, 0.4 to 0.7 and 1.3 seconds.)

A result is read in the thread that asked for it (graph/store.py). An engine that gives up half-way raises
BrokenAnswer: what was written until then is not an answer and must not be handed on.
"""

import io
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import chain, islice
from typing import IO, Protocol, TypeVar

import curies
import pyoxigraph as ox

from impckg.graph.engine_text import (
    RDF_XML_END,
    Cut,
    Outlet,
    Reviser,
    csv_reviser,
    cut_json,
    cut_json_ld,
    cut_lines,
    cut_rdf_xml,
    cut_turtle,
    cut_xml,
    revise_json,
    revise_json_ld,
    revise_more_rdf_xml,
    revise_n_triples,
    revise_rdf_xml,
    revise_tsv,
    revise_xml,
    turtle_reviser,
    write_revised,
)
from impckg.graph.errors import BrokenAnswer, QueryError
from impckg.graph.identifiers import converter, namespaces
from impckg.graph.numbers import PLAIN_NUMBER, number_text, shortest
from impckg.graph.store import QueryResult

RdfTerm = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple
Row = Sequence[RdfTerm | None]
"""A row of an answer; None where a variable is unbound."""


class TextWriter(Protocol):
    """What text can be written to: a file, a terminal, or whatever has this one method."""

    def write(self, text: str, /) -> object:
        """Take some text."""


class Form(Enum):
    """What kind of answer a query gives, by the keywords of the queries that give it."""

    SOLUTIONS = "SELECT and ASK"
    TRIPLES = "CONSTRUCT and DESCRIBE"


@dataclass(frozen=True)
class ResultFormat:
    """A way to write an answer down.

    media_types: the one it is known by, then others by which clients ask for it.
    """

    name: str
    title: str
    form: Form
    extension: str
    media_types: tuple[str, ...]

    @property
    def media_type(self) -> str:
        """The media type it is known by."""
        return self.media_types[0]


_JSON_TYPES = ("application/json",)
_XML_TYPES = ("application/xml", "text/xml")

FORMATS: tuple[ResultFormat, ...] = (
    ResultFormat("json", "JSON", Form.SOLUTIONS, "json", ("application/sparql-results+json", *_JSON_TYPES)),
    ResultFormat("xml", "XML", Form.SOLUTIONS, "xml", ("application/sparql-results+xml", *_XML_TYPES)),
    ResultFormat("csv", "CSV", Form.SOLUTIONS, "csv", ("text/csv",)),
    ResultFormat("tsv", "TSV", Form.SOLUTIONS, "tsv", ("text/tab-separated-values",)),
    ResultFormat("ttl", "Turtle", Form.TRIPLES, "ttl", ("text/turtle", "application/x-turtle")),
    ResultFormat("nt", "N-Triples", Form.TRIPLES, "nt", ("application/n-triples",)),
    ResultFormat("jsonld", "JSON-LD", Form.TRIPLES, "jsonld", ("application/ld+json", *_JSON_TYPES)),
    ResultFormat("rdfxml", "RDF/XML", Form.TRIPLES, "rdf", ("application/rdf+xml", *_XML_TYPES)),
)
"""Every format we write; the first of each form is what those get who state no wish."""

_NATIVE_BOOLEANS = {
    "json": ox.QueryResultsFormat.JSON,
    "xml": ox.QueryResultsFormat.XML,
    "csv": ox.QueryResultsFormat.CSV,
    "tsv": ox.QueryResultsFormat.TSV,
}
_XSD = "http://www.w3.org/2001/XMLSchema#"
_INEXACT = frozenset((_XSD + "double", _XSD + "float"))
_ROWS_AHEAD = 1_000
_TRIPLES_AHEAD = 1_000
_TRIPLE_COLUMNS = ("subject", "predicate", "object")


def form_of(result: QueryResult) -> Form:
    """Which form of answer this is."""
    return Form.TRIPLES if isinstance(result, ox.QueryTriples) else Form.SOLUTIONS


def formats_for(form: Form) -> tuple[ResultFormat, ...]:
    """The formats in which an answer of this form can be written."""
    return tuple(format_ for format_ in FORMATS if format_.form is form)


def format_named(name: str, form: Form) -> ResultFormat:
    """The format of that name, if answers of this form can be written in it.

    Raises QueryError with the names there are.

    >>> format_named("ttl", Form.TRIPLES).media_type
    'text/turtle'
    """
    possible = formats_for(form)
    for format_ in possible:
        if format_.name == name:
            return format_
    names = ", ".join(format_.name for format_ in possible)
    raise QueryError(f"format {name!r}: the answer to {form.value} queries can be written as {names}")


def write_result(
    result: QueryResult,
    format_name: str,
    output: IO[bytes],
    most_rows: int | None = None,
    most_bytes: int | None = None,
) -> int:
    """Write an answer and count its rows, or triples; a boolean counts as one row.

    most_rows, most_bytes: how long the answer may become; as long as it is where None.

    Raises QueryError where the format does not fit the answer, before anything is written; BrokenAnswer where the engine
    gives up and AnswerTooLong where a limit is reached: the output then holds a part that is no answer.
    """
    format_ = format_named(format_name, form_of(result))
    if isinstance(result, ox.QueryBoolean):
        result.serialize(output, format=_NATIVE_BOOLEANS[format_.name])
        return 1
    if isinstance(result, ox.QueryTriples):
        outlet = Outlet(output, most_rows, most_bytes, unit="triples")
        _TRIPLE_WRITERS[format_.name](result, outlet)
    else:
        outlet = Outlet(output, most_rows, most_bytes, unit="rows")
        native, cut, reviser = _SOLUTION_WRITERS[format_.name]
        write_revised(result, native, cut, reviser(len(result.variables)), outlet)
    return outlet.rows


def columns(result: QueryResult) -> tuple[str, ...]:
    """The names of an answer's columns: its variables, or subject, predicate and object.

    A boolean has one column, `answer`.
    """
    if isinstance(result, ox.QueryBoolean):
        return ("answer",)
    if isinstance(result, ox.QueryTriples):
        return _TRIPLE_COLUMNS
    return tuple(variable.value for variable in result.variables)


def rows(result: QueryResult) -> Iterator[Row]:
    """The rows of an answer, to be read once and in the thread that asked. A boolean is one row.

    Raises BrokenAnswer where the engine gives up.
    """
    if isinstance(result, ox.QueryBoolean):
        yield (ox.Literal(bool(result)),)
        return
    # A solution is iterable; so is a triple.
    yield from map(tuple, _unbroken(result))


Found = TypeVar("Found")


def _unbroken(result: Iterable[Found]) -> Iterator[Found]:
    """What the engine finds, one by one, with its errors as ours."""
    count = 0
    try:
        for found in result:
            yield found
            count += 1
    except (OSError, RuntimeError, ValueError) as error:
        raise BrokenAnswer(f"the answer broke off after {count} rows: {error}") from error


def text_of(term: RdfTerm | None, names: curies.Converter | None = None) -> str:
    """A term for human readers: IRIs as CURIEs where a prefix is known, literals without their type.

    names: the prefix table; that of `identifiers` unless given.

    >>> text_of(ox.NamedNode("http://purl.obolibrary.org/obo/MP_0001262"))
    'MP:0001262'
    >>> text_of(ox.NamedNode("http://example.org/x"))
    '<http://example.org/x>'
    """
    if term is None:
        return ""
    if isinstance(term, ox.NamedNode):
        return (names or converter()).compress(term.value) or str(term)
    if isinstance(term, ox.Literal):
        return _lexical(term)
    if isinstance(term, ox.Triple):
        return f"<<( {' '.join(text_of(part, names) for part in term)} )>>"
    return str(term)


def write_table(
    result: QueryResult,
    output: TextWriter,
    width: int = 100,
    names: curies.Converter | None = None,
    without: Collection[str] = (),
) -> int:
    """Write an answer as a text table for a terminal, and count its rows.

    A boolean is just `true` or `false`. Doubles are written to four digits; the other formats have them all.

    width: how many characters a line may have; long cells end in ``…``.
    names: the prefix table for CURIEs; that of `identifiers` unless given.
    without: columns to leave out.

    The first thousand rows decide how wide the columns are. Raises BrokenAnswer where the engine gives up.
    """
    if isinstance(result, ox.QueryBoolean):
        output.write("true\n" if result else "false\n")
        return 1
    shown = [number for number, name in enumerate(columns(result)) if name not in without]
    header = [columns(result)[number] for number in shown]
    body = (tuple(_one_line(_short(row[number], names)) for number in shown) for row in rows(result))
    head = list(islice(body, _ROWS_AHEAD))
    widths = _column_widths([header, *head], width)
    count = 0
    output.write(_table_line(header, widths) + _table_line(["-" * w for w in widths], widths))
    for cells in chain(head, body):
        output.write(_table_line(cells, widths))
        count += 1
    return count


def _short(term: RdfTerm | None, names: curies.Converter | None) -> str:
    """A term as `text_of` writes it, but a double to four digits: a cut-off exponent would tell a wrong number."""
    text = text_of(term, names)
    if (
        isinstance(term, ox.Literal)
        and term.datatype.value in _INEXACT
        and PLAIN_NUMBER.fullmatch(term.value)
    ):
        return number_text(float(f"{float(term.value):.4g}"))
    return text


def _column_widths(lines: Sequence[Sequence[str]], width: int) -> list[int]:
    """How wide each column is: as wide as its content, but the widest give way until a line fits."""
    wanted = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    room = width - 2 * (len(wanted) - 1)
    limit = min(max(wanted, default=0), max(room, 1))
    while limit > 1 and sum(min(w, limit) for w in wanted) > room:
        limit -= 1
    return [min(w, limit) for w in wanted]


def _table_line(cells: Sequence[str], widths: Sequence[int]) -> str:
    cut = (cell if len(cell) <= w else cell[: w - 1] + "…" for cell, w in zip(cells, widths, strict=True))
    return "  ".join(cell.ljust(w) for cell, w in zip(cut, widths, strict=True)).rstrip() + "\n"


def _one_line(text: str) -> str:
    """The text without what would break a line of a terminal, or give the terminal an order."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else " " for character in text)


def _lexical(literal: ox.Literal) -> str:
    return shortest(literal.value) if literal.datatype.value in _INEXACT else literal.value


_SOLUTION_WRITERS: dict[str, tuple[ox.QueryResultsFormat, Cut, Callable[[int], Reviser]]] = {
    "json": (ox.QueryResultsFormat.JSON, cut_json, lambda columns: revise_json),
    "xml": (ox.QueryResultsFormat.XML, cut_xml, lambda columns: revise_xml),
    "csv": (ox.QueryResultsFormat.TSV, cut_lines, csv_reviser),
    "tsv": (ox.QueryResultsFormat.TSV, cut_lines, lambda columns: revise_tsv),
}


def _write_n_triples(result: ox.QueryTriples, outlet: Outlet) -> None:
    write_revised(result, ox.RdfFormat.N_TRIPLES, cut_lines, revise_n_triples, outlet)


def _write_json_ld(result: ox.QueryTriples, outlet: Outlet) -> None:
    write_revised(result, ox.RdfFormat.JSON_LD, cut_json_ld, revise_json_ld, outlet)


def _write_turtle(result: ox.QueryTriples, outlet: Outlet) -> None:
    head, prefixes = _head(result)
    text = io.BytesIO()
    ox.serialize(head, text, format=ox.RdfFormat.TURTLE, prefixes=prefixes)
    outlet.write(text.getvalue(), len(head))
    if len(head) == _TRIPLES_AHEAD:
        write_revised(result, ox.RdfFormat.TURTLE, cut_turtle, turtle_reviser(prefixes), outlet)


def _write_rdf_xml(result: ox.QueryTriples, outlet: Outlet) -> None:
    head, prefixes = _head(result)
    native = io.BytesIO()
    ox.serialize(head, native, format=ox.RdfFormat.RDF_XML, prefixes=prefixes)
    text, _ = revise_rdf_xml(native.getvalue(), True)
    if len(head) < _TRIPLES_AHEAD:
        outlet.write(text, len(head))
    else:
        outlet.write(text.removesuffix(RDF_XML_END), len(head))
        write_revised(result, ox.RdfFormat.RDF_XML, cut_rdf_xml, revise_more_rdf_xml, outlet)


def _head(result: ox.QueryTriples) -> tuple[list[ox.Triple], dict[str, str]]:
    """The first triples of an answer, their doubles written short, and the prefixes that they use.

    All our prefixes would be longer than most answers; those of its beginning serve a long one well enough.
    """
    head = [_shortened(triple) for triple in islice(_unbroken(result), _TRIPLES_AHEAD)]
    return head, _prefixes_in(head)


def _prefixes_in(triples: Sequence[ox.Triple]) -> dict[str, str]:
    iris = {term.value for triple in triples for term in triple if isinstance(term, ox.NamedNode)}
    iris |= {triple.object.datatype.value for triple in triples if isinstance(triple.object, ox.Literal)}
    prefixes = {converter().parse_uri(iri, strict=False) for iri in iris}
    used = {reference.prefix for reference in prefixes if reference is not None}
    return {prefix: namespace for prefix, namespace in namespaces().items() if prefix in used}


def _shortened(triple: ox.Triple) -> ox.Triple:
    """The triple with its object written short, if that is a double."""
    found = triple.object
    if isinstance(found, ox.Literal) and found.datatype.value in _INEXACT:
        found = ox.Literal(shortest(found.value), datatype=found.datatype)
    elif isinstance(found, ox.Triple):
        found = _shortened(found)
    return ox.Triple(triple.subject, triple.predicate, found)


_TRIPLE_WRITERS: dict[str, Callable[[ox.QueryTriples, Outlet], None]] = {
    "ttl": _write_turtle,
    "nt": _write_n_triples,
    "jsonld": _write_json_ld,
    "rdfxml": _write_rdf_xml,
}
