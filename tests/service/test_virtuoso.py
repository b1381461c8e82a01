"""The service in front of another engine: Virtuoso, from Debian's package, with the demo graph in it.

The test starts Virtuoso itself: in a folder of its own, on loopback ports that are free, with a small configuration. It
takes about 15 seconds and 500 MB of memory, and is skipped where Virtuoso is not installed
(`apt-get install virtuoso-opensource-7-bin`; tests/real-parts.sh does it).
"""

import math
import os
import shutil
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyoxigraph as ox
import pytest
import requests

from impckg.graph.results import rows
from impckg.graph.store import GraphStore, open_store
from impckg.queries.catalog import Question, bind, questions
from impckg.queries.remote import RemoteStore

from .conftest import start_service

ENGINE, CLIENT = shutil.which("virtuoso-t"), shutil.which("isql-vt") or shutil.which("isql-v")
pytestmark = pytest.mark.skipif(
    ENGINE is None or CLIENT is None,
    reason="Virtuoso is not installed (Debian: virtuoso-opensource-7-bin)",
)

DEFAULT_GRAPH = "https://w3id.org/impckg/graph/default"
START_SECONDS = 120
SLOW = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . FILTER(?c != ?f && ?f != ?i) }"

# What Virtuoso 7.2 answers otherwise, and why. Each is looked at: the list shrinks when one is mended.
OTHERWISE = {
    "genes_for_human_phenotypes": "joins VALUES with UNDEF, in which Virtuoso takes UNDEF for a value of its own",
    "genes_of_matched_phenotypes": "MINUS in a sub-SELECT leaves a row that it should take away",
    "sex_specific_phenotypes": "EXISTS in BIND is not SPARQL to Virtuoso (SQ074)",
}
# Columns that are made by GROUP_CONCAT: the order of what is joined is open, and Virtuoso joins nothing to "".
JOINED = {"names", "statuses", "sexesTested", "references", "normalTerms", "diseases"}

CONFIGURATION = """
[Database]
DatabaseFile = virtuoso.db
ErrorLogFile = virtuoso.log
LockFile = virtuoso.lck
TransactionFile = virtuoso.trx
xa_persistent_file = virtuoso.pxa
[TempDatabase]
DatabaseFile = virtuoso-temp.db
TransactionFile = virtuoso-temp.trx
[Parameters]
ServerPort = 127.0.0.1:{sql_port}
DirsAllowed = {folder}
NumberOfBuffers = 30000
MaxDirtyBuffers = 20000
ServerThreads = 10
[HTTPServer]
ServerPort = 127.0.0.1:{http_port}
ServerThreads = 6
[SPARQL]
ResultSetMaxRows = 20000
"""


@pytest.fixture(scope="module")
def demo_store(demo: Path) -> GraphStore:
    return open_store(demo)


@pytest.fixture(scope="module")
def virtuoso(demo_store: GraphStore, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Virtuoso that holds the demo graph."""
    folder = tmp_path_factory.mktemp("virtuoso")
    ox.serialize(iter(demo_store.oxigraph), str(folder / "demo.nq"), format=ox.RdfFormat.N_QUADS)
    with running_virtuoso(folder) as (endpoint, sql_port):
        load = f"ld_dir('{folder}', 'demo.nq', '{DEFAULT_GRAPH}'); rdf_loader_run(); checkpoint;"
        failed = "SELECT ll_error FROM DB.DBA.load_list WHERE ll_error IS NOT NULL;"
        told = sql(sql_port, load + failed)
        assert "0 Rows." in told, told
        yield endpoint


@pytest.fixture(scope="module")
def service(virtuoso: str) -> Iterator[str]:
    """The address of our service in front of it."""
    with start_service(virtuoso, "--time-seconds", "6") as address:
        yield address


@contextmanager
def running_virtuoso(folder: Path) -> Iterator[tuple[str, int]]:
    sql_port, http_port = free_port(), free_port()
    configuration = CONFIGURATION.format(sql_port=sql_port, http_port=http_port, folder=folder)
    (folder / "virtuoso.ini").write_text(configuration, encoding="utf-8")
    command = [str(ENGINE), "+configfile", "virtuoso.ini", "+foreground"]
    with (folder / "output.log").open("w") as output:
        process = subprocess.Popen(command, cwd=folder, stdout=output, stderr=output)
    endpoint = f"http://127.0.0.1:{http_port}/sparql"
    try:
        wait_for(endpoint, process, folder)
        yield endpoint, sql_port
    finally:
        process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for(endpoint: str, process: subprocess.Popen[bytes], folder: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            pytest.fail(f"Virtuoso did not start: {(folder / 'virtuoso.log').read_text()[-2000:]}")
        try:
            requests.get(endpoint, params={"query": "ASK {}"}, timeout=5)
        except requests.ConnectionError:
            time.sleep(0.2)
        else:
            return
    pytest.fail(f"Virtuoso did not answer within {START_SECONDS} s")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def sql(port: int, commands: str) -> str:
    done = subprocess.run(
        [str(CLIENT), f"127.0.0.1:{port}", "dba", "dba", f"exec={commands}"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=os.environ,
    )
    return done.stdout + done.stderr


def answers(question: Question, store: GraphStore | RemoteStore) -> list[tuple[object, ...]]:
    """The rows of a question's example, without what the two engines are known to write otherwise."""
    found = store.query(question.text, bind(question, question.example))
    assert isinstance(found, ox.QuerySolutions)
    names = [variable.value for variable in found.variables]
    return [tuple(plain(name, term) for name, term in zip(names, row, strict=True)) for row in rows(found)]


def plain(column: str, term: object) -> object:
    if column in JOINED:
        text = term.value if isinstance(term, ox.Literal) else ""
        return tuple(sorted(text.replace(";", ",").replace(" ", "").split(",")))
    if not isinstance(term, ox.Literal):
        return str(term)
    datatype = term.datatype.value.rpartition("#")[2]
    if datatype == "boolean":
        return float(term.value in ("true", "1"))  # Virtuoso computes 0 and 1 where SPARQL has booleans.
    return float(term.value) if datatype in ("integer", "decimal", "double", "float") else term.value


def same(ours: tuple[object, ...], theirs: tuple[object, ...]) -> bool:
    """Whether two rows are equal, numbers but for their seventh digit: Virtuoso prints six."""
    return all(
        math.isclose(a, b, rel_tol=2e-5) if isinstance(a, float) and isinstance(b, float) else a == b
        for a, b in zip(ours, theirs, strict=True)
    )


def agree(ours: list[tuple[object, ...]], theirs: list[tuple[object, ...]]) -> bool:
    """Whether two answers have the same rows, in any order."""
    left = list(theirs)
    for row in ours:
        match = next((other for other in left if same(row, other)), None)
        if match is None:
            return False
        left.remove(match)
    return not left


@pytest.mark.parametrize(
    "question", [q for q in questions() if q.name not in OTHERWISE], ids=lambda question: question.name
)
def test_a_question_has_the_same_answer_from_virtuoso(demo_store, service, question):
    ours = answers(question, demo_store)

    theirs = answers(question, RemoteStore(f"{service}/sparql"))

    assert agree(ours, theirs), (Counter(ours) - Counter(theirs), Counter(theirs) - Counter(ours))


@pytest.mark.parametrize("name", sorted(OTHERWISE))
def test_what_virtuoso_is_known_to_answer_otherwise_it_still_does(demo_store, service, name):
    question = next(question for question in questions() if question.name == name)
    store = RemoteStore(f"{service}/sparql")

    if name == "sex_specific_phenotypes":
        response = requests.post(f"{service}/sparql", data={"query": question.text}, timeout=30)
        assert response.status_code in (400, 502, 503)
        assert "SQ074" in response.text
    else:
        assert not agree(answers(question, demo_store), answers(question, store))


def ask(service: str, query: str, accept: str = "text/csv") -> requests.Response:
    return requests.get(f"{service}/sparql", params={"query": query}, headers={"Accept": accept}, timeout=60)


def test_answers_have_the_formats_of_our_service_whatever_virtuoso_would_write(service):
    query = "SELECT ?release WHERE { ?release a kg:Release }"

    csv, tsv, json = (
        ask(service, query, t) for t in ("text/csv", "text/tab-separated-values", "application/json")
    )

    assert csv.text == "release\r\nhttps://w3id.org/impckg/release/simulated-1\r\n"
    assert tsv.text == "?release\n<https://w3id.org/impckg/release/simulated-1>\n"
    assert json.json()["head"]["vars"] == ["release"]


def test_triples_come_through(service):
    query = "CONSTRUCT { ?s ?p ?o } WHERE { ?s a kg:Release . ?s ?p ?o }"

    response = ask(service, query, "text/turtle")

    assert response.status_code == 200, response.text
    assert len(list(ox.parse(response.content, format=ox.RdfFormat.TURTLE))) > 10


@pytest.mark.parametrize(("kind", "expected"), [("kg:Release", True), ("kg:Nothing", False)])
def test_yes_or_no_is_answered_as_sparql_has_it(service, kind, expected):
    assert ask(service, f"ASK {{ ?s a {kind} }}", "application/json").json()["boolean"] is expected


def test_what_is_no_sparql_is_the_clients_mistake(service):
    response = ask(service, "SELECT broken", "application/json")

    assert response.status_code == 400
    assert response.headers["Content-Type"] == "application/problem+json"


def test_a_query_that_takes_too_long_is_ended_with_the_limit_named_and_the_next_is_answered(service):
    begun = time.monotonic()

    response = ask(service, SLOW, "application/json")

    assert response.status_code == 503, response.text[:500]
    assert response.json()["limit"] == "time_seconds"
    assert time.monotonic() - begun < 60
    assert ask(service, "ASK { ?s a kg:Release }", "application/json").json()["boolean"] is True


def test_a_part_of_an_answer_is_never_passed_on_as_the_whole(service):
    # Beyond ResultSetMaxRows Virtuoso leaves rows out and says 200 all the same; only a header tells.
    whole = ask(service, "SELECT ?s ?p WHERE { ?s ?p ?o } LIMIT 19999")
    part = ask(service, "SELECT ?s ?p WHERE { ?s ?p ?o } LIMIT 30000")

    assert (whole.status_code, len(whole.text.splitlines())) == (200, 20_000)
    assert part.status_code == 503
    assert "X-SPARQL-MaxRows: 20000" in part.text
