"""What py-horned-owl 2.0 leaves out of an OBO file: property chains, and the version.

OBO says chains of a property: `transitive_over: S` is R ∘ S ⊑ R, `holds_over_chain: S T` and `equivalent_to_chain: S T` are
S ∘ T ⊑ R (OBO 1.4 semantics, section 5.2). `data-version: V` of ontology O is the version IRI O/V/O.owl (section 5.1).
"""

import re
from collections.abc import Iterator, Sequence

from pyhornedowl import model as owl

_OBO_ID = "http://www.geneontology.org/formats/oboInOwl#id"
_STANZA = re.compile(r"(?m)^\[(\w+)\][ \t]*\r?$")
_VERSION = re.compile(r"(?m)^data-version:[ \t]*(\S+)")
_ID = re.compile(r"(?m)^id:[ \t]*(\S+)")
_CHAIN = re.compile(
    r"(?m)^(?:(?P<over>transitive_over):[ \t]*(?P<second>\S+)"
    r"|(?:holds_over_chain|equivalent_to_chain):[ \t]*(?P<left>\S+)[ \t]+(?P<right>\S+))"
)


def chains(text: str, components: Sequence[owl.AnnotatedComponent]) -> list[owl.AnnotatedComponent]:
    """Read the property chains of an OBO document.

    components: of the same document, which say what IRI a short name of a property stands for.
    """
    if not _CHAIN.search(text):
        return []
    iris = dict(_short_names(components))
    (ontology,) = (
        str(found.component.iri) for found in components if isinstance(found.component, owl.OntologyID)
    )
    found = []
    for stanza in _typedefs(text):
        subject = _ID.search(stanza)
        if subject is None:
            continue
        for chain in _CHAIN.finditer(stanza):
            first, second = (
                (subject[1], chain["second"]) if chain["over"] else (chain["left"], chain["right"])
            )
            left, right, whole = (_property(iris, used, ontology) for used in (first, second, subject[1]))
            found.append(owl.AnnotatedComponent(owl.SubObjectPropertyOf([left, right], whole), set()))
    return found


def version(text: str, name: str | None) -> str | None:
    """The version IRI of an OBO document; None where it states no version. name: the IRI of its ontology."""
    header = text[: first.start()] if (first := _STANZA.search(text)) else text
    found = _VERSION.search(header)
    if found is None or name is None:
        return None
    ontology = name.removesuffix(".owl")
    return f"{ontology}/{found[1]}/{ontology.rpartition('/')[2]}.owl"


def _typedefs(text: str) -> Iterator[str]:
    """The stanzas of properties."""
    heads = list(_STANZA.finditer(text))
    for number, head in enumerate(heads):
        if head[1] == "Typedef":
            end = heads[number + 1].start() if number + 1 < len(heads) else len(text)
            yield text[head.end() : end]


def _short_names(components: Sequence[owl.AnnotatedComponent]) -> Iterator[tuple[str, str]]:
    for component in components:
        said = component.component
        if isinstance(said, owl.AnnotationAssertion) and str(said.ann.ap.first) == _OBO_ID:
            yield said.ann.av.literal, str(said.subject)


def _property(iris: dict[str, str], name: str, ontology: str) -> owl.ObjectProperty:
    """The property that a name means; one without a declaration belongs to the ontology (OBO 1.4, section 5.9.3)."""
    prefix, colon, local = name.partition(":")
    otherwise = (
        f"http://purl.obolibrary.org/obo/{prefix}_{local}"
        if colon
        else f"{ontology.removesuffix('.owl')}#{name}"
    )
    return owl.ObjectProperty(owl.IRI.parse(iris.get(name, otherwise)))
