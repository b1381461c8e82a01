"""`impckg classify`, `impckg explain` and `impckg dl`, on two small ontologies."""

from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

from impckg.service.cli import main

ANATOMY = """format-version: 1.2
ontology: anatomy

[Term]
id: UBERON:0000948
name: heart

[Term]
id: UBERON:0002082
name: cardiac ventricle
relationship: part_of UBERON:0000948

[Typedef]
id: part_of
name: part of
xref: BFO:0000050
is_transitive: true
"""

PHENOTYPES = """Prefix(obo:=<http://purl.obolibrary.org/obo/>)
Prefix(rdfs:=<http://www.w3.org/2000/01/rdf-schema#>)
Ontology(<http://example.org/phenotypes> Import(<http://purl.obolibrary.org/obo/anatomy.owl>)
Declaration(Class(obo:MP_0000001)) Declaration(Class(obo:MP_0000002)) Declaration(Class(obo:PATO_0000051))
Declaration(ObjectProperty(obo:RO_0000052)) Declaration(ObjectProperty(obo:BFO_0000051))
AnnotationAssertion(rdfs:label obo:MP_0000001 "abnormal ventricle")
AnnotationAssertion(rdfs:label obo:MP_0000002 "phenotype of the heart")
AnnotationAssertion(rdfs:label obo:RO_0000052 "characteristic of")
AnnotationAssertion(rdfs:label obo:BFO_0000051 "has part")
SubClassOf(obo:MP_0000001 ObjectSomeValuesFrom(obo:BFO_0000051 ObjectSomeValuesFrom(obo:RO_0000052 obo:UBERON_0002082)))
EquivalentClasses(obo:MP_0000002 ObjectSomeValuesFrom(obo:BFO_0000051
  ObjectSomeValuesFrom(obo:RO_0000052 ObjectSomeValuesFrom(obo:BFO_0000050 obo:UBERON_0000948))))
SubClassOf(obo:MP_0000001 ObjectAllValuesFrom(obo:BFO_0000051 obo:PATO_0000051))
)
"""


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    (tmp_path / "anatomy.obo").write_text(ANATOMY)
    (tmp_path / "phenotypes.ofn").write_text(PHENOTYPES)
    imported = f"http://purl.obolibrary.org/obo/anatomy.owl={tmp_path / 'anatomy.obo'}"
    return ["--ontology", str(tmp_path / "phenotypes.ofn"), "--import", imported]


def impckg(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def test_the_inferred_hierarchy_is_written_and_what_is_outside_told(files: list[str], tmp_path: Path) -> None:
    result = impckg("classify", *files, "--out", str(tmp_path / "out"))

    assert result.exit_code == 0, result.output
    assert "1 subsumptions" in result.stdout
    assert "0 unsatisfiable" in result.stdout
    assert "1 axioms outside OWL 2 EL: ObjectAllValuesFrom" in result.stderr
    obo = "http://purl.obolibrary.org/obo/"
    assert pl.read_parquet(tmp_path / "out" / "direct.parquet").rows() == [
        (f"{obo}MP_0000001", f"{obo}MP_0000002")
    ]


def test_an_explanation_names_axioms_sources_and_steps(files: list[str]) -> None:
    result = impckg("explain", "abnormal ventricle", "MP:0000002", *files)

    assert result.exit_code == 0, result.output
    assert "MP:0000001 abnormal ventricle  is under  MP:0000002 phenotype of the heart" in result.stdout
    assert "'cardiac ventricle' SubClassOf 'part of' some heart" in result.stdout
    assert "anatomy.obo, http://purl.obolibrary.org/obo/anatomy.owl" in result.stdout
    assert "[3]" in result.stdout
    assert "[4]" not in result.stdout


def test_a_class_expression_is_answered(files: list[str]) -> None:
    result = impckg("dl", "'has part' some ('characteristic of' some ('part of' some heart))", *files)

    assert result.stdout.splitlines() == [
        "equivalent\tMP:0000002 phenotype of the heart",
        "below\tMP:0000001 abnormal ventricle",
    ]


def test_genes_and_lines_with_calls_below_are_told(files: list[str], tmp_path: Path) -> None:
    tables = tmp_path / "release" / "tables"
    tables.mkdir(parents=True)
    call = {"gene": "MGI:1", "line": "impckg:line/A", "phenotype": "MP:0000001"}
    pl.DataFrame([call, {**call, "phenotype": "MP:0000009"}]).write_parquet(tables / "call.parquet")
    pl.DataFrame({"id": ["MGI:1"], "symbol": ["Abc"]}).write_parquet(tables / "gene.parquet")

    question = "'has part' some ('characteristic of' some 'cardiac ventricle')"
    result = impckg("dl", question, *files, "--store", str(tmp_path / "release"))

    assert [line for line in result.stdout.splitlines() if line.startswith("instance")] == [
        "instance\tMGI:1\tAbc\timpckg:line/A\tMP:0000001\t"
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["dl", "'has part' only heart"], "'only' is a universal restriction"),
        (["dl", "hart"], "'hart' is no class that is known; expected 'heart'"),
        (["explain", "heart", "abnormal ventricle"], "is not under"),
        (["explain", "'part of' some heart", "heart"], "is no named class"),
    ],
)
def test_a_wrong_question_is_told(files: list[str], arguments: list[str], message: str) -> None:
    result = impckg(*arguments, *files)

    assert result.exit_code == 5
    assert message in result.stderr


def test_a_missing_import_is_told(files: list[str]) -> None:
    result = impckg("classify", *files[:2])

    assert result.exit_code == 3
    assert "imports http://purl.obolibrary.org/obo/anatomy.owl, of which no file is known" in result.stderr


def test_a_store_without_calls_is_told(files: list[str], tmp_path: Path) -> None:
    result = impckg("dl", "heart", *files, "--store", str(tmp_path))

    assert result.exit_code == 6
    assert "has no call.parquet" in result.stderr
