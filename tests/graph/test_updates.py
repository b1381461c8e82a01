"""Updates, read word by word before the engine runs them."""

from contextlib import suppress

import pyoxigraph as ox
import pytest

from impckg.graph.errors import QueryError
from impckg.graph.identifiers import namespaces
from impckg.graph.updates import UNNAMED_GRAPH, RefusedUpdate, loads, prepare, refuse_calls, with_using

G, H = "http://example.org/g", "http://example.org/h"


def using(text, graphs=(G,), named=()):
    return with_using(text, graphs, named)


def run(text, graphs=(), named=(), store=None):
    """What a store holds after an update: subject, object and graph of each statement, the last part of each."""
    store = ox.Store() if store is None else store
    store.update(prepare(text, graphs, named).text, prefixes=namespaces(), base_iri="http://example.org/base")
    short = [
        (q.subject.value, q.object.value, "" if q.graph_name == ox.DefaultGraph() else q.graph_name.value)
        for q in store
    ]
    return sorted(tuple(value.rpartition("/")[2] for value in row) for row in short)


def three_graphs():
    store = ox.Store()
    store.update(
        f"INSERT DATA {{ <urn:x/d> <urn:p> 1 GRAPH <{G}> {{ <urn:x/g> <urn:p> 1 }} GRAPH <{H}> {{ <urn:x/h> <urn:p> 1 }} }}"
    )
    return store


# ---------------------------------------------------------------- USING


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "INSERT { ?s ?p 1 } WHERE { ?s ?p 2 }",
            f"INSERT {{ ?s ?p 1 }} USING <{G}> WHERE {{ ?s ?p 2 }}",
            id="insert",
        ),
        pytest.param(
            "delete{?s ?p 1}insert{?s ?p 2}where{?s ?p 1}",
            f"delete{{?s ?p 1}}insert{{?s ?p 2}}USING <{G}> where{{?s ?p 1}}",
            id="small letters, no spaces",
        ),
        pytest.param(
            "DELETEWHERE{ ?s ?p '}' }",
            f"DELETE{{ ?s ?p '}}' }} USING <{G}> WHERE{{ ?s ?p '}}' }}",
            id="delete where",
        ),
        pytest.param(
            "INSERTDATA{ <urn:a> <urn:b> 'WHERE' }", "INSERTDATA{ <urn:a> <urn:b> 'WHERE' }", id="data"
        ),
        pytest.param(
            "CLEAR ALL ; # WHERE {\nCREATE GRAPH <urn:where> ; COPY DEFAULT TO <urn:a>",
            "CLEAR ALL ; # WHERE {\nCREATE GRAPH <urn:where> ; COPY DEFAULT TO <urn:a>",
            id="operations on graphs",
        ),
        pytest.param(
            "INSERT { ?s ?p 1 } WHERE { { SELECT ?s WHERE { ?s ?p 2 ; ?q ?r } } ?s ?p '''USING''' }",
            f"INSERT {{ ?s ?p 1 }} USING <{G}> WHERE {{ {{ SELECT ?s WHERE {{ ?s ?p 2 ; ?q ?r }} }} ?s ?p '''USING''' }}",
            id="a query within",
        ),
        pytest.param(
            "PREFIX with: <urn:with:> PREFIX using: <urn:u:> INSERT { using:a with:b 1 } WHERE { with:a using:b ?USING }",
            "PREFIX with: <urn:with:> PREFIX using: <urn:u:> INSERT { using:a with:b 1 } "
            f"USING <{G}> WHERE {{ with:a using:b ?USING }}",
            id="prefixes called with and using",
        ),
        pytest.param(
            "PREFIX using: <urn:u:> CLEAR GRAPH using:a ; MOVE using:a TO using:b",
            "PREFIX using: <urn:u:> CLEAR GRAPH using:a ; MOVE using:a TO using:b",
            id="graphs in a prefix called using",
        ),
        pytest.param("CLEAR ALL ;", "CLEAR ALL ;", id="a semicolon at the end"),
        pytest.param("", "", id="nothing"),
    ],
)
def test_using_stands_before_the_where_of_each_operation_that_has_one(text, expected):
    assert using(text) == expected


def test_all_operations_of_a_request_are_about_the_graphs_given():
    text = """INSERT { ?s <urn:q> 2 } WHERE { ?s ?p 1 } ; INSERT DATA { <urn:x/new> <urn:p> 1 } ;
DELETE WHERE { ?s <urn:p> 1 }"""

    found = run(text, [G], store=three_graphs())

    # What is deleted is found in the graph, and deleted from the default graph, where it is not.
    assert found == [("d", "1", ""), ("g", "1", "g"), ("g", "2", ""), ("h", "1", "h"), ("new", "1", "")]


def test_several_graphs_are_one_default_graph_and_named_graphs_are_seen_by_graph_only():
    text = (
        "INSERT { ?s <urn:q> 2 } WHERE { ?s ?p 1 } ; INSERT { ?s <urn:q> 3 } WHERE { GRAPH ?g { ?s ?p 1 } }"
    )

    assert run(text, [G, H], store=three_graphs())[-2:] == [("h", "1", "h"), ("h", "2", "")]
    assert ("g", "3", "") not in run(text, [G, H], store=three_graphs())
    named = run(text, (), [H], store=three_graphs())
    assert ("h", "3", "") in named
    assert ("g", "3", "") not in named
    assert not [row for row in named if row[1] == "2"]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("WITH <urn:a> DELETE { ?s ?p 1 } WHERE { ?s ?p 1 }", "line 1, column 1"),
        ("CLEAR ALL ;\nINSERT { ?s ?p 1 } USING <urn:a> WHERE { ?s ?p 1 }", "line 2, column 20"),
        ("INSERT{?s ?p 1}USINGNAMED<urn:a>WHERE{}", "line 1, column 16"),
        ("INSERT{?s ?p 1}USINGkg:a WHERE{}", "line 1, column 16"),
        ("WITHkg:a INSERT{?s ?p 1}WHERE{}", "line 1, column 1"),
        ("PREFIX ex: <urn:a#>with ex:a insert{?s ?p 1}where{}", "line 1, column 20"),
    ],
)
def test_an_update_that_names_its_graphs_itself_is_given_no_others(text, place):
    # https://www.w3.org/TR/sparql11-protocol/#update-dataset
    with pytest.raises(QueryError, match=f"^{place}: the update says by USING or WITH what it is about"):
        using(text)

    assert prepare(text).text == text


@pytest.mark.parametrize(
    "graph", ["", "g", "http://a b", "http://a>", "http://a/\u0000", "<http://a>", "http://a\\u003E"]
)
def test_only_an_absolute_iri_names_a_graph(graph):
    with pytest.raises(QueryError, match=r"cannot name a graph: .*; expected an absolute IRI"):
        using("DELETE WHERE { ?s ?p ?o }", [graph])
    with pytest.raises(QueryError, match="cannot name a graph"):
        using("DELETE WHERE { ?s ?p ?o }", [], [graph])


def test_using_cannot_mean_the_graph_without_a_name():
    with pytest.raises(
        QueryError, match=r"^urn:x-arq:DefaultGraph: USING cannot mean the graph without a name"
    ):
        using("DELETE WHERE { ?s ?p ?o }", [G, UNNAMED_GRAPH])


# ---------------------------------------------------------------- LOAD and SERVICE


@pytest.mark.parametrize(
    "text",
    [
        "LOAD <http://127.0.0.1:9/>",
        "load<file:///etc/passwd>into graph<urn:a>",
        "LOAD SILENT <http://127.0.0.1:9/> INTO GRAPH",
        "LOAD SILENT <http://127.0.0.1:9/> <http://127.0.0.1:9/>",
        "LOADSILENT<>",
        "PREFIX : <http://127.0.0.1:9/> LOAD:a",
        "PREFIX : <http://127.0.0.1:9/> LOADSILENT:a",
        "PREFIX load: <http://127.0.0.1:9/>LOADload:a",
        "BASE<http://127.0.0.1:9/>LOAD<a>",
        "BASE <a>LOAD<http://127.0.0.1:9/>",
        'VERSION "1.2"LOAD<http://127.0.0.1:9/>',
        "CLEAR ALL;LOAD<http://127.0.0.1:9/>",
        "CLEAR ALL;\n# nothing\nLOAD <http://127.0.0.1:9/>",
        "INSERT DATA { <urn:a#'> <urn:b> ''';''' } ; LOAD <http://127.0.0.1:9/>",
        "DELETE { ?s ?p ?o } WHERE { ?s ?p ?o FILTER(?o <?p && 1 > 2) } ; LOAD <http://127.0.0.1:9/>",
        "DELETE { ?s ?p ?o } WHERE { ?s (<urn:a>|<b>)* ?o } ; LOAD <http://127.0.0.1:9/>",
    ],
)
def test_an_update_loads_nothing(text):
    assert len(loads(text)) == 1
    with pytest.raises(RefusedUpdate, match=r"^LOAD is not available here \(line \d, column \d+\)"):
        prepare(text)


@pytest.mark.parametrize(
    "load",
    [
        "LOAD SILENT <http://127.0.0.1:9/>",
        "loadsilent<file:///etc/passwd>into graph<urn:a>",
        "LOAD # SILENT\n SILENT <http://127.0.0.1:9/>\nINTO GRAPH x:b",
        "LOAD SILENT x:a",
    ],
)
def test_a_load_that_may_fail_in_silence_does(load):
    # https://www.w3.org/TR/sparql11-update/#load
    text = (
        f"PREFIX x: <urn:x/> CLEAR ALL ; {load} ; PREFIX x: <urn:x/y> INSERT DATA {{ x:a x:p x:b }} ;\n{load}"
    )

    assert run(text) == [("ya", "yb", "")]
    assert loads(prepare(text).text) == []
    assert prepare(text).sent == text


@pytest.mark.parametrize(
    "text",
    [
        "INSERT DATA { <urn:load> <urn:p> 'LOAD <http://a/>' } # ; LOAD <http://a/>",
        "INSERT { ?load ex:load ?s } WHERE { ?s ex:loader _:load }",
        "PREFIX load: <urn:a> CLEAR GRAPH load:b ; COPY load:b TO load:c",
        "DROP GRAPH <LOAD> ; CLEAR ALL",
    ],
)
def test_what_only_looks_like_a_load_is_none(text):
    assert loads(text) == []
    refuse_calls(text)


@pytest.mark.parametrize(
    "text",
    [
        "INSERT { ?s ?p ?o } WHERE { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }",
        "INSERT { ?s ?p ?o } WHERE { SERVICESILENT<http://127.0.0.1:9/> { ?s ?p ?o } }",
        "INSERT { ?s ?p ?o } WHERE { 5SERVICEex:a { ?s ?p ?o } }",
        "PREFIX service: <urn:a> INSERT { ?s ?p ?o } WHERE { service:a { ?s ?p ?o } }",
    ],
)
def test_an_update_asks_no_other_services(text):
    with pytest.raises(RefusedUpdate, match=r"^SERVICE is not available in updates \(line 1, column \d+\)"):
        prepare(text)


@pytest.mark.parametrize(
    "text",
    [
        # The engine could read a string behind the first comparison; we would read it behind an IRI.
        "DELETE { ?a ?b ?c } WHERE { ?a ?b ?c FILTER(?a<'>'||?b='x') } ; LOAD <http://a/>",
        "DELETE { ?a ?b ?c } WHERE { ?a ?b ?c FILTER(<a)b>=?a||?a<'>' ) } ; LOAD <http://a/> # '",
        "DELETE { ?a ?b ?c } WHERE { ?a ?b ?c FILTER(?a<?b&&(?c>?a)) } ; LOAD <http://a/>",
        'INSERT DATA { <urn:a> <urn:b> """ " } ; LOAD <http://a/>',
    ],
)
def test_what_could_hide_a_load_from_us_is_refused(text):
    with pytest.raises(RefusedUpdate, match=r"could be read in two ways"):
        prepare(text)


def test_iris_with_a_hash_are_iris_wherever_no_comparison_can_stand():
    text = """BASE <http://example.org/> INSERT DATA { <#it's> <urn:a#b> <urn:x/c#d> ; <p> ( <q> ) } ;
PREFIX x: <urn:x/#> INSERT DATA { GRAPH <urn:x/g#> { x:load <p'> <o#> } }"""

    assert {("#it's", "c#d", ""), ("#load", "o#", "g#")} < set(run(text))


# ---------------------------------------------------------------- declarations between operations


def test_declarations_may_stand_before_any_operation():
    # https://www.w3.org/TR/sparql11-query/#rUpdate
    text = """PREFIX a: <urn:x/a>
INSERT DATA { a:1 a:p a:o } ;
PREFIX b: <urn:x/b> PREFIX a: <urn:x/a>
INSERT DATA { b:1 a:p b:o } ; PREFIX c: <urn:x/c> # the end"""

    assert run(text) == [("a1", "ao", ""), ("b1", "bo", "")]


def test_a_prefix_may_be_declared_anew():
    text = """PREFIX : <urn:x/a> INSERT DATA { :1 :p "a:" } ;
PREFIX : <urn:x/b> INSERT DATA { :1 :p ':o' , _:b } ;
INSERT DATA { :2 :p <urn:x/:o> } ; PREFIX : <urn:x/a> PREFIX kg: <urn:x/k> INSERT DATA { :3 kg:p kg:o }"""

    found = [row[:2] for row in run(text)]

    assert {("a1", "a:"), ("b1", ":o"), ("b2", ":o"), ("a3", "ko")} < set(found)
    assert len(found) == 5


def test_a_prefix_declared_anew_counts_in_what_is_deleted_too():
    text = """PREFIX a: <urn:x/> PREFIX g: <http://example.org/> CLEAR DEFAULT ;
PREFIX a: <urn:> PREFIX x: <urn:x/> DELETE WHERE { GRAPH g:g { x:g a:p ?o } }"""

    assert run(text, store=three_graphs()) == [("h", "1", "h")]
    assert run(text, (), [G], store=three_graphs()) == [("h", "1", "h")]


def test_declarations_stand_below_the_base_they_are_relative_to():
    text = "BASE <urn:x/y> CLEAR ALL ; PREFIX : <z#> INSERT DATA { :a <p> :b }"

    assert run(text) == [("z#a", "z#b", "")]


def test_a_base_between_operations_is_refused_unless_it_changes_nothing():
    same = "BASE <http://a/> CLEAR ALL ; BASE <http://a/> INSERT DATA { <s> <p> <o> }"

    assert run(same) == [("s", "o", "")]
    with pytest.raises(
        QueryError, match=r"^line 2, column 1: BASE cannot change between two operations here"
    ):
        prepare("CLEAR ALL ;\nBASE <http://a/> CLEAR ALL")


def test_a_name_that_could_be_a_keyword_and_a_name_is_not_guessed_at():
    text = "PREFIX a: <urn:a> CLEAR ALL ; PREFIX a: <urn:b> INSERT DATA { GRAPHa:g { a:a a:p a:o } }"

    with pytest.raises(QueryError, match=r"^line 1, column 63: GRAPHa:g has a prefix that nobody declares"):
        prepare(text)


def test_an_update_that_needs_no_change_is_left_alone():
    text = "PREFIX x: <urn:x> # ; PREFIX\nINSERT DATA { x:a x:b ';PREFIX x: <y>' } ;\n\nCLEAR ALL;"

    assert prepare(text).text == text


# ---------------------------------------------------------------- places


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("PREFIX é: <urn:é>\nDELETE WHERE { ?s é:p\n  'ö' ?x }", "?x"),
        ("CLEAR ALL ; PREFIX y: <urn:y>\nINSERT { ?s ?p 1 } WHERE { ?s y:p ?x }", "WHERE { ?s y"),
        ("CLEAR ALL ; PREFIX y: <urn:y>\nINSERT { ?s ?p 1 } WHERE { ?s y:p ?x }", "?x"),
        ("CLEAR ALL", "ALL"),
    ],
)
def test_a_place_in_the_changed_text_leads_back_to_the_text_that_was_sent(text, part):
    prepared = prepare(text, [G])

    # every place where the part stands, also in what was copied
    at = prepared.text.find(part)
    while at >= 0:
        before = prepared.text[:at]
        line, column = prepared.place(before.count("\n") + 1, at - before.rfind("\n"))
        assert text.split("\n")[line - 1][column - 1 :].startswith(part.split("\n")[0])
        at = prepared.text.find(part, at + 1)


def test_the_suite_of_the_w3c_means_the_same_after_the_change(shared_data):
    # given: each update of the suite that names no graphs itself
    suite = shared_data / "w3c" / "sparql11"
    if not suite.is_dir():
        pytest.skip(f"the W3C suite is not on this machine: {suite} is not a folder")
    texts = [file.read_text() for file in sorted(suite.glob("*/*.ru")) if "large" not in file.name]
    texts = [text for text in texts if "LOAD" not in text and "bad" not in text]

    # when
    changed = 0
    for text in texts:
        assert prepare(text).text == text
        try:
            rewritten = using(text)
        except QueryError:
            assert "USING" in text.upper() or "WITH" in text.upper()
            continue
        changed += rewritten != text

        # then: what the engine read before, it reads after
        if reads(text):
            assert reads(rewritten), text

    assert len(texts) > 100
    assert changed > 20


def reads(text):
    try:
        ox.Store().update(text, base_iri="http://example.org/", prefixes=namespaces())
    except SyntaxError:
        return False
    except RuntimeError:
        return True
    return True


def test_reading_a_hostile_update_takes_time_that_grows_with_its_length_only():
    for piece in (
        "<a",
        "<#",
        "<a>",
        "(<a>",
        "{<#a> ",
        ";",
        "PREFIX ",
        "INSERTDATA",
        "'",
        '"""',
        "a:",
        "DELETE WHERE {}",
    ):
        text = piece * (30_000 // len(piece))

        with suppress(QueryError):
            prepare(text, [G])
