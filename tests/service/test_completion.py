"""What may be typed next, from a store on disk."""

import pyoxigraph as ox
import pytest

from impckg.graph.identifiers import namespaces
from impckg.graph.store import open_store
from impckg.service.completion import Completions, Kind

GENES = """
MGI:1929293 a kg:Gene ; rdfs:label "Cib2" ; kg:name "calcium and integrin binding family 2" ; skos:altLabel "USH1J" .
MGI:1344418 a kg:Gene ; rdfs:label "Cib1" .
MGI:109331 a kg:Gene ; rdfs:label "Nxn" .
HGNC:24579 a kg:HumanGene ; rdfs:label "CIB2" ; kg:ortholog MGI:1929293 .
MP:0001262 a kg:PhenotypeTerm ; rdfs:label "decreased body weight" ; skos:altLabel "weight loss" .
MP:0005378 a kg:PhenotypeTerm ; rdfs:label "growth/size/body region phenotype" .
MP:0001259 a kg:PhenotypeTerm ; rdfs:label "abnormal body weight" .
<https://w3id.org/impckg/parameter/A_1> rdfs:label "Body weight" .
<https://w3id.org/impckg/parameter/A_2> rdfs:label "Body weight" .
<https://w3id.org/impckg/parameter/A_3> rdfs:label "Body weight" .
<https://w3id.org/impckg/parameter/A_4> rdfs:label "Body weight" .
[] rdfs:label "Body weight of nobody" .
kg:Gene a owl:Class ; rdfs:label "Gene" ; skos:definition "A mouse gene." .
kg:ortholog a owl:ObjectProperty ; rdfs:label "ortholog of" ; skos:definition "A gene of the same origin." .
"""
VOID = """
<urn:all> void:classPartition [ void:class kg:Gene ; void:entities 27321 ;
    void:propertyPartition [ void:property kg:ortholog ; void:triples 7 ] ] ;
  void:propertyPartition [ void:property kg:ortholog ; void:triples 52978 ] .
"""


def completions(folder, turtle: str) -> Completions:
    prefixes = "".join(f"PREFIX {prefix}: <{namespace}>\n" for prefix, namespace in namespaces().items())
    store = ox.Store(str(folder))
    store.bulk_load((prefixes + turtle).encode(), format=ox.RdfFormat.TURTLE)
    store.flush()
    del store
    return Completions(open_store(folder))


@pytest.fixture(scope="module")
def counted(tmp_path_factory) -> Completions:
    return completions(tmp_path_factory.mktemp("counted"), GENES)


def texts(found) -> list[str]:
    return [one.text for one in found]


def test_classes_come_with_how_many_things_they_have_and_what_they_mean(counted):
    first = counted.find(Kind.CLASS, "ge")[0]

    assert (first.text, first.label, first.definition, first.uses) == ("kg:Gene", "Gene", "A mouse gene.", 3)


def test_all_there_are_are_offered_before_a_letter_is_typed_the_most_used_first(counted):
    assert texts(counted.find(Kind.CLASS, ""))[:2] == ["kg:Gene", "kg:PhenotypeTerm"]
    assert texts(counted.find(Kind.PROPERTY, ""))[0] == "rdfs:label"


@pytest.mark.parametrize(
    "typed", ["orth", "kg:orth", "KG:ORTH", "<https://w3id.org/impckg/ontology#orth", "of"]
)
def test_a_property_is_found_by_its_name_its_label_and_its_iri(counted, typed):
    assert texts(counted.find(Kind.PROPERTY, typed)) == ["kg:ortholog"]


def test_what_void_says_is_believed_and_not_counted_again(tmp_path):
    described = completions(tmp_path, GENES + VOID)

    assert [(one.text, one.uses) for one in described.find(Kind.CLASS, "")] == [("kg:Gene", 27321)]
    assert [(one.text, one.uses) for one in described.find(Kind.PROPERTY, "")] == [("kg:ortholog", 52978)]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("cib2", ["HGNC:24579", "MGI:1929293"]),
        ("Cib", ["MGI:1344418", "HGNC:24579", "MGI:1929293"]),
        ("MGI:cib", ["MGI:1344418", "MGI:1929293"]),
        ("ush1", ["MGI:1929293"]),
        ("integrin_bind", ["MGI:1929293"]),
        ("MP:body_weight", ["MP:0001259", "MP:0001262"]),
        ("MP:body weight", ["MP:0001259", "MP:0001262"]),
        ("growth_size", ["MP:0005378"]),
        ("size/body", ["MP:0005378"]),
        ("MP:00012", ["MP:0001262", "MP:0001259"]),
        ("eight", []),
        ("", []),
        ("MP:", []),
        ("_", []),
        ("nobody:cib", []),
    ],
)
def test_things_are_found_by_the_beginnings_of_words_in_their_names(counted, typed, expected):
    assert texts(counted.find(Kind.TERM, typed)) == expected


def test_a_thing_that_was_found_by_another_name_says_which(counted):
    (found,) = counted.find(Kind.TERM, "weight loss")

    assert (found.label, found.found_by) == ("decreased body weight", "weight loss")
    assert counted.find(Kind.TERM, "nxn")[0].found_by is None


def test_of_many_things_with_one_name_a_few_are_offered_and_none_without_a_name_of_its_own(counted):
    found = texts(counted.find(Kind.TERM, "body weight"))

    assert len([text for text in found if text.startswith("<https://w3id.org/impckg/parameter/")]) == 3
    assert found[3:] == ["MP:0001259", "MP:0001262"]


def test_no_more_are_offered_than_asked_for(counted):
    assert len(counted.find(Kind.TERM, "c", most=2)) == 2
    assert len(counted.find(Kind.PROPERTY, "", most=1)) == 1


def test_what_is_offered_can_stand_in_a_query(counted, demo):
    store = open_store(demo)

    for kind, typed in ((Kind.CLASS, ""), (Kind.PROPERTY, ""), (Kind.TERM, "a")):
        for one in Completions(store).find(kind, typed):
            (row,) = store.query(f"SELECT (STR({one.text}) AS ?iri) {{}}")
            assert row["iri"].value == one.iri


def test_everything_is_read_once(tmp_path):
    class Counting:
        def __init__(self, store) -> None:
            self.store, self.asked = store, 0

        def query(self, text):
            self.asked += 1
            return self.store.query(text)

    completions(tmp_path, GENES)
    store = Counting(open_store(tmp_path))
    asking = Completions(store)

    asking.read()
    asked = store.asked
    asking.find(Kind.TERM, "cib")
    asking.find(Kind.CLASS, "gene")

    assert (asked, store.asked) == (9, 9)
