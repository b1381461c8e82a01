"""Speaking the three protocols to a service: query, update, graph store.

http.client and no more: a case must reach the service byte for byte as it is written, with no header added and
no address tidied.
"""

import http.client
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode, urlsplit

SECONDS = 60.0
JSON_RESULTS = "application/sparql-results+json"
PROBLEM = "application/problem+json"
QUERY = "application/sparql-query"
UPDATE = "application/sparql-update"
FORM = "application/x-www-form-urlencoded"
N_TRIPLES = "application/n-triples"
TURTLE = "text/turtle"


class ServiceGone(ConnectionError):
    """The service did not answer: it refused the connection, broke it off or took too long."""


@dataclass(frozen=True)
class Addresses:
    """Where a service answers.

    query, update, graphs: addresses of the three protocols; the first two may be one.
    token: what an update has to show; None if it need not.
    problems: whether errors are promised as problem details, with line and column for syntax.
    """

    query: str
    update: str
    graphs: str
    token: str | None = None
    problems: bool = False


@dataclass(frozen=True)
class Answer:
    """What came back. The names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        """The media type without its parameters, in lower case; empty if there is none."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def text(self) -> str:
        """The beginning of the body, for messages."""
        return self.body[:300].decode("utf-8", "replace").replace("\n", " ").strip()

    def __str__(self) -> str:
        return f"{self.status} {self.media_type or 'without a media type'}: {self.text or 'no body'}"


@dataclass
class Client:
    """A connection to a service for each of its hosts, kept open."""

    addresses: Addresses
    _connections: dict[str, http.client.HTTPConnection] = field(default_factory=dict)

    def close(self) -> None:
        for connection in self._connections.values():
            connection.close()
        self._connections.clear()

    def send(
        self,
        method: str,
        address: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        authorised: bool = False,
    ) -> Answer:
        """The answer to one request; redirects are not followed.

        Raises ServiceGone if none came, also not on a new connection where the kept one may have been closed.
        """
        parts = urlsplit(address)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        sent = dict(headers or {})
        if authorised and self.addresses.token is not None:
            sent["Authorization"] = f"Bearer {self.addresses.token}"
        kept = parts.netloc in self._connections
        try:
            return self._exchange(parts.netloc, method, target, sent, body)
        except (OSError, http.client.HTTPException) as error:
            self._drop(parts.netloc)
            stale = kept and isinstance(error, ConnectionError | http.client.RemoteDisconnected)
            if not stale:
                raise ServiceGone(f"{method} {address}: {type(error).__name__}: {error}") from error
        try:
            return self._exchange(parts.netloc, method, target, sent, body)
        except (OSError, http.client.HTTPException) as error:
            self._drop(parts.netloc)
            raise ServiceGone(f"{method} {address}: {type(error).__name__}: {error}") from error

    def query(
        self, text: str, accept: str = JSON_RESULTS, parameters: Iterable[tuple[str, str]] = ()
    ) -> Answer:
        """The answer to a query, POSTed as it is."""
        address = with_parameters(self.addresses.query, parameters)
        return self.send("POST", address, {"Content-Type": QUERY, "Accept": accept}, text.encode())

    def update(self, text: str, parameters: Iterable[tuple[str, str]] = ()) -> Answer:
        """The answer to an update, POSTed as it is."""
        address = with_parameters(self.addresses.update, parameters)
        return self.send(
            "POST", address, {"Content-Type": UPDATE, "Accept": PROBLEM}, text.encode(), authorised=True
        )

    def put_graph(
        self, graph: str | None, body: bytes, media_type: str = N_TRIPLES, more: bool = False
    ) -> Answer:
        """Make the body a graph; None is the default graph.

        more: whether to add to what the graph holds, instead of replacing it.
        """
        headers = {"Content-Type": media_type}
        return self.send("POST" if more else "PUT", self.graph_address(graph), headers, body, authorised=True)

    def get_graph(self, graph: str | None, accept: str = N_TRIPLES) -> Answer:
        return self.send("GET", self.graph_address(graph), {"Accept": accept})

    def delete_graph(self, graph: str | None) -> Answer:
        return self.send("DELETE", self.graph_address(graph), authorised=True)

    def graph_address(self, graph: str | None) -> str:
        """Where the graph store keeps a graph; None is the default graph."""
        return f"{self.addresses.graphs}?" + (
            "default" if graph is None else f"graph={quote(graph, safe='')}"
        )

    def _exchange(
        self, host: str, method: str, target: str, headers: Mapping[str, str], body: bytes | None
    ) -> Answer:
        connection = self._connections.get(host)
        if connection is None:
            connection = self._connections[host] = http.client.HTTPConnection(host, timeout=SECONDS)
        connection.request(method, target, body=body, headers=dict(headers))
        response = connection.getresponse()
        content = response.read()
        return Answer(
            response.status, {name.lower(): value for name, value in response.getheaders()}, content
        )

    def _drop(self, host: str) -> None:
        connection = self._connections.pop(host, None)
        if connection is not None:
            connection.close()


def with_parameters(address: str, parameters: Iterable[tuple[str, str]]) -> str:
    """An address with parameters added to it."""
    added = urlencode(list(parameters))
    return f"{address}{'&' if '?' in address else '?'}{added}" if added else address
