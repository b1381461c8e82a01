"""The inferred hierarchy of named classes, from the subsumers that the kernel found."""

import numpy as np
import numpy.typing as npt
from numba import njit

from impckg.ontology.reasoning.classification import Taxonomy
from impckg.ontology.reasoning.concepts import NOTHING
from impckg.ontology.reasoning.growing import EMPTY
from impckg.ontology.reasoning.rows import Integers, Rows
from impckg.ontology.reasoning.saturation import lower_bound


def taxonomy(subsumers: Rows, contexts: Integers, class_of: Integers) -> Taxonomy:
    """Build the hierarchy of classes.

    subsumers: of each context, the concepts.
    contexts: shape (classes,); the context of each class.
    class_of: shape (concepts,); the class that a concept is; -1 for what is none, and for owl:Thing and owl:Nothing.
    """
    unsatisfiable = np.isin(contexts, subsumers.numbers[subsumers.values == NOTHING])
    above = Rows(*_above(subsumers.first, subsumers.values, contexts, class_of, unsatisfiable))
    equivalent = Rows(*_equivalent(above.first, above.values))
    direct = Rows(*_direct(above.first, above.values))
    return Taxonomy(above, direct, equivalent, unsatisfiable)


@njit(cache=True, nogil=True)
def _above(
    first: Integers,
    concepts: Integers,
    contexts: Integers,
    class_of: Integers,
    unsatisfiable: npt.NDArray[np.bool_],
) -> tuple[Integers, Integers]:
    """The classes above each; none for what is unsatisfiable."""
    bounds = np.zeros(contexts.shape[0] + 1, dtype=np.int64)
    found = np.empty(concepts.shape[0], dtype=np.int64)
    end = 0
    for number in range(contexts.shape[0]):
        context = contexts[number]
        if not unsatisfiable[number]:
            for concept in concepts[first[context] : first[context + 1]]:
                if class_of[concept] >= 0 and class_of[concept] != number:
                    found[end] = class_of[concept]
                    end += 1
            found[bounds[number] : end].sort()
        bounds[number + 1] = end
    return bounds, found[:end].copy()


@njit(cache=True, nogil=True)
def _equivalent(first: Integers, above: Integers) -> tuple[Integers, Integers]:
    """Of the classes above each, those that it is above itself."""
    bounds = np.zeros(first.shape[0], dtype=np.int64)
    found = np.empty(above.shape[0], dtype=np.int64)
    end = 0
    for number in range(first.shape[0] - 1):
        for other in above[first[number] : first[number + 1]]:
            if _is_above(first, above, other, number):
                found[end] = other
                end += 1
        bounds[number + 1] = end
    return bounds, found[:end].copy()


@njit(cache=True, nogil=True)
def _direct(first: Integers, above: Integers) -> tuple[Integers, Integers]:
    """Of the classes above each, those with nothing between.

    A class is passed over if it is above another strict superclass and not equivalent to it.
    """
    bounds = np.zeros(first.shape[0], dtype=np.int64)
    found = np.empty(above.shape[0], dtype=np.int64)
    passed = np.full(first.shape[0] - 1, EMPTY, dtype=np.int64)
    end = 0
    for number in range(first.shape[0] - 1):
        row = above[first[number] : first[number + 1]]
        for other in row:
            if _is_above(first, above, other, number):
                passed[other] = number
                continue
            for further in above[first[other] : first[other + 1]]:
                if not _is_above(first, above, further, other):
                    passed[further] = number
        for other in row:
            if passed[other] != number:
                found[end] = other
                end += 1
        bounds[number + 1] = end
    return bounds, found[:end].copy()


@njit(cache=True, nogil=True)
def _is_above(first: Integers, above: Integers, number: int, other: int) -> bool:
    """Whether the second class is above the first."""
    at = lower_bound(above, first[number], first[number + 1], other)
    return bool(at < first[number + 1] and above[at] == other)
