"""Where the engine believes the endpoints to be: a small HTTP server on loopback that asks them in its stead.

An address here is ``http://127.0.0.1:PORT/SECRET/QUERY/ENDPOINT``: the secret is drawn when the forwarder starts,
QUERY is a query that is being answered, ENDPOINT the place of an endpoint in the list, with ``/silent`` behind it
under SERVICE SILENT. Nothing else is answered. So nobody can use the forwarder who does not have its secret, and a
query cannot call more often than it may.

It also keeps account of what failed. The engine takes an error within MINUS for no solutions and one within EXISTS
for a solution (pyoxigraph 0.5.13): its answer then looks whole and is wrong. Whoever has the answer of a query must
ask `close_query` before the last byte of it is sent.

How often the engine calls: once for each SERVICE clause, whatever it is joined with, and the join is made here,
with all that the endpoint answers; but once for each row in LATERAL and in a FILTER with EXISTS or NOT EXISTS.
"""

import asyncio
import hmac
import os
import re
import secrets
import socket
import ssl
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import IO

import h11

from impckg.service.errors import EndpointFailed
from impckg.service.federation.call import CallLimits, Resolve, ask, next_event
from impckg.service.federation.endpoints import AllowList, Endpoint

_HOST = "127.0.0.1"
_SECRET_BYTES = 24
_REQUEST_SECONDS = 10.0
_MOST_QUERY_BYTES = 4_000_000
_MOST_CONNECTIONS = 128
_CHUNK_BYTES = 65_536
_MEMORY_BYTES = 1_000_000
_RESOLVER_THREADS = 8
_MOST_FAILURES = 10
_TEXT = "text/plain; charset=utf-8"

REFUSED = "refused"
"""Stands for an endpoint that the data name and that is not on the list: asking it always fails."""

# What stands behind the secret in an address.
_PLACE = re.compile(rf"(?P<query>[0-9a-f]{{16}})/(?P<number>\d{{1,4}}|{REFUSED})(?P<silent>/silent)?")
# How the engine reports what we answer (pyoxigraph 0.5.13).
_ENGINES_WORDS = re.compile(r"Error \d{3} [A-Za-z ]+ returned by http://127\.0\.0\.1:\S+ with payload:\s*")


@dataclass
class _Query:
    """A query that is being answered: the calls it has made, and what failed that it did not expect to fail."""

    calls: int = 0
    failures: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Reply:
    status: HTTPStatus
    content_type: str
    content: IO[bytes]


class Forwarder:
    """Forwards what the engine asks to the endpoints on a list.

    resolve, tls: how names become addresses and which certificates are trusted; the system's ways unless given.
    """

    def __init__(
        self,
        allowed: AllowList,
        limits: CallLimits | None = None,
        resolve: Resolve | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._allowed = allowed
        self._limits = limits or CallLimits()
        self._tls = tls or ssl.create_default_context()
        # A name server that does not answer holds a thread for long; these are no other's.
        self._resolver = ThreadPoolExecutor(_RESOLVER_THREADS, thread_name_prefix="resolve")
        self._resolve = resolve or partial(_resolve, self._resolver)
        self._queries: dict[str, _Query] = {}
        self._connections: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self._base = ""

    @property
    def port(self) -> int:
        """The port that it listens on."""
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    async def start(self) -> str:
        """Listen, and return the address; that of a query comes from `open_query`."""
        self._server = await asyncio.start_server(self._accept, _HOST, 0)
        self._base = f"http://{_HOST}:{self.port}/{secrets.token_urlsafe(_SECRET_BYTES)}"
        return self._base

    async def stop(self) -> None:
        """Listen no more, and break off the calls that are under way."""
        assert self._server is not None
        self._server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await self._server.wait_closed()
        self._resolver.shutdown(wait=False, cancel_futures=True)

    def open_query(self) -> str:
        """The address for the SERVICE clauses of one query, as `rewriting.rewrite` takes it."""
        name = secrets.token_hex(8)
        self._queries[name] = _Query()
        return f"{self._base}/{name}"

    def close_query(self, address: str) -> str | None:
        """Forget a query. Returns what failed that was not SILENT; then its answer is wrong, however whole it looks."""
        failures = self._queries.pop(address.rpartition("/")[2]).failures
        return "; ".join(dict.fromkeys(failures)) or None

    def explain(self, message: str) -> str:
        """A message of the engine with the endpoints in it in place of the addresses here."""
        return self._with_endpoints(_ENGINES_WORDS.sub("", message)).strip()

    def _with_endpoints(self, text: str) -> str:
        """A text with the IRIs of endpoints in place of the addresses here."""
        parts = re.split(re.escape(f"{self._base}/") + _PLACE.pattern, text)
        # Between two stretches of text there are the three groups of an address.
        for at in range(2, len(parts), 4):
            endpoint = self._endpoint(parts[at])
            parts[at - 1 : at + 2] = ["", endpoint.iri if endpoint else "?", ""]
        return "".join(parts)

    def _endpoint(self, number: str) -> Endpoint | None:
        known = number != REFUSED and int(number) < len(self._allowed.endpoints)
        return self._allowed.endpoints[int(number)] if known else None

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        if len(self._connections) >= _MOST_CONNECTIONS:
            writer.transport.abort()
            return
        self._connections.add(task)
        try:
            await self._converse(reader, writer)
        except (OSError, TimeoutError, h11.ProtocolError):
            # Whoever was there has left, or is not the engine.
            writer.transport.abort()
        finally:
            self._connections.discard(task)
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = h11.Connection(h11.SERVER)
        async with asyncio.timeout(_REQUEST_SECONDS):
            request, query = await _receive(connection, reader)
        with tempfile.SpooledTemporaryFile(_MEMORY_BYTES) as content:
            answering = asyncio.ensure_future(self._reply(request, query, content))
            leaving = asyncio.ensure_future(reader.read(1))
            try:
                await asyncio.wait((answering, leaving), return_when=asyncio.FIRST_COMPLETED)
                if answering.done():
                    await _send(connection, writer, answering.result())
            finally:
                # A worker that is killed leaves; the endpoint need not go on.
                answering.cancel()
                leaving.cancel()
                await asyncio.gather(answering, leaving, return_exceptions=True)

    async def _reply(self, request: h11.Request, query: bytes, content: IO[bytes]) -> _Reply:
        path = request.target.decode("latin-1")
        secret, _, rest = path.removeprefix("/").partition("/")
        place = _PLACE.fullmatch(rest)
        if (
            not hmac.compare_digest(secret.encode("latin-1"), self._base.rpartition("/")[2].encode())
            or place is None
        ):
            return _text(HTTPStatus.NOT_FOUND, "there is nothing here", content)
        asking = self._queries.get(place["query"])
        if asking is None or request.method != b"POST":
            return _text(HTTPStatus.NOT_FOUND, "no such query is being answered", content)
        try:
            media_type = await self._forward(asking, place["number"], query, content)
        except EndpointFailed as error:
            if not place["silent"] and len(asking.failures) < _MOST_FAILURES:
                asking.failures.append(str(error))
            return _text(HTTPStatus.BAD_GATEWAY, str(error), content)
        return _Reply(HTTPStatus.OK, media_type, content)

    async def _forward(self, asking: _Query, number: str, query: bytes, content: IO[bytes]) -> str:
        asking.calls += 1
        if asking.calls > self._limits.calls:
            raise EndpointFailed(
                f"the query asks other endpoints more than {self._limits.calls:,} times; a SERVICE within EXISTS or LATERAL "
                "is asked again for each row"
            )
        endpoint = self._endpoint(number)
        if endpoint is None:
            raise EndpointFailed(
                "SERVICE ?variable: the variable holds no endpoint, or one that may not be asked here; those that may be "
                f"asked: {self._allowed}"
            )
        # A SERVICE within a SERVICE has an address of ours, too, which means nothing to the endpoint that is to ask it.
        text = self._with_endpoints(query.decode()).encode()
        return await ask(
            endpoint, text, self._limits, self._allowed.allow_private, self._resolve, self._tls, content
        )


async def _resolve(threads: ThreadPoolExecutor, host: str, port: int) -> Sequence[str]:
    """The addresses behind a name, as the system knows them."""
    found = await asyncio.get_running_loop().run_in_executor(
        threads, partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    )
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


async def _receive(connection: h11.Connection, reader: asyncio.StreamReader) -> tuple[h11.Request, bytes]:
    """A request and its body."""
    request = await next_event(connection, reader)
    if not isinstance(request, h11.Request):
        raise h11.RemoteProtocolError("no request")
    body = b""
    while isinstance(event := await next_event(connection, reader), h11.Data):
        body += event.data
        if len(body) > _MOST_QUERY_BYTES:
            raise h11.RemoteProtocolError("a query too long")
    return request, body


async def _send(connection: h11.Connection, writer: asyncio.StreamWriter, reply: _Reply) -> None:
    length = reply.content.seek(0, os.SEEK_END)
    reply.content.seek(0)
    head = [("Content-Type", reply.content_type), ("Content-Length", str(length)), ("Connection", "close")]
    writer.write(connection.send(h11.Response(status_code=reply.status, headers=head)) or b"")
    while part := reply.content.read(_CHUNK_BYTES):
        writer.write(connection.send(h11.Data(data=part)) or b"")
        await writer.drain()
    writer.write(connection.send(h11.EndOfMessage()) or b"")
    await writer.drain()


def _text(status: HTTPStatus, message: str, content: IO[bytes]) -> _Reply:
    """A message in place of whatever part of an answer has been written."""
    content.seek(0)
    content.truncate()
    content.write(message.encode())
    return _Reply(status, _TEXT, content)
