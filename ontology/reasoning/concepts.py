"""Class expressions as integers: the same expression is the same integer, wherever it stands.

Conjunctions are kept in pairs, their halves in the order of their integers, so that `A and B` and `B and A` are one.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from pyhornedowl import model as owl
from pyhornedowl import open_ontology_from_string

Key: TypeAlias = tuple[Any, ...]

# The integers of owl:Thing and owl:Nothing.
THING, NOTHING = 0, 1

OWL = "http://www.w3.org/2002/07/owl#"
TOP_PROPERTY, BOTTOM_PROPERTY = OWL + "topObjectProperty", OWL + "bottomObjectProperty"

# What a class expression can be. NAMED and INDIVIDUAL are atoms; OPAQUE stands for what EL cannot say.
NAMED, INDIVIDUAL, AND, SOME, UNION, NOT, SELF, OPAQUE = (
    "named",
    "individual",
    "and",
    "some",
    "union",
    "not",
    "self",
    "opaque",
)

_CARDINALITIES = (owl.ObjectMinCardinality, owl.ObjectExactCardinality)


@dataclass(eq=False)
class Concepts:
    """The concepts and properties met so far; grows, never forgets.

    keys: what each concept is: (NAMED, IRI), (INDIVIDUAL, IRI), (AND, half, half), (SOME, role, filler), (UNION, parts),
        (NOT, concept), (SELF, role) or (OPAQUE, functional syntax).
    roles: the IRI of each property; `ObjectInverseOf(<IRI>)` is a property of its own, of which nothing is known.
    """

    keys: list[Key] = field(default_factory=lambda: [(NAMED, OWL + "Thing"), (NAMED, OWL + "Nothing")])
    roles: list[str] = field(default_factory=list)
    _number: dict[Key, int] = field(default_factory=dict)
    _roles: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._number.update({key: number for number, key in enumerate(self.keys)})

    def number(self, key: Key) -> int:
        """Give a concept its integer."""
        found = self._number.get(key)
        if found is None:
            found = self._number[key] = len(self.keys)
            self.keys.append(key)
        return found

    def find(self, key: Key) -> int | None:
        """The integer of a concept that has been met; None if it has not."""
        return self._number.get(key)

    def named(self, iri: str) -> int:
        """The integer of a named class."""
        return self.number((NAMED, iri))

    def individual(self, individual: owl.Individual) -> int:
        """The integer of the class that holds nothing but an individual."""
        return self.number((INDIVIDUAL, str(individual)))

    def role(self, role: owl.ObjectPropertyExpression | str) -> int:
        """The integer of a property."""
        iri = str(role)
        found = self._roles.get(iri)
        if found is None:
            found = self._roles[iri] = len(self.roles)
            self.roles.append(iri)
        return found

    def atom(self, expression: owl.Class | owl.ObjectOneOf) -> Key:
        """The key of a named class, or of a set of one individual."""
        if isinstance(expression, owl.Class):
            return (NAMED, str(expression))
        return (INDIVIDUAL, str(expression.first[0]))

    def find_role(self, iri: str) -> int | None:
        """The integer of a property that has been met; None if it has not."""
        return self._roles.get(iri)

    def conjunction(self, parts: Iterable[int]) -> int:
        """The integer of a conjunction; of its part, if it has only one. Conjunctions among the parts are taken apart."""
        operands = sorted({part for whole in parts for part in self.parts(whole)} - {THING})
        if not operands:
            return THING
        left = operands[0]
        for right in operands[1:]:
            left = self.number((AND, left, right))
        return left

    def expression(self, expression: owl.ClassExpression) -> int:
        """The integer of a class expression.

        Cardinalities that say no more than `some` are that; what EL cannot say is kept as it is written.
        """
        read = _EXPRESSIONS.get(type(expression))
        if read is None:
            return self.number((OPAQUE, str(expression)))
        return read(self, expression)

    def some(self, role: owl.ObjectPropertyExpression | str, filler: int) -> int:
        """The integer of an existential restriction."""
        return self.number((SOME, self.role(role), filler))

    def at_least_one(self, expression: owl.ClassExpression) -> int | None:
        """What a cardinality of two or more implies in EL; None for any other expression."""
        if isinstance(expression, _CARDINALITIES) and expression.n >= 1:
            return self.some(expression.ope, self.expression(expression.bce))
        return None

    def parts(self, concept: int) -> list[int]:
        """The conjuncts of a conjunction, or the concept alone."""
        found = []
        waiting = [concept]
        while waiting:
            part = waiting.pop()
            kind, *halves = self.keys[part]
            if kind == AND:
                waiting += halves
            else:
                found.append(part)
        return found

    def union(self, parts: Iterable[int]) -> int:
        """The integer of a union; of its part, if it has only one."""
        distinct = tuple(sorted(set(parts)))
        if not distinct:
            return NOTHING
        return distinct[0] if len(distinct) == 1 else self.number((UNION, distinct))

    def written(self, concept: int) -> owl.ClassExpression:
        """A concept as a class expression again. A set of one individual stands for the individual."""
        kind, *rest = self.keys[concept]
        return _WRITTEN[str(kind)](self, *rest)


def _conjunction(concepts: Concepts, expression: owl.ObjectIntersectionOf) -> int:
    return concepts.conjunction(concepts.expression(part) for part in expression.first)


def _min_cardinality(concepts: Concepts, expression: owl.ObjectMinCardinality) -> int:
    if expression.n == 0:
        return THING
    if expression.n == 1:
        return concepts.some(expression.ope, concepts.expression(expression.bce))
    return concepts.number((OPAQUE, str(expression)))


_EXPRESSIONS: Mapping[type, Callable[[Concepts, Any], int]] = {
    owl.Class: lambda concepts, it: concepts.named(str(it)),
    owl.ObjectSomeValuesFrom: lambda concepts, it: concepts.some(it.ope, concepts.expression(it.bce)),
    owl.ObjectIntersectionOf: _conjunction,
    owl.ObjectHasValue: lambda concepts, it: concepts.some(it.ope, concepts.individual(it.i)),
    owl.ObjectUnionOf: lambda concepts, it: concepts.union(concepts.expression(part) for part in it.first),
    owl.ObjectOneOf: lambda concepts, it: concepts.union(concepts.individual(one) for one in it.first),
    owl.ObjectComplementOf: lambda concepts, it: concepts.number((NOT, concepts.expression(it.first))),
    owl.ObjectHasSelf: lambda concepts, it: concepts.number((SELF, concepts.role(it.first))),
    owl.ObjectMinCardinality: _min_cardinality,
}


def _property(concepts: Concepts, role: int) -> owl.ObjectPropertyExpression:
    name = concepts.roles[role]
    inverse = name.removeprefix("ObjectInverseOf(<").removesuffix(">)")
    direct = owl.ObjectProperty(owl.IRI.parse(inverse))
    return direct if inverse == name else owl.InverseObjectProperty(direct)


def _individual(name: str) -> owl.Individual:
    if name.startswith("_:"):
        return owl.AnonymousIndividual(name)
    return owl.NamedIndividual(owl.IRI.parse(name))


def _opaque(concepts: Concepts, text: str) -> owl.ClassExpression:
    document = f"Ontology(SubClassOf(<{OWL}Thing> {text}))"
    (axiom,) = open_ontology_from_string(document, "ofn").get_axioms()
    return axiom.component.sup


_WRITTEN: Mapping[str, Callable[..., owl.ClassExpression]] = {
    NAMED: lambda concepts, iri: owl.Class(owl.IRI.parse(iri)),
    INDIVIDUAL: lambda concepts, name: owl.ObjectOneOf([_individual(name)]),
    AND: lambda concepts, left, right: owl.ObjectIntersectionOf(
        [concepts.written(part) for half in (left, right) for part in concepts.parts(half)]
    ),
    SOME: lambda concepts, role, filler: owl.ObjectSomeValuesFrom(
        _property(concepts, role), concepts.written(filler)
    ),
    UNION: lambda concepts, parts: owl.ObjectUnionOf([concepts.written(part) for part in parts]),
    NOT: lambda concepts, part: owl.ObjectComplementOf(concepts.written(part)),
    SELF: lambda concepts, role: owl.ObjectHasSelf(_property(concepts, role)),
    OPAQUE: _opaque,
}
