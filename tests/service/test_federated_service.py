"""SERVICE through running services: one that asks, one that it may ask, and one that is not there."""

import re
import socket
from urllib.parse import urlsplit

import pyoxigraph as ox
import pytest
import requests

from .conftest import start_service


@pytest.fixture(scope="module")
def nobody():
    """The address of an endpoint where nobody answers."""
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{unheard.getsockname()[1]}/sparql"


@pytest.fixture(scope="module")
def other(service: str) -> str:
    """The endpoint that may be asked."""
    return f"{service}/sparql"


@pytest.fixture(scope="module")
def asking(store_path, other, nobody):
    """The address of a service that may ask the other, and the one that is not there."""
    flags = ("--service-allow", other, "--service-allow", nobody, "--service-allow-private", "--workers", "1")
    with start_service(store_path, *flags) as address:
        yield address


def ask(address: str, query: str, accept: str = "application/json") -> requests.Response:
    return requests.post(f"{address}/sparql", data={"query": query}, headers={"Accept": accept}, timeout=60)


def symbols(response: requests.Response) -> list[str]:
    return [row["symbol"]["value"] for row in response.json()["results"]["bindings"]]


def test_an_endpoint_on_the_list_is_asked_and_joined_with(asking, other):
    joined = ask(
        asking, f"SELECT ?symbol {{ ?gene a kg:Gene SERVICE <{other}> {{ ?gene kg:symbol ?symbol }} }}"
    )
    by_variable = ask(
        asking,
        f"SELECT ?symbol {{ VALUES ?e {{ <{other}> }} SERVICE ?e {{ ?gene kg:symbol ?symbol }} }} ORDER BY ?symbol",
    )

    assert sorted(symbols(joined)) == symbols(by_variable) == ["Cib2", "Nxn"]


def test_no_other_is_asked_and_the_list_is_told(asking, other):
    response = ask(asking, "SELECT * { SERVICE <http://169.254.169.254/latest> { ?s ?p ?o } }")

    assert response.status_code == 403
    assert other in response.json()["detail"]
    assert "line 1, column 20" in response.json()["detail"]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { SERVICE <NOBODY> { ?s ?p ?o } }",
        "SELECT * { ?s kg:symbol ?symbol MINUS { SERVICE <NOBODY> { ?s ?p ?o } } }",
        "SELECT * { ?s kg:symbol ?symbol FILTER EXISTS { SERVICE <NOBODY> { ?s ?p ?o } } }",
    ],
    ids=["joined", "minus", "exists"],
)
def test_an_endpoint_that_does_not_answer_makes_no_answer_that_looks_whole(asking, nobody, query):
    response = ask(asking, query.replace("NOBODY", nobody))

    assert response.status_code == 502
    assert nobody in response.json()["detail"]
    assert symbols(ask(asking, "SELECT ?symbol { ?s kg:symbol ?symbol } ORDER BY ?symbol")) == ["Cib2", "Nxn"]


def test_an_endpoint_that_may_fail_silently_does(asking, nobody):
    query = f"SELECT * {{ ?s kg:symbol ?symbol SERVICE SILENT <{nobody}> {{ ?s ?p ?o }} }}"

    assert sorted(symbols(ask(asking, query))) == ["Cib2", "Nxn"]


def test_a_mistake_is_told_where_its_author_made_it(asking, other):
    query = f"SELECT * {{ SERVICE <{other}> {{ ?s ?p ?o }} ?x }}"
    with pytest.raises(SyntaxError, match="error at 1:") as told:
        ox.Store().query(query)

    problem = ask(asking, query).json()

    assert f"error at {problem['line']}:{problem['column']}:" in str(told.value)


def test_pages_ask_others_as_well(asking, other):
    query = f"SELECT ?symbol {{ SERVICE <{other}> {{ ?gene kg:symbol ?symbol }} }}"

    page = requests.get(
        f"{asking}/sparql", params={"query": query}, headers={"Accept": "text/html"}, timeout=60
    )

    assert page.status_code == 200
    assert "Nxn" in page.text
    ports = set(re.findall(r"127\.0\.0\.1(?::|%3A)(\d+)", page.text))
    assert ports == {asking.rpartition(":")[2], urlsplit(other).netloc.rpartition(":")[2]}


def test_a_service_without_a_list_asks_nobody(service, other):
    response = ask(service, f"SELECT * {{ SERVICE <{other}> {{ ?s ?p ?o }} }}")

    assert response.status_code == 403
    assert "SERVICE is not available here" in response.json()["detail"]
