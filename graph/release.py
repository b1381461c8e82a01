"""A release for others to download: the graph as one dump, the tables, what it is made of, checksums."""

import gzip
import hashlib
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, cast

import pyoxigraph as ox

from impckg.graph.errors import StoreError
from impckg.graph.metadata import EXAMPLES_GRAPH, VOID_GRAPH
from impckg.graph.metadata.dcat import DUMP, checksum, distribution
from impckg.graph.metadata.words import write_description
from impckg.graph.schema import schema
from impckg.graph.shapes import shapes_turtle
from impckg.graph.store import LIVE_RELEASE, GraphStore, graph_iri, open_store
from impckg.graph.vocabulary import vocabulary_turtle

CHECKSUMS = "sha256sums.txt"

# What the files of a release are, and their media types; reports are about the build and no form of its graph.
_TITLES = {
    ".gz": ("", "application/n-quads"),
    ".ttl": ("Part of the graph as Turtle", "text/turtle"),
    ".parquet": ("Table as Parquet", "application/vnd.apache.parquet"),
}


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
        _write_turtle(out / "release.ttl", _graph(store, graph_iri("release"))),
        _write_turtle(out / "examples.ttl", _graph(store, EXAMPLES_GRAPH)),
        _write_text(out / "vocabulary.ttl", vocabulary_turtle(schema())),
        _write_text(out / "shapes.ttl", shapes_turtle(schema())),
        *_copy_folder(folder / "tables", out / "tables"),
        *_copy_folder(folder / "reports", out / "reports"),
    ]
    sums = {file: _sha256(file) for file in files}
    # What others read first knows the files beside it, so it is written last.
    description = _write_turtle(out / "void.ttl", [*_graph(store, VOID_GRAPH), *_files(store, sums, out)])
    files.append(description)
    sums[description] = _sha256(description)
    yield from files
    lines = [f"{sum_}  {file.relative_to(out)}\n" for file, sum_ in sums.items()]
    yield _write_text(out / CHECKSUMS, "".join(lines))


def _write_dump(store: GraphStore, path: Path) -> Path:
    # No name and no time in the gzip header: the same graph gives the same bytes.
    with (
        path.open("wb") as raw,
        gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0, compresslevel=6) as packed,
    ):
        ox.serialize(iter(store.oxigraph), cast(IO[bytes], packed), format=ox.RdfFormat.N_QUADS)
    return path


def _graph(store: GraphStore, name: str) -> list[ox.Triple]:
    found = store.query(f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ GRAPH <{name}> {{ ?s ?p ?o }} }}")
    assert isinstance(found, ox.QueryTriples)
    return sorted(found, key=str)


def _files(store: GraphStore, sums: Mapping[Path, str], out: Path) -> Iterator[ox.Triple]:
    """The files that hold the release or a part of it, with their sizes and checksums."""
    release = store.release()
    if release is None:
        return
    for file, sum_ in sums.items():
        name = str(file.relative_to(out))
        if file.suffix in _TITLES:
            # The dump is known to the store itself.
            if name != DUMP:
                title, media_type = _TITLES[file.suffix]
                yield from distribution(release.name, name, f"{title}: {file.stem}", media_type)
            yield from checksum(release.name, name, file.stat().st_size, sum_)


def _copy_folder(source: Path, target: Path) -> list[Path]:
    shutil.copytree(source, target)
    return sorted(file for file in target.rglob("*") if file.is_file())


def _write_turtle(path: Path, triples: Iterable[ox.Triple]) -> Path:
    path.write_bytes(write_description(triples))
    return path


def _write_text(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
