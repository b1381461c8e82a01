"""Sending a reply: its head, its body or its stream, and what came of it."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from impckg.graph.errors import KgError
from impckg.service.access_log import CLIENT_LEFT, Outcome, outcome_of
from impckg.service.errors import (
    PROBLEM_JSON,
    LimitReached,
    NotAuthorised,
    QueryCancelled,
    explain,
    point_at,
    problem,
    retry_after,
    status_of,
)
from impckg.service.http import Message, Reply, Request, Send
from impckg.service.negotiation import preferred_for_errors
from impckg.service.pool.answer import Answer
from impckg.service.protocol import format_parameter, read_parameters
from impckg.service.site import HEADERS, preflight_headers

_STALL_SECONDS = 60.0
_COMMON = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
_WITHOUT_BODY = (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)


@dataclass(frozen=True)
class Sent:
    """What a client was sent, for the log."""

    status: int
    outcome: Outcome
    body_bytes: int = 0
    limit: str | None = None


async def send_reply(request: Request, reply: Reply, send: Send) -> Sent:
    """Send a reply to the end, or as far as it goes."""
    headers = [*_COMMON, *((name.lower().encode(), value.encode("latin-1")) for name, value in reply.headers)]
    if reply.media_type is not None:
        headers.append((b"content-type", reply.media_type.encode()))
    answer, body = reply.answer, reply.body
    if answer is not None and not (answer.complete and not answer.bytes_held):
        return await _send_stream(answer, reply.status, headers, send)
    if answer is not None:
        body = answer.read_all()
    if request.method == "HEAD":
        body = b""
    elif reply.status not in _WITHOUT_BODY:
        headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": int(reply.status), "headers": headers})
    await send({"type": "http.response.body", "body": body})
    return Sent(reply.status, reply.outcome or outcome_of(reply.status), len(body), reply.limit)


async def _send_stream(answer: Answer, status: int, headers: list[tuple[bytes, bytes]], send: Send) -> Sent:
    """Send an answer as it comes in. One that breaks off is left without its last chunk, and the connection is closed.

    So no client can take a part for the whole.
    """
    sent = 0
    await send({"type": "http.response.start", "status": int(status), "headers": headers})
    try:
        while part := await answer.read():
            message: Message = {"type": "http.response.body", "body": part, "more_body": True}
            await asyncio.wait_for(send(message), _STALL_SECONDS)
            sent += len(part)
    except QueryCancelled:
        return Sent(status, Outcome.CANCELLED, sent)
    except LimitReached as error:
        return Sent(status, Outcome.BROKEN_OFF, sent, error.limit)
    except KgError:
        return Sent(status, Outcome.BROKEN_OFF, sent)
    except TimeoutError:
        return Sent(status, Outcome.CLIENT_LEFT, sent)
    await send({"type": "http.response.body", "body": b""})
    return Sent(status, Outcome.ANSWERED, sent)


def failed(request: Request, error: KgError) -> Reply:
    """The reply that tells of an error."""
    try:
        format_name = format_parameter(read_parameters(request.query_string))
    except KgError:
        format_name = None  # that the parameters cannot be read may be the error
    media_type = preferred_for_errors(request.header("accept"), format_name)
    status = status_of(error)
    message = explain(error)
    headers = [("Cache-Control", "no-store"), *retry_after(error)]
    if isinstance(error, NotAuthorised):
        headers.append(("WWW-Authenticate", "Bearer"))
    if not request.body_read and request.method not in ("GET", "HEAD"):
        # The rest of the body would be read, however long it is, to find the next request behind it.
        headers.append(("Connection", "close"))
    limit = error.limit if isinstance(error, LimitReached) else None
    outcome = Outcome.LIMIT if limit else Outcome.CANCELLED if isinstance(error, QueryCancelled) else None
    if media_type == PROBLEM_JSON:
        body = json.dumps(problem(status, message, error))
    else:
        media_type = "text/plain; charset=utf-8"
        body = "\n".join(part for part in (message, point_at(error, request.sparql)) if part) + "\n"
    return Reply(status, media_type, body.encode(), headers, outcome=outcome, limit=limit)


def preflight(methods: Sequence[str]) -> Reply:
    """What browsers are told before they send a request from a page of someone else."""
    allowed = ", ".join((*methods, "OPTIONS"))
    return Reply(
        HTTPStatus.NO_CONTENT,
        headers=[
            ("Allow", allowed),
            *preflight_headers(allowed),
        ],
    )


def wrong_method(request: Request, methods: Sequence[str]) -> Reply:
    """The reply to a method that an address does not take."""
    status = HTTPStatus.METHOD_NOT_ALLOWED
    allowed = ", ".join((*methods, "OPTIONS"))
    message = f"this address takes no {request.method} requests; expected one of {allowed}"
    headers = [("Allow", allowed), ("Cache-Control", "no-store"), ("Connection", "close")]
    if preferred_for_errors(request.header("accept"), None) == PROBLEM_JSON:
        return Reply(status, PROBLEM_JSON, json.dumps(problem(status, message)).encode(), headers)
    return Reply(status, "text/plain; charset=utf-8", f"{message}\n".encode(), headers)


def as_json(content: object, status: HTTPStatus = HTTPStatus.OK) -> Reply:
    """A reply in JSON that no cache keeps."""
    return Reply(status, "application/json", json.dumps(content).encode(), [("Cache-Control", "no-store")])


CLIENT_HAS_LEFT = Sent(CLIENT_LEFT, Outcome.CLIENT_LEFT)
"""What was sent to a client that left before its answer began."""
