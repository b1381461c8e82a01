"""A release for others to download."""

import gzip
import hashlib
from pathlib import Path

import pyoxigraph as ox
import pytest

from impckg.graph.errors import StoreError
from impckg.graph.release import write_release
from impckg.graph.store import open_store


def test_a_release_holds_the_whole_graph_its_tables_and_their_checksums(demo: Path, tmp_path: Path) -> None:
    files = list(write_release(demo, tmp_path / "release"))

    with gzip.open(tmp_path / "release" / "impckg.nq.gz") as dump:
        dumped = sum(1 for _ in ox.parse(dump, format=ox.RdfFormat.N_QUADS))
    assert dumped == len(open_store(demo).oxigraph)
    for line in (tmp_path / "release" / "sha256sums.txt").read_text().splitlines():
        checksum, name = line.split("  ")
        assert hashlib.sha256((tmp_path / "release" / name).read_bytes()).hexdigest() == checksum
    assert tmp_path / "release" / "tables" / "call.parquet" in files


def test_a_release_says_what_it_is_made_of(demo: Path, tmp_path: Path) -> None:
    list(write_release(demo, tmp_path / "release"))

    text = (tmp_path / "release" / "release.ttl").read_text()
    triples = list(ox.parse(text, format=ox.RdfFormat.TURTLE))
    licences = [t for t in triples if t.predicate.value == "http://purl.org/dc/terms/license"]
    simulated = [t for t in triples if t.predicate.value.endswith("#simulated")]
    assert len(licences) == 17
    assert [t.object.value for t in simulated] == ["true"]


def test_the_same_release_gives_the_same_bytes(demo: Path, tmp_path: Path) -> None:
    list(write_release(demo, tmp_path / "one"))
    list(write_release(demo, tmp_path / "two"))

    assert (tmp_path / "one" / "sha256sums.txt").read_text() == (
        tmp_path / "two" / "sha256sums.txt"
    ).read_text()


def test_a_folder_that_is_not_empty_is_left_alone(demo: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")

    with pytest.raises(StoreError, match="not empty"):
        list(write_release(demo, tmp_path))


def test_where_there_is_no_release_that_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no release here"):
        list(write_release(tmp_path, tmp_path / "release"))
