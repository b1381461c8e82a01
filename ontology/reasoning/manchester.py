"""Class expressions in Manchester syntax, read and written.

The syntax is the W3C's (https://www.w3.org/TR/owl2-manchester-syntax/, section 2.4) with labels in quotes, as Protégé
has them: `'has part' some ('increased size' and 'characteristic of' some heart)`. A name may be a label, in quotes or a
single word, a CURIE (`MP:0000001`, `MP_0000001`) or an IRI in angle brackets. Read are `and`, `that`, `or`, `some`,
`value`, `min 1` and parentheses; what OWL 2 EL cannot say is refused with its place. Written is whatever the reasoner has.
"""

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pyhornedowl import model as owl

from impckg.graph.errors import BadExpression, QueryError
from impckg.graph.identifiers import obo_curie, obo_iri
from impckg.ontology.documents.labels import Labels

_OWL = "http://www.w3.org/2002/07/owl#"
_TOKEN = re.compile(
    r"\s*(?:(?P<quoted>'(?:[^'\\]|\\.)*')|(?P<iri><[^<>\s]*>)|(?P<mark>[(){},])|(?P<word>[^\s(){},<>'][^\s(){},<>]*))"
)
_QUOTES = str.maketrans({"‘": "'", "’": "'", "“": "'", "”": "'", '"': "'"})
_CONNECTIVES = ("and", "that", "or")
_RESTRICTIONS = ("some", "value", "min", "only", "max", "exactly", "Self")
_NOT_EL = {
    "not": "a complement",
    "only": "a universal restriction",
    "max": "a maximal cardinality",
    "exactly": "an exact cardinality",
    "inverse": "an inverse property",
    "Self": "a self restriction",
}
_MOST_CHARACTERS = 10_000
_DEEPEST = 50


def parse(text: str, names: Labels) -> owl.ClassExpression:
    """Read a class expression.

    names: the classes and properties that it may name.

    Raises BadExpression, with line and column, where it is no Manchester syntax, names what is not known or not one thing,
    or holds what OWL 2 EL cannot say.
    """
    if len(text) > _MOST_CHARACTERS:
        raise BadExpression(
            f"the expression has {len(text):,} characters; expected {_MOST_CHARACTERS:,} at most", 1, 1
        )
    reader = _Reader(text, names)
    expression = reader.union()
    if reader.token is not None:
        raise reader.error(f"{reader.token.text!r} is left over", "and, or, or the end of the expression")
    return expression


def parse_class(text: str, names: Labels) -> str:
    """The IRI of a named class: by a label, which needs no quotes here, a CURIE or an IRI.

    Raises BadExpression where none or several are called so, and QueryError for what is more than a name.
    """
    quoted = text if text.startswith(("<", "'")) or " " not in text.strip() else f"'{text.strip()}'"
    expression = parse(quoted, names)
    if not isinstance(expression, owl.Class):
        raise QueryError(f"{text} is no named class; expected a label, a CURIE or an IRI")
    return str(expression)


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    at: int


class _Reader:
    """Reads an expression from left to right; `token` is the next one, None at the end."""

    def __init__(self, text: str, names: Labels) -> None:
        self._text = text.translate(_QUOTES)
        self._names = names
        self._depth = 0
        self._next = 0
        self.token: _Token | None = None
        self.advance()

    def advance(self) -> None:
        """Go on to the next token."""
        if not self._text[self._next :].strip():
            self.token = None
            self._next = len(self._text)
            return
        found = _TOKEN.match(self._text, self._next)
        if found is None:
            self._next += len(self._text[self._next :]) - len(self._text[self._next :].lstrip())
            raise self._error_at(
                self._next, f"{self._text[self._next]!r} begins no name", "a name, closed by the same quote"
            )
        self._next = found.end()
        kind = str(found.lastgroup)
        self.token = _Token(kind, found[kind], found.start(kind))

    def error(self, found: str, expected: str) -> BadExpression:
        """An error at the next token."""
        return self._error_at(self.token.at if self.token else len(self._text), found, expected)

    def _error_at(self, at: int, found: str, expected: str) -> BadExpression:
        line = self._text.count("\n", 0, at) + 1
        column = at - self._text.rfind("\n", 0, at)
        return BadExpression(f"line {line}, column {column}: {found}; expected {expected}", line, column)

    def _says(self, *words: str) -> bool:
        return self.token is not None and self.token.kind == "word" and self.token.text in words

    def union(self) -> owl.ClassExpression:
        """Read what `or` holds together."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self.error("the expression is nested too deep", f"{_DEEPEST} levels at most")
        parts = [self._intersection()]
        while self._says("or"):
            self.advance()
            parts.append(self._intersection())
        self._depth -= 1
        return parts[0] if len(parts) == 1 else owl.ObjectUnionOf(parts)

    def _intersection(self) -> owl.ClassExpression:
        parts = [self._primary()]
        while self._says("and", "that"):
            self.advance()
            parts.append(self._primary())
        return parts[0] if len(parts) == 1 else owl.ObjectIntersectionOf(parts)

    def _primary(self) -> owl.ClassExpression:
        token = self.token
        if token is None:
            raise self.error("the expression ends", "a class, a property or '('")
        if token.text == "(" and token.kind == "mark":
            return self._parenthesis()
        if token.kind == "mark":
            raise self.error(f"{token.text!r} stands here", "a class, a property or '('")
        if self._says("not", "inverse"):
            raise self.error(
                f"{token.text!r} is {_NOT_EL[token.text]}", "what OWL 2 EL can say: and, or, some, value"
            )
        if self._says(*_CONNECTIVES, *_RESTRICTIONS):
            raise self.error(f"{token.text!r} stands here", "a class, a property or '('")
        self.advance()
        if self._says(*_RESTRICTIONS):
            return self._restriction(self._property(token))
        return owl.Class(owl.IRI.parse(self._resolve(token, self._names.classes, "class")))

    def _parenthesis(self) -> owl.ClassExpression:
        self.advance()
        inner = self.union()
        if self.token is None or self.token.text != ")":
            raise self.error("a parenthesis is not closed", "')'")
        self.advance()
        return inner

    def _restriction(self, role: owl.ObjectProperty) -> owl.ClassExpression:
        assert self.token is not None
        word = self.token.text
        if word in _NOT_EL:
            raise self.error(f"{word!r} is {_NOT_EL[word]}", "what OWL 2 EL can say: some, value, min 1")
        self.advance()
        if word == "min":
            if not self._says("1"):
                raise self.error(
                    f"{self.token.text if self.token else 'nothing'} follows min", "1, which is some"
                )
            self.advance()
        if word == "value":
            if self.token is None or self.token.kind == "mark":
                raise self.error("no individual follows value", "an individual")
            individual = self._resolve(self.token, None, "individual")
            self.advance()
            return owl.ObjectHasValue(role, owl.NamedIndividual(owl.IRI.parse(individual)))
        return owl.ObjectSomeValuesFrom(role, self._primary())

    def _property(self, token: _Token) -> owl.ObjectProperty:
        return owl.ObjectProperty(owl.IRI.parse(self._resolve(token, self._names.properties, "property")))

    def _resolve(self, token: _Token, among: frozenset[str] | None, kind: str) -> str:
        """The IRI that a name stands for."""
        if token.kind == "iri":
            return token.text[1:-1]
        name = re.sub(r"\\(.)", r"\1", token.text[1:-1]) if token.kind == "quoted" else token.text
        if among is not None:
            found = self._names.called(name, among)
            if len(found) == 1:
                return found[0]
            if found:
                raise self._error_at(
                    token.at,
                    f"{name!r} is the label of {', '.join(found)}",
                    "one of these IRIs in angle brackets",
                )
        if name in ("owl:Thing", "owl:Nothing"):
            return _OWL + name[4:]
        iri = obo_iri(name) if token.kind == "word" else None
        if iri is not None and (among is None or iri in among):
            return iri
        raise self._error_at(token.at, f"{name!r} is no {kind} that is known", self._near(name, among, kind))

    def _near(self, name: str, among: frozenset[str] | None, kind: str) -> str:
        labels = sorted({self._names.labels[iri] for iri in among or () if iri in self._names.labels})
        near = difflib.get_close_matches(name, labels, n=3, cutoff=0.75)
        article = "an" if kind[0] in "aeiou" else "a"
        return " or ".join(repr(label) for label in near) or f"a label, a CURIE or an IRI of {article} {kind}"


def write(said: object, names: Labels) -> str:
    """Write a class expression or an axiom about classes or properties. What has no form here is left in functional syntax.

    A label that several things share has the CURIE or IRI instead, so that what is written reads back.
    """
    form = _FORMS.get(type(said))
    return str(said) if form is None else form(said, names)


def _name(iri: object, names: Labels, among: frozenset[str]) -> str:
    text = str(iri)
    label = names.label(text)
    if label is not None and names.called(label, among) in ([text], []):
        single = re.fullmatch(r"[A-Za-z][\w-]*", label) and label not in (
            *_CONNECTIVES,
            *_RESTRICTIONS,
            *_NOT_EL,
        )
        return label if single else "'" + label.replace("\\", "\\\\").replace("'", "\\'") + "'"
    if text.startswith(_OWL):
        return "owl:" + text.removeprefix(_OWL)
    return obo_curie(text) or f"<{text}>"


def _class_name(said: owl.Class, names: Labels) -> str:
    return _name(said, names, names.classes)


def _role(said: object, names: Labels) -> str:
    if isinstance(said, list):
        return " o ".join(_role(one, names) for one in said)
    if isinstance(said, owl.InverseObjectProperty):
        return f"inverse ({_role(said.first, names)})"
    return _name(said, names, names.properties)


def _part(said: object, names: Labels) -> str:
    text = write(said, names)
    return text if isinstance(said, owl.Class) else f"({text})"


def _joined(word: str) -> Callable[[Any, Labels], str]:
    return lambda said, names: f" {word} ".join(_operand(part, names) for part in said.first)


def _operand(said: object, names: Labels) -> str:
    """Part of a conjunction or union; a restriction on a name needs no parentheses."""
    plain = isinstance(said, owl.ObjectSomeValuesFrom) and isinstance(said.bce, owl.Class)
    return write(said, names) if plain else _part(said, names)


_FORMS: Mapping[type, Callable[[Any, Labels], str]] = {
    owl.Class: _class_name,
    owl.ObjectIntersectionOf: _joined("and"),
    owl.ObjectUnionOf: _joined("or"),
    owl.ObjectComplementOf: lambda said, names: f"not {_part(said.first, names)}",
    owl.ObjectSomeValuesFrom: lambda said, names: f"{_role(said.ope, names)} some {_part(said.bce, names)}",
    owl.ObjectAllValuesFrom: lambda said, names: f"{_role(said.ope, names)} only {_part(said.bce, names)}",
    owl.ObjectHasValue: lambda said, names: f"{_role(said.ope, names)} value <{said.i}>",
    owl.ObjectHasSelf: lambda said, names: f"{_role(said.first, names)} Self",
    owl.ObjectOneOf: lambda said, names: "{" + ", ".join(f"<{one}>" for one in said.first) + "}",
    owl.SubClassOf: lambda said, names: f"{_sided(said.sub, names)} SubClassOf {_sided(said.sup, names)}",
    owl.EquivalentClasses: lambda said, names: " EquivalentTo ".join(
        _sided(one, names) for one in said.first
    ),
    owl.DisjointClasses: lambda said, names: (
        "DisjointClasses: " + ", ".join(_sided(one, names) for one in said.first)
    ),
    owl.SubObjectPropertyOf: lambda said, names: (
        f"{_role(said.sub, names)} SubPropertyOf {_role(said.sup, names)}"
    ),
    owl.TransitiveObjectProperty: lambda said, names: (
        f"{_role(said.first, names)} Characteristics: Transitive"
    ),
    owl.ReflexiveObjectProperty: lambda said, names: f"{_role(said.first, names)} Characteristics: Reflexive",
    owl.ObjectPropertyDomain: lambda said, names: f"{_role(said.ope, names)} Domain {_sided(said.ce, names)}",
    owl.ObjectPropertyRange: lambda said, names: f"{_role(said.ope, names)} Range {_sided(said.ce, names)}",
}


def _sided(said: object, names: Labels) -> str:
    return write(said, names)
