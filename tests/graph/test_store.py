"""Stores: written once, opened from several places, asked in SPARQL."""

import pyoxigraph as ox
import pytest

from impckg.graph.errors import QueryError, SparqlSyntaxError, StoreError
from impckg.graph.store import find_store, graph_iri, open_store, write_store

GENES = """
<https://identifiers.org/MGI:1> <http://www.w3.org/2000/01/rdf-schema#label> "Myo6" .
<https://identifiers.org/MGI:2> <http://www.w3.org/2000/01/rdf-schema#label> "Cib2" .
"""
TERMS = f"""
<http://purl.obolibrary.org/obo/MP_0001262> <http://www.w3.org/2000/01/rdf-schema#label> "decreased body weight" \
<{graph_iri("mp")}> .
"""
RELEASE = f"""
<https://w3id.org/impckg/release/r1> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> \
<https://w3id.org/impckg/ontology#Release> <{graph_iri("release")}> .
<https://w3id.org/impckg/release/r1> <http://purl.org/dc/terms/identifier> "r1" <{graph_iri("release")}> .
<https://w3id.org/impckg/release/r1> <http://purl.org/dc/terms/title> "Release 1" <{graph_iri("release")}> .
<https://w3id.org/impckg/release/r1> <http://purl.org/dc/terms/issued> \
"2026-03-16"^^<http://www.w3.org/2001/XMLSchema#date> <{graph_iri("release")}> .
<https://w3id.org/impckg/release/r1> <https://w3id.org/impckg/ontology#simulated> \
"true"^^<http://www.w3.org/2001/XMLSchema#boolean> <{graph_iri("release")}> .
"""


def write(folder, **files):
    """A new store from texts by file name; a double underscore stands for the dot."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, text in files.items():
        path = folder / name.replace("__", ".")
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        paths.append(path)
    write_store(folder / "store", paths)
    return folder / "store"


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return open_store(
        write(tmp_path_factory.mktemp("store"), genes__nt=GENES, mp__nq=TERMS, release__nq=RELEASE)
    )


def labels(found):
    return sorted(row["label"].value for row in found)


LABELS = "SELECT ?thing ?label WHERE { ?thing rdfs:label ?label }"


# ---------------------------------------------------------------- opening


def test_a_store_is_found_by_its_own_folder_its_release_and_the_folder_of_releases(tmp_path):
    # given
    release = tmp_path / "releases" / "r1"
    folder = write(release, genes__nt=GENES)
    (tmp_path / "current").symlink_to(release, target_is_directory=True)

    # when
    found = [find_store(path).resolve() for path in (folder, release, tmp_path)]

    # then
    assert found == [folder] * 3
    assert [labels(open_store(path).query(LABELS)) for path in (folder, release, tmp_path)] == [
        ["Cib2", "Myo6"]
    ] * 3


@pytest.mark.parametrize("made", [False, True])
def test_where_there_is_no_store_the_message_says_how_to_make_one(tmp_path, made):
    folder = tmp_path / "nothing"
    if made:
        folder.mkdir()

    with pytest.raises(StoreError) as refused:
        open_store(folder)

    assert str(refused.value) == (
        f"{folder}: no store here; expected a folder that `impckg build --out` or `impckg demo` wrote"
    )
    assert folder.exists() == made


def test_a_damaged_store_is_not_opened(tmp_path):
    # given
    folder = write(tmp_path, genes__nt=GENES)
    (folder / "CURRENT").write_text("MANIFEST-999999\n")

    # when
    with pytest.raises(StoreError) as refused:
        open_store(folder)

    # then
    assert str(refused.value).startswith(f"{folder}: not a store that can be opened: ")


def test_an_open_store_cannot_be_written(store):
    with pytest.raises(RuntimeError):
        store.oxigraph.add(ox.Quad(ox.NamedNode("http://a/"), ox.NamedNode("http://b/"), ox.Literal("c")))


def test_several_readers_open_one_store(store):
    other = open_store(store.path)

    assert labels(other.query(LABELS)) == labels(store.query(LABELS))


# ---------------------------------------------------------------- writing


def test_a_store_is_written_once(tmp_path):
    folder = write(tmp_path, genes__nt=GENES)

    with pytest.raises(StoreError) as refused:
        write_store(folder, [])

    assert str(refused.value) == f"{folder}: there is a store already; a store is written once"
    assert labels(open_store(folder).query(LABELS)) == ["Cib2", "Myo6"]


@pytest.mark.parametrize(
    ("file", "text", "place"),
    [
        pytest.param(
            "broken__nt", GENES + '<http://a/> <http://b/> "no end\n', "line 4", id="an open string"
        ),
        pytest.param("broken__nt", "<http://a/> nothing <http://c/> .\n", "line 1", id="not a term"),
        pytest.param("broken__nq", TERMS + "half of a", "line 3", id="cut off"),
        pytest.param("broken__nt", b'<http://a/> <http://b/> "\xe9" .\n', "line 1", id="Latin-1"),
    ],
)
def test_a_file_that_is_no_rdf_is_named_with_the_place(tmp_path, file, text, place):
    with pytest.raises(StoreError) as refused:
        write(tmp_path, **{file: text})

    assert str(refused.value).startswith(f"{file.replace('__', '.')}: cannot be loaded: ")
    assert place in str(refused.value)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(StoreError, match=r"^gone\.nt: cannot be loaded: "):
        write_store(tmp_path / "store", [tmp_path / "gone.nt"])


def test_triples_go_to_the_default_graph_and_quads_to_their_own(store):
    engine = store.oxigraph

    assert {quad.graph_name for quad in engine.quads_for_pattern(None, None, ox.Literal("Myo6"))} == {
        ox.DefaultGraph()
    }
    assert {graph.value for graph in engine.named_graphs()} == {graph_iri("mp"), graph_iri("release")}


# ---------------------------------------------------------------- asking


def test_the_default_graph_is_the_union_of_all(store):
    assert labels(store.query(LABELS)) == ["Cib2", "Myo6", "decreased body weight"]


def test_a_named_graph_can_be_asked_alone(store):
    inside = "SELECT ?label WHERE { GRAPH ?g { ?thing rdfs:label ?label } }"

    assert labels(store.query(inside)) == ["decreased body weight"]


def test_graphs_that_are_given_take_the_place_of_the_union(store):
    inside = "SELECT ?label WHERE { GRAPH ?g { ?thing rdfs:label ?label } }"

    assert labels(store.query(LABELS, default_graphs=[graph_iri("mp")])) == ["decreased body weight"]
    assert labels(store.query(LABELS, default_graphs=[graph_iri("release")])) == []
    assert labels(store.query(inside, named_graphs=[graph_iri("mp")])) == ["decreased body weight"]
    assert labels(store.query(LABELS, named_graphs=[graph_iri("mp")])) == []


def test_a_query_that_names_its_graphs_is_asked_of_those(store):
    text = f"SELECT ?label FROM <{graph_iri('mp')}> WHERE {{ ?thing rdfs:label ?label }}"

    assert labels(store.query(text)) == ["decreased body weight"]


def test_each_form_of_query_gives_its_own_kind_of_answer(store):
    assert isinstance(store.query(LABELS), ox.QuerySolutions)
    assert bool(store.query('ASK { ?gene rdfs:label "Myo6" }')) is True
    assert bool(store.query('ASK { ?gene rdfs:label "Nobody" }')) is False
    assert (
        len(
            list(store.query("CONSTRUCT { ?thing skos:prefLabel ?label } WHERE { ?thing rdfs:label ?label }"))
        )
        == 3
    )


def test_our_prefixes_need_no_declaration(store):
    assert labels(store.query("SELECT ?label WHERE { MP:0001262 rdfs:label ?label }")) == [
        "decreased body weight"
    ]


def test_a_value_is_bound_and_never_pasted(store):
    # given
    text = "SELECT ?thing ?label WHERE { ?thing rdfs:label ?label }"

    # when
    by_label = list(store.query(text, {"label": ox.Literal("Myo6")}))
    by_thing = list(store.query(text, {"thing": ox.NamedNode("https://identifiers.org/MGI:2")}))
    by_attack = list(store.query(text, {"label": ox.Literal('x" } UNION { ?thing rdfs:label ?label } #')}))

    # then
    assert [row["thing"].value for row in by_label] == ["https://identifiers.org/MGI:1"]
    assert labels(by_thing) == ["Cib2"]
    assert by_attack == []


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        # The engine says where it stopped reading, which may be behind the mistake.
        ("SELECT ?x WHERE { ?x ?y }", 1, 26),
        ("SELECT ?x\nWHERE {\n  ?x rdfs:label\n}", 4, 1),
        ("SELEKT", 1, 7),
    ],
)
def test_a_query_that_is_no_sparql_is_told_the_place(store, text, line, column):
    with pytest.raises(SparqlSyntaxError) as refused:
        store.query(text)

    assert (refused.value.line, refused.value.column) == (line, column)
    assert str(refused.value).startswith("the query is not SPARQL: ")
    assert f"line {line}, column {column}" in str(refused.value)


def test_an_unknown_prefix_is_no_sparql(store):
    with pytest.raises(SparqlSyntaxError, match=r"the query is not SPARQL: .*nobody"):
        store.query("SELECT ?x WHERE { ?x nobody:thing ?y }")


def test_a_value_for_a_variable_that_is_not_selected_is_refused(store):
    with pytest.raises(QueryError, match="the query cannot be asked: "):
        store.query("SELECT ?label WHERE { ?thing rdfs:label ?label }", {"thing": ox.Literal("a")})


# ---------------------------------------------------------------- the release


def test_a_store_says_what_release_it_holds(store):
    release = store.release()

    assert (release.iri, release.name, release.title, release.date, release.simulated) == (
        "https://w3id.org/impckg/release/r1",
        "r1",
        "Release 1",
        "2026-03-16",
        True,
    )


def test_a_store_without_a_release_says_nothing(tmp_path):
    assert open_store(write(tmp_path, genes__nt=GENES)).release() is None


def test_graphs_are_named_below_the_base():
    assert graph_iri("mp", "http://example.org/kg/") == "http://example.org/kg/graph/mp"
