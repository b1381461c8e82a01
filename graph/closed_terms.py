"""What is known of a store's hierarchy, so that a walk over it can be answered from its closure.

A term is *closed* where `kg:isA` leads from it to itself and to everything above it. A walk over `rdfs:subClassOf` that
begins or ends at a closed term is then the same as one step of `kg:isA`, if no parent or child of a closed term is anything
else. That is looked up once, when a store is built; so is which properties have nothing but closed terms as subjects or
objects, since a walk from such an object begins at a closed term, whatever it is.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from impckg.graph.errors import StoreError
from impckg.graph.identifiers import iri
from impckg.graph.store import REASONING_FOLDER, GraphStore

_FILE = "closed_terms.json"
_FIRST = 1000

_IS_A = ox.NamedNode(iri("kg:isA"))
_SUB_CLASS_OF = ox.NamedNode(iri("rdfs:subClassOf"))
# What the store says of itself: to look at all statements for it would take minutes.
_PROPERTIES = "SELECT DISTINCT ?x { ?partition void:property ?x }"


@dataclass(frozen=True)
class ClosedTerms:
    """Properties (IRIs) that have nothing but closed terms as subjects, or as objects."""

    subjects: frozenset[str]
    objects: frozenset[str]


def find_closed_terms(store: GraphStore) -> ClosedTerms | None:
    """Look up what is known of the hierarchy of a store; None where a walk may differ from the closure."""
    closed = _distinct(store, "SELECT ?x { ?x kg:isA ?x }")
    for quad in store.oxigraph.quads_for_pattern(None, _SUB_CLASS_OF, None, None):
        child, parent = quad.subject, quad.object
        # With every step up in it, and being reflexive and transitive, it is the closure.
        if (child in closed) != (parent in closed) or (child in closed and not _is_a(store, child, parent)):
            return None
    properties = sorted(_distinct(store, _PROPERTIES), key=str)
    return ClosedTerms(
        frozenset(p.value for p in properties if _only(store, f"?x {p} ?other", closed)),
        frozenset(p.value for p in properties if _only(store, f"?other {p} ?x", closed)),
    )


def _only(store: GraphStore, pattern: str, terms: set[Any]) -> bool:
    """Whether a pattern gives ?x nothing but some terms."""
    # Most properties show another value at once, and need not be looked at as a whole.
    first = f"SELECT ?x {{ {pattern} }} LIMIT {_FIRST}"
    return (
        _distinct(store, first) <= terms and _distinct(store, f"SELECT DISTINCT ?x {{ {pattern} }}") <= terms
    )


def keep_closed_terms(found: ClosedTerms | None, release: Path) -> None:
    """Write down what was found, in the folder of the release."""
    folder = release / REASONING_FOLDER
    folder.mkdir(exist_ok=True)
    if found is not None:
        said = {"subjects": sorted(found.subjects), "objects": sorted(found.objects)}
        (folder / _FILE).write_text(json.dumps(said, indent=1), encoding="utf-8")


def read_closed_terms(release: Path) -> ClosedTerms | None:
    """What was written down; None where nothing is known, or no longer.

    Raises StoreError where the file is damaged.
    """
    path = release / REASONING_FOLDER / _FILE
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        return ClosedTerms(frozenset(said["subjects"]), frozenset(said["objects"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{path}: is damaged: {error!r}; build the release again") from error


def forget_closed_terms(release: Path) -> None:
    """Drop what is known of a store: it may be changed from now on."""
    (release / REASONING_FOLDER / _FILE).unlink(missing_ok=True)


def is_closed(store: GraphStore, term: str) -> bool:
    """Whether a term, by its IRI, is closed."""
    return _is_a(store, ox.NamedNode(term), ox.NamedNode(term))


def _is_a(store: GraphStore, lower: Any, higher: Any) -> bool:
    return any(True for _ in store.oxigraph.quads_for_pattern(lower, _IS_A, higher, None))


def _distinct(store: GraphStore, query: str) -> set[Any]:
    """The values of the one column of a query."""
    solutions = store.query(query)
    assert isinstance(solutions, ox.QuerySolutions)
    return {row[0] for row in solutions}
