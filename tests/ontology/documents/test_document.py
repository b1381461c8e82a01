"""Ontology files of every format, whole and broken."""

import gzip
import json
from pathlib import Path

import pytest

from impckg.graph.errors import DamagedFile, OntologyError, SourceError
from impckg.ontology.documents.document import Document, Limits, ontology_of, read_document
from impckg.ontology.documents.imports import read_closure
from impckg.ontology.documents.rdf import named_statements

# One axiom of each construct that the formats share.
EVERYTHING = """Prefix(:=<http://example.org/x#>)
Prefix(owl:=<http://www.w3.org/2002/07/owl#>)
Prefix(xsd:=<http://www.w3.org/2001/XMLSchema#>)
Prefix(rdfs:=<http://www.w3.org/2000/01/rdf-schema#>)
Ontology(<http://example.org/x> <http://example.org/x/2026>
Annotation(rdfs:comment "of the whole")
Declaration(Class(:A)) Declaration(Class(:B)) Declaration(Class(:C))
Declaration(ObjectProperty(:p)) Declaration(ObjectProperty(:q)) Declaration(DataProperty(:d))
Declaration(NamedIndividual(:i)) Declaration(NamedIndividual(:j)) Declaration(AnnotationProperty(:source))
AnnotationAssertion(rdfs:label :A "a class"@en)
SubClassOf(Annotation(:source "PMID:1") :A :B)
SubClassOf(:A ObjectSomeValuesFrom(:p ObjectIntersectionOf(:B ObjectSomeValuesFrom(:q :C))))
SubClassOf(:A ObjectAllValuesFrom(:p :B))
SubClassOf(:A ObjectUnionOf(:B :C))
SubClassOf(:A ObjectComplementOf(:C))
SubClassOf(:A ObjectHasValue(:p :i))
SubClassOf(:A ObjectOneOf(:i :j))
SubClassOf(:A ObjectHasSelf(:p))
SubClassOf(:A ObjectMinCardinality(2 :p :B))
SubClassOf(:A ObjectMaxCardinality(3 :p :B))
SubClassOf(:A DataSomeValuesFrom(:d xsd:integer))
SubClassOf(:A DataHasValue(:d "1"^^xsd:integer))
EquivalentClasses(:A ObjectIntersectionOf(:B ObjectSomeValuesFrom(:p :C)))
DisjointClasses(:A :B :C)
DisjointUnion(:A :B :C)
SubObjectPropertyOf(:p :q)
SubObjectPropertyOf(ObjectPropertyChain(:p :q :p) :q)
EquivalentObjectProperties(:p :q)
InverseObjectProperties(:p :q)
ObjectPropertyDomain(:p :A)
ObjectPropertyRange(:p :B)
TransitiveObjectProperty(:p)
ReflexiveObjectProperty(:p)
FunctionalObjectProperty(:q)
SymmetricObjectProperty(:q)
DataPropertyDomain(:d :A)
ClassAssertion(:A :i)
ObjectPropertyAssertion(:p :i :j)
DataPropertyAssertion(:d :i "1"^^xsd:integer)
SameIndividual(:i :j)
DifferentIndividuals(:i :j)
)
"""

OBO = """format-version: 1.2
data-version: releases/2026-01-01
ontology: test

[Term]
id: MP:1
name: one
is_a: MP:2 {source="somebody"}
relationship: part_of MP:3
intersection_of: MP:2
intersection_of: part_of MP:3

[Typedef]
id: part_of
name: part of
xref: BFO:0000050
is_transitive: true
holds_over_chain: part_of has_part
transitive_over: located_in
"""


def test_every_construct_survives_the_way_through_rdf_and_back(tmp_path: Path) -> None:
    said = written(tmp_path, "x.ofn", EVERYTHING)

    # Three disjoint classes are three pairs.
    pairs = {
        f"DisjointClasses(<http://example.org/x#{left}> <http://example.org/x#{right}>)"
        for left, right in ("AB", "AC", "BC")
    }
    for format_ in ("nt", "ttl", "owl"):
        again = written(tmp_path, f"again.{format_}", ontology_of(said.components).save_to_string(format_))
        assert (
            texts(again) == {text for text in texts(said) if not text.startswith("DisjointClasses")} | pairs
        )
        assert again.left_out == ()
        assert (again.iri, again.version_iri) == ("http://example.org/x", "http://example.org/x/2026")


@pytest.mark.parametrize("format_", ["ofn", "owx", "owl", "ttl", "nt"])
def test_a_format_is_told_by_how_it_begins(tmp_path: Path, format_: str) -> None:
    said = written(tmp_path, "x.ofn", EVERYTHING)
    text = ontology_of(said.components).save_to_string(format_)

    named_wrong = written(tmp_path, "data.txt", text)
    packed = tmp_path / "packed.dat"
    packed.write_bytes(gzip.compress(text.encode()))

    assert named_wrong.format == format_
    assert texts(named_wrong) == texts(read_document(packed))


def test_obo_keeps_its_chains_its_version_and_what_is_said_of_axioms(tmp_path: Path) -> None:
    found = written(tmp_path, "x.obo", OBO)

    obo = "http://purl.obolibrary.org/obo/"
    part_of = f"<{obo}BFO_0000050>"
    assert f"SubObjectPropertyOf(ObjectPropertyChain({part_of} <{obo}test#has_part>) {part_of})" in texts(
        found
    )
    assert f"SubObjectPropertyOf(ObjectPropertyChain({part_of} <{obo}test#located_in>) {part_of})" in texts(
        found
    )
    assert f"TransitiveObjectProperty({part_of})" in texts(found)
    assert found.version_iri == f"{obo}test/releases/2026-01-01/test.owl"
    assert any(
        'source> "somebody")' in text and text.startswith("SubClassOf(Annotation") for text in texts(found)
    )


def test_obo_graphs_say_the_same_as_obo(tmp_path: Path) -> None:
    obo = "http://purl.obolibrary.org/obo/"
    graph = {
        "id": f"{obo}test.owl",
        "meta": {"version": f"{obo}test/releases/2026-01-01/test.owl"},
        "nodes": [
            {
                "id": f"{obo}MP_1",
                "lbl": "one",
                "type": "CLASS",
                "meta": {"definition": {"val": "the first", "xrefs": ["PMID:1"]}},
            },
            {"id": f"{obo}BFO_0000050", "lbl": "part of", "type": "PROPERTY", "propertyType": "OBJECT"},
        ],
        "edges": [
            {"sub": f"{obo}MP_1", "pred": "is_a", "obj": f"{obo}MP_2"},
            {"sub": f"{obo}MP_1", "pred": f"{obo}BFO_0000050", "obj": f"{obo}MP_3"},
        ],
        "logicalDefinitionAxioms": [
            {
                "definedClassId": f"{obo}MP_1",
                "genusIds": [f"{obo}MP_2"],
                "restrictions": [{"propertyId": f"{obo}BFO_0000050", "fillerId": f"{obo}MP_3"}],
            }
        ],
        "propertyChainAxioms": [
            {
                "predicateId": f"{obo}BFO_0000050",
                "chainPredicateIds": [f"{obo}BFO_0000050", f"{obo}test#has_part"],
            }
        ],
    }

    found = written(tmp_path, "x.json", json.dumps({"graphs": [graph]}))

    logical = {text for text in texts(found) if text.startswith(("SubClassOf", "Equivalent", "SubObject"))}
    assert logical < {text.replace('Annotation(<http://www.geneontology.org/formats/oboInOwl#source> "somebody") ', "")
                      for text in texts(written(tmp_path, "x.obo", OBO))}  # fmt: skip
    assert len(logical) == 4
    assert found.version_iri == f"{obo}test/releases/2026-01-01/test.owl"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (
            "x.obo",
            "format-version: 1.2\n\n[Term]\nid: MP:1\nis_a MP:2\n",
            r"x\.obo:5:1: cannot be read at 'is_a MP:2'",
        ),
        ("x.ofn", "Ontology(<http://x>\nSubClassOf(<a:b>)\n)", r"x\.ofn:2:17: cannot be read"),
        ("x.omn", "Ontology: <http://x>\nClass: <http://a>\n SubClassOf: <http://b> and\n", r"x\.omn:3:28: "),
        ("x.ttl", "@prefix : <http://x#> .\n:A :b :c\n:d .", r"x\.ttl:3:1: .*A dot is expected"),
        (
            "x.owl",
            "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>\n<a>\n</rdf:RDF>",
            r"x\.owl:3:3: mismatched tag",
        ),
        ("x.json", '{"graphs": [{"nodes": [{"lbl": "x"}]}]}', r"x\.json: graphs\[0\]: lacks 'id'"),
        ("x.json", '{"graphs": [{"fruit": 1}]}', r"the key 'fruit' is unknown"),
        ("x.json", '{"nodes": []}', r"x\.json: has no list 'graphs'"),
    ],
)
def test_a_broken_file_is_told_with_its_place(tmp_path: Path, name: str, text: str, message: str) -> None:
    with pytest.raises(OntologyError, match=message):
        written(tmp_path, name, text)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"hello", "'hello' does not begin an ontology; expected OBO, OWL functional syntax"),
        (b"Ontology(\xff)", r"x:1: byte 0xff is not UTF-8"),
        (gzip.compress(EVERYTHING.encode())[:-20], "is truncated"),
        (b"\x1f\x8bnot gzip", "is damaged"),
        (b'{"graphs": [', "x:1:13: .*expected JSON"),
    ],
)
def test_a_damaged_file_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "x"
    path.write_bytes(content)

    with pytest.raises(DamagedFile, match=message):
        read_document(path)


def test_a_file_that_unpacks_to_more_than_it_may_is_refused_before_it_fills_memory(tmp_path: Path) -> None:
    path = tmp_path / "bomb.owl.gz"
    path.write_bytes(gzip.compress(b" " * 3_000_000))

    with pytest.raises(SourceError, match=r"bomb\.owl\.gz: is longer than 2 MiB when unpacked"):
        read_document(path, Limits(mebibytes=2))


def test_statements_that_are_no_axiom_are_counted(tmp_path: Path) -> None:
    found = written(
        tmp_path,
        "x.ttl",
        "@prefix : <http://x#> . @prefix owl: <http://www.w3.org/2002/07/owl#> .\n"
        "@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .\n"
        ":A a owl:Class ; rdfs:subClassOf :B , [ a owl:Restriction ; owl:onProperty :p ] .",
    )

    assert found.left_out == (
        ("http://www.w3.org/2000/01/rdf-schema#subClassOf", 1),
        ("http://www.w3.org/2002/07/owl#onProperty", 1),
    )


def test_sets_of_disjoint_classes_are_read_from_rdf(tmp_path: Path) -> None:
    found = written(
        tmp_path,
        "x.ttl",
        "@prefix : <http://x#> . @prefix owl: <http://www.w3.org/2002/07/owl#> .\n"
        ":A a owl:Class . :B a owl:Class . :C a owl:Class . [] a owl:AllDisjointClasses ; owl:members (:A :B :C) .",
    )

    assert "DisjointClasses(<http://x#A> <http://x#B> <http://x#C>)" in texts(found)
    assert found.left_out == ()


def test_statements_without_blank_nodes_are_the_same_each_time(tmp_path: Path) -> None:
    said = written(tmp_path, "x.ofn", EVERYTHING)

    lines = named_statements(said, "https://example.org/")

    assert lines == named_statements(written(tmp_path, "y.ofn", EVERYTHING), "https://example.org/")
    assert not any("_:" in line for line in lines)
    assert any("<https://example.org/.well-known/genid/" in line for line in lines)


def test_imports_are_read_once_each_and_a_circle_ends(tmp_path: Path) -> None:
    first, second = tmp_path / "a.ofn", tmp_path / "b.ofn"
    first.write_text("Ontology(<http://a> Import(<http://b>))")
    second.write_text("Ontology(<http://b> Import(<http://a>))")

    found = read_closure([first], {"http://a": first, "http://b": second})

    assert [document.iri for document in found] == ["http://a", "http://b"]


def test_an_import_of_which_no_file_is_known_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.ofn"
    path.write_text("Ontology(<http://a> Import(<http://c>))")

    with pytest.raises(
        OntologyError, match=r"a\.ofn: imports http://c, of which no file is known; .*catalogue's: http://b"
    ):
        read_closure([path], {"http://b": path})


def written(folder: Path, name: str, text: str) -> Document:
    path = folder / name
    path.write_text(text)
    return read_document(path)


def texts(document: Document) -> set[str]:
    return {str(component) for component in document.components}
