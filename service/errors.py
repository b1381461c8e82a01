"""From an error to what a client is told: its HTTP status and a short, honest message.

::

    KgError
    ├── RequestError               the request is not one we can answer
    │   ├── NotAcceptable          ... there is no format that both sides speak
    │   ├── NotAuthorised          ... it would change the graph and does not show the token
    │   ├── NotFound               ... there is nothing at its address
    │   ├── QueryIdTaken           ... another query with its id is running
    │   ├── ReadOnly               ... it would change a graph that is only read
    │   ├── RequestTooLong         ... its body is longer than the service takes
    │   ├── RequestTooSlow         ... its body did not come in time
    │   └── UnsupportedMediaType   ... it comes in a format that we do not read
    ├── QueryError
    │   ├── EndpointFailed         an endpoint that SERVICE asks does not answer as it should
    │   └── RefusedQuery           the query could harm the service
    │       └── QueryTooLong       ... by its mere length
    ├── LimitReached               the query took more than it may; knows which limit, and its value
    ├── EngineCrashed              the query ended the process that evaluated it
    ├── QueryCancelled             someone ended the query
    └── ServiceBusy                there is no room for the query now
        └── TooManyQueries         ... because its client has so many already
"""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from impckg.graph.errors import (
    BadExpression,
    BadParameter,
    BrokenAnswer,
    KgError,
    QueryError,
    SparqlSyntaxError,
    StoreError,
    UnknownQuestion,
)
from impckg.graph.updates import GraphsSaidTwice
from impckg.graph.writable import RdfSyntaxError


class RequestError(KgError):
    """A request cannot be answered the way it is put."""


class NotAcceptable(RequestError):
    """There is no format that both sides speak."""


class NotAuthorised(RequestError):
    """A request would change the graph and does not show the token."""


class NotFound(RequestError):
    """There is nothing at the address of a request."""


class QueryIdTaken(RequestError):
    """Another query with the same id is running."""


class ReadOnly(RequestError):
    """A request would change a graph that is only read."""


class RequestTooLong(RequestError):
    """The body of a request is longer than the service takes."""


class RequestTooSlow(RequestError):
    """The body of a request did not come in time."""


class UnsupportedMediaType(RequestError):
    """A request comes in a format that we do not read."""


class EndpointFailed(QueryError):
    """An endpoint that SERVICE asks does not answer, or not as it should."""


class RefusedQuery(QueryError):
    """A query could harm the service."""


class QueryTooLong(RefusedQuery):
    """A query is longer than the service takes."""


class LimitReached(KgError):
    """A query took more than it may.

    limit: the name of the setting; value: what it is set to.
    """

    def __init__(self, message: str, limit: str, value: float) -> None:
        super().__init__(message)
        self.limit = limit
        self.value = value


class EngineCrashed(KgError):
    """A query ended the process that evaluated it."""


class QueryCancelled(KgError):
    """Someone ended a query."""


class ServiceBusy(KgError):
    """There is no room for a query now."""


class TooManyQueries(ServiceBusy):
    """A client has so many queries already that it must wait for one to end."""


STATUS: Mapping[type[KgError], HTTPStatus] = {
    RequestError: HTTPStatus.BAD_REQUEST,
    NotAcceptable: HTTPStatus.NOT_ACCEPTABLE,
    NotAuthorised: HTTPStatus.UNAUTHORIZED,
    NotFound: HTTPStatus.NOT_FOUND,
    QueryIdTaken: HTTPStatus.CONFLICT,
    ReadOnly: HTTPStatus.FORBIDDEN,
    RequestTooLong: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    RequestTooSlow: HTTPStatus.REQUEST_TIMEOUT,
    UnsupportedMediaType: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    QueryError: HTTPStatus.UNPROCESSABLE_ENTITY,
    SparqlSyntaxError: HTTPStatus.BAD_REQUEST,
    BadExpression: HTTPStatus.BAD_REQUEST,
    GraphsSaidTwice: HTTPStatus.BAD_REQUEST,
    RdfSyntaxError: HTTPStatus.BAD_REQUEST,
    BadParameter: HTTPStatus.BAD_REQUEST,
    UnknownQuestion: HTTPStatus.NOT_FOUND,
    EndpointFailed: HTTPStatus.BAD_GATEWAY,
    RefusedQuery: HTTPStatus.FORBIDDEN,
    QueryTooLong: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    LimitReached: HTTPStatus.SERVICE_UNAVAILABLE,
    ServiceBusy: HTTPStatus.SERVICE_UNAVAILABLE,
    TooManyQueries: HTTPStatus.TOO_MANY_REQUESTS,
    QueryCancelled: HTTPStatus.SERVICE_UNAVAILABLE,
    EngineCrashed: HTTPStatus.INTERNAL_SERVER_ERROR,
    BrokenAnswer: HTTPStatus.INTERNAL_SERVER_ERROR,
    StoreError: HTTPStatus.SERVICE_UNAVAILABLE,
    KgError: HTTPStatus.INTERNAL_SERVER_ERROR,
}
"""The one table from error to status. An error that is not listed has the status of what it is a kind of."""

_RETRY_SECONDS = 2
PROBLEM_JSON = "application/problem+json"


def status_of(error: KgError) -> HTTPStatus:
    """The status that an error is answered with.

    >>> int(status_of(UnknownQuestion("no question is called 'x'")))
    404
    """
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def retry_after(error: Exception | None) -> list[tuple[str, str]]:
    """The header that says when to try again; none where that would not help.

    >>> retry_after(ServiceBusy("256 queries are waiting already; try again later"))
    [('Retry-After', '2')]
    """
    return [("Retry-After", str(_RETRY_SECONDS))] if isinstance(error, ServiceBusy) else []


def explain(error: KgError) -> str:
    """The message of an error, without what only the engine's authors would miss.

    >>> explain(SparqlSyntaxError("line 1, column 1: expected one of ASK, ['a' ..= 'z'], [_]", 1, 1))
    'line 1, column 1: expected one of ASK'
    """
    if isinstance(error, SparqlSyntaxError):
        return _CHARACTER_CLASS.sub("", str(error)).rstrip()
    return str(error)


# The engine lists what it would have read on with, down to the classes of characters of its grammar.
_CHARACTER_CLASS = re.compile(r"(?:, |(?<= )|\n)\[(?:'[^\]]*|_)\]")


def point_at(error: Exception | None, query: str) -> str:
    """The line of a query that is not SPARQL, with a mark below the place; empty for other errors.

    >>> print(point_at(SparqlSyntaxError("...", 1, 5), "ASK here"))
    ASK here
        ^
    """
    if not isinstance(error, SparqlSyntaxError) or error.line is None or error.column is None:
        return ""
    lines = query.split("\n")
    if not 0 < error.line <= len(lines):
        return ""
    line = lines[error.line - 1].rstrip("\r")
    before = "".join(character if character == "\t" else " " for character in line[: error.column - 1])
    return f"{line}\n{before}^"


def problem(status: HTTPStatus, detail: str, error: Exception | None = None) -> dict[str, Any]:
    """An error as a problem document (RFC 9457).

    A syntax error also says its line and column, a limit its name and value.
    """
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": status.phrase,
        "status": int(status),
        "detail": detail,
    }
    if isinstance(error, (SparqlSyntaxError, RdfSyntaxError)) and error.line is not None:
        document |= {"line": error.line, "column": error.column}
    if isinstance(error, LimitReached):
        document |= {"limit": error.limit, "value": error.value}
    return document
