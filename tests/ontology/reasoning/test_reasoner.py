"""The reasoner against the obvious algorithm, and what it says when it cannot go on."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyhornedowl import open_ontology_from_string

from impckg.graph.errors import OntologyError, QueryError
from impckg.ontology.documents.document import Document, document
from impckg.ontology.reasoning.axioms import Source
from impckg.ontology.reasoning.classification import Classification
from impckg.ontology.reasoning.explanation import explain
from impckg.ontology.reasoning.reasoner import Limits, classify

X = "http://example.org/x#"
NAMES, ROLES = "ABCDEF", "pqr"

names = st.sampled_from(NAMES)
expressions = st.recursive(
    names,
    lambda parts: st.one_of(
        st.tuples(st.just("and"), parts, parts),
        st.tuples(st.just("some"), st.sampled_from(ROLES), parts),
    ),
    max_leaves=4,
)
axioms = st.one_of(
    st.tuples(st.just("sub"), expressions, expressions),
    st.tuples(st.just("sub"), names, expressions),
    st.tuples(st.just("disjoint"), names, names),
    st.tuples(st.just("role"), st.sampled_from(ROLES), st.sampled_from(ROLES)),
    st.tuples(st.just("chain"), st.sampled_from(ROLES), st.sampled_from(ROLES), st.sampled_from(ROLES)),
    st.tuples(st.just("domain"), st.sampled_from(ROLES), names),
)


@settings(max_examples=150)
@given(st.lists(axioms, max_size=12))
def test_the_kernel_finds_what_the_obvious_algorithm_finds(said: list[tuple]) -> None:
    found = classify([ontology(said)])

    everything = naive(said)

    for sub in NAMES:
        assert (X + sub in found.unsatisfiable) == ("nothing" in everything[sub])
    pairs = set(found.subsumptions().rows())
    possible = [name for name in NAMES if "nothing" not in everything[name]]
    assert pairs == {
        (X + sub, X + sup) for sub in possible for sup in NAMES if sup != sub and sup in everything[sub]
    }


@settings(max_examples=60)
@given(st.lists(axioms, min_size=3, max_size=10))
def test_an_explanation_is_enough_and_nothing_in_it_can_be_left_out(said: list[tuple]) -> None:
    found = classify([ontology(said)])

    for sub, sup in found.subsumptions().head(3).rows():
        explanation = explain(found, sub, sup)
        components = [axiom.component for axiom in explanation.axioms]
        assert follows(components, sub, sup)
        for left_out in components:
            assert not follows([other for other in components if other is not left_out], sub, sup)
        last = explanation.steps[-1].conclusion
        assert (str(last.sub), str(last.sup)) == (sub, sup)
        for place, step in enumerate(explanation.steps):
            assert all(premise < place for premise in step.premises)


def test_the_direct_hierarchy_has_nothing_between() -> None:
    found = classified("SubClassOf(:A :B) SubClassOf(:B :C) SubClassOf(:A :C) EquivalentClasses(:B :D)")

    assert found.direct().rows() == [
        (X + "A", X + "B"),
        (X + "A", X + "D"),
        (X + "B", X + "C"),
        (X + "D", X + "C"),
    ]
    assert found.equivalents().rows() == [(X + "B", X + "D"), (X + "D", X + "B")]


def test_axioms_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(
        OntologyError, match=r"contradict each other: http://example.org/x#i falls under owl:Nothing"
    ):
        classified("DisjointClasses(:A :B) ClassAssertion(:A :i) ClassAssertion(:B :i)")


def test_why_a_class_can_have_no_instance_is_explained() -> None:
    found = classified(
        "DisjointClasses(:A :B) SubClassOf(:C :A) SubClassOf(:C :B) SubClassOf(:D ObjectSomeValuesFrom(:p :C))"
    )

    explanation = explain(found, X + "D", X + "A")

    assert found.unsatisfiable == [X + "C", X + "D"]
    assert explanation.sup == "http://www.w3.org/2002/07/owl#Nothing"
    assert len(explanation.axioms) == 4
    assert explanation.axioms[0].source == Source("x.ofn", "http://example.org/x", None)


def test_what_is_outside_el_is_listed_and_its_el_part_used() -> None:
    found = classified(
        "SubClassOf(:A ObjectAllValuesFrom(:p :B)) SubClassOf(:A :C) InverseObjectProperties(:p :q) "
        "SubClassOf(:D ObjectIntersectionOf(:C ObjectUnionOf(:A :B)))"
    )

    assert {outside.construct for outside in found.outside} == {
        "ObjectAllValuesFrom",
        "InverseObjectProperties",
        "ObjectUnionOf on the right",
    }
    assert {found.axioms.text(outside.axiom)[:13] for outside in found.outside} == {
        "SubClassOf(<h",
        "InverseObject",
    }
    assert (X + "D", X + "C") in found.subsumptions().rows()


def test_a_subsumption_that_does_not_hold_cannot_be_explained() -> None:
    found = classified("SubClassOf(:A :B)")

    with pytest.raises(QueryError, match=r"x#B is not under http://example\.org/x#A"):
        explain(found, X + "B", X + "A")
    with pytest.raises(QueryError, match="x#Z is no class"):
        explain(found, X + "Z", X + "A")


def test_too_little_memory_is_told() -> None:
    chain = " ".join(f"SubClassOf(:C{number} :C{number + 1})" for number in range(1500))

    with pytest.raises(OntologyError, match=r"does not fit in 1 MiB, with [\d,]+ subsumers found"):
        classify([parsed(chain)], Limits(memory_mib=1))


def test_too_little_time_is_told() -> None:
    with pytest.raises(OntologyError, match="not finished after 0 s"):
        classify([parsed("SubClassOf(:A :B)")], Limits(seconds=0))


def naive(said: list[tuple]) -> dict[object, set[object]]:
    """Completion as in the textbook, over all expressions that are said, until nothing changes."""
    told = [tuple(rest) for kind, *rest in said if kind == "sub"]
    told += [(("and", *rest), "nothing") for kind, *rest in said if kind == "disjoint"]
    told += [
        (("some", role, "thing"), domain)
        for kind, role, domain in (axiom for axiom in said if axiom[0] == "domain")
    ]
    chains = [tuple(rest) for kind, *rest in said if kind == "chain"]
    roles = {(role, role) for role in ROLES} | {tuple(rest) for kind, *rest in said if kind == "role"}
    for middle, sub, sup in product(ROLES, ROLES, ROLES):
        if (sub, middle) in roles and (middle, sup) in roles:
            roles.add((sub, sup))
    under = {
        one: {one, "thing"} for one in parts_of([*NAMES, "thing", *(side for pair in told for side in pair)])
    }
    links: set[tuple] = set()
    before = -1
    while before != sum(map(len, under.values())) + len(links):
        before = sum(map(len, under.values())) + len(links)
        for one, found in under.items():
            complete_one(one, found, under, told, links)
        complete_links(under, links, roles, chains)
    return under


def parts_of(expressions_said: list) -> set:
    every = set()
    waiting = list(expressions_said)
    while waiting:
        part = waiting.pop()
        every.add(part)
        if isinstance(part, tuple):
            waiting += part[1:] if part[0] == "and" else part[2:]
    return every


def complete_one(one: object, found: set, every: dict, told: list[tuple], links: set[tuple]) -> None:
    for part in list(found):
        if isinstance(part, tuple) and part[0] == "and":
            found |= {part[1], part[2]}
        elif isinstance(part, tuple):
            links.add((one, part[1], part[2]))
    found |= {sup for sub, sup in told if sub in found}
    found |= {part for part in every if isinstance(part, tuple) and part[0] == "and" and {*part[1:]} <= found}


def complete_links(under: dict, links: set[tuple], roles: set[tuple], chains: list[tuple]) -> None:
    for source, role, end in list(links):
        for part in under:
            if (
                isinstance(part, tuple)
                and part[0] == "some"
                and (role, part[1]) in roles
                and part[2] in under[end]
            ):
                under[source].add(part)
        if "nothing" in under[end]:
            under[source].add("nothing")
        links |= {(source, sup, end) for sup in ROLES if (role, sup) in roles}
        further = [(other, far) for near, other, far in links if near == end]
        for left, right, sup in chains:
            links |= {(source, sup, far) for other, far in further if role == left and other == right}


def ontology(said: list[tuple]) -> Document:
    return parsed(" ".join(written(axiom) for axiom in said))


def parsed(axioms: str) -> Document:
    declared = " ".join(f"Declaration(Class(:{name}))" for name in NAMES)
    text = f"Prefix(:=<{X}>)\nOntology(<http://example.org/x> {declared} {axioms})"
    return document("x.ofn", "ofn", open_ontology_from_string(text, "ofn").get_components())


def classified(axioms: str) -> Classification:
    return classify([parsed(axioms)])


def written(said: object) -> str:
    """An axiom or expression in functional syntax."""
    if isinstance(said, str):
        return "owl:Thing" if said == "thing" else f":{said}"
    kind, *rest = said
    if kind == "chain":
        return f"SubObjectPropertyOf(ObjectPropertyChain(:{rest[0]} :{rest[1]}) :{rest[2]})"
    heads = {
        "sub": "SubClassOf",
        "disjoint": "DisjointClasses",
        "role": "SubObjectPropertyOf",
        "domain": "ObjectPropertyDomain",
        "and": "ObjectIntersectionOf",
        "some": "ObjectSomeValuesFrom",
    }
    return f"{heads[kind]}({' '.join(written(part) for part in rest)})"


def follows(components: list, sub: str, sup: str) -> bool:
    found = classify([document("part.ofn", "ofn", components)])
    if sub not in found.number:
        return False
    return sub in found.unsatisfiable or (sub, sup) in found.subsumptions().rows()
