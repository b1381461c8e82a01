"""Running the cases of the protocols: exchanges of HTTP, and the service description."""

from urllib.parse import quote, urljoin, urlsplit

import pyoxigraph as ox

from .client import QUERY, UPDATE, Addresses, Answer
from .description import endpoints, faults
from .evaluation import BOOLEANS, GRAPHS, TABLES, Bench, Outcome
from .manifest import Case, Exchange, Expected
from .results import Likeness, Unreadable, compare, read_result

KINDS = {"boolean": BOOLEANS, "tabular": TABLES, "RDF": (*GRAPHS, "application/n-quads")}
STATUSES = {"OK": 200, "Created": 201, "NoContent": 204, "NotFound": 404}
ANY_RDF = "text/turtle, application/rdf+xml;q=0.9, application/n-triples;q=0.8"


def run_exchanges(case: Case, bench: Bench) -> Outcome:
    """Whether each request of a case, one after the other, is answered as it must be."""
    trouble = bench.load(case.given)
    if trouble:
        return Outcome(Likeness.DIFFERENT, trouble)
    bench.changed()
    locations: dict[str, str] = {}
    for number, exchange in enumerate(case.exchanges, start=1):
        address = address_of(exchange, case, bench.client.addresses, locations)
        to_service = exchange.method != "GET" or address.startswith(bench.client.addresses.update)
        answer = bench.client.send(
            exchange.method, address, dict(exchange.headers), exchange.body, authorised=to_service
        )
        trouble = fault(answer, exchange.expected)
        if trouble:
            return Outcome(
                Likeness.DIFFERENT, f"request {number}, {exchange.method} {exchange.path}: {trouble}"
            )
        if exchange.expected.location is not None:
            locations[exchange.expected.location] = urljoin(address, answer.headers["location"])
    return Outcome(Likeness.SAME)


def address_of(exchange: Exchange, case: Case, addresses: Addresses, locations: dict[str, str]) -> str:
    """Where a request goes: the path of the manifest stands for the service's own addresses."""
    path = exchange.path
    for name, location in locations.items():
        path = path.replace(name, quote(location, safe=""))
    if path.startswith("/gsp"):
        return addresses.graphs + path.removeprefix("/gsp")
    address = addresses.update if _is_update(exchange, case) else addresses.query
    query = urlsplit(path).query
    return f"{address}?{query}" if query else address


def _is_update(exchange: Exchange, case: Case) -> bool:
    media_type = dict(exchange.headers).get("content-type", "")
    if media_type.startswith((QUERY, UPDATE)):
        return media_type.startswith(UPDATE)
    return case.id.partition("/")[2].startswith(("update_", "bad_update", "bad_multiple_updates"))


def fault(answer: Answer, expected: Expected) -> str | None:
    """What is wrong with an answer; None if it is as expected."""
    if not any(_fits(answer.status, name) for name in expected.statuses):
        return f"expected {' or '.join(sorted(expected.statuses))}: {answer}"
    if answer.status // 100 != 2:
        return None
    try:
        return _headers_fault(answer, expected) or _body_fault(answer, expected)
    except Unreadable as error:
        return f"{error}: {answer}"


def _headers_fault(answer: Answer, expected: Expected) -> str | None:
    if expected.media_type is not None and answer.media_type != expected.media_type.partition(";")[0]:
        return f"expected {expected.media_type}: {answer}"
    if expected.kind is not None and answer.media_type not in KINDS[expected.kind]:
        return f"expected a media type for {expected.kind}: {answer}"
    if expected.location is not None and not answer.headers.get("location"):
        return f"expected a header Location: {answer}"
    return None


def _body_fault(answer: Answer, expected: Expected) -> str | None:
    if expected.boolean is not None and read_result(answer.body, answer.media_type) is not expected.boolean:
        return f"expected {str(expected.boolean).lower()}: {answer}"
    if expected.body is None or expected.media_type is None:
        return None
    wanted = read_result(expected.body, expected.media_type.partition(";")[0])
    if compare(read_result(answer.body, answer.media_type), wanted) is not Likeness.SAME:
        return f"expected the graph {expected.body.decode()}: {answer}"
    return None


def _fits(status: int, name: str) -> bool:
    if name.startswith("StatusCode"):
        return status // 100 == int(name.removeprefix("StatusCode")[0])
    return status == STATUSES[name]


def run_description(case: Case, bench: Bench) -> Outcome:
    """Whether the service describes itself when it is asked nothing."""
    address = bench.client.addresses.query
    answer = bench.client.send("GET", address, {"Accept": ANY_RDF})
    if answer.status != 200:
        return Outcome(Likeness.DIFFERENT, str(answer))
    try:
        description = read_result(answer.body, answer.media_type, address)
    except Unreadable as error:
        return Outcome(Likeness.DIFFERENT, f"{error}: {answer}")
    if not isinstance(description, ox.Dataset) or not len(description):
        return Outcome(Likeness.DIFFERENT, f"it says nothing: {answer}")
    wrong: list[str] = []
    if case.id.endswith("has-endpoint-triple") and address not in endpoints(description):
        wrong = [
            f"sd:endpoint is {', '.join(sorted(endpoints(description))) or 'missing'}; expected {address}"
        ]
    if case.id.endswith("conforms-to-schema"):
        wrong = faults(description)
    return Outcome(Likeness.DIFFERENT if wrong else Likeness.SAME, "\n".join(wrong))
