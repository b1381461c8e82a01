"""The pages, each at its address."""

from http import HTTPStatus

from flask import Flask, Response, g, request, url_for

from impckg.graph.errors import BadParameter
from impckg.queries.catalog import question as question_named
from impckg.queries.run import ask
from impckg.service import pages
from impckg.service.guard import check_length
from impckg.service.live import VISIT
from impckg.service.negotiation import HTML, prefers_page
from impckg.service.protocol import format_parameter, read_parameters, read_request, values_of
from impckg.service.schema_page import schema_page
from impckg.service.site import Site
from impckg.service.vocabulary_warnings import unknown_terms


def add(app: Flask, site: Site) -> None:
    """Add the pages to the application."""
    app.add_url_rule("/", "home", lambda: home(site))
    app.add_url_rule("/sparql", "sparql", lambda: sparql(site), methods=["GET", "POST"])
    app.add_url_rule("/schema", "schema", lambda: schema(site))
    app.add_url_rule("/questions/<name>", "question", lambda name: question(site, name))


def home(site: Site) -> str:
    """The home page, with the query of the address in its editor if it has one."""
    site.expect_typing()
    queries = values_of("query", read_parameters(request.query_string))
    return pages.home_page(queries[0] if queries else "", site.dataset())


def sparql(site: Site) -> Response:
    """The answer to a query, for a browser."""
    body = request.get_data() if request.method == "POST" else None
    asked = read_request(request.query_string, request.content_type, body)
    if asked is None:
        return Response(status=HTTPStatus.SEE_OTHER, headers={"Location": url_for("home")})
    g.query, g.format_name = asked.text, asked.format_name
    settings = site.settings
    check_length(asked.text, settings.query_bytes)
    result = site.store.query(
        asked.text,
        default_graphs=asked.default_graphs,
        named_graphs=asked.named_graphs,
        base_iri=f"{site.address()}{url_for('sparql')}",
    )
    parameters = {
        "query": asked.text,
        "default-graph-uri": asked.default_graphs,
        "named-graph-uri": asked.named_graphs,
    }
    visit = VISIT.get()
    warnings = [*(visit.notes if visit else ()), *unknown_terms(asked.text, site.description().known)]
    answer = pages.read_answer(result, settings.page_rows, url_for("sparql"), parameters, warnings)
    return Response(pages.answer_page(asked.text, answer), mimetype=HTML)


def schema(site: Site) -> str:
    """The kinds of things in the graph, with a diagram and how many there are of each."""
    return schema_page(site.description().things)


def question(site: Site, name: str) -> Response:
    """A question of the catalogue with its form, and its answer once it is asked."""
    asked = question_named(name)
    parameters = read_parameters(request.query_string)
    g.format_name = format_parameter(parameters)
    known = [parameter.name for parameter in asked.parameters]
    values = {key: value for key, value in parameters if key in known and value}
    if not values and any(parameter.required for parameter in asked.parameters):
        return Response(pages.question_page(asked, values), mimetype=HTML)
    try:
        result = ask(asked, site.store, values)
    except BadParameter as error:
        page = pages.question_page(asked, values, message=str(error))
        return Response(page, HTTPStatus.BAD_REQUEST, mimetype=HTML)
    answer = pages.read_answer(result, site.settings.page_rows, url_for("question", name=name), values)
    return Response(pages.question_page(asked, values, answer), mimetype=HTML)


def wants_page() -> bool:
    """Whether the client would rather see a page than data."""
    name = format_parameter(read_parameters(request.query_string))
    return name == "html" or (name is None and prefers_page(request.headers.get("Accept")))
