"""What is_a implies: which terms are above a term, and how deep it lies.

Everything here takes and gives tables of term ids, of one ontology or of several together. Inside it works on
integers, one level of the hierarchy at a time: MP, HP and MONDO have 750,000 pairs of term and ancestor.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from impckg.graph.errors import OntologyError

Codes = npt.NDArray[np.int64]


def closure(edges: pl.DataFrame, terms: pl.Series | None = None, ontology: str = "hierarchy") -> pl.DataFrame:
    """Pair every term with itself and with each term above it.

    edges: (child, parent), as in `Ontology.edges`; an edge said twice counts once.
    terms: ids to include even where no edge names them.
    ontology: what to call the hierarchy in an error.

    Returns (term, ancestor), each pair once, sorted by both.
    Raises OntologyError with the shortest cycle, as `A -> B -> A`, if there is one.

    Pairs at distance 1, then 2, and so on; the first level that leads a term back to itself has the shortest
    cycle.

    >>> edges = pl.DataFrame({"child": ["MP:3", "MP:2"], "parent": ["MP:2", "MP:1"]})
    >>> closure(edges).rows()  # doctest: +NORMALIZE_WHITESPACE
    [('MP:1', 'MP:1'), ('MP:2', 'MP:1'), ('MP:2', 'MP:2'),
     ('MP:3', 'MP:1'), ('MP:3', 'MP:2'), ('MP:3', 'MP:3')]
    """
    ids, child, parent = _coded(edges, terms)
    above = _neighbours(child, parent, len(ids))
    # A pair is one integer, term * terms + ancestor, so that sorting integers sorts pairs of ids.
    known = np.empty(0, dtype=np.int64)
    level = np.unique(child * len(ids) + parent)
    while level.size:
        term, ancestor = np.divmod(level, len(ids))
        if (term == ancestor).any():
            cycle = _shortest_cycle(above, int(term[term == ancestor][0]))
            found = " -> ".join(ids[code] for code in cycle)
            raise OntologyError(f"{ontology}: is_a leads back to its start: {found}; expected no cycle")
        known = _merged(known, level)
        position, further = above.of(ancestor)
        level = np.unique(term[position] * len(ids) + further)
        level = level[~_contains(known, level)]
    itself = np.arange(len(ids), dtype=np.int64) * (len(ids) + 1)
    term, ancestor = np.divmod(_merged(known, itself), max(len(ids), 1))
    return pl.DataFrame({"term": ids.gather(term), "ancestor": ids.gather(ancestor)})


def ancestors(closure: pl.DataFrame, term: str) -> pl.Series:
    """List a term and every term above it, sorted.

    closure: (term, ancestor), from `closure()`.

    Raises OntologyError if the closure does not have the term.
    """
    return _known(closure.filter(pl.col("term") == term).get_column("ancestor"), term)


def descendants(closure: pl.DataFrame, term: str) -> pl.Series:
    """List a term and every term below it, sorted.

    closure: (term, ancestor), from `closure()`.

    Raises OntologyError if the closure does not have the term.
    """
    return _known(closure.filter(pl.col("ancestor") == term).get_column("term"), term)


def depths(edges: pl.DataFrame, terms: pl.Series | None = None, ontology: str = "hierarchy") -> pl.DataFrame:
    """Count the is_a steps from each term to the nearest root; a root, which has no parent, has 0.

    The arguments are those of `closure()`.

    Returns (term, depth), sorted by term.
    Raises OntologyError with the shortest cycle if a term has no root above it. A cycle that has one is not
    noticed: ask `closure()` first.

    >>> depths(pl.DataFrame({"child": ["MP:3", "MP:2"], "parent": ["MP:2", "MP:1"]})).rows()
    [('MP:1', 0), ('MP:2', 1), ('MP:3', 2)]
    """
    ids, child, parent = _coded(edges, terms)
    below = _neighbours(parent, child, len(ids))
    depth = np.full(len(ids), -1, dtype=np.int64)
    level = np.setdiff1d(np.arange(len(ids), dtype=np.int64), child)
    steps = 0
    while level.size:
        depth[level] = steps
        steps += 1
        level = np.unique(below.of(level)[1])
        level = level[depth[level] < 0]
    if (depth < 0).any():
        # Only a cycle can part a term from every root; this names it.
        closure(edges, terms, ontology)
    return pl.DataFrame({"term": ids, "depth": depth})


@dataclass(frozen=True, eq=False)
class _Neighbours:
    """The nodes one step from every node: those of node n are ends[first[n] : first[n + 1]], ascending."""

    first: Codes
    ends: Codes

    def of(self, nodes: Codes) -> tuple[Codes, Codes]:
        """Step from each of these nodes: (position in `nodes`, neighbour), one for each edge."""
        counts = self.first[nodes + 1] - self.first[nodes]
        position = np.repeat(np.arange(len(nodes), dtype=np.int64), counts)
        within = np.arange(len(position), dtype=np.int64) - np.repeat(np.cumsum(counts) - counts, counts)
        return position, self.ends[self.first[nodes][position] + within]


def _neighbours(starts: Codes, ends: Codes, nodes: int) -> _Neighbours:
    first = np.zeros(nodes + 1, dtype=np.int64)
    np.cumsum(np.bincount(starts, minlength=nodes), out=first[1:])
    return _Neighbours(first, ends[np.lexsort((ends, starts))])


def _coded(edges: pl.DataFrame, terms: pl.Series | None) -> tuple[pl.Series, Codes, Codes]:
    """Give the ids numbers in their order: (ids, child of each edge, parent of each edge)."""
    child, parent = edges.get_column("child"), edges.get_column("parent")
    named = [child, parent] if terms is None else [child, parent, terms]
    ids = pl.concat([ids.cast(pl.String).alias("term") for ids in named]).unique().sort()
    return ids, _codes(ids, child), _codes(ids, parent)


def _codes(ids: pl.Series, column: pl.Series) -> Codes:
    return ids.search_sorted(column.cast(pl.String)).to_numpy().astype(np.int64)


def _merged(left: Codes, right: Codes) -> Codes:
    # Stable means timsort here, which merges two sorted runs in one pass.
    return np.sort(np.concatenate([left, right]), kind="stable")


def _contains(haystack: Codes, needles: Codes) -> npt.NDArray[np.bool_]:
    """Say of each needle whether the sorted haystack has it."""
    position = np.searchsorted(haystack, needles)
    found: npt.NDArray[np.bool_] = np.take(haystack, position, mode="clip") == needles
    return found


def _shortest_cycle(above: _Neighbours, start: int) -> Sequence[int]:
    """Walk up breadth first from a node that lies on a cycle until it comes back."""
    came_from: dict[int, int] = {}
    level = np.array([start], dtype=np.int64)
    while start not in came_from:
        position, further = above.of(level)
        for node, origin in zip(further.tolist(), level[position].tolist(), strict=True):
            came_from.setdefault(node, origin)
        level = np.unique(further)
    path = [start, came_from[start]]
    while path[-1] != start:
        path.append(came_from[path[-1]])
    return path[::-1]


def _known(ids: pl.Series, term: str) -> pl.Series:
    if ids.is_empty():
        raise OntologyError(f"{term!r} is not in the hierarchy; expected one of its terms")
    return ids
