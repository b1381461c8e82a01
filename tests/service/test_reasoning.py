"""Class expressions and explanations over HTTP: pages, data, and what they say when they cannot."""

import re
from xml.etree import ElementTree

import pyoxigraph as ox
import pytest
import requests

from impckg.service.app import create_app
from impckg.service.settings import Settings

from .conftest import start_service

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
HEART = "'has phenotype affecting' some heart"
OBO = "http://purl.obolibrary.org/obo/"
PAIR = {"sub": "enlarged heart", "sup": "Cardiomegaly"}


@pytest.fixture(scope="module")
def client(demo):
    return create_app(Settings(store=demo)).test_client()


# Class expressions


def test_classes_are_given_as_data(client):
    response = client.get("/classes", query_string={"expression": HEART}, headers={"Accept": "text/csv"})

    assert response.mimetype == "text/csv"
    lines = response.text.splitlines()
    assert lines[0] == "relation,class,label"
    assert f"directly below,{OBO}MP_0000266,abnormal heart morphology" in lines
    assert f"below,{OBO}MP_0002753,dilated heart left ventricle" in lines


def test_a_page_shows_classes_genes_and_how_it_is_asked(client):
    response = client.get("/classes", query_string={"expression": HEART}, headers=BROWSER)

    assert response.mimetype == "text/html"
    for part in ("MP:0000266", "Lmna", "impckg:line/SIM-HRWL-8", "Directly below", "kg:directlySubsumedBy"):
        assert part in response.text
    rows = re.findall(r"<td[^>]*>Lmna</td>", response.text)
    assert len(rows) == 1, "a result is no call"


def test_a_page_with_more_genes_than_it_shows_says_so(demo):
    client = create_app(Settings(store=demo, page_rows=3)).test_client()

    response = client.get("/classes", query_string={"expression": HEART}, headers=BROWSER)

    assert "the first 3 genes and lines; the query below has them all." in response.text


def test_without_an_expression_there_is_a_form_with_examples_that_are_answered(client):
    response = client.get("/classes", headers=BROWSER)

    examples = re.findall(r'href="(/classes\?expression=[^"]+)"', response.text)
    assert len(examples) == 3
    for example in examples:
        assert client.get(example.replace("&amp;", "&"), headers=BROWSER).status_code == 200


def test_programs_are_told_what_is_missing(client):
    response = client.get("/classes", headers={"Accept": "application/json"})

    assert response.status_code == 400
    assert "no parameter 'expression'" in response.text


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("'has part' some hart", "line 1, column 17: 'hart' is no class that is known; expected 'heart'"),
        ("'has part' only heart", "line 1, column 12: 'only' is a universal restriction"),
        ("heart and", "line 1, column 10"),
    ],
)
def test_a_wrong_expression_is_told_with_its_place(client, expression, message):
    data = client.get("/classes", query_string={"expression": expression}, headers={"Accept": "text/csv"})
    page = client.get("/classes", query_string={"expression": expression}, headers=BROWSER)

    assert data.status_code == page.status_code == 400
    assert message in data.text
    assert message in page.text.replace("&#39;", "'")
    assert 'role="alert"' in page.text


def test_what_an_expression_says_is_never_run(client):
    response = client.get(
        "/classes", query_string={"expression": "<script>alert(1)</script>"}, headers=BROWSER
    )

    assert "<script>alert" not in response.text


def test_an_expression_that_would_end_its_string_is_one_expression(client):
    hostile = 'heart"^^kg:classExpression } DELETE WHERE { ?s ?p ?o } #'

    response = client.get("/classes", query_string={"expression": hostile}, headers={"Accept": "text/csv"})

    assert response.status_code == 400


# Explanations


def test_an_explanation_is_shown_with_axioms_steps_and_a_picture(client):
    response = client.get("/explain", query_string=PAIR, headers=BROWSER)

    text = response.text.replace("&#39;", "'")
    assert "MP:0000274 enlarged heart is under HP:0001640 Cardiomegaly" in text
    assert "Cardiomegaly EquivalentTo 'has part' some" in text
    assert "definitions.ofn, https://w3id.org/impckg/demo/definitions.owl" in text
    assert (
        '<img class="explanation" src="/explain?sub=enlarged+heart&amp;sup=Cardiomegaly&amp;format=svg"'
        in response.text
    )


def test_the_picture_has_a_box_for_each_axiom_and_step_and_no_style_of_its_own(client):
    response = client.get("/explain", query_string={**PAIR, "format": "svg"})

    assert response.mimetype == "image/svg+xml"
    drawn = ElementTree.fromstring(response.text)
    svg = "{http://www.w3.org/2000/svg}"
    assert len(drawn.findall(f".//{svg}rect")) == 2 + 2
    assert len(drawn.findall(f"{svg}g/{svg}path")) == 2 + 1
    assert not drawn.findall(f".//{svg}style")
    assert "enlarged heart" in drawn.findtext(f"{svg}title")


def test_an_explanation_in_rdf_says_its_axioms_in_words_and_in_owl(client):
    response = client.get("/explain", query_string=PAIR, headers={"Accept": "text/turtle"})

    store = ox.Store()
    store.load(response.text, format=ox.RdfFormat.TURTLE)
    kg = "PREFIX kg: <https://w3id.org/impckg/ontology#> PREFIX owl: <http://www.w3.org/2002/07/owl#> "
    said = store.query(
        kg + "SELECT ?text { ?x a kg:Explanation ; kg:explainedClass ?a ; kg:axiom ?axiom . "
        "?axiom kg:functionalSyntax ?text }"
    )
    assert len(list(said)) == 2
    assert bool(
        store.query(kg + f"ASK {{ <{OBO}MP_0000274> owl:equivalentClass/owl:onProperty <{OBO}BFO_0000051> }}")
    )
    last = store.query(
        kg + "PREFIX prov: <http://www.w3.org/ns/prov#> SELECT ?text { ?step kg:conclusion ?text "
        "FILTER NOT EXISTS { ?later a kg:ExplanationStep ; prov:wasDerivedFrom ?step } }"
    )
    assert [row[0].value for row in last] == ["'enlarged heart' SubClassOf Cardiomegaly"]


@pytest.mark.parametrize(
    ("pair", "status", "message"),
    [
        ({"sub": "heart", "sup": "Cardiomegaly"}, 422, "is not under"),
        ({"sub": "hart", "sup": "Cardiomegaly"}, 400, "'hart' is no class that is known; expected 'heart'"),
        ({"sub": "heart"}, 400, "needs parameters 'sub' and 'sup'"),
        ({"sub": "'has part' some heart", "sup": "heart"}, 422, "is no named class"),
    ],
)
def test_what_cannot_be_explained_is_told(client, pair, status, message):
    response = client.get("/explain", query_string=pair, headers={"Accept": "text/turtle, text/plain;q=0.5"})

    assert response.status_code == status
    assert message in response.text


def test_a_form_asks_for_two_classes(client):
    response = client.get("/explain", headers=BROWSER)

    assert 'name="sub"' in response.text
    assert 'name="sup"' in response.text


def test_a_store_without_a_classification_has_nothing_to_explain(store_path):
    client = create_app(Settings(store=store_path)).test_client()

    explained = client.get("/explain", query_string=PAIR)
    asked = client.get("/classes", query_string={"expression": "heart"}, headers={"Accept": "text/csv"})

    assert explained.status_code == asked.status_code == 404
    assert "has no classification" in explained.text


# The running service


def test_workers_answer_expressions_and_walks_and_say_so(demo):
    with start_service(demo) as service:
        walk = requests.get(
            f"{service}/sparql",
            params={"query": "SELECT ?c { ?c kg:phenotype/rdfs:subClassOf* MP:0002127 } LIMIT 1"},
        )
        expression = requests.get(
            f"{service}/sparql",
            params={"query": f'SELECT ?x {{ ?x kg:subsumedBy "{HEART}"^^kg:classExpression }}'},
        )
        wrong = requests.get(
            f"{service}/sparql",
            params={"query": 'SELECT ?x { ?x kg:subsumedBy "some hart"^^kg:classExpression }'},
            headers={"Accept": "application/sparql-results+json"},
        )
        plain = requests.get(f"{service}/sparql", params={"query": "ASK { ?s ?p ?o }"})
        page = requests.get(f"{service}/classes", params={"expression": HEART}, headers=BROWSER)

    assert "kg:isA" in walk.headers["X-Impckg-Note"]
    assert "reasoner" in expression.headers["X-Impckg-Note"]
    assert len(expression.json()["results"]["bindings"]) == 102
    assert (wrong.status_code, wrong.json()["line"]) == (400, 1)
    assert "X-Impckg-Note" not in plain.headers
    assert "102 classes below" in page.text


def test_a_note_stands_above_the_answer_on_a_page(demo):
    with start_service(demo) as service:
        query = "SELECT ?c { ?c kg:phenotype/rdfs:subClassOf* MP:0002127 } LIMIT 1"
        page = requests.get(f"{service}/sparql", params={"query": query}, headers=BROWSER)

    assert "was answered from kg:isA" in page.text
