"""The access log: what it says, what it keeps to itself, and what clients cannot write into it."""

import json
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impckg.graph.errors import KgError
from impckg.service.access_log import AccessLog, Entry, Outcome, line_of, outcome_of

SECRET = "SELECT * { ?patient ?p 'Jane Doe' }"


def entry(**changed) -> Entry:
    fields = {
        "time": 1_795_660_496.123,
        "client": "192.0.2.7",
        "method": "GET",
        "path": "/sparql",
        "status": 200,
        "seconds": 0.01234,
        "outcome": Outcome.ANSWERED,
        "sent_bytes": 1_234,
        "rows": 10,
        "query_hash": "0f3a",
        "query_id": "abcdefghijklmnop",
        "query": SECRET,
    }
    return Entry(**(fields | changed))


def test_a_line_is_an_object_with_all_there_is_to_know():
    told = json.loads(line_of(entry()))

    assert told == {
        "time": "2026-11-26T02:34:56.123Z",
        "client": "192.0.2.7",
        "method": "GET",
        "path": "/sparql",
        "status": 200,
        "ms": 12.3,
        "rows": 10,
        "bytes": 1_234,
        "query_hash": "0f3a",
        "query_id": "abcdefghijklmnop",
        "outcome": "answered",
        "limit": None,
    }


def test_the_text_of_a_query_is_written_only_where_the_operator_wants_it():
    assert b"Jane Doe" not in line_of(entry())
    assert json.loads(line_of(entry(), with_query=True))["query"] == SECRET


@given(st.text(max_size=300), st.text(max_size=300), st.text(max_size=300))
def test_whatever_a_client_sends_stays_in_its_field_on_its_line(path, client, query):
    line = line_of(entry(path=path, client=client, query=query), with_query=True)

    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert all(0x20 <= byte < 0x7F for byte in line[:-1])
    told = json.loads(line)
    assert (told["path"], told["client"], told["query"]) == (path[:200], client, query)


@pytest.mark.parametrize(
    "hostile",
    [
        '/x\n{"time":"2026-01-01T00:00:00.000Z","client":"forged"}',
        '/x","status":200,"client":"forged',
        "/x\r\x1b[2J\x07",
        "/x\u2028\u2029\x85",
        "/\ud800",
        "/" + "x" * 100_000,
    ],
)
def test_a_client_cannot_forge_a_line_or_a_field(hostile):
    line = line_of(entry(path=hostile, status=404))

    assert line.isascii()
    assert len(line) < 2_000
    assert json.loads(line)["client"] == "192.0.2.7"
    assert len(line.splitlines()) == 1


def test_lines_are_added_to_a_file(tmp_path):
    path = tmp_path / "access.log"
    path.write_text("what was there\n")

    log = AccessLog(str(path))
    assert log.write(entry())
    assert log.write(entry(status=404))
    log.close()

    before, *lines = path.read_text().splitlines()
    assert before == "what was there"
    assert [json.loads(line)["status"] for line in lines] == [200, 404]


def test_others_cannot_read_a_new_log(tmp_path):
    AccessLog(str(tmp_path / "access.log")).close()

    assert (tmp_path / "access.log").stat().st_mode & 0o007 == 0


def test_lines_of_several_threads_do_not_mix(tmp_path):
    log = AccessLog(str(tmp_path / "access.log"), with_queries=True)
    long = "x" * 20_000

    threads = [
        threading.Thread(target=lambda: [log.write(entry(query=long)) for _ in range(20)]) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    log.close()

    lines = (tmp_path / "access.log").read_text().splitlines()
    assert [json.loads(line)["query"] == long for line in lines] == [True] * 160


def test_standard_error_is_the_log_unless_told_otherwise(capfd):
    log = AccessLog("-")
    log.write(entry())
    log.close()

    assert json.loads(capfd.readouterr().err)["status"] == 200


def test_there_need_be_no_log(capfd):
    log = AccessLog("none")

    assert log.write(entry())
    assert capfd.readouterr().err == ""


def test_a_log_that_cannot_be_written_is_told_at_the_start(tmp_path):
    with pytest.raises(KgError, match="the log cannot be written"):
        AccessLog(str(tmp_path / "nowhere" / "access.log"))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_a_disk_that_is_full_loses_lines_and_nothing_else():
    log = AccessLog("/dev/full")

    assert log.write(entry()) is False
    log.close()


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, "answered"),
        (204, "answered"),
        (303, "answered"),
        (304, "not modified"),
        (400, "refused"),
        (429, "busy"),
        (499, "client left"),
        (500, "failed"),
        (503, "busy"),
    ],
)
def test_the_status_tells_how_a_request_ended(status, outcome):
    assert outcome_of(status) == outcome
