"""The shapes of the graph as SHACL.

Each kind has a shape: which properties its instances must have, how many values, of which type, pattern and range. All
nodes are named (no blank nodes), so two versions of the file can be compared line by line. Shapes are open: what is
inferred about a thing is not part of its kind.

The build keeps the same rules a column at a time; holding a whole release against SHACL would take hours. A sample is held
against them in graph/validation.py.
"""

from collections.abc import Iterator

import pyoxigraph as ox

from impckg.graph.identifiers import BASE, iri, namespaces
from impckg.graph.schema import Column, Schema
from impckg.graph.statements import link, number, text, turtle

SHAPES = f"{BASE}shapes/"

_DATATYPES = ("string", "integer", "double", "boolean", "date")


def shapes(schema: Schema) -> Iterator[ox.Triple]:
    """A node shape for each kind, and a property shape for each of its columns."""
    for kind in schema.kinds.values():
        shape = f"{SHAPES}{kind.name}"
        yield link(shape, "rdf:type", iri("sh:NodeShape"))
        yield link(shape, "sh:targetClass", kind.iri)
        yield link(shape, "sh:nodeKind", iri("sh:IRI"))
        if kind.identifier.pattern is not None:
            yield text(shape, "sh:pattern", iri_pattern(kind.identifier.pattern))
        for column in kind.columns[1:]:
            yield link(shape, "sh:property", f"{shape}.{column.name}")
            yield from _property(f"{shape}.{column.name}", column)


def shapes_turtle(schema: Schema) -> str:
    """The shapes as Turtle."""
    return turtle(shapes(schema))


def iri_pattern(curies: str) -> str:
    r"""A pattern for CURIEs as one for IRIs.

    >>> iri_pattern(r"^MGI:\d+$")
    '^https://identifiers\\.org/MGI:\\d+$'
    """
    for prefix, namespace in sorted(namespaces().items(), key=lambda item: -len(item[0])):
        escaped = namespace.replace(".", r"\.")
        for before in ("(", "^", "|"):
            curies = curies.replace(f"{before}{prefix}:", f"{before}{escaped}")
    return curies.replace(
        "^(MP|HP):", rf"^{namespaces()['MP'].removesuffix('MP_').replace('.', chr(92) + '.')}(MP|HP)_"
    )


def _property(shape: str, column: Column) -> Iterator[ox.Triple]:
    yield link(shape, "rdf:type", iri("sh:PropertyShape"))
    yield link(shape, "sh:path", column.iri)
    yield text(shape, "sh:description", column.definition)
    if column.required:
        yield number(shape, "sh:minCount", 1)
    if not column.many:
        yield number(shape, "sh:maxCount", 1)
    if column.range in _DATATYPES:
        yield link(shape, "sh:datatype", iri(f"xsd:{column.range}"))
    else:
        yield link(shape, "sh:nodeKind", iri("sh:IRI"))
    if column.enumeration is not None:
        allowed = "|".join(value.iri.replace(".", r"\.") for value in column.enumeration.values)
        yield text(shape, "sh:pattern", f"^({allowed})$")
    elif column.pattern is not None:
        yield text(shape, "sh:pattern", iri_pattern(column.pattern))
    if column.minimum is not None:
        yield _bound(shape, "sh:minInclusive", column)
    if column.maximum is not None:
        yield _bound(shape, "sh:maxInclusive", column)


def _bound(shape: str, predicate: str, column: Column) -> ox.Triple:
    bound = column.minimum if predicate == "sh:minInclusive" else column.maximum
    assert bound is not None
    # Compared with doubles or integers, as the column holds.
    return number(shape, predicate, float(bound) if column.range == "double" else int(bound))
