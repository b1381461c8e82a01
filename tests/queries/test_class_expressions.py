"""Class expressions in SPARQL, answered by the reasoner before the engine sees the query."""

from pathlib import Path

import pyoxigraph as ox
import pytest

from impckg.graph.errors import QueryError, SparqlSyntaxError
from impckg.graph.store import write_store
from impckg.ontology.reasoning.class_query import ask
from impckg.ontology.reasoning.manchester import parse
from impckg.queries.reasoned import EXPRESSION_NOTE, ReasonedStore
from impckg.queries.run import open_any

ENLARGED = "'has part' some ('increased size' and 'characteristic of' some heart)"
HEART = "'has phenotype affecting' some heart"
OBO = "http://purl.obolibrary.org/obo/"


@pytest.fixture(scope="module")
def store(demo: Path) -> ReasonedStore:
    opened = open_any(demo)
    assert isinstance(opened, ReasonedStore)
    return opened


def found(store: ReasonedStore, query: str) -> set[str]:
    solutions = store.query(query)
    assert isinstance(solutions, ox.QuerySolutions)
    return {row[0].value for row in solutions}


def told(store: ReasonedStore, expression: str):
    return ask(store._kept.classification, parse(expression, store._kept.names))


def test_the_classes_below_an_expression_are_found(store):
    classes = found(store, f'SELECT ?x {{ ?x kg:subsumedBy "{ENLARGED}"^^kg:classExpression }}')

    assert classes == {f"{OBO}{name}" for name in ("HP_0001640", "MP_0000274", "MP_0002833")}


@pytest.mark.parametrize(
    ("property_", "expected"),
    [
        ("kg:subsumedBy", lambda answer: {*answer.equivalent, *answer.below}),
        ("rdfs:subClassOf", lambda answer: {*answer.equivalent, *answer.below}),
        ("kg:directlySubsumedBy", lambda answer: set(answer.direct_below)),
        ("owl:equivalentClass", lambda answer: set(answer.equivalent)),
        ("^kg:subsumedBy", lambda answer: {*answer.equivalent, *answer.above}),
        ("^kg:directlySubsumedBy", lambda answer: set(answer.direct_above)),
    ],
)
@pytest.mark.parametrize(
    "expression", [HEART, "heart", "'abnormal heart morphology' and 'abnormal heart size'"]
)
def test_each_property_finds_what_the_reasoner_says(store, expression, property_, expected):
    answer = told(store, expression)

    classes = found(store, f'SELECT ?x {{ ?x {property_} "{expression}"^^kg:classExpression }}')

    assert classes == expected(answer)


@pytest.mark.parametrize(
    "where",
    [
        '?x kg:subsumedBy "{0}"^^kg:classExpression . ?call kg:phenotype ?x ; kg:gene ?gene',
        "?call kg:phenotype ?x ; kg:gene ?gene . ?x kg:subsumedBy '''{0}'''^^kg:classExpression",
        '?call kg:phenotype ?x ; kg:gene ?gene . ?x kg:subsumedBy "{0}"^^kg:classExpression ; a kg:PhenotypeTerm .',
        '?call kg:phenotype ?x ; kg:gene ?gene . ?x a kg:PhenotypeTerm ; kg:subsumedBy "{0}"^^kg:classExpression .',
        '?call kg:phenotype ?x ; kg:gene ?gene . ?x kg:subsumedBy "{0}"^^kg:classExpression ; .',
        '?call kg:phenotype ?x ; kg:gene ?gene {{ ?x kg:subsumedBy "{0}"^^kg:classExpression ;; # so \n }}',
        '?call kg:phenotype ?x ; kg:gene ?gene FILTER EXISTS {{ ?x kg:subsumedBy "{0}"^^kg:classExpression }}',
        "?call kg:phenotype ?x ; kg:gene ?gene . "
        '?x rdfs:subClassOf "{0}"^^<http://purl.org/phenoscape/owlet/syntax#omn>',
    ],
)
def test_an_expression_may_stand_wherever_a_statement_may(store, where):
    genes = found(store, "SELECT DISTINCT ?gene { " + where.format(HEART) + " }")

    below = " ".join(f"<{one}>" for one in told(store, HEART).below)
    assert genes == found(
        store, f"SELECT DISTINCT ?gene {{ VALUES ?x {{ {below} }} ?call kg:phenotype ?x ; kg:gene ?gene }}"
    )
    assert genes


def test_a_class_may_be_asked_whether_it_is_below(store):
    asked = 'ASK {{ {0} kg:subsumedBy "{1}"^^kg:classExpression }}'

    assert bool(store.query(asked.format("MP:0000274", ENLARGED)))
    assert not bool(store.query(asked.format("MP:0000001", ENLARGED)))


def test_the_columns_of_a_query_keep_their_order(store):
    solutions = store.query(
        f'SELECT * {{ ?call kg:phenotype ?x . ?x kg:subsumedBy "{HEART}"^^kg:classExpression }}'
    )

    assert [variable.value for variable in solutions.variables] == ["call", "x"]


def test_what_was_done_is_told(store):
    asked = store.rewritten(f'ASK {{ ?x kg:subsumedBy "{HEART}"^^kg:classExpression }}')

    assert asked.notes == (EXPRESSION_NOTE,)


def test_quotes_within_an_expression_may_be_escaped(store):
    escaped = ENLARGED.replace("'", "\\'")

    assert found(store, f"SELECT ?x {{ ?x kg:subsumedBy '{escaped}'^^kg:classExpression }}") == found(
        store, f'SELECT ?x {{ ?x kg:subsumedBy "{ENLARGED}"^^kg:classExpression }}'
    )


def test_a_wrong_expression_is_told_with_its_place_in_the_query(store):
    query = "SELECT ?x {\n  ?x kg:subsumedBy \"'has part' some hart\"^^kg:classExpression }"

    with pytest.raises(
        SparqlSyntaxError, match="in the class expression, 'hart' is no class that is known"
    ) as refused:
        store.query(query)

    assert (refused.value.line, refused.value.column) == (2, query.splitlines()[1].index("hart") + 1)


@pytest.mark.parametrize(
    ("where", "message"),
    [
        (
            '?x rdfs:label "heart"^^kg:classExpression',
            "cannot be the object of rdfs:label; expected kg:subsumedBy",
        ),
        (
            '?x kg:subsumedBy/rdfs:label "heart"^^kg:classExpression',
            "cannot be the object of kg:subsumedBy/rdfs:label",
        ),
        ('GRAPH ?g { ?x kg:subsumedBy "heart"^^kg:classExpression }', "expected it outside of GRAPH"),
        ('[] kg:subsumedBy "heart"^^kg:classExpression', "expected one as its subject"),
        ('?x kg:subsumedBy "heart"^^kg:classExpression , MP:0000001', "stands in a list"),
        ('?x kg:subsumedBy MP:0000001 , "heart"^^kg:classExpression', "stands in a list"),
        (
            '?x kg:subsumedBy "heart"^^kg:classExpression ; kg:subsumedBy "liver"^^kg:classExpression',
            "share a subject",
        ),
    ],
)
def test_an_expression_that_stands_where_none_can_be_asked_is_refused(store, where, message):
    with pytest.raises(QueryError, match=message):
        store.query(f"SELECT * {{ {where} }}")


def test_two_expressions_of_one_variable_are_both_kept_to(store):
    both = found(
        store,
        f'SELECT ?x {{ ?x kg:subsumedBy "{HEART}"^^kg:classExpression . '
        "?x kg:subsumedBy \"'has part' some 'increased size'\"^^kg:classExpression }",
    )

    assert both == {*told(store, HEART).below} & {*told(store, "'has part' some 'increased size'").below}


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * { ?x rdfs:label '1'^^xsd:string }",
        "SELECT * { ?x rdfs:label 'kg:classExpression' }",
        "SELECT * { ?x rdfs:label ?y FILTER(?y = 'heart'^^kg:classExpression) }",
        'SELECT * { ?x kg:subsumedBy "heart"^^<http://example.org/classExpression> }',
    ],
)
def test_any_other_query_stays_as_it_is(store, query):
    assert store.rewritten(query).text == query


def test_a_store_without_a_classification_says_so(tmp_path):
    write_store(tmp_path / "store", [])

    with pytest.raises(QueryError, match="has no classification"):
        open_any(tmp_path).query('SELECT * { ?x kg:subsumedBy "heart"^^kg:classExpression }')
