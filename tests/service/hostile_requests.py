"""Requests that mean harm, or behave as if they did: what they are, how each is sent, and what it may be answered with.

test_hostile.py sends each to a running service and asks a normal query after it; benchmarks/service.py mixes them into its
load. The allowed outcomes rest on LIMITS, which the service is to be started with.

Every request is bytes on a socket, because most of what is tried here cannot be said with a client that keeps to the rules.
"""

import gzip
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote, quote_plus

LIMITS: Mapping[str, str] = {
    "--time-seconds": "2",
    "--cpu-seconds": "2",
    "--memory-mib": "512",
    "--result-rows": "20000",
    "--result-bytes": "5000000",
    "--body-seconds": "2",
    "--workers": "2",
    "--long-queries": "6",
}
"""Flags of `impckg serve` that keep an attack short, by name."""

CLOSED = "closed"
"""The service hung up without a reply."""
BROKEN = "broken"
"""The service answered 200 and broke the answer off, so that its client can tell."""

Piece = bytes | float
"""Bytes to send, or seconds to wait."""

_ANSWER_SECONDS = 20.0
# How long a connection is read on after its reply: for a second reply, which some requests try to get.
_MORE_SECONDS = 0.3


@dataclass(frozen=True)
class Hostile:
    """A request that means harm.

    pieces: what is sent, given the address of a server that the service must never ask.
    allowed: the statuses that it may be answered with, CLOSED and BROKEN among them.
    why: what a service that is not prepared for it does.
    greedy: it may take until a limit ends it.
    bodiless: the reply has no body, whatever its head says.
    pipelined: it tries to get an answer to something behind its end.
    """

    name: str
    pieces: Callable[[str], Iterable[Piece]]
    allowed: frozenset[int | str]
    why: str
    greedy: bool = False
    bodiless: bool = False
    pipelined: bool = False


@dataclass(frozen=True)
class Outcome:
    """What came of a request.

    status: of the reply; CLOSED where there was none, BROKEN where it was 200 and its body was not complete.
    more: what came on the connection after the reply; only read for pipelined requests.
    """

    status: int | str
    headers: Mapping[str, str]
    body: bytes
    more: bytes
    seconds: float


def send(hostile: Hostile, host: str, port: int, trap: str) -> Outcome:
    """Send a request and read what comes back.

    trap: the address of a server that the service must never ask.
    """
    started = time.perf_counter()
    with socket.create_connection((host, port), timeout=_ANSWER_SECONDS) as connection:
        _send_pieces(connection, hostile.pieces(trap))
        reader = _Reader(connection)
        status, headers, body = reader.reply(hostile.bodiless)
        seconds = time.perf_counter() - started
        more = reader.rest(_MORE_SECONDS) if hostile.pipelined else b""
    return Outcome(status, headers, body, more, seconds)


def _send_pieces(connection: socket.socket, pieces: Iterable[Piece]) -> None:
    for piece in pieces:
        if isinstance(piece, float):
            time.sleep(piece)
            continue
        try:
            connection.sendall(piece)
        except (BrokenPipeError, ConnectionResetError):
            # The service has heard enough; perhaps it has said so.
            return


class _HungUp(Exception):
    """The service has closed the connection."""


class _Reader:
    """Reads a reply byte by byte as it stands, forgiving nothing."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._held = b""

    def reply(self, bodiless: bool) -> tuple[int | str, Mapping[str, str], bytes]:
        """The status, the headers by their names in small letters, and the body of the reply."""
        try:
            status, headers = self._head()
            while 100 <= status < 200:
                status, headers = self._head()
        except _HungUp:
            return CLOSED, {}, b""
        parts: list[bytes] = []
        try:
            if not bodiless and status not in (204, 304):
                parts.extend(self._body(headers))
        except _HungUp:
            return BROKEN if status == 200 else status, headers, b"".join(parts)
        return status, headers, b"".join(parts)

    def rest(self, seconds: float) -> bytes:
        """What else comes within some time."""
        self._connection.settimeout(seconds)
        try:
            while True:
                self._more()
        except (TimeoutError, _HungUp):
            return self._held

    def _head(self) -> tuple[int, Mapping[str, str]]:
        first, *lines = self._until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in lines)
        return int(first.split(" ")[1]), {name.lower(): value.strip() for name, _, value in pairs}

    def _body(self, headers: Mapping[str, str]) -> Iterator[bytes]:
        if headers.get("transfer-encoding") == "chunked":
            while size := int(self._until(b"\r\n"), 16):
                yield self._exactly(size)
                self._exactly(2)
            self._exactly(2)
        else:
            yield self._exactly(int(headers["content-length"]))

    def _until(self, end: bytes) -> bytes:
        while end not in self._held:
            self._more()
        found, _, self._held = self._held.partition(end)
        return found

    def _exactly(self, size: int) -> bytes:
        while len(self._held) < size:
            self._more()
        found, self._held = self._held[:size], self._held[size:]
        return found

    def _more(self) -> None:
        try:
            part = self._connection.recv(1_000_000)
        except ConnectionResetError as error:
            raise _HungUp from error
        if not part:
            raise _HungUp
        self._held += part


# How requests are put together.

_FORM = "application/x-www-form-urlencoded"
_QUERY = "application/sparql-query"
_UPDATE = "application/sparql-update"
_ACCEPT = "application/sparql-results+json, text/turtle;q=0.9, */*;q=0.1"


def _head(method: str, target: str | bytes, headers: Mapping[str, str | bytes] | None = None) -> bytes:
    target = target.encode() if isinstance(target, str) else target
    given = {"Host": "localhost", "Accept": _ACCEPT, **(headers or {})}
    lines = [
        name.encode() + b": " + (value.encode() if isinstance(value, str) else value)
        for name, value in given.items()
    ]
    return b"\r\n".join([method.encode() + b" " + target + b" HTTP/1.1", *lines, b"", b""])


def _get(target: str | bytes, **headers: str | bytes) -> Callable[[str], list[Piece]]:
    """A GET request. In the names of headers, _ stands for -."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda trap: [_head("GET", target, named)]


def _post(
    content_type: str, body: str | bytes, target: str = "/sparql", method: str = "POST", **headers: str
) -> Callable[[str], list[Piece]]:
    def pieces(trap: str) -> list[Piece]:
        content = body.replace("$TRAP", trap).encode() if isinstance(body, str) else body
        told = {
            "Content-Type": content_type,
            "Content-Length": str(len(content)),
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        return [_head(method, target, told), content]

    return pieces


def _query(name: str, text: str, allowed: set[int | str], why: str, **more: bool) -> Hostile:
    """A query as the body of a POST request. $TRAP in it is the address that must not be asked."""
    return Hostile(name, _post(_QUERY, text), frozenset(allowed), why, **more)


def _greedy(name: str, text: str, why: str, allowed: set[int | str] | None = None) -> Hostile:
    """A query that must be ended by a limit, unless said otherwise."""
    return _query(name, text, allowed or {503}, why, greedy=True)


def _raw(name: str, allowed: set[int | str], why: str, *pieces: Piece, pipelined: bool = False) -> Hostile:
    return Hostile(name, lambda trap: pieces, frozenset(allowed), why, pipelined=pipelined)


def _update(
    name: str, allowed: set[int | str], why: str, pieces: Callable[[str], Iterable[Piece]]
) -> Hostile:
    return Hostile(name, pieces, frozenset(allowed), why)


_STACK = "its parser or planner recurses, and the stack overflows: the process dies"
_PLAN = "planning takes time that grows with a power of the length, and cannot be cancelled"
_MEMORY = "the process grows until the system ends it, or others"
_ENDLESS = "the query runs for years"
_ASCII = "bytes that are not UTF-8 are replaced by others, so that another query runs than was guarded"


def nesting() -> list[Hostile]:
    """Brackets in brackets."""

    def nested(
        name: str, before: str, opening: str, middle: str, closing: str, after: str, depth: int
    ) -> Hostile:
        return _query(name, before + opening * depth + middle + closing * depth + after, {403}, _STACK)

    return [
        nested("2,240 nested groups", "SELECT * ", "{", "", "}", "", 2_240),
        nested("49,000 nested groups", "SELECT * ", "{", "", "}", "", 49_000),
        nested("4,736 nested parentheses", "SELECT * { FILTER ", "(", "1", ")", " }", 4_736),
        nested("3,000 nested blank nodes", "ASK { ?s ?p ", "[ ?q ", "1", "]", " }", 3_000),
        nested("5,000 nested lists", "ASK { ?s ?p ", "( ", "1", " )", " }", 5_000),
        nested("3,000 nested EXISTS", "ASK { ?s ?p ?o ", "FILTER EXISTS { ", "?a ?b ?c", " }", " }", 3_000),
        nested("3,000 nested sub-SELECTs", "", "SELECT * { ", "?a ?b ?c", " }", "", 3_000),
        nested("3,000 nested OPTIONALs", "ASK { ", "OPTIONAL { ", "?a ?b ?c", " }", " }", 3_000),
        nested("3,000 nested MINUS", "ASK { ?a ?b ?c ", "MINUS { ?a ?b ?c ", "", " }", " }", 3_000),
        nested("3,000 nested GRAPH", "ASK { ", "GRAPH ?g { ", "?a ?b ?c", " }", " }", 3_000),
        nested("5,000 nested functions", "ASK { FILTER(", "STR(", "1", ")", ") }", 5_000),
        nested("3,000 nested IF", "ASK { FILTER(", "IF(true, ", "true", ", 1)", ") }", 3_000),
        nested("3,000 nested IN", "ASK { FILTER(", "1 IN (", "1", ")", ") }", 3_000),
        nested("5,000 nested paths", "ASK { ?a ", "(", "<urn:p>", ")*", " ?b }", 5_000),
        nested("3,000 nested triple terms", "ASK { ?a ?b ", "<<( ?x ?y ", "?z", " )>>", " }", 3_000),
        nested("90,000 negations", "ASK { FILTER(", "!", "true", "", ") }", 90_000),
        nested("40,000 minus signs", "ASK { FILTER(", "- ", "1", "", " = 1) }", 40_000),
        _query("brackets that never close", "SELECT * " + "{" * 50_000, {403}, _STACK),
        _query(
            "brackets after a string that never closes", "ASK { ?s ?p ''' }" + "{" * 50_000, {403}, _STACK
        ),
        _query(
            "brackets behind what looks like an IRI",
            "ASK { FILTER(1 <1) FILTER" + "(" * 5_000 + "1" + ")" * 5_000 + " }",
            {403},
            "the guard takes for an IRI what the engine takes for a comparison, and sees no bracket",
        ),
        _query(
            "brackets behind a comment sign in an IRI",
            "ASK { ?s <#" + "{" * 50_000 + "\n" + "{" * 5_000 + " ?o }",
            {400, 403},
            "the guard takes for a comment what the engine takes for an IRI, or the other way round",
        ),
        _query(
            "99 nested groups", "ASK " + "{" * 99 + "}" * 99, {200}, "what is just allowed must not crash"
        ),
        _greedy(
            "99 nested groups with a join in each",
            "ASK " + "{ ?a ?b ?c . " * 99 + "}" * 99,
            _PLAN,
            {200, 503},
        ),
    ]


def chains() -> list[Hostile]:
    """Operators one after the other."""
    patterns = " ".join(f"?a{n} <http://p/> ?a{n + 1} ." for n in range(900))
    return [
        _query("9,472 times ||", "ASK { FILTER(" + "||".join(["?x"] * 9_472) + ") }", {403}, _STACK),
        _query("9,472 times &&", "ASK { FILTER(" + "&&".join(["?x"] * 9_472) + ") }", {403}, _STACK),
        _query("45,000 times +", "ASK { FILTER(" + "+".join(["1"] * 45_000) + ") }", {403}, _STACK),
        _query("6,656 times UNION", "ASK { " + "UNION".join(["{}"] * 6_656) + " }", {403}, _STACK),
        _query("5,000 OPTIONALs", "ASK { " + "OPTIONAL{?a ?b ?c}" * 5_000 + " }", {403}, _PLAN),
        _query("a path of 9,000 steps", "ASK { ?a " + "/".join(["<urn:p>"] * 9_000) + " ?b }", {403}, _STACK),
        _query(
            "a choice of 9,000 paths", "ASK { ?a " + "|".join(["<urn:p>"] * 9_000) + " ?b }", {403}, _STACK
        ),
        _query("20,000 objects", "ASK { ?a ?b " + ", ".join(["?c"] * 20_000) + " }", {403}, _PLAN),
        _query("4,000 prefixes", "PREFIX a: <urn:a>\n" * 4_000 + "ASK {}", {403}, _PLAN),
        _query("900 times ||", "ASK { FILTER(" + "||".join(["?x"] * 900) + ") }", {200}, "it is allowed"),
        _query("900 times UNION", "ASK { " + "UNION".join(["{?a ?b ?c}"] * 900) + " }", {200, 503}, _PLAN),
        _query("90,000 spaces", "ASK {" + " " * 90_000 + "}", {200}, "it is allowed"),
        _greedy("a list of 40,000 values", "ASK { ?s ?p (" + "1 " * 40_000 + ") }", _STACK, {200, 503}),
        _query("a comment of 90,000 characters", "ASK {} #" + "{" * 90_000, {200}, "it is allowed"),
        _query("a variable of 90,000 characters", "SELECT ?" + "v" * 90_000 + " {}", {200}, "it is allowed"),
        _query(
            "an IRI of 90,000 characters", "ASK { ?s <urn:" + "p" * 90_000 + "> ?o }", {200}, "it is allowed"
        ),
        _greedy("400 OPTIONALs", "ASK { " + "OPTIONAL{?a ?b ?c}" * 400 + " }", _PLAN, {200, 503}),
        _greedy("a chain of 900 patterns", "ASK { " + patterns + " }", _PLAN, {200, 503}),
        _greedy(
            "a path of 1,900 steps",
            "ASK { ?a " + "/".join(["<http://p/>"] * 1_900) + " ?b }",
            _PLAN,
            {200, 503},
        ),
        _greedy(
            "600 paths that repeat",
            "ASK { ?a " + "/".join(["(!<http://p/>)*"] * 600) + " ?b }",
            _ENDLESS,
        ),
    ]


def strings() -> list[Hostile]:
    """Strings that grow, and patterns that are slow to match."""
    doubling = "".join(f"BIND(CONCAT(?x{n}, ?x{n}) AS ?x{n + 1}) " for n in range(45))
    replacing = "".join(f'BIND(REPLACE(?x{n}, "a", "aaaaaaaaaa") AS ?x{n + 1}) ' for n in range(12))
    referring = "".join(f'BIND(REPLACE(?x{n}, "^.*$", "$0$0$0$0", "s") AS ?x{n + 1}) ' for n in range(20))
    encoding = "".join(f"BIND(ENCODE_FOR_URI(?x{n}) AS ?x{n + 1}) " for n in range(30))
    text = "a" * 40_000

    def matched(name: str, pattern: str, allowed: set[int | str], why: str, flags: str = "") -> Hostile:
        query = f'ASK {{ ?s ?p ?o FILTER(REGEX(STR(?o), "{pattern}", "{flags}")) }}'
        return _greedy(f"the pattern {name}", query, why, allowed)

    backtracking = "an engine that backtracks takes time that doubles with each character"
    compiled = "the compiled pattern takes gigabytes"
    return [
        _greedy("a CONCAT that doubles", f'SELECT ?x45 {{ BIND("aaaaaaaa" AS ?x0) {doubling} }}', _MEMORY),
        _greedy(
            "a REPLACE that grows tenfold",
            f'ASK {{ BIND("a" AS ?x0) {replacing} FILTER(STRLEN(?x12) = 3) }}',
            _MEMORY,
        ),
        _greedy(
            "a REPLACE that refers to itself",
            f'ASK {{ BIND("ab" AS ?x0) {referring} FILTER(STRLEN(?x20) = 3) }}',
            _MEMORY,
        ),
        _greedy(
            "ENCODE_FOR_URI again and again",
            f'ASK {{ BIND("{"%" * 4_000}" AS ?x0) {encoding} FILTER(STRLEN(?x30) = 3) }}',
            _MEMORY,
            {200, 503},
        ),
        _greedy(
            "GROUP_CONCAT over all pairs",
            "SELECT (GROUP_CONCAT(CONCAT(STR(?a), STR(?d))) AS ?x) { ?a ?b ?c . ?d ?e ?f }",
            _MEMORY,
        ),
        _greedy(
            "a long string in each of all pairs",
            f'SELECT ?a ?d ?x {{ ?a ?b ?c . ?d ?e ?f BIND("{text}" AS ?x) }}',
            "the answer fills the memory or the disk",
            {503, BROKEN},
        ),
        _greedy(
            "hashes of a long string for all pairs",
            f'SELECT (MAX(SHA512(CONCAT(STR(?a), "{text}"))) AS ?x) {{ ?a ?b ?c . ?d ?e ?f }}',
            _ENDLESS,
        ),
        _query(
            "STRBEFORE and STRAFTER of a long string",
            f'ASK {{ ?s ?p ?o FILTER(STRBEFORE("{text}", "b") = STRAFTER("{text}", "b")) }}',
            {200, 503},
            _ENDLESS,
        ),
        matched("(a+)+$", "(a+)+$", {200, 503}, backtracking),
        matched("(a|a)*b", "^(a|a)*b$", {200, 503}, backtracking),
        matched("(.*)*", "((.*)*)*x{40}", {200, 503}, backtracking),
        matched("a{1000}{1000}{1000}", "((a{1000}){1000}){1000}", {200, 503}, compiled),
        matched("\\\\p{L}{500}", "(\\\\p{L}{500}){20}", {200, 503}, compiled, "i"),
        matched("[^x]{0,1000}", "[^x]{0,1000}y[^x]{0,1000}z", {200, 503}, compiled),
        matched("that refers back", "(a)\\\\1", {200, 503}, backtracking),
        matched("of 50,000 characters", "(a|b)?" * 8_000, {200, 503}, compiled),
        matched("with 3,000 nested groups", "(" * 3_000 + ")" * 3_000, {200, 503}, _STACK),
    ]


def products() -> list[Hostile]:
    """Much times much."""
    three = "?a ?b ?c . ?d ?e ?f . ?g ?h ?i"
    rows = "an answer of billions of rows fills the memory or the disk"
    values = " ".join(f"VALUES ?v{n} {{ {' '.join(map(str, range(1_000)))} }}" for n in range(4))
    return [
        _greedy("all triples of triples", f"SELECT * {{ {three} }}", rows, {503, BROKEN}),
        _greedy(
            "CONSTRUCT of all pairs", "CONSTRUCT { ?a ?e ?c } { ?a ?b ?c . ?d ?e ?f }", rows, {503, BROKEN}
        ),
        _greedy("DESCRIBE of all pairs", "DESCRIBE ?a ?d { ?a ?b ?c . ?d ?e ?f }", rows, {503, BROKEN}),
        _greedy("COUNT of all triples of triples", f"SELECT (COUNT(*) AS ?n) {{ {three} }}", _ENDLESS),
        _greedy(
            "COUNT DISTINCT of all pairs", "SELECT (COUNT(DISTINCT *) AS ?n) { ?a ?b ?c . ?d ?e ?f }", _MEMORY
        ),
        _greedy(
            "DISTINCT of all pairs",
            "SELECT DISTINCT ?a ?c ?d ?f { ?a ?b ?c . ?d ?e ?f } OFFSET 900000000",
            _MEMORY,
        ),
        _greedy("ORDER BY over billions of rows", f"SELECT * {{ {three} }} ORDER BY ?i LIMIT 1", _MEMORY),
        _greedy("ORDER BY RAND", f"SELECT * {{ {three} }} ORDER BY RAND()", _MEMORY),
        _greedy(
            "GROUP BY over all pairs",
            "SELECT ?a ?d (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f } GROUP BY ?a ?c ?d ?f",
            _MEMORY,
        ),
        _greedy(
            "SAMPLE and AVG over all pairs",
            "SELECT (SAMPLE(?a) AS ?x) (AVG(?c) AS ?y) { ?a ?b ?c . ?d ?e ?f }",
            _ENDLESS,
        ),
        _greedy(
            "MINUS of all pairs from all pairs",
            "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f MINUS { ?a ?x ?y . ?d ?z ?w } }",
            _ENDLESS,
        ),
        _greedy(
            "NOT EXISTS for all pairs", "ASK { ?a ?b ?c . ?d ?e ?f FILTER NOT EXISTS { ?d ?x ?y } }", _ENDLESS
        ),
        _greedy("a condition that nothing meets", f"ASK {{ {three} FILTER(?a = ?g && ?a != ?g) }}", _ENDLESS),
        _greedy(
            "UNION of all pairs",
            "SELECT (COUNT(*) AS ?n) { { ?a ?b ?c . ?d ?e ?f } UNION { ?g ?h ?i . ?j ?k ?l } }",
            _ENDLESS,
        ),
        _greedy(
            "OPTIONAL of everything for everything",
            "SELECT (COUNT(*) AS ?n) { ?a ?b ?c OPTIONAL { ?d ?e ?f OPTIONAL { ?g ?h ?i } } }",
            _ENDLESS,
        ),
        _greedy(
            "sub-SELECTs multiplied",
            "SELECT (COUNT(*) AS ?n) { { SELECT ?a { ?a ?b ?c } } { SELECT ?d { ?d ?e ?f } } { SELECT ?g { ?g ?h ?i } } }",
            _ENDLESS,
        ),
        _greedy(
            "VALUES multiplied",
            f"SELECT (COUNT(*) AS ?n) {{ {values} }}",
            "the engine does not look whether it is cancelled while no triple is read",
        ),
        _greedy("OFFSET of a billion", f"SELECT * {{ {three} }} OFFSET 1000000000 LIMIT 1", _ENDLESS),
        _greedy(
            "all graphs by all graphs",
            "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?a ?b ?c } GRAPH ?h { ?d ?e ?f } }",
            _ENDLESS,
        ),
        _greedy(
            "a HEAD request for all pairs",
            "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }",
            _ENDLESS,
        ),
        Hostile(
            "all pairs as a page",
            _post(_QUERY, f"SELECT (COUNT(*) AS ?n) {{ {three} }}", Accept="text/html"),
            frozenset({503}),
            "the page waits in a thread for ever, and after some of these there are no threads",
            greedy=True,
        ),
        Hostile(
            "all pairs compressed",
            _post(_QUERY, f"SELECT * {{ {three} }}", Accept_Encoding="gzip"),
            frozenset({503, BROKEN}),
            "what is compressed is counted after it is compressed, and goes on for ever",
            greedy=True,
        ),
        Hostile(
            "all pairs as JSON-LD",
            _post(_QUERY, "CONSTRUCT { ?a ?e ?c } { ?a ?b ?c . ?d ?e ?f }", Accept="application/ld+json"),
            frozenset({503, BROKEN}),
            "a writer that sorts by subject keeps everything in memory",
            greedy=True,
        ),
        _query(
            "VALUES of 15,000 numbers",
            "SELECT (COUNT(*) AS ?n) { VALUES ?v { " + " ".join(map(str, range(15_000))) + " } }",
            {200},
            "it is allowed",
        ),
        _query(
            "LIMIT of 10^30",
            "SELECT * { ?s ?p ?o } LIMIT 1000000000000000000000000000000",
            {400},
            "a number that no machine word holds",
        ),
        _query("LIMIT of -1", "SELECT * { ?s ?p ?o } LIMIT -1", {400}, "it is no SPARQL"),
    ]


def paths() -> list[Hostile]:
    """Paths from everywhere to everywhere."""
    return [
        _greedy("(a|!a)* from everywhere", "SELECT (COUNT(*) AS ?n) { ?x (<urn:a>|!<urn:a>)* ?y }", _ENDLESS),
        _greedy(
            "there and back from everywhere",
            "SELECT (COUNT(*) AS ?n) { ?x (!<urn:a>|^!<urn:a>)* ?y }".replace("^!<urn:a>", "!^<urn:a>"),
            _ENDLESS,
        ),
        _greedy(
            "a repetition of repetitions", "SELECT (COUNT(*) AS ?n) { ?x ((((!<urn:a>)*)*)*)+ ?y }", _ENDLESS
        ),
        _greedy(
            "paths multiplied",
            "ASK { ?x (!<urn:a>)* ?y . ?y (!<urn:b>)* ?z . ?z (!<urn:c>)* ?w FILTER(?x = ?z && ?x != ?z) }",
            _ENDLESS,
        ),
        _greedy(
            "all answers of a path",
            "SELECT * { ?x (!<urn:a>|!^<urn:a>)* ?y }",
            "an answer of billions of rows",
            {503, BROKEN},
        ),
        _greedy(
            "a long path from everywhere",
            "SELECT (COUNT(*) AS ?n) { ?x " + "/".join(["(!<urn:a>|!^<urn:a>)"] * 30) + " ?y }",
            _ENDLESS,
        ),
    ]


def arithmetic() -> list[Hostile]:
    """Values at the ends of their types, which an engine may not have thought of."""
    ends = "an overflow that nobody thought of ends the process"
    least, most = "-9223372036854775808", "9223372036854775807"
    digits = "9" * 40_000

    def of(name: str, expression: str, allowed: set[int | str] | None = None) -> Hostile:
        return _query(name, f"SELECT ({expression} AS ?x) {{}}", allowed or {200}, ends)

    xsd = "<http://www.w3.org/2001/XMLSchema#"
    return [
        of("the least integer divided by -1", f"{least} / -1"),
        of("the absolute value of the least integer", f"ABS({least})"),
        of("the least integer negated", f"-({least})"),
        of("the largest integer plus one", f"{most} + 1"),
        of("the largest integer squared", f"{most} * {most}"),
        of("one divided by nothing", "1 / 0"),
        of("an integer of 40,000 digits", digits),
        of("a decimal of 40,000 digits", f"0.{digits} * {digits}.0"),
        of("a double of 10^999999999", "1e999999999 * 0"),
        of("ROUND of a large double", "ROUND(1e300) + CEIL(-1e308) + FLOOR(1e308)"),
        of("a large double as an integer", f"{xsd}integer>(1e300)"),
        of("not a number as an integer", f'{xsd}integer>("NaN"^^{xsd}double>)'),
        of("SUBSTR from the least integer", f'SUBSTR("abc", {least}, {most})'),
        of("SUBSTR from the largest integer", f'SUBSTR("abc", {most}, {most})'),
        of("SUBSTR from between two bytes", 'SUBSTR("é𐍈", 2, -1)'),
        of("SUBSTR from not a number", f'SUBSTR("abc", "NaN"^^{xsd}double>)'),
        of("a year of 20 digits", f'YEAR("99999999999999999999-01-01T00:00:00Z"^^{xsd}dateTime>)'),
        of(
            "the largest year plus a long time",
            f'"9999999999-12-31T23:59:59Z"^^{xsd}dateTime> + "P999999999Y"^^{xsd}yearMonthDuration>',
        ),
        of("a time zone of 99 hours", f'TZ("2000-01-01T00:00:00+99:99"^^{xsd}dateTime>)'),
        of("the 30th of February", f'DAY("2001-02-30T24:00:00Z"^^{xsd}dateTime>)'),
        of("a long duration times a large number", f'"P999999999DT1S"^^{xsd}dayTimeDuration> * {most}'),
        of(
            "dates far apart",
            f'"-99999-01-01T00:00:00Z"^^{xsd}dateTime> - "99999-01-01T00:00:00Z"^^{xsd}dateTime>',
        ),
        of("STRDT with an empty type", 'STRDT("x", IRI(""))'),
        of("STRLANG with no language", 'STRLANG("x", "not a language!")'),
        of("IRI of what is none", 'IRI("\\n<>{}|^`")'),
        of("IRI of a long relative path", 'IRI("' + "../" * 20_000 + '")'),
        of("LANGMATCHES with stars", 'LANGMATCHES("' + "a-" * 10_000 + '", "' + "*-" * 10_000 + '")'),
        _query(
            "SUM beyond the largest integer",
            f"SELECT (SUM(?x) AS ?y) {{ VALUES ?x {{ {most} {most} }} }}",
            {200},
            ends,
        ),
        _query("AVG of nothing", "SELECT (AVG(?x) AS ?y) { FILTER(false) }", {200}, ends),
        _query(
            "an escape that is half a character",
            'SELECT ("\\uD800" AS ?x) {}',
            {400},
            "a lone surrogate cannot be written as UTF-8",
        ),
        _query(
            "an escape beyond Unicode", 'SELECT ("\\U00110000" AS ?x) {}', {400}, "there is no such character"
        ),
        _query("an escape for NUL", 'SELECT ("\\u0000" AS ?x) {}', {200, 400}, "a C string ends there"),
        _query("an unknown function", "SELECT (<javascript:alert(1)>(1) AS ?x) {}", {200, 400, 422}, ends),
        _query(
            "an unknown aggregate",
            "SELECT (<urn:f>(DISTINCT ?x) AS ?y) {} GROUP BY ?z",
            {200, 400, 422},
            ends,
        ),
    ]


def encodings() -> list[Hostile]:
    """Bytes that are not text, and text that is encoded more than once."""

    def asked(name: str, encoded: str, allowed: set[int | str], why: str = _ASCII) -> Hostile:
        return Hostile(f"{name}, in the address", _get("/sparql?query=" + encoded), frozenset(allowed), why)

    def posted(name: str, body: bytes, allowed: set[int | str], content_type: str = _QUERY) -> Hostile:
        return Hostile(f"{name}, as a body", _post(content_type, body), frozenset(allowed), _ASCII)

    path = "a path that is decoded twice, or not at all, leads where it should not"
    return [
        asked("a byte that is not UTF-8", "ASK+%7B%7D+%23%FF", {400}),
        asked("half a character", "ASK+%7B%7D+%23%C3", {400}),
        asked("an overlong slash", "ASK+%7B%7D+%23%C0%AF", {400}),
        asked("a lone surrogate", "ASK+%7B%7D+%23%ED%A0%80", {400}),
        asked("a character beyond Unicode", "ASK+%7B%7D+%23%F4%90%80%80", {400}),
        asked("a name that is not UTF-8", "ASK+%7B%7D&%FF=1", {400}),
        asked("NUL in a comment", "ASK+%7B%7D+%23%00", {200}),
        asked("NUL in the code", "ASK+%00%7B%7D", {400}),
        asked("NUL in a string", "ASK+%7B+?s+?p+%22%00%22+%7D", {200}),
        asked("NUL in an IRI", "ASK+%7B+?s+%3Curn:%00%3E+?o+%7D", {400}),
        asked("line ends", "ASK%0d%0a%7B%0d%0a%7D", {200}),
        asked("a line end in an IRI", "ASK+%7B+?s+%3Curn:%0d%0aX-Injected:yes%3E+?o+%7D", {400}),
        asked("encoded twice", quote(quote("ASK {}")), {400}),
        asked("a percent sign alone", "ASK+%7B%7D+%", {400}),
        asked("half an escape", "ASK+%7B%7D+%4", {400}),
        asked("an escape that is none", "ASK+%7B%7D+%zz", {400}),
        asked("an escape of UTF-16", "ASK+%7B%7D+%u0041", {400}),
        asked("only spaces", "+++", {400}),
        asked("nothing", "", {400}),
        asked("a comment only", "%23+nothing", {400}),
        asked("two queries", "ASK+%7B%7D&query=ASK+%7B%7D", {400}),
        asked("a query and an update", "ASK+%7B%7D&update=CLEAR+ALL", {400}),
        asked("a semicolon between parameters", "ASK+%7B%7D;query=x", {400}),
        posted("a byte that is not UTF-8", b"ASK {} #\xff", {400}),
        posted("an overlong slash", b"ASK {} #\xc0\xaf", {400}),
        posted("a lone surrogate", b"ASK {} #\xed\xa0\x80", {400}),
        posted("NUL in a comment", b"ASK {} #\0", {200}),
        posted("UTF-16", "ASK {}".encode("utf-16"), {400}),
        posted("UTF-16 that says so", "ASK {}".encode("utf-16"), {415}, _QUERY + "; charset=utf-16"),
        posted("UTF-7", b"ASK +AHs-+AH0-", {415}, _QUERY + "; charset=utf-7"),
        posted("a charset that is none", b"ASK {}", {415}, _QUERY + "; charset=" + "x" * 1_000),
        posted("random bytes", bytes(range(256)) * 100, {400}),
        posted("random bytes in a form", bytes(range(256)) * 100, {400}, _FORM),
        posted("JSON", b'{"query": "ASK {}"}', {415}, "application/json"),
        posted("multipart", b"--x\r\n\r\nASK {}\r\n--x--", {415}, "multipart/form-data; boundary=x"),
        posted("no type", b"ASK {}", {415}, ""),
        posted("gzip", gzip.compress(b"ASK {}"), {400, 415}),
        Hostile(
            "a bomb of gzip",
            _post(_QUERY, gzip.compress(bytes(50_000_000)), Content_Encoding="gzip"),
            frozenset({400, 413, 415}),
            "50 kB become 50 MB",
        ),
        Hostile(
            "a bomb of gzip in a form",
            _post(_FORM, gzip.compress(b"query=" + b"A" * 50_000_000), Content_Encoding="gzip"),
            frozenset({400, 413, 415}),
            "50 kB become 50 MB",
        ),
        *(
            Hostile(f"the path {target}", _get(target), frozenset(allowed), path)
            for target, allowed in (
                ("/static/../../../../etc/passwd", {404}),
                ("/static/..%2f..%2f..%2fetc/passwd", {404}),
                ("/static/..%252f..%252fetc/passwd", {404}),
                ("/static/%2e%2e/%2e%2e/settings.py", {404}),
                ("/static/..%c0%af..%c0%afetc/passwd", {404}),
                ("/static/..%5c..%5csettings.py", {404}),
                ("/static//etc/passwd", {308, 404}),
                ("//example.org/%2e%2e", {308, 404}),
                ("/static/%00", {404}),
                ("/sparql%00?query=ASK+%7B%7D", {404}),
                ("/sparql%0d%0aX-Injected:%20yes", {404}),
                ("/questions/%0d%0aX-Injected:%20yes", {404}),
                ("/questions/%FF%FE", {404}),
                ("/questions/" + "x" * 50_000, {404}),
                ("/" + "a/" * 50_000, {404, 414, 431}),
                ("/id/%0d%0aX-Injected:%20yes", {303, 404}),
                ("/id/%00", {303, 404}),
                ("/id/../../etc/passwd", {303, 404}),
                ("/query/..%2f..%2fetc%2fpasswd", {404}),
                ("/graphs/%0d%0aX-Injected:%20yes", {400, 404}),
            )
        ),
    ]


def injections() -> list[Hostile]:
    """Values that would be headers, HTML or SPARQL if they were not read as values."""
    ask = "/sparql?query=ASK+%7B%7D"
    header = "what a client sends comes back as a header, which splits the reply"

    def asked(
        name: str, target: str, allowed: set[int | str], why: str = header, **headers: str | bytes
    ) -> Hostile:
        return Hostile(name, _get(target, **headers), frozenset(allowed), why)

    crlf = "%0d%0aX-Injected:%20yes"
    parsing = "a parser of headers takes time that grows with a power of their length, or fails"
    return [
        asked("a header in format=", f"{ask}&format=json{crlf}", {400, 406}),
        asked("a header in default-graph-uri=", f"{ask}&default-graph-uri=http://example.org/{crlf}", {400}),
        asked("a header in named-graph-uri=", f"{ask}&named-graph-uri=http://example.org/{crlf}", {400}),
        asked("a graph that is no IRI", f"{ask}&default-graph-uri=no%20iri", {400}),
        asked("a relative graph", f"{ask}&default-graph-uri=../x", {400}),
        asked("10,000 graphs", ask + "&default-graph-uri=urn:a" * 10_000, {414}, _PLAN),
        asked("a query id with a line end", ask, {400}, X_Query_Id=b"aaaaaaaaaaaaaaaa\rX-Injected: yes"),
        asked("a query id with NUL", ask, {400}, X_Query_Id=b"aaaaaaaaaaaaaaaa\0"),
        asked("a query id of HTML", ask, {400}, X_Query_Id="<script>alert(1)</script>"),
        asked("a query id that is not ASCII", ask, {400}, X_Query_Id="ÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄÄ"),
        asked("a query id of 5,000 characters", ask, {400}, X_Query_Id="a" * 5_000),
        asked("a callback", f"{ask}&callback=alert(1)", {200}, "JSONP would run it"),
        asked("Accept that nobody can read", ask, {200, 400, 406}, parsing, Accept=b"\xff\xfe;;;q=,,,="),
        asked(
            "Accept with 10,000 types",
            ask,
            {431},
            parsing,
            Accept=", ".join(["text/x;q=0.1"] * 10_000),
        ),
        asked("Accept with 50,000 semicolons", ask, {431}, parsing, Accept="text/html" + ";" * 50_000),
        asked(
            "Accept of not a number",
            ask,
            {200, 400, 406},
            parsing,
            Accept="application/json;q=nan, */*;q=inf",
        ),
        asked(
            "Accept of 1e999", ask, {200, 400, 406}, parsing, Accept="application/json;q=1e999, text/csv;q=-1"
        ),
        asked("Accept-Encoding of not a number", ask, {200}, parsing, Accept_Encoding="gzip;q=nan, *;q=x"),
        asked(
            "If-None-Match of 90,000 characters",
            ask,
            {431},
            parsing,
            If_None_Match='W/"' + "x" * 90_000 + '"',
        ),
        asked("Range", ask, {200}, "a part of an answer that is not known yet", Range="bytes=0-,-1," * 1_000),
        asked("a date that is none", ask, {200}, parsing, If_Modified_Since="Thu, 99 Foo 99999 99:99:99 GMT"),
        asked(
            "a host of HTML",
            "/sparql",
            {200, 400},
            "the service description says it",
            Host='x"><script>alert(1)</script>',
        ),
        asked(
            "a host that is not ASCII",
            "/sparql",
            {200, 400},
            "the service description says it",
            Host=b"\xff\xfe",
        ),
        asked("a host with a line end", "/sparql", {400}, header, Host=b"a\rX-Injected: yes"),
        asked("many hosts before the service", ask, {431}, parsing, X_Forwarded_For="1.2.3.4, " * 5_000),
        asked(
            "a host before the service that is none",
            ask,
            {200},
            parsing,
            X_Forwarded_For="\t;DROP",
            X_Forwarded_Proto="javascript",
        ),
        asked("a token that is not ASCII", ask, {200}, parsing, Authorization=b"Bearer \xff\xfe"),
        asked("10,000 cookies", ask, {431}, parsing, Cookie="a=b; " * 10_000),
        asked(
            "a SPARQL injection in a question",
            "/api/queries/phenotypes_of_gene?gene=MGI:1%3E+%7D+%23",
            {400},
            "another query runs",
        ),
        asked(
            "a quote in a question",
            "/api/queries/find_gene?text=%22%7D%23%5C",
            {200, 400},
            "another query runs",
        ),
        asked(
            "a question with a long value",
            "/api/queries/phenotypes_of_gene?gene=" + "9" * 90_000,
            {400, 414},
            parsing,
        ),
        asked("limit=-1", "/api/queries/phenotypes_of_gene?gene=MGI:1&limit=-1", {400}, parsing),
        asked("limit=10^30", "/api/queries/phenotypes_of_gene?gene=MGI:1&limit=1" + "0" * 30, {400}, parsing),
        asked(
            "limit of 5,000 digits",
            "/api/queries/phenotypes_of_gene?gene=MGI:1&limit=" + "1" * 5_000,
            {400},
            "int() raises for so many digits",
        ),
        asked(
            "limit of Arabic digits",
            "/api/queries/phenotypes_of_gene?gene=MGI:1&limit=%D9%A3",
            {400},
            "isdigit() is true for them",
        ),
        asked("offset=x", "/api/queries/phenotypes_of_gene?gene=MGI:1&offset=x", {400}, parsing),
        Hostile("cancelling what is not there", _cancelled(f"/queries/{crlf}"), frozenset({404}), header),
        Hostile("cancelling nothing", _cancelled("/queries/"), frozenset({404}), header),
    ]


def _cancelled(target: str) -> Callable[[str], list[Piece]]:
    return lambda trap: [_head("DELETE", target)]


def sizes() -> list[Hostile]:
    """More than fits."""
    megabyte = b"a" * 1_000_000
    memory = "it is read into memory before it is refused"
    too_long = {413, 414, 431, CLOSED}

    def streamed(name: str, head: bytes, allowed: set[int | str], parts: Iterable[bytes]) -> Hostile:
        kept = tuple(parts)
        return Hostile(name, lambda trap: (head, *kept), frozenset(allowed), memory)

    def body_head(content_type: str, length: int, target: str = "/sparql") -> bytes:
        return _head("POST", target, {"Content-Type": content_type, "Content-Length": str(length)})

    chunked = _head("POST", "/sparql", {"Content-Type": _QUERY, "Transfer-Encoding": "chunked"})
    return [
        streamed("20 MB in the address", b"GET /sparql?query=", too_long, [megabyte] * 20),
        streamed(
            "20 MB in a header",
            b"GET /sparql HTTP/1.1\r\nHost: localhost\r\nX-Long: ",
            too_long,
            [megabyte] * 20,
        ),
        streamed(
            "100,000 headers",
            b"GET /sparql?query=ASK+%7B%7D HTTP/1.1\r\nHost: localhost\r\n",
            too_long,
            (
                b"".join(b"X-%d: x\r\n" % (start + n) for n in range(1_000))
                for start in range(0, 100_000, 1_000)
            ),
        ),
        streamed("20 MB as a query", body_head(_QUERY, 20_000_000), {413}, [megabyte] * 20),
        streamed(
            "20 MB in a form",
            body_head(_FORM, 20_000_000),
            {413},
            [b"query=" + megabyte[6:]] + [megabyte] * 19,
        ),
        streamed("20 MB as an update", body_head(_UPDATE, 20_000_000), {403, 413}, [megabyte] * 20),
        streamed(
            "20 MB in chunks",
            chunked,
            {413, CLOSED},
            [b"F4240\r\n" + megabyte + b"\r\n"] * 20 + [b"0\r\n\r\n"],
        ),
        streamed(
            "20 MB in chunks of one byte",
            chunked,
            {413, CLOSED},
            [b"1\r\na\r\n" * 100_000] * 20 + [b"0\r\n\r\n"],
        ),
        streamed(
            "20 MB for a link", body_head(_FORM, 20_000_000, "/query"), {403, 404, 405, 413}, [megabyte] * 20
        ),
        streamed(
            "20 MB for a page that takes none", body_head(_FORM, 20_000_000, "/"), {405, 413}, [megabyte] * 20
        ),
        streamed(
            "20 MB with a GET",
            _head("GET", "/sparql?query=ASK+%7B%7D", {"Content-Length": "20000000"}),
            {200, 400, 413},
            [megabyte] * 20,
        ),
        Hostile("a query of 100,001 bytes", _post(_QUERY, "ASK {}" + " " * 99_995), frozenset({413}), memory),
        Hostile(
            "a query of 100,001 bytes in an address",
            _get("/sparql?query=ASK+%7B%7D" + "+" * 99_995),
            frozenset({413, 414}),
            memory,
        ),
        Hostile(
            "a query of 60,000 characters of two bytes",
            _post(_QUERY, "ASK {} #" + "é" * 60_000),
            frozenset({413}),
            memory,
        ),
        Hostile(
            "100,000 parameters",
            _post(_FORM, "query=ASK+%7B%7D" + "&a=1" * 90_000),
            frozenset({200, 400, 413}),
            "a table of parameters takes time that grows with the square of their number",
        ),
        Hostile(
            "100,000 ampersands",
            _post(_FORM, "&" * 100_000 + "query=ASK+%7B%7D"),
            frozenset({200}),
            "as above",
        ),
        Hostile(
            "20,000 parameters in an address",
            _get("/sparql?query=ASK+%7B%7D" + "&a=1" * 20_000),
            frozenset({414}),
            "as above",
        ),
    ]


def slowness() -> list[Hostile]:
    """Clients that take their time: each holds a connection, and costs nothing."""
    held = "each half request holds a thread or memory, and after some thousand nobody else gets in"
    head = b"GET /sparql?query=ASK+%7B%7D HTTP/1.1\r\nHost: localhost\r\n"
    body = _head("POST", "/sparql", {"Content-Type": _QUERY, "Content-Length": "6"})
    chunked = _head("POST", "/sparql", {"Content-Type": _QUERY, "Transfer-Encoding": "chunked"})

    def slow(name: str, allowed: set[int | str], *pieces: Piece) -> Hostile:
        return Hostile(name, lambda trap: pieces, frozenset(allowed), held, greedy=True)

    drip: list[Piece] = [piece for n in range(12) for piece in (b"X-%d: x\r\n" % n, 0.3)]
    return [
        slow("a head that never ends", {408, CLOSED}, head, *drip),
        slow("a head that stops", {408, CLOSED}, head[:20]),
        slow("a connection without a request", {408, CLOSED}),
        slow("a body that never ends", {408}, chunked, *([b"1\r\nA\r\n", 0.3] * 12)),
        slow("a body that stops", {408}, body, b"ASK"),
        slow("a body that does not begin", {408}, body),
        slow("a chunk that stops", {408}, chunked, b"6\r\nASK"),
        slow(
            "a body that does not begin, with Expect",
            {408},
            body.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n"),
        ),
        slow(
            "a page's body that stops",
            {404, 405, 408},
            body.replace(b"/sparql", b"/query").replace(_QUERY.encode(), _FORM.encode()),
            b"que",
        ),
    ]


def smuggling() -> list[Hostile]:
    """Requests that a proxy before the service and the service itself might cut at different places."""
    two = "a proxy sees one request where the service sees two, and the second is answered to someone else"
    second = b"GET /sparql?query=ASK+%7B%7D HTTP/1.1\r\nHost: localhost\r\n\r\n"
    start = b"POST /sparql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/sparql-query\r\n"

    def smuggled(name: str, head: bytes, body: bytes, allowed: set[int | str] | None = None) -> Hostile:
        return _raw(name, allowed or {400}, two, head + b"\r\n\r\n" + body, pipelined=True)

    chunks = b"6\r\nASK {}\r\n0\r\n\r\n"
    return [
        smuggled(
            "a length and chunks",
            start + b"Content-Length: 6\r\nTransfer-Encoding: chunked",
            b"0\r\n\r\n" + second,
        ),
        smuggled(
            "chunks and a length",
            start + b"Transfer-Encoding: chunked\r\nContent-Length: 6",
            b"0\r\n\r\n" + second,
        ),
        smuggled("two lengths", start + b"Content-Length: 6\r\nContent-Length: 0", b"ASK {}" + second),
        smuggled("two lengths in one", start + b"Content-Length: 6, 0", b"ASK {}" + second),
        smuggled("a length with a sign", start + b"Content-Length: +6", b"ASK {}" + second),
        smuggled("a length of less than nothing", start + b"Content-Length: -1", b"ASK {}" + second),
        smuggled("a hexadecimal length", start + b"Content-Length: 0x6", b"ASK {}" + second),
        smuggled(
            "a length of 30 digits",
            start + b"Content-Length: 999999999999999999999999999999",
            b"ASK {}" + second,
        ),
        smuggled("a length with a space before its colon", start + b"Content-Length : 6", b"ASK {}" + second),
        smuggled(
            "chunks with a space before their colon", start + b"Transfer-Encoding : chunked", chunks + second
        ),
        smuggled("chunks with a tab", start + b"Transfer-Encoding:\tchunked, identity", chunks + second),
        smuggled("chunks that are crossed out", start + b"Transfer-Encoding: xchunked", chunks + second),
        smuggled(
            "chunks twice",
            start + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
            chunks + second,
        ),
        smuggled(
            "a header that goes on in the next line",
            start + b"Content-Length:\r\n 6",
            b"ASK {}" + second,
            {400, 415, CLOSED},
        ),
        smuggled(
            "line ends of one character",
            start.replace(b"\r\n", b"\n") + b"Content-Length: 6",
            b"ASK {}" + second,
        ),
        smuggled(
            "a chunk of a size that is none",
            start + b"Transfer-Encoding: chunked",
            b"zz\r\nASK {}\r\n0\r\n\r\n" + second,
        ),
        smuggled(
            "a chunk of 2^68 bytes",
            start + b"Transfer-Encoding: chunked",
            b"FFFFFFFFFFFFFFFFF\r\nASK {}\r\n0\r\n\r\n" + second,
        ),
        smuggled(
            "a chunk of less than nothing",
            start + b"Transfer-Encoding: chunked",
            b"-1\r\nASK {}\r\n0\r\n\r\n" + second,
        ),
        smuggled(
            "a chunk without its end",
            start + b"Transfer-Encoding: chunked",
            b"6\r\nASK {}X0\r\n\r\n" + second,
        ),
        smuggled(
            "a version that is none", b"GET /sparql?query=ASK+%7B%7D HTTP/9.9\r\nHost: localhost", second
        ),
        smuggled("no version", b"GET /sparql?query=ASK+%7B%7D", second, {200, 400}),
        smuggled("a method that is none", b"G\0T /sparql HTTP/1.1\r\nHost: localhost", second),
        smuggled("spaces in the address", b"GET /sparql?query=ASK {} HTTP/1.1\r\nHost: localhost", second),
        smuggled("a header without a name", b"GET /sparql HTTP/1.1\r\nHost: localhost\r\n: x", second),
        smuggled("a header without a colon", b"GET /sparql HTTP/1.1\r\nHost: localhost\r\nX", second),
        smuggled("a header with NUL", b"GET /sparql HTTP/1.1\r\nHost: localhost\r\nX: a\0b", second),
        smuggled("a TLS greeting", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(200)), b""),
        smuggled("the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM", b"\0\0\0\4\0\0\0\0\0"),
        smuggled("nonsense", bytes(range(128, 256)) * 10, b""),
        _raw(
            "a body shorter than its length says",
            {408},
            "the service waits for ever",
            start + b"Content-Length: 60\r\n\r\nASK {}",
        ),
        _raw(
            "1,000 requests at once",
            {200},
            "each takes a thread, or its answer stays in memory",
            second * 1_000,
        ),
        _raw(
            "TRACE",
            {405},
            "it would send back what proxies have added",
            b"TRACE /sparql HTTP/1.1\r\nHost: localhost\r\n\r\n",
        ),
        _raw(
            "CONNECT",
            {400, 404, 405},
            "the service would be a proxy",
            b"CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: 127.0.0.1:22\r\n\r\n",
        ),
        _raw(
            "the address of another host",
            {200, 400, 404},
            "the service would be a proxy",
            b"GET http://example.org/sparql?query=ASK+%7B%7D HTTP/1.1\r\nHost: example.org\r\n\r\n",
        ),
        _raw(
            "OPTIONS of everything",
            {200, 204, 400, 404, 405},
            "there is no such path",
            b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n",
        ),
        _raw(
            "an upgrade to a web socket",
            {200, 400, 426},
            "the connection is taken over and never let go",
            b"GET /sparql?query=ASK+%7B%7D HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        ),
        _raw(
            "an upgrade to HTTP/2",
            {200, 400, 426},
            "the connection is taken over and never let go",
            b"GET /sparql?query=ASK+%7B%7D HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\n"
            b"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
        ),
        _raw(
            "something to expect that nobody knows",
            {200, 417},
            "the service waits for ever",
            start + b"Content-Length: 6\r\nExpect: a-miracle\r\n\r\nASK {}",
        ),
    ]


def requests_to_others() -> list[Hostile]:
    """Queries that make the service ask another server: by now it would be inside the operator's network."""
    inside = "the service asks any address for whoever asks it, from inside the operator's network"

    def asking(name: str, text: str, allowed: set[int | str] | None = None) -> Hostile:
        return _query(name, text, allowed or {403}, inside)

    service = "SERVICE <$TRAP> { ?s ?p ?o }"
    return [
        asking("SERVICE", f"ASK {{ {service} }}"),
        asking("SERVICE in small letters", f"ASK {{ {service.lower()} }}".replace("$trap", "$TRAP")),
        asking("SERVICE SILENT", "SELECT * { SERVICE SILENT <$TRAP> { ?s ?p ?o } }"),
        asking("SERVICE in a sub-SELECT", f"SELECT * {{ {{ SELECT * {{ {service} }} }} }}"),
        asking("SERVICE in EXISTS", f"ASK {{ ?a ?b ?c FILTER EXISTS {{ {service} }} }}"),
        asking("SERVICE in MINUS", f"SELECT * {{ ?a ?b ?c MINUS {{ {service} }} }}"),
        asking("SERVICE by a variable", "ASK { VALUES ?where { <$TRAP> } SERVICE ?where { ?s ?p ?o } }"),
        asking("SERVICE by BIND", 'ASK { BIND(IRI("$TRAP") AS ?where) SERVICE ?where { ?s ?p ?o } }'),
        asking("SERVICE by a prefix", "PREFIX x: <$TRAP> ASK { SERVICE x: { ?s ?p ?o } }"),
        asking("SERVICE by BASE", "BASE <$TRAP> ASK { SERVICE <> { ?s ?p ?o } }"),
        asking("SERVICE without a space", "PREFIX ex: <$TRAP> ASK { SERVICEex: { ?s ?p ?o } }"),
        asking("SERVICE behind a number", "PREFIX ex: <$TRAP> ASK { ?a ?b 5SERVICE ex: { ?s ?p ?o } }"),
        asking("a prefix named service", "PREFIX service: <$TRAP> ASK { service:x { ?s ?p ?o } }"),
        asking("SERVICE and a comment", "ASK { SERVICE#\n<$TRAP> { ?s ?p ?o } }"),
        asking(
            "SERVICE behind a comparison",
            "ASK { ?a ?b ?c FILTER(?a<?b&&?c>?d) SERVICE <$TRAP> { ?s ?p ?o } }",
        ),
        asking("SERVICE in a long string", "ASK { ?a ?b '''\\''' SERVICE <$TRAP> { ?s ?p ?o } #''' }", {200}),
        asking(
            "SERVICE behind four quotes", "ASK { ?a ?b '''x'''' SERVICE <$TRAP> { ?s ?p ?o } }", {400, 403}
        ),
        asking("SERVICE behind an empty long string", "ASK { ?a ?b '''''' SERVICE <$TRAP> { ?s ?p ?o } }"),
        asking("SERVICE between two quotes", "ASK { ?a ?b '' SERVICE <$TRAP> { ?s ?p ?o } FILTER('' = '') }"),
        asking(
            "SERVICE behind a line end in a string",
            "ASK { ?a ?b 'x\nSERVICE <$TRAP> { ?s ?p ?o } #' }",
            {400, 403},
        ),
        asking("SERVICE with a byte order mark", f"\ufeffASK {{ {service} }}", {400, 403}),
        asking("SERVICE in wide letters", f"ASK {{ {service} }}".replace("S", "Ｓ"), {400, 403}),
        asking("SERVICE with a dotless i", f"ASK {{ {service} }}".replace("I", "ı"), {400, 403}),
        asking("SERVICE in escapes", "ASK { \\u0053ERVICE <$TRAP> { ?s ?p ?o } }", {400, 403}),
        asking("SERVICE in CONSTRUCT", f"CONSTRUCT WHERE {{ {service} }}", {400, 403}),
        asking("FROM an address", "SELECT * FROM <$TRAP> { ?s ?p ?o }", {200}),
        asking("FROM NAMED an address", "SELECT * FROM NAMED <$TRAP> { GRAPH ?g { ?s ?p ?o } }", {200}),
        asking("FROM a file", "SELECT * FROM <file:///etc/passwd> { ?s ?p ?o }", {200}),
        asking("GRAPH of an address", "SELECT * { GRAPH <$TRAP> { ?s ?p ?o } }", {200}),
        asking("DESCRIBE of an address", "DESCRIBE <$TRAP>", {200}),
        asking("LOAD as a query", "LOAD <$TRAP>", {400, 403}),
        _update("LOAD", {403}, inside, _post(_UPDATE, "LOAD <$TRAP>")),
        _update("LOAD SILENT", {403}, inside, _post(_UPDATE, "LOAD SILENT <$TRAP> INTO GRAPH <urn:g>")),
    ]


def updates() -> list[Hostile]:
    """Changes to a graph that is only read."""
    change = "the graph is changed by whoever likes"
    insert = "INSERT DATA { <urn:hostile> <urn:p> <urn:o> }"
    return [
        _update("INSERT as a body", {403}, change, _post(_UPDATE, insert)),
        _update("INSERT in a form", {403}, change, _post(_FORM, "update=" + quote_plus(insert))),
        _update("INSERT with a token", {403}, change, _post(_UPDATE, insert, Authorization="Bearer x")),
        _update("INSERT as a query", {400}, change, _post(_QUERY, insert)),
        _update("INSERT as a query in a form", {400}, change, _post(_FORM, "query=" + quote_plus(insert))),
        _update("INSERT in an address", {400}, change, _get("/sparql?update=" + quote_plus(insert))),
        _update(
            "INSERT in an address, with POST",
            {400},
            change,
            _post(_FORM, "", "/sparql?update=" + quote_plus(insert)),
        ),
        _update("DROP ALL", {403}, change, _post(_UPDATE, "DROP ALL")),
        _update("CLEAR behind a query", {400}, change, _post(_QUERY, "ASK {} ; CLEAR ALL")),
        _update("DELETE WHERE", {403}, change, _post(_UPDATE, "DELETE WHERE { ?s ?p ?o }")),
        _update(
            "a graph that is put",
            {403, 405},
            change,
            _post("text/turtle", "<urn:a> <urn:b> <urn:c> .", "/graphs?default", "PUT"),
        ),
        _update(
            "a graph that is added to",
            {403, 405},
            change,
            _post("text/turtle", "<urn:a> <urn:b> <urn:c> .", "/graphs?default"),
        ),
        _update(
            "a graph that is deleted", {403, 405}, change, lambda trap: [_head("DELETE", "/graphs?default")]
        ),
        _update("a graph that is patched", {405}, change, _post(_UPDATE, insert, "/graphs?default", "PATCH")),
        _update(
            "the graph of an address",
            {404},
            change,
            lambda trap: [_head("GET", "/graphs?graph=" + quote_plus(trap), {"Accept": "text/turtle"})],
        ),
        _update(
            "a graph to read that is no IRI",
            {400},
            change,
            _get("/graphs?graph=no%20iri", Accept="text/turtle"),
        ),
    ]


def corpus() -> list[Hostile]:
    """All of them."""
    return [
        hostile
        for kind in (
            nesting,
            chains,
            strings,
            products,
            paths,
            arithmetic,
            encodings,
            injections,
            sizes,
            slowness,
            smuggling,
            requests_to_others,
            updates,
        )
        for hostile in kind()
    ]
