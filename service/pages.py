"""The pages: what a browser shows of the service. They work without JavaScript and escape all they show.

With JavaScript (static/*.js) the editor answers in place, and a table can be seen as a chart or as a graph. What that
borrows from others lies in static/vendor, if it could be had when this was built (vendor/vendor.py).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from urllib.parse import urlencode

import pyoxigraph as ox
from flask import render_template, url_for

from impckg.graph.identifiers import BASE, namespaces
from impckg.graph.numbers import number_text
from impckg.graph.results import (
    FORMATS,
    RdfTerm,
    ResultFormat,
    columns,
    form_of,
    formats_for,
    rows,
    text_of,
)
from impckg.graph.store import QueryResult
from impckg.queries.catalog import Question, bind, questions
from impckg.queries.remote import with_values

STARTING_QUERY = """\
# What is in this graph? The kinds of things, and how many there are of each.
SELECT ?kind (COUNT(?thing) AS ?things)
WHERE {
  ?thing a ?kind .
}
GROUP BY ?kind
ORDER BY DESC(?things)
LIMIT 50
"""

_XSD = "http://www.w3.org/2001/XMLSchema#"
_NUMBERS = frozenset(_XSD + kind for kind in ("integer", "decimal", "double", "float"))
_TIMES = frozenset(_XSD + kind for kind in ("date", "dateTime", "gYear", "gYearMonth"))
# A block of values as `with_values` puts it behind a brace.
_BOUND = re.compile(r" (VALUES \?\w+ \{ \S+ \}) ")
_VENDOR_MANIFEST = Path(__file__).parent / "static" / "vendor" / "manifest.json"


@dataclass(frozen=True)
class Cell:
    """A cell of an answer on a page. `kind` is thing, number, time, text or unbound, for its looks."""

    text: str
    kind: str
    href: str | None = None
    title: str | None = None


@dataclass(frozen=True)
class Column:
    """A column of an answer on a page; `kind` is that of its cells, if they are all of one."""

    name: str
    kind: str


@dataclass(frozen=True)
class Answer:
    """An answer as a page shows it: the head of a table, and whether there is more to it.

    form: solutions, boolean or triples.
    downloads: each format that it can be had in, and where.
    warnings: what is odd about the query, though it was answered.
    """

    form: str

    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    truncated: bool
    downloads: Sequence[tuple[ResultFormat, str]]
    warnings: Sequence[str] = ()


@dataclass(frozen=True)
class Example:
    """A question beside the editor: in words, and its SPARQL with the values of its own example."""

    question: str
    query: str


@dataclass(frozen=True)
class Field:
    """A parameter of a question as a field of a form.

    type: of the input, as HTML calls it.
    options: the values to choose from, each with its title; none where anything may be typed.
    """

    name: str
    label: str
    type: str
    value: str
    example: str
    required: bool
    options: Sequence[tuple[str, str]]


def home_page(query: str = "", dataset: str = "") -> str:
    """What the service is, the questions it can answer, and an editor for others.

    dataset: what search engines read of the release, as JSON that may stand in a page (`things.json_for_script`).
    """
    return _page(
        "home.html",
        dataset=dataset,
        groups=questions_by_keyword(questions()),
        fields={question.name: question_fields(question, {}) for question in questions()},
        **_editor(query or STARTING_QUERY),
    )


def answer_page(query: str, answer: Answer) -> str:
    """An answer to a query, and the query in the editor."""
    return _page("answer.html", answer=answer, **_editor(query))


def question_page(
    question: Question, values: Mapping[str, str], answer: Answer | None = None, message: str = ""
) -> str:
    """A question with its form and its SPARQL.

    answer: what was found, once it is asked.
    message: what is wrong with the values, if something is.
    """
    return _page(
        "question.html",
        question=question,
        fields=question_fields(question, values),
        answer=answer,
        message=message,
        # In the editor nothing is bound, so the values go into the text.
        query=with_values(question.text, bind(question, values)) if answer else question.text,
    )


def error_page(title: str, message: str, place: str, query: str) -> str:
    """What went wrong and, where there was a query, the editor with it.

    place: the line of the query that is wrong, with a mark below; empty where that is not known.
    """
    return _page("error.html", title=title, message=message, place=place, **_editor(query))


def read_answer(
    result: QueryResult,
    most_rows: int,
    address: str,
    parameters: Mapping[str, object],
    warnings: Sequence[str] = (),
) -> Answer:
    """Read the head of an answer, in the thread that asked.

    address, parameters: where the same answer is had in other formats, by a parameter `format`.
    warnings: what else to say about the query.
    """
    found = list(islice(rows(result), most_rows + 1))
    downloads = [
        (format_, f"{address}?{urlencode({**parameters, 'format': format_.name}, doseq=True)}")
        for format_ in formats_for(form_of(result))
    ]
    shown = [[cell(term) for term in row] for row in found[:most_rows]]
    head = [Column(name, _kind(row[i] for row in shown)) for i, name in enumerate(columns(result))]
    return Answer(_form(result), head, shown, len(found) > most_rows, downloads, warnings)


def _form(result: QueryResult) -> str:
    if isinstance(result, ox.QueryBoolean):
        return "boolean"
    return "triples" if isinstance(result, ox.QueryTriples) else "solutions"


def _kind(cells: Iterable[Cell]) -> str:
    kinds = {cell.kind for cell in cells} - {"unbound"}
    return kinds.pop() if len(kinds) == 1 else "text"


def cell(term: RdfTerm | None) -> Cell:
    """A term for a page. Things are links: ours to what the graph says of them, others to their own home."""
    if term is None:
        return Cell("", "unbound")
    text = text_of(term)
    if isinstance(term, ox.NamedNode):
        return Cell(text, "thing", _link(term.value), term.value)
    if isinstance(term, ox.Literal) and term.datatype.value in _NUMBERS:
        return Cell(_rounded(text), "number", title=text)
    if isinstance(term, ox.Literal) and term.datatype.value in _TIMES:
        return Cell(text, "time")
    return Cell(text, "text", title=term.language if isinstance(term, ox.Literal) else None)


def _rounded(number: str) -> str:
    """A number for reading: whole numbers as they are, others to four digits or to one behind the point."""
    if "." not in number:
        return number
    value = float(number)
    return number_text(round(value, 1) if abs(value) >= 1_000 else float(f"{value:.4g}"))


def questions_by_keyword(catalog: Iterable[Question]) -> Mapping[str, Sequence[Question]]:
    """The questions below the first of their keywords, both in the order of the alphabet."""
    groups: dict[str, list[Question]] = {}
    for question in sorted(catalog, key=lambda question: question.question):
        groups.setdefault(next(iter(question.keywords), "other"), []).append(question)
    return dict(sorted(groups.items()))


def question_fields(question: Question, values: Mapping[str, str]) -> Sequence[Field]:
    """The parameters of a question as fields, filled with the values given, or else the examples."""
    return [
        Field(
            p.name,
            p.description,
            "number" if p.kind in ("integer", "number") else "text",
            values.get(p.name, p.example if p.required or not values else ""),
            p.example,
            p.required,
            [(value.key, value.title) for value in p.enumeration.values] if p.enumeration else [],
        )
        for p in question.parameters
    ]


def _link(iri: str) -> str | None:
    if iri.startswith(BASE):
        return url_for("sparql", query=f"DESCRIBE <{iri}>")
    # An IRI can be of any scheme, and a link of some schemes would run code.
    return iri if iri.startswith(("http://", "https://")) else None


def _page(template: str, **shown: object) -> str:
    return render_template(template, vendored=vendored(), **shown)


def _editor(query: str) -> dict[str, object]:
    """What the editor needs on every page that has it."""
    return {"query": query, "formats": FORMATS, "examples": _examples(), "prefixes": namespaces()}


@cache
def _examples() -> Mapping[str, Sequence[Example]]:
    """The examples beside the editor, below the first keyword of each."""
    return {
        keyword: [Example(q.question, _example_query(q)) for q in group]
        for keyword, group in questions_by_keyword(questions()).items()
    }


def _example_query(question: Question) -> str:
    bound = with_values(question.text, bind(question, question.example))
    return _BOUND.sub(r"\n  \1", bound).strip()


def vendored() -> bool:
    """Whether what the page borrows from others is here: the editor with completions, charts and graphs."""
    return _VENDOR_MANIFEST.is_file()
