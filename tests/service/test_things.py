"""IRIs that can be looked up: what each address stands for, and what is told of it."""

import json
from pathlib import Path

import pyoxigraph as ox
import pytest
from flask import render_template

from impckg.graph.errors import KgError
from impckg.graph.identifiers import BASE, mint
from impckg.graph.results import rows
from impckg.graph.store import GraphStore, open_store
from impckg.queries.catalog import question
from impckg.queries.remote import with_values
from impckg.service.app import create_app
from impckg.service.errors import NotFound, RequestError, status_of
from impckg.service.settings import Settings
from impckg.service.things import (
    DESCRIPTION_QUERY,
    KINDS_QUERY,
    MOST_INCOMING,
    MOST_VALUES,
    Page,
    Thing,
    address_here,
    bindings_of,
    check_iri,
    dataset_json_ld,
    description_address,
    iri_of_path,
    is_vocabulary,
    json_for_script,
    read_page,
    read_thing,
    see_other,
)

RELEASE = f"{BASE}release/simulated-1"
GENE = "https://identifiers.org/MGI:95489"


@pytest.fixture(scope="module")
def demo_store(demo: Path) -> GraphStore:
    return open_store(demo)


def look_up(store: GraphStore, thing: str) -> Thing:
    return read_thing(thing, store.query(KINDS_QUERY, bindings_of(thing)))


def described(store: GraphStore, thing: str) -> Page:
    return read_page(look_up(store, thing), store.query(DESCRIPTION_QUERY, bindings_of(thing)))


def an_iri(store: GraphStore, kind: str) -> str:
    found = store.query(f"SELECT ?thing WHERE {{ ?thing a kg:{kind} }} ORDER BY ?thing LIMIT 1")
    return next(iter(found))["thing"].value


# ---------------------------------------------------------------- from an address to an IRI


def test_every_iri_of_ours_comes_back_from_its_address(demo_store):
    found = demo_store.query(
        f"SELECT DISTINCT ?thing WHERE {{ {{ ?thing ?p ?o }} UNION {{ ?s ?p ?thing }} "
        f"FILTER(ISIRI(?thing) && STRSTARTS(STR(?thing), '{BASE}')) }}"
    )
    ours = [row["thing"].value for row in found]
    addresses = {thing: address_here(thing) for thing in ours}

    below_id = {thing: address for thing, address in addresses.items() if address.startswith("/id/")}

    assert len(ours) > 10_000
    assert {thing for thing in ours if thing not in below_id} == {thing for thing in ours if "#" in thing}
    assert [t for t, address in below_id.items() if iri_of_path(address.removeprefix("/id/")) != t] == []


@pytest.mark.parametrize(
    "sent", ["centre/MRC%20Harwell", "centre/MRC%20%48arwell", "centre/MRC Harwell", "%63entre/MRC%20Harwell"]
)
def test_clients_may_escape_more_or_less_than_we_do(sent):
    assert iri_of_path(sent) == f"{BASE}centre/MRC%20Harwell"


def test_letters_beyond_ascii_are_read_as_utf_8():
    assert iri_of_path("line/Bj%C3%B6rk") == f"{BASE}{mint('line', 'Björk').partition(':')[2]}"


@pytest.mark.parametrize(
    "sent",
    [
        "/",
        "line/",
        "line//x",
        "%FF",
        "line/%C3",
        "a%3Cb",
        "<script>/x",
        "line/%EF%BF%BE",
        "x" * 3000,
        "é%zz/\ud800",
    ],
)
def test_an_address_that_cannot_be_ours_is_of_nothing(sent):
    with pytest.raises(KgError):
        iri_of_path(sent)


def test_a_path_cannot_leave_the_base():
    assert iri_of_path("line/%2e%2e%2f..%2fetc").startswith(f"{BASE}line/")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "TCP",
        "/centre/TCP",
        "http://a b",
        "http://a/<b>",
        "urn:x\n",
        "http://[a",
        "urn:" + "x" * 3000,
        "urn:\ud800",
    ],
)
def test_what_is_no_iri_is_refused(text):
    with pytest.raises(RequestError, match="is not an absolute IRI; such as"):
        check_iri(text)


# ---------------------------------------------------------------- what is a document


def test_a_mouse_line_is_not_a_document_so_its_address_leads_elsewhere(demo_store):
    line = look_up(demo_store, an_iri(demo_store, "Line"))

    assert see_other(line, page=False) == description_address(line.iri)
    assert see_other(line, page=True) == description_address(line.iri)


def test_the_address_of_the_base_is_that_of_the_data_as_such():
    assert iri_of_path("") == BASE


@pytest.mark.parametrize("kind", ["Release", "SourceFile"])
def test_a_release_and_its_files_are_documents(demo_store, kind):
    assert see_other(look_up(demo_store, an_iri(demo_store, kind)), page=False) is None


@pytest.mark.parametrize(
    "kind", ["Result", "Call", "Centre", "Procedure", "Parameter", "Mapping", "Viability"]
)
def test_other_kinds_are_not_documents(demo_store, kind):
    assert not look_up(demo_store, an_iri(demo_store, kind)).is_document


def test_a_named_graph_leads_to_its_statements_and_a_browser_to_its_description(demo_store):
    graph = look_up(demo_store, f"{BASE}graph/hierarchy")

    assert graph.is_graph
    assert see_other(graph, page=False) == "/graphs?graph=https%3A%2F%2Fw3id.org%2Fimpckg%2Fgraph%2Fhierarchy"
    assert see_other(graph, page=True) == description_address(graph.iri)


def test_the_vocabulary_is_told_by_its_iri():
    assert is_vocabulary(iri_of_path("ontology"))
    assert not is_vocabulary(iri_of_path("ontology/x"))


@pytest.mark.parametrize("thing", [f"{BASE}line/NOBODY", "https://example.org/", "javascript:alert(1)"])
def test_an_iri_that_the_graph_does_not_know_is_not_found(demo_store, thing):
    with pytest.raises(NotFound, match="the graph does not know") as error:
        look_up(demo_store, thing)

    assert status_of(error.value) == 404


def test_what_is_only_mentioned_is_known():
    a, b, mentioned = (ox.NamedNode(f"urn:{name}") for name in ("a", "b", "mentioned"))
    store = ox.Store()
    store.add(ox.Quad(a, b, mentioned))

    found = store.query(KINDS_QUERY, substitutions={ox.Variable("thing"): mentioned})

    assert read_thing("urn:mentioned", found) == Thing("urn:mentioned", frozenset())


# ---------------------------------------------------------------- what is told


def test_a_description_has_all_that_is_said_of_a_thing(demo_store):
    line = an_iri(demo_store, "Line")

    triples = set(demo_store.query(DESCRIPTION_QUERY, bindings_of(line)))

    said = demo_store.query("CONSTRUCT { ?thing ?p ?o } WHERE { ?thing ?p ?o }", bindings_of(line))
    assert set(said) <= triples


def test_a_description_has_a_limited_number_of_statements_that_point_to_the_thing(demo_store):
    root = "http://purl.obolibrary.org/obo/MP_0000001"

    triples = list(demo_store.query(DESCRIPTION_QUERY, bindings_of(root)))

    assert sum(
        triple.object == ox.NamedNode(root) and triple.subject != ox.NamedNode(root) for triple in triples
    ) in (
        MOST_INCOMING,
        MOST_INCOMING - 1,  # MP:0000001 kg:isA itself
    )


@pytest.mark.parametrize("kind", ["Line", "Release", "Result", "Gene", "Disease"])
def test_a_description_is_the_same_where_the_iri_stands_in_the_text(demo_store, kind):
    bindings = bindings_of(an_iri(demo_store, kind))

    bound = set(demo_store.query(DESCRIPTION_QUERY, bindings))

    assert set(demo_store.query(with_values(DESCRIPTION_QUERY, bindings))) == bound
    assert set(rows(demo_store.query(with_values(KINDS_QUERY, bindings)))) == set(
        rows(demo_store.query(KINDS_QUERY, bindings))
    )


def test_the_page_of_a_gene_links_ours_here_and_others_to_their_homes(demo_store):
    page = described(demo_store, GENE)
    shown = {one.name: one for one in page.outgoing}

    assert (page.label, page.curie, page.home) == ("Fbn1", "MGI:95489", GENE)
    assert "kg:Gene" in page.kinds
    ortholog = shown["ortholog"].values[0]
    assert (ortholog.label, ortholog.home) == ("FBN1", "https://identifiers.org/hgnc:3603")
    assert ortholog.here == description_address("https://identifiers.org/hgnc:3603")
    lines = {one.name: one for one in page.incoming}["gene"]
    assert all(value.home is None for value in lines.values)
    assert any(value.here.startswith("/id/") for value in lines.values)


def test_a_page_shows_so_many_values_of_a_property_and_counts_the_rest():
    thing = Thing("urn:a", frozenset())
    triples = [
        ox.Triple(ox.NamedNode("urn:a"), ox.NamedNode("urn:p"), ox.Literal(f"{n:03}")) for n in range(120)
    ]

    (one,) = read_page(thing, triples).outgoing

    assert (len(one.values), one.more) == (MOST_VALUES, 120 - MOST_VALUES)
    assert one.values[0].text == "000"


def test_a_page_of_something_much_pointed_to_offers_a_query_for_all_of_it(demo_store):
    query = described(demo_store, "http://purl.obolibrary.org/obo/MP_0000001").query

    assert query is not None
    assert len(list(demo_store.query(query))) > MOST_INCOMING


def test_a_page_offers_every_format_of_a_description(demo_store):
    downloads = dict(described(demo_store, RELEASE).downloads)

    assert list(downloads) == ["Turtle", "N-Triples", "JSON-LD", "RDF/XML"]
    assert downloads["Turtle"] == description_address(RELEASE, "ttl")


def test_a_page_runs_nothing_that_the_graph_holds(demo: Path):
    thing = Thing("urn:a", frozenset())
    hostile = [
        ox.Triple(ox.NamedNode("urn:a"), ox.NamedNode("urn:p"), ox.NamedNode("javascript:alert(1)")),
        ox.Triple(ox.NamedNode("urn:a"), ox.NamedNode("urn:q"), ox.Literal("<script>alert(2)</script>")),
        ox.Triple(
            ox.NamedNode("urn:a"),
            ox.NamedNode("http://www.w3.org/2000/01/rdf-schema#label"),
            ox.Literal("<b onclick='alert(3)'>"),
        ),
    ]
    app = create_app(Settings(store=demo))

    with app.test_request_context("/describe"):
        html = render_template("thing.html", page=read_page(thing, hostile))

    assert "<script>alert" not in html
    assert "<b onclick" not in html
    assert 'href="javascript:' not in html
    assert "&lt;script&gt;alert(2)" in html


@pytest.mark.parametrize("kind", ["Line", "Release", "Result", "Gene", "Disease", "SourceFile"])
def test_every_kind_has_a_page(demo_store, demo: Path, kind):
    page = described(demo_store, an_iri(demo_store, kind))
    app = create_app(Settings(store=demo))

    with app.test_request_context("/describe"):
        html = render_template("thing.html", page=page)

    assert page.label.replace("<", "&lt;").replace(">", "&gt;") in html
    assert "What points to it" in html


# ---------------------------------------------------------------- for search engines


def sources(store: GraphStore) -> list[dict[str, str]]:
    found = store.query(question("sources_of_release").text)
    names = [variable.value for variable in found.variables]
    return [
        {name: term.value for name, term in zip(names, row, strict=True) if term is not None} for row in found
    ]


def test_the_release_is_a_dataset_with_what_bioschemas_asks_for(demo_store):
    release = demo_store.release()
    assert release is not None

    told = dataset_json_ld(release, sources(demo_store), "https://kg.example.org")

    minimum = (
        "@context",
        "@type",
        "dct:conformsTo",
        "description",
        "identifier",
        "keywords",
        "license",
        "name",
        "url",
    )
    assert [key for key in minimum if not told.get(key)] == []
    assert 50 <= len(told["description"]) <= 5000  # what Google's dataset search reads
    assert "simulated" in told["description"]
    assert len(told["isBasedOn"]) == len(sources(demo_store))
    assert all(licence.startswith("https://") for licence in told["license"])


def test_the_dataset_reads_as_rdf(demo_store):
    release = demo_store.release()
    assert release is not None
    told = dataset_json_ld(release, sources(demo_store), "https://kg.example.org", statements=380_223)

    triples = list(ox.parse(json.dumps(told).encode(), format=ox.RdfFormat.JSON_LD))

    about = {quad.predicate.value for quad in triples if quad.subject == ox.NamedNode(release.iri)}
    assert {
        "https://schema.org/license",
        "https://schema.org/isBasedOn",
        "http://purl.org/dc/terms/conformsTo",
    } <= about


def test_nothing_in_the_dataset_can_end_its_script_element():
    written = json_for_script({"name": "</script><script>alert(1)</script>", "x": "<!-- & -->"})

    assert "<" not in written
    assert json.loads(written)["name"] == "</script><script>alert(1)</script>"
