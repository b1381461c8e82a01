"""What single modules of the page work out, asked in the browser that runs them."""

import pytest

POSITIONS = [
    # what stands before the cursor, what is being typed, where, and the predicate before
    ("", "", "", ""),
    ("SELECT ?ge", "", "", ""),
    ("SELECT * { Cib", "Cib", "subject", ""),
    ("SELECT * { ?s ", "", "predicate", ""),
    ("SELECT * { ?s kg:ph", "kg:ph", "predicate", ""),
    ("SELECT * { ?s a kg:Ge", "kg:Ge", "object", "a"),
    ("SELECT * { ?s a <http://x", "<http://x", "object", "a"),
    ("SELECT * { ?s kg:gene ?g ; kg:p", "kg:p", "predicate", "kg:gene"),
    ("SELECT * { ?s kg:gene ?g , MG", "MG", "object", "kg:gene"),
    ("SELECT * { ?s kg:gene/kg:na", "kg:na", "predicate", "kg:gene"),
    ("SELECT * { ?s (kg:gene|kg:a)/na", "na", "predicate", "kg:a"),
    ("SELECT * { ?s kg:gene+ MGI:1", "MGI:1", "object", "kg:gene"),
    ("SELECT * { ?s kg:p 1.5 ; kg:q -2 . ?t ", "", "predicate", "kg:q"),
    ("SELECT * { ?s kg:p 'a { . ; }' . MP", "MP", "subject", "kg:p"),
    ("SELECT * { ?s kg:p 'half", "", "", ""),
    ('SELECT * { ?s kg:p """half "quoted', "", "", ""),
    ("SELECT * { # a com", "com", "", ""),
    ("SELECT * { ?s <http://a#b> # gene\n M", "M", "object", "<http://a#b>"),
    ("SELECT * { ?s <http://a#b> M", "M", "object", "<http://a#b>"),
    ("SELECT * { VALUES ?g { MGI:1 MGI:2", "MGI:2", "value", ""),
    ("SELECT * { VALUES (?g ?h) { (MGI:1 MP", "MP", "value", ""),
    ("SELECT * { VALUES ?g { MGI:1 } ?g kg", "kg", "predicate", ""),
    ("SELECT * { FILTER(?x = MP:0", "MP:0", "expression", ""),
    ("SELECT * { FILTER(STRLEN(?x) > (2)) ?s ", "", "predicate", ""),
    ("SELECT * { OPTIONAL { ?s kg:a ?b } ?s kg", "kg", "predicate", "kg:a"),
    ("SELECT * { GRAPH <http://g> { ?s kg:a M", "M", "object", "kg:a"),
    ("SELECT * { [ kg:a ?b ; kg:c ?d ] kg:e ?f . ?g ", "", "predicate", "kg:e"),
    ("SELECT (COUNT(*) AS ?n) { ?s a kg:G", "kg:G", "object", "a"),
    ("SELECT * { ?s ?p ?o } ORD", "ORD", "", ""),
    ("CONSTRUCT { ?s kg:a ?b } WHERE { ?s kg:c MP:", "MP:", "object", "kg:c"),
]

FORMS = [
    ("SELECT * {}", "select"),
    ("# ask\nPREFIX ask: <http://construct/select> ASK {}", "ask"),
    ("BASE <http://select/> PREFIX select: <urn:a> CONSTRUCT { select:a ?p 'ask' } WHERE {}", "construct"),
    ("describe <urn:select>", "describe"),
    ("", ""),
]


@pytest.mark.parametrize(("before", "typed", "place", "predicate"), POSITIONS)
def test_the_place_of_a_name_is_known_in_an_unfinished_query(module, before, typed, place, predicate):
    found = module("position.js", "({ positionIn }, before) => positionIn(before)", before)

    assert (found["typed"], found["place"]) == (typed, place)
    if place == "object":
        assert found["predicate"] == predicate


@pytest.mark.parametrize(("query", "form"), FORMS)
def test_the_form_of_a_query_is_its_first_keyword(module, query, form):
    assert module("sparql.js", "({ formOf }, query) => formOf(query)", query) == form


def test_things_and_links_are_read_from_statements(module):
    found = module(
        "network.js",
        "({ networkOf }, found) => networkOf(found)",
        {
            "form": "triples",
            "columns": [],
            "rows": [
                [thing("kg:a"), thing("rdfs:label"), text("Alpha")],
                [thing("kg:a"), thing("kg:weight"), text("12")],
                [thing("kg:a"), thing("kg:likes"), thing("MP:1")],
                [thing("kg:a"), thing("kg:likes"), thing("MP:1")],
            ],
        },
    )

    assert [(one["text"], one["name"], one["group"], one["facts"]) for one in found["things"]] == [
        ("kg:a", "Alpha", "kg", [["kg:weight", "12"]]),
        ("MP:1", "", "MP", []),
    ]
    assert [(one["source"], one["name"], one["target"]) for one in found["links"]] == [
        ("kg:a", "kg:likes", "MP:1")
    ]


def test_a_text_beside_a_thing_is_its_name_and_the_first_thing_links_to_the_others(module):
    columns = [
        {"name": name, "kind": kind}
        for name, kind in (("gene", "thing"), ("symbol", "text"), ("p", "number"), ("term", "thing"))
    ]
    unbound = {"kind": "unbound", "text": "", "value": None}
    found = module(
        "network.js",
        "({ networkOf }, found) => networkOf(found)",
        {
            "form": "solutions",
            "columns": columns,
            "rows": [
                [thing("MGI:1"), text("Cib2"), {"kind": "number", "text": "1", "value": 1}, thing("MP:1")],
                [thing("MGI:1"), text("Cib2"), unbound, unbound],
                [unbound, unbound, unbound, thing("MP:2")],
            ],
        },
    )

    assert [(one["text"], one["name"]) for one in found["things"]] == [
        ("MGI:1", "Cib2"),
        ("MP:1", ""),
        ("MP:2", ""),
    ]
    assert [(one["source"], one["name"], one["target"]) for one in found["links"]] == [
        ("MGI:1", "term", "MP:1")
    ]


def thing(text: str) -> dict[str, object]:
    return {"kind": "thing", "text": text, "value": text}


def text(words: str) -> dict[str, object]:
    return {"kind": "text", "text": words, "value": words}
