"""The door: which address is answered by what. An ASGI application.

Data are answered here, in the event loop that also feeds the workers: ``/sparql``, the questions as an API, graphs, and what
operators ask for. Pages and documents come from the Flask application (app.py), in threads.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import quote_from_bytes

from a2wsgi import WSGIMiddleware

from impckg.graph.errors import KgError
from impckg.service import endpoint, metrics
from impckg.service.access_log import AccessLog, Entry, outcome_of
from impckg.service.answering import query_hash, query_id_of
from impckg.service.app import create_app
from impckg.service.graph_endpoint import GRAPHS, METHODS, graph
from impckg.service.http import ClientLeft, Forward, Message, Receive, Reply, Request, Scope, Send
from impckg.service.live import VISIT, LiveService, PoolStore, Visit
from impckg.service.metrics import Metrics, PoolState
from impckg.service.sending import CLIENT_HAS_LEFT, Sent, as_json, failed, preflight, send_reply, wrong_method
from impckg.service.settings import Settings

Handler = Callable[[LiveService, Request], Awaitable[Reply | Forward]]

# A form may need three bytes for one of the query.
_FORM_FACTOR = 3
_FORM_BYTES = 100_000
_END_SECONDS = 1.0
# What may stand in a query string; everything else is written with % before the page application sees it.
_PLAIN = "".join(map(chr, range(33, 127)))


@dataclass(frozen=True)
class Route:
    """What answers at an address, and the methods that it takes."""

    handler: Handler
    methods: tuple[str, ...] = ("GET", "HEAD")


async def health(service: LiveService, request: Request) -> Reply:
    """Whether the service is alive, and which release it serves."""
    release = service.release
    return as_json(
        {
            "status": "ok",
            "release": release.name if release else None,
            "simulated": release.simulated if release else None,
        }
    )


async def ready(service: LiveService, request: Request) -> Reply:
    """Whether a query would be answered now."""
    if service.pool.ready:
        return as_json({"status": "ready"})
    return as_json({"status": "no worker has the store open"}, HTTPStatus.SERVICE_UNAVAILABLE)


async def measured(service: LiveService, request: Request) -> Reply:
    """The counts of the service, for Prometheus."""
    counts = service.pool.counts()
    state = PoolState(counts["fast"] + counts["long"], counts["idle"], counts["waiting"])
    return Reply(media_type=metrics.MEDIA_TYPE, body=service.metrics.exposition(state))


AT: dict[str, Route] = {
    endpoint.SPARQL: Route(endpoint.sparql, ("GET", "HEAD", "POST")),
    GRAPHS: Route(graph, METHODS),
    "/health": Route(health),
    "/ready": Route(ready),
    "/metrics": Route(measured),
}
"""What answers at an address."""

BELOW: dict[str, Route] = {
    endpoint.QUERIES: Route(endpoint.cancel, ("DELETE",)),
    endpoint.API: Route(endpoint.question),
    endpoint.QUESTIONS: Route(endpoint.question_or_page),
    f"{GRAPHS}/": Route(graph, METHODS),
}
"""What answers at all addresses that begin so."""


class Door:
    """The application that a server runs."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._service: LiveService | None = None
        self._pages: WSGIMiddleware | None = None
        self._log = AccessLog(settings.log, settings.log_queries)

    async def start(self) -> None:
        """Open the store. Raises StoreError where there is none."""
        settings = self._settings
        service = LiveService(settings, Metrics())
        await service.start()
        loop = asyncio.get_running_loop()
        # One row more than is shown tells that there are more.
        store = PoolStore(service, loop, settings.page_rows + 1)
        application = create_app(settings, store, PoolStore(service, loop), lambda: service.edition)
        # A thread for each query that a page may wait for: threads that wait cost little.
        self._pages = WSGIMiddleware(application, workers=settings.client_queries)  # type: ignore[arg-type]
        self._service = service

    async def stop(self) -> None:
        """Let what runs end for a while, tell the rest that it is over, and close the store."""
        if self._service is not None:
            await self._service.stop()

    def close(self) -> None:
        """Close the log, after the last request."""
        self._log.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        assert scope["type"] == "http"
        service = self._service
        assert service is not None
        request = Request(scope, receive)
        started = time.monotonic()
        reply: Reply | Forward | None = None
        try:
            reply = await _reply(service, request)
            if isinstance(reply, Forward):
                sent = await self._forward(request, reply, send)
            else:
                sent = await send_reply(request, reply, send)
        except KgError as error:
            sent = await send_reply(request, failed(request, error), send)
        except ClientLeft:
            sent = CLIENT_HAS_LEFT
        finally:
            if isinstance(reply, Reply) and reply.answer is not None:
                reply.answer.close()
        self._note(request, reply, sent, time.monotonic() - started)

    async def _forward(self, request: Request, forward: Forward, send: Send) -> Sent:
        """Have a page or a document made, and watch meanwhile whether the client is still there."""
        assert self._pages is not None
        assert self._service is not None
        settings = self._settings
        body = await request.body(_FORM_FACTOR * settings.query_bytes + _FORM_BYTES, settings.body_seconds)
        status, length = 0, 0

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def counted(message: Message) -> None:
            nonlocal status, length
            if message["type"] == "http.response.start":
                status = message["status"]
            length += len(message.get("body", b""))
            await send(message)

        scope = {
            **request.scope,
            "path": forward.path or request.path,
            "query_string": quote_from_bytes(request.query_string, safe=_PLAIN).encode(),
        }
        visit = Visit(request.client, query_id_of(request))
        VISIT.set(visit)
        made = asyncio.ensure_future(self._pages(scope, receive, counted))  # type: ignore[arg-type]
        gone = asyncio.ensure_future(request.gone())
        try:
            await asyncio.wait((made, gone), return_when=asyncio.FIRST_COMPLETED)
            if status and not made.done():
                # It may have had all it was told to expect, and not waited for the formal end.
                await asyncio.wait((made,), timeout=_END_SECONDS)
            if not made.done():
                visit.cancel(self._service.pool)
                raise ClientLeft
            await made
        finally:
            gone.cancel()
        return Sent(status, outcome_of(status), length)

    def _note(self, request: Request, reply: Reply | Forward | None, sent: Sent, seconds: float) -> None:
        """Count a request, and write it down."""
        service = self._service
        assert service is not None
        counts = service.metrics
        counts.count_request(request.path, sent.status)
        answer = reply.answer if isinstance(reply, Reply) else None
        if answer is not None:
            counts.count_query(answer.lane.value, seconds, answer.rows or 0, answer.bytes)
        written = self._log.write(
            Entry(
                time.time(),
                request.client,
                request.method,
                request.path,
                sent.status,
                seconds,
                sent.outcome,
                sent.body_bytes,
                answer.rows if answer is not None else None,
                query_hash(request.sparql) if request.sparql else None,
                answer.query_id if answer is not None else None,
                sent.limit,
                request.sparql or None,
            )
        )
        if not written:
            counts.count_lost_log_line()


async def _reply(service: LiveService, request: Request) -> Reply | Forward:
    route = AT.get(request.path) or _route_below(request.path)
    if route is None:
        return Forward()
    if request.method == "OPTIONS":
        return preflight(route.methods)
    if request.method not in route.methods:
        return wrong_method(request, route.methods)
    return await route.handler(service, request)


def _route_below(path: str) -> Route | None:
    for beginning, route in BELOW.items():
        if path.startswith(beginning):
            return route
    return None
