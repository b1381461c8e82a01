"""Single statements, for the small graphs that are written one by one: vocabulary, shapes, description."""

from collections.abc import Iterable

import pyoxigraph as ox

from impckg.graph.identifiers import iri, namespaces


def link(subject: str, predicate: str, target: str) -> ox.Triple:
    """A statement whose object is a thing. subject, target: IRIs; predicate: a CURIE."""
    return ox.Triple(ox.NamedNode(subject), ox.NamedNode(iri(predicate)), ox.NamedNode(target))


def text(subject: str, predicate: str, words: str) -> ox.Triple:
    """A statement whose object is a string."""
    return ox.Triple(ox.NamedNode(subject), ox.NamedNode(iri(predicate)), ox.Literal(words))


def number(subject: str, predicate: str, value: float) -> ox.Triple:
    """A statement whose object is an integer or a double."""
    return ox.Triple(ox.NamedNode(subject), ox.NamedNode(iri(predicate)), ox.Literal(value))


def turtle(triples: Iterable[ox.Triple]) -> str:
    """Statements as Turtle, with our prefixes."""
    written = ox.serialize(triples, format=ox.RdfFormat.TURTLE, prefixes=namespaces())
    assert written is not None
    return written.decode()
