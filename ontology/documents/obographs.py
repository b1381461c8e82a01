"""OBO Graphs JSON (https://github.com/geneontology/obographs, version 0.3) as axioms.

Every key of the format's schema is read here, and one that is not known is an error, so that nothing is lost in silence.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pyhornedowl import model as owl

from impckg.graph.errors import DamagedFile, OntologyError

_OBO = "http://purl.obolibrary.org/obo/"
_OBO_IN_OWL = "http://www.geneontology.org/formats/oboInOwl#"
_RDFS = "http://www.w3.org/2000/01/rdf-schema#"
_XSD = "http://www.w3.org/2001/XMLSchema#"
_OWL = "http://www.w3.org/2002/07/owl#"
_DEFINITION = _OBO + "IAO_0000115"
_DECLARATIONS = {
    "CLASS": lambda iri: owl.DeclareClass(owl.Class(iri)),
    "INDIVIDUAL": lambda iri: owl.DeclareNamedIndividual(owl.NamedIndividual(iri)),
}
_PROPERTIES = {
    "OBJECT": lambda iri: owl.DeclareObjectProperty(owl.ObjectProperty(iri)),
    "DATA": lambda iri: owl.DeclareDataProperty(owl.DataProperty(iri)),
    "ANNOTATION": lambda iri: owl.DeclareAnnotationProperty(owl.AnnotationProperty(iri)),
}
_KEYS = {
    "graph": {
        "id", "lbl", "meta", "nodes", "edges", "equivalentNodesSets", "logicalDefinitionAxioms", "domainRangeAxioms",
        "propertyChainAxioms", "allValuesFromEdges",
    },
    "meta": {"definition", "comments", "subsets", "xrefs", "synonyms", "basicPropertyValues", "version", "deprecated"},
}  # fmt: skip


def components(text: str, name: str) -> list[owl.AnnotatedComponent]:
    """Read an OBO Graphs document. name: of the file, for messages.

    Raises DamagedFile where it is not JSON; OntologyError where it is not OBO Graphs.
    """
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise DamagedFile(f"{name}:{error.lineno}:{error.colno}: {error.msg}; expected JSON") from error
    except RecursionError as error:
        raise DamagedFile(f"{name}: is nested too deep; expected OBO Graphs JSON") from error
    graphs = document.get("graphs") if isinstance(document, dict) else None
    if not isinstance(graphs, list) or not graphs:
        raise OntologyError(f"{name}: has no list 'graphs'; expected OBO Graphs JSON")
    found: list[owl.AnnotatedComponent] = []
    for number, graph in enumerate(graphs):
        place = f"{name}: graphs[{number}]"
        _refuse_unknown(graph, "graph", place)
        try:
            found += _graph(graph, place, first=number == 0)
        except (KeyError, TypeError, AttributeError) as error:
            raise OntologyError(
                f"{place}: lacks {error} or has it in another form; expected OBO Graphs JSON"
            ) from error
    return found


def _graph(graph: Mapping[str, Any], place: str, first: bool) -> Iterator[owl.AnnotatedComponent]:
    meta = graph.get("meta", {})
    if first:
        version = _iri(meta["version"]) if str(meta.get("version", "")).startswith("http") else None
        yield _said(owl.OntologyID(_iri(graph["id"]) if "id" in graph else None, version))
        for annotation in _annotations(meta, f"{place}.meta"):
            yield _said(owl.OntologyAnnotation(annotation[0]), annotation[1])
    properties = set()
    for number, node in enumerate(graph.get("nodes", ())):
        yield from _node(node, f"{place}.nodes[{number}]")
        if node.get("type") == "PROPERTY":
            properties.add(node["id"])
    for number, edge in enumerate(graph.get("edges", ())):
        yield _said(_edge(edge, properties, place), _axiom_annotations(edge, f"{place}.edges[{number}]"))
    for reader, key in _AXIOMS:
        for number, axiom in enumerate(graph.get(key, ())):
            annotations = _axiom_annotations(axiom, f"{place}.{key}[{number}]")
            for component in reader(axiom):
                yield _said(component, annotations)


def _node(node: Mapping[str, Any], place: str) -> Iterator[owl.AnnotatedComponent]:
    iri = _iri(node["id"])
    kind = node.get("type", "CLASS")
    declare = (
        _PROPERTIES[node.get("propertyType", "OBJECT")] if kind == "PROPERTY" else _DECLARATIONS.get(kind)
    )
    if declare is None:
        raise OntologyError(f"{place}: the type {kind!r} is unknown; expected CLASS, INDIVIDUAL or PROPERTY")
    yield _said(declare(iri))
    if node.get("lbl"):
        yield _said(owl.AnnotationAssertion(iri, _literal(_RDFS + "label", node["lbl"])))
    for annotation, about in _annotations(node.get("meta", {}), f"{place}.meta"):
        yield _said(owl.AnnotationAssertion(iri, annotation), about)


def _annotations(meta: Mapping[str, Any], place: str) -> Iterator[tuple[owl.Annotation, set[owl.Annotation]]]:
    """What a `meta` says: annotations, each with the annotations of its own."""
    _refuse_unknown(meta, "meta", place)
    if "definition" in meta:
        yield _literal(_DEFINITION, meta["definition"]["val"]), _xrefs(meta["definition"])
    for comment in meta.get("comments", ()):
        yield _literal(_RDFS + "comment", comment), set()
    for subset in meta.get("subsets", ()):
        yield _link(_OBO_IN_OWL + "inSubset", subset), set()
    for xref in meta.get("xrefs", ()):
        yield _literal(_OBO_IN_OWL + "hasDbXref", xref["val"]), _xrefs(xref)
    for synonym in meta.get("synonyms", ()):
        kind = (
            {_link(_OBO_IN_OWL + "hasSynonymType", synonym["synonymType"])}
            if synonym.get("synonymType")
            else set()
        )
        yield _literal(_OBO_IN_OWL + synonym["pred"], synonym["val"]), _xrefs(synonym) | kind
    for value in meta.get("basicPropertyValues", ()):
        linked = str(value["val"]).startswith(("http://", "https://"))
        yield (_link if linked else _literal)(value["pred"], value["val"]), _xrefs(value)
    if meta.get("version") and not str(meta["version"]).startswith("http"):
        yield _literal(_OWL + "versionInfo", meta["version"]), set()
    if meta.get("deprecated"):
        true = owl.DatatypeLiteral("true", _iri(_XSD + "boolean"))
        yield owl.Annotation(owl.AnnotationProperty(_iri(_OWL + "deprecated")), true, set()), set()


def _edge(edge: Mapping[str, Any], properties: set[str], place: str) -> owl.Component:
    subject, predicate, target = edge["sub"], edge["pred"], edge["obj"]
    if predicate == "is_a" and subject in properties:
        return owl.SubObjectPropertyOf(_property(subject), _property(target))
    if predicate == "is_a":
        return owl.SubClassOf(_class(subject), _class(target))
    if predicate == "subPropertyOf":
        return owl.SubObjectPropertyOf(_property(subject), _property(target))
    if predicate == "inverseOf":
        return owl.InverseObjectProperties(_property(subject), _property(target))
    if predicate == "type":
        return owl.ClassAssertion(_class(target), owl.NamedIndividual(_iri(subject)))
    if not predicate.startswith("http"):
        raise OntologyError(
            f"{place}: the predicate {predicate!r} of an edge is unknown; expected is_a or an IRI"
        )
    return owl.SubClassOf(_class(subject), owl.ObjectSomeValuesFrom(_property(predicate), _class(target)))


def _equivalent_sets(axiom: Mapping[str, Any]) -> Iterator[owl.Component]:
    yield owl.EquivalentClasses([_class(iri) for iri in axiom["nodeIds"]])


def _logical_definitions(axiom: Mapping[str, Any]) -> Iterator[owl.Component]:
    parts: list[owl.ClassExpression] = [_class(iri) for iri in axiom.get("genusIds", ())]
    for restriction in axiom.get("restrictions", ()):
        if restriction is not None:
            filler = _class(restriction["fillerId"])
            parts.append(owl.ObjectSomeValuesFrom(_property(restriction["propertyId"]), filler))
    whole = parts[0] if len(parts) == 1 else owl.ObjectIntersectionOf(parts)
    yield owl.EquivalentClasses([_class(axiom["definedClassId"]), whole])


def _domains_and_ranges(axiom: Mapping[str, Any]) -> Iterator[owl.Component]:
    role = _property(axiom["predicateId"])
    for iri in axiom.get("domainClassIds", ()):
        yield owl.ObjectPropertyDomain(role, _class(iri))
    for iri in axiom.get("rangeClassIds", ()):
        yield owl.ObjectPropertyRange(role, _class(iri))
    yield from _only_edges(axiom.get("allValuesFromEdges", ()))


def _chains(axiom: Mapping[str, Any]) -> Iterator[owl.Component]:
    chain = [_property(iri) for iri in axiom["chainPredicateIds"]]
    yield owl.SubObjectPropertyOf(chain, _property(axiom["predicateId"]))


def _only_edges(edges: Any) -> Iterator[owl.Component]:
    for edge in edges:
        only = owl.ObjectAllValuesFrom(_property(edge["pred"]), _class(edge["obj"]))
        yield owl.SubClassOf(_class(edge["sub"]), only)


_AXIOMS: tuple[tuple[Callable[[Mapping[str, Any]], Iterator[owl.Component]], str], ...] = (
    (_equivalent_sets, "equivalentNodesSets"),
    (_logical_definitions, "logicalDefinitionAxioms"),
    (_domains_and_ranges, "domainRangeAxioms"),
    (_chains, "propertyChainAxioms"),
    (lambda edge: _only_edges((edge,)), "allValuesFromEdges"),
)


def _axiom_annotations(axiom: Mapping[str, Any], place: str) -> set[owl.Annotation]:
    return {annotation for annotation, _ in _annotations(axiom.get("meta", {}), place)}


def _refuse_unknown(found: Mapping[str, Any], kind: str, place: str) -> None:
    unknown = set(found) - _KEYS[kind]
    if unknown:
        raise OntologyError(
            f"{place}: the key {sorted(unknown)[0]!r} is unknown; expected {', '.join(sorted(_KEYS[kind]))}"
        )


def _xrefs(said: Mapping[str, Any]) -> set[owl.Annotation]:
    return {_literal(_OBO_IN_OWL + "hasDbXref", xref) for xref in said.get("xrefs", ())}


def _said(component: owl.Component, annotations: set[owl.Annotation] | None = None) -> owl.AnnotatedComponent:
    return owl.AnnotatedComponent(component, annotations or set())


def _literal(predicate: str, value: str) -> owl.Annotation:
    return owl.Annotation(owl.AnnotationProperty(_iri(predicate)), owl.SimpleLiteral(str(value)), set())


def _link(predicate: str, target: str) -> owl.Annotation:
    return owl.Annotation(owl.AnnotationProperty(_iri(predicate)), _iri(target), set())


def _iri(text: str) -> owl.IRI:
    return owl.IRI.parse(text)


def _class(iri: str) -> owl.Class:
    return owl.Class(_iri(iri))


def _property(iri: str) -> owl.ObjectProperty:
    return owl.ObjectProperty(_iri(iri))
