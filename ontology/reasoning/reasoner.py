"""Classification: from axioms to everything that follows about named classes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from impckg.graph.errors import OntologyError
from impckg.ontology.documents.document import Document
from impckg.ontology.reasoning import growing
from impckg.ontology.reasoning.axioms import Axioms, ReadAxioms
from impckg.ontology.reasoning.classification import Classification, Links, class_of, classes_of, contexts_of
from impckg.ontology.reasoning.concepts import INDIVIDUAL, NOTHING, THING, Concepts
from impckg.ontology.reasoning.rows import Rows
from impckg.ontology.reasoning.rules import RuleBook, Rules, compile_rules
from impckg.ontology.reasoning.saturation import State, empty_state, saturate
from impckg.ontology.reasoning.taxonomy import taxonomy


@dataclass(frozen=True)
class Limits:
    """What a classification may take.

    seconds: of the kernel's time. memory_mib: of the kernel's room, which is taken from the system only as it fills.
    """

    seconds: float = 600.0
    memory_mib: int = 8192


def classify(documents: Sequence[Document], limits: Limits = Limits()) -> Classification:
    """Find everything that the axioms of some documents imply about their named classes, as far as OWL 2 EL goes.

    Raises OntologyError where the axioms contradict each other, so that nothing can be said of anything, and where
    time or memory do not suffice.
    """
    book = RuleBook()
    book.add(documents)
    rules = compile_rules(book)
    state = empty_state(rules.contexts, limits.memory_mib)
    everything = np.arange(rules.contexts, dtype=np.int64)
    saturate(rules.arrays, state, everything, limits.seconds, limits.memory_mib)
    return read_off(book, ReadAxioms(tuple(documents), book.axioms), rules, state)


def read_off(book: RuleBook, axioms: Axioms, rules: Rules, state: State) -> Classification:
    """Write down what a saturation found. Raises OntologyError where the axioms contradict each other."""
    subsumers = Rows(*growing.written_down(state.subsumers))
    _refuse_contradiction(book.concepts, rules, subsumers)
    classes = classes_of(book.concepts)
    hierarchy = taxonomy(
        subsumers, contexts_of(book.concepts, rules, classes), class_of(book.concepts, classes)
    )
    return Classification(
        axioms=axioms,
        concepts=book.concepts,
        rules=rules,
        subsumers=subsumers,
        links=_links(state, rules.contexts),
        classes=classes,
        taxonomy=hierarchy,
        outside=tuple(book.outside),
    )


def _refuse_contradiction(concepts: Concepts, rules: Rules, subsumers: Rows) -> None:
    """A contradiction is an individual, or everything, that is nothing."""
    for context in subsumers.numbers[subsumers.values == NOTHING]:
        root = int(rules.root[context])
        kind, name = concepts.keys[root][:2]
        if context == rules.context_of[root] and (kind == INDIVIDUAL or root == THING):
            raise OntologyError(
                f"the axioms contradict each other: {name} falls under owl:Nothing; expected axioms that can hold together"
            )


def _links(state: State, contexts: int) -> Links:
    found = Rows(*growing.written_down(state.predecessors))
    role, source = np.divmod(found.values, contexts)
    end = found.numbers
    order = np.lexsort((end, role, source))
    return Links(source[order], role[order], end[order])
