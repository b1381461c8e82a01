"""SPARQL 1.1 Protocol, query operation: from an HTTP request to a query and the graphs it is about.

A query comes in the address (GET), in a form (POST, application/x-www-form-urlencoded) or as the body itself
(POST, application/sparql-query). Parameters that we do not know are ignored: many clients send their own.
Source: https://www.w3.org/TR/sparql11-protocol/ (2013-03-21), section 2.1.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from werkzeug.http import parse_options_header

from impckg.graph.sparql import UPDATES, keyword
from impckg.service.errors import RequestError, UnsupportedMediaType

FORM = "application/x-www-form-urlencoded"
QUERY = "application/sparql-query"
UPDATE = "application/sparql-update"

_READ_ONLY = "this endpoint answers queries only; it takes no updates"

Parameters = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class SparqlRequest:
    """A query, the graphs that make up its default graph, its named graphs, and the format asked for."""

    query: str
    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()
    format_name: str | None = None


def read_request(
    query_string: bytes, content_type: str | None = None, body: bytes | None = None
) -> SparqlRequest:
    """The query that a request asks.

    query_string: what stands behind the question mark of the address, as it was sent.
    content_type: the header of that name; None where it is absent.
    body: the body of a POST request; None for GET.

    Raises RequestError where there is not exactly one query, and UnsupportedMediaType for another kind of
    body.
    """
    parameters = read_parameters(query_string)
    if body is not None:
        parameters += _read_body(content_type, body)
    queries = values_of("query", parameters)
    if values_of("update", parameters):
        raise RequestError(_READ_ONLY)
    if not queries:
        raise RequestError("the request has no parameter 'query'; expected a SPARQL query in it")
    if len(queries) > 1:
        raise RequestError(f"the request has {len(queries)} parameters 'query'; expected exactly one")
    if not queries[0].strip():
        raise RequestError("the query is empty; expected SPARQL")
    if keyword(queries[0]) in UPDATES:
        raise RequestError(_READ_ONLY)
    return SparqlRequest(
        queries[0],
        tuple(values_of("default-graph-uri", parameters)),
        tuple(values_of("named-graph-uri", parameters)),
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


def format_parameter(parameters: Parameters) -> str | None:
    """The name of the format asked for; None where there is no wish."""
    # A form in which nothing was chosen sends an empty value.
    return next((value for value in values_of("format", parameters) if value), None)


def _read_body(content_type: str | None, body: bytes) -> list[tuple[str, str]]:
    media_type, options = parse_options_header(content_type)
    charset = options.get("charset", "utf-8")
    if media_type == UPDATE:
        raise RequestError(_READ_ONLY)
    if media_type not in (FORM, QUERY):
        raise UnsupportedMediaType(
            f"a body of type {media_type or 'unknown'} cannot be read; expected {FORM} or {QUERY}"
        )
    if charset.lower() not in ("utf-8", "utf8"):
        raise UnsupportedMediaType(f"a body in {charset} cannot be read; expected UTF-8")
    return read_parameters(body) if media_type == FORM else [("query", _decode(body))]


def _unquote(encoded: bytes) -> str:
    return _decode(unquote_to_bytes(encoded.replace(b"+", b" ")))


def _decode(text: bytes) -> str:
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError as error:
        found = f"byte 0x{text[error.start]:02X} at position {error.start}"
        raise RequestError(f"the request has {found}; expected UTF-8") from error
