"""The OpenAPI 3.1 document of the service: all of its addresses, made from what they are made from.

Questions come from the catalogue, formats from `graph.results.FORMATS`, limits from the settings and the statuses of errors
from the table in service/errors.py. So the document says what the service does, and a new question needs no line here.

Source of the format: https://spec.openapis.org/oas/v3.1.1
"""

from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from impckg._version import __version__
from impckg.graph.errors import KgError
from impckg.graph.identifiers import BASE, curie_pattern
from impckg.graph.results import FORMATS, Form, ResultFormat, formats_for
from impckg.graph.store import Release
from impckg.queries.catalog import Parameter, Question, questions
from impckg.service.api import ADDRESS as QUERIES
from impckg.service.api import MOST_ROWS, PAGES, form_of_question
from impckg.service.completion import Kind
from impckg.service.errors import PROBLEM_JSON, STATUS
from impckg.service.links import ADDRESS as LINKS
from impckg.service.links import hash_of, normal
from impckg.service.negotiation import HTML, PAGE_NAME, PLAIN_TEXT
from impckg.service.reasoning_routes import CLASSES, EXAMPLE_PAIR, EXAMPLES, EXPLAIN, PICTURE, SVG
from impckg.service.settings import Settings, describe_settings
from impckg.service.things import DESCRIPTIONS, GRAPHS, IDS, VOCABULARY_PAGE

Json = dict[str, Any]

_QUERY_TYPE = "application/sparql-query"
_UPDATE_TYPE = "application/sparql-update"
_FORM_TYPE = "application/x-www-form-urlencoded"
_EXAMPLE_QUERY = "SELECT ?kind (COUNT(?thing) AS ?things) WHERE { ?thing a ?kind } GROUP BY ?kind LIMIT 10"
_EXAMPLE_UPDATE = "INSERT DATA { <urn:example:a> <urn:example:b> <urn:example:c> }"
_EXAMPLE_GRAPH = f"{BASE}graph/mp"
_EXAMPLE_ID = "0123456789abcdef"
_EXAMPLE_THING = "http://purl.obolibrary.org/obo/MP_0000001"
# The settings that say what a query may take.
_LIMITS = (
    *("time_seconds", "cpu_seconds", "memory_mib", "result_rows", "result_bytes"),
    *("query_bytes", "query_depth", "query_operators", "client_queries", "queue_length"),
)
# What may happen to every query, and to every request.
_OF_QUERIES = (400, 403, 404, 406, 408, 409, 413, 415, 422, 429, 500, 502, 503)
_OF_DOCUMENTS = (400, 404, 406, 429, 500, 503)
_OF_UPDATES = (400, 401, 403, 404, 406, 408, 409, 413, 415, 422, 429, 500, 502, 503)


def openapi_document(settings: Settings, release: Release | None = None, base_url: str = "/") -> Json:
    """The document as JSON.

    base_url: the public address of the service.
    """
    paths = {
        **_sparql_paths(),
        **_question_paths(questions()),
        **_link_paths(),
        **_document_paths(),
        **_reasoning_paths(),
        **_operations_paths(),
    }
    return {
        "openapi": "3.1.1",
        "info": {
            "title": release.title if release else "impckg",
            "summary": "Mouse phenotypes and human disease as a knowledge graph",
            "description": _description(settings, release),
            "version": release.name if release else __version__,
            "license": {
                "name": "Apache-2.0 (the software; data have the licences of their sources)",
                "identifier": "Apache-2.0",
            },
        },
        "servers": [{"url": base_url.rstrip("/") or "/"}],
        "tags": [{"name": name, "description": text} for name, text in _TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": {"Problem": _PROBLEM, "Queries": _listing_schema()},
            "responses": {str(int(status)): _error_response(status) for status in _statuses()},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "headers": {"X-Query-Id": {"description": "The id of the query.", "schema": {"type": "string"}}},
        },
    }


_TAGS = {
    "sparql": "The SPARQL 1.1 Protocol and the Graph Store Protocol.",
    "questions": "Questions with names: the same SPARQL as on the command line, asked without SPARQL.",
    "links": "Short permanent links to queries.",
    "reasoning": "What the ontologies mean: class expressions as questions, and explanations.",
    "documents": "What the graph is made of, and what is said of each thing.",
    "operations": "For those who run the service.",
}

_PROBLEM: Json = {
    "type": "object",
    "description": "An error, as RFC 9457 has it.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string"},
        "line": {"type": ["integer", "null"], "description": "Where a query is not SPARQL, counted from 1."},
        "column": {"type": ["integer", "null"]},
        "limit": {"type": "string", "description": "The setting whose limit was hit."},
        "value": {"type": "number", "description": "What that setting is set to."},
    },
}


def _description(settings: Settings, release: Release | None) -> str:
    limits = [
        f"* {setting.help}: {getattr(settings, setting.name):,}"
        for setting in describe_settings()
        if setting.name in _LIMITS
    ]
    simulated = "**The data are simulated.** " if release and release.simulated else ""
    return (
        f"{simulated}Parameters that an address does not know are ignored, but for those of a question that are "
        "misspelt. Errors are problem documents (RFC 9457), or plain text for those who like that better. An answer "
        "that breaks off after its first byte ends without a "
        "last chunk, so it cannot be taken for a whole one.\n\nLimits:\n\n" + "\n".join(limits)
    )


# ---------------------------------------------------------------- SPARQL


def _sparql_paths() -> Json:
    graphs = [
        _query_parameter(name, f"A graph that is part of {what}.", _array(_iri()), explode=True)
        for name, what in (
            ("default-graph-uri", "the default graph"),
            ("named-graph-uri", "the named graphs"),
        )
    ]
    query = _query_parameter(
        "query", "A query. Without it, the service is described.", _string(), _EXAMPLE_QUERY
    )
    shared = [query, *graphs, _format_parameter(FORMATS, page=True), _QUERY_ID]
    form = {
        "type": "object",
        "properties": {
            "query": _string() | {"examples": [_EXAMPLE_QUERY]},
            "update": _string(),
            "default-graph-uri": _array(_iri()),
            "named-graph-uri": _array(_iri()),
            "using-graph-uri": _array(_iri()),
            "using-named-graph-uri": _array(_iri()),
            "format": {"type": "string"},
        },
    }
    bodies = {
        _FORM_TYPE: {"schema": form, "example": {"query": _EXAMPLE_QUERY}},
        _QUERY_TYPE: {"schema": {"type": "string"}, "example": _EXAMPLE_QUERY},
        _UPDATE_TYPE: {"schema": {"type": "string"}, "example": _EXAMPLE_UPDATE},
    }
    answer = {
        "200": _answer(FORMATS, "The answer, or without a query the description of the service.", page=True),
        "303": _redirect("A browser that asks nothing is sent to the page with the editor."),
        "304": {"description": "The answer is the one that the client has."},
    }
    return {
        "/sparql": {
            "get": _operation("sparql", "askByGet", "Ask a query.", shared, answer, _OF_QUERIES),
            "post": _operation(
                "sparql", "askByPost", "Ask a query, or change the graph.", [_QUERY_ID], answer, _OF_UPDATES
            )
            | {
                "requestBody": {"required": True, "content": bodies},
                "responses": answer
                | {"204": {"description": "The graph is changed."}}
                | _errors(_OF_UPDATES),
                "security": [{}, {"token": []}],
            },
        },
        "/queries/{id}": {
            "delete": _operation(
                "sparql",
                "cancelQuery",
                "Cancel a query that is running.",
                [
                    _path_parameter(
                        "id", "The id of the query.", {"type": "string", "minLength": 1}, _EXAMPLE_ID
                    )
                ],
                {"204": {"description": "It is cancelled."}},
                (404,),
            )
        },
        GRAPHS: _graph_paths(_GRAPH_BY_PARAMETER),
        f"{GRAPHS}/{{name}}": _graph_paths(_GRAPH_BY_ADDRESS, "Itself"),
    }


def _graph_paths(which: Sequence[Json], names_end_in: str = "") -> Json:
    """The operations on a graph that is named by parameters, or by the address itself."""
    triples = formats_for(Form.TRIPLES)
    body = {
        "required": True,
        "content": {f.media_type: {"schema": {"type": "string"}} for f in triples},
    }
    created = {"201": {"description": "The graph is made."}, "204": {"description": "The graph is changed."}}
    read = {
        "200": _answer(triples, "The graph."),
        "304": {"description": "It is the one that the client has."},
    }

    def changing(name: str, summary: str, responses: Json) -> Json:
        return _operation("sparql", name + names_end_in, summary, which, responses, _OF_UPDATES) | {
            "security": [{"token": []}]
        }

    return {
        "get": _operation(
            "sparql",
            f"readGraph{names_end_in}",
            "Read a graph.",
            [*which, _format_parameter(triples)],
            read,
            _OF_QUERIES,
        ),
        "put": changing("replaceGraph", "Put a graph in the place of another.", created)
        | {"requestBody": body},
        "post": changing("addToGraph", "Add statements to a graph.", created) | {"requestBody": body},
        "delete": changing("dropGraph", "Remove a graph.", {"204": {"description": "It is gone."}}),
    }


# ---------------------------------------------------------------- questions


def _question_paths(catalog: Sequence[Question]) -> Json:
    listing = {
        "200": _content("All questions.", {"application/json": {"schema": _ref("schemas", "Queries")}})
    }
    paths: Json = {
        QUERIES: {"get": _operation("questions", "listQueries", "List the questions.", [], listing, (406,))}
    }
    for asked in catalog:
        paths[f"{QUERIES}/{asked.name}"] = {"get": _question(asked)}
    name = _path_parameter("name", "The name of a question.", _name_schema(catalog), catalog[0].name)
    page = {"200": _answer(FORMATS, "The page of the question, or its answer.", page=True)}
    paths[f"{PAGES}/{{name}}"] = {
        "get": _operation("questions", "questionPage", "The page of a question.", [name], page, _OF_QUERIES)
    }
    return paths


def _question(asked: Question) -> Json:
    formats = formats_for(form_of_question(asked))
    parameters = [
        *(
            _query_parameter(p.name, p.description, _value_schema(p), p.example, required=p.required)
            for p in asked.parameters
        ),
        _query_parameter("limit", "Give no more rows than this.", _count_schema(), 100),
        _query_parameter("offset", "Leave out so many rows first.", _count_schema(), 0),
        _format_parameter(formats),
        _QUERY_ID,
    ]
    described = f"{asked.remark or asked.question}\n\nColumns: {', '.join(asked.columns)}."
    answers = {
        "200": _answer(formats, "The answer."),
        "304": {"description": "The answer is the one that the client has."},
    }
    return _operation("questions", asked.name, asked.question, parameters, answers, _OF_QUERIES) | {
        "description": described,
        "x-keywords": list(asked.keywords),
    }


def _value_schema(parameter: Parameter) -> Json:
    """What a value of a parameter looks like. One that is not required may be empty, as forms send it."""
    if parameter.enumeration is not None:
        values = [value.key for value in parameter.enumeration.values]
        return {"type": "string", "enum": values if parameter.required else [*values, ""]}
    if parameter.prefixes:
        pattern = curie_pattern(parameter.prefixes)
        return {"type": "string", "pattern": pattern if parameter.required else f"{pattern}|^$"}
    if parameter.kind in ("integer", "number"):
        return {"type": parameter.kind}
    return {"type": "string", "pattern": r"\S"} if parameter.required else {"type": "string"}


def _count_schema() -> Json:
    return {"type": "integer", "minimum": 0, "maximum": MOST_ROWS}


def _name_schema(catalog: Iterable[Question]) -> Json:
    return {"type": "string", "enum": [asked.name for asked in catalog]}


def _listing_schema() -> Json:
    parameter = {
        "type": "object",
        "required": ["name", "kind", "description", "example", "required"],
        "properties": {
            "name": {"type": "string"},
            "kind": {
                "type": "string",
                "description": "Prefixes of identifiers, an enumeration, string, integer or number.",
            },
            "description": {"type": "string"},
            "example": {"type": "string"},
            "required": {"type": "boolean"},
            "values": {"type": "array", "items": {"type": "object"}},
        },
    }
    query = {
        "type": "object",
        "required": [
            "name",
            "question",
            "keywords",
            "parameters",
            "columns",
            "address",
            "example",
            "page",
            "formats",
        ],
        "properties": {
            "name": {"type": "string"},
            "question": {"type": "string"},
            "remark": {"type": ["string", "null"]},
            "keywords": _array({"type": "string"}),
            "parameters": _array(parameter),
            "columns": _array({"type": "string"}),
            "address": {"type": "string"},
            "example": {"type": "string"},
            "page": {"type": "string"},
            "formats": _array({"type": "string"}),
        },
    }
    return {
        "type": "object",
        "required": ["openapi", "queries"],
        "properties": {"openapi": {"type": "string"}, "queries": _array(query)},
    }


# ---------------------------------------------------------------- links, documents, operations


def _link_paths() -> Json:
    form = {
        "type": "object",
        "required": ["query"],
        "properties": {"query": {"type": "string", "minLength": 1}},
    }
    example = hash_of(normal(questions()[0].text))
    address = {"type": "object", "required": ["address"], "properties": {"address": {"type": "string"}}}
    made = {
        "201": _redirect("The link is made, or was there already.")
        | {"content": {"application/json": {"schema": address}}}
    }
    found = {
        "200": _content("The text of the query.", {_QUERY_TYPE: {"schema": {"type": "string"}}}),
        "302": _redirect("To the page with the query in its editor."),
        "303": _redirect("To the page with the query in its editor."),
    }
    name = _path_parameter(
        "hash", "The hash of a query.", {"type": "string", "pattern": "^[a-z2-7]{20}$"}, example
    )
    return {
        LINKS: {
            "post": _operation(
                "links", "makeLink", "Make a link to a query.", [], made, (400, 403, 408, 413, 415, 500, 503)
            )
            | {
                "requestBody": {
                    "required": True,
                    "content": {_FORM_TYPE: {"schema": form, "example": {"query": _EXAMPLE_QUERY}}},
                }
            }
        },
        f"{LINKS}/{{hash}}": {
            "get": _operation("links", "followLink", "The query of a link.", [name], found, _OF_DOCUMENTS)
        },
    }


def _document_paths() -> Json:
    triples = formats_for(Form.TRIPLES)
    page = {"200": _answer(triples, "The document.", page=True)}
    moved = page | {"303": _redirect("Elsewhere: the thing is not a document, or a page is wanted.")}
    shown = {"200": _content("The page.", {HTML: {"schema": {"type": "string"}}})}
    thing = _query_parameter("iri", "The IRI of a thing.", _iri(), _EXAMPLE_THING, required=True)
    format_parameter = _format_parameter(triples, page=True)

    def document(name: str, summary: str) -> Json:
        return {"get": _operation("documents", name, summary, [format_parameter], moved, _OF_DOCUMENTS)}

    rest = _path_parameter(
        "rest",
        "What follows the base in an IRI of ours; it may hold slashes.",
        {"type": "string", "minLength": 1},
        "ontology",
    )
    own = _operation(
        "documents",
        "lookUp",
        "Look up an IRI of ours.",
        [rest, format_parameter],
        moved,
        _OF_DOCUMENTS,
    )
    described = _operation(
        "documents",
        "describe",
        "What the graph says of a thing.",
        [thing, format_parameter],
        page,
        _OF_DOCUMENTS,
    )
    return {
        "/.well-known/void": document("void", "What the release is made of: VoID, DCAT, PROV."),
        VOCABULARY_PAGE: document("vocabulary", "The vocabulary, in OWL."),
        "/shapes": document("shapes", "The shapes, in SHACL."),
        DESCRIPTIONS: {"get": described},
        f"{IDS}/{{rest}}": {"get": own},
        "/schema": {"get": _operation("documents", "schema", "A page of classes and properties.", [], shown)},
        "/complete": {"get": _completions()},
    }


def _reasoning_paths() -> Json:
    solutions, triples = formats_for(Form.SOLUTIONS), formats_for(Form.TRIPLES)
    expression = _query_parameter(
        "expression",
        "A class expression in Manchester syntax, with labels, CURIEs or IRIs as names.",
        {"type": "string", "minLength": 1},
        EXAMPLES[0],
        required=True,
    )
    ends = [
        _query_parameter(
            name,
            f"The class {place}: a label, a CURIE or an IRI.",
            {"type": "string", "minLength": 1},
            example,
            required=True,
        )
        for name, place, example in (("sub", "below", EXAMPLE_PAIR[0]), ("sup", "above", EXAMPLE_PAIR[1]))
    ]
    format_ = _format_parameter(triples, page=True)
    format_["schema"] = {"type": "string", "enum": [*format_["schema"]["enum"], PICTURE]}
    explained = _answer(triples, "The explanation.", page=True)
    explained["content"][SVG] = {"schema": {"type": "string"}}
    return {
        CLASSES: {
            "get": _operation(
                "reasoning",
                "classes",
                "The classes equal to a class expression, above and below it.",
                [expression, _format_parameter(solutions, page=True)],
                {"200": _answer(solutions, "The classes.", page=True)},
                _OF_QUERIES,
            )
        },
        EXPLAIN: {
            "get": _operation(
                "reasoning",
                "explain",
                "Why one class is below another: the axioms, and the steps.",
                [*ends, format_],
                {"200": explained},
                (*_OF_DOCUMENTS, 422),
            )
        },
    }


def _completions() -> Json:
    kinds = {"type": "string", "enum": [kind.value for kind in Kind]}
    parameters = [
        _query_parameter("kind", "What is looked for.", kinds, Kind.CLASS.value, required=True),
        _query_parameter("text", "What was typed so far.", {"type": "string"}, "gen"),
    ]
    found = {"application/json": {"schema": _array({"type": "object"})}}
    return _operation(
        "documents",
        "complete",
        "What may be typed next in a query.",
        parameters,
        {"200": _content("Classes, properties or terms, the best first.", found)},
        _OF_DOCUMENTS,
    )


def _operations_paths() -> Json:
    status = {
        "application/json": {
            "schema": {"type": "object", "required": ["status"], "properties": {"status": {"type": "string"}}}
        }
    }
    ready = {
        "200": _content("A query would be answered now.", status),
        "503": _content("It would not.", status),
    }
    metrics = {"200": _content("What Prometheus reads.", {"text/plain": {"schema": {"type": "string"}}})}
    itself = {"200": _content("This document.", {"application/json": {"schema": {"type": "object"}}})}
    return {
        "/health": {
            "get": _operation(
                "operations",
                "health",
                "Whether the service is alive.",
                [],
                {"200": _content("It is.", status)},
            )
        },
        "/ready": {
            "get": _operation("operations", "ready", "Whether a query would be answered now.", [], ready)
        },
        "/metrics": {"get": _operation("operations", "metrics", "Counts for Prometheus.", [], metrics)},
        "/openapi.json": {"get": _operation("operations", "openapi", "This document.", [], itself)},
    }


# ---------------------------------------------------------------- parts


def _operation(
    tag: str,
    name: str,
    summary: str,
    parameters: Sequence[Json],
    responses: Mapping[str, Json],
    errors: Sequence[int] = (),
) -> Json:
    return {
        "operationId": name,
        "tags": [tag],
        "summary": summary,
        "parameters": list(parameters),
        "responses": {
            **responses,
            **{code: error for code, error in _errors(errors).items() if code not in responses},
        },
    }


def _errors(statuses: Sequence[int]) -> Json:
    return {str(status): _ref("responses", str(status)) for status in statuses}


def _statuses() -> list[HTTPStatus]:
    """Every status that an error has, and those of requests that are no errors of ours."""
    return sorted({*STATUS.values(), *map(HTTPStatus, (*_OF_QUERIES, *_OF_UPDATES))})


def _error_response(status: HTTPStatus) -> Json:
    """What a status means: the first lines of the docstrings of the errors that have it."""
    meanings = [
        _first_line(error)
        for error, its_status in STATUS.items()
        if its_status is status and error is not KgError
    ]
    retry = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}
    response = _content(
        " ".join(meanings) or status.description,
        {
            PROBLEM_JSON: {"schema": _ref("schemas", "Problem")},
            PLAIN_TEXT: {"schema": {"type": "string"}},
            HTML: {"schema": {"type": "string"}},
        },
    )
    return response | {"headers": retry} if status in (429, 503) else response


def _first_line(error: type[KgError]) -> str:
    return (error.__doc__ or "").strip().splitlines()[0]


def _answer(formats: Sequence[ResultFormat], description: str, page: bool = False) -> Json:
    types = [media_type for format_ in formats for media_type in format_.media_types]
    content: Json = {media_type: {} for media_type in dict.fromkeys(types)}
    if page:
        content[HTML] = {"schema": {"type": "string"}}
    return _content(description, content) | {
        "headers": {"ETag": {"description": "Changes when the answer may.", "schema": {"type": "string"}}}
    }


def _content(description: str, content: Json) -> Json:
    return {"description": description, "content": content}


def _redirect(description: str) -> Json:
    return {"description": description, "headers": {"Location": {"schema": {"type": "string"}}}}


def _format_parameter(formats: Sequence[ResultFormat], page: bool = False) -> Json:
    names = [format_.name for format_ in formats] + ([PAGE_NAME] if page else [])
    described = "How the answer is written; wins over the header Accept. Empty is as good as none."
    return _query_parameter("format", described, {"type": "string", "enum": [*names, ""]}, names[0])


def _query_parameter(
    name: str,
    description: str,
    schema: Json,
    example: Any = None,
    required: bool = False,
    explode: bool = False,
) -> Json:
    parameter = {
        "name": name,
        "in": "query",
        "description": description,
        "required": required,
        "schema": schema,
    }
    if explode:
        parameter |= {"style": "form", "explode": True}
    return parameter if example is None else parameter | {"example": example}


def _path_parameter(name: str, description: str, schema: Json, example: str) -> Json:
    return {
        "name": name,
        "in": "path",
        "description": description,
        "required": True,
        "schema": schema,
        "example": example,
    }


_QUERY_ID: Json = {
    "name": "X-Query-Id",
    "in": "header",
    "description": "An id of the client's own choice, by which it can cancel the query.",
    "required": False,
    "schema": {"type": "string", "pattern": "^[A-Za-z0-9_-]{16,64}$"},
}


def _string() -> Json:
    return {"type": "string", "minLength": 1}


def _iri() -> Json:
    return {"type": "string", "format": "iri"}


def _array(items: Json) -> Json:
    return {"type": "array", "items": items}


def _ref(kind: str, name: str) -> Json:
    return {"$ref": f"#/components/{kind}/{name}"}


_GRAPH_BY_PARAMETER = (
    _query_parameter("graph", "The IRI of a named graph.", _iri(), _EXAMPLE_GRAPH),
    _query_parameter("default", "The default graph.", {"type": "string"}) | {"allowEmptyValue": True},
)
_GRAPH_BY_ADDRESS = (
    _path_parameter(
        "name", "The IRI of the graph is this address itself.", {"type": "string", "minLength": 1}, "mine"
    ),
)
