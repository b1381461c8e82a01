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
        ("Ventricle", "partOf", "Body"),
        ("Ventricle", "partOf", "Heart"),
    }
    assert {("LeftVentricle", "overlaps", "Organ"), ("LeftVentricle", "partOf", "Body")} < short(
        answer.redundant.rows()
    )
    assert answer.redundant.height == 16


def test_a_property_that_is_not_known_is_refused(tmp_path: Path) -> None:
    with pytest.raises(QueryError, match="x#near is no property"):
        relations(classified(tmp_path, "SubClassOf(:A :B)"), [X + "near"])


def classified(folder: Path, axioms: str) -> Classification:
    path = folder / "x.ofn"
    path.write_text(f"Prefix(:=<{X}>) Ontology(<http://example.org/x> {axioms})")
    return classify([read_document(path)])


def short(rows: list[tuple[str, ...]]) -> set[tuple[str, ...]]:
    return {tuple(cell.removeprefix(X) for cell in row) for row in rows}
