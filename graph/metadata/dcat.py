"""DCAT and PROV: what a release is a version of, in which files it comes, from what and by what it was made.

The release itself and its files are kinds of the schema; what is said of them there (title, date, version, licence,
citation, checksum) is not said again here. A build reads no clock, so nothing here says when it ran.

Source: https://www.w3.org/TR/vocab-dcat-3/, https://www.w3.org/TR/prov-o/ and, for versions of a dataset, the community
profile https://www.w3.org/TR/hcls-dataset/.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pyoxigraph as ox

from impckg.graph.identifiers import BASE, iri, mint, namespaces
from impckg.graph.metadata.words import SD, SPDX, relate
from impckg.graph.statements import link, number, text

DUMP = "impckg.nq.gz"

KEYWORDS = ("mouse", "knockout", "phenotype", "gene", "rare disease", "IMPC")

_TYPE = iri("rdf:type")
_MEDIA_TYPES = "https://www.iana.org/assignments/media-types/"
_SOFTWARE_LICENCE = "https://www.apache.org/licenses/LICENSE-2.0"
_PROJECT_TITLE = "impckg"
_PROJECT = (
    "A knowledge graph of what the International Mouse Phenotyping Consortium publishes, linked to human genes, "
    "phenotypes and diseases."
)

# Other people's datasets that ours links to: by prefix, what they are called and known by.
LINKED = {
    "MP": ("http://purl.obolibrary.org/obo/mp.owl", "Mammalian Phenotype Ontology"),
    "HP": ("http://purl.obolibrary.org/obo/hp.owl", "Human Phenotype Ontology"),
    "MONDO": ("http://purl.obolibrary.org/obo/mondo.owl", "Mondo Disease Ontology"),
    "HGNC": ("https://www.genenames.org/", "HGNC, names of human genes"),
}


@dataclass(frozen=True)
class Made:
    """How a release came about, as far as the kinds of the schema do not say.

    release: its name. software: the version of impckg.
    sources: the IRIs of its files. licences: those of the files, each once.
    graphs: the IRIs of its named graphs. examples: IRIs of things that are worth a first look.
    links: by property (an IRI) and prefix of the things linked to, how many statements link to them.
    """

    release: str
    software: str
    simulated: bool
    sources: tuple[str, ...]
    licences: tuple[str, ...]
    graphs: tuple[str, ...]
    examples: tuple[str, ...]
    links: Mapping[tuple[str, str], int]


def description(made: Made) -> Iterator[ox.Triple]:
    """The release as a dataset: its version, graphs, links, files and origin; no count that others change."""
    release = release_part(made.release)
    for class_ in ("void:Dataset", "prov:Entity"):
        yield link(release, "rdf:type", iri(class_))
    yield relate(release, _TYPE, f"{SD}Graph")
    yield text(release, "dcterms:description", _about(made))
    yield text(release, "dcat:version", made.release)
    yield link(release, "dcterms:isVersionOf", BASE)
    yield link(BASE, "rdf:type", iri("dcat:Dataset"))
    yield text(BASE, "dcterms:title", _PROJECT_TITLE)
    yield text(BASE, "dcterms:description", _PROJECT)
    yield link(BASE, "dcat:hasVersion", release)
    for keyword in KEYWORDS:
        yield text(release, "dcat:keyword", keyword)
    yield from _rights(release, made)
    yield text(release, "void:uriSpace", BASE)
    for example in made.examples:
        yield link(release, "void:exampleResource", example)
    yield from _origin(release, made)
    yield from _graphs(release, made)
    yield from _linksets(release, made)
    yield from distribution(
        made.release, DUMP, "The whole graph as N-Quads", "application/n-quads", packed=True
    )


def release_part(release: str, *names: str) -> str:
    """The IRI of a release, by its name, or of a part of it."""
    return iri(mint("release", release, *names))


def distribution(
    release: str, file: str, title: str, media_type: str, packed: bool = False
) -> Iterator[ox.Triple]:
    """A file that a release can be had in."""
    node = release_part(release, "file", file)
    yield link(release_part(release), "dcat:distribution", node)
    yield link(node, "rdf:type", iri("dcat:Distribution"))
    yield text(node, "dcterms:title", title)
    yield text(node, "dcterms:identifier", file)
    yield link(node, "dcat:mediaType", f"{_MEDIA_TYPES}{media_type}")
    if packed:
        yield link(node, "dcat:compressFormat", f"{_MEDIA_TYPES}application/gzip")


def checksum(release: str, file: str, size_bytes: int, sha256: str) -> Iterator[ox.Triple]:
    """How long a file of a release is, and its checksum."""
    node, sum_ = release_part(release, "file", file), release_part(release, "file", file, "sha256")
    yield number(node, "dcat:byteSize", size_bytes)
    yield relate(node, f"{SPDX}checksum", sum_)
    yield relate(sum_, _TYPE, f"{SPDX}Checksum")
    yield relate(sum_, f"{SPDX}algorithm", f"{SPDX}checksumAlgorithm_sha256")
    hex_binary = ox.NamedNode(iri("xsd:hexBinary"))
    yield ox.Triple(
        ox.NamedNode(sum_), ox.NamedNode(f"{SPDX}checksumValue"), ox.Literal(sha256, datatype=hex_binary)
    )


def _about(made: Made) -> str:
    made_up = " Its data are simulated: nothing in it was measured." if made.simulated else ""
    return f"Release {made.release} of {_PROJECT_TITLE}, from {len(made.sources)} published files.{made_up}"


def _rights(release: str, made: Made) -> Iterator[ox.Triple]:
    if len(made.licences) == 1:
        yield link(release, "dcterms:license", made.licences[0])
    words = "What comes from a file is under the licence of that file; the files of the release name theirs."
    yield text(release, "dcterms:rights", words)


def _origin(release: str, made: Made) -> Iterator[ox.Triple]:
    build = release_part(made.release, "build")
    software = iri(mint("software", "impckg", made.software))
    yield link(release, "prov:wasGeneratedBy", build)
    yield link(build, "rdf:type", iri("prov:Activity"))
    yield text(build, "rdfs:label", f"Build of release {made.release}")
    yield link(build, "prov:wasAssociatedWith", software)
    yield link(software, "rdf:type", iri("prov:SoftwareAgent"))
    yield text(software, "rdfs:label", f"impckg {made.software}")
    yield text(software, "schema:softwareVersion", made.software)
    yield link(software, "dcterms:license", _SOFTWARE_LICENCE)
    for source in made.sources:
        yield link(source, "rdf:type", iri("prov:Entity"))
        yield link(build, "prov:used", source)
        yield link(release, "prov:wasDerivedFrom", source)


def _graphs(release: str, made: Made) -> Iterator[ox.Triple]:
    """The release as a dataset of SPARQL: its default graph is the union of all graphs."""
    dataset = release_part(made.release, "dataset")
    yield relate(dataset, _TYPE, f"{SD}Dataset")
    yield relate(dataset, f"{SD}defaultGraph", release)
    for graph in made.graphs:
        node = graph_node(made.release, graph)
        yield relate(dataset, f"{SD}namedGraph", node)
        yield relate(node, _TYPE, f"{SD}NamedGraph")
        yield relate(node, _TYPE, f"{SD}Graph")
        yield relate(node, f"{SD}name", graph)
        # One node is both: the graph with its name, and what there is to say of the graph.
        yield relate(node, f"{SD}graph", node)


def graph_node(release: str, graph: str) -> str:
    """The IRI of what describes a named graph of a release; the graph's own IRI is its name."""
    return release_part(release, "graph", graph.removeprefix(BASE).removeprefix("graph/"))


def _linksets(release: str, made: Made) -> Iterator[ox.Triple]:
    known = namespaces()
    for prefix in sorted({prefix for _, prefix in made.links}):
        dataset, title = LINKED[prefix]
        yield link(dataset, "rdf:type", iri("void:Dataset"))
        yield text(dataset, "dcterms:title", title)
        yield text(dataset, "void:uriSpace", known[prefix])
    for (property_, prefix), links in sorted(made.links.items()):
        name = property_.rpartition("#")[2].rpartition("/")[2]
        linkset = release_part(made.release, "links", prefix, name)
        yield link(release, "void:subset", linkset)
        yield link(linkset, "rdf:type", iri("void:Linkset"))
        yield link(linkset, "void:subjectsTarget", release)
        yield link(linkset, "void:objectsTarget", LINKED[prefix][0])
        yield link(linkset, "void:linkPredicate", property_)
        yield number(linkset, "void:triples", links)
