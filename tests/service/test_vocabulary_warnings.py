"""Words that the graph lacks are pointed out, and nothing else is."""

import random
import time
from pathlib import Path

import pytest

from impckg.graph.identifiers import VOCABULARY
from impckg.graph.sparql import tokens
from impckg.graph.store import open_store
from impckg.queries.catalog import Question, questions
from impckg.service.description import DESCRIPTION_QUERY, stored_description
from impckg.service.vocabulary_warnings import MOST, KnownTerms, as_header, known_terms, unknown_terms

PIECES = (
    "a",
    "kg:x",
    "kg:gene",
    "?v",
    "'text'",
    "@en",
    "^^",
    "<http://a.b/c>",
    "FILTER",
    "VALUES",
    "SERVICE",
    "SELECT",
)


@pytest.fixture(scope="module")
def known(demo: Path) -> KnownTerms:
    return known_terms(stored_description(open_store(demo).query(DESCRIPTION_QUERY)))


@pytest.mark.parametrize(
    ("query", "warnings"),
    [
        (
            "SELECT * { ?gene kg:hasPhenotpye ?term }",
            ["kg:hasPhenotpye is not a property of this graph; did you mean kg:hasPhenotype?"],
        ),
        ("SELECT * { ?g a kg:Geen }", ["kg:Geen is not a class of this graph; did you mean kg:Gene?"]),
        ("SELECT * { ?g rdf:type kg:Geen }", ["kg:Geen is not a class of this graph; did you mean kg:Gene?"]),
        (
            "SELECT * { ?g a kg:Gene ; rdfs:lable ?symbol . ?x kg:gene ?g }",
            ["rdfs:lable is not a property of this graph; did you mean rdfs:label?"],
        ),
        (
            "SELECT * { ?x <https://w3id.org/impckg/ontology#genne> ?g }",
            [
                "<https://w3id.org/impckg/ontology#genne> is not a property of this graph; did you mean kg:gene?"
            ],
        ),
        (
            "SELECT * { ?x <http://w3id.org/impckg/ontology#hasPhenotype> ?term }",
            [
                "<http://w3id.org/impckg/ontology#hasPhenotype> is not a property of this graph; "
                "did you mean kg:hasPhenotype?"
            ],
        ),
        (
            "PREFIX k: <https://w3id.org/impckg/ontology#> SELECT * { ?x k:phenotyp ?y }",
            ["k:phenotyp is not a property of this graph; did you mean kg:phenotype?"],
        ),
        (
            "SELECT * { ?g (^kg:gene/kg:phenotyp)|!(kg:allel|^rdf:type)* ?term }",
            [
                "kg:phenotyp is not a property of this graph; did you mean kg:phenotype?",
                "kg:allel is not a property of this graph; did you mean kg:allele?",
            ],
        ),
        (
            "SELECT * { [ kg:gnee ?g ; kg:sex kg:female ] kg:phenotype ?t . ?x kg:gene [ a kg:Gen ] }",
            [
                "kg:gnee is not a property of this graph; did you mean kg:gene?",
                "kg:Gen is not a class of this graph; did you mean kg:Gene?",
            ],
        ),
        (
            "SELECT * { ?g a kg:Gene FILTER NOT EXISTS { ?g kg:calledPhenotyp ?t } }",
            ["kg:calledPhenotyp is not a property of this graph; did you mean kg:calledPhenotype?"],
        ),
        (
            "SELECT * { GRAPH ?graph { ?x kg:alele ?y , ?z . } }",
            ["kg:alele is not a property of this graph; did you mean kg:allele?"],
        ),
        (
            "SELECT * { { SELECT ?x (COUNT(?y) AS ?n) { ?x kg:lines ?y } GROUP BY ?x } }",
            ["kg:lines is not a property of this graph; did you mean kg:line?"],
        ),
        (
            "SELECT * { ?x kg:gene ?g FILTER(NOT EXISTS { ?g kg:alelle ?a } && ?x != 1) ?g kg:ortholgo ?h }",
            [
                "kg:alelle is not a property of this graph; did you mean kg:allele?",
                "kg:ortholgo is not a property of this graph; did you mean kg:ortholog?",
            ],
        ),
        ("ASK { ?x kg:qqqqqqqqqq ?y }", ["kg:qqqqqqqqqq is not a property of this graph"]),
        (
            "SELECT * { ?i a kg:Image }",
            ["kg:Image is in the vocabulary, but nothing in this release uses it"],
        ),
    ],
)
def test_a_word_that_the_graph_lacks_is_pointed_out(
    query: str, warnings: list[str], known: KnownTerms
) -> None:
    assert unknown_terms(query, known) == warnings


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { ?s ?p ?o }",
        "SELECT * { ?s ?p kg:female ; a ?kind }",
        "SELECT * { kg:nothing ?p ?o . ?s kg:gene kg:nothing }",
        "SELECT * { VALUES ?p { kg:nothing } ?s ?p ?o }",
        "SELECT * { ?s kg:pValue ?p FILTER(kg:nothing(?p) || ?p = kg:nothing && ?x / ?y * 2 > 1) }",
        "SELECT * { ?s kg:pValue ?p FILTER kg:nothing(?p) BIND(kg:other(?p) AS ?q) }",
        "CONSTRUCT { ?g kg:mine ?t } WHERE { ?g kg:hasPhenotype ?t }",
        "SELECT * { SERVICE SILENT <https://example.org/sparql> { ?x kg:nothing ?y } }",
        "SELECT * { ?x rdfs:label 'kg:nothing' , \"a kg:Nothing\"@en-GB , '''?x kg:nothing ?y''' } # ?x kg:nothing ?y",
        "SELECT * { ?x rdfs:label '1'^^kg:nothing }",
        "PREFIX up: <http://purl.uniprot.org/core/> SELECT * { ?protein up:organism ?taxon ; a up:Protein }",
        "SELECT * { ?x nobody:knows ?y }",
        "SELECT * FROM kg:nothing { ?x kg:gene ?y }",
        "SELECT * { ?g a kg:Gene OPTIONAL { ?i kg:specimen ?s } }",
        "SELECT (SUM(?n) AS ?all) { ?x kg:hits ?n } GROUP BY ?x HAVING(?all > kg:nothing(1)) ORDER BY DESC(?all)",
        "INSERT DATA { kg:a kg:nothing kg:b }",
        "SELECT * { ?x kg:gene ?g FILTER(?x = kg:nothing || EXISTS { ?g kg:hasPhenotype kg:nothing } || kg:nothing(?x)) }",
        "not SPARQL at all { ] kg:",
        "",
    ],
)
def test_what_is_no_word_of_the_graph_or_may_be_absent_is_left_alone(query: str, known: KnownTerms) -> None:
    assert unknown_terms(query, known) == []


@pytest.mark.parametrize("asked", questions(), ids=lambda asked: asked.name)
def test_no_question_of_ours_has_a_word_that_is_misspelled(asked: Question, known: KnownTerms) -> None:
    assert [w for w in unknown_terms(asked.text, known) if "not a" in w] == []


@pytest.mark.parametrize("asked", questions(), ids=lambda asked: asked.name)
def test_each_property_of_a_question_is_missed_when_it_is_misspelled(
    asked: Question, known: KnownTerms
) -> None:
    ours = {f"kg:{word.rpartition('#')[2]}" for word in known.properties if word.startswith(VOCABULARY)}
    names = {token.text for token in tokens(asked.text)} & ours

    for name in names:
        # In VALUES it may be anything.
        lines = [
            line if "VALUES" in line else line.replace(f" {name} ", f" {name}zz ")
            for line in asked.text.splitlines()
        ]
        if any(f"{name}zz" in line for line in lines):
            found = " ".join(unknown_terms("\n".join(lines), known))
            assert f"{name}zz is not a property of this graph" in found


TWICE = (
    "BFO:0000050 is stated in the graphs redundant and nonredundant so that rows may come twice: "
    "ask it in GRAPH <https://w3id.org/impckg/graph/redundant> or say DISTINCT"
)


@pytest.mark.parametrize(
    ("query", "warnings"),
    [
        ("SELECT ?x { ?x BFO:0000050 UBERON:0000948 }", [TWICE]),
        ("SELECT ?x { ?x rdfs:label ?l ; BFO:0000050/rdfs:label ?y }", [TWICE]),
        ("SELECT DISTINCT ?x { ?x BFO:0000050 UBERON:0000948 }", []),
        (
            "SELECT ?x { GRAPH <https://w3id.org/impckg/graph/redundant> { ?x BFO:0000050 UBERON:0000948 } }",
            [],
        ),
        ("ASK { ?x BFO:0000050 UBERON:0000948 }", []),
        ("SELECT ?x { ?x IAO:0000115 ?definition }", []),
        ("SELECT ?x { BFO:0000050 rdfs:label ?x }", []),
    ],
)
def test_a_relation_that_is_found_twice_is_pointed_out(
    query: str, warnings: list[str], known: KnownTerms
) -> None:
    assert unknown_terms(query, known) == warnings


def test_of_many_warnings_the_first_are_given(known: KnownTerms) -> None:
    query = "SELECT * {" + "".join(f" ?x kg:wrong{n} ?y ." for n in range(50)) + "}"

    assert len(unknown_terms(query, known)) == MOST


def test_where_nothing_is_known_of_the_graph_there_are_no_warnings() -> None:
    assert unknown_terms("SELECT * { ?x kg:nothing ?y }", known_terms([])) == []


def test_a_header_holds_no_line_break_and_no_letter_beyond_ascii(known: KnownTerms) -> None:
    warnings = unknown_terms(
        "SELECT * { ?x kg:généé ?y . ?x <https://w3id.org/impckg/ontology#génée> ?z }", known
    )

    header = as_header(warnings)

    assert header.isascii()
    assert header.isprintable()


def test_any_text_is_read_to_its_end(known: KnownTerms) -> None:
    chance = random.Random(5)
    pieces = [*PIECES, *"{}[]();,./|^!*+?<>"]

    for _ in range(500):
        query = " ".join(chance.choices(pieces, k=40))
        assert len(unknown_terms(query, known)) <= MOST


@pytest.mark.parametrize(
    "text", ["kg:" + "x" * 40_000, "<" * 40_000, ":" * 40_000, "a" * 40_000, "kg:a/" * 9_000, "[" * 40_000]
)
def test_a_hostile_text_takes_no_long_time(text: str, known: KnownTerms) -> None:
    started = time.process_time()

    unknown_terms("SELECT * { ?x " + text, known)

    # What grows with the square of the length would take minutes.
    assert time.process_time() - started < 5
