"""Updates over HTTP: who may make them, when they can be seen, and what they leave behind."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from .conftest import HttpClient, build_store, start_service

TOKEN = "the token of these tests"
UPDATE = "application/sparql-update"


@pytest.fixture(scope="module")
def changing(tmp_path_factory):
    """The address of a service that takes updates, of a store of its own."""
    folder = tmp_path_factory.mktemp("changing")
    (folder / "token").write_text(f"{TOKEN}\n")
    (folder / "store").mkdir()
    store = build_store(folder / "store")
    with start_service(store, "--update-token", str(folder / "token"), "--workers", "1") as address:
        yield address
    assert not (folder / "store.snapshots").exists()


def update(address: str, text: str, token: str | None = TOKEN, **form) -> requests.Response:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    headers["Accept"] = "application/json"
    return requests.post(f"{address}/sparql", data={"update": text, **form}, headers=headers, timeout=60)


def count(address: str, pattern: str) -> int:
    query = f"SELECT (COUNT(*) AS ?n) {{ {pattern} }}"
    answer = requests.get(f"{address}/sparql", params={"query": query, "format": "csv"}, timeout=60)
    return int(answer.text.split()[1])


def test_a_service_without_a_token_takes_no_updates_and_says_who_can_change_that(client):
    response = client.post("/sparql", data={"update": "CLEAR ALL"})

    assert response.status_code == 403
    assert "--update-token" in response.text


@pytest.mark.parametrize("token", [None, "another token", "", f"{TOKEN} and more"])
def test_an_update_without_the_right_token_changes_nothing(changing, token):
    response = update(changing, "CLEAR ALL", token)

    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert count(changing, "?s kg:symbol ?o") == 2


def test_what_an_update_has_written_is_seen_by_the_next_query(changing):
    for number in range(3):
        before = requests.get(f"{changing}/sparql", params={"query": "ASK {}"}, timeout=60).headers["ETag"]
        assert update(changing, f"INSERT DATA {{ <urn:seen> <urn:number> {number} }}").status_code == 204
        assert count(changing, "<urn:seen> ?p ?o") == number + 1
        after = requests.get(f"{changing}/sparql", params={"query": "ASK {}"}, timeout=60).headers["ETag"]
        assert before != after


def test_an_update_can_be_the_body_itself(changing):
    headers = {"Authorization": f"bearer {TOKEN}", "Content-Type": UPDATE}
    body = "INSERT DATA { <urn:body> <urn:p> 'ü' }".encode()

    assert requests.post(f"{changing}/sparql", data=body, headers=headers, timeout=60).status_code == 204
    assert count(changing, "<urn:body> ?p 'ü'") == 1


def test_an_update_that_is_wrong_changes_nothing_and_says_where_it_is_wrong(changing):
    response = update(
        changing, "INSERT DATA { <urn:wrong> <urn:p> 1 } ;\nINSERT DATA { <urn:wrong> <urn:p> }"
    )

    assert response.status_code == 400
    assert (response.json()["line"], response.json()["column"]) == (2, 35)
    assert count(changing, "<urn:wrong> ?p ?o") == 0


def test_the_graphs_of_an_update_can_be_said_beside_it(changing):
    update(changing, "INSERT DATA { GRAPH <urn:from> { <urn:x> <urn:p> 1 } }")

    response = update(
        changing, "INSERT { <urn:copied> ?p ?o } WHERE { ?s ?p ?o }", **{"using-graph-uri": "urn:from"}
    )

    assert response.status_code == 204
    assert count(changing, "<urn:copied> ?p ?o") == 1


@pytest.mark.parametrize(
    "text",
    [
        "LOAD <http://127.0.0.1:9/x>",
        "INSERT { ?s ?p ?o } WHERE { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }",
    ],
)
def test_an_update_reaches_no_other_machine(changing, text):
    assert update(changing, text).status_code == 403


def test_updates_that_come_at_once_are_all_made(changing):
    with ThreadPoolExecutor(8) as clients:
        made = clients.map(
            lambda n: update(changing, f"INSERT DATA {{ <urn:many> <urn:n> {n} }}").status_code, range(12)
        )

    assert set(made) == {204}
    assert count(changing, "<urn:many> <urn:n> ?n") == 12


def test_a_query_is_answered_from_one_state_of_the_graph(changing):
    """A query that began before an update is answered as if it had not been made; nobody waits for anybody."""
    update(changing, "INSERT DATA { <urn:state> <urn:p> 1 }")
    with ThreadPoolExecutor(4) as clients:
        counts = [clients.submit(count, changing, "<urn:state> <urn:p> ?n") for _ in range(8)]
        update(changing, "DELETE DATA { <urn:state> <urn:p> 1 } ; INSERT DATA { <urn:state> <urn:p> 2, 3 }")
        found = {future.result() for future in counts}

    assert found <= {1, 2}
    assert count(changing, "<urn:state> <urn:p> ?n") == 2


def test_only_a_store_on_disk_can_be_changed(changing, tmp_path):
    (tmp_path / "token").write_text(TOKEN)
    refused = pytest.raises(pytest.fail.Exception, match="only a store on disk can be changed")
    with refused, start_service(f"{changing}/sparql", "--update-token", str(tmp_path / "token")):
        pass
    assert HttpClient(changing).get("/health").status_code == 200
