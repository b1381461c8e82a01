"""What is written beside a dump: a description that knows the files of the release, and its examples."""

import hashlib
from pathlib import Path

import pyoxigraph as ox
import pytest

from impckg.graph.metadata import EXAMPLES_GRAPH, VOID_GRAPH
from impckg.graph.release import write_release
from impckg.graph.store import open_store

PREFIXES = """
PREFIX spdx: <http://spdx.org/rdf/terms#>
PREFIX dcat: <http://www.w3.org/ns/dcat#>
PREFIX dcterms: <http://purl.org/dc/terms/>
"""


@pytest.fixture(scope="module")
def release(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("written") / "release"
    list(write_release(demo, folder))
    return folder


def test_each_file_of_the_graph_is_described_with_its_size_and_checksum(release: Path) -> None:
    store = ox.Store()
    store.load(path=release / "void.ttl", format=ox.RdfFormat.TURTLE)

    found = store.query(
        PREFIXES
        + """SELECT ?file ?size ?sum { ?release dcat:distribution ?d . ?d a dcat:Distribution ; dcterms:identifier ?file ;
          dcat:byteSize ?size ; spdx:checksum [ spdx:algorithm spdx:checksumAlgorithm_sha256 ; spdx:checksumValue ?sum ] }"""
    )

    described = {row["file"].value: (int(row["size"].value), row["sum"].value) for row in found}
    files = [path for path in release.rglob("*") if path.suffix in (".gz", ".ttl", ".parquet")]
    assert described == {
        str(path.relative_to(release)): (
            path.stat().st_size,
            hashlib.sha256(path.read_bytes()).hexdigest(),
        )
        for path in files
        if path.name != "void.ttl"
    }
    assert "impckg.nq.gz" in described


def test_the_description_and_the_examples_hold_what_the_store_holds(release: Path, demo: Path) -> None:
    store = open_store(demo).oxigraph

    for file, graph in (("void.ttl", VOID_GRAPH), ("examples.ttl", EXAMPLES_GRAPH)):
        written = {q.triple for q in ox.parse(path=release / file, format=ox.RdfFormat.TURTLE)}
        assert {q.triple for q in store.quads_for_pattern(None, None, None, ox.NamedNode(graph))} <= written
