"""Short permanent links to queries: ``/query/<hash>``.

The hash is made from the query's text alone: the first 20 characters of its SHA-256 in base 32, which are 100 bits. So the
same query always has the same link, a link never comes to mean another query, and nobody can make a query for a link that
exists (that would take 2^100 tries).

A query is kept as a file of that name. The questions of the catalogue need none: their links always work, also where no
folder is set. What the open internet may put into the folder is limited in number and in size; a link that exists is never
dropped for a new one, so a full folder means that there are no new links until its operator makes room.
"""

import base64
import hashlib
import os
import re
import tempfile
import threading
from functools import cache
from pathlib import Path

from impckg.graph.errors import StoreError
from impckg.graph.sparql import Kind, tokens
from impckg.queries.catalog import questions
from impckg.service.errors import NotFound, QueryTooLong, ReadOnly, RequestError, ServiceBusy

ADDRESS = "/query"
"""Where links are made; each is at its hash below."""

MOST_LINKS = 100_000
"""How many queries a folder holds."""

MOST_BYTES = 200_000_000
"""How many bytes all of them may have."""

_HASH_CHARACTERS = 20
_HASH = re.compile(rf"[a-z2-7]{{{_HASH_CHARACTERS}}}")
_SUFFIX = ".rq"
# What a crash left half-written begins so; the name of a query never does.
_UNFINISHED = ".unfinished-"


class LinksFull(ServiceBusy):
    """There is no room for another link."""


class Links:
    """The links of a service. May be used from several threads; only one process may write into a folder.

    folder: where the queries are kept; None keeps only those of the catalogue.
    query_bytes: how long a query may be, in UTF-8.
    """

    def __init__(
        self,
        folder: Path | None,
        query_bytes: int,
        most_links: int = MOST_LINKS,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        """Count what there is, and remove what a crash left half-written. Raises StoreError where that cannot be done."""
        self._folder = folder
        self._query_bytes = query_bytes
        self._most_links = most_links
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._links, self._bytes = _take_stock(folder) if folder is not None else (0, 0)

    def make(self, text: str) -> str:
        """The hash of a query, which is kept from now on.

        Raises RequestError for what is no text, QueryTooLong, ReadOnly where this service keeps no links, and LinksFull.
        """
        query = normal(text)
        encoded = _encode(query)
        if len(encoded) > self._query_bytes:
            raise QueryTooLong(
                f"the query has {len(encoded):,} bytes; this service takes up to {self._query_bytes:,}"
            )
        name = hash_of(query)
        if name not in _of_catalogue():
            self._keep(name, encoded)
        return name

    def find(self, name: str) -> str:
        """The query of a hash. Raises NotFound where there is none, and StoreError where its file is damaged."""
        if not _HASH.fullmatch(name):
            raise NotFound(
                f"{name[:100]!r} is not the hash of a query; expected {_HASH_CHARACTERS} of a-z and 2-7"
            )
        if name in _of_catalogue():
            return _of_catalogue()[name]
        if self._folder is None:
            raise NotFound(f"there is no query {name}; this service keeps only those of its catalogue")
        try:
            encoded = self._path(name).read_bytes()
        except FileNotFoundError as error:
            raise NotFound(f"there is no query {name}; its link was not made here") from error
        query = encoded.decode("utf-8", errors="replace")
        if hash_of(query) != name:
            raise StoreError(f"{name}{_SUFFIX}: damaged: it holds another query than its name says")
        return query

    def _keep(self, name: str, encoded: bytes) -> None:
        if self._folder is None:
            raise ReadOnly("this service keeps no links to queries; share the address with the query in it")
        with self._lock:
            if self._path(name).exists():
                return
            if self._links >= self._most_links or self._bytes + len(encoded) > self._most_bytes:
                raise LinksFull(
                    f"no room for another link: there are {self._links:,} of {self._most_links:,}, with {self._bytes:,} of "
                    f"{self._most_bytes:,} bytes; share the address with the query in it"
                )
            _write(self._path(name), encoded)
            self._links += 1
            self._bytes += len(encoded)

    def _path(self, name: str) -> Path:
        assert self._folder is not None
        return self._folder / f"{name}{_SUFFIX}"


def normal(text: str) -> str:
    r"""A query without what a browser's form adds: carriage returns, and blanks around it.

    Where a string of the query holds a carriage return, all of them stay: there they count.

    >>> normal("ASK {\r\n}\r\n")
    'ASK {\n}'
    """
    if "\r" in text and not any(token.kind is Kind.STRING and "\r" in token.text for token in tokens(text)):
        text = text.replace("\r\n", "\n")
    return text.strip()


def hash_of(query: str) -> str:
    """The name of a query in its link.

    >>> hash_of("ASK {}")
    'qgpkshwv6evtrthna2a4'
    """
    return base64.b32encode(hashlib.sha256(_encode(query)).digest()).decode()[:_HASH_CHARACTERS].lower()


def address_of(name: str) -> str:
    """Where the link with that hash is.

    >>> address_of(hash_of("ASK {}"))
    '/query/qgpkshwv6evtrthna2a4'
    """
    return f"{ADDRESS}/{name}"


@cache
def _of_catalogue() -> dict[str, str]:
    queries = [normal(question.text) for question in questions()]
    return {hash_of(query): query for query in queries}


def _encode(query: str) -> bytes:
    if not query:
        raise RequestError("the query is empty; expected SPARQL")
    try:
        return query.encode()
    except UnicodeEncodeError as error:
        raise RequestError("the query is not UTF-8") from error


def _take_stock(folder: Path) -> tuple[int, int]:
    """How many queries a folder holds, and their bytes."""
    links = size = 0
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for entry in os.scandir(folder):
            if entry.name.startswith(_UNFINISHED):
                Path(entry.path).unlink(missing_ok=True)
            elif entry.name.endswith(_SUFFIX):
                links += 1
                size += entry.stat().st_size
    except OSError as error:
        raise StoreError(f"{folder}: cannot hold links: {error.strerror}") from error
    return links, size


def _write(path: Path, encoded: bytes) -> None:
    """Write a file so that it is there with all of its content or not at all."""
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=_UNFINISHED, delete=False) as file:
            file.write(encoded)
            file.flush()
            os.fsync(file.fileno())
        Path(file.name).replace(path)
    except OSError as error:
        raise StoreError(f"{path.name}: the link cannot be written: {error.strerror}") from error
