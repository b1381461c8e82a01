"""From a query to a reply: the guard, the format, the pool, and what an answer says about itself in its headers."""

import asyncio
import hashlib
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus

from werkzeug.http import parse_accept_header

from impckg.graph.results import Form
from impckg.graph.sparql import keyword
from impckg.graph.store import Term
from impckg.service.errors import RequestError
from impckg.service.guard import check_length
from impckg.service.http import ClientLeft, Reply, Request
from impckg.service.live import LiveService
from impckg.service.negotiation import Choice, check_format_name, choose
from impckg.service.pool.answer import Answer
from impckg.service.pool.frames import Task
from impckg.service.vocabulary_warnings import HEADER as WARNING_HEADER
from impckg.service.vocabulary_warnings import as_header, unknown_terms

# What gives another answer each time it is asked, or an answer of someone else's. In a string it does no harm.
_VOLATILE = re.compile(r"NOW|RAND|UUID|BNODE|SERVICE", re.IGNORECASE)
_QUERY_ID = re.compile(r"[A-Za-z0-9_-]{16,64}")
NOTE_HEADER = "X-Impckg-Note"
"""What was done to a query before it was asked."""
_ID_BYTES = 12
_HASH_BYTES = 16


@dataclass(frozen=True)
class Asked:
    """A query as it was asked, for whoever answers it.

    text: with all that was added to it; `written` is what its author wrote.
    name: what a file with the answer is called.
    """

    text: str
    format_name: str | None
    default_graphs: Sequence[str] = ()
    named_graphs: Sequence[str] = ()
    bindings: Mapping[str, Term] | None = None
    name: str = "answer"
    trusted: bool = False


async def answer(service: LiveService, request: Request, asked: Asked) -> Reply:
    """The reply to a query.

    Raises the error that it ended with before its answer began, and ClientLeft.
    """
    check_format_name(asked.format_name)
    settings = service.settings
    if not asked.trusted:
        check_length(asked.text, settings.query_bytes)
    choice = _choose(form_of_text(asked.text), request.header("accept"), asked.format_name)
    assert choice.format is not None
    base_iri = f"{request.address(settings.base_url)}{request.path}"
    etag = _etag(service, asked, choice, base_iri)
    known = request.header("if-none-match") or ""
    if etag is not None and (etag in known or known.strip() == "*"):
        return Reply(HTTPStatus.NOT_MODIFIED, headers=_validators(etag))
    judge = service.federate(asked.text)
    task = Task(
        asked.text,
        choice.format.name,
        settings.result_rows,
        settings.result_bytes,
        tuple(asked.default_graphs),
        tuple(asked.named_graphs),
        asked.bindings or {},
        base_iri,
        request.method == "HEAD",
        _takes_gzip(request.header("accept-encoding")),
        None if asked.trusted else (settings.query_depth, settings.query_operators),
        judge.address if judge is not None else None,
    )
    query_id = query_id_of(request)
    found = service.pool.ask(task, request.client, query_id, judge)
    begun = False
    try:
        begun = await found.begun()
        if not begun:
            await _begun_or_gone(found, request)
            begun = True
    finally:
        if not begun:
            found.close()
    headers = [
        ("X-Query-Id", query_id),
        ("Content-Disposition", f'inline; filename="{asked.name}.{choice.format.extension}"'),
        *_validators(etag),
    ]
    if not asked.trusted and (warnings := unknown_terms(asked.text, service.known)):
        headers.append((WARNING_HEADER, as_header(warnings)))
    if found.notes:
        headers.append((NOTE_HEADER, "; ".join(found.notes)))
    if found.packed:
        headers.append(("Content-Encoding", "gzip"))
    return Reply(HTTPStatus.OK, choice.media_type, headers=headers, answer=found)


@lru_cache(maxsize=1024)
def _choose(form: Form, accept: str | None, format_name: str | None) -> Choice:
    """As `negotiation.choose`, but never a page: those are made elsewhere."""
    choice = choose(form, accept, format_name)
    return choose(form, None, None) if choice.format is None else choice


def form_of_text(text: str) -> Form:
    """What kind of answer a query gives, by its keyword; what is no query at all gives none, so either will do."""
    return Form.TRIPLES if keyword(text) in ("CONSTRUCT", "DESCRIBE") else Form.SOLUTIONS


def query_hash(text: str) -> str:
    """A short name of a query, for logs and validators."""
    return hashlib.sha256(text.encode()).hexdigest()[:_HASH_BYTES]


async def _begun_or_gone(found: Answer, request: Request) -> None:
    """Wait for the answer to begin, or for the client to leave."""
    begun = asyncio.ensure_future(found.begun(patient=True))
    gone = asyncio.ensure_future(request.gone())
    try:
        await asyncio.wait((begun, gone), return_when=asyncio.FIRST_COMPLETED)
        if not begun.done():
            raise ClientLeft
        begun.result()
    finally:
        begun.cancel()
        gone.cancel()


def _etag(service: LiveService, asked: Asked, choice: Choice, base_iri: str) -> str | None:
    """A validator of the answer; none where the same query may give another answer."""
    if service.edition is None or _VOLATILE.search(asked.text):
        return None
    bindings = sorted((name, str(term)) for name, term in (asked.bindings or {}).items())
    what = (
        service.edition,
        asked.text,
        asked.default_graphs,
        asked.named_graphs,
        bindings,
        choice.media_type,
        base_iri,
    )
    # Weak, because it is the same for the packed and the plain form.
    return f'W/"{query_hash(repr(what))}"'


def _validators(etag: str | None) -> list[tuple[str, str]]:
    if etag is None:
        return [("Cache-Control", "no-store")]
    return [("ETag", etag), ("Cache-Control", "no-cache")]


@lru_cache(maxsize=256)
def _takes_gzip(accept_encoding: str | None) -> bool:
    if not accept_encoding:
        return False
    qualities = dict(parse_accept_header(accept_encoding))
    return float(qualities.get("gzip", qualities.get("*", 0.0))) > 0


def query_id_of(request: Request) -> str:
    """What the query of a request is called: as its client has chosen, or by chance. Raises RequestError for an odd one."""
    chosen = request.header("x-query-id")
    if chosen is None:
        return secrets.token_urlsafe(_ID_BYTES)
    if not _QUERY_ID.fullmatch(chosen):
        raise RequestError("the header X-Query-Id is no id; expected 16 to 64 letters, digits, - or _")
    return chosen
