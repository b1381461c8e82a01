"""SPARQL 1.1 Graph Store HTTP Protocol: from a request to what is read or changed, and from what became of it to a status.

A graph is named in the parameters of the store's own address, or is the one whose IRI is the address of the request:

    /graphs?default                          the graph without a name
    /graphs?graph=http%3A%2F%2Fa%2Fb         the graph <http://a/b>
    /graphs/person/1                         the graph whose IRI is this address, without what follows a question mark
    /graphs                                  POST only: a new graph, named below this address

Decisions where the specification leaves them to us:

* The default graph of this protocol is the one without a name, also where queries see the union of all graphs. What is put
  at ``?default`` is what a GET of it gives back, and each statement has one graph to be deleted from.
* Relative IRIs in what is sent are relative to the IRI of the graph; for the one without a name, to the store's address.
* A path is taken as it was sent, ``/graphs/%31`` and ``/graphs/1`` name two graphs; a parameter is decoded once.
* Documents without a Content-Type are read as RDF/XML, as the specification has it; parts of a form by the ending of their
  file's name. A form (multipart/form-data) may be put as well as posted.
* TriG and N-Quads are not read: a graph is sent, not a set of graphs.

Nothing here reads a store or writes to one. Source: https://www.w3.org/TR/sparql11-http-rdf-update/ (2013-03-21).
"""

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus
from pathlib import PurePosixPath

import pyoxigraph as ox
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData

from impckg.graph.identifiers import UNNAMED_GRAPH
from impckg.graph.store import Term
from impckg.graph.writable import RDF_MEDIA_TYPES, Document
from impckg.service.errors import NotFound, RequestError, UnsupportedMediaType
from impckg.service.pool.writer import GraphChange, Outcome
from impckg.service.protocol import read_parameters, values_of

GRAPHS = "/graphs"
"""The address of the graph store, below that of the service."""

METHODS = ("GET", "HEAD", "PUT", "POST", "DELETE")

FORM_DATA = "multipart/form-data"
RDF_XML = "application/rdf+xml"

_ENDINGS = {
    ".ttl": "text/turtle",
    ".nt": "application/n-triples",
    ".rdf": RDF_XML,
    ".owl": RDF_XML,
    ".xml": RDF_XML,
    ".jsonld": "application/ld+json",
    ".json": "application/ld+json",
}
_MOST_PARTS = 100


class Target(Enum):
    """What a request is about."""

    NAMED = "a graph with a name"
    UNNAMED = "the graph without a name"
    NEW = "a graph that is to be made and named"


@dataclass(frozen=True)
class GraphRequest:
    """What a request is about, and what is done to it.

    graph: the IRI of the graph; None for the one without a name.
    base_iri: what relative IRIs in what is sent are relative to.
    """

    method: str
    target: Target
    graph: str | None
    base_iri: str


@dataclass(frozen=True)
class Reading:
    """A query, with the arguments of `GraphStore.query`."""

    text: str
    bindings: Mapping[str, Term]
    default_graphs: tuple[str, ...] = ()


def read_graph_request(method: str, path: str, query_string: bytes, address: str) -> GraphRequest:
    """What a request is about.

    method: one of METHODS.
    path: that of the request as it was sent, with its escapes, from GRAPHS on.
    query_string: what stands behind the question mark, as it was sent.
    address: the full address of the graph store, as clients see it.

    Raises RequestError where it does not name exactly one graph, or by what is no absolute IRI.

    >>> request = read_graph_request("GET", "/graphs", b"graph=urn%3Aa", "http://localhost/graphs")
    >>> request.target, request.graph
    (<Target.NAMED: 'a graph with a name'>, 'urn:a')
    """
    parameters = read_parameters(query_string)
    graphs = values_of("graph", parameters)
    default = values_of("default", parameters)
    below = path.removeprefix(GRAPHS).removeprefix("/")
    if len(graphs) + bool(default) + bool(below) > 1:
        raise RequestError(
            "the request names more than one graph; expected one of default, graph=... and a path"
        )
    if below:
        return GraphRequest(method, Target.NAMED, *_named(f"{address}/{_checked_path(below)}"))
    if graphs:
        return GraphRequest(method, Target.NAMED, *_named(graphs[0]))
    if default:
        return GraphRequest(method, Target.UNNAMED, None, address)
    if method == "POST":
        return GraphRequest(method, Target.NEW, *_named(f"{address}/{uuid.uuid4()}"))
    raise RequestError(
        "the request names no graph; expected ?default, ?graph= with an absolute IRI, or a path"
    )


def reading_of(request: GraphRequest) -> Reading:
    """The query for what a graph says. Of a graph that does not exist it finds nothing: ask `existence_of` first."""
    graph = UNNAMED_GRAPH if request.graph is None else request.graph
    return Reading("CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }", {}, (graph,))


def existence_of(request: GraphRequest) -> Reading | None:
    """The query that has a row where the graph exists, be it empty; None for the graph that always does."""
    if request.graph is None:
        return None
    return Reading("SELECT ?graph WHERE { GRAPH ?graph { } }", {"graph": ox.NamedNode(request.graph)})


def no_such_graph(request: GraphRequest) -> NotFound:
    """The error for a graph that does not exist."""
    return NotFound(f"there is no graph <{request.graph}>")


def change_of(request: GraphRequest, content_type: str | None, body: bytes) -> GraphChange | None:
    """What a PUT, POST or DELETE changes; None where there is nothing to add.

    content_type: the header of that name; None where it is absent.

    Raises UnsupportedMediaType for a format that is not read, and RequestError for a form that cannot be.
    """
    if request.method == "DELETE":
        return GraphChange("delete", request.graph)
    if request.method == "PUT":
        return GraphChange("put", request.graph, _documents(request, content_type, body))
    if not body:
        return None
    return GraphChange("post", request.graph, _documents(request, content_type, body))


def answer_of(request: GraphRequest, outcome: Outcome | None) -> tuple[HTTPStatus, str | None]:
    """The status that tells what became of a change, and the address of a graph that it made, for Location.

    outcome: None where there was nothing to change.

    Raises NotFound where a graph was to be deleted that does not exist.
    """
    if outcome is None:
        return HTTPStatus.NO_CONTENT, None
    if request.method == "DELETE" and not outcome.existed:
        raise no_such_graph(request)
    if outcome.created:
        return HTTPStatus.CREATED, request.graph if request.target is Target.NEW else None
    return HTTPStatus.NO_CONTENT, None


def _named(iri: str) -> tuple[str, str]:
    """An IRI as the name of a graph and as the base of what is sent to it."""
    try:
        ox.NamedNode(iri)
    except ValueError as error:
        raise RequestError(f"{iri!r} cannot name a graph: {error}; expected an absolute IRI") from error
    return iri, iri


def _checked_path(path: str) -> str:
    if not {".", ".."}.isdisjoint(path.split("/")):
        raise RequestError(f"{path!r} cannot name a graph: it has steps that lead to another address")
    return path


def _documents(request: GraphRequest, content_type: str | None, body: bytes) -> tuple[Document, ...]:
    media_type, options = parse_options_header(content_type)
    if media_type.lower() == FORM_DATA:
        return tuple(_parts(body, options.get("boundary", ""), request.base_iri))
    return (Document(body, _rdf_media_type(content_type or RDF_XML, "the graph"), request.base_iri),)


def _rdf_media_type(content_type: str, name: str) -> str:
    media_type, options = parse_options_header(content_type)
    media_type, charset = media_type.lower(), options.get("charset", "utf-8")
    if media_type not in RDF_MEDIA_TYPES:
        raise UnsupportedMediaType(
            f"{name}: {media_type or content_type!r} is no format that graphs are read in; expected one of "
            f"{', '.join(RDF_MEDIA_TYPES)}"
        )
    if charset.lower() not in ("utf-8", "utf8", "us-ascii"):
        raise UnsupportedMediaType(f"{name}: text in {charset} cannot be read; expected UTF-8")
    return media_type


def _parts(body: bytes, boundary: str, base_iri: str) -> Iterator[Document]:
    """The documents of a form. A part with neither a file's name nor a type is a field of the form, and no document."""
    if not boundary:
        raise RequestError("the form has no boundary in its Content-Type")
    decoder = MultipartDecoder(boundary.encode("latin-1", "replace"), max_parts=_MOST_PARTS)
    head: File | Field | None = None
    content = bytearray()
    try:
        decoder.receive_data(body)
        decoder.receive_data(None)
        while not isinstance(event := decoder.next_event(), Epilogue):
            if isinstance(event, NeedData):
                raise RequestError("the form is cut off; expected its boundary at the end")
            if isinstance(event, (File, Field)):
                head, content = event, bytearray()
            elif isinstance(event, Data) and head is not None:
                content += event.data
                if not event.more_data and (document := _part(head, bytes(content), base_iri)) is not None:
                    yield document
    except RequestEntityTooLarge as error:
        raise RequestError(f"the form has more than {_MOST_PARTS} parts") from error
    except ValueError as error:
        raise RequestError(f"the form cannot be read: {error}") from error


def _part(head: File | Field, content: bytes, base_iri: str) -> Document | None:
    content_type = head.headers.get("content-type")
    if isinstance(head, Field) and content_type is None:
        return None
    name = (isinstance(head, File) and head.filename) or head.name
    guessed = _ENDINGS.get(PurePosixPath(name).suffix.lower())
    if guessed is not None and content_type in (None, "application/octet-stream"):
        content_type = guessed
    if content_type is None:
        raise RequestError(
            f"{name}: nothing says in which format it is; expected a Content-Type for the part"
        )
    return Document(content, _rdf_media_type(content_type, name), base_iri, name)
