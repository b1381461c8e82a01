"""curl: the command lines that the documentation and the pages show."""

import json
import shutil
import subprocess

import pytest

from .conftest import LABEL, RELEASE

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")

GENES = f"SELECT ?symbol WHERE {{ ?gene <{LABEL}> ?symbol }} ORDER BY ?symbol LIMIT 3"


def curl(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        ["curl", "--silent", "--show-error", "--max-time", "60", *arguments], capture_output=True, check=False
    )


def test_a_query_in_the_address(endpoint):
    done = curl("--get", endpoint, "--data-urlencode", f"query={GENES}", "--header", "Accept: text/csv")

    assert done.stdout.decode().splitlines()[0] == "symbol"
    assert len(done.stdout.splitlines()) == 4


def test_a_query_in_a_form(endpoint):
    done = curl(endpoint, "--data-urlencode", f"query={GENES}", "--data", "format=json")

    assert len(json.loads(done.stdout)["results"]["bindings"]) == 3


def test_a_query_from_a_file(endpoint, tmp_path):
    (tmp_path / "genes.rq").write_text(GENES)

    done = curl(
        *(endpoint, "--data-binary", f"@{tmp_path / 'genes.rq'}"),
        *(
            "--header",
            "Content-Type: application/sparql-query",
            "--header",
            "Accept: text/tab-separated-values",
        ),
    )

    assert done.stdout.splitlines()[0] == b"?symbol"


def test_an_answer_that_is_packed(endpoint):
    query = "SELECT ?s ?p ?o WHERE { ?s ?p ?o } LIMIT 5000"

    plain = curl("--get", endpoint, "--data-urlencode", f"query={query}", "--header", "Accept: text/csv")
    packed = curl(
        "--compressed",
        "--get",
        endpoint,
        "--data-urlencode",
        f"query={query}",
        "--header",
        "Accept: text/csv",
    )

    assert packed.stdout == plain.stdout
    assert len(plain.stdout.splitlines()) == 5001


def test_the_head_alone(endpoint):
    done = curl(
        "--head", "--get", endpoint, "--data-urlencode", f"query={GENES}", "--header", "Accept: text/csv"
    )

    assert done.stdout.startswith(b"HTTP/1.1 200")
    assert b"content-type: text/csv" in done.stdout.lower()


def test_an_error_sets_the_exit_code(endpoint):
    done = curl("--fail-with-body", "--get", endpoint, "--data-urlencode", "query=SELECT broken")

    assert done.returncode == 22
    assert b"line 1, column" in done.stdout


def test_an_answer_that_is_known_already_is_not_sent_again(endpoint, tmp_path):
    etag, query = (
        tmp_path / "etag",
        ("--get", endpoint, "--data-urlencode", f"query=ASK {{ <{RELEASE}> ?p ?o }}"),
    )
    curl("--etag-save", str(etag), *query)

    again = curl("--etag-compare", str(etag), "--include", *query)

    assert again.stdout.startswith(b"HTTP/1.1 304")


def test_a_question_by_its_name(endpoint):
    address = endpoint.removesuffix("/sparql")

    done = curl(f"{address}/api/queries/genes_of_phenotype?phenotype=MP:0003631&format=csv&limit=2")

    assert done.stdout.decode().splitlines()[0] == "phenotype,gene,symbol,name"
    assert len(done.stdout.splitlines()) == 3
