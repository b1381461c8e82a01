"""Axioms as RDF: the W3C's mapping of OWL 2 to graphs, as py-horned-owl writes it."""

import hashlib
from collections.abc import Iterable

import pyoxigraph as ox

from impckg.ontology.documents.document import Document, ontology_of


def statements(document: Document) -> list[ox.Triple]:
    """Everything that a document says, as RDF statements with blank nodes, in no order."""
    text = ontology_of(document.components).save_to_string("nt")
    return [quad.triple for quad in ox.parse(text, format=ox.RdfFormat.N_TRIPLES)]


def named_statements(document: Document, base: str) -> list[str]:
    """Everything that a document says, as lines of N-Triples without blank nodes: sorted, the same for the same input.

    A blank node becomes `<base>.well-known/genid/<hash of what it says>` (RDF 1.1, section 3.5), so expressions that
    are the same are one node, in all documents.
    """
    found = statements(document)
    names = _names(found, base)
    lines = {
        f"{names.get(triple.subject, triple.subject)} {triple.predicate} {names.get(triple.object, triple.object)} .\n"
        for triple in found
    }
    return sorted(lines)


def _names(
    found: Iterable[ox.Triple], base: str
) -> dict[ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple, str]:
    """The IRI of each blank node. Blank nodes of OWL are trees: each is named when all below it are."""
    about: dict[ox.BlankNode, list[ox.Triple]] = {}
    for triple in found:
        if isinstance(triple.subject, ox.BlankNode):
            about.setdefault(triple.subject, []).append(triple)
    names: dict[ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple, str] = {}
    for node in about:
        waiting = [node]
        while waiting:
            below = [
                triple.object
                for triple in about.get(waiting[-1], ())
                if isinstance(triple.object, ox.BlankNode) and triple.object not in names
            ]
            if below:
                waiting += below
                continue
            named = waiting.pop()
            said = sorted(
                f"{triple.predicate} {names.get(triple.object, triple.object)}"
                for triple in about.get(named, ())
            )
            digest = hashlib.sha256("\n".join(said).encode()).hexdigest()[:32]
            names[named] = f"<{base}.well-known/genid/{digest}>"
    return names
