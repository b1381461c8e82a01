"""IRIs that can be looked up: what is behind an address below ``/id/``, and what is told of it.

An IRI of ours is `BASE` and a rest; its address here is ``/id/`` and the same rest. Whoever asks for it is answered

* **200** with the description, where the thing is a document: a release, a file, a query, the data as such
  (`DOCUMENT_KINDS`). The same description is at ``/describe?iri=…``, which ``Content-Location`` says;
* **303** to ``/describe?iri=…``, where it is not: a line, an allele, a result, a call, a centre. What comes back over the
  wire is a description of a mouse line and not the line (https://www.w3.org/TR/cooluris/);
* **303** to what holds it, for two documents that have addresses of their own: a named graph is at ``/graphs?graph=…`` (for
  a browser its description), the vocabulary (``/id/ontology``, all terms are fragments of it) at ``/vocabulary``;
* **404**, where the graph does not know the IRI: it is neither subject nor object nor a named graph.

A description is what the graph says of a thing, with the labels of what it points to, and at most `MOST_INCOMING` statements
that point to it. ``/describe`` gives it for IRIs of others, too: genes, phenotypes and diseases keep theirs.

Measured on 7.7 million statements and 300 things by chance, on a busy machine: half are known or not within 0.8 ms and
described within 0.8 ms, 95 % within 5 ms, the slowest took 185 ms; also the roots of MP and HP, to which 100,000s of
statements point.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote_to_bytes, urlencode

import pyoxigraph as ox

from impckg.graph.errors import KgError
from impckg.graph.identifiers import BASE, OWN_PREFIX, VOCABULARY, iri, mint, namespaces
from impckg.graph.results import Form, formats_for, rows, text_of
from impckg.graph.schema import schema
from impckg.graph.store import Bindings, QueryResult, Release
from impckg.service.errors import NotFound, RequestError

IDS = "/id"
"""Below this address is everything that has an IRI of ours."""

DESCRIPTIONS = "/describe"
"""Where the description of any IRI is, by its parameter `iri`."""

GRAPHS = "/graphs"
VOCABULARY_PAGE = "/vocabulary"

MOST_INCOMING = 100
"""How many statements that point to a thing its description has."""

MOST_VALUES = 50
"""How many values of one property a page shows."""

KINDS_QUERY = """
SELECT ?thing ?kind ?graph WHERE {
  { ?thing a ?kind }
  UNION { SELECT ?thing WHERE { ?thing ?property ?value } LIMIT 1 }
  UNION { SELECT ?thing WHERE { ?from ?points ?thing } LIMIT 1 }
  UNION { SELECT ?thing (true AS ?graph) WHERE { GRAPH ?thing { ?from ?points ?to } } LIMIT 1 }
}
"""
"""Whether the graph knows `?thing`, of which kinds it is, and whether it is a named graph."""

DESCRIPTION_QUERY = f"""
CONSTRUCT {{
  ?thing ?property ?value . ?value rdfs:label ?valueLabel .
  ?from ?points ?thing . ?from rdfs:label ?fromLabel
}} WHERE {{
  {{ ?thing ?property ?value OPTIONAL {{ ?value rdfs:label ?valueLabel }} }}
  UNION
  {{
    {{ SELECT ?thing ?from ?points WHERE {{ ?from ?points ?thing }} LIMIT {MOST_INCOMING} }}
    OPTIONAL {{ ?from rdfs:label ?fromLabel }}
  }}
}}
"""
"""What the graph says of `?thing`, with labels."""

DOCUMENT_KINDS = frozenset(
    map(
        iri,
        (
            *("kg:Release", "kg:SourceFile", "dcat:Dataset", "dcat:Distribution"),
            *("sh:SPARQLExecutable", "owl:Ontology"),
        ),
    )
)
"""The kinds of things that can be sent over the wire. All others (genes, lines, results, calls, centres) cannot."""

_TYPE = iri("rdf:type")
_LABEL = iri("rdfs:label")
_LONGEST_CHARACTERS = 2_000


@dataclass(frozen=True)
class Thing:
    """Something the graph knows.

    kinds: the IRIs of its classes.
    is_graph: whether it is a named graph.
    """

    iri: str
    kinds: frozenset[str]
    is_graph: bool = False

    @property
    def is_document(self) -> bool:
        """Whether what comes back over the wire can be the thing itself."""
        return bool(self.kinds & DOCUMENT_KINDS)


@dataclass(frozen=True)
class Value:
    """A value on a page: its words and, if it is a thing, where it is at home and where it is described here."""

    text: str
    kind: str
    label: str | None = None
    home: str | None = None
    here: str | None = None
    title: str | None = None


@dataclass(frozen=True)
class Property:
    """A property on a page with the first of its values; `more` is how many there are beyond."""

    name: str
    title: str
    values: Sequence[Value]
    more: int


@dataclass(frozen=True)
class Page:
    """What the page of a thing shows.

    kinds: what it is, in words. home: its own address, where it is a thing of others.
    outgoing, incoming: what is said of it, and what points to it.
    query: SPARQL that finds all that points to it, where that may be more than is shown.
    downloads: each format of the description, by its title, and where it is.
    """

    iri: str
    curie: str
    label: str
    kinds: Sequence[str]
    home: str | None
    outgoing: Sequence[Property]
    incoming: Sequence[Property]
    query: str | None
    downloads: Sequence[tuple[str, str]]


def iri_of_path(rest: str, base: str = BASE) -> str:
    """The IRI whose address is ``/id/`` and a rest.

    rest: what stands behind ``/id/``, as it was sent, without a question mark and what follows.

    Clients differ in what they escape, so each part is read and written again as `identifiers.mint` writes it. (Held against
    all 551,751 IRIs of a real release: each comes out as it is.)

    Raises NotFound where it cannot be an IRI of ours.

    >>> iri_of_path("allele/Syt4%3cem2(IMPC)H%3E")
    'https://w3id.org/impckg/allele/Syt4%3Cem2%28IMPC%29H%3E'
    """
    if not rest:
        return base
    try:
        parts = [unquote_to_bytes(part).decode("utf-8") for part in rest.split("/")]
        return check_iri(iri(mint(*parts) if len(parts) > 1 else f"{OWN_PREFIX}:{parts[0]}", base))
    except (KgError, UnicodeError) as error:
        raise NotFound(
            f"{IDS}/{rest[:200]}: nothing has that address; {base} and a kind begin ours"
        ) from error


def expanded(text: str) -> str:
    """An IRI from a CURIE with a prefix of ours; anything else as it is.

    >>> expanded("MGI:1352493"), expanded("https://example.org/a")
    ('https://identifiers.org/MGI:1352493', 'https://example.org/a')
    """
    prefix, colon, local = text.partition(":")
    return namespaces()[prefix] + local if colon and prefix in namespaces() else text


def check_iri(text: str) -> str:
    """An IRI that somebody sent, if it is one. Raises RequestError otherwise.

    >>> check_iri("https://identifiers.org/MGI:95489")
    'https://identifiers.org/MGI:95489'
    """
    try:
        if len(text) <= _LONGEST_CHARACTERS:
            return ox.NamedNode(text).value
    except ValueError:
        pass
    raise RequestError(f"iri: {text[:200]!r} is not an absolute IRI; such as {BASE}centre/TCP")


def bindings_of(thing: str) -> Bindings:
    """What KINDS_QUERY and DESCRIPTION_QUERY are asked with, for the thing of that IRI."""
    return {"thing": ox.NamedNode(thing)}


def read_thing(thing: str, found: QueryResult) -> Thing:
    """What the answer to KINDS_QUERY says of the thing of that IRI. Raises NotFound where it has no row."""
    answer = list(rows(found))
    if not answer:
        raise NotFound(
            f"the graph does not know {thing}; the release may be another one than you have in mind"
        )
    kinds = frozenset(kind.value for _, kind, _ in answer if isinstance(kind, ox.NamedNode))
    return Thing(thing, kinds, any(graph is not None for _, _, graph in answer))


def see_other(thing: Thing, page: bool) -> str | None:
    """Where whoever asks for a thing is sent; None where it is a document that is answered with right away.

    page: whether a page is wanted, and not data.
    """
    if thing.is_document:
        return None
    if thing.is_graph and not page:
        return f"{GRAPHS}?{urlencode({'graph': thing.iri})}"
    return description_address(thing.iri)


def is_vocabulary(thing: str, base: str = BASE) -> bool:
    """Whether an IRI is that of the vocabulary, which is at VOCABULARY_PAGE."""
    return thing in (VOCABULARY, VOCABULARY.rstrip("#"), f"{base}ontology")


def description_address(thing: str, format_name: str | None = None) -> str:
    """Where the description of the thing of that IRI is.

    >>> description_address("https://identifiers.org/MGI:95489", "ttl")
    '/describe?iri=https%3A%2F%2Fidentifiers.org%2FMGI%3A95489&format=ttl'
    """
    parameters = {"iri": thing} | ({"format": format_name} if format_name else {})
    return f"{DESCRIPTIONS}?{urlencode(parameters)}"


def address_here(thing: str, base: str = BASE) -> str:
    """Where this service speaks of the thing of that IRI: below ``/id/`` if it is one of ours.

    >>> address_here("https://w3id.org/impckg/centre/MRC%20Harwell")
    '/id/centre/MRC%20Harwell'
    """
    # What follows a "#" is not sent, so terms of the vocabulary are told apart by their parameter only.
    if thing.startswith(base) and "#" not in thing:
        return f"{IDS}/{quote(thing.removeprefix(base), safe='/:%')}"
    return description_address(thing)


def read_page(thing: Thing, triples: Iterable[ox.Triple]) -> Page:
    """What the page of a thing shows, from the answer to DESCRIPTION_QUERY."""
    node = ox.NamedNode(thing.iri)
    labels: dict[str, str] = {}
    outgoing: dict[str, list[Any]] = defaultdict(list)
    incoming: dict[str, list[Any]] = defaultdict(list)
    for triple in triples:
        subject, predicate, value = triple.subject, triple.predicate.value, triple.object
        if subject == node:
            outgoing[predicate].append(value)
        elif value == node:
            incoming[predicate].append(subject)
        if predicate == _LABEL and isinstance(subject, ox.NamedNode):
            labels[subject.value] = text_of(value)
    pointing = sum(map(len, incoming.values()))
    curie = text_of(node)
    return Page(
        iri=thing.iri,
        curie=curie,
        label=labels.get(thing.iri, curie.strip("<>")),
        kinds=_kind_words(thing),
        home=None if thing.iri.startswith(BASE) else _web_address(thing.iri),
        outgoing=_properties(outgoing, labels),
        incoming=_properties(incoming, labels),
        query=f"SELECT ?from ?property WHERE {{\n  ?from ?property {node}\n}}\n"
        if pointing >= MOST_INCOMING
        else None,
        downloads=[(f.title, description_address(thing.iri, f.name)) for f in formats_for(Form.TRIPLES)],
    )


def dataset_json_ld(
    release: Release, sources: Sequence[Mapping[str, str]], base: str, statements: int | None = None
) -> dict[str, Any]:
    """What search engines read on the home page: the release as a Dataset of schema.org, as Bioschemas wants it.

    sources: the rows of the question `sources_of_release`, each with title, version, licence, address.
    base: the public address of the service, without a slash at the end.

    Source: https://bioschemas.org/profiles/Dataset/1.0-RELEASE
    """
    downloads = [
        _download(f"{base}/.well-known/void", "text/turtle", "Description of the release (VoID, DCAT, PROV)"),
        _download(f"{base}{GRAPHS}?default", "application/n-triples", "All statements"),
    ]
    described: dict[str, Any] = {
        "@context": {"@vocab": "https://schema.org/", "dct": "http://purl.org/dc/terms/"},
        "@type": "Dataset",
        "@id": release.iri,
        "dct:conformsTo": {
            "@id": "https://bioschemas.org/profiles/Dataset/1.0-RELEASE",
            "@type": "CreativeWork",
        },
        "name": release.title,
        "description": (
            "Knowledge graph of mouse knock-out lines of the International Mouse Phenotyping Consortium, what was measured "
            "on them, the phenotypes that were called and those that were looked for and not found, linked to human "
            "genes, phenotypes and rare diseases."
            + (" The measurements of this release are simulated." if release.simulated else "")
        ),
        "identifier": release.iri,
        "url": f"{base}/",
        "version": release.name,
        "datePublished": release.date,
        "keywords": ["mouse phenotype", "knockout mouse", "rare disease", "ortholog", "SPARQL", "IMPC"],
        "license": sorted({source["licence"] for source in sources if source.get("licence")}),
        "isAccessibleForFree": True,
        "isBasedOn": [_source(source) for source in sources],
        "distribution": downloads,
        "includedInDataCatalog": {"@type": "DataCatalog", "name": "impckg", "url": f"{base}/"},
        "potentialAction": {
            "@type": "SearchAction",
            "target": {"@type": "EntryPoint", "urlTemplate": f"{base}/sparql?query={{query}}"},
            "query-input": "required name=query",
        },
    }
    if statements is not None:
        described["size"] = f"{statements} statements"
    return described


def json_for_script(document: Mapping[str, Any]) -> str:
    r"""JSON that may stand in a script element of a page: nothing in it can end the element.

    >>> json_for_script({"name": "</script>"})
    '{"name": "\\u003c/script>"}'
    """
    return json.dumps(document, ensure_ascii=False).replace("<", "\\u003c").replace("&", "\\u0026")


def _source(source: Mapping[str, str]) -> dict[str, Any]:
    told = {
        "@id": source.get("source"),
        "name": source.get("title"),
        "version": source.get("version"),
        "license": source.get("licence"),
        "url": source.get("address"),
        "citation": source.get("citation"),
        "publisher": source.get("publisher") and {"@type": "Organization", "name": source["publisher"]},
    }
    return {"@type": "Dataset"} | {key: value for key, value in told.items() if value}


def _download(address: str, media_type: str, name: str) -> dict[str, Any]:
    return {"@type": "DataDownload", "name": name, "contentUrl": address, "encodingFormat": media_type}


def _kind_words(thing: Thing) -> list[str]:
    words = ["named graph"] if thing.is_graph else []
    return words + sorted(text_of(ox.NamedNode(kind)) for kind in thing.kinds)


def _properties(found: Mapping[str, Sequence[Any]], labels: Mapping[str, str]) -> list[Property]:
    """Properties with their values, in the order of the schema; then those of others, by name."""
    columns = {column.iri: column for column in schema().columns.values()}
    order = {name: place for place, name in enumerate([_TYPE, *columns])}
    listed = []
    for name in sorted(found, key=lambda name: (order.get(name, len(order)), name)):
        values = sorted(
            (_value(term, labels) for term in found[name]), key=lambda v: (v.label or v.text, v.text)
        )
        column = columns.get(name)
        words = column.name.replace("_", " ") if column else text_of(ox.NamedNode(name))
        title = f"{name}: {column.definition}" if column else name
        listed.append(
            Property(
                "kind" if name == _TYPE else words,
                title,
                values[:MOST_VALUES],
                max(len(values) - MOST_VALUES, 0),
            )
        )
    return listed


def _value(term: Any, labels: Mapping[str, str]) -> Value:
    text = text_of(term)
    if isinstance(term, ox.NamedNode):
        ours = term.value.startswith(BASE)
        return Value(
            text,
            "thing",
            label=labels.get(term.value),
            home=None if ours else _web_address(term.value),
            here=address_here(term.value),
            title=term.value,
        )
    language = term.language if isinstance(term, ox.Literal) else None
    return Value(text, "text", title=language)


def _web_address(thing: str) -> str | None:
    # An IRI can be of any scheme, and a link of some schemes would run code.
    return thing if thing.startswith(("http://", "https://")) else None
