"""The rules that the graph keeps, and that each of them can be broken."""

from pathlib import Path

import pyoxigraph as ox
import pytest

from impckg.graph.checks import all_checks, run_checks
from impckg.graph.errors import QueryError
from impckg.graph.rq import parse_header
from impckg.graph.store import graph_iri, open_store, write_store
from impckg.graph.validation import validate_sample

KG = "https://w3id.org/impckg/ontology#"
LABEL = "<http://www.w3.org/2000/01/rdf-schema#label>"
TYPE = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
DOUBLE = "^^<http://www.w3.org/2001/XMLSchema#double>"
BOOLEAN = "^^<http://www.w3.org/2001/XMLSchema#boolean>"

# For each rule, statements that break it once. The last part of a statement is its graph, if it has one.
BREACHES = {
    "p_values_are_probabilities": [f'<urn:r> <{KG}pValue> "1.5"{DOUBLE}'],
    "significant_results_have_a_phenotype": [f"<urn:r> {TYPE} <{KG}Result>", f'<urn:r> <{KG}significant> "true"{BOOLEAN}'],
    "calls_have_a_gene_with_a_symbol": [f"<urn:g> <{KG}calledPhenotype> <urn:t>"],
    "called_phenotypes_are_live_terms": [f"<urn:g> <{KG}calledPhenotype> <urn:t>"],
    "shortcuts_agree_with_calls": [f"<urn:g> <{KG}calledPhenotype> <urn:t>"],
    "no_gene_is_both_normal_and_not": [
        f"<urn:g> <{KG}testedNormalFor> <urn:t>",
        f"<urn:g> <{KG}hasPhenotype> <urn:t>",
    ],
    "orthologs_are_known_genes": [
        f"<urn:g> <{KG}ortholog> <urn:h>",
        f'<urn:h> {LABEL} "H"',
    ],
    "annotated_diseases_have_a_name": [f"<urn:h> <{KG}associatedDisease> <urn:d>"],
    "mapped_terms_are_known": [f"<urn:m> <{KG}mapsTo> <urn:h>", f"<urn:m> <{KG}isA> <urn:m>"],
    "nothing_stands_in_two_graphs": [
        f"<urn:t> {TYPE} <{KG}PhenotypeTerm> <urn:one>",
        f"<urn:t> {TYPE} <{KG}PhenotypeTerm> <urn:two>",
    ],
}  # fmt: skip


def test_there_is_a_breach_for_each_rule() -> None:
    assert set(BREACHES) == {check.name for check in all_checks()}


@pytest.mark.parametrize("rule", BREACHES)
def test_a_breach_is_found_and_named(rule: str, tmp_path: Path) -> None:
    (tmp_path / "breach.nq").write_text("".join(f"{statement} .\n" for statement in BREACHES[rule]))
    write_store(tmp_path / "store", [tmp_path / "breach.nq"])

    found = {result.name: result for result in run_checks(open_store(tmp_path / "store"))}

    assert found[rule].violations == 1
    assert found[rule].examples[0].startswith("<urn:")


def test_the_demo_world_keeps_all_rules_and_shapes(demo: Path) -> None:
    store = open_store(demo)

    assert [result.name for result in run_checks(store) if result.violations] == []
    assert validate_sample(store, 3) == []


def test_no_statement_of_the_demo_world_stands_in_two_graphs(demo: Path) -> None:
    # The layout of Ubergraph: what is nonredundant stands among the redundant, too.
    twice = graph_iri("nonredundant")
    quads = [quad for quad in open_store(demo).oxigraph if quad.graph_name != ox.NamedNode(twice)]

    statements = {(quad.subject, quad.predicate, quad.object) for quad in quads}

    assert len(statements) == len(quads) > 100_000


def test_a_query_file_without_header_is_refused() -> None:
    with pytest.raises(QueryError, match=r"x\.rq: there is no header"):
        parse_header("x.rq", "SELECT * { ?s ?p ?o }")


def test_a_header_that_is_no_yaml_is_refused() -> None:
    with pytest.raises(QueryError, match=r"x\.rq: the header is not YAML"):
        parse_header("x.rq", "#+ question: [\nSELECT * { ?s ?p ?o }")
