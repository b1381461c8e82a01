r"""SPARQL updates, read word by word before the engine runs them.

Three things are done to the text of an update request, none of which needs its grammar whole:

* LOAD and SERVICE are refused. The engine would call any address that they name, and has no switch for it. LOAD SILENT is
  a LOAD whose failure is no error: it is taken out.
* The protocol's ``using-graph-uri`` and ``using-named-graph-uri`` become USING and USING NAMED clauses.
* Declarations of prefixes between two operations move to the top. SPARQL allows them there, pyoxigraph 0.5.13 does not
  read them. A prefix that is declared anew with another meaning gets a new name from there on.

What the engine says of a place in the changed text can be led back to the place in the text that was sent.

A ``<`` opens an IRI or is a comparison. Comparisons stand in parentheses only, so one whose innermost bracket is not a
parenthesis opens an IRI; within parentheses, what could hide code in one reading but not in the other is refused.

Source: https://www.w3.org/TR/sparql11-update/ (2013-03-21), grammar in https://www.w3.org/TR/sparql11-query/, section 19.8.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count

import pyoxigraph as ox

from impckg.graph.errors import QueryError
from impckg.graph.identifiers import UNNAMED_GRAPH, namespaces
from impckg.graph.sparql import Kind, Token, tokens


class RefusedUpdate(QueryError):
    """An update would make the engine call other addresses, or could hide that it does."""


class GraphsSaidTwice(QueryError):
    """An update and the request that brings it both say which graphs it is about."""


@dataclass(frozen=True)
class Prepared:
    """An update request as the engine gets it.

    starts, origins: where each piece of the text begins, and where what it says stands in the text that was sent.
    literal: whether the piece is a copy of what stands there; otherwise all of it comes from that one place.
    """

    text: str
    sent: str
    starts: tuple[int, ...]
    origins: tuple[int, ...]
    literal: tuple[bool, ...]

    def place(self, line: int, column: int) -> tuple[int, int]:
        """The line and column in the text that was sent, for those in the text that the engine got."""
        lines = self.text.split("\n")
        offset = sum(len(before) + 1 for before in lines[: line - 1]) + column - 1
        piece = max(bisect_right(self.starts, offset) - 1, 0)
        origin = self.origins[piece] + (offset - self.starts[piece]) * self.literal[piece]
        before = self.sent[:origin]
        return before.count("\n") + 1, origin - before.rfind("\n")


def prepare(text: str, using_graphs: Sequence[str] = (), using_named_graphs: Sequence[str] = ()) -> Prepared:
    """An update request, made ready for the engine.

    using_graphs, using_named_graphs: what the WHERE of each operation is about, as USING and USING NAMED would say.

    Raises RefusedUpdate for LOAD and SERVICE; QueryError where graphs are given and an operation has USING, USING NAMED or
    WITH itself, where one of them is no absolute IRI, and where a declaration stands where it cannot be understood.
    """
    sent, text = text, _without_silent_loads(text)
    refuse_calls(text)
    chosen = bool(using_graphs or using_named_graphs)
    if not (chosen or _may_declare_again(text)):
        return _edited(text, [], sent)
    operations = list(_operations(text))
    moved = list(_moved_prologues(text, operations))
    if not chosen:
        return _edited(text, moved, sent)
    clauses = _clauses(using_graphs, using_named_graphs)
    return _edited(text, [*moved, *_using(text, operations, clauses, moved)], sent)


def with_using(text: str, graphs: Sequence[str], named_graphs: Sequence[str]) -> str:
    """The update with USING and USING NAMED clauses before the WHERE of each operation that has one.

    >>> with_using("INSERT { ?s ?p 1 } WHERE { ?s ?p 2 }", ["http://example.org/g"], [])
    'INSERT { ?s ?p 1 } USING <http://example.org/g> WHERE { ?s ?p 2 }'
    >>> with_using("DELETE WHERE { ?s ?p 2 }", [], ["http://example.org/g"])
    'DELETE { ?s ?p 2 } USING NAMED <http://example.org/g> WHERE { ?s ?p 2 }'
    """
    return prepare(text, graphs, named_graphs).text


@dataclass(frozen=True)
class Question:
    """An operation whose pattern can be asked as a query.

    query: asks for all variables of the pattern.
    templates: the operation up to its WHERE.
    """

    query: str
    templates: str

    def operation(self, variables: Sequence[str], rows: int, function: str) -> str:
        """The operation with so many rows in place of its pattern; a function gives the term of a row and a column.

        >>> Question("", "INSERT { ?s ?p 1 }").operation(["s", "p"], 2, "urn:f")
        'INSERT { ?s ?p 1 } WHERE { VALUES ?row { 0 1 } BIND(<urn:f>(?row, 0) AS ?s) BIND(<urn:f>(?row, 1) AS ?p) }'
        """
        taken = f"{self.query} {self.templates}"
        row = next(name for number in count() if (name := f"row{number or ''}") not in taken)
        numbers = " ".join(map(str, range(rows)))
        binds = " ".join(
            f"BIND(<{function}>(?{row}, {column}) AS ?{name})" for column, name in enumerate(variables)
        )
        return f"{self.templates} WHERE {{ VALUES ?{row} {{ {numbers} }} {binds} }}"


def question_of(text: str) -> Question | None:
    """The operation of an update request whose WHERE is about the default graph; None where there is none.

    Raises QueryError where there is one among others.
    """
    operations = [operation for operation in _operations(text) if operation.parts]
    for operation in operations:
        keywords = [_keyword(part) for part in operation.parts]
        if "WHERE" not in keywords or any(map(_says_graphs, operation.parts, ["", *keywords])):
            continue
        if len(operations) > 1:
            raise QueryError(
                f"{_place(text, operation.parts[0].start)}: a WHERE that is about the union of all graphs cannot see what "
                "other operations of its request have done; expected one operation, or USING or WITH where there is a WHERE"
            )
        at = keywords.index("WHERE")
        pattern = operation.parts[at + 1] if at + 1 < len(operation.parts) else None
        if isinstance(pattern, _Block):
            begin, where = operation.parts[0].start, operation.parts[at].start
            block = text[pattern.start : pattern.end]
            templates = f"DELETE {block}" if keywords[:at] == ["DELETE"] else text[begin:where]
            return Question(f"{text[:begin]}SELECT * WHERE {block}", text[:begin] + templates)
    return None


def loads(text: str) -> list[str]:
    """Where an update has a LOAD, each as ``line 1, column 1``. It may name a word that is none, but never misses one.

    >>> loads("CLEAR ALL ; LOAD <http://example.org/a>")
    ['line 1, column 13']
    """
    found, before = [], ""
    for token in _code(text):
        # An operation begins the request or follows a semicolon or a declaration, which ends in an IRI or a string.
        if (
            token.kind in (Kind.WORD, Kind.NAME)
            and token.text.upper().startswith("LOAD")
            and before in _BEFORE_OPERATION
        ):
            found.append(_place(text, token.start))
        before = "" if token.kind in (Kind.IRI, Kind.STRING) else token.text
    return found


def refuse_calls(text: str) -> None:
    """Refuse what would make the engine call other addresses. Raises RefusedUpdate."""
    # Data of many megabytes rarely have these letters, and are spared the reading.
    if not _CALL.search(text):
        return
    for place in loads(text):
        raise RefusedUpdate(
            f"LOAD is not available here ({place}): this service fetches nothing; send the data themselves, to the address "
            "of the graph or in INSERT DATA (and if load is a part of the name of a prefix, give that another name)"
        )
    for token in _code(text):
        word = token.text.partition(":")[0] if token.kind is Kind.NAME else token.text
        if token.kind in (Kind.WORD, Kind.NAME) and "service" in word.lower():
            raise RefusedUpdate(
                f"SERVICE is not available in updates ({_place(text, token.start)}): they ask no other services (and if it "
                "is a part of the name of a prefix, give that another name)"
            )


_SILENT_LOAD = re.compile(r"LOAD\s*SILENT|LOAD\s*#", re.IGNORECASE)
_NOTHING = "INSERT DATA{}"
_CALL = re.compile("LOAD|SERVICE", re.IGNORECASE)
_DECLARATION = re.compile("BASE|PREFIX|VERSION", re.IGNORECASE)
_BEFORE_OPERATION = frozenset(("", ";", ">"))
# The engine does not ask where a keyword ends: INSERTDATA is two of them.
_KEYWORD = re.compile(
    "INSERT|DELETE|DATA|WHERE|WITH|USING|NAMED|SILENT|INTO|GRAPH|CLEAR|CREATE|DROP|ADD|COPY|MOVE|TO|DEFAULT|ALL|BASE|PREFIX|"
    "VERSION|LOAD",
    re.IGNORECASE,
)
_RUN_TOGETHER = re.compile(f"(?:{_KEYWORD.pattern})+", re.IGNORECASE)
_IRI = re.compile(r'<[^<>"{}|^`\\\x00-\x20]*>')
_GLUED_PREFIX = re.compile(r"prefix(.*:)", re.IGNORECASE)
_CLOSING = {")": "(", "]": "[", "}": "{"}


@dataclass(frozen=True)
class _Block:
    """A pair of braces outside of all others, with what is between."""

    start: int
    end: int


@dataclass(frozen=True)
class _Declaration:
    """A PREFIX, BASE or VERSION. `prefix` is empty but for the first; `value` is the IRI or string, as it is written."""

    keyword: str
    prefix: str
    value: str
    start: int
    end: int


@dataclass
class _Operation:
    """One operation of a request: the declarations before it, its keywords and blocks in order, and its prefixed names."""

    declarations: list[_Declaration] = field(default_factory=list)
    parts: list[Token | _Block] = field(default_factory=list)
    names: list[Token] = field(default_factory=list)


@dataclass(frozen=True)
class _Edit:
    """What takes the place of a part of the text, and where what it says stands in that text, as a copy or not."""

    start: int
    end: int
    text: str
    origin: int
    literal: bool = False


def _code(text: str) -> Iterator[Token]:
    """The tokens without comments; what opens with ``<`` and must be an IRI is one token, as in `sparql.tokens`."""
    open_brackets: list[str] = []
    read_until = 0
    for token in tokens(text):
        if token.start < read_until or token.kind is Kind.COMMENT:
            continue
        in_parentheses = bool(open_brackets) and open_brackets[-1] == "("
        iri = _IRI.match(text, token.start) if token.text.startswith("<") else None
        if token.kind is Kind.DOUBTFUL and (iri is None or in_parentheses):
            raise _doubtful(text, token)
        if iri is not None and token.kind is not Kind.IRI:
            if not in_parentheses:
                read_until = iri.end()
                yield Token(Kind.IRI, iri.group(), token.start)
                continue
            if re.search(r"[][()]", iri.group()):
                raise _doubtful(text, Token(Kind.DOUBTFUL, iri.group(), token.start))
        if token.kind is Kind.BRACKET:
            if token.text in "([{":
                open_brackets.append(token.text)
            elif open_brackets and open_brackets[-1] == _CLOSING[token.text]:
                open_brackets.pop()
        yield token


def _without_silent_loads(text: str) -> str:
    """The update with something in place of each LOAD SILENT that does nothing and is as long."""
    if not _SILENT_LOAD.search(text):
        return text
    for operation in _operations(text):
        words = [_keyword(part) or _is_name(part) for part in operation.parts]
        if words not in (["LOAD", "SILENT", True], ["LOAD", "SILENT", True, "INTO", "GRAPH", True]):
            continue
        last = operation.parts[-1]
        assert isinstance(last, Token)
        start, end = operation.parts[0].start, last.start + len(last.text)
        if end - start >= len(_NOTHING):
            rest = re.sub(r"[^\n]", " ", text[start + len(_NOTHING) : end])
            text = text[:start] + _NOTHING + rest + text[end:]
    return text


def _is_name(part: Token | _Block) -> bool:
    return isinstance(part, Token) and part.kind in (Kind.IRI, Kind.NAME)


def _may_declare_again(text: str) -> bool:
    """Whether there could be a declaration after the first operation."""
    first_end = text.find(";")
    return first_end >= 0 and _DECLARATION.search(text, first_end) is not None


def _doubtful(text: str, token: Token) -> RefusedUpdate:
    what = token.text if len(token.text) < 60 else token.text[:57] + "..."
    return RefusedUpdate(
        f"{what} ({_place(text, token.start)}) could be read in two ways; in an IRI within parentheses write it out from "
        "its scheme on, in a comparison put a space after <, and close every string"
    )


def _operations(text: str) -> Iterator[_Operation]:
    """The operations of a request. Of what is no SPARQL something is made, too: the engine will refuse it."""
    operation, depth, start = _Operation(), 0, 0
    outside: list[Token] = []

    def closed() -> _Operation:
        # A block stands in the place of its opening brace, so that order tells what came first.
        operation.declarations, read = _declarations(outside)
        operation.parts[:] = sorted(
            [*operation.parts, *(part for token in outside[read:] for part in _words(token))],
            key=lambda part: part.start,
        )
        operation.names += [token for token in outside[read:] if token.kind is Kind.NAME]
        return operation

    for token in _code(text):
        if token.kind is Kind.BRACKET and token.text in "{}":
            depth += 1 if token.text == "{" else -1
            if depth == 1 and token.text == "{":
                start = token.start
            elif depth == 0:
                operation.parts.append(_Block(start, token.start + 1))
            depth = max(depth, 0)
        elif depth == 0 and token.text == ";":
            yield closed()
            operation, outside = _Operation(), []
        elif depth == 0:
            outside.append(token)
        elif token.kind is Kind.NAME:
            operation.names.append(token)
    yield closed()


def _words(token: Token) -> list[Token]:
    """A word, or each of several that are run together."""
    if token.kind is not Kind.WORD or not _RUN_TOGETHER.fullmatch(token.text):
        return [token]
    return [
        Token(Kind.WORD, word.group(), token.start + word.start()) for word in _KEYWORD.finditer(token.text)
    ]


def _declarations(found: Sequence[Token]) -> tuple[list[_Declaration], int]:
    """The declarations that tokens begin with, and how many tokens they take."""
    declarations: list[_Declaration] = []
    at = 0
    while at < len(found):
        token = found[at]
        keyword = token.text.upper() if token.kind is Kind.WORD else ""
        glued = _GLUED_PREFIX.fullmatch(token.text) if token.kind is Kind.NAME else None
        if keyword in ("BASE", "VERSION"):
            size, prefix = 2, ""
        elif keyword == "PREFIX" and at + 1 < len(found):
            size, prefix = 3, found[at + 1].text
        elif glued is not None:
            size, prefix, keyword = 2, glued[1], "PREFIX"
        else:
            break
        if at + size > len(found):
            break
        value = found[at + size - 1]
        declarations.append(
            _Declaration(keyword, prefix, value.text, token.start, value.start + len(value.text))
        )
        at += size
    return declarations, at


def _moved_prologues(text: str, operations: Sequence[_Operation]) -> Iterator[_Edit]:
    """Move the declarations between operations to the top, under another name where they change one."""
    first = operations[0].declarations
    top = first[-1].end if first else 0
    base = next((each.value for each in reversed(first) if each.keyword == "BASE"), None)
    meanings = {f"{prefix}:": f"<{namespace}>" for prefix, namespace in namespaces().items()}
    meanings |= {each.prefix: each.value for each in first if each.keyword == "PREFIX"}
    names = {prefix: prefix for prefix in meanings}
    fresh = (name for number in count(2) if (name := f"again{number}:") not in text)
    for operation in operations[1:]:
        for each in operation.declarations:
            if each.keyword == "BASE" and each.value != base:
                raise QueryError(
                    f"{_place(text, each.start)}: BASE cannot change between two operations here; expected it at the "
                    "beginning, or a second request"
                )
            yield _Edit(each.start, each.end, "", each.start)
            if each.keyword == "PREFIX" and meanings.get(each.prefix) != each.value:
                names[each.prefix] = next(fresh) if each.prefix in meanings else each.prefix
                meanings[each.prefix] = each.value
                yield _Edit(top, top, f" PREFIX {names[each.prefix]} {each.value} ", each.start)
        if any(name != prefix for prefix, name in names.items()):
            yield from _renamed(text, operation.names, names)


def _renamed(text: str, found: Sequence[Token], names: Mapping[str, str]) -> Iterator[_Edit]:
    for token in found:
        prefix, colon, _ = token.text.partition(":")
        if prefix == "_":
            continue
        if prefix + colon not in names:
            raise QueryError(
                f"{_place(text, token.start)}: {token.text} has a prefix that nobody declares; where it begins with a "
                "keyword, put a space between the two"
            )
        if names[prefix + colon] != prefix + colon:
            end = token.start + len(prefix + colon)
            yield _Edit(token.start, end, names[prefix + colon], token.start)


def _clauses(graphs: Sequence[str], named_graphs: Sequence[str]) -> str:
    for graph in (*graphs, *named_graphs):
        if graph == UNNAMED_GRAPH:
            raise QueryError(
                f"{graph}: USING cannot mean the graph without a name; expected the IRI of a graph"
            )
        try:
            ox.NamedNode(graph)
        except ValueError as error:
            raise QueryError(f"{graph!r} cannot name a graph: {error}; expected an absolute IRI") from error
    # Nothing binds the graphs of an update but its text; what may stand in an IRI cannot end one.
    return " ".join(
        [*(f"USING <{graph}>" for graph in graphs), *(f"USING NAMED <{graph}>" for graph in named_graphs)]
    )


def _using(
    text: str, operations: Sequence[_Operation], clauses: str, edits: Sequence[_Edit]
) -> Iterator[_Edit]:
    """Put clauses before the WHERE of each operation that changes what a pattern finds."""
    for operation in operations:
        keywords = [_keyword(part) for part in operation.parts]
        for part, before in zip(operation.parts, ["", *keywords], strict=False):
            if _says_graphs(part, before):
                raise GraphsSaidTwice(
                    f"{_place(text, part.start)}: the update says by USING or WITH what it is about, and the request by "
                    "using-graph-uri or using-named-graph-uri; expected one of them"
                )
        if "WHERE" not in keywords:
            continue
        at = keywords.index("WHERE")
        where, pattern = operation.parts[at].start, operation.parts[at + 1 : at + 2]
        if keywords[:at] == ["DELETE"] and pattern and isinstance(pattern[0], _Block):
            # What is found is what is deleted. USING can only be said in the longer form.
            yield from _copied(text, pattern[0], edits, where)
            yield _Edit(where, where, f" {clauses} ", where)
        else:
            yield _Edit(where, where, f"{clauses} ", where)


def _keyword(part: Token | _Block) -> str:
    return part.text.upper() if isinstance(part, Token) and part.kind is Kind.WORD else ""


def _says_graphs(part: Token | _Block, keyword_before: str) -> bool:
    """Whether a part of an operation is USING or WITH, also where a prefixed name follows without a space."""
    if _keyword(part) in ("USING", "WITH"):
        return True
    # After a keyword comes the name of a graph, whatever its prefix is called.
    return (
        isinstance(part, Token)
        and part.kind is Kind.NAME
        and not keyword_before
        and part.text.upper().startswith(("USING", "WITH"))
    )


def _copied(text: str, block: _Block, edits: Sequence[_Edit], to: int) -> Iterator[_Edit]:
    """A block once more at another place, with what is changed in it."""
    at = block.start
    for edit in sorted(edits, key=lambda edit: edit.start):
        if block.start <= edit.start and edit.end <= block.end and edit.end > 0:
            yield _Edit(to, to, text[at : edit.start], at, literal=True)
            yield replace(edit, start=to, end=to)
            at = edit.end
    yield _Edit(to, to, text[at : block.end], at, literal=True)


def _edited(text: str, edits: Sequence[_Edit], sent: str) -> Prepared:
    pieces: list[tuple[str, int, bool]] = []
    at = 0
    for edit in sorted(edits, key=lambda edit: edit.start):
        pieces.append((text[at : edit.start], at, True))
        pieces.append((edit.text, edit.origin, edit.literal))
        at = edit.end
    pieces.append((text[at:], at, True))
    pieces = [piece for piece in pieces if piece[0]] or [("", 0, True)]
    starts, length = [], 0
    for piece, _, _ in pieces:
        starts.append(length)
        length += len(piece)
    return Prepared(
        "".join(piece for piece, _, _ in pieces),
        sent,
        tuple(starts),
        tuple(origin for _, origin, _ in pieces),
        tuple(literal for _, _, literal in pieces),
    )


def _place(text: str, start: int) -> str:
    before = text[:start]
    return f"line {before.count(chr(10)) + 1}, column {start - before.rfind(chr(10))}"
