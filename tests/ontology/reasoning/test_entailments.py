"""Each folder of tests/reasoning: what is asserted, what follows from it, and what must not."""

from pathlib import Path

import pytest
from pyhornedowl import model as owl

from impckg.ontology.documents.document import read_document
from impckg.ontology.reasoning.class_query import ask
from impckg.ontology.reasoning.classification import Classification
from impckg.ontology.reasoning.reasoner import classify

CASES = sorted(path.parent for path in (Path(__file__).parents[2] / "reasoning").glob("*/asserted.ofn"))
NOTHING = "http://www.w3.org/2002/07/owl#Nothing"


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: folder.name)
def test_what_follows_is_inferred(folder: Path) -> None:
    found = classify([read_document(folder / "asserted.ofn")])

    wanted = pairs(folder / "entailed.ofn")

    assert wanted
    assert [pair for pair in wanted if not holds(found, *pair)] == []


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: folder.name)
def test_what_must_not_follow_is_not_inferred(folder: Path) -> None:
    found = classify([read_document(folder / "asserted.ofn")])

    unwanted = pairs(folder / "must-not-follow.ofn")

    assert unwanted
    assert [pair for pair in unwanted if holds(found, *pair)] == []


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: folder.name)
def test_a_named_class_asked_as_an_expression_has_the_same_neighbours(folder: Path) -> None:
    found = classify([read_document(folder / "asserted.ofn")])

    for name in set(found.classes) - set(found.unsatisfiable):
        answer = ask(found, owl.Class(owl.IRI.parse(name)))
        above = {sup for sub, sup in found.subsumptions().rows() if sub == name}
        below = {sub for sub, sup in found.subsumptions().rows() if sup == name}
        assert set(answer.equivalent) == (above & below) | {name}
        assert set(answer.above) == above - below
        assert set(answer.below) == below - above - {name}


def pairs(path: Path) -> list[tuple[owl.ClassExpression, owl.ClassExpression]]:
    """The subsumptions that a file says; an equivalence says one for each two of its classes, both ways."""
    found = []
    for component in read_document(path).components:
        axiom = component.component
        if isinstance(axiom, owl.SubClassOf):
            found.append((axiom.sub, axiom.sup))
        elif isinstance(axiom, owl.EquivalentClasses):
            found += [
                (left, right) for left in axiom.first for right in axiom.first if str(left) != str(right)
            ]
    return found


def holds(found: Classification, sub: owl.Class, sup: owl.ClassExpression) -> bool:
    if str(sup) == NOTHING:
        return str(sub) in found.unsatisfiable
    answer = ask(found, sup)
    return str(sub) in {*answer.below, *answer.equivalent}
