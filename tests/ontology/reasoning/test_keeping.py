"""A classification that was kept answers as the one it was made from."""

import json
from pathlib import Path

import numpy as np
import pytest

from impckg.graph.errors import StoreError
from impckg.ontology.documents.document import read_document
from impckg.ontology.documents.labels import labels_of
from impckg.ontology.reasoning.class_query import ask
from impckg.ontology.reasoning.explanation import explain
from impckg.ontology.reasoning.keeping import Kept, keep, open_kept
from impckg.ontology.reasoning.manchester import parse
from impckg.ontology.reasoning.reasoner import classify
from impckg.ontology.reasoning.relations import relations

CASES = sorted(path.parent for path in (Path(__file__).parents[2] / "reasoning").glob("*/asserted.ofn"))


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: folder.name)
def test_what_was_kept_answers_the_same(folder: Path, tmp_path: Path) -> None:
    made = made_from(folder / "asserted.ofn")

    keep(made, tmp_path / "kept")
    opened = open_kept(tmp_path / "kept")

    before, after = made.classification, opened.classification
    assert after.subsumptions().equals(before.subsumptions())
    assert after.direct().equals(before.direct())
    assert after.equivalents().equals(before.equivalents())
    assert (after.unsatisfiable, after.outside) == (before.unsatisfiable, before.outside)
    roles = [iri for iri in before.concepts.roles if iri.startswith("http")]
    assert relations(after, roles).redundant.equals(relations(before, roles).redundant)
    for sub, sup in before.subsumptions().rows():
        assert said(explain(after, sub, sup)) == said(explain(before, sub, sup))


def test_labels_and_questions_come_back(tmp_path: Path) -> None:
    folder = tmp_path / "o.ofn"
    folder.write_text(
        "Prefix(:=<http://example.org/x#>) Prefix(rdfs:=<http://www.w3.org/2000/01/rdf-schema#>) Ontology("
        "Declaration(Class(:A)) Declaration(Class(:B)) Declaration(ObjectProperty(:p))"
        'AnnotationAssertion(rdfs:label :B "the b") AnnotationAssertion(rdfs:label :p "near")'
        "SubClassOf(:A ObjectSomeValuesFrom(:p :B)))"
    )
    keep(made_from(folder), tmp_path / "kept")

    opened = open_kept(tmp_path / "kept")

    answer = ask(opened.classification, parse("near some 'the b'", opened.names))
    assert answer.below == ("http://example.org/x#A",)


def test_a_folder_without_one_says_what_was_expected(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="holds no classification; expected the folder `reasoning`"):
        open_kept(tmp_path)


@pytest.mark.parametrize(
    "damaged", ["arrays.npz", "concepts.parquet", "axioms.parquet", "classification.json"]
)
def test_a_damaged_one_says_so(damaged: str, tmp_path: Path) -> None:
    keep(made_from(CASES[0] / "asserted.ofn"), tmp_path)
    content = (tmp_path / damaged).read_bytes()
    (tmp_path / damaged).write_bytes(content[: len(content) // 2])

    with pytest.raises(StoreError, match=r"the classification is damaged.*build the release again"):
        open_kept(tmp_path)


def test_one_that_lacks_an_array_is_damaged(tmp_path: Path) -> None:
    keep(made_from(CASES[0] / "asserted.ofn"), tmp_path)
    np.savez(tmp_path / "arrays.npz", root=np.zeros(1))

    with pytest.raises(StoreError, match="the classification is damaged"):
        open_kept(tmp_path)


def test_another_layout_is_not_guessed_at(tmp_path: Path) -> None:
    keep(made_from(CASES[0] / "asserted.ofn"), tmp_path)
    rest = json.loads((tmp_path / "classification.json").read_text())
    (tmp_path / "classification.json").write_text(json.dumps(rest | {"layout": 0}))

    with pytest.raises(StoreError, match="has layout 0, expected 1"):
        open_kept(tmp_path)


def made_from(path: Path) -> Kept:
    documents = [read_document(path)]
    return Kept(classify(documents), labels_of(documents))


def said(explanation):
    return [str(axiom.component) for axiom in explanation.axioms], len(explanation.steps)
