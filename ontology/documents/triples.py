"""RDF beside its axioms: what py-horned-owl 2.0 does not read, what is part of no axiom, and where XML breaks."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from xml.parsers import expat

import pyoxigraph as ox
from pyhornedowl import PyIndexedOntology
from pyhornedowl import model as owl

from impckg.ontology.documents import formats

_FORMATS = {
    formats.RDF_XML: ox.RdfFormat.RDF_XML,
    formats.TURTLE: ox.RdfFormat.TURTLE,
    formats.N_TRIPLES: ox.RdfFormat.N_TRIPLES,
}
# Declarations may be added, and lists and blank nodes have types that OWL does not ask for: types are not counted.
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_TYPE = _RDF + "type"
_OWL = "http://www.w3.org/2002/07/owl#"
_SETS: Mapping[str, Callable[[list[owl.IRI]], owl.Component]] = {
    f"<{_OWL}AllDisjointClasses>": lambda iris: owl.DisjointClasses([owl.Class(iri) for iri in iris]),
    f"<{_OWL}AllDisjointProperties>": lambda iris: owl.DisjointObjectProperties(
        [owl.ObjectProperty(iri) for iri in iris]
    ),
}
# What relative IRIs of a document without a base of its own begin with.
_BASE = "http://example.org/"


def disjoint_sets(text: str, format_: str) -> list[owl.AnnotatedComponent]:
    """Read the sets of disjoint named classes and properties of an RDF document, which py-horned-owl passes over."""
    if "AllDisjoint" not in text:
        return []
    about: dict[object, dict[str, object]] = {}
    for statement in ox.parse(text, format=_FORMATS[format_], base_iri=_BASE):
        if isinstance(statement.subject, ox.BlankNode):
            about.setdefault(statement.subject, {})[statement.predicate.value] = statement.object
    found = []
    for said in about.values():
        axiom = _SETS.get(str(said.get(_TYPE)))
        members = list(_list(about, said.get(_OWL + "members")))
        if axiom is not None and all(isinstance(member, ox.NamedNode) for member in members):
            found.append(
                owl.AnnotatedComponent(axiom([owl.IRI.parse(member.value) for member in members]), set())
            )
    return found


def _list(about: Mapping[object, Mapping[str, object]], node: object) -> Iterator[Any]:
    while node in about and _RDF + "first" in about[node]:
        yield about[node][_RDF + "first"]
        node = about[node].get(_RDF + "rest")


def left_out(
    text: str, format_: str, ontology: PyIndexedOntology, sets: Sequence[owl.AnnotatedComponent]
) -> tuple[tuple[str, int], ...]:
    """Count the statements of an RDF document that are no part of the axioms read from it: (predicate, how many).

    The axioms are written as RDF again and counted by predicate; what the document has more of was left out.
    sets: what `disjoint_sets()` read besides.
    """
    said = _predicates(text, _FORMATS[format_])
    understood = _predicates(ontology.save_to_string("nt"), ox.RdfFormat.N_TRIPLES)
    understood[_OWL + "members"] += len(sets)
    for found in sets:
        for step in ("first", "rest"):
            understood[_RDF + step] += len(found.component.first)
    return tuple(sorted((said - understood).items()))


def first_error(text: str) -> str | None:
    """Where a document is not XML or not RDF/XML, as `:line:column: message`; None if it is both.

    The RDF parsers tell no place where the XML is not well-formed; expat does, and has none for the rest.
    """
    parser = expat.ParserCreate()
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:
        return f":{error.lineno}:{error.offset + 1}: {expat.ErrorString(error.code)}"
    try:
        for _ in ox.parse(text, format=ox.RdfFormat.RDF_XML, base_iri=_BASE):
            pass
    except SyntaxError as error:
        place = f":{error.lineno}:{error.offset}" if error.lineno else ""
        return f"{place}: {error.msg}"
    return None


def _predicates(text: str, format_: ox.RdfFormat) -> Counter[str]:
    found: Counter[str] = Counter()
    seen = set()
    for statement in ox.parse(text, format=format_, base_iri=_BASE):
        predicate = statement.predicate.value
        if predicate == _TYPE:
            continue
        # The same statement twice is one statement.
        if not isinstance(statement.subject, ox.BlankNode) and not isinstance(statement.object, ox.BlankNode):
            key = (statement.subject, predicate, statement.object)
            if key in seen:
                continue
            seen.add(key)
        found[predicate] += 1
    return found
