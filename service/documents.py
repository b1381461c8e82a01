"""Documents about the graph that are the same wherever it is served, as statements: its vocabulary and its shapes."""

from collections.abc import Iterable

import pyoxigraph as ox

from impckg.graph.metadata.words import write_description
from impckg.graph.results import Form, ResultFormat, formats_for
from impckg.graph.schema import schema
from impckg.graph.shapes import shapes
from impckg.graph.vocabulary import vocabulary

DOCUMENTS = ("vocabulary", "shapes")

_NATIVE = {
    "ttl": ox.RdfFormat.TURTLE,
    "nt": ox.RdfFormat.N_TRIPLES,
    "jsonld": ox.RdfFormat.JSON_LD,
    "rdfxml": ox.RdfFormat.RDF_XML,
}


def document(name: str) -> list[ox.Triple]:
    """The statements of one of DOCUMENTS."""
    made = {"vocabulary": vocabulary, "shapes": shapes}[name](schema())
    return list(dict.fromkeys(made))


def write_document(triples: Iterable[ox.Triple], format_: ResultFormat) -> bytes:
    """Statements in one of the formats for triples (`negotiation.choose` finds it), with prefixes."""
    assert format_ in formats_for(Form.TRIPLES)
    return write_description(triples, _NATIVE[format_.name])
