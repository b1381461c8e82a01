"""Where each logical axiom was said: the reasoner's numbers for axioms, back to text and document."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import polars as pl

from impckg.ontology.documents.document import Document


@dataclass(frozen=True)
class Source:
    """A document, without its axioms. iri, version_iri: None where it states none."""

    name: str
    iri: str | None
    version_iri: str | None


class Axioms(Protocol):
    """Logical axioms in the order of their numbers."""

    def __len__(self) -> int:
        """How many there are."""

    def text(self, axiom: int) -> str:
        """An axiom in functional syntax, with its annotations."""

    def source(self, axiom: int) -> Source:
        """The document that says an axiom."""


@dataclass(frozen=True, eq=False)
class ReadAxioms:
    """Axioms of documents in memory.

    documents: what says them. places: the document and the component of each.
    """

    documents: tuple[Document, ...]
    places: Sequence[tuple[int, int]]

    def __len__(self) -> int:
        return len(self.places)

    def text(self, axiom: int) -> str:
        """An axiom in functional syntax, with its annotations."""
        document, component = self.places[axiom]
        return str(self.documents[document].components[component])

    def source(self, axiom: int) -> Source:
        """The document that says an axiom."""
        document = self.documents[self.places[axiom][0]]
        return Source(document.name, document.iri, document.version_iri)


@dataclass(frozen=True, eq=False)
class WrittenAxioms:
    """Axioms that were written down.

    table: columns axiom (functional syntax) and source (place in `sources`).
    """

    table: pl.DataFrame
    sources: tuple[Source, ...]

    def __len__(self) -> int:
        return self.table.height

    def text(self, axiom: int) -> str:
        """An axiom in functional syntax, with its annotations."""
        found: str = self.table["axiom"][axiom]
        return found

    def source(self, axiom: int) -> Source:
        """The document that says an axiom."""
        return self.sources[int(self.table["source"][axiom])]
