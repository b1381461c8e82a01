"""A store on disk with what its release knows of meaning: class expressions in queries, and walks from the closure."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pyoxigraph as ox

from impckg.graph.closed_terms import ClosedTerms, is_closed, read_closed_terms
from impckg.graph.errors import QueryError
from impckg.graph.sparql import names_graphs
from impckg.graph.store import REASONING_FOLDER, Bindings, GraphStore, QueryResult, Release
from impckg.ontology.reasoning.keeping import Kept, is_kept, open_kept
from impckg.queries.class_expressions import expression_edits
from impckg.queries.subclass_paths import Edit, edited, subclass_edits

WALK_NOTE = (
    "rdfs:subClassOf* or + was answered from kg:isA, the closure of the hierarchy, which holds the same"
)
EXPRESSION_NOTE = "a class expression was answered by the reasoner, and its classes put in its place"


@dataclass(frozen=True)
class Rewritten:
    """A query as it is asked, and what was done to it."""

    text: str
    notes: tuple[str, ...] = ()


class ReasonedStore:
    """A store on disk that understands class expressions, and walks the hierarchy by its closure.

    union: whether the default graph of its queries is the union of all graphs; of another one, nothing is known.
    """

    def __init__(self, store: GraphStore, release: Path, union: bool = True) -> None:
        self._store = store
        self._release = release
        self._union = union

    @property
    def plain(self) -> GraphStore:
        """The store itself, which takes a query as it is."""
        return self._store

    @property
    def oxigraph(self) -> ox.Store:
        """The engine's own handle."""
        return self._store.oxigraph

    def query(
        self,
        text: str,
        bindings: Bindings | None = None,
        default_graphs: Sequence[str] = (),
        named_graphs: Sequence[str] = (),
        base_iri: str | None = None,
    ) -> QueryResult:
        """What a query finds; as `GraphStore.query`.

        Raises SparqlSyntaxError where a class expression is wrong, QueryError where the release has no classification.
        """
        asked = self.rewritten(text, bindings, bool(default_graphs or named_graphs))
        return self._store.query(asked.text, bindings, default_graphs, named_graphs, base_iri)

    def rewritten(self, text: str, bindings: Bindings | None = None, chosen: bool = False) -> Rewritten:
        """The query as it is asked of the engine.

        chosen: whether graphs are chosen for it. Then, and where it names graphs itself, it walks as it says.
        """
        expressions = expression_edits(text, lambda: self._kept)
        text = edited(text, expressions)
        walks = [] if chosen or self._closed is None else self._walks(text, bindings)
        notes = [EXPRESSION_NOTE] if expressions else []
        return Rewritten(edited(text, walks), tuple([*notes, WALK_NOTE] if walks else notes))

    def release(self) -> Release | None:
        """What the store says of itself; None where it says nothing."""
        return self._store.release()

    def _walks(self, text: str, bindings: Bindings | None) -> list[Edit]:
        if "subClassOf" not in text or names_graphs(text):
            return []
        assert self._closed is not None
        return subclass_edits(text, self._closed, lambda term: is_closed(self._store, term), bindings)

    @cached_property
    def _closed(self) -> ClosedTerms | None:
        return read_closed_terms(self._release) if self._union else None

    @cached_property
    def _kept(self) -> Kept:
        folder = self._release / REASONING_FOLDER
        if not is_kept(folder):
            raise QueryError("this store has no classification, so a class expression cannot be asked of it")
        return open_kept(folder)
