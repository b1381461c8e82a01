"""Where each logical axiom was said: the reasoner's numbers for axioms, back to text and document."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from impckg.ontology.documents.document import Document


@dataclass(frozen=True)
class Source:
    """A document, without its axioms. iri, version_iri: None where it states none."""

    name: str
    iri: str | None
    version_iri: str | None


@dataclass(frozen=True, eq=False)
class Axioms:
    """Logical axioms in the order of their numbers.

    table: columns axiom (functional syntax, with the annotations of the axiom) and source (place in `sources`).
    sources: the documents.
    """

    table: pl.DataFrame
    sources: tuple[Source, ...]

    def text(self, axiom: int) -> str:
        """An axiom in functional syntax."""
        found: str = self.table["axiom"][axiom]
        return found

    def source(self, axiom: int) -> Source:
        """The document that says an axiom."""
        return self.sources[int(self.table["source"][axiom])]


def axioms_of(documents: Sequence[Document], places: Sequence[tuple[int, int]]) -> Axioms:
    """Write down axioms. places: the document and the component of each."""
    return Axioms(
        table=pl.DataFrame(
            {
                "axiom": [str(documents[document].components[component]) for document, component in places],
                "source": [document for document, _ in places],
            },
            schema={"axiom": pl.String, "source": pl.Int32},
        ),
        sources=tuple(Source(document.name, document.iri, document.version_iri) for document in documents),
    )
