"""The pages, as a browser without JavaScript gets them."""

from html.parser import HTMLParser

import pyoxigraph as ox
import pytest

from impckg.queries.catalog import questions
from impckg.service import pages
from impckg.service.app import create_app
from impckg.service.pages import cell, questions_by_keyword
from impckg.service.settings import Settings

from .conftest import build_store

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


@pytest.fixture
def application(store_path):
    """The pages without a server around them."""
    return create_app(Settings(store=store_path))


class Page(HTMLParser):
    """What the tests look at in a page: its links, its fields, its text and the tags it has."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.fields: dict[str, str] = {}
        self.tags: list[str] = []
        self.text = ""
        self._open: list[tuple[str, str]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.tags.append(tag)
        if tag == "a":
            self.links.append(attributes["href"] or "")
        if tag in ("input", "select") and "name" in attributes:
            self.fields[attributes["name"] or ""] = attributes.get("value") or ""
        if tag == "option" and "selected" in attributes:
            self.fields[next(reversed(self.fields))] = attributes["value"] or ""

    def handle_data(self, data: str) -> None:
        self.text += data


def page(client, address: str, **parameters) -> Page:
    response = client.get(address, query_string=parameters or None, headers=BROWSER)
    assert response.mimetype == "text/html"
    return Page(response.text)


def test_a_browser_without_a_query_is_sent_to_the_editor(client):
    response = client.get("/sparql", headers=BROWSER)

    assert (response.status_code, response.headers["Location"]) == (303, "/")


def test_the_home_page_has_every_question_and_an_editor(client):
    home = page(client, "/")

    assert all(question.question in home.text for question in questions())
    assert "textarea" in home.tags
    assert "A release for tests" in home.text


def test_a_query_in_the_address_is_put_into_the_editor(client):
    home = page(client, "/", query="ASK { ?s ?p '</textarea><b>' }")

    assert "ASK { ?s ?p '</textarea><b>' }" in home.text
    assert "b" not in home.tags


def test_a_browser_gets_an_answer_as_a_table(client):
    answer = page(
        client, "/sparql", query="SELECT ?gene ?symbol { ?gene kg:symbol ?symbol } ORDER BY ?symbol"
    )

    assert "2 rows." in answer.text
    assert "MGI:1929293" in answer.text
    assert "https://identifiers.org/MGI:1929293" in answer.links
    assert answer.tags.count("tr") == 3


def test_the_links_of_an_answer_lead_to_the_same_answer_in_other_formats(client):
    answer = page(client, "/sparql", query="SELECT ?symbol { MGI:109331 kg:symbol ?symbol }")

    (csv_link,) = [link for link in answer.links if "format=csv" in link]
    assert client.get(csv_link).text == "symbol\r\nNxn\r\n"


def test_things_of_ours_are_links_to_what_the_graph_says_of_them(client):
    answer = page(client, "/sparql", query="SELECT ?allele { ?allele a kg:Allele }")

    (link,) = [link for link in answer.links if "DESCRIBE" in link]
    described = client.get(link, headers=BROWSER)
    assert described.status_code == 200
    assert "Cib2&lt;tm1b(EUCOMM)Wtsi&gt;" in described.text


def test_nothing_in_the_graph_becomes_a_tag_or_a_script(client):
    answer = page(client, "/sparql", query="SELECT * { ?s ?p ?o } ORDER BY ?o LIMIT 3", format="html")
    symbols = page(client, "/sparql", query="SELECT * { ?s kg:alleleSymbol|rdfs:label|rdfs:seeAlso ?o }")

    assert "Cib2<tm1b(EUCOMM)Wtsi>" in symbols.text
    assert "<script>alert('decreased body weight')</script>" in symbols.text
    for found in (answer, symbols):
        assert "tm1b" not in " ".join(found.tags)
        assert found.tags.count("script") == 1
        assert not [link for link in found.links if link.startswith("javascript")]


def test_a_number_is_shown_to_four_digits_and_kept_whole_behind_it(client):
    response = client.get(
        "/sparql", query_string={"query": "SELECT ?p { ?a kg:pValue ?p } ORDER BY ?p"}, headers=BROWSER
    )

    assert '<span title="0.00012345678">0.0001235</span>' in response.text
    assert "1.0E-320" in response.text or "9.99989E-321" in response.text


def test_a_long_answer_is_cut_and_says_so(client):
    answer = page(client, "/sparql", query="SELECT * { VALUES ?x { 1 2 3 4 5 6 7 8 9 } }")

    assert "The first 8 rows; a download has them all." in answer.text
    assert answer.tags.count("tr") == 9


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("ASK { ?s ?p ?o }", "true"),
        ("CONSTRUCT WHERE { MGI:109331 kg:symbol ?o }", "Nxn"),
        ("SELECT ?x { ?x kg:nothing ?y }", "Nothing in this graph fits."),
        ("SELECT (<<( MGI:109331 kg:symbol 'x' )>> AS ?t) {}", "<<( MGI:109331 kg:symbol x )>>"),
    ],
)
def test_every_form_of_answer_has_a_page(client, query, expected):
    assert expected in page(client, "/sparql", query=query).text


def test_an_error_leaves_the_query_in_the_editor(client):
    response = client.get("/sparql", query_string={"query": "SELECT * { ?s"}, headers=BROWSER)

    error = Page(response.text)
    assert response.status_code == 400
    assert response.mimetype == "text/html"
    assert "textarea" in error.tags
    assert "SELECT * { ?s" in error.text
    assert "line 1, column" in error.text


def test_a_page_that_does_not_exist_says_where_to_go(client):
    missing = page(client, "/genes/Cib2")

    assert "there is nothing at this address" in missing.text
    assert "/" in missing.links


@pytest.mark.parametrize("address", ["/", "/sparql?query=ASK%7B%7D", "/sparql?query=ASK", "/nothing"])
def test_every_page_says_that_the_data_are_simulated(client, tmp_path, address):
    measured = create_app(Settings(store=build_store(tmp_path, simulated=False))).test_client()

    assert "Simulated data." in page(client, address).text
    assert "Simulated data." not in page(measured, address).text


@pytest.mark.parametrize("address", ["/", "/sparql?query=ASK%7B%7D", "/nothing"])
def test_a_page_loads_and_runs_only_what_is_ours(client, address):
    response = client.get(address, headers=BROWSER)

    assert response.headers["Content-Security-Policy"].startswith("default-src 'self'")
    assert " style=" not in response.text
    assert " onclick=" not in response.text
    assert "<style" not in response.text
    for static in ("style.css", "page.js", "icon.svg"):
        assert f"/static/{static}" in response.text
        assert client.get(f"/static/{static}").status_code == 200


@pytest.mark.parametrize("question", questions(), ids=lambda question: question.name)
def test_every_question_has_a_page_that_answers_its_example(client, question):
    asked = page(client, f"/questions/{question.name}", **example(question))

    assert question.question in asked.text
    assert set(asked.fields) == {parameter.name for parameter in question.parameters}
    assert "Answer" in asked.text
    for format_name in ("csv", "tsv", "json"):
        (link,) = [
            link for link in asked.links if link.startswith("/questions/") and f"format={format_name}" in link
        ]
        assert client.get(link).status_code == 200


@pytest.mark.parametrize("question", questions(), ids=lambda question: question.name)
def test_every_question_can_be_opened_in_the_editor_and_run(client, question):
    asked = page(client, f"/questions/{question.name}", **example(question))

    (link,) = [link for link in asked.links if link.startswith("/?query=")]
    assert client.get(link.replace("/?", "/sparql?").partition("#")[0]).status_code == 200


@pytest.mark.parametrize(
    "question",
    [q for q in questions() if any(p.required for p in q.parameters)],
    ids=lambda question: question.name,
)
def test_a_question_without_its_values_shows_its_examples_and_gives_no_data(client, question):
    form = page(client, f"/questions/{question.name}")
    data = client.get(f"/questions/{question.name}?format=csv")

    assert "Answer" not in form.text
    assert all(form.fields[p.name] == p.example for p in question.parameters if p.required)
    assert data.status_code == 400


def example(question) -> dict[str, str]:
    return {p.name: p.example for p in question.parameters if p.required}


def test_a_question_that_nobody_wrote_is_not_there(client):
    assert client.get("/questions/meaning-of-life").status_code == 404


def test_every_question_is_in_one_group():
    groups = questions_by_keyword(questions())

    assert sorted(q.name for group in groups.values() for q in group) == sorted(q.name for q in questions())


def test_only_web_addresses_become_links(application):
    with application.test_request_context():
        links = [
            cell(ox.NamedNode(iri)).href
            for iri in ("https://a/", "http://a/", "javascript:a", "data:a", "urn:a")
        ]

    assert links == ["https://a/", "http://a/", None, None, None]


def test_dates_and_years_are_times_for_a_chart(application):
    with application.test_request_context():
        kinds = [
            cell(ox.Literal(value, datatype=ox.NamedNode(f"http://www.w3.org/2001/XMLSchema#{kind}"))).kind
            for value, kind in (
                ("2026-03-01", "date"),
                ("2026-03-01T10:00:00Z", "dateTime"),
                ("2026", "gYear"),
                ("26", "string"),
            )
        ]

    assert kinds == ["time", "time", "time", "text"]


@pytest.mark.parametrize(
    ("query", "form", "truncated"),
    [
        ("SELECT ?x { VALUES ?x { 1 2 } }", "solutions", False),
        ("SELECT ?x { VALUES ?x { 1 2 3 4 5 6 7 8 9 } }", "solutions", True),
        ("CONSTRUCT WHERE { MGI:109331 ?p ?o }", "triples", False),
        ("ASK {}", "boolean", False),
    ],
)
def test_an_answer_says_what_a_chart_or_a_graph_must_know_of_it(client, query, form, truncated):
    answer = client.get("/sparql", query_string={"query": query}, headers=BROWSER).text

    assert f'data-form="{form}"' in answer
    assert (" data-truncated" in answer) == truncated


def test_warnings_stand_above_the_answer(application):
    answer = pages.Answer("solutions", [], [], False, [], ["no class is called <kg:Gen>"])

    with application.test_request_context():
        shown = pages.answer_page("SELECT * { ?s a kg:Gen }", answer)

    assert "<li>no class is called &lt;kg:Gen&gt;</li>" in shown


def test_every_example_beside_the_editor_is_a_query_that_can_be_run(client):
    home = page(client, "/")
    examples = [link for link in home.links if link.startswith("/?query=") and "%0A++VALUES" in link]

    assert len(examples) >= len([q for q in questions() if q.parameters])
    for example_link in examples:
        address = example_link.replace("/?", "/sparql?").partition("#")[0]
        assert client.get(address + "&format=csv").status_code == 200, address


def test_the_editor_is_told_the_prefixes_that_need_no_declaration(client):
    home = client.get("/", headers=BROWSER).text

    assert "&#34;kg&#34;: &#34;https://w3id.org/impckg/ontology#&#34;" in home


@pytest.mark.parametrize("here", [True, False])
def test_a_page_knows_whether_what_it_borrows_from_others_is_here(application, monkeypatch, tmp_path, here):
    manifest = tmp_path / "manifest.json"
    if here:
        manifest.write_text("[]", encoding="utf-8")
    monkeypatch.setattr(pages, "_VENDOR_MANIFEST", manifest)

    home = application.test_client().get("/").text

    assert ("<body data-vendored>" in home) == here
    assert 'action="/sparql"' in home
