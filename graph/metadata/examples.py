"""Prefixes and example queries in the words of SHACL, as the SIB's tools read them.

A question of the catalogue is a ``sh:SPARQLExecutable`` whose query runs as it stands, on any SPARQL engine: its parameters
are bound to their examples. At which endpoint it can be asked (``schema:target``) is for the service to say.

Source: https://www.w3.org/TR/shacl/#sparql-prefixes and https://github.com/sib-swiss/sparql-examples.
"""

from collections.abc import Iterator
from importlib.resources.abc import Traversable
from typing import Any

import pyoxigraph as ox

from impckg.graph.binding import with_values
from impckg.graph.errors import QueryError
from impckg.graph.identifiers import converter, iri, mint, namespaces
from impckg.graph.rq import parse_header
from impckg.graph.schema import schema
from impckg.graph.sparql import keyword
from impckg.graph.statements import link, text
from impckg.graph.store import Term

PREFIXES = iri(mint("prefix", "all"))
"""What declares all prefixes of the graph."""

# By the keyword of a query: its class, and the property that its text is the value of.
_EXECUTABLES = {
    "SELECT": ("sh:SPARQLSelectExecutable", "sh:select"),
    "CONSTRUCT": ("sh:SPARQLConstructExecutable", "sh:construct"),
    "ASK": ("sh:SPARQLAskExecutable", "sh:ask"),
}
_NUMBERS = {"integer": "xsd:integer", "number": "xsd:double"}


def prefix_declarations() -> Iterator[ox.Triple]:
    """Each prefix that queries may use, with its namespace."""
    yield link(PREFIXES, "rdf:type", iri("owl:Ontology"))
    yield text(PREFIXES, "rdfs:label", "Prefixes of the graph")
    any_uri = ox.NamedNode(iri("xsd:anyURI"))
    for prefix, namespace in sorted(namespaces().items()):
        declaration = iri(mint("prefix", "of", prefix))
        yield link(PREFIXES, "sh:declare", declaration)
        yield link(declaration, "rdf:type", iri("sh:PrefixDeclaration"))
        yield text(declaration, "sh:prefix", prefix)
        yield ox.Triple(
            ox.NamedNode(declaration),
            ox.NamedNode(iri("sh:namespace")),
            ox.Literal(namespace, datatype=any_uri),
        )


def example_queries(folder: Traversable) -> Iterator[ox.Triple]:
    """Each question of a folder of ``.rq`` files, bound to its own examples.

    Raises QueryError where a file has no header, or a query of a kind that SHACL has no class for.
    """
    files = [entry for entry in folder.iterdir() if entry.name.endswith(".rq")]
    for file in sorted(files, key=lambda file: file.name):
        yield from _example(file.name.removesuffix(".rq"), file.read_text(encoding="utf-8"))


def _example(name: str, content: str) -> Iterator[ox.Triple]:
    header, query = parse_header(f"{name}.rq", content)
    form = keyword(query)
    if form not in _EXECUTABLES:
        raise QueryError(f"{name}.rq: {form or 'no query'}; expected one of {', '.join(_EXECUTABLES)}")
    class_, property_ = _EXECUTABLES[form]
    subject = iri(mint("question", name))
    parameters: dict[str, dict[str, Any]] = header.get("parameters") or {}
    values = {
        parameter: _term(str(body["kind"]), str(body["example"])) for parameter, body in parameters.items()
    }
    yield link(subject, "rdf:type", iri("sh:SPARQLExecutable"))
    yield link(subject, "rdf:type", iri(class_))
    yield text(subject, "dcterms:identifier", name)
    yield _english(subject, "rdfs:comment", header["question"])
    if header.get("remark"):
        yield _english(subject, "skos:note", header["remark"])
    for word in header["keywords"]:
        yield text(subject, "schema:keywords", word)
    yield link(subject, "sh:prefixes", PREFIXES)
    yield text(subject, property_, with_values(query, values))


def _term(kind: str, example: str) -> Term:
    """The example of a parameter as the RDF term that a query is asked with."""
    enumeration = schema().enumerations.get(kind)
    if enumeration is not None:
        values = {value.key: value.iri for value in enumeration.values}
        return ox.NamedNode(values[example])
    if kind == "string":
        return ox.Literal(example)
    if kind in _NUMBERS:
        return ox.Literal(int(example) if kind == "integer" else float(example))
    return ox.NamedNode(iri(converter().standardize_curie(example, strict=True)))


def _english(subject: str, predicate: str, words: str) -> ox.Triple:
    return ox.Triple(
        ox.NamedNode(subject),
        ox.NamedNode(iri(predicate)),
        ox.Literal(" ".join(words.split()), language="en"),
    )
