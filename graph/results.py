"""What a query found, written down: the formats of answers, for the service and for the command line.

Solutions (SELECT) and booleans (ASK) are written as JSON, XML, CSV and TSV; triples (CONSTRUCT, DESCRIBE) as
Turtle, N-Triples, JSON-LD and RDF/XML.
Source: SPARQL 1.1 Query Results JSON Format, XML Format, and CSV and TSV Formats (W3C, 2013).

The engine keeps doubles by value and writes 1e-320 with 322 characters, so doubles are written here, the
shortest way that reads back as the same number. Hence rows are written in Python: 100,000 rows of an IRI, a
string and a double take 1.1 to 1.8 CPU seconds against 0.4 to 0.6 for the engine's own writers. Triples go
through the engine's writer, from terms shortened here: 2.3 to 3.3 against 0.9 to 1.2 for 200,000.

A result is read in the thread that asked for it (graph/store.py). An engine that gives up half-way raises
BrokenAnswer: what was written until then is not an answer and must not be handed on.
"""

import csv
import io
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import chain, islice
from json import JSONEncoder
from typing import IO, Protocol, TypeVar

import curies
import pyoxigraph as ox

from impckg.graph.errors import BrokenAnswer, QueryError
from impckg.graph.identifiers import converter, namespaces
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
_NATIVE_TRIPLES = {
    "ttl": ox.RdfFormat.TURTLE,
    "nt": ox.RdfFormat.N_TRIPLES,
    "jsonld": ox.RdfFormat.JSON_LD,
    "rdfxml": ox.RdfFormat.RDF_XML,
}

_XSD = "http://www.w3.org/2001/XMLSchema#"
_STRING = _XSD + "string"
_INEXACT = frozenset((_XSD + "double", _XSD + "float"))
_ROWS_AT_ONCE = 1_000
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


def write_result(result: QueryResult, format_name: str, output: IO[bytes]) -> int:
    """Write an answer and count its rows, or triples; a boolean counts as one row.

    Raises QueryError where the format does not fit the answer, before anything is written, and BrokenAnswer
    where the engine gives up: the output then holds a part that is no answer.
    """
    format_ = format_named(format_name, form_of(result))
    if isinstance(result, ox.QueryBoolean):
        result.serialize(output, format=_NATIVE_BOOLEANS[format_.name])
        return 1
    if isinstance(result, ox.QueryTriples):
        return _write_triples(result, _NATIVE_TRIPLES[format_.name], output)
    return _WRITERS[format_.name](columns(result), rows(result), output)


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


def number_text(number: float) -> str:
    """The shortest way to write a number that reads back as the same double.

    It is plain from 0.0001 up to 1e16, and has a mantissa and an exponent beyond.

    >>> number_text(25), number_text(-0.5), number_text(1e-5)
    ('25.0', '-0.5', '1.0E-5')
    """
    mantissa, has_exponent, exponent = repr(float(number)).partition("e")
    if not has_exponent:
        return mantissa
    return f"{mantissa if '.' in mantissa else mantissa + '.0'}E{int(exponent)}"


def shortest(lexical: str) -> str:
    """A double as the engine writes it, written the shortest way.

    What is no plain number (INF, NaN, or not a number at all) stays as it is.

    >>> shortest("0.00001"), shortest("INF")
    ('1.0E-5', 'INF')
    """
    return number_text(float(lexical)) if _PLAIN_NUMBER.fullmatch(lexical) else lexical


_PLAIN_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")


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
    head = list(islice(body, _ROWS_AT_ONCE))
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
        and _PLAIN_NUMBER.fullmatch(term.value)
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


def _write_lines(lines: Iterator[str], output: IO[bytes], separator: str = "") -> int:
    """Write lines in batches, with the separator between them; returns how many."""
    count = 0
    while batch := list(islice(lines, _ROWS_AT_ONCE)):
        output.write(((separator if count else "") + separator.join(batch)).encode())
        count += len(batch)
    return count


def _write_json(names: Sequence[str], found: Iterator[Row], output: IO[bytes]) -> int:
    keys = [_quoted(name) + ":" for name in names]
    lines = (
        "{" + ",".join([k + _json_term(v) for k, v in zip(keys, row, strict=True) if v is not None]) + "}"
        for row in found
    )
    output.write(f'{{"head":{{"vars":[{",".join(map(_quoted, names))}]}},"results":{{"bindings":[\n'.encode())
    count = _write_lines(lines, output, separator=",\n")
    output.write(b"\n]}}\n")
    return count


_quoted: Callable[[str], str] = JSONEncoder(ensure_ascii=False).encode


def _json_term(term: RdfTerm) -> str:
    if isinstance(term, ox.NamedNode):
        return '{"type":"uri","value":' + _quoted(term.value) + "}"
    if isinstance(term, ox.Literal):
        return '{"type":"literal","value":' + _quoted(_lexical(term)) + _json_type(term) + "}"
    if isinstance(term, ox.BlankNode):
        return '{"type":"bnode","value":' + _quoted(term.value) + "}"
    parts = (f'"{name}":{_json_term(part)}' for name, part in zip(_TRIPLE_COLUMNS, term, strict=True))
    return '{"type":"triple","value":{' + ",".join(parts) + "}}"


def _json_type(literal: ox.Literal) -> str:
    if literal.language is not None:
        direction = f',"its:dir":{_quoted(str(literal.direction))}' if literal.direction else ""
        return f',"xml:lang":{_quoted(literal.language)}{direction}'
    kind = literal.datatype.value
    return "" if kind == _STRING else f',"datatype":{_quoted(kind)}'


def _write_xml(names: Sequence[str], found: Iterator[Row], output: IO[bytes]) -> int:
    openings = [f'<binding name="{name}">' for name in names]
    lines = (
        "<result>"
        + "".join(
            [
                opening + _xml_term(term) + "</binding>"
                for opening, term in zip(openings, row, strict=True)
                if term is not None
            ]
        )
        + "</result>\n"
        for row in found
    )
    head = "".join(f'<variable name="{name}"/>' for name in names)
    output.write(
        '<?xml version="1.0"?>\n<sparql xmlns="http://www.w3.org/2005/sparql-results#" '
        f'xmlns:its="http://www.w3.org/2005/11/its"><head>{head}</head>\n<results>\n'.encode()
    )
    count = _write_lines(lines, output)
    output.write(b"</results></sparql>\n")
    return count


# XML 1.0 cannot hold most control characters, and its readers take a bare carriage return for a newline.
_XML_ESCAPES: Mapping[int, str] = (
    {code: "\N{REPLACEMENT CHARACTER}" for code in range(0x20) if code not in b"\t\n"}
    | {0xFFFE: "\N{REPLACEMENT CHARACTER}", 0xFFFF: "\N{REPLACEMENT CHARACTER}"}
    | {ord("\r"): "&#13;", ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;", ord('"'): "&quot;"}
)
_XML_SPECIAL = re.compile(r'[\x00-\x08\x0b-\x1f&<>"\ufffe\uffff]')


def _xml(text: str) -> str:
    return text.translate(_XML_ESCAPES) if _XML_SPECIAL.search(text) else text


def _xml_term(term: RdfTerm) -> str:
    if isinstance(term, ox.NamedNode):
        return f"<uri>{_xml(term.value)}</uri>"
    if isinstance(term, ox.Literal):
        return f"<literal{_xml_type(term)}>{_xml(_lexical(term))}</literal>"
    if isinstance(term, ox.BlankNode):
        return f"<bnode>{_xml(term.value)}</bnode>"
    parts = (f"<{name}>{_xml_term(part)}</{name}>" for name, part in zip(_TRIPLE_COLUMNS, term, strict=True))
    return f"<triple>{''.join(parts)}</triple>"


def _xml_type(literal: ox.Literal) -> str:
    if literal.language is not None:
        direction = f' its:dir="{literal.direction}" its:version="2.0"' if literal.direction else ""
        return f' xml:lang="{_xml(literal.language)}"{direction}'
    kind = literal.datatype.value
    return "" if kind == _STRING else f' datatype="{_xml(kind)}"'


def _write_csv(names: Sequence[str], found: Iterator[Row], output: IO[bytes]) -> int:
    text = io.TextIOWrapper(output, encoding="utf-8", newline="", write_through=False)
    writer = csv.writer(text)  # its lines end in CR LF, as RFC 4180 has them
    writer.writerow(names)
    count = 0
    for row in found:
        writer.writerow([_csv_cell(term) for term in row])
        count += 1
    text.flush()
    text.detach()
    return count


def _csv_cell(term: RdfTerm | None) -> str:
    if term is None:
        return ""
    if isinstance(term, ox.NamedNode):
        return term.value
    return _lexical(term) if isinstance(term, ox.Literal) else str(term)


def _write_tsv(names: Sequence[str], found: Iterator[Row], output: IO[bytes]) -> int:
    output.write(("\t".join(f"?{name}" for name in names) + "\n").encode())
    return _write_lines(("\t".join([_tsv_cell(term) for term in row]) + "\n" for row in found), output)


# Which literals may stand in TSV without quotes and type, as in Turtle.
_BARE = {
    _XSD + "integer": re.compile(r"[+-]?[0-9]+"),
    _XSD + "decimal": re.compile(r"[+-]?[0-9]*\.[0-9]+"),
    _XSD + "boolean": re.compile(r"true|false"),
}


def _tsv_cell(term: RdfTerm | None) -> str:
    if term is None:
        return ""
    if not isinstance(term, ox.Literal):
        return str(term)
    kind = term.datatype.value
    if kind == _XSD + "double" and _PLAIN_NUMBER.fullmatch(term.value):
        number = shortest(term.value)
        # Without an exponent it would read back as a decimal.
        return number if "E" in number else number + "E0"
    bare = _BARE.get(kind)
    return term.value if bare and bare.fullmatch(term.value) else str(_shortened(term))


_WRITERS: Mapping[str, Callable[[Sequence[str], Iterator[Row], IO[bytes]], int]] = {
    "json": _write_json,
    "xml": _write_xml,
    "csv": _write_csv,
    "tsv": _write_tsv,
}


def _write_triples(result: ox.QueryTriples, native: ox.RdfFormat, output: IO[bytes]) -> int:
    count = 0

    def counted() -> Iterator[ox.Triple]:
        nonlocal count
        for triple in _unbroken(result):
            count += 1
            yield ox.Triple(triple.subject, triple.predicate, _shortened(triple.object))

    found = counted()
    # All our prefixes would be longer than most answers; those of its beginning serve a long one well enough.
    head = list(islice(found, _ROWS_AT_ONCE))
    ox.serialize(chain(head, found), output, format=native, prefixes=_prefixes_in(head))
    return count


def _prefixes_in(triples: Sequence[ox.Triple]) -> dict[str, str]:
    iris = {term.value for triple in triples for term in triple if isinstance(term, ox.NamedNode)}
    iris |= {triple.object.datatype.value for triple in triples if isinstance(triple.object, ox.Literal)}
    prefixes = {converter().parse_uri(iri, strict=False) for iri in iris}
    used = {reference.prefix for reference in prefixes if reference is not None}
    return {prefix: namespace for prefix, namespace in namespaces().items() if prefix in used}


def _shortened(term: RdfTerm) -> RdfTerm:
    if isinstance(term, ox.Literal) and term.datatype.value in _INEXACT:
        return ox.Literal(shortest(term.value), datatype=term.datatype)
    return term
