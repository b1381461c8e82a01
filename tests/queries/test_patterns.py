"""The triple patterns of a query, read without parsing it."""

import random

import pytest

from impckg.queries.patterns import patterns


def read(text: str) -> list[tuple[str | None, str, str | None]]:
    return [
        (
            pattern.subject.text if pattern.subject else None,
            "".join(word.text for word in pattern.path),
            pattern.object.text if pattern.object else None,
        )
        for pattern in patterns(text)
    ]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (
            "SELECT * { ?a ex:p ?b . ?b <http://e.org/q> 'x'@en }",
            [("?a", "ex:p", "?b"), ("?b", "<http://e.org/q>", "'x'")],
        ),
        (
            "ASK { ?a ex:p ?b , ?c ; a ex:T }",
            [("?a", "ex:p", "?b"), ("?a", "ex:p", "?c"), ("?a", "a", "ex:T")],
        ),
        ("ASK { ?a ^ex:p/ex:q*|!(ex:r|^ex:s) ?b }", [("?a", "^ex:p/ex:q*|!(ex:r|^ex:s)", "?b")]),
        ("ASK { [ ex:p ?b ] ex:q ?c }", [(None, "ex:p", "?b"), (None, "ex:q", "?c")]),
        (
            "ASK { ?a ex:p [ ex:q ?b ] ; ex:r ?c }",
            [("?a", "ex:p", None), (None, "ex:q", "?b"), ("?a", "ex:r", "?c")],
        ),
        ("ASK { ?a ex:p (1 2) . ?d ex:q 3 }", [("?a", "ex:p", None), ("?d", "ex:q", "3")]),
        (
            "ASK { ?a ex:p 1 FILTER(?a > 2 && EXISTS { ?a ex:q ?b }) }",
            [("?a", "ex:p", "1"), ("?a", "ex:q", "?b")],
        ),
        ("CONSTRUCT { ?a ex:made ?b } WHERE { ?a ex:p ?b }", [("?a", "ex:p", "?b")]),
        (
            "ASK { SERVICE <http://e.org/> { ?a ex:p ?b } VALUES ?a { ex:c } BIND(1 AS ?x) ?a ex:q ?x }",
            [("?a", "ex:q", "?x")],
        ),
        ("INSERT { ?a ex:p ?b } WHERE { ?a ex:q ?b }", []),
        ("nonsense", []),
    ],
)
def test_patterns_are_read_with_subject_path_and_object(query, expected):
    assert read(query) == expected


def test_a_group_knows_where_it_ends_and_what_it_stands_in():
    query = "SELECT * { ?a ex:p ?b OPTIONAL { ?a ex:q ?c } GRAPH ?g { { ?a ex:r ?d } } }"

    whole, optional, inner = (pattern.group for pattern in patterns(query))

    assert query[whole.end :] == "}"
    assert query[optional.end :].startswith("} GRAPH")
    assert (optional.optional, optional.in_graph) == (True, False)
    assert (inner.optional, inner.in_graph) == (False, True)


def test_a_literal_has_its_datatype():
    (pattern,) = patterns("ASK { ?a ex:p '1'^^xsd:integer }")

    assert (pattern.object.text, pattern.datatype.text) == ("'1'", "xsd:integer")


def test_a_group_that_is_not_closed_has_no_end():
    (pattern,) = patterns("ASK { ?a ex:p ?b")

    assert pattern.group.end is None


def test_any_text_is_read_to_its_end():
    chance = random.Random(7)
    pieces = [
        "a",
        "ex:p",
        "?v",
        "'text'",
        "@en",
        "^^",
        "<http://a.b/c>",
        "FILTER",
        "VALUES",
        "GRAPH",
        "SELECT",
        *"{}[]();,./|^!*+",
    ]

    for _ in range(500):
        assert len(patterns(" ".join(chance.choices(pieces, k=40)))) <= 40
