"""What a reader should know of a classification: how much there is, what is outside EL, and what looks like a mistake."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from impckg.graph.identifiers import obo_curie
from impckg.ontology.documents.labels import Labels
from impckg.ontology.reasoning.classification import Classification
from impckg.ontology.reasoning.concepts import INDIVIDUAL
from impckg.ontology.reasoning.relations import named_properties


@dataclass(frozen=True)
class Account:
    """How a classification went.

    classes, axioms: how many there are. subsumptions: inferred, without owl:Thing and a class under itself.
    direct: those with no class between. equivalents: pairs of named classes that mean the same.
    unsatisfiable: IRIs of classes that can have no instance.
    indistinct: pairs of classes (IRIs) of one ontology that mean the same: a circle of subclasses, or one definition twice.
    outside: axioms outside OWL 2 EL, by what puts them there.
    undeclared: IRIs of classes and properties that axioms use and no document declares.
    punned: IRIs that are two of class, property and individual.
    """

    classes: int
    axioms: int
    subsumptions: int
    direct: int
    equivalents: int
    unsatisfiable: tuple[str, ...]
    indistinct: tuple[tuple[str, str], ...]
    outside: Mapping[str, int]
    undeclared: tuple[str, ...]
    punned: tuple[str, ...]


def account(classification: Classification, names: Labels) -> Account:
    """Give the account of a classification. names: those of its documents."""
    taxonomy = classification.taxonomy
    classes = set(classification.classes)
    properties = set(named_properties(classification))
    individuals = {str(key[1]) for key in classification.concepts.keys if key[0] == INDIVIDUAL}
    return Account(
        classes=len(classes),
        axioms=len(classification.axioms),
        subsumptions=len(taxonomy.above.values),
        direct=len(taxonomy.direct.values),
        equivalents=len(taxonomy.equivalent.values) // 2,
        unsatisfiable=tuple(classification.unsatisfiable),
        indistinct=tuple(
            (one, other)
            for one, other in classification.equivalents().rows()
            if one < other and _ontology(one) == _ontology(other)
        ),
        outside=dict(sorted(Counter(one.construct for one in classification.outside).items())),
        undeclared=tuple(sorted((classes - names.classes) | (properties - names.properties))),
        punned=tuple(sorted((classes & properties) | (classes & individuals) | (properties & individuals))),
    )


def _ontology(class_: str) -> str:
    """What the IRIs of one ontology have in common: the prefix of a CURIE, or all up to the last part."""
    curie = obo_curie(class_)
    return curie.partition(":")[0] if curie else class_[: max(class_.rfind("#"), class_.rfind("/"))]
