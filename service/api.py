"""The named questions as an API: the list of them, and from a request to the query that answers it.

``/api/queries``                       all questions with their parameters and columns, as JSON
``/api/queries/<name>?gene=…&limit=…``  the answer to one, as data

Parameters are those of the question, and ``limit``, ``offset`` and ``format``. What else a client sends (``ac``, ``_``,
``utm_source``, the parameters of the SPARQL protocol) is ignored, as everywhere in this service, with one exception: a name
that was probably meant for the question is refused. That is one that is spelt like a parameter of this question (``genes``,
``Gene``, ``hp5`` beside ``hp1`` to ``hp4``), or that another question has (``phenotype`` where only ``gene`` can be given).
Ignored, it would widen the answer without a word.

``limit`` and ``offset`` cut a piece out of the answer. They go to the end of the query's text, where SPARQL has them, or
are reckoned together with those that stand there. A test asks every question so: the pieces in a row are the whole
answer, in its order. (The order of rows that ORDER BY leaves open is the engine's, and stays while the store is the same.)
"""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode

from impckg.graph.errors import BadParameter, UnknownQuestion
from impckg.graph.results import Form, ResultFormat, formats_for
from impckg.graph.sparql import Kind, Token, keyword, tokens
from impckg.graph.store import Bindings
from impckg.queries.catalog import Parameter, Question, bind, questions
from impckg.service.errors import NotAcceptable
from impckg.service.negotiation import PAGE_NAME, Choice, check_format_name, choose, preferred
from impckg.service.protocol import Parameters, values_of

ADDRESS = "/api/queries"
"""Where the list is; a question is at its name below."""

PAGES = "/questions"
"""Where the page of a question is, at its name below."""

MOST_ROWS = 1_000_000_000
"""The greatest number that `limit` and `offset` take; the engine counts rows in 64 bits."""

OWN_PARAMETERS = ("limit", "offset", "format")
"""What every question takes beside its own parameters."""

_PROTOCOL = frozenset(
    (
        *(
            "query",
            "update",
            "default-graph-uri",
            "named-graph-uri",
            "using-graph-uri",
            "using-named-graph-uri",
        ),
        *("timeout", "output", "results", "accept", "callback", "infer", "queryLn", "ac"),
    )
)
_ALIKE = 0.75


@dataclass(frozen=True)
class Call:
    """A question with what it is asked for.

    text: its SPARQL, with limit and offset.
    bindings: the values of its parameters, to be bound by the engine.
    values: the same as they were sent.
    """

    question: Question
    text: str
    bindings: Bindings
    values: Mapping[str, str]
    format_name: str | None

    @property
    def form(self) -> Form:
        """What kind of answer it has."""
        return form_of_question(self.question)


def listing(catalog: Sequence[Question], base: str = "") -> dict[str, Any]:
    """All questions as JSON.

    base: what the addresses begin with, without a slash at the end; empty for addresses within the service.
    """
    return {
        "openapi": f"{base}/openapi.json",
        "queries": [describe_question(asked, base) for asked in catalog],
    }


def describe_question(asked: Question, base: str = "") -> dict[str, Any]:
    """One question as JSON: what it is, what it takes, what comes out and where.

    >>> from impckg.queries.catalog import question
    >>> describe_question(question("genes_of_phenotype"))["example"]
    '/api/queries/genes_of_phenotype?phenotype=MP%3A0003631'
    """
    address = f"{base}{ADDRESS}/{asked.name}"
    example = urlencode({p.name: p.example for p in asked.parameters if p.required})
    return {
        "name": asked.name,
        "question": asked.question,
        "remark": asked.remark,
        "keywords": list(asked.keywords),
        "parameters": [_describe_parameter(parameter) for parameter in asked.parameters],
        "columns": list(asked.columns),
        "address": address,
        "example": f"{address}?{example}" if example else address,
        "page": f"{base}{PAGES}/{asked.name}",
        "formats": [format_.name for format_ in formats_for(form_of_question(asked))],
    }


def form_of_question(asked: Question) -> Form:
    """What kind of answer a question has."""
    return Form.TRIPLES if keyword(asked.text) in ("CONSTRUCT", "DESCRIBE") else Form.SOLUTIONS


def read_call(name: str, parameters: Parameters) -> Call:
    """What a request asks: the question of that name with its values, a limit, an offset and a format.

    parameters: as they were sent, each with its value; one whose value is empty counts as absent.

    Raises UnknownQuestion with the nearest names, BadParameter for a value that does not fit, one that is missing, one that
    is given twice or one that is spelt wrongly, and RequestError for a format that does not exist.
    """
    asked = _question_named(name)
    own = [parameter.name for parameter in asked.parameters]
    for other in dict.fromkeys(key for key, _ in parameters):
        _refuse_misspelt(asked, other, own)
    given = {key: _one_value(asked, key, parameters) for key in (*own, *OWN_PARAMETERS)}
    values = {key: value for key in own if (value := given[key]).strip()}
    format_name = given["format"] or None
    check_format_name(format_name)
    limit = _count(asked, "limit", given["limit"])
    text = sliced(asked.text, limit, _count(asked, "offset", given["offset"]) or 0)
    return Call(asked, text, bind(asked, values), values, format_name)


def choose_data(call: Call, accept: str | None) -> ResultFormat:
    """The format in which the answer to a call is given. It is always data: pages are at the page of the question.

    accept: the Accept header; None where there is none.

    Raises NotAcceptable with the formats there are.
    """
    if call.format_name == PAGE_NAME:
        raise NotAcceptable(f"this address gives data; the page is {PAGES}/{call.question.name}")
    if call.format_name is not None:
        return _data(choose(call.form, None, call.format_name))
    possible = formats_for(call.form)
    by_type = {media_type: format_ for format_ in possible for media_type in format_.media_types}
    chosen = preferred(accept, list(by_type))
    if chosen is None:
        types = ", ".join(format_.media_type for format_ in possible)
        raise NotAcceptable(f"Accept allows no format of ours; this query can be answered as {types}")
    return by_type[chosen]


def sliced(text: str, limit: int | None, offset: int = 0) -> str:
    r"""A query with only a piece of its answer: so many rows, after leaving out so many.

    limit: None for all rows.

    A limit and an offset that the query has are kept to: the piece is cut out of what they leave.

    >>> sliced("SELECT * { ?s ?p ?o } ORDER BY ?s", limit=10, offset=20)
    'SELECT * { ?s ?p ?o } ORDER BY ?s\nLIMIT 10 OFFSET 20'
    >>> sliced("SELECT * { ?s ?p ?o } LIMIT 25", limit=10, offset=20)
    'SELECT * { ?s ?p ?o }\nLIMIT 5 OFFSET 20'
    """
    if limit is None and not offset:
        return text
    outer = list(_outermost(tokens(text)))
    own = {
        word.text.upper(): (word, number)
        for word, number in pairwise(outer)
        if word.kind is Kind.WORD and word.text.upper() in ("LIMIT", "OFFSET") and number.kind is Kind.NUMBER
    }
    if "LIMIT" in own:
        left = max(int(own["LIMIT"][1].text) - offset, 0)
        limit = left if limit is None else min(limit, left)
    if "OFFSET" in own:
        offset += int(own["OFFSET"][1].text)
    pieces = ["" if limit is None else f"LIMIT {limit}", f"OFFSET {offset}" if offset else ""]
    clause = " ".join(piece for piece in pieces if piece)
    head, tail = _without_modifiers(text, outer, list(own.values()))
    return f"{head.rstrip()}\n{clause}" + (f"\n{tail}" if tail else "")


def _outermost(found: Iterable[Token]) -> Iterable[Token]:
    """The tokens that stand in no brackets, comments left out; a closing bracket is one of them."""
    depth = 0
    for token in found:
        if token.kind is Kind.BRACKET:
            depth += 1 if token.text in "{([" else -1
        if depth == 0 and token.kind is not Kind.COMMENT:
            yield token


def _without_modifiers(
    text: str, outer: Sequence[Token], clauses: Sequence[tuple[Token, Token]]
) -> tuple[str, str]:
    """A query without its own LIMIT and OFFSET: up to the place where new ones go, and the VALUES behind it."""
    # Outside of all brackets VALUES may only stand at the very end.
    starts = (token.start for token in outer if token.kind is Kind.WORD and token.text.upper() == "VALUES")
    cut = next(starts, len(text))
    head, done = [], 0
    for word, number in sorted(clauses, key=lambda clause: clause[0].start):
        head.append(text[done : word.start])
        done = number.start + len(number.text)
    head.append(text[done:cut])
    return "".join(head), text[cut:].rstrip()


def _question_named(name: str) -> Question:
    known = {asked.name: asked for asked in questions()}
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.4)
    hint = f" did you mean {' or '.join(near)}?" if near else ""
    raise UnknownQuestion(f"there is no query {name!r};{hint} {ADDRESS} lists all {len(known)}")


def _refuse_misspelt(asked: Question, name: str, own: Sequence[str]) -> None:
    """Refuse a name that was probably meant for the question; see the docstring of this module."""
    known = [*own, *OWN_PARAMETERS]
    if name in known or name in _PROTOCOL:
        return
    spelt_alike = {_bare(other): other for other in reversed(known)}
    near = [spelt_alike[_bare(name)]] if _bare(name) in spelt_alike else []
    near = near or difflib.get_close_matches(name, known, n=1, cutoff=_ALIKE)
    if near or name in _all_parameters():
        hint = f"did you mean {near[0]!r}? It takes" if near else "it takes"
        raise BadParameter(f"{asked.name}: there is no parameter {name!r}; {hint} {', '.join(known)}")


def _bare(name: str) -> str:
    """A name without what people vary: capitals, hyphens, underscores and a number at its end."""
    return re.sub(r"[-_]|[0-9]+$", "", name.casefold())


@cache
def _all_parameters() -> frozenset[str]:
    return frozenset(parameter.name for asked in questions() for parameter in asked.parameters)


def _one_value(asked: Question, name: str, parameters: Parameters) -> str:
    values = [value for value in values_of(name, parameters) if value]
    if len(values) > 1:
        raise BadParameter(f"{asked.name}: parameter {name!r} is given {len(values)} times; expected once")
    return values[0] if values else ""


def _count(asked: Question, name: str, text: str) -> int | None:
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,10}", text) or int(text) > MOST_ROWS:
        raise BadParameter(f"{asked.name}: {name}: {text!r} is not a whole number from 0 to {MOST_ROWS:,}")
    return int(text)


def _data(choice: Choice) -> ResultFormat:
    assert choice.format is not None
    return choice.format


def _describe_parameter(parameter: Parameter) -> dict[str, Any]:
    described: dict[str, Any] = {
        "name": parameter.name,
        "kind": parameter.kind,
        "description": parameter.description,
        "example": parameter.example,
        "required": parameter.required,
    }
    if parameter.enumeration:
        values = parameter.enumeration.values
        described["values"] = [{"value": value.key, "title": value.title} for value in values]
    return described
