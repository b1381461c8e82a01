"""Axioms as rules of the EL kernel, and an account of what EL cannot say.

Nothing is dropped in silence: an axiom outside OWL 2 EL is listed with what puts it there. Where such an axiom implies
something in EL, that is used; an expression that EL cannot say counts as a class of its own, of which only told axioms
speak. So everything that is inferred does follow, and where nothing is listed everything that follows is inferred.

Source: Baader, Brandt and Lutz, "Pushing the EL envelope further" (2008) for the normal form and for ranges; Kazakov,
Krötzsch and Simančík (2014) for what must be indexed.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from pyhornedowl import model as owl

from impckg.ontology.documents.document import Document
from impckg.ontology.reasoning.concepts import (
    AND,
    BOTTOM_PROPERTY,
    INDIVIDUAL,
    NAMED,
    NOT,
    NOTHING,
    SELF,
    SOME,
    THING,
    TOP_PROPERTY,
    UNION,
    Concepts,
)
from impckg.ontology.reasoning.roles import STRUCTURAL, Roles, close_roles
from impckg.ontology.reasoning.rows import Integers, packed

# Axioms that say nothing about what falls under what.
_NOT_LOGICAL = (
    owl.OntologyID,
    owl.DocIRI,
    owl.OntologyAnnotation,
    owl.Import,
    owl.DeclareAnnotationProperty,
    owl.DeclareDataProperty,
    owl.DeclareDatatype,
    owl.AnnotationAssertion,
    owl.SubAnnotationPropertyOf,
    owl.AnnotationPropertyDomain,
    owl.AnnotationPropertyRange,
)
# Of up to so many disjoint classes each pair gets a rule; of more, halves of halves.
_FEW = 8


@dataclass(frozen=True)
class Outside:
    """An axiom that EL does not cover. construct: what puts it there; axiom: its place in `RuleBook.axioms`."""

    construct: str
    axiom: int


@dataclass(eq=False)
class RuleBook:
    """Everything that the axioms of some documents say in EL.

    axioms: (document, component) for each logical axiom, places in the sequence of documents and in their components.
    told: (sub, sup, axiom) between concepts; sup is no conjunction.
    negative: concepts that must be recognised: parts of what stands on the left of an axiom.
    positive: existentials that must be taken apart.
    role_inclusions: (sub, sup, axiom); chains: (left, right, sup, axiom); ranges: (role, concept, axiom).
    reflexive: (role, axiom).
    outside: axioms that EL does not cover, each once for a reason.
    """

    concepts: Concepts = field(default_factory=Concepts)
    axioms: list[tuple[int, int]] = field(default_factory=list)
    told: list[tuple[int, int, int]] = field(default_factory=list)
    negative: set[int] = field(default_factory=set)
    positive: dict[int, None] = field(default_factory=dict)
    role_inclusions: list[tuple[int, int, int]] = field(default_factory=list)
    chains: list[tuple[int, int, int, int]] = field(default_factory=list)
    ranges: list[tuple[int, int, int]] = field(default_factory=list)
    reflexive: list[tuple[int, int]] = field(default_factory=list)
    outside: dict[Outside, None] = field(default_factory=dict)
    _axiom: int = STRUCTURAL

    def add(self, documents: Sequence[Document]) -> None:
        """Take up the axioms of documents."""
        for number, document in enumerate(documents):
            for place, component in enumerate(document.components):
                self.add_axiom(component.component, (number, place))

    def add_axiom(self, axiom: owl.Component, source: tuple[int, int]) -> None:
        """Take up one axiom."""
        kind = type(axiom)
        if kind in _NOT_LOGICAL:
            return
        if kind is owl.DeclareClass:
            self.concepts.named(str(axiom.first))
            return
        if kind is owl.DeclareObjectProperty:
            self.concepts.role(axiom.first)
            return
        if kind is owl.DeclareNamedIndividual:
            self.concepts.individual(axiom.first)
            return
        self._axiom = len(self.axioms)
        self.axioms.append(source)
        taken_up = _AXIOMS.get(kind)
        if taken_up is None:
            self.report(kind.__name__)
        else:
            taken_up(self, axiom)
        self._axiom = STRUCTURAL

    def sub_class(self, sub: int, sup: int) -> None:
        """Say that one concept falls under another, by the axiom at hand."""
        self.recognise(sub)
        for part in self.concepts.parts(sup):
            if part != THING:
                self.take_apart(part)
                self.told.append((sub, part, self._axiom))

    def recognise(self, concept: int) -> None:
        """Note that a concept stands on the left of an axiom, and so do its parts."""
        waiting = [concept]
        while waiting:
            part = waiting.pop()
            if part in self.negative:
                continue
            self.negative.add(part)
            kind, *rest = self.concepts.keys[part]
            if kind == AND:
                waiting += rest
            elif kind == SOME:
                waiting.append(rest[1])
            elif kind == UNION:
                waiting += rest[0]
                self.told += [(member, part, STRUCTURAL) for member in rest[0]]

    def take_apart(self, concept: int) -> None:
        """Note that a concept stands on the right of an axiom, and so do its parts."""
        waiting = [concept]
        while waiting:
            part = waiting.pop()
            if part in self.positive:
                continue
            kind, *rest = self.concepts.keys[part]
            if kind == AND:
                waiting += rest
            elif kind == SOME:
                self.positive[part] = None
                waiting.append(rest[1])
            elif kind == NOT:
                self.positive[part] = None
                both = self.concepts.conjunction((part, rest[0]))
                self.recognise(both)
                self.told.append((both, NOTHING, STRUCTURAL))

    def disjoint(self, concepts: Sequence[int]) -> None:
        """Say that no two of these have anything in common. One that stands there twice has nothing at all."""
        if len(concepts) <= _FEW:
            for left, right in combinations(concepts, 2):
                self.sub_class(self.concepts.conjunction((left, right)), NOTHING)
            return
        half = len(concepts) // 2
        sides = []
        for side in (concepts[:half], concepts[half:]):
            self.disjoint(side)
            union = self.concepts.number((UNION, tuple(side)))
            self.recognise(union)
            sides.append(union)
        self.sub_class(self.concepts.conjunction(sides), NOTHING)

    def expression(self, expression: owl.ClassExpression, positive: bool) -> int:
        """Give an expression of the axiom at hand its integer, and report what EL cannot say there."""
        concept = self.concepts.expression(expression)
        _report_outside(self, expression, positive)
        return concept

    def report(self, construct: str) -> None:
        """Note that something in the axiom at hand is outside EL."""
        self.outside[Outside(construct, self._axiom)] = None


# Reporting ------------------------------------------------------------------------------------------


def _report_outside(book: RuleBook, expression: owl.ClassExpression, positive: bool) -> None:
    """Report each construct of an expression that the kernel does not cover where it stands."""
    waiting: list[owl.ClassExpression] = [expression]
    while waiting:
        part = waiting.pop()
        kind = type(part)
        if kind in (
            owl.ObjectSomeValuesFrom,
            owl.ObjectHasValue,
            owl.ObjectHasSelf,
            owl.ObjectMinCardinality,
        ):
            _report_property(book, part.first if kind is owl.ObjectHasSelf else part.ope)
        if kind in (owl.ObjectUnionOf, owl.ObjectOneOf) and positive and len(part.first) > 1:
            book.report(f"{kind.__name__} on the right")
        if kind in (owl.ObjectIntersectionOf, owl.ObjectUnionOf):
            waiting += part.first
        elif kind is owl.ObjectSomeValuesFrom or (kind is owl.ObjectMinCardinality and part.n <= 1):
            waiting.append(part.bce)
        elif kind is owl.ObjectComplementOf and positive:
            _report_outside(book, part.first, positive=False)
        elif kind not in _COVERED:
            book.report(kind.__name__ if positive else f"{kind.__name__} on the left")
            if positive:
                _weaken(book, part)


# Expressions that the kernel covers wherever they stand, as far as their parts are covered.
_COVERED = (owl.Class, owl.ObjectHasValue, owl.ObjectHasSelf, owl.ObjectOneOf)


def _weaken(book: RuleBook, expression: owl.ClassExpression) -> None:
    """Use what an expression implies in EL, though EL cannot say it."""
    implied = book.concepts.at_least_one(expression)
    if implied is not None:
        book.told.append((book.concepts.expression(expression), implied, STRUCTURAL))
        book.take_apart(implied)


def _report_property(book: RuleBook, role: owl.ObjectPropertyExpression) -> None:
    if type(role) is owl.InverseObjectProperty:
        book.report("ObjectInverseOf")
    elif str(role) in (TOP_PROPERTY, BOTTOM_PROPERTY):
        book.report(str(role).rpartition("#")[2])


# One function for each kind of axiom ------------------------------------------------------------------


def _sub_class_of(book: RuleBook, axiom: owl.SubClassOf) -> None:
    book.sub_class(book.expression(axiom.sub, positive=False), book.expression(axiom.sup, positive=True))


def _equivalent_classes(book: RuleBook, axiom: owl.EquivalentClasses) -> None:
    concepts = [book.expression(operand, positive=True) for operand in axiom.first]
    for operand in axiom.first:
        _report_outside(book, operand, positive=False)
    for left, right in pairwise([*concepts, concepts[0]]):
        book.sub_class(left, right)
        book.sub_class(right, left)


def _disjoint_classes(book: RuleBook, axiom: owl.DisjointClasses) -> None:
    book.disjoint([book.expression(operand, positive=False) for operand in axiom.first])


def _disjoint_union(book: RuleBook, axiom: owl.DisjointUnion) -> None:
    whole = book.concepts.named(str(axiom.first))
    parts = [book.expression(part, positive=False) for part in axiom.second]
    for part in parts:
        book.sub_class(part, whole)
    book.disjoint(parts)
    if len(parts) == 1:
        book.sub_class(whole, parts[0])
    else:
        book.report("DisjointUnion: that the whole is nothing but its parts")


def _class_assertion(book: RuleBook, axiom: owl.ClassAssertion) -> None:
    book.sub_class(book.concepts.individual(axiom.i), book.expression(axiom.ce, positive=True))


def _object_property_assertion(book: RuleBook, axiom: owl.ObjectPropertyAssertion) -> None:
    _report_property(book, axiom.ope)
    target = book.concepts.individual(axiom.target)
    book.sub_class(book.concepts.individual(axiom.source), book.concepts.some(axiom.ope, target))


def _negative_assertion(book: RuleBook, axiom: owl.NegativeObjectPropertyAssertion) -> None:
    _report_property(book, axiom.ope)
    denied = book.concepts.some(axiom.ope, book.concepts.individual(axiom.target))
    book.sub_class(book.concepts.conjunction((book.concepts.individual(axiom.source), denied)), NOTHING)


def _same_individual(book: RuleBook, axiom: owl.SameIndividual) -> None:
    individuals = [book.concepts.individual(one) for one in axiom.first]
    for left, right in pairwise([*individuals, individuals[0]]):
        book.sub_class(left, right)
        book.sub_class(right, left)


def _different_individuals(book: RuleBook, axiom: owl.DifferentIndividuals) -> None:
    book.disjoint([book.concepts.individual(one) for one in axiom.first])


def _sub_property(book: RuleBook, axiom: owl.SubObjectPropertyOf) -> None:
    chain = axiom.sub if isinstance(axiom.sub, list) else [axiom.sub]
    for role in (*chain, axiom.sup):
        _report_property(book, role)
    _include_chain(book, [book.concepts.role(role) for role in chain], book.concepts.role(axiom.sup))


def _include_chain(book: RuleBook, chain: list[int], sup: int) -> None:
    if len(chain) == 1:
        book.role_inclusions.append((chain[0], sup, book._axiom))
        return
    left = chain[0]
    for place, right in enumerate(chain[1:-1]):
        # Links of the beginning of a long chain have a property of their own.
        beginning = book.concepts.role(f"{book._axiom} {place}")
        book.chains.append((left, right, beginning, STRUCTURAL))
        left = beginning
    book.chains.append((left, chain[-1], sup, book._axiom))


def _equivalent_properties(book: RuleBook, axiom: owl.EquivalentObjectProperties) -> None:
    for role in axiom.first:
        _report_property(book, role)
    roles = [book.concepts.role(role) for role in axiom.first]
    for left, right in pairwise([*roles, roles[0]]):
        book.role_inclusions += [(left, right, book._axiom), (right, left, book._axiom)]


def _transitive(book: RuleBook, axiom: owl.TransitiveObjectProperty) -> None:
    _report_property(book, axiom.first)
    role = book.concepts.role(axiom.first)
    _include_chain(book, [role, role], role)


def _reflexive(book: RuleBook, axiom: owl.ReflexiveObjectProperty) -> None:
    _report_property(book, axiom.first)
    book.reflexive.append((book.concepts.role(axiom.first), book._axiom))


def _domain(book: RuleBook, axiom: owl.ObjectPropertyDomain) -> None:
    _report_property(book, axiom.ope)
    book.sub_class(book.concepts.some(axiom.ope, THING), book.expression(axiom.ce, positive=True))


def _range(book: RuleBook, axiom: owl.ObjectPropertyRange) -> None:
    _report_property(book, axiom.ope)
    role = book.concepts.role(axiom.ope)
    for part in book.concepts.parts(book.expression(axiom.ce, positive=True)):
        if part != THING:
            book.take_apart(part)
            book.ranges.append((role, part, book._axiom))


_AXIOMS: Mapping[type, Callable[[RuleBook, owl.Component], None]] = {
    owl.SubClassOf: _sub_class_of,
    owl.EquivalentClasses: _equivalent_classes,
    owl.DisjointClasses: _disjoint_classes,
    owl.DisjointUnion: _disjoint_union,
    owl.ClassAssertion: _class_assertion,
    owl.ObjectPropertyAssertion: _object_property_assertion,
    owl.NegativeObjectPropertyAssertion: _negative_assertion,
    owl.SameIndividual: _same_individual,
    owl.DifferentIndividuals: _different_individuals,
    owl.SubObjectPropertyOf: _sub_property,
    owl.EquivalentObjectProperties: _equivalent_properties,
    owl.TransitiveObjectProperty: _transitive,
    owl.ReflexiveObjectProperty: _reflexive,
    owl.ObjectPropertyDomain: _domain,
    owl.ObjectPropertyRange: _range,
}


# Arrays ------------------------------------------------------------------------------------------------


class RuleArrays(NamedTuple):
    """The rules as the kernel takes them: arrays of integers. Rows are packed (rows.py).

    init: rows by context: the concepts that it begins with.
    told: rows by concept: superclasses.
    pairs: rows by each half of a conjunction on the left of an axiom, ascending: other half * concepts + conjunction.
    fillers: rows by the filler of an existential that stands on the left of an axiom: the existential.
    role: shape (concepts,); the property of an existential, -1 for what is none.
    target: shape (concepts,); the context of the filler of an existential on the right of an axiom, -1 for what is none.
    self_role: shape (concepts,); the property of a self restriction, -1 for what is none.
    subrole: shape (roles, roles); whether the first is a subproperty of the second, or is the second.
    chains: rows by the left of two properties that make a third, ascending: right * roles + third.
    begins, ends: shape (roles,); whether a property stands on the left, or on the right, in some chain.
    """

    init: Integers
    told: Integers
    pairs: Integers
    fillers: Integers
    role: Integers
    target: Integers
    self_role: Integers
    subrole: npt.NDArray[np.bool_]
    chains: Integers
    begins: npt.NDArray[np.bool_]
    ends: npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Rules:
    """The rules, and what they were made from.

    arrays: the rules.
    roles: the axioms about properties.
    told_axiom: the axiom of each rule in the rows of `arrays.told`, in their order; STRUCTURAL where it has none.
    context_of: shape (concepts,); the context of a named class or an individual, -1 for other concepts.
    root: shape (contexts,); the concept that each context stands for.
    """

    arrays: RuleArrays
    roles: Roles
    told_axiom: Integers
    context_of: Integers
    root: Integers

    @property
    def contexts(self) -> int:
        """How many contexts there are."""
        return len(self.root)


def compile_rules(book: RuleBook) -> Rules:
    """Write the rules of a book as arrays."""
    roles = close_roles(len(book.concepts.roles), book.role_inclusions, book.chains, book.ranges)
    contexts = _contexts(book, roles)
    told = _told(book, roles)
    concepts = len(book.concepts.keys)
    numbers = np.arange(len(book.concepts.roles))
    compositions = roles.compositions()
    arrays = RuleArrays(
        init=_init(book, contexts),
        told=packed(told[:, 0], told[:, 1], concepts),
        pairs=_pairs(book),
        fillers=_fillers(book),
        **_shapes(book, contexts),
        subrole=roles.subrole,
        chains=packed(
            compositions[:, 0], compositions[:, 1] * len(numbers) + compositions[:, 2], len(numbers)
        ),
        begins=np.isin(numbers, compositions[:, 0]),
        ends=np.isin(numbers, compositions[:, 1]),
    )
    context_of = np.full(concepts, -1, dtype=np.int64)
    context_of[contexts.atoms] = np.arange(len(contexts.atoms))
    root = np.array([concept for concept, _ in contexts.number], dtype=np.int64)
    return Rules(arrays, roles, told[:, 2].copy(), context_of, root)


@dataclass(frozen=True, eq=False)
class _Contexts:
    """number: the context of (concept, ranges); atoms: the concepts of the first contexts; target: of an existential."""

    number: dict[tuple[int, tuple[int, ...]], int]
    atoms: list[int]
    target: dict[int, int]


def _contexts(book: RuleBook, roles: Roles) -> _Contexts:
    keys = book.concepts.keys
    atoms = [concept for concept, key in enumerate(keys) if key[0] in (NAMED, INDIVIDUAL)]
    number: dict[tuple[int, tuple[int, ...]], int] = {(concept, ()): at for at, concept in enumerate(atoms)}
    target = {}
    for concept in list(book.positive):
        key = keys[concept]
        if key[0] == SOME:
            filler = (int(key[2]), roles.ranges_of(int(key[1])))
            target[concept] = number.setdefault(filler, len(number))
    return _Contexts(number, atoms, target)


def _init(book: RuleBook, contexts: _Contexts) -> Integers:
    # What holds of everything is only said where some rule asks for it.
    everywhere = [THING] if _asked_for_thing(book) else []
    numbers: list[int] = []
    concepts: list[int] = []
    for (concept, ranged), number in contexts.number.items():
        begins_with = dict.fromkeys([*everywhere, *book.concepts.parts(concept), *ranged])
        numbers += [number] * len(begins_with)
        concepts += begins_with
    return packed(np.array(numbers, dtype=np.int64), np.array(concepts, dtype=np.int64), len(contexts.number))


def _asked_for_thing(book: RuleBook) -> bool:
    return THING in book.negative or bool(book.reflexive)


def _told(book: RuleBook, roles: Roles) -> Integers:
    """Rows (sub, sup, axiom), each once."""
    rows = dict.fromkeys(book.told)
    for role, axiom in book.reflexive:
        rows[(THING, book.concepts.number((SELF, role)), axiom)] = None
    for concept, key in enumerate(book.concepts.keys):
        if key[0] == SELF:
            for sup in np.flatnonzero(roles.subrole[key[1]]):
                wider = book.concepts.find((SELF, int(sup)))
                if wider is not None and wider != concept:
                    rows[(concept, wider, STRUCTURAL)] = None
    # By subclass; the last of a row is looked at first by the kernel: existentials, so that those of superclasses
    # are mostly composed before they are told, and need no link.
    keys = book.concepts.keys
    ordered = sorted(rows, key=lambda row: (row[0], keys[row[1]][0] == SOME))
    return np.array(ordered, dtype=np.int64).reshape(-1, 3)


def _pairs(book: RuleBook) -> Integers:
    keys = book.concepts.keys
    halves = [(*keys[concept][1:], concept) for concept in sorted(book.negative) if keys[concept][0] == AND]
    table = np.array(halves, dtype=np.int64).reshape(-1, 3)
    table = np.concatenate([table, table[:, [1, 0, 2]]])
    table = table[np.lexsort((table[:, 1], table[:, 0]))]
    return packed(table[:, 0], table[:, 1] * len(keys) + table[:, 2], len(keys))


def _fillers(book: RuleBook) -> Integers:
    keys = book.concepts.keys
    existentials = [(keys[concept][2], concept) for concept in book.negative if keys[concept][0] == SOME]
    table = np.array(sorted(existentials), dtype=np.int64).reshape(-1, 2)
    return packed(table[:, 0], table[:, 1], len(keys))


def _shapes(book: RuleBook, contexts: _Contexts) -> dict[str, Integers]:
    """What each concept is to the kernel: its property, the context of its filler, the property of its self restriction."""
    keys = book.concepts.keys
    role, target, self_role = (np.full(len(keys), -1, dtype=np.int64) for _ in range(3))
    for concept, key in enumerate(keys):
        if key[0] == SOME:
            role[concept] = key[1]
        elif key[0] == SELF:
            self_role[concept] = key[1]
    for concept, context in contexts.target.items():
        target[concept] = context
    return {"role": role, "target": target, "self_role": self_role}
