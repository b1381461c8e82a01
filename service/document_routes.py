"""Documents about the service, the graph and its things, each at its address.

===========================================  =======================================================================
``/id/<rest>``, ``/describe?iri=``           things, see things.py
``/.well-known/void``                        what the release says of itself
``/sparql`` without a query                  the service description (the door sends it here as ``/description``)
``/vocabulary``, ``/shapes``                 OWL and SHACL
``/api/queries``, ``/openapi.json``          the questions, and all of this, for programs
``/query``, ``/query/<hash>``                short links
``/complete``                                what may be typed next
===========================================  =======================================================================
"""

from collections.abc import Callable, Iterable
from http import HTTPStatus

import flask
import pyoxigraph as ox
from flask import Flask, Response, render_template, request, url_for

from impckg.graph.identifiers import BASE
from impckg.graph.results import Form, ResultFormat
from impckg.graph.sparql import keyword
from impckg.queries.catalog import questions
from impckg.service import things
from impckg.service.api import listing
from impckg.service.completion import MOST, Kind
from impckg.service.description import endpoint_of, service_description
from impckg.service.documents import DOCUMENTS, document, write_document
from impckg.service.errors import RequestError
from impckg.service.links import address_of
from impckg.service.negotiation import HTML, choose
from impckg.service.openapi import openapi_document
from impckg.service.page_routes import wants_page
from impckg.service.protocol import QUERY, format_parameter, read_parameters, read_request, values_of
from impckg.service.site import Site

_QUERY_FORMS = ("SELECT", "ASK", "CONSTRUCT", "DESCRIBE")
# Endpoints are described by the address that clients use; they could make up any number of those.
_MOST_DOCUMENTS = 64

DESCRIPTION = "/description"
"""Where the door sends a request for the service description."""


def add(app: Flask, site: Site) -> None:
    """Add the documents to the application."""
    app.add_url_rule(f"{things.IDS}/<path:rest>", "thing", lambda rest: thing(site))
    app.add_url_rule(f"{things.IDS}/", "things", lambda: thing(site))
    app.add_url_rule(things.DESCRIPTIONS, "describe", lambda: describe(site))
    app.add_url_rule("/.well-known/void", "void", lambda: void(site))
    app.add_url_rule(DESCRIPTION, "description", lambda: description(site))
    for name in DOCUMENTS:
        app.add_url_rule(f"/{name}", name, lambda name=name: _kept(site, name, lambda: document(name)))
    app.add_url_rule("/openapi.json", "openapi", lambda: openapi(site))
    app.add_url_rule("/api/queries", "api", lambda: flask.jsonify(listing(questions(), site.address())))
    app.add_url_rule("/query", "new_link", lambda: new_link(site), methods=["POST"])
    app.add_url_rule("/query/<name>", "link", lambda name: link(site, name))
    app.add_url_rule("/complete", "complete", lambda: complete(site))


def thing(site: Site) -> Response:
    """The thing whose IRI ends as the address does: its description, or where that is."""
    # Flask has unquoted the path; which characters were quoted counts here.
    scope = request.environ.get("asgi.scope", {})
    path = scope.get("raw_path", request.path.encode()).decode("latin-1")
    rest = path.partition(f"{things.IDS}/")[2]
    iri = things.iri_of_path(rest)
    if things.is_vocabulary(iri):
        return _see_other(things.VOCABULARY_PAGE)
    found = things.read_thing(iri, site.whole.query(things.KINDS_QUERY, things.bindings_of(iri)))
    page = wants_page()
    elsewhere = things.see_other(found, page)
    if elsewhere is not None:
        return _see_other(elsewhere)
    response = _description_of(site, found, page)
    response.headers["Content-Location"] = things.description_address(iri)
    return response


def describe(site: Site) -> Response:
    """What the graph says of the thing whose IRI is the parameter `iri`."""
    given = values_of("iri", read_parameters(request.query_string))
    if len(given) != 1:
        raise RequestError(
            f"the request has {len(given)} parameters 'iri'; expected one, such as {BASE}centre/TCP"
        )
    iri = things.check_iri(things.expanded(given[0]))
    found = things.read_thing(iri, site.whole.query(things.KINDS_QUERY, things.bindings_of(iri)))
    return _description_of(site, found, wants_page())


def void(site: Site) -> Response:
    """What the release says of itself: VoID, DCAT, PROV; a page of it for browsers."""
    release = site.release()
    if wants_page() and release is not None:
        return _see_other(things.description_address(release.iri))
    return _kept(site, "void", lambda: site.description().statements)


def description(site: Site) -> Response:
    """The service description."""
    endpoint = endpoint_of(site.settings, f"{site.address()}{url_for('sparql')}")
    statements = site.description().statements
    return _kept(site, endpoint.address, lambda: service_description(endpoint, statements))


def openapi(site: Site) -> Response:
    """All addresses of the service, for programs."""
    return flask.jsonify(openapi_document(site.settings, site.release(), site.address()))


def new_link(site: Site) -> Response:
    """Make a short link to the query of the form."""
    asked = read_request(b"", request.content_type, request.get_data())
    if asked is None or keyword(asked.text) not in _QUERY_FORMS:
        raise RequestError("only a query can have a link; expected SELECT, ASK, CONSTRUCT or DESCRIBE")
    address = f"{site.address()}{address_of(site.links.make(asked.text))}"
    response = flask.jsonify(address=address)
    response.status_code = HTTPStatus.CREATED
    response.headers["Location"] = address
    return response


def link(site: Site, name: str) -> Response:
    """The query of a short link: in the editor, or as text."""
    query = site.links.find(name)
    if wants_page():
        return _see_other(url_for("home", query=query, _anchor="editor"))
    return Response(query, content_type=f"{QUERY}; charset=utf-8")


def complete(site: Site) -> Response:
    """What may be typed next, as JSON."""
    parameters = dict(read_parameters(request.query_string))
    try:
        kind = Kind(parameters.get("kind", ""))
    except ValueError as error:
        names = ", ".join(kind.value for kind in Kind)
        raise RequestError(
            f"kind {parameters.get('kind')!r} is not known; expected one of {names}"
        ) from error
    found = site.description().completions.find(kind, parameters.get("text", ""), MOST)
    response = flask.jsonify([vars(completion) for completion in found])
    response.headers["Cache-Control"] = "max-age=3600"
    return response


def _description_of(site: Site, found: things.Thing, page: bool) -> Response:
    statements = site.whole.query(things.DESCRIPTION_QUERY, things.bindings_of(found.iri))
    assert isinstance(statements, ox.QueryTriples)
    if page:
        return Response(
            render_template("thing.html", page=things.read_page(found, statements)), mimetype=HTML
        )
    return _triples(statements)


def _triples(statements: Iterable[ox.Triple]) -> Response:
    """Statements in the format that the client likes best."""
    format_, media_type = _chosen_format()
    return _as_document(write_document(statements, format_), media_type)


def _kept(site: Site, name: str, statements: Callable[[], Iterable[ox.Triple]]) -> Response:
    """The same for a document that changes with the release only, and so is written once in each format."""
    format_, media_type = _chosen_format()
    documents = site.description().documents
    key = name, format_.name
    if key not in documents:
        if len(documents) >= _MOST_DOCUMENTS:
            documents.clear()
        documents[key] = write_document(statements(), format_)
    return _as_document(documents[key], media_type)


def _chosen_format() -> tuple[ResultFormat, str]:
    """The format for triples that the client likes best, and its media type."""
    name = format_parameter(read_parameters(request.query_string))
    choice = choose(Form.TRIPLES, request.headers.get("Accept"), name)
    if choice.format is None:
        choice = choose(Form.TRIPLES, None, None)
    assert choice.format is not None
    return choice.format, choice.media_type


def _as_document(body: bytes, media_type: str) -> Response:
    response = Response(body, mimetype=media_type)
    response.add_etag(weak=True)
    response.make_conditional(request)
    return response


def _see_other(address: str) -> Response:
    return Response(status=HTTPStatus.SEE_OTHER, headers={"Location": address})
