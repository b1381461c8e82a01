"""SPARQL 1.1 Protocol: from an HTTP request to a query or an update, and the graphs that it is about.

A query comes in the address (GET), in a form (POST, application/x-www-form-urlencoded) or as the body itself (POST,
application/sparql-query); an update in a form or as the body (application/sparql-update), never in the address. Parameters
that we do not know are ignored: many clients send their own.
Source: https://www.w3.org/TR/sparql11-protocol/ (2013-03-21), section 2.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

import pyoxigraph as ox
from werkzeug.http import parse_options_header

from impckg.graph.sparql import UPDATES, keyword
from impckg.service.errors import RequestError, UnsupportedMediaType

FORM = "application/x-www-form-urlencoded"
QUERY = "application/sparql-query"
UPDATE = "application/sparql-update"

Parameters = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class SparqlRequest:
    """A query or an update, the graphs that it is about, and the format asked for.

    default_graphs, named_graphs: what the default graph is made of, and which graphs GRAPH sees; for an update, what USING
    and USING NAMED would say.
    """

    text: str
    is_update: bool = False
    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()
    format_name: str | None = None


def read_request(
    query_string: bytes, content_type: str | None = None, body: bytes | None = None
) -> SparqlRequest | None:
    """The query or update that a request asks for; None where it asks for neither, and so for a description.

    query_string: what stands behind the question mark of the address, as it was sent.
    content_type: the header of that name; None where it is absent.
    body: the body of a POST request; None for GET and HEAD.

    Raises RequestError where there is more than one of them, and UnsupportedMediaType for another kind of body.
    """
    parameters = read_parameters(query_string)
    if values_of("update", parameters):
        raise RequestError(
            "an update must not stand in the address; expected it in the body of a POST request"
        )
    if body is not None:
        parameters += _read_body(content_type, body)
    queries, updates = values_of("query", parameters), values_of("update", parameters)
    given = queries + updates
    if not given:
        if body is None:
            return None
        raise RequestError("the request has no parameter 'query' or 'update'; expected one of them")
    if len(given) > 1:
        what = f"{len(queries)} parameters 'query' and {len(updates)} 'update'"
        raise RequestError(f"the request has {what}; expected exactly one of them")
    if not given[0].strip():
        raise RequestError("the query is empty; expected SPARQL")
    prefix = "using" if updates else "default"
    named = "using-named-graph-uri" if updates else "named-graph-uri"
    if queries and keyword(queries[0]) in UPDATES:
        raise RequestError("there is an update in the parameter 'query'; expected it in 'update'")
    return SparqlRequest(
        given[0],
        bool(updates),
        _graphs(f"{prefix}-graph-uri", parameters),
        _graphs(named, parameters),
        format_parameter(parameters),
    )


def read_parameters(encoded: bytes) -> list[tuple[str, str]]:
    """The names and values of a query string or a form.

    Raises RequestError where one is not UTF-8: a replaced character could change what is asked.

    >>> read_parameters(b"query=ASK+%7B%7D&format=csv")
    [('query', 'ASK {}'), ('format', 'csv')]
    """
    pairs = (part.partition(b"=") for part in encoded.split(b"&") if part)
    return [(_unquote(name), _unquote(value)) for name, _, value in pairs]


def values_of(name: str, parameters: Parameters) -> list[str]:
    """Every value that a parameter is given."""
    return [value for key, value in parameters if key == name]


def _graphs(name: str, parameters: Parameters) -> tuple[str, ...]:
    """The graphs that a parameter names. Raises RequestError for what is no absolute IRI."""
    graphs = tuple(values_of(name, parameters))
    for graph in graphs:
        try:
            ox.NamedNode(graph)
        except ValueError as error:
            raise RequestError(f"{name}: {graph[:200]!r} is not an absolute IRI: {error}") from error
    return graphs


def format_parameter(parameters: Parameters) -> str | None:
    """The name of the format asked for; None where there is no wish."""
    # A form in which nothing was chosen sends an empty value.
    return next((value for value in values_of("format", parameters) if value), None)


def _read_body(content_type: str | None, body: bytes) -> list[tuple[str, str]]:
    media_type, options = parse_options_header(content_type)
    charset = options.get("charset", "utf-8")
    if media_type not in (FORM, QUERY, UPDATE):
        raise UnsupportedMediaType(
            f"a body of type {media_type or 'unknown'} cannot be read; expected {FORM}, {QUERY} or {UPDATE}"
        )
    if charset.lower() not in ("utf-8", "utf8"):
        raise UnsupportedMediaType(f"a body in {charset} cannot be read; expected UTF-8")
    if media_type == FORM:
        return read_parameters(body)
    return [("query" if media_type == QUERY else "update", _decode(body))]


def _unquote(encoded: bytes) -> str:
    return _decode(unquote_to_bytes(encoded.replace(b"+", b" ")))


def _decode(text: bytes) -> str:
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError as error:
        found = f"byte 0x{text[error.start]:02X} at position {error.start}"
        raise RequestError(f"the request has {found}; expected UTF-8") from error
