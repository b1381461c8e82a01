"""SERVICE asks whom it may ask, says what went wrong, and can be led nowhere else."""

import asyncio
import errno
import json
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impckg.graph.identifiers import namespaces
from impckg.service.errors import RefusedQuery
from impckg.service.federation.call import CallLimits
from impckg.service.federation.endpoints import AllowList, BadEndpoint, refusal
from impckg.service.federation.forwarder import Forwarder
from impckg.service.federation.rewriting import original_place, rewrite

from .conftest import whatever_is_looked_for

JSON = "application/sparql-results+json"
ONE_ROW = b'{"head":{"vars":["x"]},"results":{"bindings":[{"x":{"type":"literal","value":"far"}}]}}'
ADDRESS = "http://127.0.0.1:1/secret/0123456789abcdef"
UNIPROT = "https://sparql.uniprot.org/sparql"
WIKIDATA = "https://query.wikidata.org/sparql"
ALLOWED = AllowList.of([UNIPROT, WIKIDATA])

Reply = tuple[int, dict[str, str], bytes]


class Endpoints:
    """Endpoints on a port of this machine, told apart by Host: stores that are asked, or replies that are given.

    `asked` has the host, the headers and the query of each request.
    """

    def __init__(self) -> None:
        self.stores: dict[str, ox.Store] = {}
        self.replies: dict[str, Callable[[], Reply]] = {}
        self.asked: list[tuple[str, dict[str, str], str]] = []
        endpoints = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                query = self.rfile.read(int(self.headers["Content-Length"])).decode()
                # An endpoint that is asked by another has its name in the path, since no name server knows it.
                by_path = re.match(r"/([a-z0-9.]+)/", self.path)
                host = by_path[1] if by_path else self.headers["Host"].partition(":")[0]
                endpoints.asked.append((host, dict(self.headers), query))
                status, headers, body = endpoints.reply(host, query)
                self.send_response(status)
                if "Transfer-Encoding" not in headers:
                    headers = {"Content-Length": str(len(body)), **headers}
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST  # noqa: N815 - what http.server looks for

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port

    def iri(self, host: str = "endpoint.example") -> str:
        return f"http://{host}:{self.port}/sparql"

    def reply(self, host: str, query: str) -> Reply:
        if host in self.replies:
            return self.replies[host]()
        if host not in self.stores:
            return 404, {}, b""
        local = re.sub(rf"http://([a-z0-9.]+):{self.port}/", rf"http://127.0.0.1:{self.port}/\1/", query)
        found = self.stores[host].query(local)
        assert isinstance(found, ox.QuerySolutions)
        return 200, {"Content-Type": JSON}, found.serialize(format=ox.QueryResultsFormat.JSON)

    def hosts(self) -> list[str]:
        return [host for host, _, _ in self.asked]


@pytest.fixture
def endpoints() -> Iterator[Endpoints]:
    served = Endpoints()
    thread = threading.Thread(target=served.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield served
    served.server.shutdown()
    thread.join()
    served.server.server_close()


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    running = asyncio.new_event_loop()
    thread = threading.Thread(target=running.run_forever)
    thread.start()
    yield running
    running.call_soon_threadsafe(running.stop)
    thread.join()
    running.close()


async def to_loopback(host: str, port: int) -> Sequence[str]:
    if "invalid" in host:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    return ["127.0.0.1"]


class Service:
    """A store whose queries go through the rewriting and the forwarder, as in the service."""

    def __init__(self, loop: asyncio.AbstractEventLoop, forwarder: Forwarder, allowed: AllowList) -> None:
        self.store = ox.Store()
        self.forwarder = forwarder
        self.allowed = allowed
        self._loop = loop
        self.base = self._run(forwarder.start())

    def _run(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def stop(self) -> None:
        self._run(self.forwarder.stop())

    def rows(self, query: str) -> list[dict[str, str]]:
        """The rows of a SELECT. Raises Failed where the engine fails, or would have if it were right."""
        address = self.forwarder.open_query()
        try:
            # No name for what is found: a traceback would keep it, and it must not end in another thread.
            answer = self.store.query(rewrite(query, self.allowed, address), prefixes=namespaces()).serialize(
                format=ox.QueryResultsFormat.JSON
            )
        except (OSError, RuntimeError) as error:
            self.forwarder.close_query(address)
            raise Failed(self.forwarder.explain(str(error))) from error
        except RefusedQuery:
            self.forwarder.close_query(address)
            raise
        failure = self.forwarder.close_query(address)
        if failure is not None:
            raise Failed(failure)
        return [
            {name: term["value"] for name, term in row.items()}
            for row in json.loads(answer)["results"]["bindings"]
        ]


class Failed(Exception):
    """What the client is told."""


@pytest.fixture
def serve(loop) -> Iterator[Callable[..., Service]]:
    services: list[Service] = []

    def start(iris: Sequence[str], allow_private: bool = True, **options) -> Service:
        allowed = AllowList.of(iris, allow_private=allow_private)
        options.setdefault("resolve", to_loopback)
        services.append(Service(loop, Forwarder(allowed, **options), allowed))
        return services[-1]

    yield start
    for service in services:
        service.stop()


@pytest.fixture
def service(serve, endpoints) -> Service:
    """A service that may ask one endpoint, which answers with one row."""
    endpoints.replies["endpoint.example"] = lambda: (200, {"Content-Type": JSON}, ONE_ROW)
    return serve([endpoints.iri()])


# What may be on the list


@pytest.mark.parametrize(
    ("iri", "host", "port", "authority", "target"),
    [
        (UNIPROT, "sparql.uniprot.org", 443, "sparql.uniprot.org", "/sparql"),
        ("http://example.org", "example.org", 80, "example.org", "/"),
        ("http://EXAMPLE.org:8080/a?b=c", "example.org", 8080, "example.org:8080", "/a?b=c"),
        ("https://8.8.8.8/", "8.8.8.8", 443, "8.8.8.8", "/"),
        ("https://[2606:4700::1111]:444/q", "2606:4700::1111", 444, "[2606:4700::1111]:444", "/q"),
        ("http://xn--mller-kva.example/", "xn--mller-kva.example", 80, "xn--mller-kva.example", "/"),
    ],
)
def test_an_endpoint_is_asked_at_its_address(iri, host, port, authority, target):
    endpoint = AllowList.of([iri]).endpoints[0]

    assert (endpoint.host, endpoint.port, endpoint.authority, endpoint.target) == (
        host,
        port,
        authority,
        target,
    )


@pytest.mark.parametrize(
    "iri",
    [
        *(
            "",
            "sparql",
            "//example.org/",
            "ftp://example.org/",
            "file:///etc/passwd",
            "gopher://example.org/",
        ),
        *(
            "unix:///run/docker.sock",
            "jar:http://example.org/",
            "javascript://example.org/",
            "http:///sparql",
        ),
        *("http://user@example.org/", "http://user:word@example.org/", "http://example.org@127.0.0.1/"),
        *(
            "http://example.org:0/",
            "http://example.org:99999/",
            "http://example.org:x/",
            "http://example.org/#a",
        ),
        *("http://example.org./", "http://example..org/", "http://.example.org/", "http://-a.example.org/"),
        *(
            "http://ex ample.org/",
            "http://example.org/\r\nHost: a",
            "http://exämple.org/",
            "http://example.org/\x00",
        ),
        *("http://example.org\\@127.0.0.1/", "http://%31%32%37.0.0.1/", "http://127.0.0.1%2f@example.org/"),
        *("http://①②⑦.0.0.1/", "http://127。0。0。1/", f"http://{'a' * 64}.org/", f"http://{'a.' * 127}org/"),
    ],
)
def test_what_is_no_endpoint_is_not_listed(iri):
    with pytest.raises(BadEndpoint):
        AllowList.of([iri])


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "LOCALHOST", "a.localhost", "ip6-localhost", "127.0.0.1", "127.255.255.254", "[::1]"),
        *(
            "2130706433",
            "0x7f000001",
            "0x7f.0.0.1",
            "0177.0.0.1",
            "127.1",
            "127.0.1",
            "017700000001",
            "0",
            "0x",
        ),
        *(
            "0.0.0.0",
            "[::]",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "100.64.0.1",
            "100.127.1.1",
        ),
        *("169.254.169.254", "[fe80::1]", "[fe80::1%25eth0]", "[fd00:ec2::254]", "[fc00::1]", "[fec0::1]"),
        *("[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b:1::1]"),
        *(
            "[2002:7f00:1::]",
            "[2001:0:7f00:1::]",
            "[2001:db8::1]",
            "[ff02::1]",
            "[100::1]",
            "[4000::1]",
            "[3fff::1]",
        ),
        *(
            "224.0.0.1",
            "239.255.255.250",
            "255.255.255.255",
            "240.0.0.1",
            "192.0.0.1",
            "192.0.2.1",
            "198.18.0.1",
        ),
        *(
            "198.51.100.1",
            "203.0.113.1",
            "192.88.99.1",
            "0.1.2.3",
            "1.2.3.4.5",
            "1.2.3",
            "256.1.1.1",
            "a.0x7f",
        ),
    ],
)
def test_what_is_no_public_address_is_not_listed(host):
    with pytest.raises(BadEndpoint):
        AllowList.of([f"http://{host}/sparql"])


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.1.2.3", "192.168.0.1", "::1", "fd12::1", "::ffff:10.0.0.1"]
)
def test_a_private_address_may_be_allowed(address):
    assert refusal(address, allow_private=True) is None
    assert refusal(address, allow_private=False) == f"{address} is a private address"


@pytest.mark.parametrize(
    "address", ["169.254.169.254", "fe80::1", "0.0.0.0", "::", "224.0.0.1", "100.64.0.1"]
)
def test_link_local_addresses_are_never_allowed(address):
    assert refusal(address, allow_private=True) == f"{address} is not a public address"


# What the rewriting does with a query


def test_a_query_without_service_stays_as_it_is():
    query = "SELECT * { ?s ?p 'x' } # nothing here"

    assert rewrite(query, ALLOWED, ADDRESS) is query


@pytest.mark.parametrize(
    ("clause", "rewritten"),
    [
        (f"SERVICE <{UNIPROT}> {{ }}", f"SERVICE <{ADDRESS}/0> {{ }}"),
        (f"service<{WIKIDATA}>{{}}", f"service<{ADDRESS}/1>{{}}"),
        (f"SERVICE Silent <{UNIPROT}> {{ }}", f"SERVICE Silent <{ADDRESS}/0/silent> {{ }}"),
        ("SERVICE up:sparql { }", f"SERVICE <{ADDRESS}/0> {{ }}"),
        ("SERVICE up:sp\\arql { }", f"SERVICE <{ADDRESS}/0> {{ }}"),
        (
            f"SERVICE # <http://a.example/>\n<{UNIPROT}> {{ }}",
            f"SERVICE # <http://a.example/>\n<{ADDRESS}/0> {{ }}",
        ),
        (
            f"SERVICE <{UNIPROT}> {{ SERVICE SILENT <{WIKIDATA}> {{ }} }}",
            f"SERVICE <{ADDRESS}/0> {{ SERVICE SILENT <{ADDRESS}/1/silent> {{ }} }}",
        ),
    ],
)
def test_service_is_led_to_the_forwarder(clause, rewritten):
    head = "PREFIX up: <http://a.example/> PREFIX up: <https://sparql.uniprot.org/> SELECT * { "

    assert rewrite(f"{head}{clause} }}", ALLOWED, ADDRESS) == f"{head}{rewritten} }}"


@pytest.mark.parametrize(
    "text",
    [
        "?s <http://example.org/service> 'SERVICE <http://a.example/>'",
        "?service a sd:Service",
        "?s sd:service ?o",
        "# SERVICE <http://a.example/> {}\n",
    ],
)
def test_what_only_looks_like_service_stays_as_it_is(text):
    query = f"SELECT * {{ {text} }}"

    assert rewrite(query, ALLOWED, ADDRESS) == query


@pytest.mark.parametrize(
    "iri",
    [
        "http://a.example/",
        "http://127.0.0.1/",
        "http://sparql.uniprot.org/sparql",
        "https://sparql.uniprot.org/sparql/",
        "https://sparql.uniprot.org/sparql?x",
        "https://sparql.uniprot.org:443/sparql",
        "https://sparql.uniprot.org@a.example/sparql",
        "https://SPARQL.uniprot.org/sparql",
        "https://sparql.uniprot.org/a/../sparql",
        "https://sparql.uniprot.org/sparq\\u006C",
        "https://sparql.uniprot.org.a.example/sparql",
        ADDRESS + "/0",
    ],
)
@pytest.mark.parametrize("silent", ["", "SILENT "])
def test_an_endpoint_that_is_not_listed_is_refused_and_the_message_names_those_that_are(iri, silent):
    with pytest.raises(RefusedQuery, match=rf"may not ask .* \(line 2, column .*: <{UNIPROT}>, <{WIKIDATA}>"):
        rewrite(f"SELECT * {{\nSERVICE {silent}<{iri}> {{ }} }}", ALLOWED, ADDRESS)


@pytest.mark.parametrize("silent", ["", "SILENT "])
def test_where_nobody_is_listed_nobody_may_be_asked(silent):
    with pytest.raises(RefusedQuery, match="may ask here: none"):
        rewrite(f"SELECT * {{ SERVICE {silent}<{UNIPROT}> {{ }} }}", AllowList.of([]), ADDRESS)


ODD = [
    *("SERVICE {}", "SERVICE", "SERVICE SILENT", "SERVICE SILENT {}", "SERVICE SERVICE <OK> {}"),
    *(
        "SERVICE <OK>",
        "SERVICE <OK> <OK> {}",
        "SERVICE <OK> { {",
        "SERVICE <sparql> {}",
        "SERVICE <urn:a> {}",
    ),
    *("SERVICE ex:x {}", "SERVICE unknown:x {}", "SERVICE 'OK' {}", "SERVICE GRAPH <OK> {}", "SERVICE ?v {}"),
    *("SERVICEex:x {}", "SERVICESILENTex:x {}", "service:x {}", "SERVICESILENT <OK> {}", "xSERVICE <OK> {}"),
    *("SERVICE <OK#'> {}", "SERVICE <OK\n> {}", "SERVICE << OK >> {}", "?s ?p ex:.SERVICE <BAD> {}"),
    *(
        "?s ?p ex:-SERVICE <BAD> {}",
        "?s ?p :.SERVICE<BAD>{}",
        "?s ?p ex:a.SERVICE <BAD> {}",
        "?s ?p ex:.service:x{}",
    ),
    *("?s ?p 'a'@en--ltrSERVICE <BAD> {}", "?s ?p ex:\\.SERVICE <BAD> {}", "?s ?p ex:%SERVICE <BAD> {}"),
    *(
        "ſERVICE <BAD> {}",
        "SERVICE\x00<OK> {}",
        "SERVICE\u2028SILENT\u00a0ex:x {}",
        "SERVICE <OK> {} SERVICE <BAD> {}",
    ),
    *(
        "SERVICE <OK> { SERVICE <BAD> {} }",
        "SERVICE <OK> { SERVICE ?v {} }",
        "SERVICE $v { }",
        "BIND(SERVICE AS ?x)",
    ),
]


@pytest.mark.parametrize("clause", ODD)
def test_a_service_that_is_not_plain_to_see_is_refused(clause):
    clause = clause.replace("OK", UNIPROT).replace("BAD", "http://a.example/")
    with pytest.raises(RefusedQuery):
        rewrite(
            f"PREFIX ex: <http://a.example/> PREFIX : <http://a.example/> SELECT * {{ {clause} }}",
            ALLOWED,
            ADDRESS,
        )


def test_clauses_do_not_multiply_without_end():
    query = "SELECT * { ?a ?b ?v . " + "SERVICE ?v { ?s ?p ?o } " * 20 + "}"

    with pytest.raises(RefusedQuery, match="more than 64 SERVICE clauses"):
        rewrite(query, ALLOWED, ADDRESS)


def test_a_query_does_not_grow_without_end():
    query = f"SELECT * {{ ?a ?b ?v . SERVICE ?v {{ ?s ?p '{'long' * 200_000}' }} }}"

    with pytest.raises(RefusedQuery, match="characters once SERVICE"):
        rewrite(query, ALLOWED, ADDRESS)


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("SELECT * { SERVICE ?v { ?s ?p ?o } }", "behind it"),
        ("SELECT * { SERVICE ?v { ?s ?p ?o } ?x ?y ?v }", "behind it"),
        ("SELECT * { ?x ?y ?v OPTIONAL { SERVICE ?v { ?s ?p ?o } } }", "behind it"),
        ("SELECT * { ?x ?y ?v { SERVICE ?v { ?s ?p ?o } } }", "behind it"),
        (f"SELECT * {{ ?x ?y ?v SERVICE <{UNIPROT}> {{ ?v a ?t SERVICE ?v {{ }} }} }}", "within another"),
        ("SELECT * { ?x ?y ?v SERVICE ?v { ?v a ?t SERVICE ?v { ?s ?p ?o } } }", "within another"),
    ],
)
def test_a_variable_that_could_hide_an_endpoint_is_refused(query, reason):
    with pytest.raises(RefusedQuery, match=reason):
        rewrite(query, ALLOWED, ADDRESS)


def test_a_variable_is_refused_where_the_list_is_long():
    allowed = AllowList.of([f"https://e{number}.example/" for number in range(31)])

    with pytest.raises(RefusedQuery, match="could mean any of 31 endpoints"):
        rewrite("SELECT * { ?x ?y ?v SERVICE ?v { ?s ?p ?o } }", allowed, ADDRESS)


def test_a_place_in_the_rewritten_query_is_found_in_the_original():
    query = (
        f"SELECT *\n{{ ?x ?y ?v SERVICE <{UNIPROT}> {{ ?a ?b ?c }} here\nSERVICE ?v {{ ?s ?p ?there }} end }}"
    )
    lines = rewrite(query, ALLOWED, ADDRESS).split("\n")

    for word in ("SELECT", "?x", "here", "?there", "end"):
        line = next(number for number, line in enumerate(lines) if word in line)
        expected = next(number for number, line in enumerate(query.split("\n")) if word in line)
        found = original_place(query, ALLOWED, ADDRESS, line + 1, lines[line].index(word) + 1)
        assert found == (expected + 1, query.split("\n")[expected].index(word) + 1)


# Nothing that passes makes the engine call anybody else. Pieces are SPARQL, or nearly, and chosen to bring a reader
# out of step with the engine. The triple patterns among them find something, or the engine would not go on to calls.

BEFORE = (
    *(
        "?x ex:p ex:a\\#b .",
        "?x ex:p ex:a\\'b .",
        "?x ex:p 'it\\'s' .",
        "?x ex:p 5",
        "?x ex:p 'a'",
        "?x ex:p ex:.",
    ),
    *(
        "?x ex:p <http://a/it's#x> .",
        "?x ex:p <urn:it's#x> .",
        "?x ex:p :.",
        "FILTER(?a<?b#>'\n)",
        "?x ex:p _:a.",
    ),
    *("FILTER(?a<?b#>'''\n)", "FILTER(?a<?b&&?c='>')", "FILTER(1<<http://a/>)", "FILTER(?a<?b)FILTER(?c>?d)"),
    *(
        "# '\n",
        "# '''\n",
        '# "\n',
        "#<\n",
        "#\f",
        "#\r",
        " ",
        "{}",
        "OPTIONAL{",
        "}",
        "FILTER(1<2#>\n)",
        "?x ex:p 1.",
    ),
    *(
        'VALUES ?x {""" "}',
        "VALUES ?x {''' '}",
        "VALUES ?x {''}",
        "BIND('>' AS ?x)",
        "?x ex:p 'a'@en",
        "?x ex:p ex:a-",
    ),
    *(
        "?x ex:p 'a'@en--ltr",
        "VALUES ?v {<BAD>}",
        "?a ?b ?v .",
        "LATERAL{",
        "FILTER EXISTS{",
        "?x ex:p ex:%41.",
        "ex:",
    ),
)
CALLS = (
    *(
        "SERVICE <OK> {?a ?b ?c}",
        "SERVICE SILENT<OK>{?a ?b ?c}",
        "SERVICE ok:a{?a ?b ?c}",
        "SERVICE ?v {?a ?b ?c}",
    ),
    *("SERVICE ex:x {?a ?b ?c}", "service:x{?a ?b ?c}", "SERVICEex:x{?a ?b ?c}", "SERVICE:x#>\n{?a ?b ?c}"),
    *("SERVICE<BAD>{?a ?b ?c}", "SERVICE <OK>{SERVICE <BAD> {?a ?b ?c}}", "SERVICE#<OK>{}\n<BAD>{?a ?b ?c}"),
    *(
        "PREFIX ok: <BAD>",
        "SERVICESILENT<BAD>{?a ?b ?c}",
        "SERVICE ok:a.SERVICE<BAD>{?a ?b ?c}",
        ".SERVICE<BAD>{?a ?b ?c}",
    ),
    *(
        "SERVICE silentex:x{?a ?b ?c}",
        "SERVICE <OK> {?a ?b ex:.SERVICE<BAD>{?a ?b ?c}}",
        "SERVICE ?v{?v ?b ?v}",
    ),
)
BEHIND = (
    "",
    "#'",
    "#'''",
    "#>",
    "}",
    "}}",
    "FILTER(1>2)",
    '#"',
    "?x ex:p '>' ",
    "\n",
    "}#'",
    "'''",
    "SERVICE <OK> {}",
)


@pytest.fixture(scope="module")
def two_listeners():
    """An address that may be asked and answers nothing, and one that must not be; the second counts its visitors."""
    visitors: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            visitors.append(self.path)
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Type", JSON)
            self.end_headers()
            self.wfile.write(b'{"head":{"vars":[]},"results":{"bindings":[{}]}}')

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", visitors
    server.shutdown()
    thread.join()
    server.server_close()


@settings(max_examples=800, deadline=None)
@given(
    st.lists(st.sampled_from(BEFORE), max_size=3).map("".join),
    st.lists(st.sampled_from(CALLS), min_size=1, max_size=2).map("".join),
    st.lists(st.sampled_from(BEHIND), max_size=3).map("".join),
)
def test_whatever_passes_makes_the_engine_call_nobody_but_the_forwarder(two_listeners, before, calls, behind):
    address, visitors = two_listeners
    visitors.clear()
    bad = f"{address}/bad/"
    prologue = f"PREFIX ex: <{bad}> PREFIX : <{bad}> PREFIX ok: <{UNIPROT[:-6]}> "
    query = (
        (prologue + "SELECT * { " + before + calls + behind + "}").replace("OK", UNIPROT).replace("BAD", bad)
    )
    try:
        rewritten = rewrite(query, ALLOWED, f"{address}/ok")
    except RefusedQuery:
        return
    try:
        for _ in whatever_is_looked_for(bad).query(rewritten):
            pass
    except (SyntaxError, RuntimeError):
        pass

    assert not [path for path in visitors if not path.startswith("/ok/")]


# What reaches an endpoint, and what comes back


def test_an_endpoint_is_asked_by_its_name_and_without_anything_of_the_client(service, endpoints):
    rows = service.rows(f"SELECT * {{ SERVICE <{endpoints.iri()}> {{ ?s <http://e/p> ?x }} }}")

    assert rows == [{"x": "far"}]
    [(_, headers, query)] = endpoints.asked
    assert query == "SELECT * WHERE { ?s <http://e/p> ?x . }"
    assert headers.pop("User-Agent").startswith("impckg/")
    assert headers == {
        "Host": f"endpoint.example:{endpoints.port}",
        "Accept": "application/sparql-results+json, application/sparql-results+xml;q=0.9",
        "Accept-Encoding": "identity",
        "Content-Type": "application/sparql-query",
        "Content-Length": str(len(query)),
        "Connection": "close",
    }


@pytest.mark.parametrize("variable", ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"])
def test_proxies_of_the_environment_are_not_used(service, endpoints, monkeypatch, variable):
    monkeypatch.setenv(variable, "http://127.0.0.1:1/")

    assert service.rows(f"SELECT * {{ SERVICE <{endpoints.iri()}> {{ ?s ?p ?x }} }}") == [{"x": "far"}]


def test_an_endpoint_within_an_endpoint_is_named_by_its_own_iri(serve, endpoints):
    endpoints.replies["one.example"] = lambda: (200, {"Content-Type": JSON}, ONE_ROW)
    one, two = endpoints.iri("one.example"), endpoints.iri("two.example")
    service = serve([one, two])

    service.rows(
        f"SELECT * {{ SERVICE <{one}> {{ ?s ?p ?x SERVICE SILENT <{two}> {{ ?x ?y 'SERVICE' }} }} }}"
    )

    [(_, _, query)] = endpoints.asked
    assert query == f'SELECT * WHERE {{ ?s ?p ?x . SERVICE SILENT <{two}> {{ ?x ?y "SERVICE" . }} }}'


@pytest.mark.parametrize("content_type", [JSON, "application/json; charset=utf-8", "Application/JSON"])
def test_json_is_read_by_any_of_its_names(service, endpoints, content_type):
    endpoints.replies["endpoint.example"] = lambda: (200, {"Content-Type": content_type}, ONE_ROW)

    assert service.rows(f"SELECT * {{ SERVICE <{endpoints.iri()}> {{ ?s ?p ?x }} }}") == [{"x": "far"}]


@pytest.mark.parametrize(
    "content_type", ["application/sparql-results+xml", "text/xml", "application/xml;a=b"]
)
def test_xml_is_read_by_any_of_its_names(service, endpoints, content_type):
    xml = (
        b'<sparql xmlns="http://www.w3.org/2005/sparql-results#"><head><variable name="x"/></head><results>'
        b'<result><binding name="x"><literal>far</literal></binding></result></results></sparql>'
    )
    endpoints.replies["endpoint.example"] = lambda: (200, {"Content-Type": content_type}, xml)

    assert service.rows(f"SELECT * {{ SERVICE <{endpoints.iri()}> {{ ?s ?p ?x }} }}") == [{"x": "far"}]


REPLIES = [
    (
        (500, {"Content-Type": "text/plain"}, b"out of\n order\x00"),
        "answers 500 Internal Server Error: out of order",
    ),
    ((400, {"Content-Type": "text/html"}, b"<h1>no</h1>"), "answers 400 Bad Request"),
    ((429, {}, b""), "answers 429 Too Many Requests"),
    ((599, {}, b""), "answers 599"),
    ((204, {}, b""), "answers 204 No Content"),
    (
        (200, {"Content-Type": "text/html"}, b"<html>"),
        "answers with text/html; expected SPARQL results in JSON or XML",
    ),
    ((200, {}, ONE_ROW), "answers with nothing that it names; expected"),
    ((200, {"Content-Type": JSON, "Content-Encoding": "gzip"}, b"\x1f\x8b"), "packs its answer"),
    ((200, {"Content-Type": JSON, "Content-Length": "999"}, ONE_ROW), "broke off or does not speak HTTP"),
    (
        (200, {"Content-Type": JSON, "Transfer-Encoding": "chunked"}, b"5\r\n{"),
        "broke off or does not speak HTTP",
    ),
    ((200, {"Content-Type": JSON, "Content-Length": "-1"}, b""), "does not speak HTTP"),
    ((200, {"Content-Type": JSON, "X": "y" * 70_000}, ONE_ROW), "does not speak HTTP"),
    ((200, {"Content-Type": JSON}, b" " * 100_001), "answers with more than 100,000 bytes"),
    *(
        ((status, {"Location": "http://127.0.0.1:1/"}, b""), "sends us elsewhere")
        for status in (301, 302, 303, 307, 308)
    ),
]


@pytest.mark.parametrize(("reply", "message"), REPLIES, ids=lambda value: str(value)[:60])
def test_an_answer_that_is_none_is_an_error_with_the_reason_and_silent_ignores_it(
    serve, endpoints, reply, message
):
    endpoints.replies["endpoint.example"] = lambda: reply
    service = serve([endpoints.iri()], limits=CallLimits(most_bytes=100_000))

    with pytest.raises(Failed) as failed:
        service.rows(f"SELECT * {{ SERVICE <{endpoints.iri()}> {{ ?s ?p ?x }} }}")
    silent = service.rows(
        f"SELECT * {{ BIND('near' AS ?y) SERVICE SILENT <{endpoints.iri()}> {{ ?s ?p ?x }} }}"
    )

    assert str(failed.value).startswith(f"<{endpoints.iri()}> ")
    assert message in str(failed.value)
    assert service.base not in str(failed.value)
    assert silent == [{"y": "near"}]
    assert len(endpoints.asked) == 2


def test_a_redirect_is_not_followed(serve, endpoints):
    other = endpoints.iri("other.example")
    endpoints.replies["endpoint.example"] = lambda: (307, {"Location": other}, b"")
    service = serve([endpoints.iri(), other])

    with pytest.raises(Failed, match="307 Temporary Redirect"):
        service.rows(f"SELECT * {{ SERVICE <{endpoints.iri()}> {{ ?s ?p ?x }} }}")

    assert endpoints.hosts() == ["endpoint.example"]


# Where endpoints are


def test_a_name_that_leads_to_a_private_address_is_not_asked(serve, endpoints):
    service = serve([endpoints.iri()], allow_private=False)

    with pytest.raises(Failed, match=r"is not asked: 127\.0\.0\.1 is a private address"):
        service.rows(f"SELECT * {{ SERVICE <{endpoints.iri()}> {{ ?s ?p ?x }} }}")

    assert endpoints.asked == []


@pytest.mark.parametrize("allow_private", [True, False])
@pytest.mark.parametrize("other", ["169.254.169.254", "::ffff:169.254.169.254", "0.0.0.0", "fe80::1%1"])
def test_a_name_with_one_bad_address_among_others_is_not_asked(serve, endpoints, other, allow_private):
    async def resolve(host: str, port: int) -> Sequence[str]:
        return ["127.0.0.1" if allow_private else "1.1.1.1", other]

    service = serve([endpoints.iri()], allow_private=allow_private, resolve=resolve)

    with pytest.raises(Failed, match="is not a public address"):
        service.rows(f"SELECT * {{ SERVICE <{endpoints.iri()}> {{ ?s ?p ?x }} }}")

    assert endpoints.asked == []


def test_a_name_is_resolved_once_and_the_connection_goes_to_what_was_checked(service, serve, endpoints):
    answers = iter([["127.0.0.1"], ["169.254.169.254"]])

    async def resolve(host: str, port: int) -> Sequence[str]:
        return next(answers)

    service = serve([endpoints.iri()], resolve=resolve)

    assert service.rows(f"SELECT * {{ SERVICE <{endpoints.iri()}> {{ ?s ?p ?x }} }}") == [{"x": "far"}]
    with pytest.raises(Failed, match="169"):
        service.rows(f"SELECT * {{ SERVICE <{endpoints.iri()}> {{ ?s ?p ?x }} }}")


def test_another_address_of_a_name_is_tried_where_nobody_answers_at_the_first(serve, endpoints):
    endpoints.replies["endpoint.example"] = lambda: (200, {"Content-Type": JSON}, ONE_ROW)

    async def resolve(host: str, port: int) -> Sequence[str]:
        return ["127.0.0.2", "127.0.0.1"]

    service = serve([endpoints.iri()], resolve=resolve)

    assert service.rows(f"SELECT * {{ SERVICE <{endpoints.iri()}> {{ ?s ?p ?x }} }}") == [{"x": "far"}]


def test_names_go_to_the_system_by_default(serve, endpoints):
    endpoints.replies["localhost"] = lambda: (200, {"Content-Type": JSON}, ONE_ROW)
    service = serve([endpoints.iri("localhost"), "http://nobody.invalid/"], resolve=None)

    assert service.rows(f"SELECT * {{ SERVICE <{endpoints.iri('localhost')}> {{ ?s ?p ?x }} }}") == [
        {"x": "far"}
    ]


def test_a_name_that_nobody_knows_is_said(serve):
    service = serve(["http://invalid.example/"])

    with pytest.raises(
        Failed, match=r"<http://invalid\.example/> cannot be reached: its name cannot be resolved"
    ):
        service.rows("SELECT * { SERVICE <http://invalid.example/> { ?s ?p ?x } }")


def test_an_endpoint_where_nobody_listens_is_said(serve):
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        iri = f"http://a.example:{unheard.getsockname()[1]}/"

        with pytest.raises(Failed, match=f"<{iri}> cannot be reached: Connection refused"):
            serve([iri]).rows(f"SELECT * {{ SERVICE <{iri}> {{ ?s ?p ?x }} }}")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> Path:
    """A certificate for tls.example, with its key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not there to make a certificate")
    file = tmp_path_factory.mktemp("tls") / "tls.pem"
    key = file.with_suffix(".key")
    arguments = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=tls.example"
    names = ("-addext", "subjectAltName=DNS:tls.example", "-keyout", str(key), "-out", str(file))
    subprocess.run([openssl, *arguments.split(), *names], check=True, capture_output=True)
    return file


def test_a_certificate_must_be_for_the_name_that_was_asked(serve, endpoints, certificate):
    names: list[str | None] = []
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate, certificate.with_suffix(".key"))
    server.sni_callback = lambda _, name, __: names.append(name)
    # Handshakes are made by the threads that answer: one that fails must not end the one that accepts.
    endpoints.server.socket = server.wrap_socket(
        endpoints.server.socket, server_side=True, do_handshake_on_connect=False
    )
    for host in ("tls.example", "other.example"):
        endpoints.replies[host] = lambda: (200, {"Content-Type": JSON}, ONE_ROW)
    endpoints.server.handle_error = lambda *_: None
    right, wrong = (f"https://{host}:{endpoints.port}/sparql" for host in ("tls.example", "other.example"))
    trusting = ssl.create_default_context(cafile=str(certificate))

    assert serve([right], tls=trusting).rows(f"SELECT * {{ SERVICE <{right}> {{ ?s ?p ?x }} }}") == [
        {"x": "far"}
    ]
    with pytest.raises(Failed, match=r"its certificate is not accepted: Hostname mismatch"):
        serve([wrong], tls=trusting).rows(f"SELECT * {{ SERVICE <{wrong}> {{ ?s ?p ?x }} }}")
    with pytest.raises(Failed, match=r"its certificate is not accepted: self"):
        serve([right]).rows(f"SELECT * {{ SERVICE <{right}> {{ ?s ?p ?x }} }}")

    assert names == ["tls.example", "other.example", "tls.example"]
    assert endpoints.hosts() == ["tls.example"]


# Limits


@pytest.fixture
def rude() -> Iterator[Callable[[Sequence[bytes], float], int]]:
    """Starts a server that sends these pieces with pauses between them, the last again and again, and returns its port."""
    listeners: list[socket.socket] = []

    def start(pieces: Sequence[bytes], pause_seconds: float) -> int:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def serve() -> None:
            with listener.accept()[0] as client:
                for number in range(1_000):
                    try:
                        client.sendall(pieces[min(number, len(pieces) - 1)])
                    except OSError:
                        return
                    time.sleep(pause_seconds)

        threading.Thread(target=serve, daemon=True).start()
        return int(listener.getsockname()[1])

    yield start
    for listener in listeners:
        listener.close()


HEAD = f"HTTP/1.1 200 OK\r\nContent-Type: {JSON}\r\n\r\n".encode()


@pytest.mark.parametrize(
    "pieces",
    [
        [b""],
        [b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"],
        [HEAD, b" "],
    ],
    ids=["silence", "a head that drips", "a body that drips"],
)
def test_an_endpoint_that_takes_its_time_is_given_up(serve, rude, pieces):
    iri = f"http://slow.example:{rude(pieces, 0.02)}/"
    service = serve([iri], limits=CallLimits(seconds=0.3))

    with pytest.raises(Failed, match=r"took more than 0\.3 s"):
        service.rows(f"SELECT * {{ SERVICE <{iri}> {{ ?s ?p ?x }} }}")


def test_a_name_server_that_takes_its_time_is_given_up(serve):
    async def resolve(host: str, port: int) -> Sequence[str]:
        await asyncio.sleep(60)
        return []

    service = serve(["http://slow.example/"], limits=CallLimits(seconds=0.1), resolve=resolve)

    with pytest.raises(Failed, match=r"took more than 0\.1 s"):
        service.rows("SELECT * { SERVICE <http://slow.example/> { ?s ?p ?x } }")


@pytest.mark.parametrize(
    ("pieces", "message"),
    [
        ([HEAD, b" " * 65_536], "answers with more than 1,000,000 bytes"),
        ([b"HTTP/1.1 200 OK\r\n", b"X: " + b"y" * 1_000 + b"\r\n"], "does not speak HTTP"),
        ([b"HTTP/1.1 103 Early Hints\r\n\r\n"], "does not come to an answer"),
        ([b"SSH-2.0-OpenSSH_9.2\r\n"], "does not speak HTTP"),
    ],
    ids=["a body", "a head", "promises", "another protocol"],
)
def test_an_endpoint_that_never_ends_is_given_up(serve, rude, pieces, message):
    iri = f"http://rude.example:{rude(pieces, 0)}/"
    service = serve([iri], limits=CallLimits(most_bytes=1_000_000))

    with pytest.raises(Failed, match=message):
        service.rows(f"SELECT * {{ SERVICE <{iri}> {{ ?s ?p ?x }} }}")


def test_an_answer_is_handed_back_whole_however_long(service, endpoints):
    values = b",".join(b'{"x":{"type":"literal","value":"%d"}}' % number for number in range(60_000))
    answer = b'{"head":{"vars":["x"]},"results":{"bindings":[' + values + b"]}}"
    endpoints.replies["endpoint.example"] = lambda: (200, {"Content-Type": JSON}, answer)

    rows = service.rows(
        f"SELECT (COUNT(*) AS ?n) (MAX(xsd:integer(?x)) AS ?m) {{ SERVICE <{endpoints.iri()}> {{ ?s ?p ?x }} }}"
    )

    assert rows == [{"n": "60000", "m": "59999"}]


@pytest.mark.parametrize(
    "clause", ["LATERAL { SERVICE <OK> { ?s ?p ?x } }", "FILTER EXISTS { SERVICE <OK> { ?s ?p ?x } }"]
)
def test_a_query_may_not_ask_again_and_again(serve, endpoints, clause):
    endpoints.replies["endpoint.example"] = lambda: (200, {"Content-Type": JSON}, ONE_ROW)
    service = serve([endpoints.iri()], limits=CallLimits(calls=5))
    query = "SELECT * { VALUES ?n { 1 2 3 4 5 6 7 } " + clause.replace("OK", endpoints.iri()) + " }"

    with pytest.raises(Failed, match="asks other endpoints more than 5 times"):
        service.rows(query)

    assert len(endpoints.asked) == 5
    assert service.rows(f"SELECT * {{ SERVICE <{endpoints.iri()}> {{ ?s ?p ?x }} }}") == [{"x": "far"}]


@pytest.mark.parametrize("clause", ["SERVICE <OK> { ?s ?p ?x }", "OPTIONAL { SERVICE <OK> { ?s ?p ?x } }"])
def test_a_join_asks_once(service, endpoints, clause):
    service.rows("SELECT * { VALUES ?n { 1 2 3 4 5 6 7 } " + clause.replace("OK", endpoints.iri()) + " }")

    assert len(endpoints.asked) == 1


# The engine swallows these errors; the forwarder does not.
@pytest.mark.parametrize("group", ["MINUS", "FILTER EXISTS", "FILTER NOT EXISTS"])
def test_an_error_that_the_engine_swallows_is_an_error_all_the_same(service, endpoints, group):
    endpoints.replies["endpoint.example"] = lambda: (503, {}, b"")
    query = (
        f"SELECT * {{ VALUES ?x {{ 'far' }} {group} {{ SERVICE %s <{endpoints.iri()}> {{ ?s ?p ?x }} }} }}"
    )

    with pytest.raises(Failed, match="answers 503 Service Unavailable"):
        service.rows(query % "")

    service.rows(query % "SILENT")


def test_a_worker_that_is_gone_ends_the_call(service, endpoints, rude, serve):
    port = rude([b""], 0.01)
    service = serve([f"http://slow.example:{port}/"])
    address = service.forwarder.open_query()
    host, _, rest = address.removeprefix("http://").partition("/")
    with socket.create_connection(("127.0.0.1", int(host.partition(":")[2]))) as worker:
        worker.sendall(f"POST /{rest}/0 HTTP/1.1\r\nHost: {host}\r\nContent-Length: 3\r\n\r\nASK".encode())
        time.sleep(0.05)
    deadline = time.monotonic() + 5
    while service.forwarder._connections and time.monotonic() < deadline:
        time.sleep(0.01)

    assert not service.forwarder._connections
    assert service.forwarder.close_query(address) is None


def test_a_forwarder_that_stops_breaks_off_what_it_does(loop, rude):
    allowed = AllowList.of([f"http://slow.example:{rude([b''], 0.01)}/"], allow_private=True)
    service = Service(loop, Forwarder(allowed, resolve=to_loopback), allowed)
    query = f"SELECT * {{ SERVICE {allowed} {{ ?s ?p ?o }} }}"
    threading.Timer(0.2, service.stop).start()

    with pytest.raises(Failed):
        service.rows(query)


# Who may use the forwarder


def raw_reply(service: Service, request: str) -> str:
    """What comes back, to the end or to where the forwarder breaks off: it resets a connection that it gives up."""
    host, _, _ = service.base.removeprefix("http://").partition("/")
    reply = b""
    with socket.create_connection(("127.0.0.1", int(host.partition(":")[2])), timeout=5) as client:
        try:
            client.sendall(request.encode("latin-1"))
            client.shutdown(socket.SHUT_WR)
            while part := client.recv(65_536):
                reply += part
        except OSError as error:
            # A reset, a broken pipe, or no connection any more to shut down; not a forwarder that hangs.
            if error.errno not in (errno.ECONNRESET, errno.EPIPE, errno.ENOTCONN):
                raise
    return reply.decode("latin-1")


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/",
            "/0",
            "/secret/QUERY/0",
            "/SECRET",
            "/SECRET/0",
            "/SECRET/0123456789abcdef/0",
            "/SECRETx/QUERY/0",
        ),
        *(
            "//SECRET/QUERY/0",
            "/SECRET/QUERY/",
            "/SECRET/QUERY/-1",
            "/SECRET/QUERY/0/loud",
            "/SECRET/QUERY/0/silent/",
        ),
        *("/SECRET/QUERY/0?x", "/SECRET/QUERY/../QUERY/0", "/SECRET/QUERY/99999", "/SECRE\xd4/QUERY/0"),
        *("http://a.example/SECRET/QUERY/0", "*", "/%53ECRET/QUERY/0"),
    ],
)
def test_the_forwarder_serves_nobody_without_an_address_of_a_query(service, endpoints, path):
    address = service.forwarder.open_query()
    secret, query = address.split("/")[-2:]
    path = path.replace("SECRET", secret).replace("QUERY", query)

    reply = raw_reply(service, f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nASK")

    assert reply.startswith("HTTP/1.1 404 ") or reply == ""
    assert endpoints.asked == []


@pytest.mark.parametrize("method", ["GET", "PUT", "HEAD", "OPTIONS", "CONNECT"])
def test_the_forwarder_takes_posts_only(service, endpoints, method):
    path = service.forwarder.open_query().partition("127.0.0.1")[2].partition("/")[2]

    reply = raw_reply(service, f"{method} /{path}/0 HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n")

    assert reply.startswith("HTTP/1.1 404 ")
    assert endpoints.asked == []


def test_the_forwarder_survives_what_is_no_request(service, endpoints):
    for request in (
        "",
        "\r\n\r\n",
        "GET",
        "\x16\x03\x01",
        "POST / HTTP/1.1\r\n" + "a" * 100_000,
        "PRI * HTTP/2.0\r\n\r\n",
    ):
        raw_reply(service, request)

    assert service.rows(f"SELECT * {{ SERVICE <{endpoints.iri()}> {{ ?s ?p ?x }} }}") == [{"x": "far"}]


def test_a_query_that_is_over_cannot_ask_any_more(service, endpoints):
    address = service.forwarder.open_query()
    service.forwarder.close_query(address)
    path = address.partition("127.0.0.1")[2].partition("/")[2]

    reply = raw_reply(service, f"POST /{path}/0 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nASK")

    assert reply.startswith("HTTP/1.1 404 ")
    assert endpoints.asked == []


def test_the_forwarder_listens_on_loopback_only(service):
    addresses = [listener.getsockname()[0] for listener in service.forwarder._server.sockets]

    assert addresses == ["127.0.0.1"]


def test_two_forwarders_have_different_secrets(serve):
    secrets = {serve([]).base.rpartition("/")[2] for _ in range(2)}

    assert len(secrets) == 2
    assert all(len(secret) >= 32 for secret in secrets)


# SERVICE ?variable


def portal(endpoints: Endpoints, *hosts: str) -> str:
    return "".join(f"<http://d/{host}> <http://d/at> <{endpoints.iri(host)}> . " for host in hosts)


@pytest.fixture
def two(serve, endpoints) -> Service:
    """A service that may ask two endpoints, each of which knows its own name."""
    for host in ("one.example", "two.example"):
        endpoints.stores[host] = ox.Store()
        turtle = (
            f"<http://d/{host}> <http://d/name> '{host}' . <{endpoints.iri(host)}> <http://d/name> 'me' ."
        )
        endpoints.stores[host].load(turtle.encode(), format=ox.RdfFormat.TURTLE)
    return serve([endpoints.iri("one.example"), endpoints.iri("two.example")])


def test_a_variable_asks_those_that_the_data_name(two, endpoints):
    two.store.load(portal(endpoints, "two.example").encode(), format=ox.RdfFormat.TURTLE)

    rows = two.rows("SELECT * { ?d <http://d/at> ?v SERVICE ?v { ?d <http://d/name> ?name } }")

    assert rows == [{"d": "http://d/two.example", "v": endpoints.iri("two.example"), "name": "two.example"}]
    assert endpoints.hosts() == ["two.example"]


def test_an_endpoint_that_the_data_do_not_name_may_be_down(two, endpoints):
    two.store.load(portal(endpoints, "two.example").encode(), format=ox.RdfFormat.TURTLE)
    endpoints.replies["one.example"] = lambda: (500, {}, b"")

    rows = two.rows("SELECT ?name { ?d <http://d/at> ?v SERVICE ?v { ?d <http://d/name> ?name } }")

    assert rows == [{"name": "two.example"}]


def test_an_endpoint_that_many_rows_name_is_asked_once(two, endpoints):
    two.store.load(portal(endpoints, "one.example", "two.example").encode(), format=ox.RdfFormat.TURTLE)

    rows = two.rows(
        "SELECT ?n ?name { VALUES ?n { 1 2 3 4 5 } ?d <http://d/at> ?v SERVICE ?v { ?d <http://d/name> ?name } }"
    )

    assert len(rows) == 10
    assert sorted(endpoints.hosts()) == ["one.example", "two.example"]


@pytest.mark.parametrize(
    "condition",
    [
        "(?name = 'one.example')",
        "regex(?name, '^one')",
        "EXISTS { ?d <http://d/at> ?v FILTER(?name = 'one.example') }",
        "NOT EXISTS { VALUES ?name { 'two.example' } }",
    ],
)
def test_a_filter_before_a_variable_may_be_about_what_comes_back(two, endpoints, condition):
    two.store.load(portal(endpoints, "one.example", "two.example").encode(), format=ox.RdfFormat.TURTLE)

    rows = two.rows(
        f"SELECT ?name {{ ?d <http://d/at> ?v . FILTER {condition} SERVICE ?v {{ ?d <http://d/name> ?name }} }}"
    )

    assert rows == [{"name": "one.example"}]


def test_two_variables_after_each_other_ask_each_their_own(two, endpoints):
    two.store.load(portal(endpoints, "one.example", "two.example").encode(), format=ox.RdfFormat.TURTLE)

    rows = two.rows(
        "SELECT ?a ?b { <http://d/one.example> <http://d/at> ?v . <http://d/two.example> <http://d/at> ?w . "
        "SERVICE ?v { <http://d/one.example> <http://d/name> ?a } SERVICE ?w { _:d <http://d/name> ?b } "
        "FILTER(?b != 'me') }"
    )

    assert rows == [{"a": "one.example", "b": "two.example"}]


@pytest.mark.parametrize("value", ["UNDEF", "'one.example'", "1"])
def test_a_variable_that_holds_no_endpoint_is_an_error(two, value):
    with pytest.raises(Failed, match="holds no endpoint"):
        two.rows(f"SELECT * {{ VALUES ?v {{ {value} }} SERVICE ?v {{ ?d <http://d/name> ?name }} }}")


def test_a_variable_may_stand_in_the_pattern_itself(two, endpoints):
    two.store.load(portal(endpoints, "one.example", "two.example").encode(), format=ox.RdfFormat.TURTLE)

    rows = two.rows(
        "SELECT ?v ?name { ?d <http://d/at> ?v . SERVICE ?v { ?v <http://d/name> ?name } } ORDER BY ?v"
    )

    assert rows == [{"v": endpoints.iri(host), "name": "me"} for host in ("one.example", "two.example")]


def test_blank_nodes_of_the_pattern_are_each_their_own(two, endpoints):
    two.store.load(portal(endpoints, "one.example", "two.example").encode(), format=ox.RdfFormat.TURTLE)

    rows = two.rows("SELECT ?name { ?d <http://d/at> ?v . SERVICE ?v { _:b <http://d/name> ?name , [] } }")

    assert sorted(row["name"] for row in rows) == ["me", "me", "one.example", "two.example"]


@pytest.mark.parametrize("silent", ["", "SILENT"])
def test_an_endpoint_in_the_data_that_is_not_allowed_is_an_error_even_if_silent(two, endpoints, silent):
    two.store.load(portal(endpoints, "one.example", "three.example").encode(), format=ox.RdfFormat.TURTLE)

    with pytest.raises(
        Failed, match="no endpoint, or one that may not be asked here; those that may be asked: <http://one"
    ):
        two.rows(f"SELECT * {{ ?d <http://d/at> ?v SERVICE {silent} ?v {{ ?d <http://d/name> ?name }} }}")

    assert "three.example" not in endpoints.hosts()


def test_an_optional_variable_works_where_it_is_bound_within(two, endpoints):
    two.store.load(portal(endpoints, "one.example").encode(), format=ox.RdfFormat.TURTLE)

    rows = two.rows(
        "SELECT ?name { VALUES ?d { <http://d/one.example> <http://d/nowhere> } "
        "OPTIONAL { ?d <http://d/at> $v SERVICE ?v { ?d <http://d/name> ?name } } }"
    )

    assert sorted(rows, key=len) == [{}, {"name": "one.example"}]


def test_silent_keeps_the_row_of_an_endpoint_that_fails(two, endpoints):
    two.store.load(portal(endpoints, "one.example", "two.example").encode(), format=ox.RdfFormat.TURTLE)
    endpoints.replies["two.example"] = lambda: (500, {}, b"")
    query = (
        "SELECT ?d ?name {{ ?d <http://d/at> ?v SERVICE {} ?v {{ ?d <http://d/name> ?name }} }} ORDER BY ?d"
    )

    rows = two.rows(query.format("SILENT"))

    assert rows == [{"d": "http://d/one.example", "name": "one.example"}, {"d": "http://d/two.example"}]
    with pytest.raises(Failed, match="answers 500"):
        two.rows(query.format(""))


# The suite of the W3C: https://www.w3.org/2009/sparql/docs/tests/data-sparql11/service/


W3C_TESTS = ("service1", "service2", "service3", "service4a", "service5", "service6", "service7")


@pytest.mark.parametrize("name", W3C_TESTS)
def test_w3c_federation(serve, endpoints, shared_data, name):
    folder = shared_data / "w3c" / "sparql11" / "service"
    if not folder.is_dir():
        pytest.skip(f"the suite of the W3C is not in {folder}")
    manifest = ox.Store()
    manifest.load(path=str(folder / "manifest.ttl"), format=ox.RdfFormat.TURTLE, base_iri="file:///suite/")

    def read(iri: ox.NamedNode) -> bytes:
        text = (folder / Path(iri.value).name).read_text()
        # The endpoints of the suite are at ports of their own here.
        return re.sub(r"(http://[a-z0-9.]+)(/sparql)", rf"\1:{endpoints.port}\2", text).encode()

    ns = "PREFIX mf: <http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#> "
    ns += "PREFIX qt: <http://www.w3.org/2001/sw/DataAccess/tests/test-query#> "
    test = f"<http://www.w3.org/2009/sparql/docs/tests/data-sparql11/service/manifest#{name}>"
    for endpoint, data in manifest.query(
        ns + f"SELECT ?e ?d {{ {test} mf:action/qt:serviceData [ qt:endpoint ?e ; qt:data ?d ] }}"
    ):
        host = endpoint.value.split("/")[2]
        endpoints.stores[host] = ox.Store()
        endpoints.stores[host].load(read(data), format=ox.RdfFormat.TURTLE)
    # Where the suite expects an endpoint that is not there, it is one that may be asked and cannot be reached.
    hosts = [*endpoints.stores, *(["invalid.endpoint.org"] if name in ("service6", "service7") else [])]
    service = serve([endpoints.iri(host) for host in hosts])
    for (data,) in manifest.query(ns + f"SELECT ?d {{ {test} mf:action/qt:data ?d }}"):
        service.store.load(read(data), format=ox.RdfFormat.TURTLE)
    [(query, result)] = manifest.query(ns + f"SELECT ?q ?r {{ {test} mf:action/qt:query ?q ; mf:result ?r }}")
    expected = ox.parse_query_results(read(result), format=ox.QueryResultsFormat.XML)
    names = [variable.value for variable in expected.variables]

    found = service.rows(read(query).decode())

    assert sorted(map(sorted, (row.items() for row in found))) == sorted(
        sorted((name, term.value) for name, term in zip(names, row, strict=True) if term) for row in expected
    )
