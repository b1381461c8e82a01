"""The words of a query, told apart."""

import pytest

from impckg.graph.sparql import keyword, names_graphs, tokens


def kinds(text: str) -> list[tuple[str, str]]:
    return [(token.kind.name, token.text) for token in tokens(text)]


def test_tokens_cover_all_of_a_query_but_its_white_space():
    text = "PREFIX ex: <http://example.org/a#> SELECT ?x { ?x ex:p 'a # b', 1.5e3 ; ex:q \"c\"@en-GB } # end"

    found = list(tokens(text))

    assert "".join(token.text for token in found) == "".join(
        text[token.start : token.start + len(token.text)] for token in found
    )
    assert "".join(token.text for token in found).replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("'}'", [("STRING", "'}'")]),
        ('"a\\"}"', [("STRING", '"a\\"}"')]),
        ("'''it's\n}'''", [("STRING", "'''it's\n}'''")]),
        ('"""a""b"""', [("STRING", '"""a""b"""')]),
        ("''", [("STRING", "''")]),
        ("# }\r}", [("COMMENT", "# }"), ("BRACKET", "}")]),
        ("<http://example.org/a(b#c>", [("IRI", "<http://example.org/a(b#c>")]),
        ("?a<?b", [("VARIABLE", "?a"), ("SYMBOL", "<"), ("VARIABLE", "?b")]),
        ("<urn:a#b>", [("DOUBTFUL", "<urn:a#b>")]),
        (r"ex:a\#b\'c", [("NAME", r"ex:a\#b\'c")]),
        ("_:b :c", [("NAME", "_:b"), ("NAME", ":c")]),
        ("5SERVICE", [("NUMBER", "5"), ("WORD", "SERVICE")]),
    ],
)
def test_what_could_be_mistaken_for_something_else_is_not(text, expected):
    assert kinds(text) == expected


def test_a_string_without_an_end_goes_to_the_end_of_its_line():
    assert kinds('"{ {\n}') == [("STRING", '"{ {'), ("BRACKET", "}")]


def test_a_long_string_without_an_end_is_doubtful():
    # The engine could read an empty string and one of a blank here, and go on behind them.
    assert kinds('VALUES ?x { """ " }')[-1] == ("DOUBTFUL", '""" " }')


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("BASE <http://a/> PREFIX s: <http://select/> aSk {}", "ASK"),
        ("# SELECT\nDESCRIBE <http://a/>", "DESCRIBE"),
        ("DELETE WHERE { ?s ?p ?o }", "DELETE"),
        ("", ""),
        ("?x 'SELECT'", ""),
    ],
)
def test_the_keyword_of_a_query_is_found_behind_its_prologue(text, expected):
    assert keyword(text) == expected


def test_only_a_from_of_its_own_names_graphs():
    assert names_graphs("SELECT*FROM NAMED<http://example.org/g>{}")
    assert not names_graphs("PREFIX from: <http://a/> SELECT ?from { ?from from:b 'FROM' } # FROM")


def test_reading_a_hostile_query_takes_time_that_grows_with_its_length_only():
    # Expressions that go back over what they read would need minutes for some of these.
    for piece in (
        "a.",
        "<#",
        "'",
        '"""',
        "\\",
        "<a",
        "@-",
        "1.",
        "'''\n",
        '"\\',
        '"""\\',
        "'\\\n",
        "<a:",
        "a:",
    ):
        text = piece * (100_000 // len(piece))

        assert sum(len(token.text) for token in tokens(text)) <= len(text)
