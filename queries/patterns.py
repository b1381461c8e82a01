"""The triple patterns of a query, read word by word; the query is not parsed.

Whatever is not plainly a pattern is passed over: what stands in expressions, in templates, behind SERVICE, and all of an
update. So a pattern that is given stands in the query; one that stands there may not be given.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from impckg.graph.sparql import Kind, Token, tokens

_UPDATES = frozenset(("INSERT", "DELETE"))
_TERMS = frozenset(("A", "TRUE", "FALSE"))
# Behind a mark, what comes next in a triple.
_PUNCTUATION = {
    "{": "subject",
    "}": "subject",
    ".": "subject",
    ";": "property",
    ",": "object",
    "[": "property",
    "]": "none",
}
_BEFORE_A_NAME = frozenset(("GRAPH", "SERVICE", "FROM", "NAMED", "BASE"))
_BEFORE_AN_EXPRESSION = frozenset(("BIND", "HAVING"))
_PATH_BEFORE = frozenset(("^", "!", "("))
_PATH_BETWEEN = frozenset(("/", "|"))
_PATH_AFTER = frozenset(("*", "+", "?", ")"))


@dataclass(eq=False)
class Group:
    """A group of patterns, between curly brackets.

    end: where the bracket that closes it stands, counted in characters; None where nothing closes it.
    optional: whether it, or a group around it, is OPTIONAL. in_graph: whether it is behind GRAPH, or in a group that is.
    """

    optional: bool
    in_graph: bool
    end: int | None = None


@dataclass(frozen=True)
class Pattern:
    """A subject, a path of properties, and an object.

    subject, object: None for what stands in brackets.
    path: its words; a single one where it is a property.
    datatype: of the object, where that is a literal with one.
    """

    subject: Token | None
    path: tuple[Token, ...]
    object: Token | None
    group: Group
    datatype: Token | None = None

    @property
    def properties(self) -> tuple[Token, ...]:
        """The properties of the path, without what stands between them."""
        return tuple(word for word in self.path if word.text not in _PATH_MARKS)


_PATH_MARKS = _PATH_BEFORE | _PATH_BETWEEN | _PATH_AFTER


def patterns(text: str) -> list[Pattern]:
    """The triple patterns of a query, in its order.

    >>> [word.text for pattern in patterns("ASK { ?a rdfs:label 'b' ; a kg:Gene }") for word in pattern.path]
    ['rdfs:label', 'a']
    """
    return list(_Reading(text).patterns())


def expanded(word: Token, prefixes: Mapping[str, str]) -> str | None:
    """The IRI that a word stands for; None where it stands for none."""
    if word.kind is Kind.IRI:
        return word.text[1:-1]
    prefix, _, local = word.text.partition(":")
    return prefixes[prefix] + local if word.kind is Kind.NAME and prefix in prefixes else None


class _Reading:
    """A query read word by word: which word is next, and what it must be in a triple.

    place: subject, property, object, or none of them.
    """

    def __init__(self, text: str) -> None:
        self.found = [token for token in tokens(text) if token.kind is not Kind.COMMENT]
        self.at = 0
        self.place = "none"
        self.subject: Token | None = None
        self.path: tuple[Token, ...] = ()
        self.around: list[tuple[str, Token | None, tuple[Token, ...]]] = []
        """What comes behind each square bracket that is open: the place, the subject and the path around it."""
        self.groups: list[Group] = []
        """The groups that are open."""

    @property
    def text(self) -> str:
        """The next word; empty at the end."""
        return self.found[self.at].text if self.at < len(self.found) else ""

    @property
    def kind(self) -> Kind | None:
        return self.found[self.at].kind if self.at < len(self.found) else None

    def patterns(self) -> Iterator[Pattern]:
        """All patterns."""
        words = {token.text.upper() for token in self.found if token.kind is Kind.WORD}
        if words & _UPDATES or any(token.kind is Kind.DOUBTFUL for token in self.found):
            return
        yield from self._patterns()

    def _patterns(self, is_one_group: bool = False) -> Iterator[Pattern]:
        """The patterns from here to the end, or to the end of the group that is next."""
        around = len(self.groups)
        while self.text:
            if self.kind is Kind.WORD and self.text.upper() not in _TERMS:
                yield from self._keyword()
            elif self.text in _PUNCTUATION:
                yield from self._punctuate()
                if is_one_group and len(self.groups) <= around:
                    return
            elif self.place == "property":
                self.path = tuple(self._path())
                self.place = "object"
            elif self.text == "(":
                # A list, or an expression in the head of a query.
                was = self.place
                if was == "object" and self.groups:
                    yield self._pattern(None)
                yield from self._expression()
                self.subject = None
                self.place = "property" if was == "subject" else "none"
            else:
                yield from self._term()

    def _punctuate(self) -> Iterator[Pattern]:
        mark = self.text
        if mark == "{":
            self.groups.append(self._group())
        elif mark == "}" and self.groups:
            self.groups.pop().end = self.found[self.at].start
        elif mark == "[":
            if self.place == "object" and self.groups:
                yield self._pattern(None)
            self.around.append((self.place, self.subject, self.path))
            self.subject = None
        self.place = _PUNCTUATION[mark]
        if mark == "]":
            before, self.subject, self.path = self.around.pop() if self.around else ("none", None, ())
            self.place = "property" if before == "subject" else "none"
            if before == "subject":
                self.subject = None
        self.at += 1

    def _group(self) -> Group:
        """The group that opens here."""
        before = [token.text.upper() for token in self.found[max(self.at - 2, 0) : self.at]]
        around = self.groups[-1] if self.groups else None
        return Group(
            optional=before[-1:] == ["OPTIONAL"] or (around is not None and around.optional),
            in_graph=before[:1] == ["GRAPH"] or (around is not None and around.in_graph),
        )

    def _path(self) -> Iterator[Token]:
        """The words of a path, which may be one property alone."""
        depth, expects_more = 0, True
        while self.text:
            if expects_more and self.text in _PATH_BEFORE:
                depth += self.text == "("
            elif expects_more:
                expects_more = False
            elif self.text in _PATH_BETWEEN:
                expects_more = True
            elif self.text in _PATH_AFTER and (self.text != ")" or depth):
                depth -= self.text == ")"
            else:
                return
            yield self.found[self.at]
            self.at += 1

    def _term(self) -> Iterator[Pattern]:
        """Pass a subject or an object."""
        term = self.found[self.at]
        place = self.place
        self.at += 1
        datatype = None
        if term.kind is Kind.STRING and self.kind is Kind.LANGUAGE:
            self.at += 1
        elif term.kind is Kind.STRING and self.text == "^":
            self.at += len("^^")
            datatype = self.found[self.at] if self.at < len(self.found) else None
            self.at += 1
        if place == "object" and self.groups:
            yield replace(self._pattern(term), datatype=datatype)
        if place == "subject":
            self.subject = term
        self.place = "property" if place == "subject" else "none"

    def _pattern(self, object_: Token | None) -> Pattern:
        return Pattern(self.subject, self.path, object_, self.groups[-1])

    def _keyword(self) -> Iterator[Pattern]:
        """Pass a keyword and what belongs to it; of an expression, only the groups in it matter."""
        word = self.text.upper()
        self.at += 1
        self.place = "subject"
        if word == "PREFIX":
            self.at += 2
        elif word in _BEFORE_A_NAME:
            while self.text.upper() in ("SILENT", "NAMED"):
                self.at += 1
            self.at += 1
            if word == "SERVICE":
                self._pass_brackets()
        elif word == "VALUES":
            self._pass_until("{")
            self._pass_brackets()
        elif word == "FILTER" and self.text.upper() not in ("EXISTS", "NOT"):
            # An expression, or a function with its arguments.
            self._pass_until("(")
            yield from self._expression()
            self.place = "subject"
        elif word in _BEFORE_AN_EXPRESSION:
            yield from self._expression()
            self.place = "subject"
        elif word == "CONSTRUCT" and self.text == "{":
            self._pass_brackets()

    def _expression(self) -> Iterator[Pattern]:
        """Pass what stands between the round brackets that are next, if they are; but not the groups in it."""
        depth = 0
        while self.text == "(" or (self.text and depth):
            if self.text == "{":
                yield from self._patterns(is_one_group=True)
                continue
            depth += {"(": 1, ")": -1}.get(self.text, 0)
            self.at += 1
            if not depth:
                return

    def _pass_until(self, bracket: str) -> None:
        while self.text not in (bracket, "}", ""):
            self.at += 1

    def _pass_brackets(self) -> None:
        """Pass what stands between the bracket that is next and the one that closes it."""
        depth = 0
        while self.text:
            if self.kind is Kind.BRACKET:
                depth += 1 if self.text in "([{" else -1
                if depth < 0:
                    return
            self.at += 1
            if depth == 0:
                return
