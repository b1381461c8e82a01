"""A store that is open for writing: SPARQL updates, and whole graphs put, merged and deleted.

Only one process of a machine can have a store open this way (RocksDB locks it), and nobody else may read its folder
meanwhile: an opening reader now and then meets a file that is just being replaced. So readers are given snapshots, which
never change. A snapshot is made of hard links and takes about as long as the last writes take to reach the disk.

Every change is one transaction: after an error, or after the process is killed, all of it is there or nothing.

What holds, and why:

* The default graph of an update is the one without a name, also where queries see the union of all graphs: so SPARQL 1.1
  Update has it. The engine has no union for the WHERE of an update, and USING cannot name the graph that has no name. With
  `union`, the pattern is asked as a query first, and what it finds goes into the templates. That takes a request of one
  operation: what an earlier one has changed cannot be asked for before the transaction ends. Templates still insert into
  and delete from the graph without a name, unless they say GRAPH.
* pyoxigraph offers no transactions to Python, but an update request is one. So a graph is put by an update request, with
  its statements as text: 500,000 take 12 CPU seconds and 1.4 GB, where a bulk load, which replaces nothing, takes 5.
* A graph store holds graphs, so formats for many graphs (TriG, N-Quads) are not read, nor named graphs in JSON-LD.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.parsers import expat

import pyoxigraph as ox

from impckg.graph.closed_terms import forget_closed_terms
from impckg.graph.errors import QueryError, StoreError
from impckg.graph.identifiers import namespaces
from impckg.graph.store import find_store, syntax_error
from impckg.graph.updates import Prepared, Question, prepare, question_of

RDF_MEDIA_TYPES = {
    "text/turtle": ox.RdfFormat.TURTLE,
    "application/x-turtle": ox.RdfFormat.TURTLE,
    "application/n-triples": ox.RdfFormat.N_TRIPLES,
    "application/rdf+xml": ox.RdfFormat.RDF_XML,
    "application/xml": ox.RdfFormat.RDF_XML,
    "text/xml": ox.RdfFormat.RDF_XML,
    "application/ld+json": ox.RdfFormat.JSON_LD,
    "application/json": ox.RdfFormat.JSON_LD,
}
"""The media types in which graphs are read."""

_FOUND = ox.NamedNode("urn:impckg:found")
_Found = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple | None
_Functions = dict[ox.NamedNode, Callable[..., _Found]]


class RdfSyntaxError(QueryError):
    """What was sent is not RDF.

    line, column: where the parser stopped reading, counted from 1; None where it does not say.
    """

    def __init__(self, message: str, line: int | None = None, column: int | None = None) -> None:
        super().__init__(message)
        self.line = line
        self.column = column


@dataclass(frozen=True)
class Document:
    """A graph as it was sent.

    content: the text itself, or the file that it is in.
    media_type: one of RDF_MEDIA_TYPES.
    base_iri: what relative IRIs are relative to.
    name: what messages call it.
    """

    content: bytes | Path
    media_type: str
    base_iri: str | None = None
    name: str = "the graph"


class WritableStore:
    """A store, open for reading and writing. Use it from one thread at a time."""

    def __init__(self, path: Path, store: ox.Store) -> None:
        self.path = path
        self._store = store

    def update(
        self,
        text: str,
        using_graphs: Sequence[str] = (),
        using_named_graphs: Sequence[str] = (),
        base_iri: str | None = None,
        union: bool = False,
    ) -> None:
        """Do what a SPARQL update request says: all of its operations, or none where one of them fails.

        using_graphs, using_named_graphs: what WHERE is about, as USING and USING NAMED would say.
        base_iri: what relative IRIs are relative to, where the request does not say it.
        union: let WHERE see the union of all graphs, where nothing says which graphs it is about; for one operation only.

        The prefixes of `identifiers.namespaces` need no declaration.
        Raises SparqlSyntaxError with line and column; RefusedUpdate for LOAD and SERVICE; QueryError where an operation
        cannot be done, such as one on a graph that is not there; StoreError where the disk fails.
        """
        prepared = prepare(text, using_graphs, using_named_graphs)
        chosen = bool(using_graphs or using_named_graphs)
        try:
            if union and not chosen and (question := question_of(prepared.text)) is not None:
                self._answer(question, base_iri)
            else:
                self._run(prepared.text, base_iri)
        except SyntaxError as error:
            raise _update_error(error, prepared, base_iri) from error

    def graph_exists(self, graph: str | None) -> bool:
        """Whether there is a graph of that name, be it empty. The one without a name (None) always exists."""
        return graph is None or self._store.contains_named_graph(_graph(graph))

    def put(self, graph: str | None, documents: Sequence[Document]) -> bool:
        """Replace a graph by what documents say together; true where there was none before.

        graph: its IRI; None for the graph without a name.

        Raises RdfSyntaxError where one is not RDF; then nothing is changed.
        """
        return self._write(graph, documents, replace=True)

    def post(self, graph: str | None, documents: Sequence[Document]) -> bool:
        """Add what documents say to a graph; true where there was none before and is one now.

        Blank nodes of one document are never those of another, nor those of the store.
        Raises RdfSyntaxError where one is not RDF; then nothing is changed.
        """
        return self._write(graph, documents, replace=False)

    def delete(self, graph: str | None) -> bool:
        """Delete a graph; false where there is none. The one without a name is made empty."""
        existed = self.graph_exists(graph)
        if existed:
            self._run("CLEAR DEFAULT" if graph is None else f"DROP GRAPH {_graph(graph)}")
        return existed

    def snapshot(self, folder: Path) -> None:
        """Make a copy of the store as it is now, in a new folder of the same file system. It may be opened by readers.

        Raises StoreError where it cannot be made.
        """
        try:
            # It also writes to disk what is still in memory.
            self._store.backup(str(folder))
        except (OSError, RuntimeError) as error:
            raise StoreError(f"{folder}: no snapshot can be made: {error}") from error

    def _write(self, graph: str | None, documents: Sequence[Document], replace: bool) -> bool:
        statements = "".join(_statements(document) for document in documents)
        created = not self.graph_exists(graph)
        if not replace and not statements:
            return False
        if graph is None:
            data, cleared = statements, "CLEAR DEFAULT ; "
        else:
            name = _graph(graph)
            data = f"GRAPH {name} {{ {statements} }}"
            # Without the CREATE, a graph without statements would not be there afterwards.
            cleared = f"DROP SILENT GRAPH {name} ; CREATE GRAPH {name} ; "
        try:
            self._run(f"{cleared if replace else ''}INSERT DATA {{ {data} }}")
        except SyntaxError as error:
            raise QueryError(f"the graph cannot be stored: {error}") from error
        return created

    def _answer(self, question: Question, base_iri: str | None) -> None:
        """Do an operation with what its pattern finds in the union of all graphs."""
        try:
            found = self._store.query(
                question.query, prefixes=namespaces(), base_iri=base_iri, use_default_graph_as_union=True
            )
            assert isinstance(found, ox.QuerySolutions)
            rows: list[tuple[_Found, ...]] = [tuple(row) for row in found]
        except (RuntimeError, ValueError) as error:
            raise QueryError(f"the update cannot be done: {error}") from error
        variables = [variable.value for variable in found.variables]

        # VALUES takes no blank nodes and a function gives any term, so a row is named by its number.
        def term(row: ox.Literal, column: ox.Literal) -> _Found:
            return rows[int(row.value)][int(column.value)]

        self._run(question.operation(variables, len(rows), _FOUND.value), base_iri, {_FOUND: term})

    def _run(self, text: str, base_iri: str | None = None, functions: _Functions | None = None) -> None:
        try:
            self._store.update(text, prefixes=namespaces(), base_iri=base_iri, custom_functions=functions)
        except (RuntimeError, ValueError) as error:
            raise QueryError(f"the update cannot be done: {error}") from error
        except OSError as error:
            raise StoreError(f"{self.path}: the update cannot be written: {error}") from error


def open_writable(path: Path) -> WritableStore:
    """Open a store for writing.

    path: as `open_store` takes it.

    What is known of its hierarchy is dropped: a change may make it wrong.

    Raises StoreError where there is none, and where it is open for writing already.
    """
    folder = find_store(path)
    try:
        store = ox.Store(str(folder))
    except (OSError, RuntimeError, ValueError) as error:
        if "lock" in str(error).lower():
            raise StoreError(
                f"{path}: another process has the store open for writing; only one can"
            ) from error
        raise StoreError(f"{path}: not a store that can be written: {error}") from error
    forget_closed_terms(folder.resolve().parent)
    return WritableStore(folder, store)


def _graph(iri: str) -> ox.NamedNode:
    try:
        return ox.NamedNode(iri)
    except ValueError as error:
        raise QueryError(f"{iri!r} cannot name a graph: {error}; expected an absolute IRI") from error


def _statements(document: Document) -> str:
    """What a document says, as N-Triples, which SPARQL reads as well."""
    format_ = RDF_MEDIA_TYPES.get(document.media_type)
    if format_ is None:
        raise QueryError(
            f"{document.name}: {document.media_type!r} is no format that graphs are read in; expected one of "
            f"{', '.join(RDF_MEDIA_TYPES)}"
        )
    try:
        content = document.content if isinstance(document.content, bytes) else document.content.read_bytes()
    except OSError as error:
        raise StoreError(f"{document.name}: {document.content!s} cannot be read: {error}") from error
    try:
        parsed = ox.parse(
            content,
            format=format_,
            base_iri=document.base_iri,
            without_named_graphs=True,
            rename_blank_nodes=True,
        )
        statements = ox.serialize(parsed, format=ox.RdfFormat.N_TRIPLES)
    except SyntaxError as error:
        raise _rdf_error(error, document.name, format_, content) from error
    except ValueError as error:
        raise QueryError(f"{document.name}: cannot be read: {error}") from error
    assert statements is not None
    return statements.decode()


def _rdf_error(error: SyntaxError, name: str, format_: ox.RdfFormat, content: bytes) -> RdfSyntaxError:
    line, column = error.lineno, error.offset
    if line is None and format_ == ox.RdfFormat.RDF_XML:
        line, column = _place_in_xml(content)
    detail = re.sub(r"^Parser error (?:at|between) .*?(?<=\d): ", "", error.msg)
    place = f"line {line}, column {column}: " if line is not None else ""
    return RdfSyntaxError(f"{name}: {place}not {format_.name}: {detail}", line, column)


def _place_in_xml(content: bytes) -> tuple[int | None, int | None]:
    """Where XML is not well-formed; the engine's parser does not say."""
    parser = expat.ParserCreate()
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        return error.lineno, error.offset + 1
    return None, None


def _update_error(error: SyntaxError, prepared: Prepared, base_iri: str | None) -> QueryError:
    """The error with the place in the text that was sent."""
    try:
        # What was run may not be what was prepared; an empty store reads this one and has nothing to do.
        ox.Store().update(prepared.text, prefixes=namespaces(), base_iri=base_iri)
    except SyntaxError as found:
        error = found
    except (RuntimeError, OSError):
        return QueryError(f"the update cannot be done: {error}")
    place = re.match(r"error at (\d+):(\d+)", str(error))
    if place is None:
        return syntax_error(error, prepared.sent)
    line, column = prepared.place(int(place[1]), int(place[2]))
    return syntax_error(SyntaxError(f"error at {line}:{column}{str(error)[place.end() :]}"), prepared.sent)
