"""The access log: one line of JSON for each request, when its answer has ended.

===============  ===============================================================================================
``time``         when the answer ended, in UTC
``client``       the address of the client (behind a trusted proxy: the one that the proxy names)
``method``
``path``         without what follows the question mark; cut after 200 characters
``status``       499 where the client left before its answer began
``ms``           from the request's head to the last byte, in milliseconds
``rows``         rows or triples of the answer; null where there were none to count
``bytes``        of the body, as it was sent
``query_hash``   tells the same query from others without showing it
``query_id``     the one in the header X-Query-Id
``outcome``      how it ended, see `Outcome`
``limit``        the setting whose limit was hit; null mostly
``query``        the text of the query; only with `log_queries`
===============  ===============================================================================================

A query can hold what its author would not want others to read, so its text is left out unless the operator asks for it. Text
that clients send cannot begin a line or forge a field: JSON is written with everything escaped that is not plain ASCII.
"""

import json
import os
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from impckg.graph.errors import KgError

STANDARD_ERROR = "-"
NO_LOG = "none"

CLIENT_LEFT = 499
"""What nginx writes down for a client that left; it never stands in an answer."""

_PATH_CHARACTERS = 200
_QUERY_CHARACTERS = 100_000


class Outcome(StrEnum):
    """How a request ended."""

    ANSWERED = "answered"
    NOT_MODIFIED = "not modified"
    REFUSED = "refused"
    BUSY = "busy"
    LIMIT = "limit"
    CANCELLED = "cancelled"
    CLIENT_LEFT = "client left"
    BROKEN_OFF = "broken off"
    FAILED = "failed"


@dataclass(frozen=True)
class Entry:
    """What is written down of a request; fields as in the docstring of this module.

    time: in seconds since 1970.
    seconds: how long the answer took.
    """

    time: float
    client: str
    method: str
    path: str
    status: int
    seconds: float
    outcome: Outcome
    sent_bytes: int = 0
    rows: int | None = None
    query_hash: str | None = None
    query_id: str | None = None
    limit: str | None = None
    query: str | None = None


class AccessLog:
    """Where requests are written down. Lines from several threads do not mix: each is one write."""

    def __init__(self, where: str, with_queries: bool = False) -> None:
        """Open the log.

        where: `-` for standard error, `none`, or a file, to which is added.
        with_queries: whether the text of queries is written, too.

        Raises KgError where the file cannot be written.
        """
        self._with_queries = with_queries
        self._file = _open(where)

    def write(self, entry: Entry) -> bool:
        """Write a line; False where that was not possible.

        A request that was answered is not failed because its line is lost: a full disk must not end the service.
        """
        if self._file is None:
            return True
        line = line_of(entry, self._with_queries)
        try:
            return os.write(self._file, line) == len(line)
        except OSError:
            return False

    def close(self) -> None:
        """Close the log, unless it is standard error."""
        if self._file is not None and self._file != sys.stderr.fileno():
            os.close(self._file)
        self._file = None


def line_of(entry: Entry, with_query: bool = False) -> bytes:
    """The line that tells of a request.

    >>> line_of(Entry(0.0, "::1", "GET", "/sparql", 200, 0.0123, Outcome.ANSWERED, 10))[:72]
    b'{"time":"1970-01-01T00:00:00.000Z","client":"::1","method":"GET","path":'
    """
    moment = datetime.fromtimestamp(entry.time, UTC).isoformat(timespec="milliseconds")
    told: dict[str, Any] = {
        "time": moment.replace("+00:00", "Z"),
        "client": entry.client,
        "method": entry.method,
        "path": entry.path[:_PATH_CHARACTERS],
        "status": entry.status,
        "ms": round(1000 * entry.seconds, 1),
        "rows": entry.rows,
        "bytes": entry.sent_bytes,
        "query_hash": entry.query_hash,
        "query_id": entry.query_id,
        "outcome": entry.outcome.value,
        "limit": entry.limit,
    }
    if with_query:
        told["query"] = entry.query and entry.query[:_QUERY_CHARACTERS]
    # ASCII only: no line end of any script, no byte that a terminal obeys.
    return (
        json.dumps(told, separators=(",", ":"), ensure_ascii=True).replace("\x7f", "\\u007f").encode() + b"\n"
    )


def outcome_of(status: int) -> Outcome:
    """How a request ended that was answered in full, by its status.

    >>> outcome_of(404).value
    'refused'
    """
    if status == 304:
        return Outcome.NOT_MODIFIED
    if status == CLIENT_LEFT:
        return Outcome.CLIENT_LEFT
    if status in (429, 503):
        return Outcome.BUSY
    if status >= 500:
        return Outcome.FAILED
    return Outcome.REFUSED if status >= 400 else Outcome.ANSWERED


def _open(where: str) -> int | None:
    if where == NO_LOG:
        return None
    if where == STANDARD_ERROR:
        return sys.stderr.fileno()
    try:
        # Others read who asked what, so it is not for everyone; one that exists keeps its own mode.
        return os.open(Path(where), os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
    except OSError as error:
        raise KgError(f"{where}: the log cannot be written: {error.strerror}") from error
