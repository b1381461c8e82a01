"""What the guard refuses, and what it must let pass."""

import socket

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impckg.graph.errors import QueryError
from impckg.service.errors import QueryTooLong, RefusedQuery
from impckg.service.guard import check_length, check_query

from .conftest import whatever_is_looked_for


def check(text: str) -> None:
    check_length(text, most_bytes=100_000)
    check_query(text, most_depth=100, most_operators=2_000)


@pytest.mark.parametrize(
    "query",
    [
        "ASK " + "{" * 100 + "}" * 100,
        "SELECT * { ?s ?p '" + "{(" * 200 + "' }",
        'SELECT * { ?s ?p """' + "{\n" * 200 + '""" }',
        "SELECT * { ?s ?p 'it\\'s " + "{" * 200 + "' }",
        "# " + "{" * 200 + "\nASK {}",
        "SELECT * { ?s ?p <http://example.org/" + "(" * 200 + "> }",
        "SELECT * { ?s ?p 'SERVICE <http://example.org/>' }",
        "SELECT * { ?s ?p ?o } # SERVICE <http://example.org/> { }",
        "PREFIX sd: <http://www.w3.org/ns/sparql-service-description#> SELECT * { ?service a sd:Service }",
        "SELECT ?service ?selfService { ?service ?p ?selfService }",
        "SELECT * { ?s <http://example.org/service/a#b> ex:service, :SERVICE, _:service }",
        "SELECT * { ?s ?p ?o FILTER(?o < 5 && ?o > 3 || ?o<?s) }",
        "SELECT * { ?s ?p 'Niemann-Pick''s' }",
        "SELECT * { VALUES ?x { " + "1 " * 30_000 + "} }",
        "SELECT * { VALUES (?x ?y) { " + "(MGI:1 UNDEF) " * 5_000 + "} }",
        "SELECT * { VALUES ?x { " + "true false " * 5_000 + "} }",
        "SELECT * { ?s ?p ?o . " * 50 + "}" * 50,
        "",
        "not SPARQL at all <",
    ],
    ids=lambda query: query[:40],
)
def test_what_only_looks_dangerous_passes(query):
    check(query)


@pytest.mark.parametrize(
    "query",
    [
        "ASK " + "{" * 101 + "}" * 101,
        "ASK { FILTER(" + "(" * 100 + "1" + ")" * 100 + ") }",
        "SELECT * { ?s ?p " + "[ ?p " * 101 + "]" * 101 + " }",
        "ASK {" + "[(" * 51,
        # the engine reads the comparison and goes on behind it
        "ASK { FILTER(1<" + "(" * 101 + "1" + ")" * 101 + ">2) }",
        "SELECT * { ?s ?p <urn:" + "(" * 101 + "> }",
        "ASK { ?s ?p 'a\n" + "{" * 101,
    ],
    ids=lambda query: query[:40],
)
def test_brackets_that_nest_too_deep_are_refused(query):
    with pytest.raises(RefusedQuery, match="nests more than 100 brackets"):
        check(query)


@pytest.mark.parametrize(
    "chain",
    [
        "||1",
        "&&1",
        "+1",
        "*1",
        "/1",
        "!",
        "||?x",
        " UNION {}",
        " OPTIONAL {}",
        " MINUS {}",
        ";?p ?o",
        ",1",
        " BIND(1 AS ?x)",
    ],
)
def test_chains_that_overflow_the_stack_as_well_are_refused(chain):
    with pytest.raises(RefusedQuery, match="more than 2,000 operators and keywords"):
        check("ASK { " + chain * 2_001 + " }")


def test_a_query_that_is_too_long_is_refused_by_its_bytes():
    check("#" + "é" * 49_999)

    with pytest.raises(QueryTooLong, match="100,001 bytes; this service takes up to 100,000"):
        check("#" + "é" * 50_000)


def test_a_refusal_says_where():
    with pytest.raises(RefusedQuery, match=r"SERVICE is not available here \(line 2, column 9\)"):
        check("SELECT *\nWHERE { SERVICE <http://example.org/> {} }")


SERVICES = [
    "SERVICE <http://example.org/> {}",
    "service silent ?x {}",
    "SERVICE#<\n<http://example.org/> {}",
    "SERVICE:x {}",
    "SERVICEex:x {}",
    "SERVICESILENTex:x {}",
    "service:x {}",
    "VALUES ?x {5}SERVICE ex:x {}",
    "?x ex:p 5SERVICE ex:x {}",
    "?x ex:p trueSERVICE ex:x {}",
    "?x ex:p 'a'SERVICE ex:x {}",
    "?x ex:p '''a'b\\''''SERVICE ex:x {}",
    "FILTER(1<2)SERVICE:x#>\n{}",
    "FILTER(?a<?b&&?c='>')SERVICE:x {} #'",
    "FILTER(?a<?b#>'''\n)SERVICE:x {} #'''",
    "FILTER(?a<?b#> SERVICE {}\n)SERVICE:x {}",
    "FILTER(1<<http://a/>)SERVICE:x {}",
    "?x ex:p ex:a\\#b SERVICE ex:x {}",
    "?x ex:p ex:a\\'b . SERVICE ex:x {} #'",
    'VALUES ?x { """ " } SERVICE ex:x {}',
    "VALUES ?x {''' '}?x ex:p ex:b\\#c . SERVICE ex:x {}#\n#'''",
]


@pytest.mark.parametrize("clause", SERVICES)
def test_no_spelling_of_service_passes(clause):
    with pytest.raises(RefusedQuery):
        check("PREFIX : <http://a/> SELECT * { " + clause + " }")


# What may stand before a SERVICE clause and behind it: each piece is SPARQL, or nearly, and a reader that
# takes it for something else is out of step with the engine from there on.
OPTIONALS = (
    *(
        "?x ex:p ex:a\\#b .",
        "?x ex:p ex:a\\'b .",
        "?x ex:p 'it\\'s' .",
        "?x ex:p 5",
        "?x ex:p true",
        "?x ex:p 'a'",
    ),
    *(
        "?x ex:p <http://a/it's#x> .",
        "?x ex:p <urn:it's#x> .",
        "?x ex:p <http://a/\\u0041#x> .",
        "?x ex:p 1.",
    ),
    *("FILTER(?a<?b#>'\n)", "FILTER(?a<?b#>'''\n)", "FILTER(?a<?b&&?c='>')", "FILTER(?a<ex:b\\#c&&?d>1)"),
    *("FILTER(1<<http://a/>)", "FILTER(?a<?b)FILTER(?c>?d)", "?x ex:p '''a''b''' .", "?x a _:b."),
)
BEFORE = (
    *OPTIONALS,
    *(f"OPTIONAL{{{piece}}}" for piece in OPTIONALS),
    *(
        "# '\n",
        "# '''\n",
        '# "\n',
        "#<\n",
        " ",
        "\r",
        "{}",
        "BIND('>' AS ?x)",
        "FILTER(1<2)",
        "FILTER(1<2#>\n)",
        "?x ex:p ex:.",
        "?x ex:p :.",
    ),
    *(
        'VALUES ?x {""" "}',
        "VALUES ?x {'''' '}",
        "VALUES ?x {''' '}",
        "VALUES ?x {''}",
        'VALUES ?x {"""\\q"}',
    ),
)
CALLS = (
    *("SERVICE ex:x {?a ?b ?c}", "service:x{?a ?b ?c}", "SERVICEex:x{?a ?b ?c}"),
    *("SERVICE:x#>\n{?a ?b ?c}", "SERVICE<NOBODY>{?a ?b ?c}", "SERVICE ex:a\\'b{?a ?b ?c}"),
)
BEHIND = (
    "",
    "#'",
    "#'''",
    "#>",
    '#"""',
    "FILTER(1>2)",
    '#"',
    "FILTER(?a>?b)",
    "?x ex:p '>' ",
    "\n",
    "}#'",
    "}#'''",
)


@pytest.fixture(scope="module")
def nobody():
    """An address of this machine where nobody listens."""
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{unheard.getsockname()[1]}"


@settings(max_examples=2_000, deadline=None)
@given(
    st.lists(st.sampled_from(BEFORE), max_size=3).map("".join),
    st.sampled_from(CALLS),
    st.lists(st.sampled_from(BEHIND), max_size=3).map("".join),
)
def test_whatever_passes_makes_the_engine_call_nobody(nobody, before, call, behind):
    prologue = f"PREFIX ex: <http://{nobody}/> PREFIX : <http://{nobody}/> "
    query = prologue + "SELECT * { " + before + call.replace("NOBODY", f"http://{nobody}/") + behind + "}"
    try:
        check(query)
    except RefusedQuery:
        return
    try:
        # An attempt to call would end in an OSError, since nobody is there.
        for _ in whatever_is_looked_for(f"http://{nobody}/").query(query):
            pass
    except SyntaxError:
        pass


def test_refusals_are_errors_about_queries():
    assert issubclass(RefusedQuery, QueryError)
