"""The query page in headless Chromium, under its own Content-Security-Policy."""

import re
import shutil
import subprocess
import sys
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests

from .conftest import NODE_MODULES

KINDS = "SELECT ?kind (COUNT(?thing) AS ?things) { ?thing a ?kind } GROUP BY ?kind ORDER BY DESC(?things) LIMIT 12"
SLOW = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(?c < ?f && ?f < ?i) }"
PHENOTYPES = """CONSTRUCT { ?gene kg:hasPhenotype ?term . ?gene rdfs:label ?symbol . ?term rdfs:label ?label }
WHERE { ?gene kg:hasPhenotype ?term ; rdfs:label ?symbol . ?term rdfs:label ?label } LIMIT 40"""


# ---------------------------------------------------------------- asking


def test_a_query_is_answered_in_place(visit):
    visit.open()

    visit.run(KINDS)

    page = visit.page
    assert page.locator("#answer tbody tr").count() == 12
    assert page.locator("#answer .count").inner_text() == "12 rows."
    assert re.fullmatch(r"answered after [\d.]+ s", page.locator(".status").inner_text())
    assert parse_qs(urlsplit(page.url).query) == {"query": [KINDS]}


def test_a_wrong_query_is_marked_where_it_is_wrong(visit):
    visit.open()

    visit.run("SELECT ?gene WHERE {\n  ?gene a kg:Gene .\n  ?gene kg:symbol mbol ?x .\n}")

    page = visit.page
    message = page.locator("#answer.error").inner_text()
    assert "line 3" in message
    assert "?gene kg:symbol mbol ?x ." in message
    assert page.locator(".CodeMirror-code > div").nth(2).locator(".wrong-line").count() == 1
    assert page.locator(".gutter-mark.wrong").count() == 1
    assert "mbol" in page.locator(".wrong-here").first.inner_text()

    visit.write(KINDS)

    assert page.locator(".wrong-line, .wrong-here, .gutter-mark").count() == 0


def test_a_query_that_is_refused_says_why(visit):
    visit.open()

    visit.run("SELECT * { SERVICE <http://127.0.0.1:9/sparql> { ?s ?p ?o } }")

    assert "SERVICE" in visit.page.locator("#answer.error").inner_text()


def test_the_prefixes_of_the_graph_need_no_declaration_in_the_editor(visit):
    visit.open()

    visit.write("SELECT * { ?call a kg:Call ; kg:phenotype MP:0001262 }")
    known = visit.page.locator(".gutter-mark").count()
    visit.write("SELECT * { ?call a nobody:Call }")
    unknown = visit.page.locator(".gutter-mark.doubt").count()

    assert (known, unknown) == (0, 1)


def test_a_running_query_can_be_cancelled(visit):
    visit.open()
    page = visit.page
    visit.write(SLOW)
    with page.expect_request(lambda request: request.url.endswith("/sparql")) as asked:
        page.get_by_role("button", name="Run", exact=True).click()

    page.locator(".status", has_text="running, 1").wait_for()
    with page.expect_response(lambda response: response.request.method == "DELETE") as cancelled:
        page.get_by_role("button", name="Cancel").click()

    name = asked.value.headers["x-query-id"]
    assert cancelled.value.url == f"{visit.address}/queries/{name}"
    assert cancelled.value.ok
    assert page.locator(".status").inner_text() == "cancelled"
    assert page.get_by_role("button", name="Cancel").is_hidden()


def test_warnings_are_shown_above_the_answer(visit):
    def warn(route):
        response = route.fetch()
        route.fulfill(
            response=response,
            headers={**response.headers, "X-Impckg-Warning": "no class kg:Gen, no property kg:x"},
        )

    visit.page.route("**/sparql", warn)
    visit.open()

    visit.run(KINDS)

    assert visit.page.locator("#answer .warnings li").all_inner_texts() == [
        "no class kg:Gen",
        "no property kg:x",
    ]


def test_a_service_that_is_gone_is_said_to_be_gone(visit):
    visit.open()
    visit.page.route("**/sparql", lambda route: route.abort())

    visit.page.get_by_role("button", name="Run", exact=True).click()

    visit.page.locator(".status", has_text="the service cannot be reached").wait_for()


def test_another_format_is_a_file(visit):
    visit.open()
    visit.write(KINDS)
    visit.page.get_by_label("as", exact=True).select_option("csv")

    with visit.page.expect_response(lambda response: "format=csv" in response.url) as answered:
        visit.page.get_by_role("button", name="Run", exact=True).click()

    assert answered.value.headers["content-type"].startswith("text/csv")


def test_a_column_sorts_the_table(visit):
    visit.open()
    visit.run("SELECT ?n ?word { VALUES (?n ?word) { (10 'b') (9 'c') (UNDEF 'd') (-2.5 'a') } }")
    numbers = visit.page.locator("tbody tr td:first-child")

    visit.page.get_by_role("button", name="n", exact=True).click()
    ascending = numbers.all_inner_texts()
    visit.page.get_by_role("button", name="n", exact=True).click()
    descending = numbers.all_inner_texts()

    assert ascending == ["-2.5", "9", "10", ""]
    assert descending == ["10", "9", "-2.5", ""]
    assert visit.page.locator("th").first.get_attribute("aria-sort") == "descending"


# ---------------------------------------------------------------- examples and links


def test_examples_are_found_by_their_words_and_put_into_the_editor(visit):
    visit.open()
    examples = visit.page.locator(".examples li:visible a")
    all_of_them = examples.count()

    visit.page.get_by_label("Search the examples").fill("orthologs mouse gene")
    found = examples.all_inner_texts()
    examples.first.click()

    assert 0 < len(found) < all_of_them
    assert all("ortholog" in text.lower() for text in found)
    assert "SELECT" in visit.written()
    assert "VALUES" in visit.written()


def test_questions_are_found_by_their_words(visit):
    visit.open()

    visit.page.get_by_label("Search the questions").fill("wean")

    assert visit.page.locator("#questions .card:visible").count() == 1


def test_a_shared_link_opens_the_query_in_the_editor(visit, browser):
    visit.open()
    visit.write(KINDS)

    visit.page.get_by_role("button", name="Share").click()
    link = visit.page.get_by_label("Link to this query").input_value()

    other = browser.new_page()
    other.goto(link)
    other.wait_for_selector(".CodeMirror")
    assert other.evaluate("document.querySelector('.CodeMirror').CodeMirror.getValue()") == KINDS
    other.close()


def test_a_link_holds_the_query_where_the_service_makes_no_short_ones(visit):
    visit.page.route("**/query", lambda route: route.fulfill(status=404))
    visit.open()
    visit.write(KINDS)

    visit.page.get_by_role("button", name="Share").click()

    link = urlsplit(visit.page.get_by_label("Link to this query").input_value())
    assert (parse_qs(link.query), link.fragment) == ({"query": [KINDS]}, "editor")


# ---------------------------------------------------------------- completions


@pytest.mark.parametrize(
    ("typed", "offered", "written"),
    [
        ("SELECT * { ?thing a ge", "kg:Gene", "SELECT * { ?thing a kg:Gene"),
        ("SELECT * { ?thing kg:phenot", "kg:phenotype", "SELECT * { ?thing kg:phenotype"),
        (
            "SELECT * { ?call a kg:Call ; phenotyp",
            "kg:phenotype",
            "SELECT * { ?call a kg:Call ; kg:phenotype",
        ),
        ("SELECT * { ?call kg:gene pax3", "MGI:97487", "SELECT * { ?call kg:gene MGI:97487"),
        (
            "SELECT * { ?call kg:phenotype MP:growth_size",
            "MP:0005378",
            "SELECT * { ?call kg:phenotype MP:0005378",
        ),
    ],
)
def test_names_complete_as_they_are_typed(visit, typed, offered, written):
    visit.open()
    visit.write("")

    visit.page.keyboard.type(typed, delay=15)
    hint = visit.page.locator(".CodeMirror-hint", has=visit.page.locator(f'code:text-is("{offered}")'))
    hint.wait_for()
    hint.click()

    assert visit.written() == written


def test_all_properties_are_offered_where_one_asks_for_them(visit):
    visit.open()
    visit.write("SELECT * { ?gene ")

    visit.page.keyboard.press("End")
    visit.page.keyboard.press("Control+Space")

    visit.page.locator(".CodeMirror-hint").filter(has_text="rdf:type").wait_for()


def test_nothing_is_offered_in_a_comment_or_a_string(visit):
    visit.open()
    for text in ("# ask for a gene", "SELECT * { ?gene rdfs:label 'gene"):
        visit.write("")
        visit.page.keyboard.type(text, delay=15)
        visit.page.wait_for_timeout(400)

        assert visit.page.locator(".CodeMirror-hint").count() == 0, text


# ---------------------------------------------------------------- charts and graphs


@pytest.mark.parametrize(
    ("query", "mark", "drawn"),
    [
        (KINDS, "bar", 12),
        (
            "SELECT ?p ?effect { ?call a kg:Call ; kg:pValue ?p ; kg:effectSize ?effect } LIMIT 60",
            "point",
            60,
        ),
        ("SELECT ?effect { ?call a kg:Call ; kg:effectSize ?effect } LIMIT 60", "bar", 2),
        (
            "SELECT ?on ?n { VALUES (?on ?n) { ('2026-01-01'^^xsd:date 1) ('2026-02-01'^^xsd:date 5) } }",
            "line",
            1,
        ),
        ("SELECT ?zygosity { ?line a kg:Call ; kg:zygosity ?zygosity }", "bar", 2),
    ],
)
def test_an_answer_is_drawn_as_a_chart_that_suits_its_columns(visit, query, mark, drawn):
    visit.open()
    visit.run(query)

    visit.page.get_by_role("tab", name="Chart").click()
    visit.page.wait_for_selector(".chart svg")

    assert visit.page.get_by_label("Draw", exact=True).input_value() == mark
    assert (
        visit.page.locator(
            f".chart svg .mark-{'symbol' if mark == 'point' else mark if mark != 'bar' else 'rect'} path"
        ).count()
        >= drawn
    )


def test_another_chart_can_be_chosen(visit):
    visit.open()
    visit.run(
        "SELECT * { ?call a kg:Call ; kg:pValue ?p ; kg:effectSize ?effect ; kg:zygosity ?zygosity } LIMIT 80"
    )
    visit.page.get_by_role("tab", name="Chart").click()
    visit.page.wait_for_selector(".chart svg")

    visit.page.get_by_label("Draw", exact=True).select_option("boxplot")
    visit.page.get_by_label("up", exact=True).select_option(label="zygosity")
    visit.page.get_by_label("logarithmic").check()
    with visit.page.expect_download() as saved:
        visit.page.get_by_role("button", name="Save SVG").click()

    assert visit.page.locator(".chart svg .mark-rect path").count() >= 1
    assert saved.value.path().read_text(encoding="utf-8").startswith("<svg")


def test_what_is_constructed_is_drawn_as_a_graph(visit):
    visit.open()
    visit.run(PHENOTYPES)

    visit.page.get_by_role("tab", name="Graph").click()
    visit.page.wait_for_selector(".graph canvas")
    visit.page.get_by_label("Find", exact=True).select_option(index=1)

    assert visit.page.locator(".legend li").all_inner_texts() == ["MGI", "MP"]
    assert visit.page.locator(".details h3").inner_text()
    assert painted(visit.page)
    with visit.page.expect_download() as saved:
        visit.page.get_by_role("button", name="Save PNG").click()
    assert saved.value.path().read_bytes().startswith(b"\x89PNG")


def test_the_things_of_a_row_are_drawn_with_links_between_them(visit):
    visit.open()
    visit.run(
        "SELECT ?gene ?symbol ?phenotype { ?gene kg:hasPhenotype ?phenotype ; rdfs:label ?symbol } LIMIT 20"
    )

    visit.page.get_by_role("tab", name="Graph").click()
    visit.page.wait_for_selector(".graph canvas")

    assert re.fullmatch(
        r"Graph of \d+ things and 20 links; .*", visit.page.locator(".graph").get_attribute("aria-label")
    )
    assert painted(visit.page)


def painted(page) -> bool:
    """Whether something is drawn on the canvas; it is drawn within the next frames."""
    for _ in range(50):
        if page.evaluate(
            """[...document.querySelectorAll(".graph canvas")].some((canvas) => canvas.width &&
              canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.some(Boolean))"""
        ):
            return True
        page.wait_for_timeout(100)
    return False


def test_an_answer_that_is_loaded_as_a_page_has_its_views(visit):
    visit.page.goto(f"{visit.address}/sparql?{urlencode({'query': KINDS})}")

    visit.page.get_by_role("tab", name="Chart").click()

    visit.page.wait_for_selector(".chart svg")


# ---------------------------------------------------------------- programs


def code_of(visit, language: str) -> str:
    visit.page.get_by_role("button", name="Code").click()
    visit.page.get_by_role("tab", name=language, exact=True).click()
    text = visit.page.locator("dialog [role=tabpanel]:visible code").inner_text()
    visit.page.keyboard.press("Escape")
    return text


# It has what ends a text in one language or another, and what is special inside of it.
TRICKY = r"""SELECT ?word ?n {
  VALUES (?word ?n) { ('\'\'\' )-\" \\n $HOME `date`' 1) ('''a "quoted" word''' 2) }
}
#
ORDER BY ?n"""


@pytest.mark.parametrize("query", [KINDS, TRICKY], ids=["plain", "tricky"])
@pytest.mark.parametrize("language", ["curl", "Python"])
def test_a_program_to_copy_gets_the_same_answer(visit, service, query, language):
    if language == "curl" and shutil.which("curl") is None:
        pytest.skip("curl is not on this machine")
    visit.open()
    visit.write(query)

    program = code_of(visit, language)
    command = ["sh", "-c", program] if language == "curl" else [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    expected = requests.post(
        f"{service}/sparql", data={"query": query}, headers={"Accept": "text/csv"}, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split() == expected.text.split()


def test_the_program_for_sparqlwrapper_gets_an_answer(visit):
    pytest.importorskip("SPARQLWrapper", reason="SPARQLWrapper is not installed")
    visit.open()
    visit.write(KINDS)

    program = code_of(visit, "SPARQLWrapper")
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )

    assert (done.returncode, done.stdout.count("'things'")) == (0, 12)


@pytest.mark.parametrize("query", [KINDS, TRICKY], ids=["plain", "tricky"])
@pytest.mark.parametrize(("language", "command"), [("R", ["Rscript"]), ("Java", ["java", "--source", "17"])])
def test_the_programs_in_other_languages_get_an_answer(visit, tmp_path, language, command, query):
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not on this machine")
    visit.open()
    visit.write(query)

    program = tmp_path / "Ask.java"
    program.write_text(code_of(visit, language), encoding="utf-8")
    done = subprocess.run([*command, str(program)], capture_output=True, text=True, timeout=120, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    assert ("things" if query == KINDS else "$HOME `date`") in done.stdout


# ---------------------------------------------------------------- for everyone


def test_the_page_works_without_javascript(bare_visit):
    page = bare_visit.page
    page.goto(bare_visit.address + "/")

    page.get_by_label("Query").fill(KINDS)
    page.get_by_role("button", name="Run", exact=True).click()
    rows = page.locator("#answer tbody tr").count()
    page.get_by_role("link", name="Which diseases have some words in their name?").click()

    assert rows == 12
    assert (
        "find" in page.get_by_label("Query").input_value().lower()
        or "label" in page.get_by_label("Query").input_value()
    )
    assert (
        page.locator(".CodeMirror, button.share:visible, button.cancel:visible, .search:visible").count() == 0
    )


def test_an_error_is_shown_without_javascript(bare_visit):
    page = bare_visit.page
    page.goto(bare_visit.address + "/")

    page.get_by_label("Query").fill("SELECT * {")
    page.get_by_role("button", name="Run", exact=True).click()

    assert "line 1" in page.locator("#answer.error").inner_text()


def test_the_keyboard_alone_goes_into_the_editor_and_out_again(visit):
    visit.open()
    visit.write(KINDS)

    visit.page.keyboard.press("Tab")
    after = visit.page.evaluate("document.activeElement.textContent")

    assert after == "Run"
    assert visit.written() == KINDS


def test_arrow_keys_go_from_view_to_view(visit):
    visit.open()
    visit.run(KINDS)

    visit.page.get_by_role("tab", name="Table").focus()
    visit.page.keyboard.press("ArrowRight")

    assert visit.page.get_by_role("tab", name="Chart").get_attribute("aria-selected") == "true"
    visit.page.wait_for_selector(".chart svg")


def test_nothing_is_wider_than_a_telephone(narrow_visit):
    narrow_visit.open()
    narrow_visit.run(PHENOTYPES)
    narrow_visit.page.get_by_role("tab", name="Graph").click()
    narrow_visit.page.wait_for_selector(".graph canvas")

    assert narrow_visit.page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("view", ["Table", "Chart"])
def test_no_page_breaks_the_rules_of_accessibility(visit, narrow_visit, view):
    rules = NODE_MODULES / "axe-core" / "axe.min.js"
    if not rules.is_file():
        pytest.skip("axe-core is not here: `make vendor`")
    for each in (visit, narrow_visit):
        each.open()
        each.run(KINDS)
        each.page.get_by_role("tab", name=view).click()
        if view == "Chart":
            each.page.wait_for_selector(".chart svg")

        each.page.evaluate(rules.read_text(encoding="utf-8"))
        found = each.page.evaluate(
            "axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] })"
        )

        broken = {one["id"]: [node["target"] for node in one["nodes"]] for one in found["violations"]}
        assert broken == {}
