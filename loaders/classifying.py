"""What the ontologies of a release mean, taken together: the inferred hierarchy and the relations, ready to be written.

The axioms of all ontologies are classified at once, those of MP, HP and MONDO and those of readers called `ontology`, with a
few of our own about how phenotypes affect anatomy (ontology/phenotype_relations.ofn). The layout of what comes of it is that
of Ubergraph: a named graph with everything that follows, one with what no other statement of it implies, and for each term
the ontology that defines it and how specific it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import polars as pl

from impckg.graph.errors import OntologyError
from impckg.graph.identifiers import OBO, identifier, iri, obo_curie
from impckg.graph.schema import kind, schema
from impckg.ontology.documents.document import Document, read_document
from impckg.ontology.documents.labels import labels_of
from impckg.ontology.grouping import group_phenotypes
from impckg.ontology.reasoning.account import Account, account
from impckg.ontology.reasoning.classification import Classification
from impckg.ontology.reasoning.keeping import Kept
from impckg.ontology.reasoning.reasoner import Limits, classify
from impckg.ontology.reasoning.relations import named_properties, relations
from impckg.ontology.reasoning.specificity import normalized_information_content

REDUNDANT, NONREDUNDANT = "redundant", "nonredundant"
"""The graphs of what was inferred: all of it, and what the rest follows from."""

GROUPING = "grouping"
"""The graph of groups across species."""

_PART_OF = iri("BFO:0000050")


@dataclass(frozen=True)
class OntologyFile:
    """A file with axioms. source: the CURIE of the file at its version."""

    path: Path
    source: str


@dataclass(frozen=True, eq=False)
class Classified:
    """Everything that classifying the ontologies of a release gives.

    kept: the classification, to be kept for questions and explanations.
    relations: by graph, then by the IRI of the property: columns from and to, sorted.
    tables: of the kinds Ontology, ClassifiedTerm and PhenotypeGroup.
    documents: what was read.
    account: how it went.
    """

    kept: Kept
    relations: Mapping[str, Mapping[str, pl.DataFrame]]
    tables: Mapping[str, pl.DataFrame]
    documents: tuple[Document, ...]
    account: Account


def classify_files(files: Sequence[OntologyFile], limits: Limits = Limits()) -> Classified:
    """Classify the axioms of some files together.

    Raises OntologyError where a file imports what none of them is, where the axioms contradict each other, and where time
    or memory do not suffice; for the rest, as `read_document()`.
    """
    read = [read_document(file.path) for file in files]
    _refuse_missing_imports(read)
    documents = [*read, phenotype_relations()]
    classification = classify(documents, limits)
    names = labels_of(documents)
    groups = group_phenotypes(documents, classification, names)
    related = _relations(classification)
    grouped = groups.members.select(pl.col("term").alias("from"), pl.col("group").alias("to"))
    related[GROUPING] = {schema().columns["grouped_under"].iri: grouped}
    return Classified(
        kept=Kept(classification, names),
        relations=related,
        tables={
            "Ontology": _ontologies(read, files),
            "ClassifiedTerm": _terms(classification, related[REDUNDANT]),
            "PhenotypeGroup": groups.table.rename({"definition": "manchester_syntax"}),
        },
        documents=tuple(documents),
        account=account(classification, names),
    )


def phenotype_relations() -> Document:
    """Our own axioms: how a phenotype comes to affect anatomy and processes."""
    with resources.as_file(resources.files("impckg.ontology") / "phenotype_relations.ofn") as path:
        return read_document(path)


def _refuse_missing_imports(documents: Sequence[Document]) -> None:
    known = {iri for document in documents for iri in (document.iri, document.version_iri)}
    for document in documents:
        for imported in document.imports:
            if imported not in known:
                there = ", ".join(sorted(filter(None, known))) or "none with an IRI"
                raise OntologyError(
                    f"{document.name}: imports {imported}, and no file of the recipe is that ontology; "
                    f'expected one of {there}, or a further source with `reader = "ontology"`'
                )


def _relations(classification: Classification) -> dict[str, dict[str, pl.DataFrame]]:
    """All that was inferred between named classes, by graph and property."""
    related = relations(classification, named_properties(classification))
    names = pl.DataFrame(
        {"iri": classification.classes, "name": [identifier(one) for one in classification.classes]},
        schema={"iri": pl.String, "name": pl.String},
    )
    # A property of which every row is implied, mostly by a subproperty, says nothing of its own: `overlaps` of `part of`.
    redundant = related.redundant.join(
        related.nonredundant.select("property").unique(), on="property", how="semi"
    )
    subsumed_by, directly = (schema().columns[name].iri for name in ("subsumed_by", "directly_subsumed_by"))
    possible = names.filter(~pl.Series(classification.taxonomy.unsatisfiable))["iri"]
    itself = pl.DataFrame({"sub": possible, "sup": possible})
    closed = pl.concat([classification.subsumptions(), itself])
    return {
        REDUNDANT: {subsumed_by: _links(closed, names), **_by_property(redundant, names)},
        NONREDUNDANT: {
            directly: _links(classification.direct(), names),
            **_by_property(related.nonredundant, names),
        },
    }


def _by_property(rows: pl.DataFrame, names: pl.DataFrame) -> dict[str, pl.DataFrame]:
    parts = rows.partition_by("property", as_dict=True, maintain_order=True)
    return {str(key[0]): _links(part.select("subject", "object"), names) for key, part in parts.items()}


def _links(pairs: pl.DataFrame, names: pl.DataFrame) -> pl.DataFrame:
    """Two columns of IRIs as from and to, named as tables name things."""
    first, second = pairs.columns
    return (
        pairs.join(names, left_on=first, right_on="iri")
        .rename({"name": "from"})
        .join(names, left_on=second, right_on="iri")
        .select("from", to="name")
        .sort("from", "to")
    )


def _ontologies(documents: Sequence[Document], files: Sequence[OntologyFile]) -> pl.DataFrame:
    rows = [
        {"id": identifier(document.iri), "version_iri": document.version_iri, "read_from": file.source}
        for document, file in zip(documents, files, strict=True)
        if document.iri is not None
    ]
    declared = kind("Ontology").dtypes
    return pl.DataFrame(rows, schema=declared).unique("id", keep="first", maintain_order=True)


def _terms(classification: Classification, redundant: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    classes = [identifier(one) for one in classification.classes]
    subsumed_by = schema().columns["subsumed_by"].iri
    below = [redundant[name] for name in (subsumed_by, _PART_OF) if name in redundant]
    scores = normalized_information_content(classes, pl.concat(below))
    found = scores.select(
        id="class",
        defined_by=pl.Series([_defined_by(one) for one in classification.classes], dtype=pl.String),
        normalized_information_content="score",
    )
    return found.cast(pl.Schema(kind("ClassifiedTerm").dtypes)).sort("id")


def _defined_by(class_: str) -> str | None:
    """The ontology of an OBO term, as its prefix names it; None for other classes."""
    curie = obo_curie(class_)
    return f"<{OBO}{curie.partition(':')[0].lower()}.owl>" if curie else None
