"""Apache Jena's command-line tools, in Java: a parser and an HTTP client that have nothing in common with ours.

Taken from JENA_HOME where that is set, else from Debian's package libapache-jena-java (4.5.0), else the tests are skipped.
Debian moved the classes of Xerces into Jena's package and left its message files behind, so that the first error of a
number would end the tools; they are put in their place here.
"""

import json
import os
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from .conftest import LABEL, RELEASE

DEBIAN = Path("/usr/share/java")
JARS = (
    *(
        "jena-arq",
        "jena-base",
        "jena-cmds",
        "jena-core",
        "jena-iri",
        "jena-rdfconnection",
        "jena-shacl",
        "jena-shex",
    ),
    *(
        "jena-tdb",
        "jena-tdb2",
        "jena-dboe-base",
        "jena-dboe-index",
        "jena-dboe-storage",
        "jena-dboe-trans-data",
    ),
    *(
        "jena-dboe-transaction",
        "thrift",
        "commons-cli",
        "commons-codec",
        "commons-compress",
        "commons-csv",
        "commons-io",
    ),
    *(
        "commons-lang3",
        "slf4j-api",
        "slf4j-nop",
        "guava",
        "protobuf",
        "gson",
        "jackson-core",
        "jackson-databind",
    ),
    *(
        "jackson-annotations",
        "jsonld-java",
        "titanium-json-ld",
        "jakarta.json-api",
        "dexx.collection",
        "httpclient",
        "httpcore",
    ),
)
MESSAGES = "org/apache/jena/ext/"

pytestmark = pytest.mark.skipif(
    shutil.which("java") is None or not (os.environ.get("JENA_HOME") or (DEBIAN / "jena-cmds.jar").is_file()),
    reason="Jena's tools are not installed (Debian: libapache-jena-java, or set JENA_HOME)",
)


@pytest.fixture(scope="module")
def class_path(tmp_path_factory: pytest.TempPathFactory) -> str:
    home = os.environ.get("JENA_HOME")
    if home:
        return f"{home}/lib/*"
    folder = tmp_path_factory.mktemp("jena")
    with zipfile.ZipFile(DEBIAN / "jena-core.jar") as jar:
        for name in jar.namelist():
            if name.startswith(f"{MESSAGES}xerces/") and not name.endswith("/"):
                target = folder / name.removeprefix(MESSAGES)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(jar.read(name))
    return ":".join([str(folder), *(str(DEBIAN / f"{name}.jar") for name in JARS)])


@pytest.fixture
def jena(class_path: str):
    def run(tool: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = ["java", "-Xmx256m", "-XX:+UseSerialGC", "-cp", class_path, f"arq.{tool}", *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)

    return run


def test_rsparql_reads_solutions(endpoint, jena):
    query = f"SELECT ?gene ?symbol WHERE {{ ?gene <{LABEL}> ?symbol }} ORDER BY ?symbol LIMIT 3"

    done = jena("rsparql", "--service", endpoint, "--results=json", query)

    assert len(json.loads(done.stdout)["results"]["bindings"]) == 3, done.stderr


def test_rsparql_reads_triples(endpoint, jena):
    query = f"CONSTRUCT {{ <{RELEASE}> ?p ?o }} WHERE {{ <{RELEASE}> ?p ?o }}"

    done = jena("rsparql", "--service", endpoint, "--results=nt", query)

    assert len(done.stdout.splitlines()) > 10, done.stderr
    assert all(line.startswith(f"<{RELEASE}>") for line in done.stdout.splitlines())


def test_rsparql_reads_yes_or_no(endpoint, jena):
    done = jena("rsparql", "--service", endpoint, f"ASK {{ <{RELEASE}> ?p ?o }}")

    assert "Yes" in done.stdout, done.stderr


def test_arq_joins_its_own_data_with_a_service_clause_that_asks_here(endpoint, jena, tmp_path):
    (tmp_path / "mine.ttl").write_text(f'<{RELEASE}> <http://www.w3.org/2000/01/rdf-schema#comment> "mine" .')
    query = (
        f"SELECT ?title WHERE {{ ?release <http://www.w3.org/2000/01/rdf-schema#comment> 'mine' . "
        f"SERVICE <{endpoint}> {{ ?release <http://purl.org/dc/terms/title> ?title }} }}"
    )

    done = jena("arq", "--data", str(tmp_path / "mine.ttl"), "--results=csv", query)

    assert (
        done.stdout.split() == ["title", "Simulated", "release,", "seed", "1"] or "seed 1" in done.stdout
    ), done.stderr


def test_rsparql_tells_of_a_wrong_query(endpoint, jena):
    # --syntax=arq would refuse it before it is sent; a function that nobody knows is found out by the service.
    done = jena("rsparql", "--service", f"{endpoint}?format=nonsense", f"ASK {{ <{RELEASE}> ?p ?o }}")

    assert "400" in done.stderr + done.stdout
