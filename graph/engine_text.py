"""What the engine's own writers write, put right on its way out.

Its writers are several times as fast as anything in Python. They differ from what we want in few places:

* Doubles have no exponent (numbers.py). They are written anew wherever they stand.
* XML gets characters that XML 1.0 cannot hold; they become U+FFFD. A bare carriage return, which a reader would take
  for a newline, becomes a character reference.
* JSON gets a line for each row.
* CSV says nothing of datatypes, so it is made from TSV, where a number can be told from a string of digits.
* Turtle knows no prefixes.

So the engine writes into a sink that gathers pieces of about 64 kB, cuts them where no pattern can be torn, has a reviser
put them right and count their rows, and passes them on to an `Outlet`, which minds the limits. Nothing is parsed. That is
exact, since in each format some bytes cannot stand inside a string, or only in company that gives them away; what is
relied on is said beside each pattern. None of it holds for what an N-Triples file may smuggle into an IRI when it is read
leniently (a quotation mark, say); graph/triples.py writes no such file.

Source: the writers of pyoxigraph 0.5.13, by trial; tests/graph/test_engine_text.py compares with a slow writer.
"""

import re
from collections.abc import Callable, Mapping
from typing import IO

import pyoxigraph as ox

from impckg.graph.errors import AnswerTooLong, BrokenAnswer
from impckg.graph.numbers import LONG_NUMBER, short_number

PIECE_BYTES = 65_536

Cut = Callable[[bytes], int]
"""Where a piece can be cut: the length of its part that can be revised; 0 where it cannot be cut yet."""
Reviser = Callable[[bytes, bool], tuple[bytes, int]]
"""Puts a piece right and counts its rows; it is told whether the piece is the first."""


class Outlet:
    """Where an answer goes: it counts its rows and minds the limits.

    most_rows, most_bytes: how long the answer may become; no limit where None. More rows may be found up to a piece late.

    Raises AnswerTooLong instead of writing what would go beyond.
    """

    def __init__(
        self, output: IO[bytes], most_rows: int | None, most_bytes: int | None, unit: str = "rows"
    ) -> None:
        self.rows = 0
        self._output = output
        self._bytes = 0
        self._most_rows = most_rows
        self._most_bytes = most_bytes
        self._unit = unit

    def write(self, text: bytes, rows: int) -> None:
        """Write some of the answer, which holds so many rows."""
        self.rows += rows
        self._bytes += len(text)
        if self._most_rows is not None and self.rows > self._most_rows:
            raise AnswerTooLong(self._most_rows, self._unit)
        if self._most_bytes is not None and self._bytes > self._most_bytes:
            raise AnswerTooLong(self._most_bytes, "bytes")
        if text:
            self._output.write(text)


class _Sink:
    """The file that the engine writes to."""

    def __init__(self, outlet: Outlet, cut: Cut, revise: Reviser) -> None:
        self._outlet = outlet
        self._cut = cut
        self._revise = revise
        self._held: list[bytes] = []
        self._held_bytes = 0
        # What comes first goes on as it comes, so that the reader sees something soon.
        self._enough = 1
        self._first = True
        self.failed = False

    def write(self, data: bytes) -> int:
        # The engine empties its buffer when it gives up; by then nobody may want it.
        if not self.failed:
            self._held.append(data)
            self._held_bytes += len(data)
            if self._held_bytes >= self._enough:
                self._pass_on()
        return len(data)

    def flush(self) -> None:
        """Nothing to do: what is held is not ready."""

    def finish(self) -> None:
        """Pass on what is left."""
        if self._held:
            self._outlet.write(*self._revise(b"".join(self._held), self._first))

    def rows_held(self) -> int:
        """How many rows are here that have not been passed on."""
        return self._revise(b"".join(self._held), self._first)[1] if self._held else 0

    def _pass_on(self) -> None:
        held = b"".join(self._held)
        end = self._cut(held)
        if end > 0:
            # What is raised here comes back through the engine, and must not pass for its own.
            self.failed = True
            self._outlet.write(*self._revise(held[:end], self._first))
            self.failed = False
            held = held[end:]
            self._first = False
            self._enough = PIECE_BYTES
        else:
            # A very long term. To look again at every few bytes would take time that grows with the square of its length.
            self._enough = max(2 * len(held), PIECE_BYTES)
        self._held = [held]
        self._held_bytes = len(held)


def write_revised(
    result: ox.QuerySolutions | ox.QueryTriples,
    native: ox.QueryResultsFormat | ox.RdfFormat,
    cut: Cut,
    revise: Reviser,
    outlet: Outlet,
) -> None:
    """Let the engine write what is left of a result, and put it right.

    Raises BrokenAnswer where the engine gives up, AnswerTooLong, and whatever the output raises.
    """
    sink = _Sink(outlet, cut, revise)
    try:
        result.serialize(sink, format=native)  # type: ignore[arg-type]
    except (OSError, RuntimeError, ValueError, SyntaxError) as error:
        if sink.failed:
            raise
        rows = outlet.rows + sink.rows_held()
        raise BrokenAnswer(f"the answer broke off after {rows} rows: {error}") from error
    sink.finish()


_INEXACT = rb"http://www\.w3\.org/2001/XMLSchema#(?:double|float)"


def _with_short_numbers(pattern: re.Pattern[bytes], piece: bytes) -> bytes:
    """The piece with its long numbers written short.

    pattern: has two groups, what stands before a number and the number.
    """
    # To split is twice as fast as to call a function for each match.
    parts = pattern.split(piece)
    if len(parts) == 1:
        return piece
    parts[2::3] = map(short_number, parts[2::3])
    return b"".join(parts)


# ---------------------------------------------------------------- JSON

# A quotation mark inside a string has a backslash before it. So what stands here between two keys is a whole value.
_JSON_NUMBER = re.compile(rb'("value":")(' + LONG_NUMBER + rb')(?=","datatype":"' + _INEXACT + rb'")')
_JSON_ROWS = b'"bindings":['
# An object follows a comma at the start of a row only, and a name follows. Behind a string that ends in the same bytes comes
# a comma or a bracket. Before the first of these bytes comes another bracket, or the one that opens a row without a value.
_JSON_NEXT_ROW = b'},{"'
_JSON_NO_NAME = frozenset((b",", b"}", b""))
_JSON_STRING_OR_NEXT_ROW = re.compile(rb'"(?:[^"\\]++|\\.)*+"|\},\{', re.DOTALL)
# The outermost repeat gives back: up to Python 3.11.4 one that does not takes a string without an end for matched.
_JSON_OUTSIDE = re.compile(rb'(?:[^"]++|"(?:[^"\\]++|\\.)*+")*', re.DOTALL)


def cut_json(held: bytes) -> int:
    """Before a value: the key is no part of a string, since what looks like it there has backslashes."""
    end = held.rfind(b'"value":"')
    if end > 0:
        return end
    # There may be no end of rows without a value, `{},{},{}`: then in the middle of one, if that is no string.
    end = held.rfind(b"{}") + 1
    outside = end > held.rfind(b'"') and _JSON_OUTSIDE.fullmatch(held) is not None
    return end if outside else 0


def revise_json(piece: bytes, first: bool) -> tuple[bytes, int]:
    """SPARQL results in JSON, a row on each line."""
    piece = _with_short_numbers(_JSON_NUMBER, piece)
    rows = 0
    if first:
        head, opening, body = piece.partition(_JSON_ROWS)
        rows = int(body.startswith(b"{"))
        piece = head + opening + b"\n" + body
    parts = piece.split(_JSON_NEXT_ROW)
    if (
        _JSON_NO_NAME.isdisjoint([part[:1] for part in parts[1:]])
        and b"{" not in [part[-1:] for part in parts[:-1]]
        and b"},{" not in parts[-1]
    ):
        lines = b'},\n{"'.join(parts)
    else:
        # A piece starts outside of strings, so they can be told apart.
        lines = _JSON_STRING_OR_NEXT_ROW.sub(
            lambda match: b"},\n{" if match.group() == b"},{" else match.group(), piece
        )
    rows += len(lines) - len(piece)
    # Only the last piece ends like this; others end before a value.
    return (lines[:-3] + b"\n]}}\n" if lines.endswith(b"]}}") else lines), rows


# ---------------------------------------------------------------- XML

# In text and attributes, these are written &lt; &gt; &quot;. So tags are tags, and `">` ends an attribute.
_XML_NUMBER = re.compile(rb'(="' + _INEXACT + rb'">)(' + LONG_NUMBER + rb")(?=<)")
_XML_ROW = b"<result>"
_XML_END_OF_ROW = b"</result>"
# XML 1.0 cannot hold most control characters, nor U+FFFE and U+FFFF.
_NOT_XML = bytes(code for code in range(0x20) if code not in b"\t\n")
_NOT_XML_CHARACTER = re.compile(rb"[\x00-\x08\x0b-\x1f]|\xef\xbf[\xbe\xbf]")
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}".encode()


def cut_xml(held: bytes) -> int:
    """After a row."""
    return held.rfind(_XML_END_OF_ROW) + len(_XML_END_OF_ROW) if _XML_END_OF_ROW in held else 0


def revise_xml(piece: bytes, first: bool) -> tuple[bytes, int]:
    """SPARQL results in XML."""
    return _proper_xml(piece), piece.count(_XML_ROW)


def _proper_xml(piece: bytes) -> bytes:
    # To delete them is much faster than to look for them.
    if len(piece.translate(None, _NOT_XML)) < len(piece) or (
        not piece.isascii() and (b"\xef\xbf\xbe" in piece or b"\xef\xbf\xbf" in piece)
    ):
        piece = _NOT_XML_CHARACTER.sub(
            lambda match: b"&#13;" if match.group() == b"\r" else _REPLACEMENT, piece
        )
    return _with_short_numbers(_XML_NUMBER, piece)


# ---------------------------------------------------------------- TSV, N-Triples

# A quotation mark inside a string has a backslash before it, and what closes a string is not followed by a digit.
_QUOTED_NUMBER = re.compile(rb'(")(?<!\\")(' + LONG_NUMBER + rb')(?="\^\^<' + _INEXACT + rb">)")
# A cell ends with a tab or a line feed, which strings have as \t and \n.
_TSV_DOUBLE = re.compile(
    rb'"(?<!\\")(?:(' + LONG_NUMBER + rb")|(-?[0-9]++\.[0-9]++))"
    rb'"\^\^<http://www\.w3\.org/2001/XMLSchema#double>(?=[\t\n])'
)
_TSV_FLOAT = re.compile(
    rb'(")(?<!\\")(' + LONG_NUMBER + rb')(?="\^\^<http://www\.w3\.org/2001/XMLSchema#float>[\t\n])'
)
_END_OF_FLOAT = b'"^^<http://www.w3.org/2001/XMLSchema#float>'


def cut_lines(held: bytes) -> int:
    """After a line."""
    return held.rfind(b"\n") + 1


def revise_tsv(piece: bytes, first: bool) -> tuple[bytes, int]:
    """SPARQL results in TSV. Doubles are written as numbers, as Turtle has them: with an exponent."""
    return _with_cells_of_numbers(piece, b"E0"), piece.count(b"\n") - first


def _with_cells_of_numbers(piece: bytes, no_exponent: bytes) -> bytes:
    """The piece with its doubles as mere numbers, and its long floats short.

    no_exponent: what a double without an exponent gets.
    """
    parts = _TSV_DOUBLE.split(piece)
    if len(parts) > 1:
        parts[1::3] = [long and _with(no_exponent, short_number(long)) for long in parts[1::3]]
        if no_exponent:
            parts[2::3] = [plain and plain + no_exponent for plain in parts[2::3]]
        # Of the two kinds of number each place has one only, and None for the other.
        piece = b"".join(filter(None, parts))
    return _with_short_numbers(_TSV_FLOAT, piece) if _END_OF_FLOAT in piece else piece


def _with(no_exponent: bytes, number: bytes) -> bytes:
    return number if b"E" in number else number + no_exponent


def revise_n_triples(piece: bytes, first: bool) -> tuple[bytes, int]:
    """N-Triples."""
    return _with_short_numbers(_QUOTED_NUMBER, piece), piece.count(b"\n")


# ---------------------------------------------------------------- CSV

_END_OF_TYPED = re.compile(rb'"\^\^<[^>\t\n]*+>(?=[\t\n])')
_END_OF_TAGGED = re.compile(rb'"@[A-Za-z0-9-]++(?=[\t\n])')
_SHAPE = b'<>",\\@^\n\t'
_NO_SHAPE = bytes(code for code in range(0x100) if code not in _SHAPE)
# All cells are IRIs, strings, or have neither brackets nor quotation marks; and nothing has a comma or an escape.
_SIMPLE_SHAPE = re.compile(rb'(?:<>|""|)(?:\t(?:<>|""|))*+')
_TO_CSV = bytes.maketrans(b"\t", b",")
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
_ESCAPES = {b"t": b"\t", b"n": b"\n", b"r": b"\r"}
_NEEDS_QUOTES = re.compile(rb'[",\r\n]')
_MOST_SHAPES = 1_000


def csv_reviser(columns: int) -> Reviser:
    """A reviser that makes CSV from TSV. Its lines end in CR LF, as RFC 4180 has them.

    columns: how many columns the answer has.

    The shape of a line is what remains of it when its letters, digits and so on are taken away. There are few shapes, and
    most lines have one by which they are known to be simple.
    """
    simple: dict[bytes, bool] = {}

    def is_simple(shape: bytes) -> bool:
        if len(simple) > _MOST_SHAPES:
            simple.clear()
        known = simple.get(shape)
        if known is None:
            known = simple[shape] = _SIMPLE_SHAPE.fullmatch(shape) is not None
        return known

    def revise(piece: bytes, first: bool) -> tuple[bytes, int]:
        head = b""
        if first:
            head, _, piece = piece.partition(b"\n")
            head = head.replace(b"?", b"").replace(b"\t", b",") + b"\r\n"
        rows = piece.count(b"\n")
        piece = _with_cells_of_numbers(piece, b"")
        shapes = _shapes(piece)
        if any(b'"^' in shape or b'"@' in shape for shape in set(shapes)):
            piece = _END_OF_TAGGED.sub(b'"', _END_OF_TYPED.sub(b'"', piece))
            shapes = _shapes(piece)
        if columns > 1 and all(map(is_simple, set(shapes))):
            return head + piece.translate(_TO_CSV, b'<>"').replace(b"\n", b"\r\n"), rows
        lines = [
            line.translate(_TO_CSV, b'<>"') if is_simple(shape) else _csv_line(line)
            for line, shape in zip(piece.split(b"\n"), shapes, strict=True)
        ]
        if columns == 1:
            # A reader would pass over an empty line.
            lines = [line or b'""' for line in lines]
        lines[-1] = b""
        return head + b"\r\n".join(lines), rows

    return revise


def _shapes(piece: bytes) -> list[bytes]:
    return piece.translate(None, _NO_SHAPE).split(b"\n")


def _csv_line(line: bytes) -> bytes:
    return b",".join(map(_csv_cell, line.split(b"\t")))


def _csv_cell(cell: bytes) -> bytes:
    if cell[:1] == b'"':
        text = cell[1:-1]
        if b"\\" in text:
            text = _ESCAPED.sub(lambda match: _ESCAPES.get(match[1], match[1]), text)
    elif cell[:1] == b"<" and cell[:3] != b"<<(":
        text = cell[1:-1]
    else:
        text = cell
    return b'"' + text.replace(b'"', b'""') + b'"' if _NEEDS_QUOTES.search(text) else text


# ---------------------------------------------------------------- Turtle

# What begins with a space is no part of a string here, since strings are taken out first.
_TURTLE_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_TURTLE_ENDS = (b" , ", b" ;\n", b" .\n")
# No byte of UTF-8.
_ESCAPED_BACKSLASH, _ESCAPED_QUOTE = b"\xff\xff", b"\xff\xfe"
_LOCAL_NAME = rb"[A-Za-z0-9_][A-Za-z0-9_-]*+"


def cut_turtle(held: bytes) -> int:
    """After a line; or, where a predicate has very many objects, before the comma between two of them."""
    end = held.rfind(b"\n") + 1
    return end or max(_TURTLE_STRING.sub(lambda match: b"x" * len(match.group()), held).rfind(b" ,"), 0)


def turtle_reviser(prefixes: Mapping[str, str]) -> Reviser:
    """A reviser that shortens IRIs by prefixes that have been declared."""
    short = {namespace.encode(): f"{prefix}:".encode() for prefix, namespace in prefixes.items()}
    namespaces = b"|".join(map(re.escape, sorted(short, key=len, reverse=True)))
    iri = re.compile(rb"<(" + namespaces + rb")(" + _LOCAL_NAME + rb")>")

    def revise(piece: bytes, first: bool) -> tuple[bytes, int]:
        piece = _with_short_numbers(_QUOTED_NUMBER, piece)
        escaped = b"\\" in piece
        if escaped:
            piece = piece.replace(b"\\\\", _ESCAPED_BACKSLASH).replace(b'\\"', _ESCAPED_QUOTE)
        parts = piece.split(b'"')
        # Every second part is a string. The others are put together, shortened, and taken apart again.
        outside = b'"'.join(parts[::2])
        if short:
            pieces = iri.split(outside)
            pieces[1::3] = [short[namespace] for namespace in pieces[1::3]]
            outside = b"".join(pieces)
        rows = sum(map(outside.count, _TURTLE_ENDS))
        parts[::2] = outside.split(b'"')
        piece = b'"'.join(parts)
        if escaped:
            piece = piece.replace(_ESCAPED_QUOTE, b'\\"').replace(_ESCAPED_BACKSLASH, b"\\\\")
        return piece, rows

    return revise


# ---------------------------------------------------------------- JSON-LD

_JSON_LD_NUMBER = re.compile(rb'("@type":"' + _INEXACT + rb'","@value":")(' + LONG_NUMBER + rb')(?=")')
_JSON_LD_CUT = b'"}'


def cut_json_ld(held: bytes) -> int:
    """After a value, or what looks like the end of one: no pattern has this in its middle."""
    return held.rfind(_JSON_LD_CUT) + len(_JSON_LD_CUT) if _JSON_LD_CUT in held else 0


def revise_json_ld(piece: bytes, first: bool) -> tuple[bytes, int]:
    """JSON-LD, expanded. An object with an @ is a value, or, behind the values of another, a subject."""
    triples = piece.count(b'[{"@') + piece.count(b',{"@') - piece.count(b']},{"@')
    if first and piece.startswith(b'[{"@'):
        triples -= 1
    return _with_short_numbers(_JSON_LD_NUMBER, piece), triples


# ---------------------------------------------------------------- RDF/XML

# A tag of a predicate stands two tabs deep; deeper ones belong to statements about statements.
_RDF_XML_TAG, _RDF_XML_END_TAG = b"\n\t\t<", b"\n\t\t</"
RDF_XML_END = b"\n</rdf:RDF>"


def cut_rdf_xml(held: bytes) -> int:
    """Before a predicate."""
    return max(held.rfind(_RDF_XML_TAG), 0)


def revise_rdf_xml(piece: bytes, first: bool) -> tuple[bytes, int]:
    """RDF/XML."""
    return _proper_xml(piece), piece.count(_RDF_XML_TAG) - piece.count(_RDF_XML_END_TAG)


def revise_more_rdf_xml(piece: bytes, first: bool) -> tuple[bytes, int]:
    """RDF/XML that goes on after a beginning which has opened the document."""
    if first:
        piece = piece.partition(b"<rdf:RDF")[2].partition(b">")[2]
    return revise_rdf_xml(piece, first)
