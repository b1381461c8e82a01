"""The EL kernel: applies the rules of completion until nothing new follows.

A context is a class, or what stands to the right of an existential restriction. The kernel finds for each context its
subsumers (concepts that it falls under) and its links (context, property, context). One function is one rule of the
calculus; the names are those of Kazakov, Krötzsch and Simančík, "The Incredible ELK", Journal of Automated Reasoning 53
(2014), whose optimisations are kept: conjunctions and existentials are composed only where they stand on the left of an
axiom, and what was composed is never taken apart again.

Links closed under property chains are all kept, so that the links and the subsumers together are the canonical model of
the ontology (Baader, Brandt and Lutz, "Pushing the EL envelope", IJCAI 2005): what falls under a class expression can be
read off.

A link is the integer role * contexts + context, in the set or list of its other end.
"""

import time
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from impckg.graph.errors import OntologyError
from impckg.ontology.reasoning import growing
from impckg.ontology.reasoning.concepts import NOTHING
from impckg.ontology.reasoning.growing import EMPTY, Family, append, holds, insert
from impckg.ontology.reasoning.rows import Integers
from impckg.ontology.reasoning.rules import RuleArrays

# After so many steps the kernel comes back to look at the clock: some tenths of a second.
_STEPS_PER_LOOK = 1_000_000
# How the room given is divided; MP and HP with definitions fill them about evenly.
_SHARES = {"subsumers": 0.3, "predecessors": 0.25, "successors": 0.1, "propagations": 0.25}
_BYTES = 8


class State(NamedTuple):
    """What has been found, and what is still to be looked at.

    subsumers: for each context a set of concepts.
    predecessors: for each context a set of the links that end there.
    successors: for each context a list of the links that begin there and can end a chain.
    propagations: for each context a list of the existentials that its predecessors fall under.
    new_subsumers: what waits: pairs (context, 2 * concept + composed), after a first integer that counts their integers.
    new_links: triples (context, role, context), after a first integer that counts theirs.
    """

    subsumers: Family
    predecessors: Family
    successors: Family
    propagations: Family
    new_subsumers: Integers
    new_links: Integers


def empty_state(contexts: int, memory_mib: int) -> State:
    """Make room for a saturation. memory_mib: how much all of it may take."""
    integers = memory_mib * 1024 * 1024 // _BYTES
    families = {name: growing.family(contexts, int(integers * share)) for name, share in _SHARES.items()}
    waiting = int(integers * (1 - sum(_SHARES.values()))) // 2
    new_subsumers, new_links = (np.empty(1 + waiting, dtype=np.int64) for _ in range(2))
    new_subsumers[0] = new_links[0] = 0
    return State(**families, new_subsumers=new_subsumers, new_links=new_links)


def saturate(rules: RuleArrays, state: State, contexts: Integers, seconds: float, memory_mib: int) -> None:
    """Find everything that follows for some contexts, with what the state holds of the others.

    contexts: numbers of the contexts to begin, the last first; the state holds nothing of them yet.
    Raises OntologyError where it takes longer or needs more memory than it may.
    """
    deadline = time.monotonic() + seconds
    try:
        begun = 0
        while begun < len(contexts) or state.new_subsumers[0] or state.new_links[0]:
            begun = run(rules, state, contexts, begun, _STEPS_PER_LOOK)
            if time.monotonic() > deadline:
                found = int(growing.sizes(state.subsumers).sum())
                raise OntologyError(
                    f"classification: not finished after {seconds:g} s, with {found:,} subsumers found; "
                    "give it more time or fewer axioms"
                )
    except MemoryError as error:
        found = int(growing.sizes(state.subsumers).sum())
        raise OntologyError(
            f"classification: does not fit in {memory_mib:,} MiB, with {found:,} subsumers found; "
            "give it more memory or fewer axioms"
        ) from error


@njit(cache=True, nogil=True)
def run(rules: RuleArrays, state: State, contexts: Integers, begun: int, steps: int) -> int:
    """Apply rules for some steps; returns how many of the contexts have been begun.

    Arrays are taken out of their tuples once, here: taking one out costs two atomic operations.
    """
    init, told_rows, pairs, fillers, chains = rules.init, rules.told, rules.pairs, rules.fillers, rules.chains
    role_of, target, self_role, subrole = rules.role, rules.target, rules.self_role, rules.subrole
    begins, ends = rules.begins, rules.ends
    subsumers, predecessors, successors = state.subsumers, state.predecessors, state.successors
    propagations, new_subsumers, new_links = state.propagations, state.new_subsumers, state.new_links
    for _ in range(steps):
        if new_links[0]:
            at = new_links[0] - 2
            new_links[0] -= 3
            source, role, end = new_links[at], new_links[at + 1], new_links[at + 2]
            propagate_to(propagations, role_of, subrole, subsumers, new_subsumers, source, role, end)
            bottom_to(subsumers, new_subsumers, source, end)
            if ends[role]:
                chain_before(chains, begins, ends, predecessors, successors, new_links, source, role, end)
            if begins[role]:
                chain_after(chains, ends, predecessors, successors, new_links, source, role, end)
        elif new_subsumers[0]:
            at = new_subsumers[0] - 1
            new_subsumers[0] -= 2
            context, concept, composed = (
                new_subsumers[at],
                new_subsumers[at + 1] >> 1,
                new_subsumers[at + 1] & 1,
            )
            told(told_rows, subsumers, new_subsumers, context, concept)
            conjunction(pairs, role_of.shape[0], subsumers, new_subsumers, context, concept)
            propagate_from(
                fillers,
                role_of,
                subrole,
                predecessors,
                propagations,
                subsumers,
                new_subsumers,
                context,
                concept,
            )
            if not composed and target[concept] >= 0:
                link(ends, predecessors, successors, new_links, context, role_of[concept], target[concept])
            if self_role[concept] >= 0:
                link(ends, predecessors, successors, new_links, context, self_role[concept], context)
            if concept == NOTHING:
                bottom_from(predecessors, subsumers, new_subsumers, context)
        elif begun < contexts.shape[0]:
            begun += 1
            begin(init, subsumers, new_subsumers, contexts[contexts.shape[0] - begun])
        else:
            break
    return begun


@njit(cache=True, nogil=True)
def begin(init: Integers, subsumers: Family, new_subsumers: Integers, context: int) -> None:
    """Put down what a context begins with."""
    for at in range(init[context], init[context + 1]):
        subsume(subsumers, new_subsumers, context, init[at], False)


@njit(cache=True, nogil=True)
def subsume(subsumers: Family, new_subsumers: Integers, context: int, concept: int, composed: bool) -> None:
    """Note that a context falls under a concept. composed: put together from parts, so not to be taken apart."""
    if insert(subsumers, context, concept):
        at = new_subsumers[0] + 1
        if at + 2 > new_subsumers.shape[0]:
            raise MemoryError("too much waits")
        new_subsumers[at] = context
        new_subsumers[at + 1] = 2 * concept + composed
        new_subsumers[0] = at + 1


@njit(cache=True, nogil=True)
def link(
    ends: npt.NDArray[np.bool_],
    predecessors: Family,
    successors: Family,
    new_links: Integers,
    source: int,
    role: int,
    end: int,
) -> None:
    """R∃⁻: X ⊑ ∃R.C gives a link from X by R to C; X ⊑ ∃R.Self one to X itself; and chains give links."""
    contexts = growing.members(predecessors)
    if insert(predecessors, end, role * contexts + source):
        if ends[role]:
            append(successors, source, role * contexts + end)
        at = new_links[0] + 1
        if at + 3 > new_links.shape[0]:
            raise MemoryError("too much waits")
        new_links[at] = source
        new_links[at + 1] = role
        new_links[at + 2] = end
        new_links[0] = at + 2


@njit(cache=True, nogil=True)
def told(told_rows: Integers, subsumers: Family, new_subsumers: Integers, context: int, concept: int) -> None:
    """R⊑: X ⊑ C and the axiom C ⊑ D give X ⊑ D."""
    for at in range(told_rows[concept], told_rows[concept + 1]):
        subsume(subsumers, new_subsumers, context, told_rows[at], False)


@njit(cache=True, nogil=True)
def conjunction(
    pairs: Integers, concepts: int, subsumers: Family, new_subsumers: Integers, context: int, concept: int
) -> None:
    """R⊓⁺: X ⊑ C and X ⊑ D give X ⊑ C ⊓ D where that stands on the left of an axiom.

    A quality stands in thousands of conjunctions and a context has a hundred subsumers: the fewer are gone through.
    """
    first, last = pairs[concept], pairs[concept + 1]
    if last - first <= growing.size(subsumers, context):
        for at in range(first, last):
            if holds(subsumers, context, pairs[at] // concepts):
                subsume(subsumers, new_subsumers, context, pairs[at] % concepts, True)
        return
    # Subsuming may move the set that is gone through, so what it finds is kept until the end.
    found = np.empty(growing.size(subsumers, context), dtype=np.int64)
    results = 0
    for place in range(growing.start(subsumers, context), growing.end(subsumers, context)):
        other = subsumers[place]
        if other != EMPTY:
            at = lower_bound(pairs, first, last, other * concepts)
            if at < last and pairs[at] // concepts == other:
                found[results] = pairs[at] % concepts
                results += 1
    for at in range(results):
        subsume(subsumers, new_subsumers, context, found[at], True)


@njit(cache=True, nogil=True)
def propagate_from(
    fillers: Integers,
    role_of: Integers,
    subrole: npt.NDArray[np.bool_],
    predecessors: Family,
    propagations: Family,
    subsumers: Family,
    new_subsumers: Integers,
    context: int,
    concept: int,
) -> None:
    """R∃⁺, a new subsumer: X linked by R to Y, Y ⊑ C and R ⊑ S give X ⊑ ∃S.C where that stands on the left."""
    first, last = fillers[concept], fillers[concept + 1]
    if first == last:
        return
    for at in range(first, last):
        append(propagations, context, fillers[at])
    contexts = growing.members(predecessors)
    for place in range(growing.start(predecessors, context), growing.end(predecessors, context)):
        if predecessors[place] != EMPTY:
            role, source = predecessors[place] // contexts, predecessors[place] % contexts
            for at in range(first, last):
                if subrole[role, role_of[fillers[at]]]:
                    subsume(subsumers, new_subsumers, source, fillers[at], True)


@njit(cache=True, nogil=True)
def propagate_to(
    propagations: Family,
    role_of: Integers,
    subrole: npt.NDArray[np.bool_],
    subsumers: Family,
    new_subsumers: Integers,
    source: int,
    role: int,
    end: int,
) -> None:
    """R∃⁺, a new link."""
    first = growing.start(propagations, end)
    for at in range(first, first + growing.size(propagations, end)):
        if subrole[role, role_of[propagations[at]]]:
            subsume(subsumers, new_subsumers, source, propagations[at], True)


@njit(cache=True, nogil=True)
def bottom_from(predecessors: Family, subsumers: Family, new_subsumers: Integers, context: int) -> None:
    """R⊥, a new contradiction: X linked to Y and Y ⊑ ⊥ give X ⊑ ⊥."""
    contexts = growing.members(predecessors)
    for place in range(growing.start(predecessors, context), growing.end(predecessors, context)):
        if predecessors[place] != EMPTY:
            subsume(subsumers, new_subsumers, predecessors[place] % contexts, NOTHING, False)


@njit(cache=True, nogil=True)
def bottom_to(subsumers: Family, new_subsumers: Integers, source: int, end: int) -> None:
    """R⊥, a new link."""
    if holds(subsumers, end, NOTHING):
        subsume(subsumers, new_subsumers, source, NOTHING, False)


@njit(cache=True, nogil=True)
def chain_before(
    chains: Integers,
    begins: npt.NDArray[np.bool_],
    ends: npt.NDArray[np.bool_],
    predecessors: Family,
    successors: Family,
    new_links: Integers,
    source: int,
    role: int,
    end: int,
) -> None:
    """R∘, the new link is the second: W linked by Q to X, X by R to Y, and Q ∘ R ⊑ S give a link from W by S to Y."""
    contexts = growing.members(predecessors)
    # Linking may move the set that is gone through: what counts of it is copied first.
    before = np.empty(growing.size(predecessors, source), dtype=np.int64)
    found = 0
    for place in range(growing.start(predecessors, source), growing.end(predecessors, source)):
        if predecessors[place] != EMPTY and begins[predecessors[place] // contexts]:
            before[found] = predecessors[place]
            found += 1
    for at in range(found):
        left, origin = before[at] // contexts, before[at] % contexts
        compose(chains, ends, predecessors, successors, new_links, origin, left, role, end)


@njit(cache=True, nogil=True)
def chain_after(
    chains: Integers,
    ends: npt.NDArray[np.bool_],
    predecessors: Family,
    successors: Family,
    new_links: Integers,
    source: int,
    role: int,
    end: int,
) -> None:
    """R∘, the new link is the first."""
    contexts = growing.members(predecessors)
    at = 0
    # A list may move while it grows, but the order in it stays: its place is looked up each time.
    while at < growing.size(successors, end):
        further = successors[growing.start(successors, end) + at]
        compose(
            chains,
            ends,
            predecessors,
            successors,
            new_links,
            source,
            role,
            further // contexts,
            further % contexts,
        )
        at += 1


@njit(cache=True, nogil=True)
def compose(
    chains: Integers,
    ends: npt.NDArray[np.bool_],
    predecessors: Family,
    successors: Family,
    new_links: Integers,
    source: int,
    left: int,
    right: int,
    end: int,
) -> None:
    """Link by every property that a chain of two makes."""
    roles = ends.shape[0]
    last = chains[left + 1]
    at = lower_bound(chains, chains[left], last, right * roles)
    while at < last and chains[at] // roles == right:
        link(ends, predecessors, successors, new_links, source, chains[at] % roles, end)
        at += 1


@njit(cache=True, nogil=True)
def lower_bound(values: Integers, first: int, last: int, wanted: int) -> int:
    """The first place between two in an ascending array that is not below a value."""
    while first < last:
        middle = (first + last) >> 1
        if values[middle] < wanted:
            first = middle + 1
        else:
            last = middle
    return first
