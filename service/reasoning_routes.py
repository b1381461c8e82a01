"""What the service offers of reasoning, each at its address.

===============================  ===================================================================================
``/classes?expression=…``        the classes around a class expression, and the genes and lines with calls below it
``/explain?sub=…&sup=…``         why one class is below another: a page, RDF, or a picture (``format=svg``)
===============================  ===================================================================================

Both are pages with a form for browsers, and data for programs. Expressions are answered by the workers, as in any query
(queries/class_expressions.py), so the limits of queries are theirs, too.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

import pyoxigraph as ox
from flask import Flask, Response, g, render_template, request, url_for

from impckg.graph.errors import BadExpression, QueryError
from impckg.graph.results import Form, ResultFormat, form_of, formats_for, rows, write_result
from impckg.graph.store import QueryResult
from impckg.ontology.documents.labels import Labels
from impckg.ontology.reasoning.explanation import Explanation, explain
from impckg.ontology.reasoning.manchester import parse, parse_class, write
from impckg.queries.class_expressions import DATATYPE
from impckg.service.documents import write_document
from impckg.service.errors import RequestError
from impckg.service.explanations import as_picture, as_triples, called, said_by
from impckg.service.guard import check_length
from impckg.service.negotiation import HTML, choose
from impckg.service.page_routes import wants_page
from impckg.service.pages import Cell, cell
from impckg.service.protocol import Parameters, format_parameter, read_parameters, values_of
from impckg.service.site import Site

CLASSES, EXPLAIN = "/classes", "/explain"

SVG = "image/svg+xml"
PICTURE = "svg"
"""What `format=` calls the picture of an explanation."""

RELATIONS: Mapping[str, str] = {
    "equivalent": "owl:equivalentClass",
    "directly above": "^kg:directlySubsumedBy",
    "directly below": "kg:directlySubsumedBy",
    "below": "kg:subsumedBy",
}
"""How the classes of an answer lie to the expression, and how that is asked. `below` has all, equivalent ones among them."""

EXAMPLES = (
    "'has phenotype affecting' some heart",
    "'has part' some ('increased size' and 'characteristic of' some heart)",
    "'abnormal heart morphology' and 'has part' some 'decreased size'",
)
EXAMPLE_PAIR = ("enlarged heart", "Cardiomegaly")

_ANY_LENGTH = 2**62


def add(app: Flask, site: Site) -> None:
    """Add the addresses to the application."""
    app.add_url_rule(CLASSES, "classes", lambda: classes(site))
    app.add_url_rule(EXPLAIN, "explain", lambda: explanation(site))


# Class expressions --------------------------------------------------------------------------------------


def classes(site: Site) -> Response:
    """The classes around the expression of the address."""
    parameters = read_parameters(request.query_string)
    expression = _one("expression", parameters)
    page = wants_page()
    if not expression:
        if page:
            return _page("classes.html", expression="", examples=EXAMPLES)
        raise RequestError(
            "the request has no parameter 'expression'; expected a class expression in Manchester syntax"
        )
    g.query = ""
    query = classes_query(expression)
    check_length(query, site.settings.query_bytes)
    try:
        # So that a mistake is told with its place in the expression, not in a query that nobody wrote.
        parse(expression, site.reasoning().names)
        found = site.whole.query(query)
    except QueryError as error:
        if not page:
            raise
        shown = _page("classes.html", expression=expression, examples=EXAMPLES, message=str(error))
        shown.status_code = 400
        return shown
    if not page:
        return _solutions(found, format_parameter(parameters))
    most = site.settings.page_rows
    instances = [[cell(term) for term in row] for row in rows(site.store.query(instances_query(expression)))]
    by_relation = _by_relation(found)
    return _page(
        "classes.html",
        expression=expression,
        examples=EXAMPLES,
        groups=by_relation,
        below=len(by_relation["below"]),
        instances=instances[:most],
        truncated=len(instances) > most,
        downloads=[
            (one.title, _address("classes", expression=expression, format=one.name))
            for one in formats_for(Form.SOLUTIONS)
        ],
        query=query,
        instances_query=instances_query(expression),
    )


def classes_query(expression: str) -> str:
    """SPARQL that finds the classes around an expression: columns relation, class and label."""
    literal = ox.Literal(expression, datatype=ox.NamedNode(DATATYPE))
    parts = " UNION\n  ".join(
        f'{{ ?class {property_} {literal} BIND("{relation}" AS ?relation) }}'
        for relation, property_ in RELATIONS.items()
    )
    return (
        f"SELECT ?relation ?class ?label WHERE {{\n  {parts}\n"
        "  OPTIONAL { ?class rdfs:label ?label }\n}\nORDER BY ?relation ?label ?class"
    )


def instances_query(expression: str) -> str:
    """SPARQL that finds the genes and lines with calls below an expression."""
    literal = ox.Literal(expression, datatype=ox.NamedNode(DATATYPE))
    return (
        "SELECT DISTINCT ?gene ?symbol ?line ?phenotype ?label WHERE {\n"
        f"  ?phenotype kg:subsumedBy {literal} .\n"
        "  ?call a kg:Call ; kg:phenotype ?phenotype ; kg:gene ?gene .\n"
        "  OPTIONAL { ?call kg:line ?line }\n"
        "  ?phenotype rdfs:label ?label .\n"
        "  ?gene rdfs:label ?symbol .\n}\nORDER BY ?symbol ?label ?line"
    )


def _by_relation(found: QueryResult) -> dict[str, list[Sequence[Cell]]]:
    by_relation: dict[str, list[Sequence[Cell]]] = {relation: [] for relation in RELATIONS}
    for relation, class_, label in rows(found):
        assert isinstance(relation, ox.Literal)
        by_relation[relation.value].append((cell(class_), cell(label)))
    return by_relation


def _solutions(found: QueryResult, name: str | None) -> Response:
    """The answer as data, in the format that the client likes best."""
    choice = choose(Form.SOLUTIONS, request.headers.get("Accept"), name)
    format_ = choice.format or formats_for(form_of(found))[0]
    written = io.BytesIO()
    write_result(found, format_.name, written, _ANY_LENGTH, _ANY_LENGTH)
    return Response(written.getvalue(), mimetype=format_.media_type)


# Explanations -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ShownStep:
    """A step of an explanation on a page. used: what it is drawn from, in words."""

    conclusion: str
    rule: str
    used: Sequence[str]


def explanation(site: Site) -> Response:
    """Why one class of the address is below the other."""
    parameters = read_parameters(request.query_string)
    sub, sup = _one("sub", parameters), _one("sup", parameters)
    name = format_parameter(parameters)
    page = wants_page() and name != PICTURE
    if not (sub and sup):
        if page:
            return _page("explain.html", sub=sub, sup=sup, example=EXAMPLE_PAIR)
        raise RequestError(
            "the request needs parameters 'sub' and 'sup'; expected two classes by label, CURIE or IRI"
        )
    kept = site.reasoning()
    try:
        found = explain(kept.classification, parse_class(sub, kept.names), parse_class(sup, kept.names))
    except (BadExpression, QueryError) as error:
        if not page:
            raise
        shown = _page("explain.html", sub=sub, sup=sup, example=EXAMPLE_PAIR, message=str(error))
        shown.status_code = 400
        return shown
    if name == PICTURE:
        return Response(as_picture(found, kept.names), mimetype=SVG)
    if not page:
        return _triples(as_triples(found, kept.names), name)
    return _explanation_page(found, kept.names, sub, sup)


def _explanation_page(found: Explanation, names: Labels, sub: str, sup: str) -> Response:
    steps = [
        ShownStep(
            write(step.conclusion, names),
            step.rule,
            [*(f"[{n + 1}]" for n in step.axioms), *(f"step {n + 1}" for n in step.premises)],
        )
        for step in found.steps
    ]
    return _page(
        "explain.html",
        sub=sub,
        sup=sup,
        example=EXAMPLE_PAIR,
        title=f"{called(found.sub, names)} is under {called(found.sup, names)}",
        axioms=[
            (write(axiom.component.component, names), axiom.source.name, said_by(axiom))
            for axiom in found.axioms
        ],
        steps=steps,
        picture=_address("explain", sub=sub, sup=sup, format=PICTURE),
        downloads=[
            (one.title, _address("explain", sub=sub, sup=sup, format=one.name))
            for one in formats_for(Form.TRIPLES)
        ],
    )


def _triples(statements: Sequence[ox.Triple], name: str | None) -> Response:
    choice = choose(Form.TRIPLES, request.headers.get("Accept"), name)
    format_: ResultFormat = choice.format or formats_for(Form.TRIPLES)[0]
    return Response(write_document(statements, format_), mimetype=format_.media_type)


def _one(name: str, parameters: Parameters) -> str:
    """The value of a parameter that may be given once; empty where it is not."""
    given = values_of(name, parameters)
    if len(given) > 1:
        raise RequestError(f"the request has {len(given)} parameters {name!r}; expected one")
    return given[0].strip() if given else ""


def _address(endpoint: str, **parameters: str) -> str:
    return f"{url_for(endpoint)}?{urlencode(parameters)}"


def _page(template: str, **shown: object) -> Response:
    return Response(render_template(template, **shown), mimetype=HTML)
