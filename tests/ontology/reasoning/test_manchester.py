"""Class expressions in Manchester syntax."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyhornedowl import model as owl

from impckg.graph.errors import BadExpression
from impckg.ontology.documents.labels import Labels
from impckg.ontology.reasoning.manchester import parse, write

OBO = "http://purl.obolibrary.org/obo/"
NAMES = Labels(
    labels={
        OBO + "UBERON_0000948": "heart",
        OBO + "PATO_0000586": "increased size",
        OBO + "X_1": "Bowman's capsule, left",
        OBO + "X_2": "twin",
        OBO + "X_3": "twin",
        OBO + "X_4": "some",
        OBO + "BFO_0000051": "has part",
        OBO + "RO_0000052": "characteristic of",
    },
    classes=frozenset(OBO + name for name in ("UBERON_0000948", "PATO_0000586", "X_1", "X_2", "X_3", "X_4")),
    properties=frozenset(OBO + name for name in ("BFO_0000051", "RO_0000052")),
)


def named(name: str) -> owl.Class:
    return owl.Class(owl.IRI.parse(OBO + name))


def some(role: str, filler: owl.ClassExpression) -> owl.ObjectSomeValuesFrom:
    return owl.ObjectSomeValuesFrom(owl.ObjectProperty(owl.IRI.parse(OBO + role)), filler)


QUESTION = some(
    "BFO_0000051",
    owl.ObjectIntersectionOf([named("PATO_0000586"), some("RO_0000052", named("UBERON_0000948"))]),
)


@pytest.mark.parametrize(
    "text",
    [
        "'has part' some ('increased size' and 'characteristic of' some heart)",
        "BFO:0000051 some (PATO:0000586 and RO_0000052 some UBERON_0000948)",
        f"<{OBO}BFO_0000051> min 1 ((PATO:0000586) that ('Characteristic Of' some (heart)))",
        "“has part” some\n  (‘increased size’ and ‘characteristic of’ some Heart)",
    ],
)
def test_labels_curies_and_iris_mean_the_same(text: str) -> None:
    assert parse(text, NAMES) == QUESTION


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"line 1, column 1: the expression ends; expected a class, a property or '\('"),
        ("'has part' some", r"column 16: the expression ends"),
        ("heart and", r"column 10: the expression ends"),
        ("(heart", r"column 7: a parenthesis is not closed; expected '\)'"),
        ("heart heart", r"column 7: 'heart' is left over"),
        ("hart", r"column 1: 'hart' is no class that is known; expected 'heart'"),
        ("'has parts' some heart", r"'has parts' is no property that is known; expected 'has part'"),
        (
            "heart and\n 'twin'",
            r"line 2, column 2: 'twin' is the label of .*X_2, .*X_3; expected one of these IRIs",
        ),
        ("MP:1", r"'MP:1' is no class that is known"),
        ("not heart", r"'not' is a complement; expected what OWL 2 EL can say"),
        ("'has part' only heart", r"column 12: 'only' is a universal restriction"),
        ("'has part' min 2 heart", r"2 follows min; expected 1, which is some"),
        (
            "'has part some heart",
            r"column 1: \"'\" begins no name; expected a name, closed by the same quote",
        ),
        ("some heart", r"column 1: 'some' stands here"),
        (
            "(" * 100 + "heart" + ")" * 100,
            r"column 51: the expression is nested too deep; expected 50 levels",
        ),
        ("heart or " * 2000 + "heart", r"has 18,005 characters; expected 10,000 at most"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(text: str, message: str) -> None:
    with pytest.raises(BadExpression, match=message):
        parse(text, NAMES)


def test_the_issue_s_question_is_written_as_it_was_asked() -> None:
    assert write(QUESTION, NAMES) == "'has part' some ('increased size' and 'characteristic of' some heart)"


def test_a_label_that_two_things_share_is_not_written() -> None:
    assert (
        write(owl.ObjectUnionOf([named("X_2"), named("X_1")]), NAMES) == r"X:2 or 'Bowman\'s capsule, left'"
    )


classes = st.sampled_from(sorted(NAMES.classes)).map(lambda iri: owl.Class(owl.IRI.parse(iri)))
expressions = st.recursive(
    classes,
    lambda parts: st.one_of(
        st.lists(parts, min_size=2, max_size=3).map(owl.ObjectIntersectionOf),
        st.lists(parts, min_size=2, max_size=3).map(owl.ObjectUnionOf),
        st.tuples(st.sampled_from(["BFO_0000051", "RO_0000052"]), parts).map(lambda pair: some(*pair)),
    ),
    max_leaves=8,
)


@given(expressions)
def test_what_is_written_reads_back(expression: owl.ClassExpression) -> None:
    assert parse(write(expression, NAMES), NAMES) == expression
