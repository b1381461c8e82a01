"""Properties: which lies under which, what chains of them make, and by which axioms."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from impckg.ontology.reasoning.rows import Integers

# No axiom: it holds by what the words mean.
STRUCTURAL = -1


@dataclass(frozen=True, eq=False)
class Roles:
    """The axioms about properties, and what follows from them.

    inclusions: rows (sub, sup, axiom). chains: rows (left, right, sup, axiom). ranges: rows (role, concept, axiom).
    subrole: shape (roles, roles); reflexive and transitive.
    """

    inclusions: Integers
    chains: Integers
    ranges: Integers
    subrole: npt.NDArray[np.bool_]

    def ranges_of(self, role: int) -> tuple[int, ...]:
        """What is linked to by a property falls under these concepts: its ranges, and those of all above it."""
        above = self.subrole[role, self.ranges[:, 0]]
        return tuple(np.unique(self.ranges[above, 1]).tolist())

    def compositions(self) -> Integers:
        """Rows (left, right, result), sorted: what chains make, closed under the hierarchy of properties.

        A result above another one is left out.
        """
        results: dict[tuple[int, int], set[int]] = {}
        for left, right, sup, _ in self.chains.tolist():
            for below_left in np.flatnonzero(self.subrole[:, left]).tolist():
                for below_right in np.flatnonzero(self.subrole[:, right]).tolist():
                    results.setdefault((below_left, below_right), set()).add(sup)
        rows = [(*pair, result) for pair, found in results.items() for result in self._lowest(found)]
        return np.array(sorted(rows), dtype=np.int64).reshape(-1, 3)

    def why_included(self, sub: int, sup: int) -> tuple[int, ...]:
        """The axioms of a shortest way up from one property to another."""
        if sub == sup:
            return ()
        came_by: dict[int, tuple[int, int]] = {}
        waiting = deque([sub])
        while waiting and sup not in came_by:
            below = waiting.popleft()
            for above, axiom in self._above.get(below, ()):
                if above not in came_by and above != sub:
                    came_by[above] = (below, axiom)
                    waiting.append(above)
        axioms = []
        while sup != sub:
            sup, axiom = came_by[sup]
            axioms.append(axiom)
        return tuple(reversed(axioms))

    def why_composed(self, left: int, right: int, result: int) -> tuple[int, ...]:
        """The axioms by which two linked properties make a third."""
        for first, second, sup, axiom in self.chains.tolist():
            if sup == result and self.subrole[left, first] and self.subrole[right, second]:
                itself = () if axiom == STRUCTURAL else (axiom,)
                return (*self.why_included(left, first), *self.why_included(right, second), *itself)
        raise LookupError(f"properties {left} and {right} make no {result}")

    def why_in_range(self, role: int, concept: int) -> tuple[int, ...]:
        """The axioms by which what a property links to falls under a concept."""
        for ranged, found, axiom in self.ranges.tolist():
            if found == concept and self.subrole[role, ranged]:
                return (*self.why_included(role, ranged), axiom)
        raise LookupError(f"property {role} has no range {concept}")

    @cached_property
    def _above(self) -> dict[int, list[tuple[int, int]]]:
        above: dict[int, list[tuple[int, int]]] = {}
        for sub, sup, axiom in self.inclusions.tolist():
            above.setdefault(sub, []).append((sup, axiom))
        return above

    def _lowest(self, roles: Iterable[int]) -> list[int]:
        """Leave out a property where a smaller one is there; of equivalent ones the first stays."""
        kept: list[int] = []
        for role in sorted(roles):
            if not any(self.subrole[other, role] for other in kept):
                kept = [other for other in kept if not self.subrole[role, other]]
                kept.append(role)
        return kept


def close_roles(
    roles: int,
    inclusions: Iterable[tuple[int, int, int]],
    chains: Iterable[tuple[int, int, int, int]],
    ranges: Iterable[tuple[int, int, int]],
) -> Roles:
    """Close the hierarchy of so many properties."""
    included = _table(inclusions, 3)
    closed = np.eye(roles, dtype=np.bool_)
    closed[included[:, 0], included[:, 1]] = True
    # Warshall's algorithm; a property without neighbours changes nothing.
    for middle in np.unique(included[:, :2]):
        closed[closed[:, middle]] |= closed[middle]
    return Roles(included, _table(chains, 4), _table(ranges, 3), closed)


def _table(rows: Iterable[tuple[int, ...]], columns: int) -> Integers:
    return np.array(list(rows), dtype=np.int64).reshape(-1, columns)
