"""In which format an answer is given: what the client's Accept header prefers, or what `format=` says.

Source of the rules: RFC 9110, section 12.5.1.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from werkzeug.http import parse_accept_header

from impckg.graph.errors import QueryError
from impckg.graph.results import FORMATS, Form, ResultFormat, format_named, formats_for
from impckg.service.errors import PROBLEM_JSON, NotAcceptable, RequestError

HTML = "text/html"
PLAIN_TEXT = "text/plain"
PAGE_NAME = "html"
"""The value of `format=` that asks for a page."""

# What other services call the formats, and so what clients send: SPARQLWrapper says turtle, n3, json-ld, rdf and rdf+xml.
_OTHER_NAMES = {t: format_.name for format_ in reversed(FORMATS) for t in format_.media_types} | {
    "turtle": "ttl",
    "n3": "ttl",
    "ntriples": "nt",
    "n-triples": "nt",
    "json-ld": "jsonld",
    "rdf": "rdfxml",
    "rdf+xml": "rdfxml",
    "rdf/xml": "rdfxml",
}
# A client that wants XML or JSON whatever it asks (SPARQLWrapper wants XML unless told) gets that of the form.
_OF_TRIPLES = {"xml": "rdfxml", "json": "jsonld"}


@dataclass(frozen=True)
class Choice:
    """How an answer is given: in a format, under a media type; as a page where the format is None."""

    format: ResultFormat | None
    media_type: str


_PAGE = Choice(None, HTML)


def choose(form: Form, accept: str | None, format_name: str | None) -> Choice:
    """The format in which an answer of this form is given.

    accept: the Accept header; None where there is none.
    format_name: what `format=` says; it wins over the header.

    Raises RequestError for a name that no format has, and NotAcceptable where the form cannot be written in
    what the client takes; both name the formats there are.
    """
    if format_name is not None:
        return _choose_by_name(form, format_name)
    possible = formats_for(form)
    choices = {media_type: Choice(f, media_type) for f in possible for media_type in f.media_types}
    choices[HTML] = _PAGE
    chosen = preferred(accept, list(choices))
    if chosen is None:
        types = ", ".join([*(f.media_type for f in possible), HTML])
        raise NotAcceptable(
            f"Accept allows no format of ours; the answer to {form.value} queries can be written as {types}"
        )
    return choices[chosen]


def check_format_name(name: str | None) -> None:
    """Refuse a name that no format has. Raises RequestError with the names there are."""
    names = [*(f.name for f in FORMATS), PAGE_NAME]
    if name is not None and _own_name(name) not in names:
        raise RequestError(f"format {name!r} is not known; expected one of {', '.join(names)}")


def preferred(accept: str | None, offered: Sequence[str]) -> str | None:
    """The offered media type that an Accept header likes best; None where it takes none.

    Of several that it likes the same, the one that it names most exactly is taken, then the one offered
    first. No header means that anything will do.

    >>> preferred("text/csv;q=0.5, application/*", ["text/csv", "application/json"])
    'application/json'
    """
    if accept is None or not accept.strip():
        return offered[0]
    ranges = [(_without_parameters(media_range), q) for media_range, q in parse_accept_header(accept)]
    ranked = []
    for position, media_type in enumerate(offered):
        # The most exact range that fits decides, even if a broader one is kinder.
        exactness, q = max(((_exactness(r, media_type), q) for r, q in ranges), default=(0, 0.0))
        if exactness and q > 0:
            ranked.append((q, exactness, -position, media_type))
    return max(ranked)[-1] if ranked else None


@lru_cache(maxsize=256)
def prefers_page(accept: str | None) -> bool:
    """Whether a client is a browser, or likes pages as one does."""
    # One that can read data and would take a page for want of better is no browser; Comunica is one.
    data = dict.fromkeys(media_type for format_ in FORMATS for media_type in format_.media_types)
    return preferred(accept, [PLAIN_TEXT, *data, HTML]) == HTML


def preferred_for_errors(accept: str | None, format_name: str | None) -> str:
    """How a client is told of an error: as plain text, as a problem document or as a page.

    One that asks for answers in JSON gets its errors in JSON, too.
    """
    if format_name is not None:
        kinds = {"json": PROBLEM_JSON, "jsonld": PROBLEM_JSON, PAGE_NAME: HTML}
        return kinds.get(_own_name(format_name), PLAIN_TEXT)
    json_types = [t for f in FORMATS if f.name in ("json", "jsonld") for t in f.media_types]
    chosen = preferred(accept, [PLAIN_TEXT, PROBLEM_JSON, *json_types, HTML])
    return PROBLEM_JSON if chosen in json_types else chosen or PLAIN_TEXT


def _choose_by_name(form: Form, name: str) -> Choice:
    check_format_name(name)
    own_name = _own_name(name)
    if own_name == PAGE_NAME:
        return _PAGE
    if form is Form.TRIPLES:
        own_name = _OF_TRIPLES.get(own_name, own_name)
    try:
        format_ = format_named(own_name, form)
    except QueryError as error:
        raise NotAcceptable(str(error)) from error
    return Choice(format_, format_.media_type)


def _own_name(name: str) -> str:
    """What we call the format of that name."""
    return _OTHER_NAMES.get(name.lower(), name)


def _without_parameters(media_range: str) -> str:
    return media_range.partition(";")[0].strip().lower()


def _exactness(media_range: str, media_type: str) -> int:
    """How exactly a range names a type: 3 by its full name, 2 by its first half, 1 by `*/*`, 0 not at all."""
    if media_range == media_type:
        return 3
    if media_range == media_type.partition("/")[0] + "/*":
        return 2
    return 1 if media_range in ("*/*", "*") else 0
