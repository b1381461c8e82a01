"""Words of a query that the graph does not have: a warning with the nearest that it has, never an error.

A class or property that is misspelled finds nothing, and nothing says why. So the words of a query are held against those
that the VoID of the release lists. A query is not parsed for that but read word by word, and whatever is not plainly a
property or a class is passed over: what stands in expressions, in templates, behind SERVICE, and all of an update.

Most queries have no unknown word. They are told from the others by one look at their names (some 30 µs).
"""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import pyoxigraph as ox

from impckg.graph.identifiers import VOCABULARY, converter, iri, namespaces
from impckg.graph.schema import schema
from impckg.graph.sparql import Kind, Token, tokens

HEADER = "X-Impckg-Warning"
MOST = 5
"""So many warnings a query gets at most."""

_LONGEST_QUERY = 50_000
_TYPE = iri("rdf:type")
_LIKENESS = 0.6

_PREFIX = re.compile(r"\bPREFIX\s+([\w.-]*):\s*<([^<>\s]*)>", re.IGNORECASE)
# Names with a prefix, and IRIs with an authority. Where a string or a comment holds one, the slow look tells it apart.
_NAME = re.compile(r"\b(\w[\w.-]*+|):([A-Za-z_][\w-]*+)|<(\w++://[^<>\s\"{}]*+)>")
_OUR_PREFIXES = namespaces()
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


@dataclass(frozen=True)
class KnownTerms:
    """The classes and properties that a graph uses, as IRIs."""

    classes: frozenset[str]
    properties: frozenset[str]

    @cached_property
    def every(self) -> frozenset[str]:
        """All that is no reason for a warning wherever it stands; values of the vocabulary among it."""
        values = {value.iri for enum in schema().enumerations.values() for value in enum.values}
        return self.classes | self.properties | values

    @cached_property
    def namespaces(self) -> frozenset[str]:
        """Where the graph takes its words from, and our own vocabulary."""
        return frozenset(map(_namespace, self.classes | self.properties)) | {VOCABULARY}

    @cached_property
    def declared(self) -> frozenset[str]:
        """What our vocabulary declares, used or not."""
        whole = schema()
        return frozenset(
            [kind.iri for kind in whole.kinds.values()]
            + [column.iri for column in whole.columns.values()]
            + [enumeration.iri for enumeration in whole.enumerations.values()]
        )

    @cached_property
    def local_names(self) -> frozenset[str]:
        """The last part of each word, in small letters."""
        return frozenset(_local(term).lower() for term in self.classes | self.properties)


@dataclass(frozen=True)
class _Mention:
    """A class or property that a query uses."""

    iri: str
    written: str
    is_class: bool
    is_optional: bool


def known_terms(description: Iterable[ox.Triple]) -> KnownTerms:
    """The classes and properties that VoID lists; none where there is no VoID."""
    found: dict[str, set[str]] = {iri("void:class"): set(), iri("void:property"): set()}
    for triple in description:
        if triple.predicate.value in found and isinstance(triple.object, ox.NamedNode):
            found[triple.predicate.value].add(triple.object.value)
    return KnownTerms(frozenset(found[iri("void:class")]), frozenset(found[iri("void:property")]))


def unknown_terms(text: str, known: KnownTerms) -> list[str]:
    """A warning for each class and property of a query that the graph lacks, in the order of the query.

    Where nothing is known of the graph, and for what is very long, there is none.
    """
    if not known.properties or len(text) > _LONGEST_QUERY:
        return []
    prefixes = _OUR_PREFIXES | dict(_PREFIX.findall(text))
    names = set(_NAME.findall(text))
    if not any(_suspect(whole or prefixes.get(prefix, "") + local, known) for prefix, local, whole in names):
        return []
    warnings: dict[str, None] = {}
    for mention in dict.fromkeys(_Reading(text, prefixes).mentions()):
        warning = _warning(mention, known)
        if warning is not None:
            warnings[warning] = None
            if len(warnings) == MOST:
                break
    return list(warnings)


def as_header(warnings: Iterable[str]) -> str:
    """Warnings as the value of a header: in ASCII, on one line.

    >>> as_header(["kg:a is not a class of this graph", "kg:b is not a property of this graph"])
    'kg:a is not a class of this graph; kg:b is not a property of this graph'
    """
    return "; ".join(warnings).encode("ascii", "backslashreplace").decode("ascii")


def _suspect(term: str, known: KnownTerms) -> bool:
    """Whether a word may be meant as one of the graph's and is none."""
    local = _local(term)
    if term in known.every or not local:
        return False
    return term[: -len(local)] in known.namespaces or local.lower() in known.local_names


def _warning(mention: _Mention, known: KnownTerms) -> str | None:
    """What is wrong with a word, if something is."""
    if not _suspect(mention.iri, known):
        return None
    if mention.iri in known.declared:
        # What may be missing is no mistake.
        unused = f"{mention.written} is in the vocabulary, but nothing in this release uses it"
        return None if mention.is_optional else unused
    wrong = f"{mention.written} is not a {'class' if mention.is_class else 'property'} of this graph"
    near = _nearest(mention.iri, known.classes if mention.is_class else known.properties)
    return f"{wrong}; did you mean {near}?" if near else wrong


def _nearest(term: str, words: frozenset[str]) -> str | None:
    """The known word whose last part is nearest to that of a word; None where none is near."""
    by_name: dict[str, str] = {}
    # Of words with the same last part, ours is meant.
    for word in sorted(words, key=lambda word: (word.startswith(VOCABULARY), word)):
        by_name[_local(word).lower()] = word
    name = _local(term).lower()
    likely = difflib.get_close_matches(name, by_name, n=5, cutoff=_LIKENESS)
    ranked = [
        (edits(name, other), not by_name[other].startswith(_namespace(term)), other) for other in likely
    ]
    if not ranked or min(ranked)[0] > 1 + len(name) // 5:
        return None
    return converter().compress(by_name[min(ranked)[2]], passthrough=True)


def edits(word: str, other: str) -> int:
    """How many letters must be put in, left out, changed or swapped with the next to make one word of another.

    >>> edits("geen", "gene"), edits("labl", "label")
    (1, 1)

    Source: optimal string alignment, Boytsov 2011, https://doi.org/10.1145/1963190.1963191.
    """
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(word, start=1):
        before, last, row = row, before, [i]
        for j, wanted in enumerate(other, start=1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != wanted))
            if last and j > 1 and letter == other[j - 2] and word[i - 2] == wanted:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
    return row[-1]


def _namespace(term: str) -> str:
    return term[: max(term.rfind("#"), term.rfind("/"), term.rfind("_") if "/obo/" in term else -1) + 1]


def _local(term: str) -> str:
    return term[len(_namespace(term)) :]


class _Reading:
    """A query read word by word: which word is next, and what it must be in a triple.

    place: subject, property, object, or none of them.
    """

    def __init__(self, text: str, prefixes: Mapping[str, str]) -> None:
        self.found = [token for token in tokens(text) if token.kind is not Kind.COMMENT]
        self.prefixes = prefixes
        self.at = 0
        self.place = "none"
        self.is_typed = False
        """Whether the property before is rdf:type."""
        self.around: list[tuple[str, bool]] = []
        """What comes behind each square bracket that is open."""
        self.optional: list[bool] = []
        """For each group that is open, whether it may be missing."""

    @property
    def text(self) -> str:
        """The next word; empty at the end."""
        return self.found[self.at].text if self.at < len(self.found) else ""

    @property
    def kind(self) -> Kind | None:
        return self.found[self.at].kind if self.at < len(self.found) else None

    def mentions(self) -> Iterator[_Mention]:
        """What stands where a property must stand, and what stands behind `a`."""
        words = {token.text.upper() for token in self.found if token.kind is Kind.WORD}
        if words & _UPDATES or any(token.kind is Kind.DOUBTFUL for token in self.found):
            return
        yield from self._patterns()

    def _patterns(self, is_one_group: bool = False) -> Iterator[_Mention]:
        """What is mentioned from here to the end, or to the end of the group that is next."""
        around = len(self.optional)
        while self.text:
            if self.kind is Kind.WORD and self.text.upper() not in _TERMS:
                yield from self._keyword()
            elif self.text in _PUNCTUATION:
                self._punctuate()
                if is_one_group and len(self.optional) <= around:
                    return
            elif self.place == "property":
                yield from self._properties()
            elif self.text == "(":
                # A list, or an expression in the head of a query.
                after = "property" if self.place == "subject" else "none"
                yield from self._expression()
                self.place = after
            else:
                yield from self._term()

    def _punctuate(self) -> None:
        mark = self.text
        if mark == "{":
            before = self.found[self.at - 1].text.upper() if self.at else ""
            self.optional.append(before == "OPTIONAL" or self._is_optional)
        elif mark == "}" and self.optional:
            self.optional.pop()
        elif mark == "[":
            self.around.append((self.place, self.is_typed))
        self.place = _PUNCTUATION[mark]
        if mark == "]":
            before, self.is_typed = self.around.pop() if self.around else ("none", False)
            self.place = "property" if before == "subject" else "none"
        self.at += 1

    @property
    def _is_optional(self) -> bool:
        return bool(self.optional) and self.optional[-1]

    def _properties(self) -> Iterator[_Mention]:
        path = list(self._path())
        self.is_typed = len(path) == 1 and (path[0].text == "a" or self._expand(path[0]) == _TYPE)
        for step in path:
            expanded = self._expand(step)
            if expanded is not None:
                yield _Mention(expanded, step.text, False, self._is_optional)
        self.place = "object"

    def _path(self) -> Iterator[Token]:
        """The properties of a path, which may be one property alone."""
        depth, expects_more = 0, True
        while self.text:
            if expects_more and self.text in _PATH_BEFORE:
                depth += self.text == "("
            elif expects_more:
                yield self.found[self.at]
                expects_more = False
            elif self.text in _PATH_BETWEEN:
                expects_more = True
            elif self.text in _PATH_AFTER and (self.text != ")" or depth):
                depth -= self.text == ")"
            else:
                return
            self.at += 1

    def _term(self) -> Iterator[_Mention]:
        """Pass a subject or an object, which may be a class."""
        term = self.found[self.at]
        expanded = self._expand(term)
        if self.place == "object" and self.is_typed and expanded is not None:
            yield _Mention(expanded, term.text, True, self._is_optional)
        self.at += 1
        if term.kind is Kind.STRING and self.kind is Kind.LANGUAGE:
            self.at += 1
        elif term.kind is Kind.STRING and self.text == "^":
            self.at += len("^^") + 1
        self.place = "property" if self.place == "subject" else "none"

    def _keyword(self) -> Iterator[_Mention]:
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

    def _expression(self) -> Iterator[_Mention]:
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

    def _expand(self, token: Token) -> str | None:
        """The IRI that a word stands for; None where it stands for none."""
        if token.kind is Kind.IRI:
            return token.text[1:-1]
        prefix, _, local = token.text.partition(":")
        return self.prefixes[prefix] + local if token.kind is Kind.NAME and prefix in self.prefixes else None
