"""Production servers for Python, compared on what the service needs of one: `make bench ARGS=servers`.

Speed is asked first (requests a second for a small answer, 8 connections), and then four things that a service
which streams answers of unknown length must know:

broken   an application fails after the first bytes of a chunked answer: does the client see that the answer is
         broken (no final chunk), or does it get a half answer that looks whole?
left     the client closes its connection while the application works on the first byte: is the application told,
         and after how long? Where the interface has no word for it (WSGI), the application asks the socket or the
         callable that the server puts into its environment, if there is one.
slow     the client reads nothing: how much does the application get rid of before the server makes it wait?
         What is taken and cannot be sent is memory of the server.

half     the client sends half the head of a request and then nothing: when does the server hang up?

All on the loopback interface, one server after the other, each with the applications below. uvicorn runs with httptools
and uvloop, gunicorn with threads.
"""

import argparse
import asyncio
import contextlib
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
# A small answer, about the hits of one gene in JSON.
SMALL = b'{"term":{"type":"uri","value":"http://purl.obolibrary.org/obo/MP_0001262"}},' * 20
PIECE = b"x" * 65_536
PIECES_BEFORE_FAILURE = 3
# What the application offers to a client that reads nothing: 256 MB.
SLOW_PIECES = 4_000
# How long the application waits for its client to leave before it gives up.
WAIT_SECONDS = 5.0
# How long a server may hold on to half a request.
HALF_SECONDS = 70.0
# Where the applications, which run in the server's processes, note what happened to them.
NOTES_VARIABLE = "IMPCKG_BENCH_NOTES"


class Broke(Exception):
    """The application fails in the middle of its answer, on purpose."""


async def asgi(
    scope: Any, receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
) -> None:
    """The application as ASGI."""
    if scope["type"] == "lifespan":
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        await send({"type": "lifespan.shutdown.complete"})
        return
    headers = [(b"content-type", b"application/json")]
    start = {"type": "http.response.start", "status": 200}
    body = {"type": "http.response.body"}
    match scope["path"]:
        case "/broken":
            await send({**start, "headers": headers})
            for _ in range(PIECES_BEFORE_FAILURE):
                await send({**body, "body": PIECE, "more_body": True})
            raise Broke
        case "/left":
            began = time.perf_counter()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(WAIT_SECONDS):
                    while (await receive())["type"] != "http.disconnect":
                        pass
                    _note(f"left after {time.perf_counter() - began:.3f}")
            await send({**start, "headers": headers})
            await send({**body, "body": SMALL})
        case "/slow":
            await send({**start, "headers": headers})
            for taken in range(SLOW_PIECES):
                _note(f"taken {taken}")
                await send({**body, "body": PIECE, "more_body": True})
        case _:
            await send({**start, "headers": [*headers, (b"content-length", b"%d" % len(SMALL))]})
            await send({**body, "body": SMALL})


async def rsgi(scope: Any, protocol: Any) -> None:
    """The application as RSGI, granian's own interface."""
    headers = [("content-type", "application/json")]
    match scope.path:
        case "/broken":
            stream = protocol.response_stream(200, headers)
            for _ in range(PIECES_BEFORE_FAILURE):
                await stream.send_bytes(PIECE)
            raise Broke
        case "/left":
            began = time.perf_counter()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(WAIT_SECONDS):
                    await protocol.client_disconnect()
                    _note(f"left after {time.perf_counter() - began:.3f}")
            protocol.response_bytes(200, headers, SMALL)
        case "/slow":
            stream = protocol.response_stream(200, headers)
            for taken in range(SLOW_PIECES):
                _note(f"taken {taken}")
                await stream.send_bytes(PIECE)
        case _:
            protocol.response_bytes(200, headers, SMALL)


def wsgi(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """The application as WSGI."""
    headers = [("Content-Type", "application/json")]
    match environ["PATH_INFO"]:
        case "/broken":
            start_response("200 OK", headers)
            return _breaking()
        case "/left":
            began = time.perf_counter()
            while time.perf_counter() - began < WAIT_SECONDS:
                if _left(environ):
                    _note(f"left after {time.perf_counter() - began:.3f}")
                    break
                time.sleep(0.02)
        case "/slow":
            start_response("200 OK", headers)
            return _much()
    start_response("200 OK", [*headers, ("Content-Length", str(len(SMALL)))])
    return [SMALL]


def _breaking() -> Iterator[bytes]:
    for _ in range(PIECES_BEFORE_FAILURE):
        yield PIECE
    raise Broke


def _much() -> Iterator[bytes]:
    for taken in range(SLOW_PIECES):
        _note(f"taken {taken}")
        yield PIECE


def _left(environ: dict[str, Any]) -> bool:
    """Whether the client has closed its connection, as far as a WSGI server lets its application know."""
    if ask := environ.get("waitress.client_disconnected"):
        return bool(ask())
    if connection := environ.get("gunicorn.socket"):
        connection.setblocking(False)
        try:
            return not connection.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        finally:
            connection.setblocking(True)
    return False


def _note(line: str) -> None:
    with Path(os.environ[NOTES_VARIABLE]).open("a", encoding="utf-8") as notes:
        notes.write(line + "\n")


# The comparison


def commands(port: int) -> dict[str, list[str]]:
    """How each server is started: one process where it can do with one, two where it needs them for speed."""
    granian = ["granian", "--host", "127.0.0.1", "--port", str(port), "--no-ws", "--log-level", "error"]
    gunicorn = [
        "gunicorn",
        "--bind",
        f"127.0.0.1:{port}",
        "--log-level",
        "error",
        "--worker-class",
        "gthread",
    ]
    return {
        "uvicorn, ASGI": [
            *(
                "uvicorn",
                "--host",
                "127.0.0.1",
                "--port",
                str(port),
                "--http",
                "httptools",
                "--loop",
                "uvloop",
            ),
            *("--no-access-log", "--log-level", "critical", "servers:asgi"),
        ],
        "granian, ASGI": [*granian, "--interface", "asgi", "--loop", "uvloop", "servers:asgi"],
        "granian, RSGI": [*granian, "--interface", "rsgi", "--loop", "uvloop", "servers:rsgi"],
        "granian, WSGI": [*granian, "--interface", "wsgi", "--blocking-threads", "8", "servers:wsgi"],
        "gunicorn, WSGI, 8 threads": [*gunicorn, "--workers", "1", "--threads", "8", "servers:wsgi"],
        "gunicorn, WSGI, 2 x 4 threads": [*gunicorn, "--workers", "2", "--threads", "4", "servers:wsgi"],
        "waitress, WSGI, 8 threads": [
            # The look-ahead is what lets the application ask whether its client is still there.
            *("waitress-serve", f"--listen=127.0.0.1:{port}", "--threads=8", "--channel-request-lookahead=1"),
            "servers:wsgi",
        ],
    }


def compare(folder: Path, seconds: int) -> list[str]:
    """A table of the servers."""
    lines = [
        "| server | requests/s | p50 ms | p99 ms | broken | left | slow | half a request |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    halves = _half_requests(folder)
    for name in commands(0):
        notes = folder / (name.replace(", ", "-").replace(" ", "_") + ".notes")
        with _running(name, notes) as port:
            speed = _speed(port, seconds)
            cells = [name, *speed, _broken(port), _leaves(port, notes), _reads_nothing(port, notes)]
        cells.append(halves[name])
        lines.append("| " + " | ".join(cells) + " |")
        print(lines[-1], file=sys.stderr)
    return lines


@contextlib.contextmanager
def _running(name: str, notes: Path) -> Iterator[int]:
    port = _free_port()
    command = commands(port)[name]
    program = shutil.which(command[0]) or str(Path(sys.executable).parent / command[0])
    environment = {**os.environ, NOTES_VARIABLE: str(notes), "PYTHONPATH": str(HERE)}
    environment.pop("PYTHONSAFEPATH", None)
    with Path(notes).with_suffix(".log").open("wb") as log:
        # A group of its own: some servers fork, and the forks must end with them.
        server = subprocess.Popen(
            [program, *command[1:]], cwd=HERE, env=environment, stdout=log, stderr=log, start_new_session=True
        )
        try:
            _wait_until_it_listens(port)
            yield port
        finally:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def _speed(port: int, seconds: int) -> list[str]:
    """Requests a second, and the median and the 99th percentile of the time for an answer, by wrk."""
    command = ["wrk", "-t1", "-c8", f"-d{seconds}s", "--latency", f"http://127.0.0.1:{port}/small"]
    subprocess.run([*command[:3], "-d1s", command[-1]], check=True, capture_output=True)
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = re.search(r"50%\s+(\S+).*99%\s+(\S+).*Requests/sec:\s+([\d.]+)", output, re.DOTALL)
    if found is None or "Non-2xx" in output:
        raise SystemExit(f"wrk: no speed in its output, or errors:\n{output}")
    median, slowest, rate = found.groups()
    return [f"{float(rate):,.0f}", *(f"{milliseconds(time_):.2f}" for time_ in (median, slowest))]


def milliseconds(time_: str) -> float:
    """A time as wrk prints it, in milliseconds.

    >>> milliseconds("640.00us"), milliseconds("1.20s")
    (0.64, 1200.0)
    """
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s|m)", time_).groups()  # type: ignore[union-attr]
    return float(number) * {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}[unit]


def _broken(port: int) -> str:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(b"GET /broken HTTP/1.1\r\nHost: localhost\r\n\r\n")
        connection.settimeout(3)
        answer = b""
        closed = False
        try:
            while piece := connection.recv(1 << 20):
                answer += piece
                if answer.endswith(b"\r\n0\r\n\r\n"):
                    break
            closed = not answer.endswith(b"\r\n0\r\n\r\n")
        except TimeoutError:
            return f"HANGS, open after 3 s without a final chunk ({len(answer):,} bytes came)"
        except ConnectionResetError:
            return f"seen: connection reset ({len(answer):,} bytes came)"
    if b"transfer-encoding: chunked" not in answer[:1000].lower():
        return f"not chunked: {answer[:60]!r}"
    return (
        f"seen: closed without a final chunk ({len(answer):,} bytes came)"
        if closed
        else "NOT SEEN: final chunk sent"
    )


def _leaves(port: int, notes: Path) -> str:
    """What the application notes when a client leaves 0.5 s after its request."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(b"GET /left HTTP/1.1\r\nHost: localhost\r\n\r\n")
        time.sleep(0.5)
    time.sleep(WAIT_SECONDS + 0.5)
    found = re.search(r"left after ([\d.]+)", notes.read_text() if notes.exists() else "")
    return f"told {float(found[1]) - 0.5:.2f} s later" if found else "NOT told"


def _reads_nothing(port: int, notes: Path) -> str:
    """How much the application could send before it had to wait."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
    with connection:
        connection.connect(("127.0.0.1", port))
        connection.sendall(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n")
        time.sleep(4)
        taken = len(re.findall(r"^taken", notes.read_text() if notes.exists() else "", re.MULTILINE))
    megabytes = taken * len(PIECE) / 1e6
    return (
        f"NEVER waits: takes all {megabytes:.0f} MB"
        if taken == SLOW_PIECES
        else f"waits after {megabytes:.1f} MB"
    )


def _half_requests(folder: Path) -> dict[str, str]:
    """When each server closes a connection on which only half a request came; all are asked at the same time."""
    with contextlib.ExitStack() as stack:
        waiting = {}
        for name in commands(0):
            port = stack.enter_context(_running(name, folder / "half.notes"))
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
            connection.sendall(b"GET /small HTTP/1.1\r\nHost: localhost\r\nX-Half")
            waiting[connection] = name
        closed = dict.fromkeys(commands(0), f"open after {HALF_SECONDS:.0f} s")
        began = time.perf_counter()
        while waiting and (left := HALF_SECONDS - (time.perf_counter() - began)) > 0:
            for connection in select.select(list(waiting), [], [], left)[0]:
                with contextlib.suppress(ConnectionResetError):
                    if connection.recv(1000):
                        continue
                closed[waiting.pop(connection)] = f"closed after {time.perf_counter() - began:.0f} s"
        return closed


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_it_listens(port: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.1)
    raise SystemExit(f"nothing listens on port {port} after 20 s")


def main() -> None:
    """Compare the servers and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path, help="an empty folder for notes and logs")
    parser.add_argument("--seconds", type=int, default=6, help="how long each server is asked for speed")
    options = parser.parse_args()
    versions = ", ".join(
        f"{name} {metadata.version(name)}"
        for name in ("uvicorn", "httptools", "uvloop", "granian", "gunicorn", "waitress")
    )
    print(versions, "", *compare(options.folder.resolve(), options.seconds), sep="\n")


if __name__ == "__main__":
    main()
