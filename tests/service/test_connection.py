"""Connections over which no request comes, or one that is not as it should be."""

import http.client
import socket
import time
from urllib.parse import urlsplit

import pytest

from impckg.service.connection import without_upgrade

from .conftest import start_service


@pytest.fixture(scope="module")
def impatient(store_path):
    """A service that waits a second for a request."""
    with start_service(store_path, "--body-seconds", "1", "--workers", "1") as address:
        yield address


def connect(address: str) -> socket.socket:
    parts = urlsplit(address)
    return socket.create_connection((parts.hostname, parts.port), timeout=20)


def told(client: socket.socket) -> bytes:
    """All that comes until the service closes the connection."""
    received = b""
    while part := client.recv(65_536):
        received += part
    return received


def test_half_a_head_is_not_waited_for(impatient):
    with connect(impatient) as client:
        client.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\nX-Slow")
        assert told(client).startswith(b"HTTP/1.1 408 Request Timeout")


def test_who_says_nothing_is_not_waited_for(impatient):
    with connect(impatient) as client:
        assert told(client) == b""


def test_half_a_body_is_not_waited_for(impatient):
    with connect(impatient) as client:
        client.sendall(
            b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\n"
            b"Content-Length: 100\r\n\r\nASK"
        )
        answer = told(client)
    assert answer.startswith(b"HTTP/1.1 408 Request Timeout")
    assert b"connection: close" in answer.lower()


def test_a_kept_connection_answers_one_request_after_another(impatient):
    parts = urlsplit(impatient)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=20)
    for _ in range(3):
        connection.request("GET", "/health")
        assert connection.getresponse().read()
        # Longer than a head may take: waiting for the next request is not waiting for its rest.
        time.sleep(0.6)
    connection.close()


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET /health HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * 40_000 + b"\r\n\r\n", b"431"),
        (b"GET /health HTTP/1.1\r\nHost: x\r\n" + b"X-Many: 1\r\n" * 4_000 + b"\r\n", b"431"),
        (b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", b"414"),
        (b"GET /" + b"x" * 20_000_000, b"4"),
        (b"\x00\x01\x02\r\n\r\n", b"400"),
    ],
    ids=["a long header", "many headers", "a long address", "an address without end", "no HTTP"],
)
def test_what_is_too_long_or_no_http_is_refused(impatient, request_, status):
    with connect(impatient) as client:
        try:
            client.sendall(request_)
            answer = told(client)
        except (BrokenPipeError, ConnectionResetError):
            answer = b"HTTP/1.1 4"  # closed before all of it was sent, which is an answer, too
    assert answer.startswith(b"HTTP/1.1 " + status)


def test_an_offer_of_http_2_does_not_cost_the_body(impatient):
    """As Java's client makes it with its first request."""
    body = b"SELECT ?symbol { ?gene kg:symbol ?symbol }"
    with connect(impatient) as client:
        client.sendall(
            b"POST /sparql HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings, close\r\nHost: x\r\n"
            b"HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\r\nUpgrade: h2c\r\n"
            b"Content-Type: application/sparql-query\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
        )
        answer = told(client)
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"Nxn" in answer


def test_only_the_offer_is_taken_out_and_only_of_the_head():
    request = b"POST / HTTP/1.1\r\nUpgrade: h2c\r\nX: 1\r\n\r\n\r\nUpgrade: h2c\r\n"

    assert without_upgrade(request) == request.replace(b"Upgrade", b"X-Upgrade", 1)
    assert without_upgrade(b"GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n").count(b"X-") == 0
