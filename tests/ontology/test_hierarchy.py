"""What is_a implies, against the slow and obvious walk."""

import doctest
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impckg.graph.errors import OntologyError
from impckg.ontology import hierarchy
from impckg.ontology.hierarchy import ancestors, closure, depths, descendants
from impckg.ontology.read import read_ontology

Edges = list[tuple[str, str]]

# A busy machine is no failure, and no run depends on the one before.
unhurried = settings(deadline=None, database=None)

# Ids that sort otherwise as numbers ("MP:10" < "MP:2") and otherwise as letters ("HP" < "MP").
IDS = [f"{prefix}:{number}" for prefix in ("MP", "HP") for number in range(1, 13)]

any_edges = st.lists(st.tuples(st.sampled_from(IDS), st.sampled_from(IDS)), max_size=30)
# Always from later in IDS to earlier: no cycle.
acyclic_edges = any_edges.map(
    lambda edges: [tuple(sorted(edge, key=IDS.index, reverse=True)) for edge in edges if edge[0] != edge[1]]
)


def table(edges: Edges) -> pl.DataFrame:
    return pl.DataFrame(edges, schema={"child": pl.String, "parent": pl.String}, orient="row")


def parents(edges: Edges) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for child, parent in edges:
        found.setdefault(child, set()).add(parent)
        found.setdefault(parent, set())
    return found


def walk(edges: Edges, start: str) -> dict[str, int]:
    """Every term that can be reached in one step or more, and in how many at least."""
    reached: dict[str, int] = {}
    level, steps = {start}, 0
    while level:
        steps += 1
        level = {parent for term in level for parent in parents(edges)[term]} - reached.keys()
        reached |= dict.fromkeys(level, steps)
    return reached


def shortest_cycle(edges: Edges) -> int | None:
    """The number of edges in the shortest cycle."""
    lengths = [walk(edges, term).get(term) for term in parents(edges)]
    return min((length for length in lengths if length is not None), default=None)


def test_the_examples_in_the_docstrings_are_true() -> None:
    assert doctest.testmod(hierarchy).failed == 0


@unhurried
@given(edges=acyclic_edges, terms=st.none() | st.lists(st.sampled_from(IDS)))
def test_the_closure_is_what_a_walk_finds(edges: Edges, terms: list[str] | None) -> None:
    expected = {(term, above) for term in parents(edges) for above in walk(edges, term)}
    expected |= {(term, term) for term in [*parents(edges), *(terms or [])]}

    found = closure(table(edges), None if terms is None else pl.Series("id", terms, dtype=pl.String))

    assert found.rows() == sorted(expected)
    assert found.schema == {"term": pl.String, "ancestor": pl.String}


@unhurried
@given(edges=acyclic_edges)
def test_a_depth_is_the_length_of_the_shortest_way_to_a_root(edges: Edges) -> None:
    roots = {term for term, above in parents(edges).items() if not above}
    expected = {
        term: min(steps for above, steps in ({term: 0} | walk(edges, term)).items() if above in roots)
        for term in parents(edges)
    }

    assert depths(table(edges)).rows() == sorted(expected.items())


@unhurried
@given(edges=any_edges)
def test_a_cycle_is_refused_and_the_shortest_one_is_shown(edges: Edges) -> None:
    length = shortest_cycle(edges)
    if length is None:
        assert closure(table(edges)).height >= len(parents(edges))
        return

    with pytest.raises(OntologyError) as refused:
        closure(table(edges), ontology="MP")

    cycle = str(refused.value).removeprefix("MP: is_a leads back to its start: ")
    shown = cycle.removesuffix("; expected no cycle").split(" -> ")
    assert shown[0] == shown[-1]
    assert set(pairwise(shown)) <= set(edges)
    assert len(shown) == length + 1


@unhurried
@given(edges=any_edges)
def test_depths_are_given_for_every_term_or_a_cycle_is_named(edges: Edges) -> None:
    roots = {term for term, above in parents(edges).items() if not above}
    rootless = [term for term in parents(edges) if not roots & {term, *walk(edges, term)}]

    if rootless:
        with pytest.raises(OntologyError, match="expected no cycle"):
            depths(table(edges))
    else:
        assert depths(table(edges)).get_column("term").to_list() == sorted(parents(edges))


def test_a_cycle_is_shown_from_child_to_parent() -> None:
    edges = table([("A", "B"), ("B", "C"), ("C", "D"), ("D", "A"), ("C", "B"), ("X", "A")])

    with pytest.raises(OntologyError) as refused:
        closure(edges, ontology="MP")

    assert str(refused.value) == "MP: is_a leads back to its start: B -> C -> B; expected no cycle"


def test_a_term_that_is_its_own_parent_is_a_cycle() -> None:
    with pytest.raises(OntologyError) as refused:
        closure(table([("A", "A")]))

    assert str(refused.value) == "hierarchy: is_a leads back to its start: A -> A; expected no cycle"


def test_depths_name_the_cycle_that_parts_a_term_from_every_root() -> None:
    with pytest.raises(OntologyError) as refused:
        depths(table([("A", "B"), ("B", "A"), ("C", "A")]), ontology="HP")

    assert str(refused.value) == "HP: is_a leads back to its start: A -> B -> A; expected no cycle"


def test_nothing_has_an_empty_closure() -> None:
    assert closure(table([])).rows() == []
    assert depths(table([])).rows() == []


def test_a_term_that_no_edge_names_is_above_itself_and_is_a_root() -> None:
    terms = pl.Series(["MP:3", "MP:1"])

    assert closure(table([("MP:2", "MP:1")]), terms).rows() == [
        ("MP:1", "MP:1"),
        ("MP:2", "MP:1"),
        ("MP:2", "MP:2"),
        ("MP:3", "MP:3"),
    ]
    assert depths(table([("MP:2", "MP:1")]), terms).rows() == [("MP:1", 0), ("MP:2", 1), ("MP:3", 0)]


def test_a_term_reached_by_two_ways_is_above_once() -> None:
    diamond = table([("D", "B"), ("D", "C"), ("B", "A"), ("C", "A"), ("D", "B")])

    assert ancestors(closure(diamond), "D").to_list() == ["A", "B", "C", "D"]
    assert descendants(closure(diamond), "A").to_list() == ["A", "B", "C", "D"]
    assert descendants(closure(diamond), "C").to_list() == ["C", "D"]


@pytest.mark.parametrize("ask", [ancestors, descendants])
def test_a_term_that_is_not_in_the_closure_is_refused(ask: Callable[[pl.DataFrame, str], pl.Series]) -> None:
    with pytest.raises(OntologyError) as refused:
        ask(closure(table([("MP:2", "MP:1")])), "MP:3")

    assert str(refused.value) == "'MP:3' is not in the hierarchy; expected one of its terms"


@pytest.mark.parametrize(
    ("file", "prefix", "pairs"),
    [
        ("mp/mp-2025-08-27.obo.gz", "MP", 143305),
        ("hp/hp-2025-01-16.obo.gz", "HP", 214429),
        ("mondo/mondo-2026-05-05-reconstructed.obo.gz", "MONDO", 391469),
    ],
    ids=["mp", "hp", "mondo"],
)
def test_the_closure_of_a_release_has_the_pairs_counted_elsewhere(
    shared_data: Path, file: str, prefix: str, pairs: int
) -> None:
    ontology = read_ontology(shared_data / "ontology" / file, prefix)
    live = ontology.terms.filter(~pl.col("obsolete")).get_column("id")

    assert closure(ontology.edges, live, prefix).height == pairs
