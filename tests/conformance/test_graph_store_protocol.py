"""The SPARQL 1.1 Graph Store HTTP Protocol, clause by clause: https://www.w3.org/TR/sparql11-http-rdf-update/."""

from urllib.parse import quote, urljoin

import pyoxigraph as ox
import pytest

from .w3c.client import N_TRIPLES, TURTLE, Answer, Client
from .w3c.results import GRAPH_FORMATS, Likeness, compare, read_result

GRAPH = "https://example.org/kg/graph/lines"

# Blank nodes, since a graph comes back with others.
BEFORE = """
@prefix kg: <https://example.org/kg/> .
kg:JR18518 a kg:Line ; kg:allele [ a kg:Allele ; kg:symbol "Cib2<tm1b>" ] .
"""
AFTER = """
@prefix kg: <https://example.org/kg/> .
kg:JR18518 a kg:Line ; kg:allele [ a kg:Allele ; kg:symbol "Cib2<em1>" ] ; kg:zygosity "homozygote"@en .
"""
MORE = '@prefix kg: <https://example.org/kg/> .\nkg:JR18518 kg:centre "JAX" .'


def direct(client: Client, path: str) -> str:
    """The address of a graph that is named by it."""
    return f"{client.addresses.graphs}/{path}"


def put(client: Client, address: str, turtle: str) -> Answer:
    return client.send("PUT", address, {"Content-Type": TURTLE}, turtle.encode(), authorised=True)


def post(client: Client, address: str, turtle: str) -> Answer:
    return client.send("POST", address, {"Content-Type": TURTLE}, turtle.encode(), authorised=True)


def get(client: Client, address: str, accept: str = TURTLE) -> Answer:
    return client.send("GET", address, {"Accept": accept})


def holds(answer: Answer, *documents: str) -> bool:
    """Whether an answer is the graph that documents hold together."""
    assert answer.status == 200, answer
    graph = ox.Dataset()
    for document in documents:
        for quad in ox.parse(document.encode(), format=ox.RdfFormat.TURTLE):
            graph.add(quad)
    return compare(read_result(answer.body, answer.media_type), graph) is Likeness.SAME


# ---------------------------------------------------------------- graphs by their own addresses


def test_a_graph_is_created_at_its_address_and_then_replaced(client):
    """https://www.w3.org/TR/sparql11-http-rdf-update/#direct-graph-identification"""
    address = direct(client, "lines/JR18518.ttl")

    created = put(client, address, BEFORE)
    first = get(client, address)
    replaced = put(client, address, AFTER)
    second = get(client, address)

    assert created.status == 201
    assert replaced.status in (200, 204)
    assert (first.media_type, second.media_type) == (TURTLE, TURTLE)
    assert holds(first, BEFORE)
    assert holds(second, AFTER)


def test_the_address_of_a_graph_is_its_name(client):
    """https://www.w3.org/TR/sparql11-http-rdf-update/#direct-graph-identification"""
    address = direct(client, "lines/JR18518.ttl")

    put(client, address, BEFORE)

    assert holds(client.get_graph(address, TURTLE), BEFORE)
    answer = client.query(f"ASK {{ GRAPH <{address}> {{ ?line ?p ?o }} }}")
    assert read_result(answer.body, answer.media_type) is True


def test_a_graph_that_was_deleted_at_its_address_is_gone(client):
    """https://www.w3.org/TR/sparql11-http-rdf-update/#http-delete"""
    address = direct(client, "lines/JR18518.ttl")
    put(client, address, BEFORE)

    deleted = client.send("DELETE", address, authorised=True)

    assert deleted.status in (200, 204)
    assert get(client, address).status == 404
    assert client.send("DELETE", address, authorised=True).status == 404


def test_statements_are_added_to_the_graph_of_an_address(client):
    """https://www.w3.org/TR/sparql11-http-rdf-update/#http-post"""
    address = direct(client, "lines/JR18518.ttl")

    created = post(client, address, BEFORE)
    added = post(client, address, MORE)

    assert created.status // 100 == 2
    assert added.status in (200, 204)
    assert holds(get(client, address), BEFORE, MORE)


def test_the_head_of_an_address_is_that_of_its_graph_without_the_graph(client):
    """https://www.w3.org/TR/sparql11-http-rdf-update/#http-head"""
    address = direct(client, "lines/JR18518.ttl")
    put(client, address, BEFORE)

    there = client.send("HEAD", address, {"Accept": TURTLE})
    absent = client.send("HEAD", direct(client, "lines/none.ttl"), {"Accept": TURTLE})

    assert (there.status, there.media_type, there.body) == (200, TURTLE, b"")
    assert absent.status == 404


# ---------------------------------------------------------------- graphs by their names


def test_a_named_graph_is_created_and_then_replaced(client):
    """https://www.w3.org/TR/sparql11-http-rdf-update/#http-put"""
    created = client.put_graph(GRAPH, BEFORE.encode(), TURTLE)
    first = client.get_graph(GRAPH, TURTLE)
    replaced = client.put_graph(GRAPH, AFTER.encode(), TURTLE)
    second = client.get_graph(GRAPH, TURTLE)

    assert created.status == 201
    assert replaced.status in (200, 204)
    assert holds(first, BEFORE)
    assert holds(second, AFTER)


def test_the_default_graph_is_replaced_and_read(client):
    """https://www.w3.org/TR/sparql11-http-rdf-update/#indirect-graph-identification"""
    put_first = client.put_graph(None, BEFORE.encode(), TURTLE)
    put_again = client.put_graph(None, AFTER.encode(), TURTLE)

    assert {put_first.status, put_again.status} <= {200, 201, 204}
    assert holds(client.get_graph(None, TURTLE), AFTER)
    assert client.get_graph(GRAPH, TURTLE).status == 404


def test_a_named_graph_that_was_deleted_is_gone(client):
    """https://www.w3.org/TR/sparql11-http-rdf-update/#http-delete"""
    client.put_graph(GRAPH, BEFORE.encode(), TURTLE)

    deleted = client.delete_graph(GRAPH)

    assert deleted.status in (200, 204)
    assert client.get_graph(GRAPH, TURTLE).status == 404
    assert client.delete_graph(GRAPH).status == 404


def test_statements_are_added_to_a_named_graph(client):
    """https://www.w3.org/TR/sparql11-http-rdf-update/#http-post"""
    created = post(client, client.graph_address(GRAPH), BEFORE)
    added = post(client, client.graph_address(GRAPH), MORE)

    assert created.status // 100 == 2
    assert added.status in (200, 204)
    assert holds(client.get_graph(GRAPH, TURTLE), BEFORE, MORE)


def test_documents_of_a_form_are_added_to_a_named_graph(client):
    """https://www.w3.org/TR/sparql11-http-rdf-update/#http-post"""
    client.put_graph(GRAPH, BEFORE.encode(), TURTLE)
    zygosity = '@prefix kg: <https://example.org/kg/> .\nkg:JR18518 kg:zygosity "homozygote" .'
    body = form_of_files(
        [("centre.ttl", TURTLE, MORE), ("zygosity.ttl", TURTLE, zygosity)], "----line-of-dashes"
    )
    headers = {"Content-Type": "multipart/form-data; boundary=----line-of-dashes"}

    added = client.send("POST", client.graph_address(GRAPH), headers, body, authorised=True)

    assert added.status in (200, 204)
    assert holds(client.get_graph(GRAPH, TURTLE), BEFORE, MORE, zygosity)


def form_of_files(files: list[tuple[str, str, str]], boundary: str) -> bytes:
    """What a browser sends for a form with files: name, media type and text of each."""
    parts = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        f"Content-Type: {media_type}\r\n\r\n{text}\r\n"
        for name, media_type, text in files
    )
    return ("".join(parts) + f"--{boundary}--\r\n").encode()


def test_statements_posted_to_the_store_become_a_new_graph_that_it_names(client):
    """https://www.w3.org/TR/sparql11-http-rdf-update/#http-post"""
    first = post(client, client.addresses.graphs, BEFORE)
    second = post(client, client.addresses.graphs, AFTER)

    assert (first.status, second.status) == (201, 201)
    names = [urljoin(client.addresses.graphs, answer.headers["location"]) for answer in (first, second)]
    assert len({client.addresses.graphs, *names}) == 3
    assert holds(client.get_graph(names[0], TURTLE), BEFORE)
    assert holds(get(client, names[1]), AFTER)


def test_the_head_of_a_named_graph_is_that_of_its_content_without_the_content(client):
    """https://www.w3.org/TR/sparql11-http-rdf-update/#http-head"""
    client.put_graph(GRAPH, BEFORE.encode(), TURTLE)

    there = client.send("HEAD", client.graph_address(GRAPH), {"Accept": TURTLE})
    absent = client.send("HEAD", client.graph_address(f"{GRAPH}/none"), {"Accept": TURTLE})

    assert (there.status, there.media_type, there.body) == (200, TURTLE, b"")
    assert absent.status == 404


def test_a_name_is_the_same_however_it_is_escaped(client):
    """https://www.w3.org/TR/sparql11-http-rdf-update/#indirect-graph-identification"""
    put(client, f"{client.addresses.graphs}?graph={quote(GRAPH, safe='')}", BEFORE)

    bare = get(client, f"{client.addresses.graphs}?graph={GRAPH}")
    escaped = get(client, f"{client.addresses.graphs}?graph={GRAPH.replace('lines', '%6Cines')}")

    assert holds(bare, BEFORE)
    assert holds(escaped, BEFORE)


def test_a_name_is_unescaped_once_and_not_twice(client):
    """https://www.w3.org/TR/sparql11-http-rdf-update/#indirect-graph-identification"""
    escaped = GRAPH.replace("lines", "%6Cines")

    plain = client.put_graph(GRAPH, BEFORE.encode(), TURTLE)
    other = client.put_graph(escaped, AFTER.encode(), TURTLE)

    assert (plain.status, other.status) == (201, 201)
    assert holds(client.get_graph(GRAPH, TURTLE), BEFORE)
    assert holds(client.get_graph(escaped, TURTLE), AFTER)


# ---------------------------------------------------------------- formats and refusals


@pytest.mark.parametrize("media_type", GRAPH_FORMATS.keys() - {"application/n-quads"})
def test_a_graph_is_taken_and_given_in_every_format(client, media_type):
    """https://www.w3.org/TR/sparql11-http-rdf-update/#graph-management"""
    triples = (quad.triple for quad in ox.parse(BEFORE.encode(), format=ox.RdfFormat.TURTLE))

    stored = client.put_graph(GRAPH, ox.serialize(triples, format=GRAPH_FORMATS[media_type]), media_type)
    answer = client.get_graph(GRAPH, media_type)

    assert stored.status == 201
    assert answer.media_type == media_type
    assert holds(answer, BEFORE)


def test_a_graph_is_given_as_rdf_to_those_who_do_not_say_in_what_format(client):
    """https://www.w3.org/TR/sparql11-http-rdf-update/#graph-management"""
    client.put_graph(GRAPH, BEFORE.encode(), TURTLE)

    answer = client.send("GET", client.graph_address(GRAPH))

    assert answer.media_type in (TURTLE, N_TRIPLES, "application/rdf+xml")
    assert holds(answer, BEFORE)


def test_a_payload_that_does_not_parse_is_refused_and_changes_nothing(client):
    """https://www.w3.org/TR/sparql11-http-rdf-update/#status-codes"""
    client.put_graph(GRAPH, BEFORE.encode(), TURTLE)

    broken = f"{MORE}\n<a:a> <a:b>"
    answers = [
        client.put_graph(GRAPH, broken.encode(), TURTLE),
        post(client, client.graph_address(GRAPH), broken),
    ]

    assert [answer.status for answer in answers] == [400, 400]
    assert holds(client.get_graph(GRAPH, TURTLE), BEFORE)


def test_a_payload_of_an_unknown_media_type_is_refused(client):
    """https://www.w3.org/TR/sparql11-http-rdf-update/#status-codes"""
    answer = client.put_graph(GRAPH, b"%PDF-1.7", "application/pdf")

    assert answer.status == 415
    assert client.get_graph(GRAPH, TURTLE).status == 404


def test_a_method_that_the_protocol_does_not_have_is_refused(client):
    """https://www.w3.org/TR/sparql11-http-rdf-update/#status-codes"""
    answer = client.send("LOCK", client.graph_address(GRAPH), authorised=True)

    assert answer.status == 405
    assert "PUT" in answer.headers["allow"]


def test_a_format_that_does_not_exist_is_not_acceptable(client):
    """https://www.w3.org/TR/sparql11-http-rdf-update/#http-get"""
    client.put_graph(GRAPH, BEFORE.encode(), TURTLE)

    answer = client.get_graph(GRAPH, "application/pdf")

    assert answer.status == 406
