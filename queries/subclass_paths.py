"""Walks over `rdfs:subClassOf` in a query, answered from the closure of the hierarchy.

`?x rdfs:subClassOf* MP:0001262` makes the engine walk the hierarchy, term by term; `?x kg:isA MP:0001262` is one look-up.
Both find the same where the walk begins or ends at a closed term (graph/closed_terms.py). That is so

* at a term of the query that is closed;
* at a variable, if a pattern of the same group gives it nothing but closed terms: in `?call kg:phenotype ?x` for instance,
  since calls name nothing but terms of the hierarchy;
* within a path, if the property before or behind gives or takes nothing but closed terms: `kg:phenotype/rdfs:subClassOf*`.

Any other walk stays as it is, and so does what stands in GRAPH or asks certain graphs. `rdfs:subClassOf+` leaves out the
term itself, which a filter then does. A walk gives each term once, and so does the closure.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from impckg.graph.closed_terms import ClosedTerms
from impckg.graph.identifiers import iri, namespaces
from impckg.graph.sparql import Kind, Token
from impckg.graph.store import Bindings
from impckg.queries.patterns import Pattern, expanded, patterns

_SUB_CLASS_OF, _IS_A = iri("rdfs:subClassOf"), iri("kg:isA")
_DECLARED = re.compile(r"\bPREFIX\s+([\w.-]*):\s*<([^<>\s]*)>", re.IGNORECASE)
_REPEATED = ("*", "+")


@dataclass(frozen=True)
class Edit:
    """A piece of a query, from one character to before another, and what is written instead."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class _Step:
    """One property of a path. inverse: whether it is walked from object to subject; mark: `*`, `+`, `?` or nothing."""

    property: Token
    inverse: bool
    mark: str
    end: int


def prefixes_of(text: str) -> Mapping[str, str]:
    """The prefixes of a query, with those that need no declaration."""
    return namespaces() | dict(_DECLARED.findall(text))


def subclass_edits(
    text: str, known: ClosedTerms, is_closed: Callable[[str], bool], bindings: Bindings | None = None
) -> list[Edit]:
    """What to write instead of walks, in the order of the query.

    is_closed: whether a term, by its IRI, is closed. bindings: values of variables.
    """
    if "subClassOf" not in text:
        return []
    reader = _Reader(text, known, is_closed, bindings or {})
    return sorted(reader.edits(), key=lambda edit: edit.start)


def edited(text: str, edits: Sequence[Edit]) -> str:
    """A query with some pieces written anew. The pieces must not overlap, and come in order.

    >>> edited("a b c", [Edit(2, 3, "x"), Edit(5, 5, "!")])
    'a x c!'
    """
    pieces, done = [], 0
    for edit in edits:
        pieces += [text[done : edit.start], edit.text]
        done = edit.end
    return "".join([*pieces, text[done:]])


def at_the_end_of(pattern: Pattern, text: str) -> Edit:
    """Write something at the end of the group of a pattern: before it, it would change the order of columns of SELECT *."""
    assert pattern.group.end is not None
    return Edit(pattern.group.end, pattern.group.end, text)


class _Reader:
    def __init__(
        self, text: str, known: ClosedTerms, is_closed: Callable[[str], bool], bindings: Bindings
    ) -> None:
        self._known = known
        self._is_closed = is_closed
        self._bindings = bindings
        self._prefixes = prefixes_of(text)
        self._patterns = [pattern for pattern in patterns(text) if not pattern.group.in_graph]

    def edits(self) -> Iterator[Edit]:
        for pattern in self._patterns:
            steps = _steps(pattern.path)
            for place, step in enumerate(steps):
                if step.mark in _REPEATED and self._iri(step.property) == _SUB_CLASS_OF:
                    yield from self._step_edits(pattern, steps, place)

    def _step_edits(self, pattern: Pattern, steps: Sequence[_Step], place: int) -> Iterator[Edit]:
        step = steps[place]
        if not self._is_known(pattern, steps, place) or pattern.group.end is None:
            return
        if step.mark == "+":
            ends = (pattern.subject, pattern.object)
            if len(steps) > 1 or not all(_can_be_compared(end) for end in ends):
                return
            subject, target = (end.text for end in ends if end is not None)
            yield at_the_end_of(pattern, f" FILTER({subject} != {target}) ")
        yield Edit(step.property.start, step.end, f"<{_IS_A}>")

    def _is_known(self, pattern: Pattern, steps: Sequence[_Step], place: int) -> bool:
        """Whether one end of a step is closed for sure."""
        begins = (
            self._is_closed_term(pattern.subject, pattern)
            if place == 0
            else self._gives_closed(steps[place - 1], forward=True)
        )
        return begins or (
            self._is_closed_term(pattern.object, pattern)
            if place == len(steps) - 1
            else self._gives_closed(steps[place + 1], forward=False)
        )

    def _gives_closed(self, step: _Step, forward: bool) -> bool:
        """Whether a step leads to closed terms only (forward), or begins at such only."""
        known = self._known.objects if forward != step.inverse else self._known.subjects
        return not step.mark and self._iri(step.property) in known

    def _is_closed_term(self, term: Token | None, pattern: Pattern) -> bool:
        if term is None:
            return False
        if term.kind is not Kind.VARIABLE:
            named = self._iri(term)
            return named is not None and self._is_closed(named)
        bound = self._bindings.get(term.text[1:])
        if bound is not None:
            return self._is_closed(bound.value)
        return any(self._binds(other, term) for other in self._patterns if other.group == pattern.group)

    def _binds(self, pattern: Pattern, variable: Token) -> bool:
        """Whether a pattern gives a variable nothing but closed terms."""
        steps = _steps(pattern.path)
        if not steps:
            return False
        name = variable.text[1:]
        is_subject = pattern.subject is not None and pattern.subject.text[1:] == name
        is_object = pattern.object is not None and pattern.object.text[1:] == name
        return (
            is_subject and _is_variable(pattern.subject) and self._gives_closed(steps[0], forward=False)
        ) or (is_object and _is_variable(pattern.object) and self._gives_closed(steps[-1], forward=True))

    def _iri(self, word: Token) -> str | None:
        return expanded(word, self._prefixes)


def _is_variable(term: Token | None) -> bool:
    return term is not None and term.kind is Kind.VARIABLE


def _can_be_compared(term: Token | None) -> bool:
    """Whether a term may stand in a filter: a blank node may not."""
    return term is not None and (
        term.kind in (Kind.VARIABLE, Kind.IRI) or (term.kind is Kind.NAME and not term.text.startswith("_:"))
    )


def _steps(path: Sequence[Token]) -> list[_Step]:
    """The steps of a path that is a plain sequence; none for any other path."""
    steps: list[_Step] = []
    inverse, expects_more = False, True
    for word in path:
        if expects_more and word.text == "^" and not inverse:
            inverse = True
        elif expects_more and word.kind in (Kind.IRI, Kind.NAME, Kind.WORD):
            steps.append(_Step(word, inverse, "", word.start + len(word.text)))
            inverse, expects_more = False, False
        elif not expects_more and word.text in ("*", "+", "?") and not steps[-1].mark:
            last = steps[-1]
            steps[-1] = _Step(last.property, last.inverse, word.text, word.start + 1)
        elif not expects_more and word.text == "/":
            expects_more = True
        else:
            return []
    return [] if expects_more else steps
