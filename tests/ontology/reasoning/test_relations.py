"""Relations between classes as rows, against what class expressions answer."""

from pathlib import Path

import pytest
from pyhornedowl import model as owl

from impckg.graph.errors import QueryError
from impckg.ontology.documents.document import read_document
from impckg.ontology.reasoning.class_query import ask
from impckg.ontology.reasoning.classification import Classification
from impckg.ontology.reasoning.reasoner import classify
from impckg.ontology.reasoning.relations import relations

CASES = sorted(path.parent for path in (Path(__file__).parents[2] / "reasoning").glob("*/asserted.ofn"))
X = "http://example.org/x#"


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: folder.name)
def test_the_rows_are_what_class_expressions_answer(folder: Path) -> None:
    found = classify([read_document(folder / "asserted.ofn")])
    properties = [iri for iri in found.concepts.roles if iri.startswith("http")]

    rows = set(relations(found, properties).redundant.rows())

    asked = set()
    for iri in properties:
        role = owl.ObjectProperty(owl.IRI.parse(iri))
        for target in set(found.classes) - set(found.unsatisfiable):
            answer = ask(found, owl.ObjectSomeValuesFrom(role, owl.Class(owl.IRI.parse(target))))
            asked |= {(subject, iri, target) for subject in (*answer.equivalent, *answer.below)}
    assert rows == asked


def test_rows_that_others_imply_are_left_out(tmp_path: Path) -> None:
    found = classified(
        tmp_path,
        "SubObjectPropertyOf(:partOf :overlaps) TransitiveObjectProperty(:partOf)"
        "SubClassOf(:LeftVentricle :Ventricle) SubClassOf(:Ventricle ObjectSomeValuesFrom(:partOf :Heart))"
        "SubClassOf(:Heart :Organ) SubClassOf(:Heart ObjectSomeValuesFrom(:partOf :Body))"
        "SubClassOf(:Ventricle ObjectSomeValuesFrom(:overlaps :Septum))",
    )

    answer = relations(found, [X + "partOf", X + "overlaps"])

    assert short(answer.nonredundant.rows()) == {
        ("Heart", "partOf", "Body"),
        ("Ventricle", "overlaps", "Septum"),
        ("Ventricle", "partOf", "Heart"),
    }
    assert {("LeftVentricle", "overlaps", "Organ"), ("LeftVentricle", "partOf", "Body")} < short(
        answer.redundant.rows()
    )
    assert answer.redundant.height == 16


def test_a_circle_of_a_transitive_property_keeps_its_rows(tmp_path: Path) -> None:
    found = classified(
        tmp_path,
        "TransitiveObjectProperty(:p) SubClassOf(:A ObjectSomeValuesFrom(:p :B)) SubClassOf(:B ObjectSomeValuesFrom(:p :A))"
        "SubClassOf(:B ObjectSomeValuesFrom(:p :C))",
    )

    answer = relations(found, [X + "p"])

    assert short(answer.nonredundant.rows()) == {
        (subject, "p", target) for subject, target in ("AA", "AB", "BA", "BB", "AC", "BC")
    }


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: folder.name)
def test_what_was_left_out_follows_from_the_rest(folder: Path) -> None:
    found = classify([read_document(folder / "asserted.ofn")])
    properties = [iri for iri in found.concepts.roles if iri.startswith("http")]
    answer = relations(found, properties)
    subrole, chains = found.rules.roles.subrole, found.rules.roles.chains.tolist()
    number = {iri: found.concepts.find_role(iri) for iri in properties}
    above = set(found.subsumptions().rows())

    rows = set(answer.nonredundant.rows())
    while True:
        more = {(s, p, o2) for s, p, o in rows for o1, o2 in above if o1 == o}
        more |= {(s1, p, o) for s, p, o in rows for s1, s2 in above if s2 == s}
        more |= {(s, q, o) for s, p, o in rows for q in properties if subrole[number[p], number[q]]}
        more |= {
            (s, p, o)
            for s, p, between in rows
            if [number[p]] * 3 in [chain[:3] for chain in chains]
            for s2, p2, o in rows
            if (s2, p2) == (between, p)
        }
        if more <= rows:
            break
        rows |= more

    assert rows == set(answer.redundant.rows())


def test_a_property_that_is_not_known_is_refused(tmp_path: Path) -> None:
    with pytest.raises(QueryError, match="x#near is no property"):
        relations(classified(tmp_path, "SubClassOf(:A :B)"), [X + "near"])


def classified(folder: Path, axioms: str) -> Classification:
    path = folder / "x.ofn"
    path.write_text(f"Prefix(:=<{X}>) Ontology(<http://example.org/x> {axioms})")
    return classify([read_document(path)])


def short(rows: list[tuple[str, ...]]) -> set[tuple[str, ...]]:
    return {tuple(cell.removeprefix(X) for cell in row) for row in rows}
