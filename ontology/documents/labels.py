"""Labels of classes and properties, both ways."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from pyhornedowl import model as owl

from impckg.ontology.documents.document import Document

_LABEL = "http://www.w3.org/2000/01/rdf-schema#label"


@dataclass(frozen=True, eq=False)
class Labels:
    """What classes and object properties are called.

    labels: label of each IRI that has one. classes, properties: the IRIs that a label may stand for.
    """

    labels: Mapping[str, str]
    classes: frozenset[str]
    properties: frozenset[str]

    def label(self, iri: str) -> str | None:
        """The label of an IRI; None where it has none."""
        return self.labels.get(iri)

    def called(self, label: str, among: frozenset[str]) -> list[str]:
        """The IRIs with a label, sorted; where none has it as it is written, those that differ in case only."""
        alike = sorted(iri for iri in self._by_label.get(label.casefold(), ()) if iri in among)
        return [iri for iri in alike if self.labels[iri] == label] or alike

    @cached_property
    def _by_label(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for iri, label in self.labels.items():
            found.setdefault(label.casefold(), []).append(iri)
        return found


def labels_of(documents: Iterable[Document]) -> Labels:
    """Collect the labels of some documents. Of several labels for one IRI, one without a language or in English is taken."""
    found: dict[str, tuple[bool, str]] = {}
    classes, properties = set(), set()
    for document in documents:
        for component in document.components:
            said = component.component
            if isinstance(said, owl.DeclareClass):
                classes.add(str(said.first))
            elif isinstance(said, owl.DeclareObjectProperty):
                properties.add(str(said.first))
            elif isinstance(said, owl.AnnotationAssertion) and str(said.ann.ap.first) == _LABEL:
                value = said.ann.av
                if isinstance(value, owl.SimpleLiteral | owl.LanguageLiteral | owl.DatatypeLiteral):
                    foreign = isinstance(value, owl.LanguageLiteral) and not value.lang.lower().startswith(
                        "en"
                    )
                    candidate = (foreign, value.literal)
                    iri = str(said.subject)
                    found[iri] = min(found.get(iri, candidate), candidate)
    return Labels(
        {iri: label for iri, (_, label) in found.items()}, frozenset(classes), frozenset(properties)
    )
