"""What the service says of itself to tools: the SPARQL 1.1 Service Description, with all that the store says of itself.

Clients ask for it at the endpoint itself, without a query. Some look for VoID and for example queries there as well, so what
the store holds of both is part of it. That part does not change as long as a store is open: read it once
(`stored_description`), and hand it in.

Source: https://www.w3.org/TR/sparql11-service-description/ (2013-03-21).
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import pyoxigraph as ox

from impckg.graph.identifiers import iri
from impckg.graph.metadata import EXAMPLES_GRAPH, VOID_GRAPH
from impckg.graph.metadata.words import FORMATS, SD, relate
from impckg.graph.statements import link, number, text
from impckg.graph.store import QueryResult, graph_iri
from impckg.service.settings import Settings, describe_settings

DESCRIPTION_QUERY = (
    "CONSTRUCT { ?s ?p ?o } WHERE { "
    f"VALUES ?graph {{ <{VOID_GRAPH}> <{EXAMPLES_GRAPH}> <{graph_iri('release')}> }} "
    "GRAPH ?graph { ?s ?p ?o } }"
)
"""Finds all that a store says of itself."""

# The settings that a client may run into, with the unit of each.
LIMITS: Mapping[str, str] = {
    "time_seconds": "s",
    "cpu_seconds": "s",
    "memory_mib": "MiB",
    "result_rows": "rows",
    "result_bytes": "bytes",
    "query_bytes": "bytes",
    "query_depth": "brackets",
    "query_operators": "operators",
    "client_queries": "queries",
}

_TYPE = iri("rdf:type")
_RESULT_FORMATS = (
    "SPARQL_Results_JSON",
    "SPARQL_Results_XML",
    "SPARQL_Results_CSV",
    "SPARQL_Results_TSV",
    "Turtle",
    "N-Triples",
    "JSON-LD",
    "RDF_XML",
)
_INPUT_FORMATS = ("Turtle", "N-Triples", "RDF_XML", "JSON-LD")


@dataclass(frozen=True)
class Endpoint:
    """What of its settings the service tells to tools.

    address: of the endpoint, as clients reach it.
    union: whether the default graph is the union of all graphs.
    updates, federated: whether it takes updates, and SERVICE.
    limits: by the name of the setting.
    """

    address: str
    union: bool = True
    updates: bool = False
    federated: bool = False
    limits: Mapping[str, float] = field(default_factory=dict)


def endpoint_of(settings: Settings, address: str) -> Endpoint:
    """The endpoint that runs with these settings at an address."""
    return Endpoint(
        address=address,
        union=settings.default_graph == "union",
        updates=settings.update_token is not None,
        federated=bool(settings.service_allow),
        limits={name: getattr(settings, name) for name in LIMITS},
    )


def stored_description(found: QueryResult) -> tuple[ox.Triple, ...]:
    """What a store says of itself, from the answer to DESCRIPTION_QUERY; nothing where the build was not ours."""
    assert isinstance(found, ox.QueryTriples)
    # In the order in which people read: by what a statement is about.
    return tuple(
        sorted(
            set(found), key=lambda triple: (str(triple.subject), str(triple.predicate), str(triple.object))
        )
    )


def entities_by_class(stored: Iterable[ox.Triple]) -> dict[str, int]:
    """How many things each class has, by its IRI; empty where the store does not say."""
    classes, entities = {}, {}
    for triple in stored:
        if triple.predicate.value == iri("void:class") and isinstance(triple.object, ox.NamedNode):
            classes[triple.subject] = triple.object.value
        elif triple.predicate.value == iri("void:entities") and isinstance(triple.object, ox.Literal):
            entities[triple.subject] = int(triple.object.value)
    return {class_: entities[part] for part, class_ in classes.items() if part in entities}


def service_description(endpoint: Endpoint, stored: Collection[ox.Triple]) -> Iterator[ox.Triple]:
    """The service description of an endpoint, and what its store says of itself."""
    service = endpoint.address
    for class_ in (f"{SD}Service", iri("dcat:DataService")):
        yield relate(service, _TYPE, class_)
    yield text(service, "dcterms:title", "SPARQL endpoint of impckg")
    yield relate(service, f"{SD}endpoint", service)
    for property_ in ("dcat:endpointURL", "dcat:endpointDescription"):
        yield link(service, property_, service)
    yield relate(service, f"{SD}supportedLanguage", f"{SD}SPARQL11Query")
    if endpoint.updates:
        yield relate(service, f"{SD}supportedLanguage", f"{SD}SPARQL11Update")
        for name in _INPUT_FORMATS:
            yield relate(service, f"{SD}inputFormat", f"{FORMATS}{name}")
    for name in _RESULT_FORMATS:
        yield relate(service, f"{SD}resultFormat", f"{FORMATS}{name}")
    if endpoint.union:
        yield relate(service, f"{SD}feature", f"{SD}UnionDefaultGraph")
    if endpoint.federated:
        yield relate(service, f"{SD}feature", f"{SD}BasicFederatedQuery")
    yield relate(service, f"{SD}defaultEntailmentRegime", "http://www.w3.org/ns/entailment/Simple")
    for licence in _licences(stored):
        yield link(service, "dcterms:license", licence)
    yield from _dataset(endpoint, stored)
    yield from _limits(endpoint)
    yield from _own(stored, endpoint.union)
    for example in _subjects(stored, _TYPE, iri("sh:SPARQLExecutable")):
        yield link(example, "schema:target", service)


def _limits(endpoint: Endpoint) -> Iterator[ox.Triple]:
    definitions = {setting.name: setting.help for setting in describe_settings()}
    limits = {name: f"{endpoint.address}#limit-{name}" for name in endpoint.limits}
    for limit in limits.values():
        yield link(endpoint.address, "schema:additionalProperty", limit)
    for name, limit in limits.items():
        yield link(limit, "rdf:type", iri("schema:PropertyValue"))
        yield text(limit, "schema:name", name)
        yield text(limit, "schema:description", definitions[name])
        yield number(limit, "schema:value", endpoint.limits[name])
        yield text(limit, "schema:unitText", LIMITS[name])


def _dataset(endpoint: Endpoint, stored: Collection[ox.Triple]) -> Iterator[ox.Triple]:
    """What a query without FROM is about: the dataset that the store describes, or one of its own graphs."""
    service = endpoint.address
    for release in _subjects(stored, _TYPE, iri("void:Dataset")):
        if ox.Triple(ox.NamedNode(release), ox.NamedNode(_TYPE), ox.NamedNode(iri("kg:Release"))) in stored:
            yield link(service, "dcat:servesDataset", release)
            yield link(release, "void:sparqlEndpoint", service)
    described = _subjects(stored, _TYPE, f"{SD}Dataset") if endpoint.union else []
    if described:
        yield relate(service, f"{SD}defaultDataset", described[0])
        return
    dataset, graph = f"{service}#dataset", f"{service}#default-graph"
    yield relate(service, f"{SD}defaultDataset", dataset)
    yield relate(dataset, _TYPE, f"{SD}Dataset")
    yield relate(dataset, f"{SD}defaultGraph", graph)
    yield relate(graph, _TYPE, f"{SD}Graph")
    for named in _subjects(stored, _TYPE, f"{SD}NamedGraph"):
        yield relate(dataset, f"{SD}namedGraph", named)


def _own(stored: Iterable[ox.Triple], union: bool) -> Iterator[ox.Triple]:
    """What the store says, but not that its default graph is the union of all where it is not."""
    dataset_words = (f"{SD}defaultGraph", f"{SD}namedGraph")
    for triple in stored:
        a_dataset = triple.predicate.value == _TYPE and triple.object == ox.NamedNode(f"{SD}Dataset")
        if union or not (a_dataset or triple.predicate.value in dataset_words):
            yield triple


def _licences(stored: Iterable[ox.Triple]) -> list[str]:
    """The licence of the release; where its files have several, all of them."""
    files = set(_subjects(stored, _TYPE, iri("kg:SourceFile"))) | set(
        _subjects(stored, _TYPE, iri("kg:Release"))
    )
    return sorted(
        {
            triple.object.value
            for triple in stored
            if triple.predicate.value == iri("dcterms:license")
            and isinstance(triple.object, ox.NamedNode)
            and isinstance(triple.subject, ox.NamedNode)
            and triple.subject.value in files
        }
    )


def _subjects(stored: Iterable[ox.Triple], predicate: str, target: str) -> list[str]:
    return [
        triple.subject.value
        for triple in stored
        if triple.predicate.value == predicate
        and isinstance(triple.object, ox.NamedNode)
        and triple.object.value == target
        and isinstance(triple.subject, ox.NamedNode)
    ]
