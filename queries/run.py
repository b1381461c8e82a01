"""Asking: a question or a query, of a store on disk or of any SPARQL 1.1 endpoint; the answer as rows or as a frame."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import polars as pl
import pyoxigraph as ox

from impckg.graph.errors import QueryError
from impckg.graph.identifiers import converter
from impckg.graph.store import Bindings, QueryResult, Release, find_release, open_store
from impckg.queries.catalog import Question, bind
from impckg.queries.reasoned import ReasonedStore
from impckg.queries.remote import RemoteStore

if TYPE_CHECKING:
    import pandas as pd


class AnyStore(Protocol):
    """What questions can be asked of: a store on disk, an endpoint, or whatever stands in for one."""

    def query(
        self,
        text: str,
        bindings: Bindings | None = None,
        default_graphs: Sequence[str] = (),
        named_graphs: Sequence[str] = (),
        base_iri: str | None = None,
    ) -> QueryResult:
        """What a query finds."""

    def release(self) -> Release | None:
        """What the store says of itself; None where it says nothing."""


_NUMBERS = {"integer": int, "double": float, "decimal": float, "float": float}
_XSD = "http://www.w3.org/2001/XMLSchema#"


def open_any(where: str | Path, union: bool = True, seconds: float | None = None) -> AnyStore:
    """A store from a path on disk, which understands class expressions, or from the address of a SPARQL endpoint.

    union: whether the default graph of a query is the union of all graphs; an endpoint has its own mind about it.
    seconds: how long a query may take at an endpoint; a store on disk is limited by whoever asks it.

    Raises StoreError where the path holds no store.
    """
    text = str(where)
    if text.startswith(("http://", "https://")):
        return RemoteStore(text, seconds)
    store = open_store(Path(where), union)
    return ReasonedStore(store, find_release(Path(where)), union)


def ask(question: Question, store: AnyStore, values: Mapping[str, str]) -> QueryResult:
    """The answer to a question with values for its parameters.

    Raises BadParameter where the values do not fit.
    """
    return store.query(question.text, bind(question, values))


def frame(store: AnyStore, query: str, bindings: Bindings | None = None) -> pl.DataFrame:
    """What a SELECT finds, as a frame: identifiers as CURIEs, numbers and booleans as such, unbound as null.

    Raises QueryError where the query is not a SELECT.
    """
    found = store.query(query, bindings)
    if not isinstance(found, ox.QuerySolutions):
        raise QueryError("a frame is made from a SELECT; this query is an ASK, CONSTRUCT or DESCRIBE")
    names = [variable.value for variable in found.variables]
    columns: list[list[Any]] = [[] for _ in names]
    for row in found:
        for cells, term in zip(columns, row, strict=True):
            cells.append(_value(term))
    return pl.DataFrame(dict(zip(names, (_column(cells) for cells in columns), strict=True)))


def pandas_frame(store: AnyStore, query: str, bindings: Bindings | None = None) -> "pd.DataFrame":
    """The same as `frame`, for those who work with pandas."""
    return frame(store, query, bindings).to_pandas()


def _value(term: object) -> Any:
    if isinstance(term, ox.NamedNode):
        return converter().compress(term.value, passthrough=True)
    if isinstance(term, ox.Literal):
        datatype = term.datatype.value.removeprefix(_XSD)
        if datatype in _NUMBERS:
            return _NUMBERS[datatype](term.value)
        return term.value == "true" if datatype == "boolean" else term.value
    return None if term is None else str(term)


def _column(cells: list[Any]) -> pl.Series:
    kinds = {type(cell) for cell in cells if cell is not None}
    # A column of both kinds of number is one of floats; anything else that is mixed is text.
    if kinds == {int, float}:
        return pl.Series([None if cell is None else float(cell) for cell in cells], dtype=pl.Float64)
    if len(kinds) > 1:
        return pl.Series([None if cell is None else str(cell) for cell in cells], dtype=pl.String)
    return pl.Series(cells, dtype=None if kinds else pl.String)
