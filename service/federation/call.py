"""One request to an endpoint: a query goes there, its whole answer comes back or a reason why not.

The exchange is made with h11 on asyncio streams. That way a connection goes to the very address that was checked,
with the name of the endpoint in Host, in the TLS handshake and in the check of its certificate; one clock stops
everything, a slow name server and a body that drips included; and what must not happen (redirects, proxies,
cookies, credentials, packed answers) is nowhere to be switched off. (urllib3 counts its time-out anew for each
piece that arrives, and can only be cancelled by closing its socket from another thread.)

An answer is kept, in a file where it is long, until it is complete. So an endpoint that breaks off or says too much
is an error from the start, which SERVICE SILENT can ignore: the engine fails under SILENT as well once it has begun
to read.
"""

import asyncio
import os
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from http.client import responses
from typing import IO

import h11

from impckg._version import __version__
from impckg.service.errors import EndpointFailed
from impckg.service.federation.endpoints import Endpoint, refusal

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""From a name and a port to the addresses that stand behind it. Raises OSError where there are none."""

USER_AGENT = f"impckg/{__version__} (+https://w3id.org/impckg/)"

_ACCEPT = "application/sparql-results+json, application/sparql-results+xml;q=0.9"
# What the engine reads, by what endpoints call it.
_CONTENT_TYPES = {
    "application/sparql-results+json": "application/sparql-results+json",
    "application/json": "application/sparql-results+json",
    "application/sparql-results+xml": "application/sparql-results+xml",
    "application/xml": "application/sparql-results+xml",
    "text/xml": "application/sparql-results+xml",
}
_CHUNK_BYTES = 65_536
_MOST_ATTEMPTS = 4
_MOST_INFORMATIONAL = 10
_MESSAGE_BYTES = 2_000
_MESSAGE_CHARACTERS = 300


@dataclass(frozen=True)
class CallLimits:
    """What a call may take: time from the look-up of the name to the end of the answer, and the answer's bytes.

    calls: how many a query may make.
    """

    seconds: float = 20.0
    most_bytes: int = 50_000_000
    calls: int = 100


async def ask(
    endpoint: Endpoint,
    query: bytes,
    limits: CallLimits,
    allow_private: bool,
    resolve: Resolve,
    tls: ssl.SSLContext,
    content: IO[bytes],
) -> str:
    """Write the answer of an endpoint into a file, and return its media type as the engine knows it.

    The name of the endpoint is resolved once. Where one of its addresses may not be called, none is.
    Raises EndpointFailed with the reason, in words for who wrote the query.
    """
    try:
        async with asyncio.timeout(limits.seconds):
            reader, writer = await _connect(endpoint, limits.seconds, allow_private, resolve, tls)
            try:
                connection = h11.Connection(h11.CLIENT)
                await _send(endpoint, query, connection, writer)
                content_type = await _receive_head(endpoint, connection, reader)
                await _receive_body(endpoint, connection, reader, content, limits.most_bytes)
                return content_type
            except h11.RemoteProtocolError as error:
                raise EndpointFailed(f"<{endpoint.iri}> broke off or does not speak HTTP: {error}") from error
            finally:
                # Nobody waits for a goodbye that may never come.
                writer.transport.abort()
    except TimeoutError as error:
        raise EndpointFailed(f"<{endpoint.iri}> took more than {limits.seconds:g} s") from error
    except OSError as error:
        raise EndpointFailed(f"<{endpoint.iri}> cannot be reached: {_reason(error)}") from error


async def next_event(
    connection: h11.Connection, reader: asyncio.StreamReader
) -> h11.Event | type[h11.PAUSED]:
    """What the other side says next."""
    while True:
        event = connection.next_event()
        if event is not h11.NEED_DATA:
            assert not isinstance(event, type) or event is h11.PAUSED
            return event
        connection.receive_data(await reader.read(_CHUNK_BYTES))


async def _connect(
    endpoint: Endpoint, seconds: float, allow_private: bool, resolve: Resolve, tls: ssl.SSLContext
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    addresses = await resolve(endpoint.host, endpoint.port)
    for address in addresses:
        why = refusal(address, allow_private)
        if why is not None:
            raise EndpointFailed(f"<{endpoint.iri}> is not asked: {why}")
    attempts = addresses[:_MOST_ATTEMPTS]
    failure = OSError("its name has no address")
    for address in attempts:
        try:
            async with asyncio.timeout(seconds / len(attempts)):
                return await asyncio.open_connection(
                    address,
                    endpoint.port,
                    ssl=tls if endpoint.tls else None,
                    server_hostname=endpoint.host if endpoint.tls else None,
                )
        except OSError as error:
            failure = error
    raise failure


async def _send(
    endpoint: Endpoint, query: bytes, connection: h11.Connection, writer: asyncio.StreamWriter
) -> None:
    head = [
        ("Host", endpoint.authority),
        ("User-Agent", USER_AGENT),
        ("Accept", _ACCEPT),
        ("Accept-Encoding", "identity"),
        ("Content-Type", "application/sparql-query"),
        ("Content-Length", str(len(query))),
        ("Connection", "close"),
    ]
    for event in (
        h11.Request(method="POST", target=endpoint.target, headers=head),
        h11.Data(data=query),
        h11.EndOfMessage(),
    ):
        writer.write(connection.send(event) or b"")
    await writer.drain()


async def _receive_head(endpoint: Endpoint, connection: h11.Connection, reader: asyncio.StreamReader) -> str:
    """The media type of an answer that the engine can read. Raises EndpointFailed for any other."""
    for _ in range(_MOST_INFORMATIONAL):
        event = await next_event(connection, reader)
        if not isinstance(event, h11.InformationalResponse):
            break
    if not isinstance(event, h11.Response):
        raise EndpointFailed(f"<{endpoint.iri}> does not come to an answer")
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in event.headers}
    media_type, _, _ = headers.get("content-type", "").partition(";")
    media_type = media_type.strip().lower()
    status = event.status_code
    if 300 <= status < 400:
        raise EndpointFailed(f"<{endpoint.iri}> sends us elsewhere ({_title(status)}), where we do not go")
    if status != HTTPStatus.OK:
        message = await _message(media_type, connection, reader)
        raise EndpointFailed(f"<{endpoint.iri}> answers {_title(status)}{message}")
    if media_type not in _CONTENT_TYPES:
        raise EndpointFailed(
            f"<{endpoint.iri}> answers with {_printable(media_type) or 'nothing that it names'}; "
            "expected SPARQL results in JSON or XML"
        )
    if headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise EndpointFailed(f"<{endpoint.iri}> packs its answer, which it was asked not to do")
    return _CONTENT_TYPES[media_type]


async def _receive_body(
    endpoint: Endpoint,
    connection: h11.Connection,
    reader: asyncio.StreamReader,
    content: IO[bytes],
    most_bytes: int,
) -> None:
    length = 0
    while isinstance(event := await next_event(connection, reader), h11.Data):
        length += len(event.data)
        if length > most_bytes:
            raise EndpointFailed(
                f"<{endpoint.iri}> answers with more than {most_bytes:,} bytes; ask it for less, by LIMIT for example"
            )
        content.write(event.data)


async def _message(media_type: str, connection: h11.Connection, reader: asyncio.StreamReader) -> str:
    """What an endpoint says about its error, if it is text; pages for browsers say little at great length."""
    if media_type not in ("text/plain", "application/json", "application/problem+json"):
        return ""
    said = b""
    while len(said) < _MESSAGE_BYTES and isinstance(event := await next_event(connection, reader), h11.Data):
        said += event.data
    words = _printable(" ".join(said.decode("utf-8", "replace").split()))
    return f": {words[:_MESSAGE_CHARACTERS]}" if words else ""


def _printable(text: str) -> str:
    return "".join(character for character in text if character.isprintable())


def _title(status: int) -> str:
    """A status with its name, if it has one.

    >>> _title(404)
    '404 Not Found'
    """
    return f"{status} {responses.get(status, '')}".rstrip()


def _reason(error: OSError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not accepted: {error.verify_message}"
    if isinstance(error, socket.gaierror):
        return "its name cannot be resolved"
    # asyncio puts addresses and ports into its messages, which are nobody's business.
    return os.strerror(error.errno) if error.errno and not isinstance(error, ssl.SSLError) else str(error)
