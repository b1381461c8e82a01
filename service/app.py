"""The web application: which address is answered by what.

``/``                   what this is, the questions, an editor
``/sparql``             SPARQL 1.1 Protocol, query operation
``/questions/<name>``   a question of the catalogue with its parameters, as a page or as data
``/health``             whether the service works and which release it serves

An answer is written to the end before its first byte is sent. That costs a temporary file, and it means that
a query that fails half-way is answered with an error and not with a part that looks like an answer, that the
length is known, and that a slow client does not keep a query open. Results are read in the thread that asked
(graph/store.py).
"""

from contextlib import ExitStack
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from tempfile import SpooledTemporaryFile

import flask
from flask import Flask, Response, g, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.wsgi import FileWrapper

from impckg.graph.errors import BadParameter, KgError
from impckg.graph.results import Form, ResultFormat, form_of, write_result
from impckg.graph.sparql import keyword
from impckg.graph.store import QueryResult, Release
from impckg.queries.catalog import question as question_named
from impckg.queries.run import AnyStore, ask, open_any
from impckg.service import pages
from impckg.service.errors import PROBLEM_JSON, explain, point_at, problem, status_of
from impckg.service.guard import check_query
from impckg.service.negotiation import HTML, check_format_name, choose, preferred_for_errors, prefers_page
from impckg.service.protocol import format_parameter, read_parameters, read_request, values_of
from impckg.service.settings import Settings

_HERE = Path(__file__).parent
_MEMORY_BYTES = 4_000_000
_CHUNK_BYTES = 65_536
# A form may need three bytes for one of the query, and more for what else it holds.
_FORM_BYTES = 100_000

_HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_PREFLIGHT_HEADERS = {
    "Access-Control-Allow-Headers": "Accept, Content-Type",
    "Access-Control-Allow-Methods": "GET, HEAD, POST, OPTIONS",
    "Access-Control-Max-Age": "86400",
}
_MESSAGES = {
    HTTPStatus.NOT_FOUND: "there is nothing at this address; / lists what there is",
    HTTPStatus.METHOD_NOT_ALLOWED: "this address takes no {method} requests; expected one of {allowed}",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "the request is longer than this service takes",
    HTTPStatus.INTERNAL_SERVER_ERROR: "the service failed; its log says why",
}


@dataclass(frozen=True)
class Service:
    """What requests are answered from."""

    settings: Settings
    store: AnyStore
    release: Release | None


def create_app(settings: Settings) -> Flask:
    """Make the application that serves the store of the settings. Raises StoreError where there is none."""
    store = open_any(settings.store)
    # A store is written once, so what it says of itself holds as long as it is open.
    service = Service(settings, store, store.release())
    # Flask looks for its files by walking up the package; ours is mapped from another folder, so it is told.
    app = Flask("impckg.service", root_path=str(_HERE), instance_path=str(_HERE))
    app.config["MAX_CONTENT_LENGTH"] = 3 * settings.query_bytes + _FORM_BYTES
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.add_url_rule("/", "home", _home)
    app.add_url_rule("/sparql", "sparql", lambda: _sparql(service), methods=["GET", "POST"])
    app.add_url_rule("/questions/<name>", "question", lambda name: _question(service, name))
    app.add_url_rule("/health", "health", lambda: _health(service))
    app.register_error_handler(KgError, lambda error: _failed(status_of(error), explain(error), error))
    app.register_error_handler(HTTPException, _failed_otherwise)
    app.after_request(_with_headers)
    app.context_processor(lambda: {"release": service.release, "page_rows": settings.page_rows})
    return app


def _home() -> str:
    queries = values_of("query", read_parameters(request.query_string))
    return pages.home_page(queries[0] if queries else "")


def _health(service: Service) -> Response:
    service.store.query("ASK { ?s ?p ?o }")
    release = service.release
    return flask.jsonify(
        status="ok",
        release=release.name if release else None,
        simulated=release.simulated if release else None,
    )


def _sparql(service: Service) -> Response:
    accept = request.headers.get("Accept")
    if request.method != "POST" and not request.query_string and prefers_page(accept):
        return Response(status=HTTPStatus.SEE_OTHER, headers={"Location": url_for("home")})
    body = request.get_data() if request.method == "POST" else None
    asked = read_request(request.query_string, request.content_type, body)
    g.query, g.format_name = asked.query, asked.format_name
    settings = service.settings
    check_format_name(asked.format_name)
    check_query(asked.query, settings.query_bytes, settings.query_depth, settings.query_operators)
    result = service.store.query(
        asked.query, default_graphs=asked.default_graphs, named_graphs=asked.named_graphs
    )
    choice = choose(form_of(result), accept, asked.format_name)
    if choice.format is not None:
        return _download(result, choice.format, choice.media_type, "answer")
    parameters = {
        "query": asked.query,
        "default-graph-uri": asked.default_graphs,
        "named-graph-uri": asked.named_graphs,
    }
    answer = pages.read_answer(result, settings.page_rows, url_for("sparql"), parameters)
    return Response(pages.answer_page(asked.query, answer), mimetype=HTML)


def _question(service: Service, name: str) -> Response:
    question = question_named(name)
    parameters = read_parameters(request.query_string)
    g.format_name = format_parameter(parameters)
    known = [parameter.name for parameter in question.parameters]
    values = {key: value for key, value in parameters if key in known and value}
    form = Form.TRIPLES if keyword(question.text) in ("CONSTRUCT", "DESCRIBE") else Form.SOLUTIONS
    choice = choose(form, request.headers.get("Accept"), g.format_name)
    if choice.format is not None:
        return _download(ask(question, service.store, values), choice.format, choice.media_type, name)
    if not values and any(parameter.required for parameter in question.parameters):
        return Response(pages.question_page(question, values), mimetype=HTML)
    try:
        result = ask(question, service.store, values)
    except BadParameter as error:
        page = pages.question_page(question, values, message=str(error))
        return Response(page, status_of(error), mimetype=HTML)
    address = url_for("question", name=name)
    answer = pages.read_answer(result, service.settings.page_rows, address, values)
    return Response(pages.question_page(question, values, answer), mimetype=HTML)


def _download(result: QueryResult, format_: ResultFormat, media_type: str, name: str) -> Response:
    with ExitStack() as closing:
        file = closing.enter_context(SpooledTemporaryFile(max_size=_MEMORY_BYTES))
        write_result(result, format_.name, file)
        size = file.tell()
        file.seek(0)
        if size <= _MEMORY_BYTES:
            response = Response(file.read(), mimetype=media_type)
        else:
            # From here on the response closes the file.
            closing.pop_all()
            response = Response(FileWrapper(file, _CHUNK_BYTES), mimetype=media_type)
    response.content_length = size
    response.headers["Content-Disposition"] = f'inline; filename="{name}.{format_.extension}"'
    return response


def _failed(status: int, message: str, error: Exception | None = None) -> Response:
    media_type = preferred_for_errors(request.headers.get("Accept"), g.get("format_name"))
    http_status = HTTPStatus(status)
    query = g.get("query", "")
    place = point_at(error, query)
    if media_type == PROBLEM_JSON:
        response = flask.jsonify(problem(http_status, message, error))
    elif media_type == HTML:
        response = Response(pages.error_page(http_status.phrase, message, place, query))
    else:
        response = Response("\n".join(part for part in (message, place) if part) + "\n")
    response.status_code = http_status
    response.mimetype = media_type
    return response


def _failed_otherwise(error: HTTPException) -> Response:
    """Answer an error that the web framework found: no such page, another method, a failure of ours."""
    status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    allowed = dict(error.get_headers()).get("Allow", "")
    if status in _MESSAGES:
        message = _MESSAGES[status].format(method=request.method, allowed=allowed)
    else:
        message = error.description or status.phrase
    response = _failed(status, message)
    if allowed:
        response.headers["Allow"] = allowed
    return response


def _with_headers(response: Response) -> Response:
    response.headers.update(_HEADERS)
    response.vary.add("Accept")
    if request.method == "OPTIONS":
        response.headers.update(_PREFLIGHT_HEADERS)
    return response
