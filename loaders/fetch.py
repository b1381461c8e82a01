"""Brings the files of a recipe here, whole and unchanged, or says why not.

A source with a path is only compared with its checksum. A source with an address becomes
`<directory>/<source name>/<last segment of the address>` and, while it comes in, has two files beside it:

* `<file>.part`: the bytes so far. A download that broke goes on from there, in the same run or in the next.
* `<file>.part.json`: what the server said of the file (ETag, date, length), so that no two files are mixed.

The file gets its name only when it is complete and its checksum is right; a file with a wrong checksum is
kept as `<file>.bad`. The checksum of an unpinned source is noted in `<directory>/fetched.json` when it is
first fetched, and holds from then on. Two fetches must not share a directory at the same time.

Bytes are kept as they were sent. `requests` would unpack a `.csv.gz` for which a server says
`Content-Encoding: gzip`, and its checksum would then be that of another file; so the raw stream is read.

A server that sends more than its Content-Length cannot be caught in the act: to HTTP, the file ends there.
The checksum catches it.
"""

import hashlib
import json
import os
import re
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import requests
from urllib3.exceptions import HTTPError

from impckg.graph.errors import ChecksumMismatch, FetchError
from impckg.loaders.recipe import Recipe, RecipeSource, address_file_name

ATTEMPTS = 5
REDIRECTS = 5
FIRST_WAIT_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 8.0
CONNECT_TIMEOUT_SECONDS = 30.0
# Between two pieces of a file, not for all of it.
READ_TIMEOUT_SECONDS = 60.0
CHUNK_BYTES = 1 << 16

USER_AGENT = "impckg (https://w3id.org/impckg/)"

# The server is busy or broken for now: worth another attempt. Any other error says that it means it.
_PASSING_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504})
_STATUS_ADVICE = {
    401: "the server wants a password; expected an address that anyone can use",
    403: "the server refuses to give it; expected an address that anyone can use",
    404: "the file is not there; expected its address, or it was moved",
    410: "the file was taken away; expected an address that still holds it",
}
_CONTENT_LENGTH = re.compile(r"[0-9]{1,18}")
_CONTENT_RANGE = re.compile(r"bytes (?P<start>[0-9]{1,18})-[0-9]{1,18}/(?P<total>[0-9]{1,18}|\*)")

Sleep = Callable[[float], None]


@dataclass(frozen=True)
class FetchedFile:
    """One file of a release, here and checked.

    resumed: some of its bytes come from a download that had broken.
    already_there: nothing was downloaded.
    """

    source: RecipeSource
    path: Path
    sha256: str
    bytes: int
    resumed: bool
    already_there: bool


class Progress(Protocol):
    """Whoever wants to know how far a fetch is.

    A source may be started more than once: each time, its count begins again at zero. It is
    finished once, unless the fetch fails.
    """

    def started(self, name: str, total_bytes: int | None) -> None:
        """Note that a source begins, or begins again; None if nobody says how long it is."""

    def advanced(self, name: str, bytes: int) -> None:  # noqa: A002 - the word that the callers use
        """Note that so many more bytes of the source are here."""

    def finished(self, name: str) -> None:
        """Note that the source is here and its checksum is right."""


class SilentProgress:
    """Progress that nobody watches."""

    def started(self, name: str, total_bytes: int | None) -> None:
        """Say nothing."""

    def advanced(self, name: str, bytes: int) -> None:  # noqa: A002
        """Say nothing."""

    def finished(self, name: str) -> None:
        """Say nothing."""


@dataclass(frozen=True)
class _Target:
    """Where the file of a source with an address comes from and goes to."""

    name: str
    address: str
    version: str
    file: Path

    def beside(self, ending: str) -> Path:
        return self.file.with_name(self.file.name + ending)

    @property
    def part(self) -> Path:
        return self.beside(".part")

    @property
    def state(self) -> Path:
        return self.beside(".part.json")


@dataclass(frozen=True)
class _PartState:
    """What is known of the file whose first bytes are in `.part`."""

    address: str
    version: str
    etag: str | None
    last_modified: str | None
    total_bytes: int | None

    def validator(self) -> str | None:
        """Choose what If-Range holds: a weak ETag promises the same meaning, not the same bytes."""
        if self.etag and not self.etag.startswith("W/"):
            return self.etag
        return self.last_modified


@dataclass(frozen=True)
class _Attempt:
    """How one request ended: whole if there is no problem, else worth another attempt."""

    problem: str | None
    resumed: bool


def fetch_all(
    recipe: Recipe, directory: Path, progress: Progress, sleep: Sleep = time.sleep
) -> tuple[FetchedFile, ...]:
    """Fetch every source of a recipe, in its order; stops at the first that cannot be had."""
    return tuple(fetch_source(source, directory, progress, sleep) for source in recipe.sources)


def fetch_source(
    source: RecipeSource, directory: Path, progress: Progress, sleep: Sleep = time.sleep
) -> FetchedFile:
    """Fetch one source, or find that it is here already.

    sleep: waits so many seconds before the next attempt.

    Raises ChecksumMismatch if the file is not the one that the recipe pins (or that an unpinned source
    was when it was first fetched), and FetchError if it cannot be had.
    """
    if source.path is not None:
        return _check_local(source, source.path, progress)
    if source.address is None:
        raise FetchError(f"source {source.name!r}: neither a path nor an address; expected one of them")
    file = directory / source.name / address_file_name(source.address)
    target = _Target(source.name, source.address, source.version, file)
    try:
        return _fetch_address(source, target, directory / "fetched.json", progress, sleep)
    except OSError as error:
        raise FetchError(
            f"{error.filename or file}: cannot be written or read: {error.strerror or error}"
        ) from error


def sha256_of(path: Path) -> str:
    """Compute the SHA-256 of a file of any size, as 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check_local(source: RecipeSource, path: Path, progress: Progress) -> FetchedFile:
    try:
        size = path.stat().st_size
        progress.started(source.name, size)
        found = sha256_of(path)
    except OSError as error:
        raise FetchError(
            f"source {source.name!r}: {path}: cannot be read ({error.strerror}); expected a file"
        ) from error
    progress.advanced(source.name, size)
    if source.sha256 not in (None, found):
        raise ChecksumMismatch(
            f"source {source.name!r}: {path}: found sha256 {found} ({size} bytes), "
            f"expected {source.sha256} as the recipe pins"
        )
    progress.finished(source.name)
    return FetchedFile(source, path, found, size, resumed=False, already_there=True)


def _fetch_address(
    source: RecipeSource, target: _Target, register: Path, progress: Progress, sleep: Sleep
) -> FetchedFile:
    expected, pinned_by = source.sha256, "as the recipe pins"
    if expected is None:
        expected = _noted_sha256(register, target)
        pinned_by = f"as {register} notes of the first fetch (delete its entry to accept the new file)"

    if expected is not None and target.file.is_file() and sha256_of(target.file) == expected:
        size = target.file.stat().st_size
        progress.started(target.name, size)
        progress.advanced(target.name, size)
        progress.finished(target.name)
        return FetchedFile(source, target.file, expected, size, resumed=False, already_there=True)

    target.file.parent.mkdir(parents=True, exist_ok=True)
    resumed = _download(target, expected, progress, sleep)
    found, size = sha256_of(target.part), target.part.stat().st_size
    if expected not in (None, found):
        bad = target.beside(".bad")
        target.part.replace(bad)
        target.state.unlink(missing_ok=True)
        raise ChecksumMismatch(
            f"{_where(target)}: found sha256 {found} ({size} bytes), "
            f"expected {expected} {pinned_by}; what came is kept as {bad}"
        )
    target.part.replace(target.file)
    target.state.unlink(missing_ok=True)
    if source.sha256 is None:
        # After the file: should we die in between, a file without a note is fetched again.
        _note(register, target, found, size)
    progress.finished(target.name)
    return FetchedFile(source, target.file, found, size, resumed=resumed, already_there=False)


def _download(target: _Target, expected: str | None, progress: Progress, sleep: Sleep) -> bool:
    """Fill `.part` with the whole file; whether an earlier, broken download was used."""
    problem = None
    with requests.Session() as session:
        session.max_redirects = REDIRECTS
        session.headers.update({"User-Agent": USER_AGENT, "Accept-Encoding": "identity"})
        for attempt in range(ATTEMPTS):
            if attempt:
                sleep(min(FIRST_WAIT_SECONDS * 2 ** (attempt - 1), LONGEST_WAIT_SECONDS))
            outcome = _attempt(session, target, expected, progress)
            if outcome.problem is None:
                return outcome.resumed
            problem = outcome.problem

    state = _read_state(target)
    here = target.part.stat().st_size if target.part.is_file() else 0
    total = "an unknown number of" if state is None or state.total_bytes is None else state.total_bytes
    resumable = "; fetching again resumes there" if here and _resumable(state, expected) else ""
    raise FetchError(
        f"{_where(target)}: {problem}; after {ATTEMPTS} attempts found {here} of {total} bytes, "
        f"expected all of them{resumable}"
    )


def _attempt(
    session: requests.Session, target: _Target, expected: str | None, progress: Progress
) -> _Attempt:
    state = _resumable(_read_state(target), expected)
    here = target.part.stat().st_size if state else 0
    if state and here == state.total_bytes:
        # An earlier run died between the last byte and the name.
        return _already_whole(target, here, progress)
    asked = _ask(session, target, state, here)
    if isinstance(asked, str):
        return _Attempt(asked, resumed=False)
    with asked as response:
        status = response.status_code
        if status in _PASSING_STATUS:
            return _Attempt(f"HTTP {status} {response.reason}", resumed=False)
        if state and here and status == 206:
            return _go_on(response, target, state, here, progress)
        if state and here and status == 416:
            return _past_the_end(response, target, here, progress)
        if status == 200:
            return _begin(response, target, progress)
        advice = _STATUS_ADVICE.get(status, "expected HTTP 200 and the file")
        raise FetchError(f"{_where(target)}: HTTP {status} {response.reason}: {advice}")


def _ask(
    session: requests.Session, target: _Target, state: _PartState | None, here: int
) -> requests.Response | str:
    """Ask the server; its answer, or in words why there is none for now."""
    headers = {}
    if state and here:
        headers["Range"] = f"bytes={here}-"
        validator = state.validator()
        if validator:
            headers["If-Range"] = validator
    try:
        return session.get(
            target.address,
            headers=headers,
            stream=True,
            timeout=(CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS),
        )
    except requests.TooManyRedirects as error:
        raise FetchError(f"{_where(target)}: more than {REDIRECTS} redirects; expected fewer") from error
    except ValueError as error:
        # What requests raises of addresses is a ValueError, and so is what it lets through from its parsers.
        raise FetchError(
            f"{_where(target)}: {error}; expected http or https addresses, here and where it redirects to"
        ) from error
    except requests.exceptions.SSLError as error:
        raise FetchError(f"{_where(target)}: no safe connection ({error}); expected one") from error
    except (requests.RequestException, HTTPError) as error:
        return f"no answer: {_reason(error)}"


def _begin(response: requests.Response, target: _Target, progress: Progress) -> _Attempt:
    """Take the file from its first byte."""
    _refuse_encoding(response, target)
    length = response.headers.get("Content-Length", "")
    total = int(length) if _CONTENT_LENGTH.fullmatch(length) else None
    _forget_part(target)
    state = _PartState(
        address=target.address,
        version=target.version,
        etag=response.headers.get("ETag"),
        last_modified=response.headers.get("Last-Modified"),
        total_bytes=total,
    )
    target.state.write_text(json.dumps(asdict(state), indent=2) + "\n", encoding="utf-8")
    progress.started(target.name, total)
    return _Attempt(_write_body(response, target, total, progress), resumed=False)


def _go_on(
    response: requests.Response, target: _Target, state: _PartState, here: int, progress: Progress
) -> _Attempt:
    """Take the file from the byte where it broke, if it is still the same file."""
    _refuse_encoding(response, target)
    content_range = response.headers.get("Content-Range", "")
    match = _CONTENT_RANGE.fullmatch(content_range)
    total = int(match["total"]) if match and match["total"] != "*" else state.total_bytes
    problem = None
    if match is None or match["start"] != str(here):
        problem = f"the server sent the range {content_range!r}, expected one from byte {here}"
    elif state.total_bytes not in (None, total):
        problem = f"the file changed between two attempts, from {state.total_bytes} to {total} bytes"
    elif _is_another_file(response, state):
        problem = "the file changed between two attempts"
    if problem:
        _forget_part(target)
        return _Attempt(problem, resumed=False)
    progress.started(target.name, total)
    progress.advanced(target.name, here)
    return _Attempt(_write_body(response, target, total, progress), resumed=True)


def _is_another_file(response: requests.Response, state: _PartState) -> bool:
    """Compare what the server says of the file now and then: some know ranges but not If-Range."""
    etag = response.headers.get("ETag")
    if etag and state.etag:
        # The mirrors of one server may date the same file differently.
        return etag != state.etag
    return response.headers.get("Last-Modified", state.last_modified) != state.last_modified


def _past_the_end(response: requests.Response, target: _Target, here: int, progress: Progress) -> _Attempt:
    """Asked for more, the server says that there is no more: we have all of it, or too much."""
    if response.headers.get("Content-Range", "") == f"bytes */{here}":
        return _already_whole(target, here, progress)
    _forget_part(target)
    return _Attempt(f"the server has no bytes after {here}, expected the rest of the file", resumed=False)


def _already_whole(target: _Target, size: int, progress: Progress) -> _Attempt:
    progress.started(target.name, size)
    progress.advanced(target.name, size)
    return _Attempt(None, resumed=True)


def _write_body(
    response: requests.Response, target: _Target, total: int | None, progress: Progress
) -> str | None:
    """Append what comes to `.part`; in words what went wrong, None if nothing did."""
    broken = None
    with target.part.open("ab") as part:
        try:
            for chunk in response.raw.stream(CHUNK_BYTES, decode_content=False):
                part.write(chunk)
                progress.advanced(target.name, len(chunk))
        except HTTPError as error:
            broken = _reason(error)
        part.flush()
        os.fsync(part.fileno())
        here = part.tell()
    if total is not None and here > total:
        _forget_part(target)
        return f"the server announced {total} bytes and sent {here}"
    # urllib3 complains of most short bodies, but not where Content-Length and Content-Range disagree.
    if total is not None and here < total:
        return f"the body ended after {here} of the {total} bytes that the server announced"
    return f"the connection broke ({broken})" if broken else None


def _refuse_encoding(response: requests.Response, target: _Target) -> None:
    """Refuse a file that was packed for the journey, although we asked for it as it is.

    Some servers say so of every .gz file; what they send is the file.
    """
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding in ("", "identity"):
        return
    if encoding not in ("gzip", "x-gzip") or target.file.suffix not in (".gz", ".tgz"):
        raise FetchError(f"{_where(target)}: sent packed as {encoding!r}; expected the file as it is")


def _read_state(target: _Target) -> _PartState | None:
    """Read what is known of `.part`; None if it is not the beginning of this file."""
    try:
        state = _PartState(**json.loads(target.state.read_text(encoding="utf-8")))
        size = target.part.stat().st_size
    except (FileNotFoundError, ValueError, TypeError):
        # Only a download of ours writes it, so a damaged one was cut short: begin again.
        return None
    if (state.address, state.version) != (target.address, target.version):
        return None
    return state if state.total_bytes is None or size <= state.total_bytes else None


def _resumable(state: _PartState | None, expected: str | None) -> _PartState | None:
    """Keep the state only if the rest may be put behind what is here.

    Without a validator the file may have changed in between, and only a checksum would tell.
    """
    return state if state and (state.validator() or expected is not None) else None


def _forget_part(target: _Target) -> None:
    target.part.unlink(missing_ok=True)
    target.state.unlink(missing_ok=True)


def _noted_sha256(register: Path, target: _Target) -> str | None:
    """Look up the checksum that this version of an unpinned source had when it was first fetched."""
    note = _read_register(register).get(target.name)
    if note is None or (note["address"], note["version"]) != (target.address, target.version):
        return None
    return str(note["sha256"])


def _note(register: Path, target: _Target, sha256: str, size: int) -> None:
    notes = _read_register(register)
    notes[target.name] = {
        "address": target.address,
        "version": target.version,
        "sha256": sha256,
        "bytes": size,
    }
    new = register.with_name(register.name + ".new")
    with new.open("w", encoding="utf-8") as file:
        file.write(json.dumps(notes, indent=2, sort_keys=True, ensure_ascii=False) + "\n")
        file.flush()
        os.fsync(file.fileno())
    new.replace(register)


def _read_register(register: Path) -> dict[str, dict[str, Any]]:
    try:
        notes = json.loads(register.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise FetchError(f"{register}: not JSON ({error}); expected what an earlier fetch wrote") from error
    if not isinstance(notes, dict):
        raise FetchError(f"{register}: found {type(notes).__name__}; expected an object by source name")
    for name, note in notes.items():
        if not isinstance(note, dict) or not note.keys() >= {"address", "version", "sha256", "bytes"}:
            raise FetchError(
                f"{register}: the entry {name!r} is incomplete; expected address, version, sha256 and bytes"
            )
    return notes


def _where(target: _Target) -> str:
    return f"source {target.name!r}: {target.address}"


def _reason(error: BaseException) -> str:
    """Find what the operating system said, below the layers of libraries."""
    reason = str(error)
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            reason = cause.strerror
        cause = cause.__cause__ or cause.__context__
    return reason
