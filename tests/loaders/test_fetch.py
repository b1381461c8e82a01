"""Fetching, against a real server on this machine that misbehaves as real ones do."""

import datetime
import hashlib
import json
import re
import socket
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from impckg.graph.errors import ChecksumMismatch, FetchError
from impckg.loaders.fetch import (
    ATTEMPTS,
    LONGEST_WAIT_SECONDS,
    REDIRECTS,
    SilentProgress,
    fetch_all,
    fetch_source,
    sha256_of,
)
from impckg.loaders.recipe import Recipe, RecipeSource, read_recipe

REPOSITORY = Path(__file__).resolve().parents[2]

# Longer than one chunk of the downloader, and no part of it looks like another.
FILE = b"".join(b"MGI:%07d,MP:%07d\n" % (row, 3 * row) for row in range(10_000))
CHANGED = FILE[::-1]
HALF = len(FILE) // 2
FIRST = {"ETag": '"first"'}
SECOND = {"ETag": '"second"'}


def sha256(content):
    return hashlib.sha256(content).hexdigest()


@dataclass
class Server:
    """Answers each request with the next answer of its script, and the last one over and over."""

    address: str = ""
    script: list = field(default_factory=list)
    requests: list = field(default_factory=list)

    def answers(self, *script):
        self.script = list(script)
        self.requests.clear()

    def asked(self, header):
        return [headers.get(header) for headers in self.requests]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        script = self.server.told.script
        self.server.told.requests.append(dict(self.headers))
        answer = script.pop(0) if len(script) > 1 else script[0]
        answer(self)

    def log_message(self, *arguments):
        pass


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")


@pytest.fixture
def server():
    http = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    http.daemon_threads = False
    http.told = Server(f"http://127.0.0.1:{http.server_port}")
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield http.told
    http.shutdown()
    thread.join()
    http.server_close()


def send(handler, status, headers, body):
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name, value)
    # An answer that breaks off is one whose connection ends, so they all end.
    handler.send_header("Connection", "close")
    handler.end_headers()
    handler.wfile.write(body)


def whole(content=FILE, headers=FIRST, announced=None, sent=None):
    """The file from its first byte, whatever range was asked for.

    announced: the length that the server promises, if that is not the length of the file.
    sent: after how many bytes it breaks off.
    """

    def _answer(handler):
        length = {"Content-Length": str(len(content) if announced is None else announced)}
        send(handler, 200, length | headers, content[:sent])

    return _answer


def ranged(content=FILE, headers=FIRST, sent=None, honest=True):
    """The rest of the file if it is still the one that If-Range names, else the whole file.

    honest: False for a server that knows Range but not If-Range.
    """

    def _answer(handler):
        asked = re.fullmatch(r"bytes=(\d+)-", handler.headers.get("Range", ""))
        unchanged = handler.headers.get("If-Range") in (
            None,
            headers.get("ETag"),
            headers.get("Last-Modified"),
        )
        if asked is None or (honest and not unchanged):
            return whole(content, headers, sent=sent)(handler)
        start = int(asked[1])
        if start >= len(content):
            return send(
                handler, 416, {"Content-Range": f"bytes */{len(content)}", "Content-Length": "0"}, b""
            )
        rest = content[start:]
        range_headers = {
            "Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}",
            "Content-Length": str(len(rest)),
        }
        return send(handler, 206, range_headers | headers, rest[:sent])

    return _answer


def chunked(content=FILE, headers=FIRST, ends=True):
    """The file in chunks, its length unannounced; without its end if it breaks off."""

    def _answer(handler):
        body = b"%x\r\n%s\r\n" % (len(content), content) + (b"0\r\n\r\n" if ends else b"")
        send(handler, 200, {"Transfer-Encoding": "chunked"} | headers, body)

    return _answer


def hang_up(handler):
    """Two words, and gone."""
    handler.wfile.write(b"HTTP/1.1 2")
    handler.close_connection = True


def status(code, headers=None, body=b""):
    def _answer(handler):
        send(handler, code, {"Content-Length": str(len(body))} | (headers or {}), body)

    return _answer


@dataclass
class CountingProgress:
    """Counts as a progress bar would."""

    events: list = field(default_factory=list)
    total: int | None = None
    count: int = 0

    def started(self, name, total_bytes):
        self.events.append(f"started {name}")
        self.total, self.count = total_bytes, 0

    def advanced(self, name, bytes):  # noqa: A002
        self.count += bytes

    def finished(self, name):
        self.events.append(f"finished {name}")


def source(server, name="hits", file="hits.csv", **changed):
    fields = {
        "reader": name,
        "path": None,
        "address": f"{server.address}/{file}",
        "version": "21.1",
        "sha256": sha256(FILE),
        "unpinned": None,
        "licence": "https://creativecommons.org/licenses/by/4.0/",
        "citation": None,
    }
    return RecipeSource(name=name, **fields | changed)


def unpinned(server, **changed):
    return source(server, sha256=None, unpinned="not seen yet", **changed)


def local(path, **changed):
    return source(Server(), path=path, address=None, **changed)


def fetch(wanted, directory, progress=None, sleep=None):
    """Fetches without waiting."""
    return fetch_source(wanted, directory, progress or SilentProgress(), sleep or (lambda seconds: None))


def refusal(wanted, directory, error=FetchError):
    with pytest.raises(error) as caught:
        fetch(wanted, directory)
    return str(caught.value)


def names(directory):
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file())


def test_a_file_is_fetched_under_its_own_name(server, tmp_path):
    server.answers(whole())
    wanted = source(server)

    fetched = fetch(wanted, tmp_path)

    assert fetched.source == wanted
    assert fetched.path == tmp_path / "hits" / "hits.csv"
    assert fetched.path.read_bytes() == FILE
    assert (fetched.sha256, fetched.bytes) == (sha256(FILE), len(FILE))
    assert (fetched.resumed, fetched.already_there) == (False, False)
    assert names(tmp_path) == ["hits/hits.csv"]


def test_a_file_that_is_here_is_not_fetched_again(server, tmp_path):
    server.answers(whole())
    first = fetch(source(server), tmp_path)

    again = fetch(source(server), tmp_path)

    assert again.already_there
    assert (again.path, again.sha256, again.bytes) == (first.path, first.sha256, first.bytes)
    assert len(server.requests) == 1


def test_a_file_that_was_damaged_here_is_fetched_again(server, tmp_path):
    server.answers(whole())
    path = fetch(source(server), tmp_path).path
    path.write_bytes(FILE[:-1])

    again = fetch(source(server), tmp_path)

    assert not again.already_there
    assert path.read_bytes() == FILE


def test_a_download_that_breaks_goes_on_where_it_broke(server, tmp_path):
    server.answers(ranged(sent=HALF), ranged())

    fetched = fetch(source(server), tmp_path)

    assert fetched.path.read_bytes() == FILE
    assert fetched.resumed
    assert server.asked("Range") == [None, f"bytes={HALF}-"]
    assert server.asked("If-Range") == [None, '"first"']


def test_a_download_that_breaks_in_its_headers_begins_again(server, tmp_path):
    server.answers(hang_up, whole())

    fetched = fetch(source(server), tmp_path)

    assert fetched.path.read_bytes() == FILE
    assert not fetched.resumed


def test_a_download_that_never_ends_tells_what_came_and_goes_on_at_the_next_run(server, tmp_path):
    server.answers(ranged(sent=HALF), ranged(sent=0))

    message = refusal(source(server), tmp_path)

    assert f"the body ended after {HALF} of the {len(FILE)} bytes that the server announced" in message
    assert f"after {ATTEMPTS} attempts found {HALF} of {len(FILE)} bytes" in message
    assert message.endswith("fetching again resumes there")
    assert names(tmp_path) == ["hits/hits.csv.part", "hits/hits.csv.part.json"]

    server.answers(ranged())
    fetched = fetch(source(server), tmp_path)

    assert fetched.resumed
    assert server.asked("Range") == [f"bytes={HALF}-"]
    assert fetched.path.read_bytes() == FILE
    assert names(tmp_path) == ["hits/hits.csv"]


def test_the_waits_between_attempts_grow_up_to_a_bound(server, tmp_path):
    server.answers(status(503))
    waits = []

    with pytest.raises(FetchError):
        fetch(source(server), tmp_path, sleep=waits.append)

    assert len(server.requests) == ATTEMPTS
    assert len(waits) == ATTEMPTS - 1
    assert waits == sorted(waits)
    assert 0 < waits[0] < waits[-1] <= LONGEST_WAIT_SECONDS


def test_a_server_without_ranges_sends_the_file_from_its_beginning(server, tmp_path):
    server.answers(whole(sent=HALF), whole())

    fetched = fetch(source(server), tmp_path)

    assert server.asked("Range") == [None, f"bytes={HALF}-"]
    assert fetched.path.read_bytes() == FILE
    assert not fetched.resumed


def test_a_file_that_changed_between_two_attempts_is_not_mixed_with_the_old_one(server, tmp_path):
    server.answers(ranged(sent=HALF), ranged(CHANGED, SECOND))

    fetched = fetch(unpinned(server), tmp_path)

    assert server.asked("If-Range") == [None, '"first"']
    assert fetched.path.read_bytes() == CHANGED
    assert not fetched.resumed


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (FIRST, SECOND),
        (
            {"Last-Modified": "Thu, 13 Jun 2024 09:00:00 GMT"},
            {"Last-Modified": "Mon, 04 Nov 2024 09:00:00 GMT"},
        ),
    ],
    ids=["etag", "date"],
)
def test_a_server_that_ignores_if_range_is_found_out(server, tmp_path, before, after):
    server.answers(ranged(headers=before, sent=HALF), ranged(CHANGED, after, honest=False))

    fetched = fetch(unpinned(server), tmp_path)

    assert server.asked("Range") == [None, f"bytes={HALF}-", None]
    assert fetched.path.read_bytes() == CHANGED
    assert not fetched.resumed


def test_a_file_that_grew_between_two_attempts_is_fetched_from_its_beginning(server, tmp_path):
    longer = FILE + b"MGI:1,MP:1\n"
    server.answers(ranged(headers={}, sent=HALF), ranged(longer, headers={}))

    fetched = fetch(source(server, sha256=sha256(longer)), tmp_path)

    assert server.asked("Range") == [None, f"bytes={HALF}-", None]
    assert fetched.path.read_bytes() == longer


def test_a_date_stands_in_for_an_etag_that_is_weak(server, tmp_path):
    headers = {"ETag": 'W/"first"', "Last-Modified": "Thu, 13 Jun 2024 09:00:00 GMT"}
    server.answers(ranged(headers=headers, sent=HALF), ranged(headers=headers))

    fetch(source(server), tmp_path)

    assert server.asked("If-Range") == [None, "Thu, 13 Jun 2024 09:00:00 GMT"]


def test_without_etag_and_date_only_a_pinned_file_is_resumed(server, tmp_path):
    server.answers(ranged(headers={}, sent=HALF), ranged(headers={}))
    assert fetch(source(server), tmp_path / "pinned").resumed

    server.answers(ranged(headers={}, sent=HALF), ranged(headers={}))
    assert not fetch(unpinned(server), tmp_path / "unpinned").resumed

    assert server.asked("Range") == [None, None]


def test_no_resumption_is_promised_where_there_is_none(server, tmp_path):
    server.answers(whole(headers={}, sent=HALF))

    message = refusal(unpinned(server), tmp_path)

    assert f"found {HALF} of {len(FILE)} bytes" in message
    assert "resumes" not in message


def test_a_server_that_promises_more_than_it_has_is_told(server, tmp_path):
    server.answers(whole(announced=len(FILE) + 100))

    message = refusal(source(server), tmp_path)

    assert f"found {len(FILE)} of {len(FILE) + 100} bytes" in message
    assert "hits/hits.csv" not in names(tmp_path)


def test_a_server_that_promises_less_than_it_has_is_caught_by_the_checksum(server, tmp_path):
    # To HTTP, the file ends where Content-Length says.
    server.answers(whole(announced=HALF))

    message = refusal(source(server), tmp_path, ChecksumMismatch)

    assert f"found sha256 {sha256(FILE[:HALF])} ({HALF} bytes), expected {sha256(FILE)}" in message


def test_a_range_that_is_longer_than_the_file_is_refused(server, tmp_path):
    too_long = status(206, {"Content-Range": f"bytes {HALF}-{len(FILE) - 1}/{len(FILE)}"}, FILE)
    half = ranged(sent=HALF)
    server.answers(status(503), half, too_long, half, too_long)

    message = refusal(source(server), tmp_path)

    assert f"the server announced {len(FILE)} bytes and sent {HALF + len(FILE)}" in message
    assert "resumes" not in message
    assert names(tmp_path) == []


def test_a_range_from_elsewhere_is_not_used(server, tmp_path):
    elsewhere = {"Content-Range": f"bytes 0-{len(FILE) - 1}/{len(FILE)}"}
    server.answers(ranged(sent=HALF), status(206, elsewhere, FILE), ranged())

    fetched = fetch(source(server), tmp_path)

    assert server.asked("Range") == [None, f"bytes={HALF}-", None]
    assert fetched.path.read_bytes() == FILE


def test_a_wrong_checksum_keeps_the_file_aside(server, tmp_path):
    server.answers(whole(CHANGED))

    message = refusal(source(server), tmp_path, ChecksumMismatch)

    bad = tmp_path / "hits" / "hits.csv.bad"
    assert f"source 'hits': {server.address}/hits.csv: found sha256 {sha256(CHANGED)}" in message
    assert f"expected {sha256(FILE)} as the recipe pins; what came is kept as {bad}" in message
    assert bad.read_bytes() == CHANGED
    assert names(tmp_path) == ["hits/hits.csv.bad"]


def test_a_wrong_checksum_leaves_the_file_that_was_here(server, tmp_path):
    old = tmp_path / "hits" / "hits.csv"
    old.parent.mkdir()
    old.write_bytes(b"of the last release")
    server.answers(whole(CHANGED))

    refusal(source(server), tmp_path, ChecksumMismatch)

    assert old.read_bytes() == b"of the last release"


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (404, "HTTP 404 Not Found: the file is not there"),
        (403, "HTTP 403 Forbidden: the server refuses to give it"),
        (410, "HTTP 410 Gone: the file was taken away"),
        (401, "HTTP 401 Unauthorized: the server wants a password"),
        (400, "HTTP 400 Bad Request: expected HTTP 200 and the file"),
        (206, "HTTP 206 Partial Content: expected HTTP 200 and the file"),
    ],
)
def test_a_final_answer_is_told_at_once(server, tmp_path, code, told):
    server.answers(status(code))

    message = refusal(source(server), tmp_path)

    assert f"source 'hits': {server.address}/hits.csv: {told}" in message
    assert len(server.requests) == 1


def test_a_server_that_is_broken_for_long_is_told(server, tmp_path):
    server.answers(status(500))

    message = refusal(source(server), tmp_path)

    assert (
        f"HTTP 500 Internal Server Error; after {ATTEMPTS} attempts found 0 of an unknown number" in message
    )
    assert "resumes" not in message


def test_a_server_that_is_busy_for_a_moment_is_asked_again(server, tmp_path):
    server.answers(status(503), status(429), ranged(sent=HALF), status(500), ranged())

    fetched = fetch(source(server), tmp_path)

    assert fetched.resumed
    assert fetched.path.read_bytes() == FILE


def test_a_refused_connection_is_told(tmp_path):
    with socket.socket() as nobody_listens:
        nobody_listens.bind(("127.0.0.1", 0))
        port = nobody_listens.getsockname()[1]

        message = refusal(source(Server(f"http://127.0.0.1:{port}")), tmp_path)

    assert f"no answer: Connection refused; after {ATTEMPTS} attempts found 0 of" in message


def test_a_server_that_cannot_prove_who_it_is_is_refused_at_once(server, tmp_path):
    server.answers(whole())
    unproven = Server(server.address.replace("http:", "https:"))
    waits = []

    with pytest.raises(FetchError, match="no safe connection"):
        fetch(source(unproven), tmp_path, sleep=waits.append)

    assert waits == []


def test_a_redirect_is_followed(server, tmp_path):
    server.answers(*[status(302, {"Location": "/elsewhere"})] * REDIRECTS, ranged())

    fetched = fetch(source(server), tmp_path)

    assert fetched.path == tmp_path / "hits" / "hits.csv"
    assert fetched.path.read_bytes() == FILE


def test_a_resumed_download_is_redirected_with_its_range(server, tmp_path):
    redirect = status(302, {"Location": "/elsewhere"})
    server.answers(redirect, ranged(sent=HALF), redirect, ranged())

    assert fetch(source(server), tmp_path).resumed

    assert server.asked("Range") == [None, None, f"bytes={HALF}-", f"bytes={HALF}-"]


def test_redirects_without_end_are_refused(server, tmp_path):
    server.answers(status(302, {"Location": "/round-and-round"}))

    message = refusal(source(server), tmp_path)

    assert f"more than {REDIRECTS} redirects; expected fewer" in message
    assert len(server.requests) == REDIRECTS + 1


@pytest.mark.parametrize("location", ["ftp://127.0.0.1/hits.csv", "file:///etc/hostname", "http://[::1/"])
def test_a_redirect_away_from_the_web_is_refused(server, tmp_path, location):
    server.answers(status(302, {"Location": location}))

    message = refusal(source(server), tmp_path)

    assert message.endswith("expected http or https addresses, here and where it redirects to")
    assert len(server.requests) == 1


def test_a_file_of_unannounced_length_is_fetched(server, tmp_path):
    server.answers(chunked())
    progress = CountingProgress()

    fetched = fetch(source(server), tmp_path, progress)

    assert fetched.path.read_bytes() == FILE
    assert (progress.total, progress.count) == (None, len(FILE))


def test_a_file_of_unannounced_length_that_breaks_is_not_taken_for_whole(server, tmp_path):
    server.answers(chunked(FILE[:HALF], ends=False), ranged())

    fetched = fetch(unpinned(server), tmp_path)

    assert fetched.path.read_bytes() == FILE
    assert server.asked("Range") == [None, f"bytes={HALF}-"]


def test_a_file_of_unannounced_length_that_broke_at_its_very_end_is_whole(server, tmp_path):
    server.answers(chunked(ends=False), ranged())

    fetched = fetch(source(server), tmp_path)

    assert fetched.path.read_bytes() == FILE
    assert server.asked("Range") == [None, f"bytes={len(FILE)}-"]


def test_a_part_that_is_longer_than_the_file_is_dropped(server, tmp_path):
    server.answers(chunked(FILE + b"too much", ends=False), ranged())

    fetched = fetch(source(server), tmp_path)

    assert fetched.path.read_bytes() == FILE
    assert server.asked("Range") == [None, f"bytes={len(FILE) + 8}-", None]


def test_a_run_that_died_before_the_last_step_is_finished_without_a_request(server, tmp_path):
    server.answers(ranged(sent=HALF), ranged(sent=0))
    refusal(source(server), tmp_path)
    (tmp_path / "hits" / "hits.csv.part").write_bytes(FILE)
    server.answers(status(404))

    fetched = fetch(source(server), tmp_path)

    assert fetched.resumed
    assert server.requests == []
    assert names(tmp_path) == ["hits/hits.csv"]


@pytest.mark.parametrize(
    "changed", [{"version": "22.0"}, {"file": "22.0/hits.csv"}], ids=["version", "address"]
)
def test_a_part_of_another_version_is_not_used(server, tmp_path, changed):
    server.answers(ranged(CHANGED, sent=HALF), ranged(CHANGED, sent=0))
    refusal(source(server), tmp_path)
    server.answers(ranged())

    fetched = fetch(source(server, **changed), tmp_path)

    assert server.asked("Range") == [None]
    assert fetched.path.read_bytes() == FILE


@pytest.mark.parametrize("state", ["", "[]", '{"etag": 1}', "not JSON"])
def test_a_part_of_which_nothing_is_known_is_not_used(server, tmp_path, state):
    (tmp_path / "hits").mkdir()
    (tmp_path / "hits" / "hits.csv.part").write_bytes(CHANGED[:HALF])
    (tmp_path / "hits" / "hits.csv.part.json").write_text(state, encoding="utf-8")
    server.answers(ranged())

    fetched = fetch(source(server), tmp_path)

    assert server.asked("Range") == [None]
    assert fetched.path.read_bytes() == FILE


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip"])
def test_a_gz_file_is_kept_as_it_was_sent(server, tmp_path, encoding):
    # Some servers announce a .gz file as gzip-encoded; unpacking it would change its checksum.
    server.answers(whole(headers={"Content-Encoding": encoding}))

    fetched = fetch(source(server, file="hits.csv.gz"), tmp_path)

    assert fetched.path.read_bytes() == FILE
    assert server.asked("Accept-Encoding") == ["identity"]


@pytest.mark.parametrize(("file", "encoding"), [("hits.csv", "gzip"), ("hits.csv.gz", "br")])
def test_a_file_packed_for_the_journey_is_refused(server, tmp_path, file, encoding):
    server.answers(whole(headers={"Content-Encoding": encoding}))

    message = refusal(source(server, file=file), tmp_path)

    assert f"sent packed as {encoding!r}; expected the file as it is" in message


def test_the_checksum_of_an_unpinned_source_is_noted(server, tmp_path):
    server.answers(whole())

    fetched = fetch(unpinned(server), tmp_path)

    assert fetched.sha256 == sha256(FILE)
    assert json.loads((tmp_path / "fetched.json").read_text(encoding="utf-8")) == {
        "hits": {
            "address": f"{server.address}/hits.csv",
            "bytes": len(FILE),
            "sha256": sha256(FILE),
            "version": "21.1",
        }
    }


def test_the_notes_do_not_depend_on_the_order_of_fetching(server, tmp_path):
    server.answers(whole())
    forth, back = tmp_path / "forth", tmp_path / "back"

    for directory, order in ((forth, ("a", "b")), (back, ("b", "a"))):
        for name in order:
            fetch(unpinned(server, name=name), directory)

    assert (forth / "fetched.json").read_bytes() == (back / "fetched.json").read_bytes()
    assert names(forth) == ["a/hits.csv", "b/hits.csv", "fetched.json"]


def test_the_checksum_of_a_pinned_source_is_not_noted(server, tmp_path):
    server.answers(whole())

    fetch(source(server), tmp_path)

    assert not (tmp_path / "fetched.json").exists()


def test_an_unpinned_file_that_is_here_is_not_fetched_again(server, tmp_path):
    server.answers(whole())
    fetch(unpinned(server), tmp_path)

    again = fetch(unpinned(server), tmp_path)

    assert again.already_there
    assert len(server.requests) == 1


def test_an_unpinned_file_that_changed_at_its_publisher_is_refused(server, tmp_path):
    server.answers(whole())
    path = fetch(unpinned(server), tmp_path).path
    path.unlink()
    server.answers(whole(CHANGED))

    message = refusal(unpinned(server), tmp_path, ChecksumMismatch)

    assert f"found sha256 {sha256(CHANGED)}" in message
    assert f"expected {sha256(FILE)} as {tmp_path / 'fetched.json'} notes of the first fetch" in message


@pytest.mark.parametrize(
    "changed", [{"version": "22.0"}, {"file": "22.0/hits.csv"}], ids=["version", "address"]
)
def test_another_version_of_an_unpinned_source_is_fetched_anew(server, tmp_path, changed):
    server.answers(whole())
    fetch(unpinned(server), tmp_path)
    server.answers(whole(CHANGED))

    fetched = fetch(unpinned(server, **changed), tmp_path)

    assert not fetched.already_there
    assert fetched.path.read_bytes() == CHANGED
    notes = json.loads((tmp_path / "fetched.json").read_text(encoding="utf-8"))
    assert notes["hits"]["sha256"] == sha256(CHANGED)


def test_an_unpinned_file_without_a_note_is_fetched_again(server, tmp_path):
    (tmp_path / "hits").mkdir()
    (tmp_path / "hits" / "hits.csv").write_bytes(CHANGED)
    server.answers(whole())

    fetched = fetch(unpinned(server), tmp_path)

    assert fetched.path.read_bytes() == FILE


@pytest.mark.parametrize(
    ("notes", "told"),
    [
        ("{", "not JSON"),
        ("[]", "found list; expected an object by source name"),
        ('{"hits": {"version": "21.1"}}', "the entry 'hits' is incomplete"),
    ],
)
def test_damaged_notes_are_refused(server, tmp_path, notes, told):
    (tmp_path / "fetched.json").write_text(notes, encoding="utf-8")
    server.answers(whole())

    message = refusal(unpinned(server), tmp_path)

    assert message.startswith(f"{tmp_path / 'fetched.json'}: {told}")
    assert server.requests == []


def test_a_file_given_by_its_path_is_only_compared(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_bytes(FILE)
    directory = tmp_path / "fetched"

    fetched = fetch(local(path), directory)

    assert fetched.path == path
    assert (fetched.sha256, fetched.bytes) == (sha256(FILE), len(FILE))
    assert fetched.already_there
    assert not directory.exists()


def test_a_file_given_by_its_path_needs_no_checksum(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_bytes(FILE)

    assert fetch(local(path, sha256=None), tmp_path).sha256 == sha256(FILE)


def test_a_file_given_by_its_path_with_a_wrong_checksum_is_refused_and_left(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_bytes(CHANGED)

    message = refusal(local(path), tmp_path, ChecksumMismatch)

    assert f"{path}: found sha256 {sha256(CHANGED)}" in message
    assert f"expected {sha256(FILE)} as the recipe pins" in message
    assert path.read_bytes() == CHANGED


def test_a_file_given_by_its_path_that_went_away_is_told(tmp_path):
    message = refusal(local(tmp_path / "mine.csv"), tmp_path)

    assert "mine.csv: cannot be read (No such file or directory)" in message


def test_a_source_from_nowhere_is_refused(tmp_path):
    message = refusal(source(Server(), address=None), tmp_path)

    assert message == "source 'hits': neither a path nor an address; expected one of them"


def test_a_directory_that_cannot_be_written_is_told(server, tmp_path):
    in_the_way = tmp_path / "hits"
    in_the_way.write_text("a file where the directory should be", encoding="utf-8")
    server.answers(whole())

    message = refusal(source(server), tmp_path)

    assert message.startswith(str(in_the_way))
    assert "cannot be written or read" in message


def test_progress_counts_every_byte_once(server, tmp_path):
    server.answers(ranged(sent=HALF), ranged())
    progress = CountingProgress()

    fetch(source(server), tmp_path, progress)

    assert (progress.total, progress.count) == (len(FILE), len(FILE))
    assert progress.events == ["started hits", "started hits", "finished hits"]


def test_progress_counts_what_is_here_already(server, tmp_path):
    server.answers(whole())
    path = fetch(source(server), tmp_path).path
    for wanted in (source(server), local(path)):
        progress = CountingProgress()

        fetch(wanted, tmp_path, progress)

        assert (progress.total, progress.count) == (len(FILE), len(FILE))
        assert progress.events == ["started hits", "finished hits"]


def test_progress_does_not_finish_what_failed(server, tmp_path):
    server.answers(whole(CHANGED))
    progress = CountingProgress()

    with pytest.raises(ChecksumMismatch):
        fetch(source(server), tmp_path, progress)

    assert progress.events == ["started hits"]


def recipe(path, *sources):
    return Recipe(path, "impckg-2026.1", "A small release", datetime.date(2026, 11, 25), False, sources)


def test_all_sources_of_a_recipe_are_fetched_in_its_order(server, tmp_path):
    mine = tmp_path / "mine.csv"
    mine.write_bytes(FILE)
    server.answers(whole())
    sources = (source(server, name="b"), local(mine, name="mine"), source(server, name="a"))

    fetched = fetch_all(recipe(tmp_path, *sources), tmp_path, SilentProgress())

    assert tuple(file.source for file in fetched) == sources
    assert [file.path for file in fetched] == [
        tmp_path / "b" / "hits.csv",
        mine,
        tmp_path / "a" / "hits.csv",
    ]


def test_what_was_fetched_before_a_failure_stays(server, tmp_path):
    server.answers(whole(), status(404))
    sources = (source(server, name="a"), source(server, name="b"))

    with pytest.raises(FetchError, match="source 'b'"):
        fetch_all(recipe(tmp_path, *sources), tmp_path, SilentProgress())

    assert names(tmp_path) == ["a/hits.csv"]


def test_the_real_files_are_those_that_their_recipe_pins(tmp_path):
    if not (REPOSITORY.parent / "shared" / "data").is_dir():
        pytest.skip("the real files are not beside this repository")
    real = read_recipe(REPOSITORY / "benchmarks" / "real-data.toml")

    fetched = fetch_all(real, tmp_path, SilentProgress())

    assert [file.sha256 for file in fetched] == [source.sha256 for source in real.sources]
    assert names(tmp_path) == []


def test_a_checksum_is_that_of_the_bytes_on_disk(tmp_path):
    path = tmp_path / "empty"
    path.write_bytes(b"")

    assert sha256_of(path) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
