"""Class expressions as questions: which named classes are below an expression, above it, and equal to it.

What is below is read off the canonical model of the classification (saturation.py), part by part of the expression. What is
above is traced (tracing.py), as if a class with the expression as its definition had been there. Both are complete for OWL 2
EL without nominals; unions may be asked as well, since in EL what is under a union is under one of its parts.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from pyhornedowl import model as owl

from impckg.graph.errors import QueryError
from impckg.ontology.reasoning.classification import Classification
from impckg.ontology.reasoning.concepts import INDIVIDUAL, NAMED, NOTHING, OWL
from impckg.ontology.reasoning.tracing import Trace

Mask: TypeAlias = npt.NDArray[np.bool_]

# Unions are taken apart to find what is above them: so many parts at most.
_MOST_PARTS = 256


@dataclass(frozen=True)
class ClassAnswer:
    """Named classes around an expression: IRIs, sorted.

    equivalent: they mean the same.
    below: all that are under it, without those; direct_below: of them, those that are under no other of them.
    above: all that it is under; direct_above: of them, those that are above no other of them.
    satisfiable: whether the expression can have instances; if not, everything is above it and nothing below.
    """

    equivalent: tuple[str, ...]
    below: tuple[str, ...]
    direct_below: tuple[str, ...]
    above: tuple[str, ...]
    direct_above: tuple[str, ...]
    satisfiable: bool


def ask(classification: Classification, expression: owl.ClassExpression) -> ClassAnswer:
    """Find the named classes around a class expression.

    Raises QueryError where the expression holds what EL cannot say, or names that the classification does not know.
    """
    below = set(np.flatnonzero(members(classification, expression)[classification.contexts]).tolist())
    above = _above(classification, expression)
    if above is None:
        return ClassAnswer((), (), (), classification.classes, (), satisfiable=False)
    equivalent = below & above
    below, above = below - equivalent, above - equivalent
    strict = {number: _strictly_above(classification, number) for number in below | above}
    passed = set().union(*(strict[number] for number in above))
    return ClassAnswer(
        equivalent=_iris(classification, equivalent),
        below=_iris(classification, below),
        direct_below=_iris(classification, {number for number in below if not strict[number] & below}),
        above=_iris(classification, above),
        direct_above=_iris(classification, above - passed),
        satisfiable=True,
    )


def members(classification: Classification, expression: owl.ClassExpression) -> Mask:
    """Which contexts fall under a class expression: shape (contexts,). Contexts that can have no instance are left out."""
    read = _READ.get(type(expression))
    if read is None:
        raise QueryError(
            f"{type(expression).__name__} cannot be asked: expected and, or, some, value and named classes (OWL 2 EL)"
        )
    return read(classification, expression) & ~_having(classification, NOTHING)


def _having(classification: Classification, concept: int | None) -> Mask:
    """The contexts that the kernel found under a concept."""
    found = np.zeros(classification.rules.contexts, dtype=np.bool_)
    if concept is not None:
        found[classification.members_of(concept)] = True
    return found


def _class(classification: Classification, expression: owl.Class) -> Mask:
    iri = str(expression)
    if iri == OWL + "Thing":
        return np.ones(classification.rules.contexts, dtype=np.bool_)
    concept = classification.concepts.find((NAMED, iri))
    if concept is None:
        raise QueryError(f"{iri} is no class of the classified ontologies")
    return _having(classification, concept)


def _some(classification: Classification, expression: owl.ObjectSomeValuesFrom) -> Mask:
    return _linked(classification, expression.ope, members(classification, expression.bce))


def _value(classification: Classification, expression: owl.ObjectHasValue) -> Mask:
    individual = classification.concepts.find((INDIVIDUAL, str(expression.i)))
    return _linked(classification, expression.ope, _having(classification, individual))


def _linked(classification: Classification, role: owl.ObjectPropertyExpression, ends: Mask) -> Mask:
    """The contexts with a link by a property, or one below it, to one of these."""
    number = classification.concepts.find_role(str(role))
    if number is None:
        raise QueryError(f"{role} is no property of the classified ontologies")
    links = classification.links
    found = np.zeros(classification.rules.contexts, dtype=np.bool_)
    found[links.source[classification.rules.roles.subrole[links.role, number] & ends[links.end]]] = True
    return found


def _and(classification: Classification, expression: owl.ObjectIntersectionOf) -> Mask:
    found = members(classification, expression.first[0])
    for part in expression.first[1:]:
        found &= members(classification, part)
    return found


def _or(classification: Classification, expression: owl.ObjectUnionOf) -> Mask:
    found = members(classification, expression.first[0])
    for part in expression.first[1:]:
        found |= members(classification, part)
    return found


def _one_of(classification: Classification, expression: owl.ObjectOneOf) -> Mask:
    found = np.zeros(classification.rules.contexts, dtype=np.bool_)
    for individual in expression.first:
        found |= _having(classification, classification.concepts.find((INDIVIDUAL, str(individual))))
    return found


def _min_cardinality(classification: Classification, expression: owl.ObjectMinCardinality) -> Mask:
    if expression.n == 0:
        return np.ones(classification.rules.contexts, dtype=np.bool_)
    if expression.n == 1:
        return _linked(classification, expression.ope, members(classification, expression.bce))
    raise QueryError(f"min {expression.n} cannot be asked: expected min 1, which is some (OWL 2 EL)")


_READ: Mapping[type, Callable[[Classification, Any], Mask]] = {
    owl.Class: _class,
    owl.ObjectSomeValuesFrom: _some,
    owl.ObjectHasValue: _value,
    owl.ObjectIntersectionOf: _and,
    owl.ObjectUnionOf: _or,
    owl.ObjectOneOf: _one_of,
    owl.ObjectMinCardinality: _min_cardinality,
}


def _above(classification: Classification, expression: owl.ClassExpression) -> set[int] | None:
    """The classes above an expression; None if it cannot have instances. What is above a union is above all its parts."""
    found: set[int] | None = None
    for part in _without_unions(expression):
        trace = Trace(classification.concepts, classification.rules)
        context = trace.invent(part)
        if not trace.run((context, NOTHING)):
            classes = classification.class_of[list(trace.subsumers(context))]
            above = set(classes[classes >= 0].tolist())
            found = above if found is None else found & above
    return found


def _without_unions(expression: owl.ClassExpression) -> list[owl.ClassExpression]:
    """The parts of an expression as a union: `p some (A or B)` is `p some A` or `p some B`.

    Raises QueryError where there are too many.
    """
    if isinstance(expression, owl.ObjectUnionOf):
        parts = [one for part in expression.first for one in _without_unions(part)]
    elif isinstance(expression, owl.ObjectOneOf):
        parts = [owl.ObjectOneOf([individual]) for individual in expression.first]
    elif isinstance(expression, owl.ObjectIntersectionOf):
        choices = [_without_unions(part) for part in expression.first]
        _refuse_many(prod(len(choice) for choice in choices))
        parts = [owl.ObjectIntersectionOf(list(choice)) for choice in product(*choices)]
    elif isinstance(expression, owl.ObjectHasValue):
        parts = [owl.ObjectSomeValuesFrom(expression.ope, owl.ObjectOneOf([expression.i]))]
    elif isinstance(expression, owl.ObjectSomeValuesFrom | owl.ObjectMinCardinality):
        if isinstance(expression, owl.ObjectMinCardinality) and expression.n == 0:
            return [owl.Class(owl.IRI.parse(OWL + "Thing"))]
        parts = [owl.ObjectSomeValuesFrom(expression.ope, one) for one in _without_unions(expression.bce)]
    else:
        parts = [expression]
    _refuse_many(len(parts))
    return parts


def _refuse_many(parts: int) -> None:
    if parts > _MOST_PARTS:
        raise QueryError(
            f"an expression with {parts} ways through its unions cannot be asked; expected {_MOST_PARTS} at most"
        )


def _strictly_above(classification: Classification, number: int) -> set[int]:
    taxonomy = classification.taxonomy
    above: set[int] = set(taxonomy.above.row(number).tolist())
    return above - set(taxonomy.equivalent.row(number).tolist())


def _iris(classification: Classification, numbers: Iterable[int]) -> tuple[str, ...]:
    return tuple(classification.classes[number] for number in sorted(numbers))
