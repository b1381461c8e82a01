"""Reading the manifests of the W3C's SPARQL 1.1 suite.

The suite is the folder sparql11 of the repository w3c/rdf-tests: one folder a subject, each with a `manifest.ttl`
that lists its cases, and `manifest-all.ttl` that lists the folders. The vocabulary is that of
https://www.w3.org/2001/sw/DataAccess/tests/README: a case has an action (what to send, and the data to send it
to) and a result. Cases of the protocols are exchanges of HTTP, written in the W3C's vocabularies for HTTP.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox

# Where the suite is published. Files are known by this address and not by where they lie on this machine.
BASE = "https://w3c.github.io/rdf-tests/sparql/sparql11/"

MF = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
QT = "http://www.w3.org/2001/sw/DataAccess/tests/test-query#"
UT = "http://www.w3.org/2009/sparql/tests/test-update#"
HT = "http://www.w3.org/2011/http#"
CNT = "http://www.w3.org/2011/content#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS = "http://www.w3.org/2000/01/rdf-schema#"

# Regimes of entailment are no part of what a service must answer, and the engine has none.
LEFT_OUT = frozenset({"entailment"})


class SuiteError(ValueError):
    """A folder that is not the suite, or a manifest that does not read as one."""


@dataclass(frozen=True)
class Files:
    """A dataset as files: each with the name of its graph, None for the default graph."""

    graphs: tuple[tuple[str | None, Path], ...] = ()


@dataclass(frozen=True)
class Expected:
    """What an exchange of HTTP must answer.

    statuses: names of status codes, "Created", or of classes of them, "StatusCode2xx"; one must fit.
    media_type, body: of the RDF that must come back, if any.
    boolean: the answer to an ASK, if it is told.
    kind: "boolean", "tabular" or "RDF"; what the media type must be one of.
    location: the name under which the header Location is put into later exchanges.
    """

    statuses: tuple[str, ...]
    media_type: str | None
    body: bytes | None
    boolean: bool | None
    kind: str | None
    location: str | None


@dataclass(frozen=True)
class Exchange:
    """One request of a case of the protocols, and what must come back. The path begins at the service's root."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes | None
    expected: Expected


@dataclass(frozen=True)
class Case:
    """One case of the suite.

    id: folder and local name, "aggregates/agg01".
    kind: the local name of its type, "QueryEvaluationTest".
    text: the query or update, if it is one.
    given: the data that are there before.
    services: the addresses of other services that the case asks, and what these hold.
    result: the answer that a query must give.
    left: the data that must be there after an update.
    exchanges: requests and answers, for the protocols.
    """

    id: str
    kind: str
    name: str
    text: Path | None = None
    given: Files = Files()
    services: tuple[tuple[str, Path], ...] = ()
    result: Path | None = None
    left: Files = Files()
    exchanges: tuple[Exchange, ...] = ()

    @property
    def subject(self) -> str:
        """The folder of the case."""
        return self.id.partition("/")[0]


def read_suite(folder: Path) -> list[Case]:
    """All cases of the suite in a folder, in the order of its manifests.

    Raises SuiteError where the folder holds no such suite.
    """
    top = folder / "manifest-all.ttl"
    if not top.is_file():
        raise SuiteError(f"{folder}: no manifest-all.ttl; expected the folder sparql11 of w3c/rdf-tests")
    return [case for path in _included(folder, top) for case in _read_manifest(folder, path)]


def iri_of(folder: Path, path: Path) -> str:
    """The address under which a file of the suite is published."""
    return BASE + path.relative_to(folder).as_posix()


def read_files(folder: Path, files: Files) -> ox.Dataset:
    """The dataset that files hold together; blank nodes of different files are different."""
    dataset = ox.Dataset()
    for graph, path in files.graphs:
        name = ox.DefaultGraph() if graph is None else ox.NamedNode(graph)
        for quad in read_graph(folder, path):
            dataset.add(ox.Quad(quad.subject, quad.predicate, quad.object, name))
    return dataset


def read_graph(folder: Path, path: Path) -> ox.Dataset:
    """The graph that a file of the suite holds."""
    quads = ox.parse(path=path, base_iri=iri_of(folder, path), rename_blank_nodes=True)
    return ox.Dataset(quads)


def _included(folder: Path, manifest: Path) -> Iterator[Path]:
    graph = _Graph(folder, manifest)
    included = [
        graph.path(name)
        for members in graph.values(graph.node, MF + "include")
        for name in graph.list(members)
    ]
    for path in included:
        if path.parent.name not in LEFT_OUT:
            below = list(_included(folder, path))
            yield from below or [path]


def _read_manifest(folder: Path, path: Path) -> Iterator[Case]:
    graph = _Graph(folder, path)
    entries = graph.value(graph.node, MF + "entries")
    if entries is None:
        raise SuiteError(f"{path}: no mf:entries")
    for entry in graph.list(entries):
        yield _read_case(graph, entry, path.parent.name)


def _read_case(graph: "_Graph", entry: ox.NamedNode, subject: str) -> Case:
    kind = graph.value(entry, RDF + "type").value.removeprefix(MF)
    name = graph.value(entry, MF + "name")
    action, result = graph.value(entry, MF + "action"), graph.value(entry, MF + "result")
    given = _files(graph, action, QT) + _files(graph, action, UT) + _files(graph, entry, UT)
    return Case(
        id=f"{subject}/{entry.value.rpartition('#')[2]}",
        kind=kind,
        name=entry.value if name is None else name.value,
        text=_text(graph, action),
        given=Files(given),
        services=tuple(
            (graph.value(node, QT + "endpoint").value, graph.path(graph.value(node, QT + "data")))
            for node in graph.values(action, QT + "serviceData")
        ),
        result=graph.path(result) if isinstance(result, ox.NamedNode) else None,
        left=Files(_files(graph, result, UT) if isinstance(result, ox.BlankNode) else ()),
        exchanges=tuple(
            _read_exchange(graph, node)
            for requests in graph.values(action, HT + "requests")
            for node in graph.list(requests)
        ),
    )


def _text(graph: "_Graph", action: ox.NamedNode | ox.BlankNode | None) -> Path | None:
    if isinstance(action, ox.NamedNode):  # cases of syntax
        return graph.path(action)
    texts = graph.values(action, QT + "query") + graph.values(action, UT + "request")
    return graph.path(texts[0]) if texts else None


def _files(graph: "_Graph", node: ox.NamedNode | ox.BlankNode | None, vocabulary: str) -> tuple:
    """Files of data and of named graphs; a named graph has the name of its file, or its label where it has one."""
    default = [(None, graph.path(file)) for file in graph.values(node, vocabulary + "data")]
    named = []
    for file in graph.values(node, vocabulary + "graphData"):
        if isinstance(file, ox.NamedNode):
            named.append((file.value, graph.path(file)))
        else:
            path = graph.path(graph.value(file, UT + "graph"))
            named.append((graph.value(file, RDFS + "label").value, path))
    return tuple(sorted(default)) + tuple(sorted(named))


def _read_exchange(graph: "_Graph", node: ox.BlankNode) -> Exchange:
    answer = graph.value(node, HT + "resp")
    boolean = graph.value(answer, MF + "expectedBoolean")
    kind = graph.value(answer, MF + "expectedFormat")
    location = graph.value(answer, MF + "expectedLocation")
    return Exchange(
        method=graph.value(node, HT + "methodName").value,
        path=graph.value(node, HT + "absolutePath").value,
        headers=tuple(_headers(graph, node)),
        body=_body(graph, node),
        expected=Expected(
            statuses=tuple(
                status.value.rpartition("#")[2] for status in graph.values(answer, MF + "expectedStatus")
            ),
            media_type=dict(_headers(graph, answer)).get("content-type"),
            body=_body(graph, answer),
            boolean=None if boolean is None else boolean.value == "true",
            kind=None if kind is None else kind.value,
            location=None if location is None else location.value,
        ),
    )


def _headers(graph: "_Graph", node: ox.BlankNode) -> Iterator[tuple[str, str]]:
    for members in graph.values(node, HT + "headers"):
        for header in graph.list(members):
            yield graph.value(header, HT + "fieldName").value, graph.value(header, HT + "fieldValue").value


def _body(graph: "_Graph", node: ox.BlankNode) -> bytes | None:
    body = graph.value(node, HT + "body")
    if body is None:
        return None
    return graph.value(body, CNT + "chars").value.encode(graph.value(body, CNT + "characterEncoding").value)


class _Graph:
    """A manifest, asked by subject and predicate."""

    def __init__(self, folder: Path, path: Path) -> None:
        self.folder, self.manifest = folder, path
        self.node = ox.NamedNode(iri_of(folder, path))
        self.found: dict[tuple[object, str], list] = {}
        try:
            for quad in ox.parse(path=path, base_iri=self.node.value):
                self.found.setdefault((quad.subject, quad.predicate.value), []).append(quad.object)
        except SyntaxError as error:
            raise SuiteError(f"{path}: {error}") from error

    def values(self, node, predicate: str) -> list:
        return self.found.get((node, predicate), [])

    def value(self, node, predicate: str):
        return next(iter(self.values(node, predicate)), None)

    def list(self, node) -> list:
        members = []
        while node.value != RDF + "nil":
            members.append(self.value(node, RDF + "first"))
            node = self.value(node, RDF + "rest")
        return members

    def path(self, node: ox.NamedNode) -> Path:
        if not node.value.startswith(BASE):
            raise SuiteError(f"{self.manifest}: {node.value} is no file of the suite")
        return self.folder / node.value.removeprefix(BASE)
