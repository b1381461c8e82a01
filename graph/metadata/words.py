"""Vocabularies that only descriptions use: queries about the field need no prefixes for them."""

from collections.abc import Iterable

import pyoxigraph as ox

from impckg.graph.identifiers import namespaces

SD = "http://www.w3.org/ns/sparql-service-description#"
VOID_EXT = "http://ldf.fi/void-ext#"
SPDX = "http://spdx.org/rdf/terms#"
FORMATS = "http://www.w3.org/ns/formats/"


def relate(subject: str, predicate: str, target: str) -> ox.Triple:
    """A statement of three IRIs."""
    return ox.Triple(ox.NamedNode(subject), ox.NamedNode(predicate), ox.NamedNode(target))


def write_description(triples: Iterable[ox.Triple], format_: ox.RdfFormat = ox.RdfFormat.TURTLE) -> bytes:
    """Statements as a document, with prefixes for these vocabularies as well."""
    prefixes = namespaces() | {"sd": SD, "void-ext": VOID_EXT, "spdx": SPDX, "formats": FORMATS}
    written = ox.serialize(triples, format=format_, prefixes=prefixes)
    assert written is not None
    return written
