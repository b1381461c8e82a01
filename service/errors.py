"""From an error to what a client is told: its HTTP status and a short, honest message.

::

    KgError
    ├── RequestError               the request is not one we can answer
    │   ├── NotAcceptable          ... there is no format that both sides speak
    │   └── UnsupportedMediaType   ... the query comes in a format that we do not read
    └── QueryError
        └── RefusedQuery           the query could harm the service
            └── QueryTooLong       ... by its mere length
"""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from impckg.graph.errors import (
    BadParameter,
    BrokenAnswer,
    KgError,
    QueryError,
    SparqlSyntaxError,
    StoreError,
    UnknownQuestion,
)


class RequestError(KgError):
    """A request cannot be answered the way it is put."""


class NotAcceptable(RequestError):
    """There is no format that both sides speak."""


class UnsupportedMediaType(RequestError):
    """A query comes in a format that we do not read."""


class RefusedQuery(QueryError):
    """A query could harm the service."""


class QueryTooLong(RefusedQuery):
    """A query is longer than the service takes."""


STATUS: Mapping[type[KgError], HTTPStatus] = {
    RequestError: HTTPStatus.BAD_REQUEST,
    NotAcceptable: HTTPStatus.NOT_ACCEPTABLE,
    UnsupportedMediaType: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    QueryError: HTTPStatus.BAD_REQUEST,
    SparqlSyntaxError: HTTPStatus.BAD_REQUEST,
    BadParameter: HTTPStatus.BAD_REQUEST,
    UnknownQuestion: HTTPStatus.NOT_FOUND,
    RefusedQuery: HTTPStatus.FORBIDDEN,
    QueryTooLong: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    BrokenAnswer: HTTPStatus.INTERNAL_SERVER_ERROR,
    StoreError: HTTPStatus.SERVICE_UNAVAILABLE,
    KgError: HTTPStatus.INTERNAL_SERVER_ERROR,
}
"""The one table from error to status. An error that is not listed has the status of what it is a kind of."""

PROBLEM_JSON = "application/problem+json"


def status_of(error: KgError) -> HTTPStatus:
    """The status that an error is answered with.

    >>> int(status_of(UnknownQuestion("no question is called 'x'")))
    404
    """
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


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
    """An error as a problem document (RFC 9457). A syntax error also says its line and column."""
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": status.phrase,
        "status": int(status),
        "detail": detail,
    }
    if isinstance(error, SparqlSyntaxError) and error.line is not None:
        document |= {"line": error.line, "column": error.column}
    return document
