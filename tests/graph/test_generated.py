"""What is made from the schema: vocabulary, shapes, table schemas, reference page."""

import json
import re
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest
import rdflib
from pyshacl import validate

from impckg.graph.generate import generated_files
from impckg.graph.identifiers import namespaces
from impckg.graph.schema import schema
from impckg.graph.shapes import iri_pattern, shapes_turtle
from impckg.graph.vocabulary import vocabulary_turtle

PROJECT = Path(__file__).parents[2]
KG = rdflib.Namespace(namespaces()["kg"])
SH = rdflib.Namespace(namespaces()["sh"])
GOOD_CALL = """
@prefix kg: <https://w3id.org/impckg/ontology#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
<https://w3id.org/impckg/call/1> a kg:Call ;
  kg:gene <https://identifiers.org/MGI:97487> ;
  kg:phenotype <http://purl.obolibrary.org/obo/MP_0001262> ;
  kg:callType kg:supplied ;
  kg:pValue 1.0e-5 ;
  dcterms:source <https://w3id.org/impckg/source/x/1> .
"""


def broken(turtle: str) -> list[rdflib.Graph]:
    data = rdflib.Graph().parse(data=turtle, format="turtle")
    rules = rdflib.Graph().parse(data=shapes_turtle(schema()), format="turtle")
    _, report, _ = validate(data, shacl_graph=rules)
    return sorted(str(path) for path in report.objects(None, SH.resultPath))


@pytest.mark.parametrize("name", generated_files(schema()))
def test_a_generated_file_is_up_to_date(name: str) -> None:
    if not (PROJECT / "graph" / "schema.yaml").exists():
        pytest.skip("the tests do not stand beside the sources")

    written = (PROJECT / name).read_text(encoding="utf-8")

    assert written == generated_files(schema())[name], "run `make schema`"


def test_every_class_property_and_value_has_a_label_and_a_definition() -> None:
    vocabulary = rdflib.Graph().parse(data=vocabulary_turtle(schema()), format="turtle")
    terms = {term for term in vocabulary.subjects() if str(term).startswith(KG) and str(term) != str(KG)}

    labelled = {term for term in terms if (term, rdflib.RDFS.label, None) in vocabulary}
    defined = {term for term in terms if (term, rdflib.SKOS.definition, None) in vocabulary}

    assert len(terms) > 150
    assert labelled == terms
    assert defined == terms


def test_nothing_generated_has_a_blank_node() -> None:
    for text in (vocabulary_turtle(schema()), shapes_turtle(schema())):
        graph = rdflib.Graph().parse(data=text, format="turtle")

        assert not [node for node in graph.all_nodes() if isinstance(node, rdflib.BNode)]


def test_every_kind_of_the_design_is_declared() -> None:
    kinds = (
        "Gene HumanGene Orthology Allele Line ProductionStatus Centre Strain Pipeline Procedure Parameter Specimen Image "
        "Result Call Viability Expression Disease DiseasePhenotype GeneDisease Mapping ModelMatch PhenotypeMatch "
        "Publication Product"
    )

    assert not set(kinds.split()) - schema().kinds.keys()


def test_the_schema_of_a_table_names_types_units_and_values() -> None:
    tables = json.loads(generated_files(schema())["graph/generated/tables.json"])

    assert tables["call"]["p_value"] == {"type": "double", "required": False}
    assert tables["call"]["percentage_change"]["unit"] == "%"
    assert tables["call"]["zygosity"]["values"][0] == "homozygote"
    assert tables["gene"]["synonyms"]["type"] == "list of string"


def test_a_good_call_keeps_the_shapes() -> None:
    assert broken(GOOD_CALL) == []


@pytest.mark.parametrize(
    ("was", "becomes", "path"),
    [
        ("kg:pValue 1.0e-5", "kg:pValue 1.5e0", "pValue"),
        ("kg:pValue 1.0e-5", 'kg:pValue "1e-5"', "pValue"),
        ("kg:callType kg:supplied ;", "", "callType"),
        ("kg:callType kg:supplied", "kg:callType kg:guessed", "callType"),
        ("kg:gene <https://identifiers.org/MGI:97487>", 'kg:gene "Pax3"', "gene"),
    ],
)
def test_a_bad_call_breaks_the_shape_of_that_property(was: str, becomes: str, path: str) -> None:
    assert was in GOOD_CALL

    assert str(KG[path]) in broken(GOOD_CALL.replace(was, becomes))


def test_a_gene_without_mgi_accession_breaks_its_shape() -> None:
    data = rdflib.Graph()
    gene = rdflib.URIRef("https://example.org/Pax3")
    data.add((gene, rdflib.RDF.type, KG.Gene))
    data.add((gene, rdflib.RDFS.label, rdflib.Literal("Pax3")))
    rules = rdflib.Graph().parse(data=shapes_turtle(schema()), format="turtle")

    conforms, _, text = validate(data, shacl_graph=rules)

    assert not conforms
    assert "Pattern" in text


@pytest.mark.parametrize(
    ("curies", "iri"),
    [
        (r"^MGI:\d+$", "https://identifiers.org/MGI:97487"),
        (r"^(MP|HP):\d{7}$", "http://purl.obolibrary.org/obo/HP_0000118"),
        (r"^(MGI:\d+|impckg:strain/.+)$", "https://w3id.org/impckg/strain/x"),
    ],
)
def test_a_pattern_for_curies_becomes_one_for_iris(curies: str, iri: str) -> None:
    assert re.match(iri_pattern(curies), iri)
    assert not re.match(iri_pattern(curies), "https://example.org/1")


def test_the_schema_is_linkml() -> None:
    linter = Path(sys.executable).with_name("linkml-lint")
    written = str(resources.files("impckg.graph") / "schema.yaml")

    done = subprocess.run([linter, "--ignore-warnings", written], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
