"""An ontology in any format, for the reasoner: anatomy, processes, qualities, or the definitions of phenotypes in logic.

OBO, OBO Graphs JSON, OWL functional syntax, OWL/XML, Manchester syntax, RDF/XML, Turtle or N-Triples. A row is an axiom,
a declaration or an annotation. What comes of it here are the labels of the classes and object properties that it declares;
those of MP, HP and MONDO are described by their own files. All axioms go to the reasoner, whoever's terms they speak of
(loaders/classifying.py). What the file imports must be files of the recipe, too.
"""

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from impckg.graph.identifiers import identifier
from impckg.loaders.context import ONTOLOGIES
from impckg.loaders.source import Batch, Context, Source, things
from impckg.loaders.table import LINE, all_good
from impckg.ontology.documents.document import read_document
from impckg.ontology.documents.labels import Labels, labels_of

_DESCRIBED_ELSEWHERE = tuple(f"{prefix}:" for prefix, _ in ONTOLOGIES.values())


def read(path: Path, context: Context) -> Iterator[Batch]:
    """Read the classes and object properties of an ontology file, with their labels."""
    document = read_document(path)
    names = labels_of([document])
    # "Line" is the number of the axiom: its order in the file means nothing.
    axioms = pl.DataFrame({LINE: range(1, len(document.components) + 1)}, schema={LINE: pl.Int64})
    yield Batch(
        all_good(axioms),
        {
            "OntologyTerm": _table("OntologyTerm", names, names.classes),
            "Relation": _table("Relation", names, names.properties),
        },
    )


def _table(kind_name: str, names: Labels, iris: frozenset[str]) -> pl.DataFrame:
    known = [(identifier(iri), names.label(iri)) for iri in sorted(iris)]
    own = [(name, label) for name, label in known if not name.startswith(_DESCRIBED_ELSEWHERE)]
    table = pl.DataFrame(own, schema={"id": pl.String, "label": pl.String}, orient="row")
    return things(table, kind_name, id=pl.col("id"), label=pl.col("label"))


SOURCE = Source(
    reader="ontology",
    title="An ontology with its axioms, for the reasoner",
    publisher="whoever makes the ontology",
    licence="https://creativecommons.org/licenses/by/4.0/",
    kinds=("OntologyTerm", "Relation"),
    read=read,
)
