"""What pages and documents are made from, and how errors look on them."""

import gzip
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from threading import Lock, Thread
from typing import TYPE_CHECKING

import flask
import pyoxigraph as ox
from flask import Response, g, request
from werkzeug.exceptions import HTTPException

from impckg.graph.errors import KgError
from impckg.graph.results import columns, rows
from impckg.graph.store import REASONING_FOLDER, Release, find_release
from impckg.ontology.reasoning.keeping import Kept, is_kept, open_kept
from impckg.queries.catalog import question
from impckg.queries.run import AnyStore, ask
from impckg.service import pages
from impckg.service.completion import Completions
from impckg.service.description import DESCRIPTION_QUERY, entities_by_class, stored_description
from impckg.service.errors import PROBLEM_JSON, NotFound, explain, point_at, problem, retry_after, status_of
from impckg.service.links import Links
from impckg.service.negotiation import HTML, preferred_for_errors
from impckg.service.settings import Settings
from impckg.service.things import dataset_json_ld, json_for_script
from impckg.service.vocabulary_warnings import KnownTerms, known_terms

if TYPE_CHECKING:
    from flask import Flask

HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Location, Retry-After, X-Impckg-Note, X-Impckg-Warning, X-Query-Id",
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept, Accept-Encoding",
    "X-Content-Type-Options": "nosniff",
}
"""What every reply of the service says."""

_ALLOWED_HEADERS = "Accept, Authorization, Content-Type, If-None-Match, X-Query-Id"
_PREFLIGHT_SECONDS = 86_400
_PACK_FROM_BYTES = 1_400
_GZIP_LEVEL = 5
_NOT_WORTH_PACKING = ("image/png", "font/", "application/zip")

_MESSAGES = {
    HTTPStatus.NOT_FOUND: "there is nothing at this address; / lists what there is",
    HTTPStatus.METHOD_NOT_ALLOWED: "this address takes no {method} requests; expected one of {allowed}",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "the request is longer than this service takes",
    HTTPStatus.INTERNAL_SERVER_ERROR: "the service failed; its log says why",
}


@dataclass
class ReleaseDescription:
    """What a store says of itself, read once for each release.

    sources: the rows of the question `sources_of_release`.
    things: how many there are of each class, by its IRI.
    documents: what was written of it so far, by what it is and in which format.
    """

    statements: tuple[ox.Triple, ...]
    known: KnownTerms
    sources: Sequence[Mapping[str, str]]
    things: Mapping[str, int]
    completions: Completions
    documents: dict[tuple[str, str], bytes] = field(default_factory=dict)


@dataclass
class Site:
    """What pages and documents are made from.

    store: answers for pages, with as many rows as a page shows.
    whole: answers with all rows, for documents.
    edition: tells one release from another; asked for each time.
    links: the short links of queries.
    """

    settings: Settings
    store: AnyStore
    whole: AnyStore
    edition: Callable[[], str | None]
    links: Links
    _described: tuple[str | None, ReleaseDescription] | None = None
    _kept: tuple[str | None, Kept] | None = None
    _expecting: bool = False
    _lock: Lock = field(default_factory=Lock)

    def release(self) -> Release | None:
        """The release that is served at the moment."""
        return self.store.release()

    def description(self) -> ReleaseDescription:
        """What the store that is served at the moment says of itself."""
        with self._lock:
            edition = self.edition()
            if self._described is None or self._described[0] != edition:
                statements = stored_description(self.whole.query(DESCRIPTION_QUERY))
                found = ReleaseDescription(
                    statements,
                    known_terms(statements),
                    _sources(self.whole),
                    entities_by_class(statements),
                    Completions(self.whole),
                )
                self._described = edition, found
            return self._described[1]

    def reasoning(self) -> Kept:
        """The classification of the release that is served. Raises NotFound where it has none."""
        with self._lock:
            edition = self.edition()
            if self._kept is None or self._kept[0] != edition:
                self._kept = edition, self._open_kept()
            return self._kept[1]

    def _open_kept(self) -> Kept:
        store = str(self.settings.store)
        folder = (
            None
            if store.startswith(("http://", "https://"))
            else find_release(Path(store)) / REASONING_FOLDER
        )
        if folder is None or not is_kept(folder):
            raise NotFound("the store of this service has no classification, so nothing can be explained")
        return open_kept(folder)

    def dataset(self) -> str:
        """What search engines read of the release, as JSON for a page; empty where the store does not say what it is."""
        release = self.release()
        if release is None:
            return ""
        return json_for_script(dataset_json_ld(release, self.description().sources, self.address()))

    def expect_typing(self) -> None:
        """Read what can be completed, in the background: someone is about to type."""
        # As many as come meanwhile wait for the same reading, and there is nothing to read again after it.
        if not self._expecting:
            self._expecting = True
            Thread(target=self._read_completions, daemon=True).start()

    def _read_completions(self) -> None:
        try:
            self.description().completions.read()
        finally:
            self._expecting = False

    def address(self) -> str:
        """The public address of the service, without a slash at its end."""
        return (self.settings.base_url or request.host_url).rstrip("/")


def _sources(store: AnyStore) -> list[dict[str, str]]:
    found = ask(question("sources_of_release"), store, {})
    names = columns(found)
    return [
        {
            name: term.value
            for name, term in zip(names, row, strict=True)
            if isinstance(term, (ox.NamedNode, ox.Literal))
        }
        for row in rows(found)
    ]


def preflight_headers(allowed: str) -> list[tuple[str, str]]:
    """What browsers are told before they send a request from a page of someone else.

    allowed: the methods that the address takes, as in the header Allow.
    """
    return [
        ("Access-Control-Allow-Methods", allowed),
        ("Access-Control-Allow-Headers", _ALLOWED_HEADERS),
        ("Access-Control-Max-Age", str(_PREFLIGHT_SECONDS)),
    ]


def register_errors(app: "Flask") -> None:
    """Have the application answer errors as this service does."""
    app.register_error_handler(KgError, lambda error: _failed(status_of(error), explain(error), error))
    app.register_error_handler(HTTPException, _failed_otherwise)
    app.after_request(_finish)


def _failed(status: int, message: str, error: Exception | None = None) -> Response:
    media_type = preferred_for_errors(request.headers.get("Accept"), g.get("format_name"))
    http_status = HTTPStatus(status)
    query = g.get("query", "")
    place = point_at(error, query)
    if media_type == PROBLEM_JSON:
        response = flask.jsonify(problem(http_status, message, error))
    elif media_type == HTML:
        response = Response(pages.error_page(http_status.phrase, message, place, query))
    else:
        response = Response("\n".join(part for part in (message, place) if part) + "\n")
    response.status_code = http_status
    response.mimetype = media_type
    response.headers.update(retry_after(error))
    return response


def _failed_otherwise(error: HTTPException) -> Response:
    """Answer an error that the web framework found: no such page, another method, a failure of ours."""
    status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    allowed = dict(error.get_headers()).get("Allow", "")
    if status in _MESSAGES:
        message = _MESSAGES[status].format(method=request.method, allowed=allowed)
    else:
        message = error.description or status.phrase
    response = _failed(status, message)
    if allowed:
        response.headers["Allow"] = allowed
    return response


def _finish(response: Response) -> Response:
    """Say what every reply says, and pack what is worth it."""
    response.headers.update(HEADERS)
    # The server says the time.
    response.headers.pop("Date", None)
    if request.method == "OPTIONS" and "Allow" in response.headers:
        response.headers.update(preflight_headers(response.headers["Allow"]))
    if response.status_code != HTTPStatus.OK or not request.accept_encodings["gzip"]:
        return response
    if (response.mimetype or "").startswith(_NOT_WORTH_PACKING) or "Content-Encoding" in response.headers:
        return response
    # Files of ours are handed to the server as files; a packed one is not.
    response.direct_passthrough = False
    body = response.get_data()
    if len(body) >= _PACK_FROM_BYTES:
        response.set_data(gzip.compress(body, _GZIP_LEVEL, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
    return response
