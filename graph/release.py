"""A release for others to download: the graph as one dump, the tables, what it is made of, checksums."""

import gzip
import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

import pyoxigraph as ox

from impckg.graph.errors import StoreError
from impckg.graph.schema import schema
from impckg.graph.shapes import shapes_turtle
from impckg.graph.statements import turtle
from impckg.graph.store import LIVE_RELEASE, GraphStore, graph_iri, open_store
from impckg.graph.vocabulary import vocabulary_turtle

DUMP = "impckg.nq.gz"
CHECKSUMS = "sha256sums.txt"
_CHUNK_BYTES = 1024 * 1024


def write_release(source: Path, out: Path) -> Iterator[Path]:
    """Write the files of a release into a new folder, and tell each as it is done.

    source: the folder that a build wrote.

    Raises StoreError where there is no release at the source, or something at the target.
    """
    folder = source / LIVE_RELEASE if (source / LIVE_RELEASE).exists() else source
    if not (folder / "tables").is_dir():
        raise StoreError(
            f"{source}: no release here; expected a folder that `impckg build --out` or `impckg demo` wrote"
        )
    if out.exists() and any(out.iterdir()):
        raise StoreError(f"{out}: not empty; a release is written into a new folder")
    store = open_store(folder)
    out.mkdir(parents=True, exist_ok=True)
    files = [
        _write_dump(store, out / DUMP),
        _write_text(out / "release.ttl", _description(store)),
        _write_text(out / "vocabulary.ttl", vocabulary_turtle(schema())),
        _write_text(out / "shapes.ttl", shapes_turtle(schema())),
        *_copy_folder(folder / "tables", out / "tables"),
        *_copy_folder(folder / "reports", out / "reports"),
    ]
    sums = [f"{_sha256(file)}  {file.relative_to(out)}\n" for file in files]
    yield from files
    yield _write_text(out / CHECKSUMS, "".join(sums))


def _write_dump(store: GraphStore, path: Path) -> Path:
    # No name and no time in the gzip header: the same graph gives the same bytes.
    with (
        path.open("wb") as raw,
        gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0, compresslevel=6) as packed,
    ):
        ox.serialize(iter(store.oxigraph), cast(IO[bytes], packed), format=ox.RdfFormat.N_QUADS)
    return path


def _description(store: GraphStore) -> str:
    found = store.query(f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ GRAPH <{graph_iri('release')}> {{ ?s ?p ?o }} }}")
    assert isinstance(found, ox.QueryTriples)
    return turtle(sorted(found, key=str))


def _copy_folder(source: Path, target: Path) -> list[Path]:
    shutil.copytree(source, target)
    return sorted(file for file in target.rglob("*") if file.is_file())


def _write_text(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
