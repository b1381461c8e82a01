"""Where queries come in: ``/sparql``, the SPARQL 1.1 Protocol, and the questions of the catalogue as an API.

And ``/queries/<id>``, where a query is cancelled.
"""

from http import HTTPStatus

from impckg.service.answering import Asked, answer
from impckg.service.api import choose_data, read_call
from impckg.service.document_routes import DESCRIPTION
from impckg.service.errors import NotFound
from impckg.service.http import Forward, Reply, Request
from impckg.service.live import LiveService
from impckg.service.negotiation import prefers_page
from impckg.service.pool.writer import Update
from impckg.service.protocol import SparqlRequest, format_parameter, read_parameters, read_request

SPARQL = "/sparql"
QUERIES = "/queries/"
API = "/api/queries/"
QUESTIONS = "/questions/"

_FORM_BYTES = 100_000
# A form may need three bytes for one of the query.
_FORM_FACTOR = 3


async def sparql(service: LiveService, request: Request) -> Reply | Forward:
    """The reply to a request of the protocol."""
    if wants_page(request):
        return Forward()
    body = None
    if request.method == "POST":
        most = _FORM_FACTOR * service.settings.query_bytes + _FORM_BYTES
        if service.settings.update_token is not None:
            most = max(most, service.settings.update_bytes)
        body = await request.body(most, service.settings.body_seconds)
    asked = read_request(request.query_string, request.header("content-type"), body)
    if asked is None:
        return Forward(DESCRIPTION)
    request.sparql = asked.text
    if asked.is_update:
        return await _update(service, request, asked)
    return await answer(
        service, request, Asked(asked.text, asked.format_name, asked.default_graphs, asked.named_graphs)
    )


async def question(service: LiveService, request: Request) -> Reply:
    """The answer to the question whose name stands in the address, as data."""
    name = request.path.removeprefix(API).removeprefix(QUESTIONS)
    call = read_call(name, read_parameters(request.query_string))
    request.sparql = call.text
    format_ = choose_data(call, request.header("accept"))
    return await answer(
        service, request, Asked(call.text, format_.name, bindings=call.bindings, name=name, trusted=True)
    )


async def question_or_page(service: LiveService, request: Request) -> Reply | Forward:
    """The same at the address of its page, for those who want no page."""
    return Forward() if wants_page(request) else await question(service, request)


async def cancel(service: LiveService, request: Request) -> Reply:
    """End the query whose id stands in the address."""
    query_id = request.path.removeprefix(QUERIES)
    if not service.pool.cancel(query_id):
        raise NotFound(f"no query with the id {query_id} is running")
    return Reply(HTTPStatus.NO_CONTENT)


def wants_page(request: Request) -> bool:
    """Whether the reply should be a page; what the address says wins over what the browser says."""
    if not prefers_page(request.header("accept")):
        return b"format=html" in request.query_string
    if b"format=" not in request.query_string:
        return True
    return format_parameter(read_parameters(request.query_string)) in (None, "html")


async def _update(service: LiveService, request: Request, asked: SparqlRequest) -> Reply:
    service.check_token(request.header("authorization"))
    base = f"{request.address(service.settings.base_url)}{SPARQL}"
    await service.change(Update(asked.text, asked.default_graphs, asked.named_graphs, base))
    return Reply(HTTPStatus.NO_CONTENT)
