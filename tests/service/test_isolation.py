"""A process that is cut off the network makes no connections, and does all else."""

import json
import socket
import subprocess
import sys

import pytest

from impckg.service.pool import isolation

# What a process tries before and after it is cut off. It prints what went wrong with each attempt, or null.
ATTEMPTS = r"""
import json, os, pathlib, socket, sys, tempfile, threading
import pyoxigraph as ox
from impckg.service.pool.isolation import cut_network

allowed, other = json.loads(sys.argv[1]), json.loads(sys.argv[2])
cut = cut_network() if allowed is None else cut_network(but_port=allowed)

def connect(port, *kind):
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, *kind) as client:
        client.connect(("127.0.0.1", port))

def ask(port):
    ox.Store().query("ASK { SERVICE <http://127.0.0.1:%d/> { ?s ?p ?o } }" % port)

def in_child(work):
    child = os.fork()
    if child == 0:
        try:
            work()
        except OSError:
            os._exit(1)
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        raise OSError("the child could not, either")

def in_thread(work):
    problems = []
    def run():
        try:
            work()
        except OSError as error:
            problems.append(error)
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if problems:
        raise problems[0]

def use_a_store():
    with tempfile.TemporaryDirectory() as folder:
        store = ox.Store(folder)
        store.add(ox.Quad(ox.NamedNode("urn:a"), ox.NamedNode("urn:b"), ox.Literal("c")))
        store.flush()
        del store
        assert len(ox.Store.read_only(folder)) == 1

def talk_to_ourselves():
    ours, theirs = socket.socketpair()
    ours.sendall(b"x")
    assert theirs.recv(1) == b"x"

def loosen():
    cut_network(but_port=other)
    connect(other)

attempts = {
    "connect": lambda: connect(other),
    "connect in a thread": lambda: in_thread(lambda: connect(other)),
    "connect in a child": lambda: in_child(lambda: connect(other)),
    "connect by another protocol": lambda: connect(other, 262),
    "connect by IPv6": lambda: socket.create_connection(("::1", other)),
    "listen": lambda: socket.create_server(("127.0.0.1", 0)),
    "datagram": lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM),
    "raw": lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP),
    "packet": lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW),
    "netlink": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW),
    "virtual machine": lambda: socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM),
    "resolve": lambda: socket.getaddrinfo("localhost.invalid", 80),
    "SERVICE": lambda: ask(other),
    "use a store": use_a_store,
    "talk to ourselves": talk_to_ourselves,
}
if allowed is not None:
    attempts["connect to what is allowed"] = lambda: connect(allowed)
    attempts["SERVICE to what is allowed"] = lambda: ask(allowed)
# What is cut once more is cut more, so this comes last.
attempts["loosen"] = loosen
found = {}
for name, attempt in attempts.items():
    try:
        attempt()
        found[name] = None
    except OSError as error:
        found[name] = str(error)
    except RuntimeError as error:
        found[name] = None if "Content-Type" in str(error) else str(error)
print(json.dumps([cut, found]))
"""
HARMLESS = {
    "use a store",
    "talk to ourselves",
    "connect to what is allowed",
    "SERVICE to what is allowed",
}


@pytest.fixture
def listener():
    """A port where somebody listens who never answers."""
    with socket.create_server(("127.0.0.1", 0)) as heard:
        yield heard.getsockname()[1]


@pytest.fixture
def web_page():
    """A port that answers every connection with a page."""
    page = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    code = (
        "import socket\n"
        "server = socket.create_server(('127.0.0.1', 0))\n"
        "print(server.getsockname()[1], flush=True)\n"
        "while True:\n"
        "    client = server.accept()[0]\n"
        f"    if client.recv(65536): client.sendall({page!r})\n"
        "    client.close()\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    yield int(process.stdout.readline())
    process.kill()
    process.communicate()


def attempts(allowed: int | None, other: int) -> tuple[bool, dict[str, str | None]]:
    done = subprocess.run(
        [sys.executable, "-c", ATTEMPTS, json.dumps(allowed), json.dumps(other)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    cut, found = json.loads(done.stdout)
    return cut, found


def test_a_process_that_is_cut_off_reaches_nobody_and_its_store(listener):
    cut, found = attempts(None, listener)

    if not cut:
        pytest.skip("this system has no means to cut a process off the network")
    assert {name for name, problem in found.items() if problem is None} == HARMLESS & found.keys()
    assert "Permission denied" in str(found["SERVICE"])


def test_a_process_with_a_port_left_reaches_that_port_only(listener, web_page):
    cut, found = attempts(web_page, listener)

    if not cut:
        pytest.skip("this system cannot limit a process to one port (Landlock, Linux 6.7)")
    assert {name for name, problem in found.items() if problem is None} == HARMLESS


@pytest.mark.parametrize(("system", "processor"), [("darwin", "arm64"), ("linux", "riscv64")])
def test_where_there_are_no_means_nothing_is_claimed(monkeypatch, system, processor):
    monkeypatch.setattr(isolation.sys, "platform", system)
    monkeypatch.setattr(isolation.platform, "machine", lambda: processor)

    assert isolation.cut_network() is False
