"""Requests and replies over ASGI, as small as the hot path wants them.

Source of the interface: https://asgi.readthedocs.io/en/latest/specs/www.html (3.0).
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from impckg.service.access_log import Outcome
from impckg.service.errors import RequestTooLong, RequestTooSlow
from impckg.service.pool.answer import Answer

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = Sequence[tuple[str, str]]

_UNKNOWN_CLIENT = "unknown"


class ClientLeft(Exception):
    """The client has closed the connection before it had its answer. Nobody is left to be told."""


class Request:
    """What a client asks."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.scope = scope
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.raw_path: str = scope.get("raw_path", b"").decode("latin-1")
        """The path as it was sent, with its escapes."""
        self.query_string: bytes = scope["query_string"]
        self.scheme: str = scope["scheme"]
        self.body_read = False
        self.sparql = ""
        """The query or update, once it is known: for messages and the log."""
        self._receive = receive
        self._headers = _headers(scope["headers"])
        self._client = scope["client"]

    @property
    def client(self) -> str:
        """The address that the request comes from."""
        return self._client[0] if self._client else _UNKNOWN_CLIENT

    def header(self, name: str) -> str | None:
        """A header by its name in small letters; several of one name as one, joined by commas."""
        value = self._headers.get(name.encode())
        return None if value is None else value.decode("latin-1")

    def address(self, base_url: str | None) -> str:
        """The address of the service without a slash at its end: the public one, or else the one that the client used."""
        return (base_url or f"{self.scheme}://{self.header('host')}").rstrip("/")

    async def body(self, most_bytes: int, most_seconds: float) -> bytes:
        """The body of the request.

        Raises RequestTooLong, RequestTooSlow, and ClientLeft where the client does not send all of it.
        """
        told = self.header("content-length")
        if told is not None and told.isdigit() and int(told) > most_bytes:
            raise RequestTooLong(f"the body has {int(told):,} bytes; this service takes up to {most_bytes:,}")
        try:
            async with asyncio.timeout(most_seconds):
                body = await self._read(most_bytes)
        except TimeoutError as error:
            raise RequestTooSlow(f"the body did not come within {most_seconds:g} s") from error
        self.body_read = True
        return body

    async def gone(self) -> None:
        """Return when the client has left. To be called once the body is read."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def _read(self, most_bytes: int) -> bytes:
        parts: list[bytes] = []
        length = 0
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ClientLeft
            part = message.get("body", b"")
            length += len(part)
            if length > most_bytes:
                raise RequestTooLong(
                    f"the body is longer than the {most_bytes:,} bytes that this service takes"
                )
            parts.append(part)
            if not message.get("more_body", False):
                return b"".join(parts)


@dataclass(frozen=True)
class Reply:
    """What a client is told: a body, or an answer that is still coming in.

    outcome, limit: for the log, where the status does not say enough.
    """

    status: int = HTTPStatus.OK
    media_type: str | None = None
    body: bytes = b""
    headers: Headers = ()
    answer: Answer | None = field(default=None, compare=False)
    outcome: Outcome | None = None
    limit: str | None = None


@dataclass(frozen=True)
class Forward:
    """The request is for the application of pages and documents; at another address than its own, if one is given."""

    path: str | None = None


def _headers(pairs: Sequence[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    headers = dict(pairs)
    if len(headers) < len(pairs):
        headers = {}
        for name, value in pairs:
            headers[name] = headers[name] + b", " + value if name in headers else value
    return headers
