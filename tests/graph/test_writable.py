"""Stores open for writing: updates, and whole graphs."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impckg.graph.errors import QueryError, SparqlSyntaxError, StoreError
from impckg.graph.store import open_store
from impckg.graph.updates import RefusedUpdate
from impckg.graph.writable import RDF_MEDIA_TYPES, Document, RdfSyntaxError, WritableStore, open_writable

GENES, NEW = "https://w3id.org/impckg/graph/genes", "http://example.org/new"
START = f"""
<http://example.org/result> <http://example.org/of> <http://example.org/Cib2> .
<http://example.org/Cib2> <http://example.org/symbol> "Cib2" <{GENES}> .
"""
TURTLE = "text/turtle"


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "store"
    store = ox.Store(str(folder))
    store.load(START.encode(), format=ox.RdfFormat.N_QUADS)
    store.flush()
    return folder


@pytest.fixture
def store():
    """Most tests are quicker in memory, where the engine works the same."""
    store = ox.Store()
    store.load(START.encode(), format=ox.RdfFormat.N_QUADS)
    return WritableStore(Path("memory"), store)


def quads(store):
    """All that a store says, in N-Quads, without the start of IRIs."""
    return sorted(str(quad).replace("http://example.org/", "") for quad in store._store)


def triples(store, graph):
    name = ox.DefaultGraph() if graph is None else ox.NamedNode(graph)
    return sorted(str(quad.triple) for quad in store._store.quads_for_pattern(None, None, None, name))


def turtle(text, base_iri="http://example.org/"):
    return [Document(text.encode(), TURTLE, base_iri)]


# ---------------------------------------------------------------- opening


def test_where_there_is_no_store_none_is_made(tmp_path):
    with pytest.raises(StoreError, match="no store here"):
        open_writable(tmp_path / "nothing")

    assert list(tmp_path.iterdir()) == []


def test_only_one_process_can_write(folder):
    store = open_writable(folder)
    other = f"""
from pathlib import Path
from impckg.graph.errors import StoreError
from impckg.graph.writable import open_writable
try:
    open_writable(Path({str(folder)!r}))
except StoreError as error:
    print(error)
"""

    with pytest.raises(StoreError) as here:
        open_writable(folder)
    elsewhere = subprocess.run([sys.executable, "-c", other], capture_output=True, text=True, check=True)

    expected = f"{folder}: another process has the store open for writing; only one can"
    assert str(here.value) == expected
    assert elsewhere.stdout.strip() == expected
    assert len(quads(store)) == 2


def test_a_damaged_store_is_not_opened(folder):
    (folder / "CURRENT").write_text("MANIFEST-999999\n")

    with pytest.raises(StoreError, match="not a store that can be written: "):
        open_writable(folder)


# ---------------------------------------------------------------- updates


def test_an_update_changes_the_store_for_good(folder):
    store = open_writable(folder)
    store.update(
        "INSERT DATA { GRAPH <http://example.org/g> { MGI:1 rdfs:label 'Myo6' } } ; DELETE WHERE { ?s ?p ?o }"
    )
    del store

    found = open_store(folder).query("SELECT ?label WHERE { MGI:1 rdfs:label ?label }")

    assert [row["label"].value for row in found] == ["Myo6"]


def test_relative_iris_are_relative_to_the_base_that_is_given(store):
    store.update("INSERT DATA { <a> <b> <c> }", base_iri="http://example.org/sparql")

    assert "<a> <b> <c>" in quads(store)
    with pytest.raises(SparqlSyntaxError):
        store.update("INSERT DATA { <a> <b> <c> }")
    with pytest.raises(QueryError, match="the update cannot be done: "):
        store.update("INSERT DATA { <a> <b> <c> }", base_iri="no base")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("CREATE GRAPH <http://example.org/new> ; CREATE GRAPH <http://example.org/new>", "already exists"),
        ("DELETE WHERE { ?s ?p ?o } ; DROP GRAPH <http://example.org/none>", "does not exist"),
        ("INSERT DATA { MGI:1 rdfs:label 1 } ; CLEAR GRAPH <http://example.org/none>", "does not exist"),
        ("DROP ALL ; MOVE <http://example.org/none> TO DEFAULT", "does not exist"),
    ],
)
def test_of_a_request_with_an_operation_that_cannot_be_done_nothing_is_done(folder, text, message):
    store = open_writable(folder)
    before = quads(store)

    with pytest.raises(QueryError, match=f"^the update cannot be done: .*{message}"):
        store.update(text)

    assert quads(store) == before
    assert not store.graph_exists(NEW)


def test_what_is_silent_does_not_fail(store):
    store.update("DROP SILENT GRAPH <http://example.org/none> ; CREATE SILENT GRAPH <http://example.org/new>")

    assert store.graph_exists(NEW)


@pytest.mark.parametrize(
    ("text", "using", "line", "column"),
    [
        ("CLEAR XYZ", (), 1, 10),
        ("CLEAR ALL ;\nINSERT DATA { ?s ?p ?o }", (), 2, 25),
        ("CLEAR ALL ;\nPREFIX x: <http://x>\nPREFIX y: <http://y> INSERT DATA {\n  x:a x:b }", (), 4, 11),
        ("DELETE WHERE {\n  ?s ?p\n}", (), 3, 1),
        ("DELETE WHERE {\n  ?s ?p\n}", (GENES,), 3, 1),
        ("INSERT { ?s ?p 1 } WHERE { ?s ?p }", (GENES,), 1, 35),
        ("SELECT * WHERE { ?s ?p ?o }", (), 1, 8),
    ],
)
@pytest.mark.parametrize("union", [False, True])
def test_an_update_that_is_no_sparql_is_told_the_place(store, text, using, line, column, union):
    before = quads(store)

    with pytest.raises(SparqlSyntaxError) as refused:
        store.update(text, using, union=union)

    assert (refused.value.line, refused.value.column) == (line, column)
    assert f"line {line}, column {column}" in str(refused.value)
    assert quads(store) == before


def test_an_update_calls_nobody(store):
    with pytest.raises(RefusedUpdate):
        store.update("CLEAR ALL ; LOAD <http://127.0.0.1:9/>")
    with pytest.raises(RefusedUpdate):
        store.update("DELETE { ?s ?p ?o } WHERE { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }")

    assert len(quads(store)) == 2


def test_using_says_what_an_update_is_about(store):
    store.update("INSERT { ?s <http://example.org/seen> true } WHERE { ?s ?p ?o }", [GENES])

    assert [line for line in quads(store) if "seen" in line] == [
        '<Cib2> <seen> "true"^^<http://www.w3.org/2001/XMLSchema#boolean>'
    ]


JOIN = "WHERE { ?result <http://example.org/of> ?gene . ?gene <http://example.org/symbol> ?symbol }"
INSERT_JOIN = f"INSERT {{ GRAPH <{NEW}> {{ ?result <http://example.org/symbol> ?symbol }} }} {JOIN}"


def test_where_sees_the_graph_without_a_name_unless_the_union_is_asked_for(store):
    store.update(INSERT_JOIN)
    assert triples(store, NEW) == []

    store.update(INSERT_JOIN, union=True)
    assert triples(store, NEW) == ['<http://example.org/result> <http://example.org/symbol> "Cib2"']


@pytest.mark.parametrize(
    "text",
    [
        f"{INSERT_JOIN} ;",
        f"PREFIX e: <http://example.org/> # a comment\n{INSERT_JOIN} # the end",
        INSERT_JOIN.replace("?symbol", "?row"),
        f"INSERT {{ GRAPH <{NEW}> {{ ?result <http://example.org/symbol> ?symbol . ?row ?row1 ?none }} }} {JOIN}",
        f"INSERT {{ GRAPH <{NEW}> {{ ?result <http://example.org/symbol> ?symbol . ?result ?p ?o }} }} "
        f"WHERE {{ SELECT ?result ?symbol {JOIN} LIMIT 5 }}",
    ],
)
def test_the_union_is_seen_in_any_form_of_pattern(store, text):
    store.update(text, union=True)

    assert triples(store, NEW) == ['<http://example.org/result> <http://example.org/symbol> "Cib2"']


def test_blank_nodes_and_unbound_variables_come_through_the_union(store):
    store.update(
        f"INSERT DATA {{ GRAPH <{GENES}> {{ _:line <http://example.org/of> <http://example.org/Cib2> }} }}"
    )

    store.update(
        f"INSERT {{ GRAPH <{NEW}> {{ ?line <http://example.org/is> ?none , 'here' ; <http://example.org/at> _:each }} }} "
        "WHERE { ?line <http://example.org/of> ?gene OPTIONAL { ?gene <http://example.org/none> ?none } }",
        union=True,
    )

    line = next(quad.subject for quad in store._store if isinstance(quad.subject, ox.BlankNode))
    found = list(store._store.quads_for_pattern(None, None, None, ox.NamedNode(NEW)))
    assert len(found) == 4
    assert {quad.subject for quad in found} == {line, ox.NamedNode("http://example.org/result")}
    assert len({quad.object for quad in found if quad.predicate.value.endswith("at")}) == 2


def test_what_is_found_in_the_union_is_deleted_where_the_template_says(store):
    before = quads(store)
    store.update("DELETE WHERE { ?gene <http://example.org/symbol> ?symbol }", union=True)
    assert quads(store) == before

    store.update("DELETE WHERE { ?result <http://example.org/of> ?gene }", union=True)
    assert len(quads(store)) == 1
    store.update(f"DELETE {{ GRAPH <{GENES}> {{ ?s ?p ?o }} }} WHERE {{ ?s ?p ?o }}", union=True)
    assert quads(store) == []


def test_the_union_can_be_asked_by_one_operation_only(store):
    with pytest.raises(
        QueryError, match=r"^line 1, column 13: a WHERE that is about the union .*; expected one operation"
    ):
        store.update(f"CLEAR ALL ; {INSERT_JOIN}", union=True)
    assert len(quads(store)) == 2

    # These say themselves what they are about, or need nothing.
    store.update(
        f"INSERT DATA {{ <http://a> <http://b> 1 }} ; WITH <{GENES}> DELETE {{ ?s ?p ?o }} WHERE {{ ?s ?p ?o }} ; "
        f"INSERT {{ ?s ?p 2 }} USING <{GENES}> WHERE {{ ?s ?p ?o }} ; CREATE GRAPH <{NEW}>",
        union=True,
    )
    assert triples(store, GENES) == []


# ---------------------------------------------------------------- graphs


def test_a_graph_that_is_put_replaces_what_was_there(store):
    assert store.put(NEW, turtle("<a> <b> 1 , 2 .")) is True
    assert store.put(NEW, turtle("<a> <b> 3 .")) is False
    assert len(triples(store, NEW)) == 1

    assert store.put(None, turtle("<a> <b> <c> .")) is False
    assert triples(store, None) == ["<http://example.org/a> <http://example.org/b> <http://example.org/c>"]
    assert len(triples(store, GENES)) == 1


def test_a_graph_that_is_posted_is_merged(store):
    assert store.post(NEW, turtle("[] <b> 1 .")) is True
    assert store.post(NEW, turtle("[] <b> 1 . <a> <b> 1 .")) is False
    assert store.post(NEW, turtle("<a> <b> 1 .")) is False
    assert store.post(None, turtle("<a> <b> 1 .")) is False

    assert len(triples(store, NEW)) == 3
    assert len(triples(store, None)) == 2


def test_blank_nodes_of_two_documents_are_two(store):
    store.put(NEW, turtle("_:x <b> 1 . _:x <b> 2 .") + turtle("_:x <b> 1 ."))

    found = list(store._store.quads_for_pattern(None, None, None, ox.NamedNode(NEW)))
    assert len(found) == 3
    assert len({quad.subject for quad in found}) == 2


def test_a_graph_without_statements_exists_once_it_is_put(store):
    assert store.put(NEW, turtle("# nothing")) is True
    assert store.graph_exists(NEW)
    assert store.post("http://example.org/other", turtle("")) is False
    assert not store.graph_exists("http://example.org/other")


def test_a_graph_is_deleted_once(store):
    assert store.delete(GENES) is True
    assert store.delete(GENES) is False
    assert not store.graph_exists(GENES)
    assert store.delete(None) is True
    assert store.graph_exists(None)
    assert quads(store) == []


@pytest.mark.parametrize("graph", ["", "relative", "http://a b/", "http://a> { } } ; CLEAR ALL #"])
def test_a_graph_is_named_by_an_absolute_iri(store, graph):
    for change in (store.graph_exists, store.delete, lambda graph: store.put(graph, turtle("<a> <b> 1 ."))):
        with pytest.raises(QueryError, match="cannot name a graph: "):
            change(graph)
    assert len(quads(store)) == 2


SAME = {
    "text/turtle": "<a> <b> 'c'@en .",
    "application/x-turtle": "@prefix : <http://example.org/> . :a :b 'c'@en .",
    "application/n-triples": '<http://example.org/a> <http://example.org/b> "c"@en .',
    "application/rdf+xml": """<?xml version="1.0"?><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
        xmlns="http://example.org/"><rdf:Description rdf:about="a"><b xml:lang="en">c</b></rdf:Description></rdf:RDF>""",
    "application/ld+json": '{"@id": "a", "http://example.org/b": {"@value": "c", "@language": "en"}}',
}
SAME |= {
    "application/xml": SAME["application/rdf+xml"],
    "text/xml": SAME["application/rdf+xml"],
    "application/json": SAME["application/ld+json"],
}


@pytest.mark.parametrize("media_type", RDF_MEDIA_TYPES)
@pytest.mark.parametrize("as_file", [False, True])
def test_a_graph_says_the_same_in_every_format(store, tmp_path, media_type, as_file):
    content = SAME[media_type].encode()
    file = tmp_path / "body"
    file.write_bytes(content)

    store.put(NEW, [Document(file if as_file else content, media_type, "http://example.org/base")])

    assert triples(store, NEW) == ['<http://example.org/a> <http://example.org/b> "c"@en']


@pytest.mark.parametrize(
    ("media_type", "content", "message", "line", "column"),
    [
        ("text/turtle", b"<a> <b> 1 .\n<a> <b> .", "line 2, column 9: not Turtle: ", 2, 9),
        (
            "text/turtle",
            b"<a> <b> 1 .\n<a> <b> '\xff' .",
            "line 2, column 10: not Turtle: Invalid UTF-8",
            2,
            10,
        ),
        ("text/turtle", b"x:a x:b 1 .", "line 1, column 1: not Turtle: ", 1, 1),
        ("application/n-triples", b'<http://a> <http://b> "c', "line 1, column 23: not N-Triples: ", 1, 23),
        ("application/n-triples", b"<a> <b> <c> .", "line 1, column 1: not N-Triples: ", 1, 1),
        ("application/rdf+xml", b"<rdf:RDF\n><", "line 2, column 2: not RDF/XML: ", 2, 2),
        ("application/rdf+xml", b"<a>\n<b></c></a>", "line 2, column 6: not RDF/XML: ", 2, 6),
        ("application/ld+json", b'{"@id":\n"a",', "line 2, column 5: not JSON-LD: ", 2, 5),
        ("application/ld+json", b"", "line 1, column 1: not JSON-LD: ", 1, 1),
        (
            "application/ld+json",
            b'{"@id": "http://g", "@graph": [{"@id": "http://a", "http://b": 1}]}',
            "not JSON-LD: Named graphs are not allowed",
            None,
            None,
        ),
        (
            "application/ld+json",
            b'{"@context": "http://127.0.0.1:9/", "@id": "http://a"}',
            "not JSON-LD: ",
            None,
            None,
        ),
    ],
)
def test_of_documents_of_which_one_is_no_rdf_nothing_is_stored(
    store, media_type, content, message, line, column
):
    before = quads(store)

    for change in (store.put, store.post):
        with pytest.raises(RdfSyntaxError) as refused:
            change(
                GENES,
                [*turtle("<a> <b> 1 ."), Document(content, media_type, "http://example.org/", "part 2")],
            )

        assert str(refused.value).startswith(f"part 2: {message}")
        assert (refused.value.line, refused.value.column) == (line, column)
    assert quads(store) == before


@pytest.mark.parametrize(
    "media_type", ["application/trig", "application/n-quads", "text/plain", "", "text/html"]
)
def test_other_formats_are_not_guessed_at(store, media_type):
    with pytest.raises(
        QueryError,
        match=r"^the graph: '.*' is no format that graphs are read in; expected one of text/turtle",
    ):
        store.put(NEW, [Document(b"", media_type)])

    assert not store.graph_exists(NEW)


def test_a_file_that_is_not_there_is_named(store, tmp_path):
    with pytest.raises(StoreError, match=r"^the graph: .*gone cannot be read"):
        store.put(NEW, [Document(tmp_path / "gone", TURTLE)])


@given(
    value=st.text(st.characters(exclude_categories=["Cs"])),
    path=st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs", "Co", "Cn"]), max_size=8),
)
@settings(max_examples=100, deadline=None)
def test_any_text_and_any_iri_are_kept_as_they_are(value, path):
    store = WritableStore(Path("memory"), ox.Store())
    try:
        subject = ox.NamedNode(f"http://example.org/{path}")
    except ValueError:
        return
    quad = ox.Quad(subject, ox.NamedNode("http://example.org/b"), ox.Literal(value))
    content = ox.serialize([quad], format=ox.RdfFormat.N_TRIPLES)

    store.put(NEW, [Document(content, "application/n-triples")])

    assert [quad.triple for quad in store._store] == [quad.triple]


@pytest.mark.parametrize(
    ("media_type", "content"),
    [
        ("application/ld+json", '{"@id": "http://a> <http://b> 1 } } ; CLEAR ALL #", "http://b": 1}'),
        ("application/ld+json", '{"@id": "http://a", "http://b> 1 } } ; CLEAR ALL #": 1}'),
        (
            "application/ld+json",
            '{"@id": "http://a", "http://b": {"@value": "1", "@type": "http://t> } } ; CLEAR ALL #"}}',
        ),
        (
            "application/ld+json",
            '{"@id": "http://a", "http://b": {"@value": "1", "@language": "en } } ; CLEAR ALL #"}}',
        ),
        ("application/ld+json", '{"@id": "_:b } } ; CLEAR ALL #", "http://b": "\\" } } ; CLEAR ALL #"}'),
        ("text/turtle", r"<http://a\u003E> <http://b> '} } ; CLEAR ALL' ."),
        ("text/turtle", r"<http://a> <http://b> '\\', '''\u0022 } } ; CLEAR ALL # \u005C''' ."),
        (
            "text/turtle",
            "<http://a> <http://b> <<( <http://a> <http://b> '} } ; CLEAR ALL #' )>> , 'a'@en--ltr .",
        ),
        (
            "application/rdf+xml",
            '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://e/> } } ; CLEAR ALL #">'
            '<rdf:Description rdf:about="http://a&gt; &lt;http://b&gt; 1 } } ; CLEAR ALL #"><e:p>1</e:p></rdf:Description>'
            "</rdf:RDF>",
        ),
    ],
)
def test_nothing_in_a_document_is_taken_for_sparql(store, media_type, content):
    before = quads(store)

    try:
        store.put(NEW, [Document(content.encode(), media_type)])
    except RdfSyntaxError:
        assert not store.graph_exists(NEW)

    assert set(before) <= set(quads(store))


# ---------------------------------------------------------------- snapshots


def test_a_snapshot_stays_as_it_was(folder, tmp_path):
    store = open_writable(folder)
    store.put(NEW, turtle("<a> <b> 1 ."))
    store.snapshot(tmp_path / "1")
    reader = open_store(tmp_path / "1")
    store.put(NEW, turtle("<a> <b> 2 ."))
    store.snapshot(tmp_path / "2")

    values = "SELECT ?value WHERE { GRAPH <http://example.org/new> { ?s ?p ?value } }"
    assert [row["value"].value for row in reader.query(values)] == ["1"]
    assert [row["value"].value for row in open_store(tmp_path / "1").query(values)] == ["1"]
    assert [row["value"].value for row in open_store(tmp_path / "2").query(values)] == ["2"]


def test_a_snapshot_is_made_of_links_not_of_copies(tmp_path):
    folder = tmp_path / "store"
    made = ox.Store(str(folder))
    made.bulk_load(
        "".join(f"<http://a/{n}> <http://b> {n} .\n" for n in range(5_000)).encode(),
        format=ox.RdfFormat.TURTLE,
    )
    del made
    store = open_writable(folder)

    store.snapshot(tmp_path / "snapshot")

    tables = list((tmp_path / "snapshot").glob("*.sst"))
    assert tables
    assert all(table.stat().st_nlink == 2 for table in tables)


def test_a_snapshot_needs_a_place_of_its_own(folder, tmp_path):
    store = open_writable(folder)
    (tmp_path / "taken").mkdir()

    with pytest.raises(StoreError, match="taken: no snapshot can be made: "):
        store.snapshot(tmp_path / "taken")


WRITE_UNTIL_KILLED = """
from pathlib import Path
from impckg.graph.writable import open_writable
import sys
store = open_writable(Path(sys.argv[1]))
print("open", flush=True)
number = 0
while True:
    number += 1
    rows = " ".join(f"<http://example.org/{number}/{n}> <http://example.org/b> {n} ." for n in range(500))
    store.update(f"CLEAR DEFAULT ; INSERT DATA {{ {rows} }}")
    print(number, flush=True)
"""


def test_a_writer_that_is_killed_leaves_all_of_a_change_or_nothing(folder):
    for _ in range(3):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITE_UNTIL_KILLED, str(folder)], stdout=subprocess.PIPE, text=True
        )
        for _ in range(4):
            assert writer.stdout.readline()
        os.kill(writer.pid, signal.SIGKILL)
        writer.communicate()

        store = open_writable(folder)
        subjects = {
            quad.subject.value.split("/")[3]
            for quad in store._store.quads_for_pattern(None, None, None, ox.DefaultGraph())
        }
        assert len(triples(store, None)) == 500
        assert len(subjects) == 1
        assert len(triples(store, GENES)) == 1
        del store
