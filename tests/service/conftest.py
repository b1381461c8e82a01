"""A small real store, and the service on top of it."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
import requests

from impckg.graph.identifiers import namespaces

GENES_GRAPH = "https://w3id.org/impckg/graph/genes"
PHENOTYPES_GRAPH = "https://w3id.org/impckg/graph/mp"

# Cib2 and Nxn are two genes that the IMPC has phenotyped; the p-values are made up. The allele's symbol is
# what a careless page would show as a tag; the label of MP:0001262 is what it would run.
GENES = """
MGI:1929293 a kg:Gene ; kg:symbol "Cib2" ; rdfs:label "calcium and integrin binding family 2"@en .
MGI:109331 a kg:Gene ; kg:symbol "Nxn" .
<https://w3id.org/impckg/allele/Cib2%3Ctm1b%3E> a kg:Allele ; kg:alleleOf MGI:1929293 ;
  kg:alleleSymbol "Cib2<tm1b(EUCOMM)Wtsi>" ;
  kg:pValue 1e-320 , 0.00012345678 ; rdfs:seeAlso <javascript:alert(1)> .
"""
PHENOTYPES = """
<http://purl.obolibrary.org/obo/MP_0001262> rdfs:label "<script>alert('decreased body weight')</script>" .
"""
RELEASE = """
<https://w3id.org/impckg/release/test> a kg:Release ; dcterms:identifier "test-1" ;
  dcterms:title "A release for tests" ; dcterms:issued "2026-03-01"^^xsd:date ; kg:simulated %s .
"""


def build_store(folder: Path, simulated: bool = True) -> Path:
    """Write a store into a folder, and return the folder."""
    prefixes = "".join(f"PREFIX {prefix}: <{namespace}>\n" for prefix, namespace in namespaces().items())
    store = ox.Store(str(folder))
    for turtle, graph in (  # as a release is laid out: sources in graphs of their own, the rest in none
        (GENES, ox.NamedNode(GENES_GRAPH)),
        (PHENOTYPES, ox.NamedNode(PHENOTYPES_GRAPH)),
        (RELEASE % str(simulated).lower(), ox.DefaultGraph()),
    ):
        store.bulk_load((prefixes + turtle).encode(), format=ox.RdfFormat.TURTLE, to_graph=graph)
    store.flush()
    return folder


@pytest.fixture(scope="session")
def store_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_store(tmp_path_factory.mktemp("store"))


def whatever_is_looked_for(base: str) -> ox.Store:
    """A store in which the patterns of the fuzz tests find something, so that what stands behind them is evaluated."""
    objects = (
        *(
            "ex:a\\#b",
            "ex:a\\'b",
            "'it\\'s'",
            "5",
            "1",
            "'a'",
            "'a'@en",
            "'a'@en--ltr",
            "ex:",
            "ex:a-",
            "ex:%41",
        ),
        *("<http://a/it's#x>", "<urn:it's#x>"),
    )
    store = ox.Store()
    store.update(f"PREFIX ex: <{base}> INSERT DATA {{ <urn:x> ex:p {' , '.join(objects)} }}")
    return store


_SERVING = re.compile(r"Serving .* at (http://\S+/) ")
_STOP_SECONDS = 30


@contextmanager
def start_service(store: Path | str, *flags: str) -> Iterator[str]:
    """A running service on a port of its own, in a process of its own; gives its address, without the last slash."""
    command = [
        sys.executable,
        "-m",
        "impckg",
        "serve",
        "--store",
        str(store),
        "--port",
        "0",
        "--log",
        "none",
        *flags,
    ]
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"}
    )
    assert process.stderr is not None
    try:
        told = []
        for line in process.stderr:
            told.append(line)
            if serving := _SERVING.match(line):
                yield serving[1].rstrip("/")
                break
        else:
            pytest.fail(f"the service did not start: {''.join(told)}")
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.communicate(timeout=_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            pytest.fail("the service did not stop")


class HttpResponse:
    """A reply, with the names that Flask's test client has for its parts."""

    def __init__(self, response: requests.Response) -> None:
        self.status_code = response.status_code
        self.headers = response.headers
        self.data = response.content
        self.text = response.content.decode()
        self.mimetype = response.headers.get("Content-Type", "").partition(";")[0]
        self.content_length = int(response.headers.get("Content-Length", -1))

    def get_json(self, force: bool = True) -> Any:
        """The body, read as JSON."""
        return json.loads(self.data)


class HttpClient:
    """A client of a running service that follows no redirects and asks for nothing by itself."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._session = requests.Session()
        self._session.headers = {"Accept-Encoding": "identity"}

    def open(
        self, path: str, method: str, query_string=None, content_type=None, headers=None, **sent
    ) -> HttpResponse:
        """Send a request."""
        headers = {**(headers or {}), **({"Content-Type": content_type} if content_type else {})}
        response = self._session.request(
            method,
            self.address + path,
            params=query_string,
            headers=headers,
            allow_redirects=False,
            timeout=120,
            **sent,
        )
        return HttpResponse(response)

    def get(self, path: str, **sent) -> HttpResponse:
        return self.open(path, "GET", **sent)

    def head(self, path: str, **sent) -> HttpResponse:
        return self.open(path, "HEAD", **sent)

    def post(self, path: str, **sent) -> HttpResponse:
        return self.open(path, "POST", **sent)

    def put(self, path: str, **sent) -> HttpResponse:
        return self.open(path, "PUT", **sent)

    def delete(self, path: str, **sent) -> HttpResponse:
        return self.open(path, "DELETE", **sent)

    def options(self, path: str, **sent) -> HttpResponse:
        return self.open(path, "OPTIONS", **sent)


@pytest.fixture(scope="session")
def service(store_path: Path) -> Iterator[str]:
    """The address of a service of the small store, whose pages show 8 rows."""
    with start_service(store_path, "--page-rows", "8", "--workers", "2") as address:
        yield address


@pytest.fixture
def client(service: str) -> HttpClient:
    """A client of that service."""
    return HttpClient(service)
