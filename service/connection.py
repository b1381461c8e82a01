"""The connections of uvicorn, with the limits that it lacks: how long and how large the head of a request may be.

Without them half a request is held as long as the client likes, and a head of any size is taken: with uvicorn 0.54 and
httptools 100 MB of headers become 100 MB of memory.
"""

import asyncio
import re
from http import HTTPStatus

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_MOST_URL_BYTES = 65_535
# All headers together. Some are read item by item in the event loop: 200 kB of Accept take it a third of a second, and
# what is remembered of headers must stay small. nginx takes 32 kB, Apache 8 kB for each of 100.
_MOST_HEADER_BYTES = 32_768
_OFFER = re.compile(rb"(?<=\r\n)upgrade(?=: *h2c)", re.IGNORECASE)


class LimitedConnection(HttpToolsProtocol):
    """A connection that is closed where the head of a request is too slow (408) or too long (431)."""

    most_head_bytes: int
    most_head_seconds: float

    _head_bytes = 0
    _header_bytes = 0
    _head_timer: asyncio.TimerHandle | None = None
    _in_head = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the first request, but not for ever."""
        super().connection_made(transport)  # type: ignore[arg-type]
        self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timer."""
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count what may be the head, and hand it on."""
        if self._in_head:
            data = without_upgrade(data)
            self._head_bytes += len(data)
        super().data_received(data)
        if not self._in_head or not self._head_bytes or self.transport.is_closing():
            return
        # A head that came in one piece, as most do, is over by now.
        if self._head_timer is None:
            self._start_timer()
        if self._head_bytes > self.most_head_bytes:
            self._refuse(
                HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
                f"the head of the request is longer than {self.most_head_bytes:,} bytes",
            )

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header. Raises ValueError where they have become too many; the parser makes an error of its own of it."""
        # What stands around a name and its value counts: a thousand empty headers are not nothing.
        self._header_bytes += len(name) + len(value) + 4
        if self._header_bytes > _MOST_HEADER_BYTES:
            raise ValueError(name)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is whole: the rest is a matter of the application."""
        self._in_head, self._head_bytes, self._header_bytes = False, 0, 0
        self._stop_timer()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """What comes next is the head of another request."""
        super().on_message_complete()
        self._in_head = True

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP, too many headers, and an address that is too long for the parser, which has 16 bits."""
        if self._header_bytes > _MOST_HEADER_BYTES:
            self._refuse(
                HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
                f"the headers of the request are longer than {_MOST_HEADER_BYTES:,} bytes",
            )
            return
        if len(getattr(self, "url", b"")) <= _MOST_URL_BYTES:
            super().send_400_response(msg)
            return
        self._refuse(
            HTTPStatus.REQUEST_URI_TOO_LONG,
            f"the address is longer than {_MOST_URL_BYTES:,} bytes; send the query in the body of a POST request",
        )

    def _start_timer(self) -> None:
        self._head_timer = self.loop.call_later(self.most_head_seconds, self._too_slow)

    def _stop_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _too_slow(self) -> None:
        self._head_timer = None
        if not self._in_head or self.transport.is_closing():
            return
        if self._head_bytes:
            self._refuse(
                HTTPStatus.REQUEST_TIMEOUT,
                f"the head of the request did not come within {self.most_head_seconds:g} s",
            )
        else:
            self.transport.close()

    def _refuse(self, status: HTTPStatus, message: str) -> None:
        if self.cycle is None or self.cycle.response_complete:
            self.transport.write(_reply(status, message))
        # Otherwise an earlier answer is on its way, and nothing may stand in the midst of it.
        self.transport.close()


def without_upgrade(data: bytes) -> bytes:
    """The beginning of a request without the offer to go on in HTTP/2, as Java's client makes it.

    httptools drops the body of a request that has it.
    """
    if b"pgrade" not in data:
        return data
    head, end, body = data.partition(b"\r\n\r\n")
    return _OFFER.sub(b"X-Upgrade", head) + end + body


def connections(most_head_bytes: int, most_head_seconds: float) -> type[HttpToolsProtocol]:
    """The kind of connection for a server, with these limits."""
    limits = {"most_head_bytes": most_head_bytes, "most_head_seconds": most_head_seconds}
    return type("Connection", (LimitedConnection,), limits)


def _reply(status: HTTPStatus, message: str) -> bytes:
    body = message.encode() + b"\n"
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: text/plain; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body
