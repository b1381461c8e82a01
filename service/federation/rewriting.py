"""A query in which SERVICE leads to our own forwarder, or a refusal.

The engine asks over HTTP whatever it takes for the address of a SERVICE clause, and its parser is easily led to see
one where others do not (graph/sparql.py). So nothing depends on reading a query as the engine does: each SERVICE
must stand there as a word of its own, followed by an address that is plain to see, which is replaced; and what
comes out is read again and must not have anything that could be a SERVICE clause besides. Where this reading and
the engine's differ, a query may be refused, or an allowed endpoint asked instead of another. Nobody else is.

Three forms pass: ``SERVICE <iri>``, ``SERVICE prefix:name`` and ``SERVICE ?variable``, each also with SILENT.

The engine cannot evaluate the third (pyoxigraph 0.5.13 says "the variable encoding the service name is unbound", but
asks whatever the variable holds within LATERAL or EXISTS). With a list of who may be asked, it can be written out::

    A SERVICE ?e { P }   becomes   A { { SELECT DISTINCT ?e WHERE { A } }
                                       LATERAL { { { FILTER(?e = <e1>) } LATERAL { SERVICE <e1> { P } } } UNION …
                                                 UNION { { FILTER(?e is unbound or another) } LATERAL { a failure } } } }

where A is what stands before it in its group, without the filters of the group, which may be about variables of P. So
each endpoint that the data name is asked once and no other, and one that may not be asked is an error, SILENT or not:
SILENT hides an endpoint that fails, not one that is not allowed. The price is that A is evaluated twice. Labels of blank
nodes are made others in each copy. Such a clause is refused where nothing before it in its own group mentions ?e, and
within another SERVICE, whose endpoint would have to know LATERAL.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from impckg.graph.identifiers import namespaces
from impckg.graph.sparql import Kind, Token, tokens
from impckg.service.errors import RefusedQuery
from impckg.service.federation.endpoints import AllowList
from impckg.service.federation.forwarder import REFUSED

MOST_ENDPOINTS_OF_A_VARIABLE = 30
"""SERVICE ?variable is refused where more endpoints than these could be meant: it is written out for each."""

_MOST_CLAUSES = 64
_MOST_CHARACTERS = 1_000_000
_WORD = "service"


def rewrite(text: str, allowed: AllowList, address: str) -> str:
    """A query that asks only the forwarder; the same text where it has no SERVICE.

    address: where the forwarder listens for this query (`Forwarder.open_query`).

    Raises RefusedQuery, with the place and the endpoints that are allowed.
    """
    # casefold also finds the letter ſ; the engine does not, but a query that has it is no loss.
    if _WORD not in text.casefold():
        return text
    rewritten = "".join(piece.text for piece in _Rewriting(text, allowed, address).pieces())
    if len(rewritten) > _MOST_CHARACTERS:
        raise RefusedQuery(
            f"the query has {len(rewritten):,} characters once SERVICE ?variable is written out for each endpoint; "
            f"this service takes up to {_MOST_CHARACTERS:,}"
        )
    _check(rewritten, address)
    return rewritten


def original_place(text: str, allowed: AllowList, address: str, line: int, column: int) -> tuple[int, int]:
    """Where in a query a line and column of its rewritten text come from, all from 1."""
    if _WORD not in text.casefold():
        return line, column
    pieces = _Rewriting(text, allowed, address).pieces()
    lines = "".join(piece.text for piece in pieces).split("\n")
    at = sum(len(before) + 1 for before in lines[: line - 1]) + column - 1
    for piece in pieces:
        if at < len(piece.text):
            return _line_and_column(text, piece.start + (at if piece.copied else 0))
        at -= len(piece.text)
    return _line_and_column(text, len(text))


@dataclass(frozen=True)
class _Piece:
    """A stretch of a rewritten query: copied from this place of the original, or put in there."""

    text: str
    start: int
    copied: bool = False


@dataclass
class _Group:
    """A group that is open: the place of its first token, whether it is the pattern of a SERVICE clause, its variables."""

    first: int
    of_service: bool
    variables: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class _Clause:
    """A SERVICE clause, by the places of tokens: what names the endpoint, and the pattern from { to }."""

    silent: bool
    name: int
    opening: int
    closing: int


class _Rewriting:
    """One query on its way through: its tokens, and what is known of it up to the one that is read."""

    def __init__(self, text: str, allowed: AllowList, address: str) -> None:
        self._text = text
        self._allowed = allowed
        self._address = address
        self._tokens = [token for token in tokens(text) if token.kind is not Kind.COMMENT]
        self._prefixes: dict[str, str] = dict(namespaces())
        self._groups: list[_Group] = []
        self._clauses = 0

    def pieces(self) -> list[_Piece]:
        """The rewritten query."""
        for token in self._tokens:
            _refuse_what_is_odd(self._text, token)
        pieces = list(self._pieces(0, len(self._tokens)))
        end = pieces[-1].start + len(pieces[-1].text) if pieces else 0
        return [*pieces, _Piece(self._text[end:], end, copied=True)]

    def _pieces(self, first: int, last: int, label: str = "", filters: bool = True) -> Iterator[_Piece]:
        """The pieces from one token up to another, which is left out.

        label: what labels of blank nodes are made to begin with.
        filters: whether to keep filters, those within groups apart.
        """
        at = self._tokens[first].start if first < last and first else 0
        number = first
        patterns: set[int] = set()
        depth = len(self._groups)
        while number < last:
            token = self._tokens[number]
            if _is_service(token):
                clause = self._clause(number)
                name = self._tokens[clause.name]
                if name.kind is Kind.VARIABLE:
                    yield _Piece(self._text[at : token.start], at, copied=True)
                    yield from self._choice(number, clause)
                    at, number = _end(self._tokens[clause.closing]), clause.closing + 1
                else:
                    yield _Piece(self._text[at : name.start], at, copied=True)
                    yield _Piece(self._call(self._number(name), clause.silent), name.start)
                    at, number = _end(name), clause.name + 1
                    patterns.add(clause.opening)
                continue
            if not filters and len(self._groups) == depth and self._begins_filter(number):
                yield _Piece(self._text[at : token.start], at, copied=True)
                number = self._behind_filter(number, last)
                at = _end(self._tokens[number - 1])
                continue
            if label and token.kind is Kind.NAME and token.text.startswith("_:"):
                yield _Piece(self._text[at : token.start + 2], at, copied=True)
                yield _Piece(label, token.start)
                at = token.start + 2
            self._note(number, of_service=number in patterns)
            number += 1
        yield _Piece(self._text[at : _end(self._tokens[last - 1])] if first < last else "", at, copied=True)

    def _choice(self, service: int, clause: _Clause) -> Iterator[_Piece]:
        """SERVICE ?variable as a choice between the endpoints on the list, for each that is found before it."""
        start = self._tokens[service].start
        variable = self._tokens[clause.name]
        self._check_variable(variable)
        name = variable.text
        group = self._groups[-1]
        yield _Piece(f" {{ {{ SELECT DISTINCT {name} WHERE {{ ", start)
        yield from self._copy(group.first, service, of_service=False, filters=False)
        yield _Piece(" } } LATERAL { ", start)
        for number, endpoint in enumerate(self._allowed.endpoints):
            silent = "SILENT " if clause.silent else ""
            yield _Piece(
                f"{{ {{ FILTER({name} = <{endpoint.iri}>) }} "
                f"LATERAL {{ SERVICE {silent}{self._call(number, clause.silent)} {{ ",
                start,
            )
            yield from self._copy(clause.opening + 1, clause.closing, of_service=True)
            yield _Piece(" } } } UNION ", start)
        listed = ", ".join(f"<{endpoint.iri}>" for endpoint in self._allowed.endpoints)
        yield _Piece(
            f"{{ {{ FILTER(!BOUND({name}) || {name} NOT IN ({listed})) }} "
            f"LATERAL {{ SERVICE <{self._address}/{REFUSED}> {{ }} }} }} }} }}",
            start,
        )

    def _copy(self, first: int, last: int, of_service: bool, filters: bool = True) -> Iterator[_Piece]:
        """The tokens within a group once more, with labels of their own for blank nodes."""
        self._count_clause()
        self._groups.append(_Group(first, of_service))
        yield from self._pieces(first, last, _unused_label(self._text, self._clauses), filters)
        self._groups.pop()

    def _begins_filter(self, number: int) -> bool:
        token = self._tokens[number]
        if token.kind is Kind.NAME and token.text.upper().startswith("FILTER"):
            raise RefusedQuery(
                f"{token.text} could be read as FILTER ({_place(self._text, token)}); before SERVICE ?variable give it "
                "another name"
            )
        return token.kind is Kind.WORD and token.text.upper().startswith("FILTER")

    def _behind_filter(self, number: int, last: int) -> int:
        """The place behind a filter: where the first bracket in it is closed."""
        depth = 0
        for place in range(number, last):
            if self._tokens[place].kind is Kind.BRACKET:
                depth += 1 if self._tokens[place].text in "([{" else -1
                if depth <= 0:
                    return place + 1
        return last

    def _clause(self, number: int) -> _Clause:
        """The clause that begins with this token. Raises RefusedQuery where it is not plain to see."""
        service = self._tokens[number]
        self._count_clause()
        name = number + 1
        silent = self._is_word(name, "SILENT")
        name += silent
        opening = name + 1
        if opening >= len(self._tokens) or self._tokens[opening].text != "{":
            raise self._unclear(service)
        if self._tokens[name].kind not in (Kind.IRI, Kind.NAME, Kind.VARIABLE):
            raise self._unclear(service)
        depth = 0
        for closing in range(opening, len(self._tokens)):
            token = self._tokens[closing]
            if token.kind is Kind.BRACKET:
                depth += {"{": 1, "}": -1}.get(token.text, 0)
                if depth == 0:
                    return _Clause(silent, name, opening, closing)
        raise self._unclear(service)

    def _count_clause(self) -> None:
        self._clauses += 1
        if self._clauses > _MOST_CLAUSES:
            raise RefusedQuery(
                f"the query has more than {_MOST_CLAUSES} SERVICE clauses, once ?variables are written out"
            )

    def _unclear(self, service: Token) -> RefusedQuery:
        return RefusedQuery(
            f"SERVICE is not clear here ({_place(self._text, service)}); expected SERVICE or SERVICE SILENT, then "
            "an endpoint as <IRI>, prefix:name or ?variable, then { ... }"
        )

    def _number(self, name: Token) -> int:
        """The place in the list of the endpoint that is named."""
        iri = self._expanded(name) if name.kind is Kind.NAME else name.text[1:-1]
        number = self._allowed.number(iri)
        if number is None:
            raise RefusedQuery(
                f"SERVICE may not ask <{iri}> ({_place(self._text, name)}); endpoints that it may ask here: {self._allowed}"
            )
        return number

    def _expanded(self, name: Token) -> str:
        prefix, _, local = name.text.partition(":")
        if prefix not in self._prefixes:
            raise RefusedQuery(
                f"SERVICE {name.text}: nobody says what the prefix {prefix!r} stands for ({_place(self._text, name)}); "
                f"endpoints that SERVICE may ask here: {self._allowed}"
            )
        return self._prefixes[prefix] + re.sub(r"\\(.)", r"\1", local)

    def _check_variable(self, variable: Token) -> None:
        place = _place(self._text, variable)
        if len(self._allowed.endpoints) > MOST_ENDPOINTS_OF_A_VARIABLE:
            raise RefusedQuery(
                f"SERVICE {variable.text} could mean any of {len(self._allowed.endpoints)} endpoints ({place}), more than "
                f"the {MOST_ENDPOINTS_OF_A_VARIABLE} that are tried; name one of them: {self._allowed}"
            )
        if any(group.of_service for group in self._groups):
            raise RefusedQuery(
                f"SERVICE {variable.text} within another SERVICE is not available here ({place}); name the endpoint"
            )
        if not self._groups or variable.text[1:] not in self._groups[-1].variables:
            raise RefusedQuery(
                f"SERVICE {variable.text} must stand in the group of what binds {variable.text}, and behind it ({place})"
            )

    def _call(self, number: int, silent: bool) -> str:
        return f"<{self._address}/{number}{'/silent' if silent else ''}>"

    def _note(self, number: int, of_service: bool) -> None:
        """Keep track of prefixes, groups and the variables in them."""
        token = self._tokens[number]
        if token.text == "{":
            self._groups.append(_Group(number + 1, of_service))
        elif token.text == "}" and self._groups:
            closed = self._groups.pop()
            if self._groups:
                self._groups[-1].variables |= closed.variables
        elif token.kind is Kind.VARIABLE and self._groups:
            self._groups[-1].variables.add(token.text[1:])
        elif self._is_word(number, "PREFIX") and number + 2 < len(self._tokens):
            name, iri = self._tokens[number + 1 : number + 3]
            # An escape in it, or an IRI that is not whole, leads nowhere that we would go.
            plain = iri.kind is Kind.IRI and "\\" not in iri.text
            self._prefixes[name.text.removesuffix(":")] = iri.text[1:-1] if plain else iri.text

    def _is_word(self, number: int, word: str) -> bool:
        return (
            number < len(self._tokens)
            and self._tokens[number].kind is Kind.WORD
            and self._tokens[number].text.upper() == word
        )


# The engine ends a name before what cannot be in one, and may go on with a keyword there.
_WORD_BEHIND_A_NAME = re.compile(r"(?:[.%\\]|^-+)service", re.IGNORECASE)


def _refuse_what_is_odd(text: str, token: Token) -> None:
    """Refuse what the engine could read as the word SERVICE although it does not stand by itself."""
    if token.kind is Kind.DOUBTFUL:
        raise RefusedQuery(
            f"{token.text} could be an IRI or a comparison ({_place(text, token)}); in a query with SERVICE write "
            r"\u0023 for # and \u0027 for ' in an IRI, and a space after < in a comparison"
        )
    prefix, _, local = token.text.partition(":")
    hidden = (
        (token.kind is Kind.NAME and (_WORD in prefix.casefold() or _WORD_BEHIND_A_NAME.search(local)))
        or (token.kind is Kind.LANGUAGE and _WORD in token.text.casefold())
        or (token.kind is Kind.WORD and _WORD in token.text.casefold() and not _is_service(token))
    )
    if hidden:
        raise RefusedQuery(
            f"{token.text} could be read as SERVICE ({_place(text, token)}); "
            "give it another name, or put spaces around SERVICE"
        )


def _is_service(token: Token) -> bool:
    return token.kind is Kind.WORD and token.text.isascii() and token.text.lower() == _WORD


def _check(rewritten: str, address: str) -> None:
    """Refuse a rewritten query in which a SERVICE leads elsewhere than to the forwarder."""
    found = [token for token in tokens(rewritten) if token.kind is not Kind.COMMENT]
    for number, token in enumerate(found):
        _refuse_what_is_odd(rewritten, token)
        if _is_service(token):
            behind = [other for other in found[number + 1 : number + 3] if other.text.upper() != "SILENT"]
            if not behind or behind[0].kind is not Kind.IRI or not behind[0].text.startswith(f"<{address}/"):
                raise RefusedQuery(
                    "SERVICE is not clear in this query; expected SERVICE <IRI> { ... } and nothing like it"
                )


def _unused_label(text: str, number: int) -> str:
    """The beginning of labels that are not in a query yet."""
    label = f"e{number}_"
    while f"_:{label}" in text:
        label = f"e{label}"
    return label


def _end(token: Token) -> int:
    return token.start + len(token.text)


def _place(text: str, token: Token) -> str:
    line, column = _line_and_column(text, token.start)
    return f"line {line}, column {column}"


def _line_and_column(text: str, at: int) -> tuple[int, int]:
    before = text[:at]
    return before.count("\n") + 1, at - before.rfind("\n")
