"""The vocabulary of the graph as OWL: every class, property and value with its label, definition and mappings."""

from collections.abc import Iterator
from typing import BinaryIO

import pyoxigraph as ox

from impckg.graph.identifiers import VOCABULARY, iri
from impckg.graph.schema import Column, Enumeration, Kind, Schema
from impckg.graph.statements import link, text, turtle

_XSD_OF = {"string": "string", "integer": "integer", "double": "double", "boolean": "boolean", "date": "date"}


def vocabulary(schema: Schema) -> Iterator[ox.Triple]:
    """What the schema says of its classes, properties and values."""
    yield link(VOCABULARY, "rdf:type", iri("owl:Ontology"))
    yield text(VOCABULARY, "rdfs:label", schema.title)
    yield text(VOCABULARY, "owl:versionInfo", schema.version)
    for kind in schema.kinds.values():
        yield from _class(kind)
    for column in schema.columns.values():
        # Properties of others are defined by them.
        if column.iri.startswith(VOCABULARY):
            yield from _property(column, schema)
    for enumeration in schema.enumerations.values():
        yield from _values(enumeration)
    for datatype in schema.datatypes:
        yield link(datatype.iri, "rdf:type", iri("rdfs:Datatype"))
        yield text(datatype.iri, "rdfs:label", datatype.name)
        yield text(datatype.iri, "skos:definition", datatype.definition)
        yield link(datatype.iri, "rdfs:isDefinedBy", VOCABULARY)


def write_vocabulary(schema: Schema, output: BinaryIO, graph: str) -> int:
    """Write the vocabulary as N-Quads into a named graph, and return the number of statements."""
    quads = [
        ox.Quad(t.subject, t.predicate, t.object, ox.NamedNode(graph)) for t in _once(vocabulary(schema))
    ]
    ox.serialize(quads, output, format=ox.RdfFormat.N_QUADS)
    return len(quads)


def vocabulary_turtle(schema: Schema) -> str:
    """The vocabulary as Turtle."""
    return turtle(_once(vocabulary(schema)))


def _class(kind: Kind) -> Iterator[ox.Triple]:
    yield link(kind.iri, "rdf:type", iri("owl:Class"))
    yield text(kind.iri, "rdfs:label", kind.name)
    yield text(kind.iri, "skos:definition", kind.definition)
    yield link(kind.iri, "rdfs:isDefinedBy", VOCABULARY)
    for also in kind.also_types:
        yield link(kind.iri, "rdfs:subClassOf", iri(also))
    yield from _mappings(kind.iri, kind.mappings)


def _property(column: Column, schema: Schema) -> Iterator[ox.Triple]:
    to_things = column.is_identifier or column.enumeration is not None
    yield link(column.iri, "rdf:type", iri("owl:ObjectProperty" if to_things else "owl:DatatypeProperty"))
    yield text(column.iri, "rdfs:label", column.name.replace("_", " "))
    yield text(column.iri, "skos:definition", column.definition)
    yield link(column.iri, "rdfs:isDefinedBy", VOCABULARY)
    if column.range in _XSD_OF:
        yield link(column.iri, "rdfs:range", iri(f"xsd:{_XSD_OF[column.range]}"))
    elif column.range in schema.kinds or column.enumeration is not None:
        yield link(column.iri, "rdfs:range", iri(f"kg:{column.range}"))
    if column.domain is not None:
        yield link(column.iri, "rdfs:domain", iri(f"kg:{column.domain}"))
    if column.unit is not None:
        yield text(column.iri, "kg:ucumCode", column.unit)
    yield from _mappings(column.iri, column.mappings)


def _values(enumeration: Enumeration) -> Iterator[ox.Triple]:
    yield link(enumeration.iri, "rdf:type", iri("owl:Class"))
    yield text(enumeration.iri, "rdfs:label", enumeration.name)
    yield text(enumeration.iri, "skos:definition", enumeration.definition)
    yield link(enumeration.iri, "rdfs:isDefinedBy", VOCABULARY)
    for value in enumeration.values:
        yield link(value.iri, "rdf:type", enumeration.iri)
        yield text(value.iri, "rdfs:label", value.title)
        yield text(value.iri, "skos:definition", value.definition)
        yield link(value.iri, "rdfs:isDefinedBy", VOCABULARY)
        yield from _mappings(value.iri, value.mappings)


def _mappings(subject: str, mappings: tuple[tuple[str, str], ...]) -> Iterator[ox.Triple]:
    for predicate, curie in mappings:
        yield link(subject, f"skos:{predicate}", iri(curie))


def _once(triples: Iterator[ox.Triple]) -> list[ox.Triple]:
    return list(dict.fromkeys(triples))
