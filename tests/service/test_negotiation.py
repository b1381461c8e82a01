"""Which format an Accept header asks for."""

import pytest

from impckg.graph.results import FORMATS, Form
from impckg.service.errors import NotAcceptable, RequestError
from impckg.service.negotiation import choose, preferred, preferred_for_errors, prefers_page

CHROME = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
JSON, XML = "application/sparql-results+json", "application/sparql-results+xml"


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        ("text/csv", "text/csv"),
        ("TEXT/CSV", "text/csv"),
        ("text/csv; header=present", "text/csv"),
        ("application/json", "application/json"),
        ("text/xml", "text/xml"),
        ("text/csv;q=0.3, text/tab-separated-values;q=0.8", "text/tab-separated-values"),
        ("text/csv, */*", "text/csv"),
        ("text/csv;q=0.1, */*", JSON),
        ("application/*, text/csv;q=0.9", JSON),
        (f"{JSON};q=0, */*;q=0.1", "application/json"),
        (CHROME, "text/html"),
        # rdflib's SPARQLWrapper and R's httr, as they come
        (f"{XML},application/json;q=0.9,*/*;q=0.8", XML),
        ("application/json, text/xml, application/xml, */*", "application/json"),
    ],
)
def test_the_best_of_what_both_sides_speak_is_chosen(accept, expected):
    assert choose(Form.SOLUTIONS, accept, None).media_type == expected


@pytest.mark.parametrize("accept", ["image/png", "text/turtle", "text/csv;q=0", "*/*;q=0", "nonsense"])
def test_nothing_in_common_is_an_error_that_lists_what_there_is(accept):
    with pytest.raises(NotAcceptable, match=r"application/sparql-results\+json, .*text/tab-separated-values"):
        choose(Form.SOLUTIONS, accept, None)


def test_a_broken_weight_takes_no_service_down():
    assert choose(Form.SOLUTIONS, "text/csv;q=much, application/json;q=0.5", None).format is not None


@pytest.mark.parametrize("format_", FORMATS, ids=lambda format_: format_.name)
def test_a_name_wins_over_the_header(format_):
    choice = choose(format_.form, CHROME, format_.name)

    assert (choice.format, choice.media_type) == (format_, format_.media_type)


def test_a_page_can_be_asked_for_by_name():
    assert choose(Form.TRIPLES, "text/turtle", "html").format is None


def test_a_wrong_name_lists_the_right_ones():
    with pytest.raises(RequestError, match="'excel' is not known; expected one of json, xml, csv"):
        choose(Form.SOLUTIONS, None, "excel")
    with pytest.raises(NotAcceptable, match="can be written as ttl, nt, jsonld, rdfxml"):
        choose(Form.TRIPLES, None, "csv")


def test_of_equals_the_first_offered_wins():
    assert preferred("b/b, a/a", ["a/a", "b/b"]) == "a/a"


def test_browsers_prefer_pages_and_programs_do_not():
    assert prefers_page(CHROME)
    assert not prefers_page("*/*")
    assert not prefers_page(None)
    assert not prefers_page(JSON)


@pytest.mark.parametrize(
    ("accept", "format_name", "expected"),
    [
        (None, None, "text/plain"),
        ("*/*", None, "text/plain"),
        ("text/turtle", None, "text/plain"),
        (CHROME, None, "text/html"),
        (JSON, None, "application/problem+json"),
        ("application/json", None, "application/problem+json"),
        ("application/problem+json, text/html;q=0.5", None, "application/problem+json"),
        (CHROME, "csv", "text/plain"),
        (CHROME, "json", "application/problem+json"),
    ],
)
def test_errors_are_told_the_way_that_answers_are_asked_for(accept, format_name, expected):
    assert preferred_for_errors(accept, format_name) == expected


@pytest.mark.parametrize(
    ("name", "form", "expected"),
    [
        ("turtle", Form.TRIPLES, "ttl"),
        ("n3", Form.TRIPLES, "ttl"),
        ("json-ld", Form.TRIPLES, "jsonld"),
        ("rdf+xml", Form.TRIPLES, "rdfxml"),
        ("xml", Form.TRIPLES, "rdfxml"),
        ("json", Form.TRIPLES, "jsonld"),
        ("xml", Form.SOLUTIONS, "xml"),
        ("application/json", Form.SOLUTIONS, "json"),
        ("application/json", Form.TRIPLES, "jsonld"),
        ("text/csv", Form.SOLUTIONS, "csv"),
        ("application/sparql-results+xml", Form.SOLUTIONS, "xml"),
    ],
)
def test_the_names_that_other_services_have_for_formats_are_understood(name, form, expected):
    chosen = choose(form, None, name).format

    assert chosen is not None
    assert chosen.name == expected


@pytest.mark.parametrize(
    ("accept", "page"),
    [
        ("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8", True),
        ("text/html", True),
        ("application/n-quads,application/ld+json;q=0.9,text/turtle;q=0.6,text/html;q=0.2", False),
        ("*/*", False),
        (None, False),
    ],
)
def test_one_that_can_read_data_and_takes_pages_for_want_of_better_is_no_browser(accept, page):
    assert prefers_page(accept) is page
