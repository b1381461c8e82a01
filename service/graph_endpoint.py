"""``/graphs``: the SPARQL 1.1 Graph Store HTTP Protocol, over HTTP. What requests mean is in graph_store.py."""

from impckg.service.answering import Asked, answer
from impckg.service.graph_store import (
    GRAPHS,
    METHODS,
    GraphRequest,
    answer_of,
    change_of,
    existence_of,
    no_such_graph,
    read_graph_request,
    reading_of,
)
from impckg.service.http import Reply, Request
from impckg.service.live import LiveService
from impckg.service.protocol import format_parameter, read_parameters

__all__ = ["GRAPHS", "METHODS", "graph"]


async def graph(service: LiveService, request: Request) -> Reply:
    """The reply to a request of the protocol: a graph, or what became of a change."""
    address = f"{request.address(service.settings.base_url)}{GRAPHS}"
    asked = read_graph_request(request.method, request.raw_path, request.query_string, address)
    if request.method in ("GET", "HEAD"):
        return await _read(service, request, asked)
    return await _change(service, request, asked)


async def _read(service: LiveService, request: Request, asked: GraphRequest) -> Reply:
    existence = existence_of(asked)
    if existence is not None:
        found = (await service.fetch(existence.text, existence.bindings)).result()
        if not any(True for _ in found):  # type: ignore[union-attr]
            raise no_such_graph(asked)
    reading = reading_of(asked)
    format_name = format_parameter(read_parameters(request.query_string))
    return await answer(
        service,
        request,
        Asked(
            reading.text,
            format_name,
            reading.default_graphs,
            bindings=reading.bindings,
            name="graph",
            trusted=True,
        ),
    )


async def _change(service: LiveService, request: Request, asked: GraphRequest) -> Reply:
    service.check_token(request.header("authorization"))
    body = b""
    if request.method != "DELETE":
        body = await request.body(service.settings.update_bytes, service.settings.body_seconds)
    change = change_of(asked, request.header("content-type"), body)
    outcome = await service.change(change) if change is not None else None
    status, location = answer_of(asked, outcome)
    return Reply(status, headers=[("Location", location)] if location is not None else [])
