"""`impckg classify`, `impckg explain` and `impckg dl`, on two small ontologies."""

import re
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner, Result

from impckg.graph.store import write_store
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


def test_a_release_is_asked_down_to_genes_and_lines(demo: Path) -> None:
    result = impckg("dl", "'has phenotype affecting' some heart", "--store", str(demo))

    lines = [line.split("\t") for line in result.stdout.splitlines()]
    assert ["below", "MP:0000266 abnormal heart morphology"] in lines
    instances = {tuple(line[2:6:3]) for line in lines if line[0] == "instance"}
    assert ("Lmna", "dilated heart left ventricle") in instances


def test_the_demo_is_asked_where_nothing_is_named(demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMPCKG_STORE", str(demo))

    result = impckg("explain", "enlarged heart", "Cardiomegaly")

    assert "definitions.ofn, https://w3id.org/impckg/demo/definitions.owl" in result.stdout
    assert "Steps:" in result.stdout


def test_calls_of_a_release_are_found_for_ontologies_of_ones_own(demo: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.ofn"
    own.write_text(
        "Prefix(obo:=<http://purl.obolibrary.org/obo/>) Prefix(:=<http://example.org/#>)"
        "Ontology(Declaration(Class(:wide)) Declaration(Class(obo:MP_0002753)) SubClassOf(obo:MP_0002753 :wide))"
    )

    result = impckg("dl", "<http://example.org/#wide>", "--ontology", str(own), "--store", str(demo))

    assert "\tLmna\t" in result.stdout


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


def test_a_release_without_calls_is_told(files: list[str], tmp_path: Path) -> None:
    write_store(tmp_path / "store", [])

    result = impckg("dl", "heart", *files, "--store", str(tmp_path))

    assert result.exit_code == 6
    assert "has no call.parquet" in result.stderr


@pytest.mark.parametrize(
    ("store", "message"),
    [
        ("nowhere", "no store here; expected a folder that `impckg build --out`"),
        ("https://example.org/sparql", "an endpoint gives no classification"),
    ],
)
def test_what_holds_no_classification_is_told(store: str, message: str) -> None:
    result = impckg("dl", "heart", "--store", store)

    assert result.exit_code == 6
    assert message in result.stderr


def test_what_looks_like_a_mistake_is_told(tmp_path: Path) -> None:
    odd = tmp_path / "odd.ofn"
    odd.write_text(
        "Prefix(:=<http://example.org/#>) Ontology(Declaration(Class(:A)) Declaration(Class(:p))"
        "Declaration(ObjectProperty(:p)) SubClassOf(:A ObjectSomeValuesFrom(:p :B)))"
    )

    result = impckg("classify", "--ontology", str(odd))

    assert "1 used, but declared nowhere: http://example.org/#B" in result.stderr
    assert "1 two of class, property and individual: http://example.org/#p" in result.stderr


def test_changes_of_an_ontology_are_told_with_the_calls_and_genes_they_touch(
    demo: Path, tmp_path: Path
) -> None:
    before = demo / "files" / "mp.obo"
    term = "[Term]\nid: MP:0002753\nname: dilated heart left ventricle\n"
    text = before.read_text(encoding="utf-8")
    assert term in text
    after = tmp_path / "mp.obo"
    after.write_text(
        text.replace(
            term, "[Term]\nid: MP:0002753\nname: obsolete dilated heart left ventricle\nis_obsolete: true\n"
        ),
        encoding="utf-8",
    )

    result = impckg("changes", str(before), str(after), "--store", str(demo), "--out", str(tmp_path / "out"))

    assert result.exit_code == 0, result.output
    assert re.search(r"1 obsolete, with neither; 1 of them in [1-9]", result.stdout)
    assert re.search(r"MP:0002753 obsolete, with neither: \d+ calls of \d+ genes", result.stdout)
    genes = pl.read_csv(tmp_path / "out" / "genes.tsv", separator="\t")
    assert ("MGI:96794", "loses", "MP:0002753") in genes.rows()


def test_nothing_is_told_of_an_ontology_that_is_the_same(demo: Path) -> None:
    mp = str(demo / "files" / "mp.obo")

    result = impckg("changes", mp, mp, "--store", str(demo))

    assert "0 genes gain or lose phenotypes" in result.stdout


def test_a_file_that_is_longer_than_it_may_be_is_refused_before_it_fills_memory(tmp_path: Path) -> None:
    long = tmp_path / "long.obo"
    long.write_text("format-version: 1.2\n" + "! nothing\n" * 200_000)

    result = impckg("classify", "--ontology", str(long), "--file-mib", "1")

    assert result.exit_code == 3
    assert "long.obo: is longer than 1 MiB when unpacked" in result.stderr


def test_terms_in_a_circle_are_named(tmp_path: Path) -> None:
    circle = tmp_path / "circle.obo"
    circle.write_text(
        "format-version: 1.2\n\n[Term]\nid: MP:0000001\nname: a\nis_a: MP:0000002\n\n"
        "[Term]\nid: MP:0000002\nname: b\nis_a: MP:0000001\n"
    )

    result = impckg("classify", "--ontology", str(circle))

    assert "MP:0000001 a and MP:0000002 b mean the same" in result.stderr


def test_an_expression_with_nothing_around_it_says_so(files: list[str]) -> None:
    result = impckg("dl", "'has part' some ('has part' some heart)", *files)

    assert result.exit_code == 0
    assert "No named class is equal to it" in result.stderr
