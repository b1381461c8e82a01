"""The store, and the only module that opens one.

A store is an Oxigraph database (RocksDB files in a folder). It is written once, by `write_store`, and from then on only
read: any number of processes may open it. A release folder holds one under `store/`, and `current` names the release
that is live, so `open_store` takes either.

Facts about the engine that shape this module (pyoxigraph 0.5.13):

* A triple that stands in two graphs is found twice in the union of all graphs; so the build never writes one twice.
* A result must be read in the thread that asked for it, or the process is aborted.
* Values are bound with `substitutions`, which only reach variables that the query selects.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pyoxigraph as ox

from impckg.graph.columns import with_columns_in_order
from impckg.graph.errors import QueryError, SparqlSyntaxError, StoreError
from impckg.graph.identifiers import BASE, UNNAMED_GRAPH, namespaces
from impckg.graph.sparql import Kind, names_graphs, tokens

QueryResult = ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples
"""What a query gives: solutions (SELECT), a boolean (ASK) or triples (CONSTRUCT, DESCRIBE)."""

Term = ox.NamedNode | ox.Literal
Bindings = Mapping[str, Term]

STORE_FOLDER = "store"
LIVE_RELEASE = "current"
REASONING_FOLDER = "reasoning"

_MOST_HINTS = 12


@dataclass(frozen=True)
class Release:
    """What a store holds: the name, title and date of its release, and whether its data are simulated."""

    iri: str
    name: str
    title: str
    date: str
    simulated: bool


class GraphStore:
    """A finished store, open for reading."""

    def __init__(self, path: Path, store: ox.Store, union: bool = True) -> None:
        self.path = path
        self._store = store
        self._union = union

    @property
    def oxigraph(self) -> ox.Store:
        """The engine's own handle, for `oxrdflib`."""
        return self._store

    def query(
        self,
        text: str,
        bindings: Bindings | None = None,
        default_graphs: Sequence[str] = (),
        named_graphs: Sequence[str] = (),
        base_iri: str | None = None,
    ) -> QueryResult:
        """What a SPARQL query finds.

        The default graph is the union of all graphs unless graphs are given or named, or the store was opened otherwise.

        bindings: values for variables that the query selects, by the variable's name.
        base_iri: what its relative IRIs are relative to; it may have none where this is None.
        default_graphs: may name the graph without a name as UNNAMED_GRAPH.

        The prefixes of `identifiers.namespaces` need no declaration.
        Raises SparqlSyntaxError with line and column, and QueryError where a value cannot be bound.
        """
        substitutions: dict[ox.Variable, ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple] = {
            ox.Variable(name): value for name, value in (bindings or {}).items()
        }
        # A query that names its graphs itself (FROM) means those; one for which graphs are given means no others.
        chosen = bool(default_graphs or named_graphs)
        # The engine reads each prefix it is given, which costs more than to evaluate a small query.
        prefixes = {name: space for name, space in namespaces().items() if f"{name}:" in text}
        try:
            return self._store.query(
                with_columns_in_order(text, prefixes, base_iri),
                prefixes=prefixes,
                base_iri=base_iri,
                use_default_graph_as_union=self._union and not (chosen or names_graphs(text)),
                default_graph=[_graph_name(graph) for graph in default_graphs] if chosen else None,
                named_graphs=[ox.NamedNode(graph) for graph in named_graphs] if chosen else None,
                substitutions=substitutions,
            )
        except SyntaxError as error:
            raise syntax_error(error, text) from error
        except (RuntimeError, ValueError) as error:
            raise QueryError(f"the query cannot be asked: {error}") from error

    def release(self) -> Release | None:
        """What the store says of itself; None where it says nothing."""
        return release_of(self.query(RELEASE_QUERY))


RELEASE_QUERY = (
    "SELECT ?release ?name ?title ?date ?simulated WHERE { ?release a kg:Release ; dcterms:identifier ?name ; "
    "dcterms:title ?title ; dcterms:issued ?date ; kg:simulated ?simulated }"
)


def release_of(found: QueryResult) -> Release | None:
    """The release from the answer to RELEASE_QUERY; None where it has no row."""
    assert isinstance(found, ox.QuerySolutions)
    for row in found:
        iri, name, title, date, simulated = (term.value for term in row)
        return Release(iri, name, title, date, simulated == "true")
    return None


def open_store(path: Path, union: bool = True) -> GraphStore:
    """Open a store for reading.

    path: a store, a release that holds one, or a folder of releases (the live one is taken).
    union: whether the default graph of a query is the union of all graphs, or the one without a name.

    Raises StoreError where there is none.
    """
    folder = find_store(path)
    try:
        return GraphStore(folder, ox.Store.read_only(str(folder)), union)
    except (OSError, RuntimeError, ValueError) as error:
        raise StoreError(f"{path}: not a store that can be opened: {error}") from error


def find_store(path: Path) -> Path:
    """The folder of the store itself, from any of the paths that `open_store` takes."""
    for folder in (path / LIVE_RELEASE / STORE_FOLDER, path / STORE_FOLDER, path):
        # RocksDB keeps the name of its manifest in a file CURRENT.
        if (folder / "CURRENT").is_file():
            return folder
    raise StoreError(
        f"{path}: no store here; expected a folder that `impckg build --out` or `impckg demo` wrote"
    )


def find_release(path: Path) -> Path:
    """The folder of the release that a store belongs to: beside it lie tables, reports and the classification.

    path: as `open_store` takes it. Raises StoreError where there is no store.
    """
    return find_store(path).resolve().parent


def write_store(folder: Path, files: Iterable[Path]) -> None:
    """Write a new store from N-Triples (.nt, into the default graph) and N-Quads (.nq) files.

    The folder must not hold a store yet. Raises StoreError with the file and the place in it where one is not RDF.
    """
    if (folder / "CURRENT").exists():
        raise StoreError(f"{folder}: there is a store already; a store is written once")
    folder.mkdir(parents=True, exist_ok=True)
    store = ox.Store(str(folder))
    for file in files:
        format_ = ox.RdfFormat.N_QUADS if file.suffix == ".nq" else ox.RdfFormat.N_TRIPLES
        try:
            # The files come from graph/triples.py, which has checked what goes into an IRI.
            store.bulk_load(path=str(file), format=format_, lenient=True)
        except (SyntaxError, OSError, ValueError) as error:
            raise StoreError(f"{file.name}: cannot be loaded: {error}") from error
    store.optimize()
    store.flush()


def graph_iri(name: str, base: str = BASE) -> str:
    """The IRI of the named graph of a source, or of one that is inferred.

    >>> graph_iri("mp")
    'https://w3id.org/impckg/graph/mp'
    """
    return f"{base}graph/{name}"


def _graph_name(graph: str) -> ox.NamedNode | ox.DefaultGraph:
    return ox.DefaultGraph() if graph == UNNAMED_GRAPH else ox.NamedNode(graph)


def syntax_error(error: SyntaxError, text: str) -> SparqlSyntaxError:
    """The engine's error about a text of SPARQL, with the place in it, in words for whoever wrote the text."""
    message = str(error)
    place = re.match(r"error at (\d+):(\d+)", message)
    shared = re.match(r"The blank node (_:\S+) cannot be shared", message)
    if shared is not None and shared[1] in text:
        before = text[: text.rindex(shared[1])]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        return SparqlSyntaxError(
            f"the query is not SPARQL: line {line}, column {column}: {message}", line, column
        )
    if place is None:
        return SparqlSyntaxError(f"the query is not SPARQL: {message}")
    line, column = map(int, place.groups())
    # The engine lists every character class of its grammar; keywords and punctuation are what a reader can use.
    listed = message[place.end() :].replace(": expected one of ", "").split(", ")
    expected = [item for item in listed if re.fullmatch(r'"[^"]+"|[A-Z]{2,}', item)]
    unknown = _undeclared_prefixes(text)
    if unknown:
        expected = []
    hint = f"; expected {' or '.join(dict.fromkeys(expected))}" if 0 < len(expected) <= _MOST_HINTS else ""
    return SparqlSyntaxError(
        f"the query is not SPARQL: it cannot be read on from line {line}, column {column}{hint}{unknown}",
        line,
        column,
    )


def _undeclared_prefixes(text: str) -> str:
    found = list(tokens(text))
    declared = {
        name.text
        for word, name in pairwise(found)
        if word.text.upper() == "PREFIX" and name.kind is Kind.NAME
    }
    known = {name.partition(":")[0] for name in declared} | namespaces().keys()
    # What follows a "<" is an IRI that is not closed, whatever it looks like.
    names = [
        token for token in found if token.kind is Kind.NAME and text[token.start - 1 : token.start] != "<"
    ]
    unknown = {token.text.partition(":")[0] for token in names} - known
    return (
        f"; nobody says what the prefix {', '.join(map(repr, sorted(unknown)))} stands for" if unknown else ""
    )
