"""The calculus of the kernel once more, in plain Python, for a few contexts and with reasons.

The kernel finds everything and keeps no reasons: they would take ten times its memory. Here one starts from one context,
goes on breadth first, and writes down for each fact the first rule that gave it. That is enough to explain a subsumption,
and to find what is above a class expression that the ontology does not have.

Facts are (context, concept), for "what is in the context falls under the concept", and (source, role, end) for links.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from pyhornedowl import model as owl

from impckg.ontology.reasoning.concepts import NOTHING, THING, Concepts
from impckg.ontology.reasoning.roles import STRUCTURAL
from impckg.ontology.reasoning.rows import Integers, packed_row
from impckg.ontology.reasoning.rules import Rules

Subsumer: TypeAlias = tuple[int, int]
Link: TypeAlias = tuple[int, int, int]
Fact: TypeAlias = Subsumer | Link


@dataclass(frozen=True)
class Reason:
    """Why a fact holds: a rule of the calculus, the facts it rests on, and the axioms that it uses (places in `Axioms`)."""

    rule: str
    premises: tuple[Fact, ...] = ()
    axioms: tuple[int, ...] = ()


@dataclass(eq=False)
class Trace:
    """Facts found from some contexts, each with its first reason, in the order in which they were found.

    concepts, rules: what the facts are about.
    reasons: the facts.
    """

    concepts: Concepts
    rules: Rules
    reasons: dict[Fact, Reason] = field(default_factory=dict)
    _invented: int = 0
    _waiting: deque[tuple[Fact, bool]] = field(default_factory=deque)
    _subsumers: dict[int, set[int]] = field(default_factory=dict)
    _propagations: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    _predecessors: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    _successors: dict[int, list[tuple[int, int]]] = field(default_factory=dict)

    def start(self, context: int, role: int | None = None) -> None:
        """Begin with a context of the rules, unless that has been done. role: the property by which it is linked to."""
        if context in self._subsumers:
            return
        means = {THING, *self.concepts.parts(int(self.rules.root[context]))}
        for concept in _row(self.rules.arrays.init, context):
            if concept in means or role is None:
                self.subsume(context, concept, Reason("definition"))
            else:
                self.subsume(
                    context, concept, Reason("range", (), self.rules.roles.why_in_range(role, concept))
                )

    def invent(self, expression: owl.ClassExpression) -> int:
        """Begin with a context that stands for a class expression of `and`, `some` and names; returns its number.

        Names that the rules do not know say nothing.
        """
        context = self.rules.contexts + self._invented
        self._invented += 1
        self._subsumers[context] = set()
        self.subsume(context, THING, Reason("definition"))
        waiting = [expression]
        while waiting:
            part = waiting.pop()
            if isinstance(part, owl.ObjectIntersectionOf):
                waiting += part.first
            elif isinstance(part, owl.ObjectSomeValuesFrom | owl.ObjectMinCardinality):
                self._invent_link(context, part)
            else:
                concept = self.concepts.find(self.concepts.atom(part))
                if concept is not None:
                    self.subsume(context, concept, Reason("definition"))
        return context

    def _invent_link(
        self, context: int, expression: owl.ObjectSomeValuesFrom | owl.ObjectMinCardinality
    ) -> None:
        role = self.concepts.find_role(str(expression.ope))
        if role is None:
            return
        end = self.invent(expression.bce)
        for concept in self.rules.roles.ranges_of(role):
            self.subsume(end, concept, Reason("range", (), self.rules.roles.why_in_range(role, concept)))
        self.link(context, role, end, Reason("definition"))

    def run(self, goal: Subsumer | None = None) -> bool:
        """Find facts until the goal is among them, or until nothing is left to find. Says whether the goal was found."""
        while self._waiting and (goal is None or goal not in self.reasons):
            fact, composed = self._waiting.popleft()
            if len(fact) == 2:
                self._follow_subsumer(*fact, composed)
            else:
                self._follow_link(*fact)
        return goal in self.reasons

    def subsumers(self, context: int) -> set[int]:
        """What a context has been found to fall under."""
        return self._subsumers.get(context, set())

    def subsume(self, context: int, concept: int, reason: Reason, composed: bool = False) -> None:
        """Write down that a context falls under a concept."""
        found = self._subsumers.setdefault(context, set())
        if concept not in found:
            found.add(concept)
            self._found((context, concept), reason, composed)

    def link(self, source: int, role: int, end: int, reason: Reason) -> None:
        """Write down that what is in a context is linked to something in another."""
        if (source, role, end) not in self.reasons:
            self._found((source, role, end), reason, False)
            self._predecessors.setdefault(end, []).append((role, source))
            self._successors.setdefault(source, []).append((role, end))
            self.start(end, role)

    def _found(self, fact: Fact, reason: Reason, composed: bool) -> None:
        self.reasons[fact] = reason
        self._waiting.append((fact, composed))

    # The rules, under the names they have in saturation.py.

    def _follow_subsumer(self, context: int, concept: int, composed: bool) -> None:
        fact = (context, concept)
        arrays = self.rules.arrays
        for sup, axiom in self._told(concept):
            self.subsume(context, sup, Reason("subclass", (fact,), _axioms(axiom)))
        for other, result in self._conjunctions(context, concept):
            self.subsume(context, result, Reason("conjunction", (fact, (context, other))), composed=True)
        for existential in _row(arrays.fillers, concept):
            self._propagations.setdefault(context, []).append((existential, concept))
            for role, source in self._predecessors.get(context, ()):
                self._propagate(source, role, context, existential, concept)
        if not composed and arrays.target[concept] >= 0:
            self.link(
                context,
                int(arrays.role[concept]),
                int(arrays.target[concept]),
                Reason("existential", (fact,)),
            )
        if arrays.self_role[concept] >= 0:
            self.link(context, int(arrays.self_role[concept]), context, Reason("self", (fact,)))
        if concept == NOTHING:
            for role, source in self._predecessors.get(context, ()):
                self.subsume(source, NOTHING, Reason("bottom", ((source, role, context), fact)))

    def _follow_link(self, source: int, role: int, end: int) -> None:
        fact = (source, role, end)
        for existential, concept in self._propagations.get(end, ()):
            self._propagate(source, role, end, existential, concept)
        if NOTHING in self.subsumers(end):
            self.subsume(source, NOTHING, Reason("bottom", (fact, (end, NOTHING))))
        for left, origin in list(self._predecessors.get(source, ())):
            self._compose((origin, left, source), fact)
        for right, further in list(self._successors.get(end, ())):
            self._compose(fact, (end, right, further))

    def _propagate(self, source: int, role: int, end: int, existential: int, concept: int) -> None:
        wider = int(self.rules.arrays.role[existential])
        if self.rules.arrays.subrole[role, wider]:
            premises = ((source, role, end), (end, concept))
            axioms = self.rules.roles.why_included(role, wider)
            self.subsume(source, existential, Reason("existential", premises, axioms), composed=True)

    def _compose(self, first: Link, second: Link) -> None:
        roles = len(self.concepts.roles)
        for composition in _row(self.rules.arrays.chains, first[1]):
            right, result = divmod(composition, roles)
            if right == second[1] and (first[0], result, second[2]) not in self.reasons:
                axioms = self.rules.roles.why_composed(first[1], right, result)
                self.link(first[0], result, second[2], Reason("chain", (first, second), axioms))

    def _told(self, concept: int) -> Iterator[tuple[int, int]]:
        told = self.rules.arrays.told
        first, last = int(told[concept]), int(told[concept + 1])
        axioms = self.rules.told_axiom[first - int(told[0]) : last - int(told[0])]
        return zip(told[first:last].tolist(), axioms.tolist(), strict=True)

    def _conjunctions(self, context: int, concept: int) -> list[tuple[int, int]]:
        """(other half, conjunction) of what a new subsumer makes with those that are there."""
        pairs = _row(self.rules.arrays.pairs, concept)
        concepts, there = len(self.concepts.keys), self._subsumers[context]
        if len(pairs) <= len(there):
            return [
                (other, result)
                for other, result in (divmod(pair, concepts) for pair in pairs)
                if other in there
            ]
        halves = np.array(sorted(there), dtype=np.int64)
        row = packed_row(self.rules.arrays.pairs, concept)
        at = np.searchsorted(row, halves * concepts)
        hit = at < len(row)
        hit[hit] = row[at[hit]] // concepts == halves[hit]
        return list(zip(halves[hit].tolist(), (row[at[hit]] % concepts).tolist(), strict=True))


def _row(rows: Integers, number: int) -> list[int]:
    found: list[int] = packed_row(rows, number).tolist()
    return found


def _axioms(axiom: int) -> tuple[int, ...]:
    return () if axiom == STRUCTURAL else (axiom,)
