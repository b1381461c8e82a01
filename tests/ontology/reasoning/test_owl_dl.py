"""OWL 2 DL by HermiT and Pellet, and what is said where they cannot."""

import importlib.util
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from pyhornedowl import model as owl

from impckg.graph.errors import OntologyError
from impckg.ontology.documents.document import Document, read_document
from impckg.ontology.reasoning.owl_dl import REASONERS, DlLimits, classify_dl
from impckg.ontology.reasoning.reasoner import classify
from impckg.service.cli import main

needs_java = pytest.mark.skipif(
    shutil.which("java") is None or importlib.util.find_spec("owlready2") is None,
    reason="there is no Java, or no owlready2, on this machine",
)
CASES = sorted(path.parent for path in (Path(__file__).parents[2] / "reasoning").glob("*/asserted.ofn"))
X = "http://example.org/x#"

# A is B or C, and both are D: beyond EL, A is D.
BY_CASES = "SubClassOf(:A ObjectUnionOf(:B :C)) SubClassOf(:B :D) SubClassOf(:C :D)"


def document(folder: Path, axioms: str) -> Document:
    path = folder / "o.ofn"
    path.write_text(f"Prefix(:=<{X}>) Ontology(<http://example.org/o> {axioms})")
    return read_document(path)


@needs_java
@pytest.mark.parametrize("reasoner", REASONERS)
def test_what_el_cannot_see_is_found(reasoner: str, tmp_path: Path) -> None:
    axioms = (
        f"{BY_CASES} EquivalentClasses(:E ObjectIntersectionOf(:A :D)) Declaration(Class(:Alone))"
        "SubClassOf(:F ObjectIntersectionOf(:A ObjectComplementOf(:D))) EquivalentClasses(:T owl:Thing)"
    )
    path = tmp_path / "o.ofn"
    path.write_text(f"Prefix(:=<{X}>) Prefix(owl:=<http://www.w3.org/2002/07/owl#>) Ontology({axioms})")
    said = read_document(path)

    found = classify_dl([said], reasoner)

    assert (X + "A", X + "D") not in classify([said]).subsumptions().rows()
    assert {(low[len(X) :], high[len(X) :]) for low, high in found.subsumptions.rows()} == {
        *(("A", other) for other in "DET"),
        *(("E", other) for other in "ADT"),
        *(("B", other) for other in "DT"),
        *(("C", other) for other in "DT"),
        ("D", "T"),
        ("Alone", "T"),
    }
    assert found.unsatisfiable == (X + "F",)


@needs_java
@pytest.mark.parametrize("folder", CASES, ids=lambda folder: folder.name)
def test_hermit_agrees_with_each_case_of_the_built_in_reasoner(folder: Path) -> None:
    found = classify_dl([read_document(folder / "asserted.ofn")])

    pairs = set(found.subsumptions.rows())
    entailed = named_pairs(folder / "entailed.ofn")
    assert {pair for pair in entailed if pair[0] not in found.unsatisfiable} <= pairs
    assert not named_pairs(folder / "must-not-follow.ofn") & pairs


def named_pairs(path: Path) -> set[tuple[str, str]]:
    axioms = [component.component for component in read_document(path).components]
    return {
        (str(axiom.sub), str(axiom.sup))
        for axiom in axioms
        if isinstance(axiom, owl.SubClassOf)
        and isinstance(axiom.sub, owl.Class)
        and isinstance(axiom.sup, owl.Class)
        and str(axiom.sup) != "http://www.w3.org/2002/07/owl#Nothing"
    }


@needs_java
@pytest.mark.parametrize("reasoner", REASONERS)
def test_axioms_that_contradict_each_other_are_told(reasoner: str, tmp_path: Path) -> None:
    axioms = "DisjointClasses(:A :B) ClassAssertion(:A :i) ClassAssertion(:B :i)"

    with pytest.raises(OntologyError, match=f"{reasoner}: the axioms contradict each other"):
        classify_dl([document(tmp_path, axioms)], reasoner)


def test_without_java_it_is_said_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(OntologyError, match="needs Java, and there is no `java` on this machine"):
        classify_dl([document(tmp_path, BY_CASES)])


@pytest.mark.skipif(
    importlib.util.find_spec("owlready2") is None, reason="there is no owlready2 on this machine"
)
@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("exec sleep 60", "hermit did not end within 0.5 s; allow it more"),
        ("echo java.lang.OutOfMemoryError >&2; exit 1", "hermit needs more than 64 MiB"),
        ("echo Exception: odd axiom >&2", "hermit cannot classify these axioms: Exception: odd axiom"),
    ],
)
def test_a_reasoner_that_fails_is_ended_and_told(
    script: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    java = tmp_path / "java"
    java.write_text(f"#!/bin/sh\n{script}\n")
    java.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    with pytest.raises(OntologyError, match=message):
        classify_dl([document(tmp_path, BY_CASES)], "hermit", DlLimits(0.5, 64))


def test_another_reasoner_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    java = tmp_path / "java"
    java.write_text("#!/bin/sh\n")
    java.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(OntologyError, match="'fact' is no reasoner of OWL DL; expected hermit or pellet"):
        classify_dl([document(tmp_path, BY_CASES)], "fact")


@needs_java
def test_the_command_line_has_it_as_an_option(tmp_path: Path) -> None:
    document(tmp_path, BY_CASES)

    result = CliRunner().invoke(
        main,
        [
            "classify",
            "--ontology",
            str(tmp_path / "o.ofn"),
            "--reasoner",
            "hermit",
            "--out",
            str(tmp_path / "out"),
        ],
    )

    assert result.exit_code == 0, result.output
    assert "3 subsumptions, by hermit (OWL 2 DL)" in result.stdout
    assert (tmp_path / "out" / "subsumptions.parquet").exists()
