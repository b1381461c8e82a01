"""Whether a service description says what it may, in the vocabulary of https://www.w3.org/TR/sparql11-service-description/.

The vocabulary is written down here from the recommendation, since the suite has no file of it.
"""

from collections.abc import Iterator

import pyoxigraph as ox

SD = "http://www.w3.org/ns/sparql-service-description#"
RDF_TYPE = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")

# By property: whose it is, and what it points at; None where that may be of any class.
PROPERTIES: dict[str, tuple[str, str | None]] = {
    "endpoint": ("Service", None),
    "feature": ("Service", "Feature"),
    "defaultEntailmentRegime": ("Service", "EntailmentRegime"),
    "defaultSupportedEntailmentProfile": ("Service", "EntailmentProfile"),
    "extensionFunction": ("Service", "Function"),
    "extensionAggregate": ("Service", "Aggregate"),
    "languageExtension": ("Service", "Feature"),
    "supportedLanguage": ("Service", "Language"),
    "propertyFeature": ("Service", "Feature"),
    "defaultDataset": ("Service", "Dataset"),
    "availableGraphs": ("Service", "GraphCollection"),
    "resultFormat": ("Service", None),
    "inputFormat": ("Service", None),
    "defaultGraph": ("Dataset", "Graph"),
    "namedGraph": ("GraphCollection", "NamedGraph"),
    "name": ("NamedGraph", None),
    "graph": ("NamedGraph", "Graph"),
    "entailmentRegime": ("NamedGraph", "EntailmentRegime"),
    "supportedEntailmentProfile": ("NamedGraph", "EntailmentProfile"),
}
CLASSES = frozenset(
    (
        *("Service", "Feature", "Language", "Function", "Aggregate", "EntailmentRegime", "EntailmentProfile"),
        *("GraphCollection", "Dataset", "Graph", "NamedGraph"),
    )
)
# A dataset is a collection of graphs as well.
ABOVE = {"Dataset": "GraphCollection"}
INSTANCES = {
    "Feature": frozenset(
        ("DereferencesURIs", "UnionDefaultGraph", "RequiresDataset", "EmptyGraphs", "BasicFederatedQuery")
    ),
    "Language": frozenset(("SPARQL10Query", "SPARQL11Query", "SPARQL11Update")),
}


def endpoints(description: ox.Dataset) -> set[str]:
    """The addresses at which the described services answer."""
    return {
        quad.object.value
        for quad in description.quads_for_predicate(ox.NamedNode(SD + "endpoint"))
        if isinstance(quad.object, ox.NamedNode)
    }


def faults(description: ox.Dataset) -> list[str]:
    """What a description says that the vocabulary does not allow, or leaves out that it asks for."""
    return sorted(
        {*_missing(description), *_unknown(description), *_misplaced(description), *_nameless(description)}
    )


def _missing(description: ox.Dataset) -> Iterator[str]:
    services = _of_class(description, "Service")
    if not services:
        yield "nothing is a sd:Service"
    for service in services:
        if not any(
            quad.predicate.value == SD + "endpoint" for quad in description.quads_for_subject(service)
        ):
            yield f"{service} has no sd:endpoint"


def _unknown(description: ox.Dataset) -> Iterator[str]:
    named = frozenset().union(*INSTANCES.values())
    for quad in description:
        if quad.predicate.value.startswith(SD) and quad.predicate.value.removeprefix(SD) not in PROPERTIES:
            yield f"there is no property sd:{quad.predicate.value.removeprefix(SD)}"
        if isinstance(quad.object, ox.NamedNode) and quad.object.value.startswith(SD):
            name = quad.object.value.removeprefix(SD)
            if name not in (CLASSES if quad.predicate == RDF_TYPE else named):
                yield f"there is no sd:{name} that {quad.predicate.value} could point at"


def _misplaced(description: ox.Dataset) -> Iterator[str]:
    for quad in description:
        name = quad.predicate.value.removeprefix(SD)
        if not quad.predicate.value.startswith(SD) or name not in PROPERTIES:
            continue
        owner, target = PROPERTIES[name]
        if not _fits(description, quad.subject, owner):
            yield f"sd:{name} is a property of a sd:{owner}, which {quad.subject} is not"
        if isinstance(quad.object, ox.Literal):
            yield f"sd:{name} points at a literal, {quad.object}"
        elif target is not None and not _fits(description, quad.object, target):
            yield f"sd:{name} points at a sd:{target}, which {quad.object} is not"
        if name in ("endpoint", "name") and not isinstance(quad.object, ox.NamedNode):
            yield f"sd:{name} points at an IRI, not {quad.object}"


def _nameless(description: ox.Dataset) -> Iterator[str]:
    for quad in description.quads_for_predicate(ox.NamedNode(SD + "namedGraph")):
        names = [q for q in description.quads_for_subject(quad.object) if q.predicate.value == SD + "name"]
        if len(names) != 1:
            yield f"a named graph has one sd:name; {quad.object} has {len(names)}"


def _of_class(description: ox.Dataset, name: str) -> list:
    return [
        quad.subject
        for quad in description.quads_for_object(ox.NamedNode(SD + name))
        if quad.predicate == RDF_TYPE
    ]


def _fits(description: ox.Dataset, node: ox.NamedNode | ox.BlankNode, name: str) -> bool:
    """Whether a node may be of a class: it is, or nothing says what it is in this vocabulary."""
    if node.value.removeprefix(SD) in INSTANCES.get(name, ()):
        return True
    classes = {
        quad.object.value.removeprefix(SD)
        for quad in description.quads_for_subject(node)
        if quad.predicate == RDF_TYPE and quad.object.value.startswith(SD)
    }
    return not classes or name in classes | {ABOVE[found] for found in classes if found in ABOVE}
