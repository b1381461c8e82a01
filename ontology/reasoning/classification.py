"""What follows from axioms: the inferred hierarchy, and all that it was read off from.

Made by reasoner.py. Class expressions are asked of it (class_query.py), explanations are made from it (explanation.py), and
it can be kept in a folder and opened again (keeping.py). None of these needs the compiled kernel.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy import sparse

from impckg.ontology.reasoning.axioms import Axioms
from impckg.ontology.reasoning.concepts import NAMED, NOTHING, Concepts
from impckg.ontology.reasoning.rows import Integers, Rows
from impckg.ontology.reasoning.rules import Outside, Rules


@dataclass(frozen=True, eq=False)
class Taxonomy:
    """Which class is under which, by number of the class.

    above: all superclasses, equivalent ones too, without the class itself. direct: those with no other between.
    equivalent: those that mean the same. unsatisfiable: shape (classes,); such a class has empty rows, and stands in none.
    """

    above: Rows
    direct: Rows
    equivalent: Rows
    unsatisfiable: npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Links:
    """Existential facts between contexts: source ⊑ ∃role.end. Three arrays of one length, sorted by source, role and end."""

    source: Integers
    role: Integers
    end: Integers

    @cached_property
    def first(self) -> Integers:
        """Where the links of each source begin; one more entry than the last source."""
        return np.searchsorted(self.source, np.arange(self.source[-1] + 2 if len(self.source) else 1))

    def of(self, source: int) -> slice:
        """Where the links of one source are."""
        if source + 1 >= len(self.first):
            return slice(0, 0)
        return slice(int(self.first[source]), int(self.first[source + 1]))


@dataclass(frozen=True, eq=False)
class Classification:
    """What follows from some axioms.

    axioms: the logical axioms, with their sources.
    concepts: what the integers of concepts and properties mean.
    rules: the axioms as rules, and what the contexts stand for.
    subsumers: of each context, the concepts that it falls under.
    links: between contexts, closed under property chains.
    classes: IRIs of all named classes but owl:Thing and owl:Nothing, sorted; numbers of classes are places here.
    taxonomy: the hierarchy of classes.
    outside: axioms that EL does not cover, each with what puts it there; used only as far as they imply something in EL.
    """

    axioms: Axioms
    concepts: Concepts
    rules: Rules
    subsumers: Rows
    links: Links
    classes: tuple[str, ...]
    taxonomy: Taxonomy
    outside: tuple[Outside, ...]

    @property
    def unsatisfiable(self) -> list[str]:
        """Classes that can have no instance, sorted."""
        return [self.classes[number] for number in np.flatnonzero(self.taxonomy.unsatisfiable)]

    @cached_property
    def number(self) -> dict[str, int]:
        """The number of each class."""
        return {iri: number for number, iri in enumerate(self.classes)}

    @cached_property
    def class_of(self) -> Integers:
        """The class that each concept is: shape (concepts,); -1 for what is none, and for owl:Thing and owl:Nothing."""
        return class_of(self.concepts, self.classes)

    @cached_property
    def contexts(self) -> Integers:
        """The context of each class: shape (classes,)."""
        return contexts_of(self.concepts, self.rules, self.classes)

    def members_of(self, concept: int) -> Integers:
        """The contexts that fall under a concept."""
        first, contexts = self._members
        return contexts[first[concept] : first[concept + 1]]

    @cached_property
    def _members(self) -> tuple[Integers, Integers]:
        # Rows turned into columns as a sparse matrix: counting, where sorting takes ten times as long.
        rows = self.subsumers
        shape = (len(rows.first) - 1, len(self.concepts.keys))
        marks = np.ones(len(rows.values), dtype=np.int8)
        turned = sparse.csr_array((marks, rows.values, rows.first), shape=shape).tocsc()
        return turned.indptr.astype(np.int64), turned.indices.astype(np.int64)

    def subsumptions(self) -> pl.DataFrame:
        """Everything inferred: (sub, sup), IRIs, sorted.

        Without owl:Thing, without a class under itself, and without unsatisfiable classes, which are under everything.
        Equivalent classes are under each other.
        """
        return self._pairs(self.taxonomy.above, "sub", "sup")

    def direct(self) -> pl.DataFrame:
        """The hierarchy with nothing redundant: (sub, sup), IRIs, sorted.

        Of a set of equivalent superclasses all are there; equivalent classes are not under each other.
        """
        return self._pairs(self.taxonomy.direct, "sub", "sup")

    def equivalents(self) -> pl.DataFrame:
        """Named classes that mean the same: (class, equivalent), IRIs, both ways round, sorted."""
        return self._pairs(self.taxonomy.equivalent, "class", "equivalent")

    def _pairs(self, rows: Rows, left: str, right: str) -> pl.DataFrame:
        iris = pl.Series(self.classes, dtype=pl.String)
        return pl.DataFrame({left: iris.gather(rows.numbers), right: iris.gather(rows.values)})


def classes_of(concepts: Concepts) -> tuple[str, ...]:
    """The IRIs of all named classes but owl:Thing and owl:Nothing, sorted."""
    named = (str(key[1]) for number, key in enumerate(concepts.keys) if key[0] == NAMED and number > NOTHING)
    return tuple(sorted(named))


def class_of(concepts: Concepts, classes: Sequence[str]) -> Integers:
    """The class that each concept is: shape (concepts,); -1 for what is none of the classes."""
    found = np.full(len(concepts.keys), -1, dtype=np.int64)
    found[[concepts.named(iri) for iri in classes]] = np.arange(len(classes))
    return found


def contexts_of(concepts: Concepts, rules: Rules, classes: Sequence[str]) -> Integers:
    """The context of each class: shape (classes,)."""
    return rules.context_of[[concepts.named(iri) for iri in classes]]
