"""The Graph Store Protocol: what a request is about, and what it is answered, each with the clause that says so.

Clauses are those of https://www.w3.org/TR/sparql11-http-rdf-update/
"""

from http import HTTPStatus
from pathlib import Path

import pyoxigraph as ox
import pytest

from impckg.graph.updates import UNNAMED_GRAPH
from impckg.graph.writable import RDF_MEDIA_TYPES, RdfSyntaxError, WritableStore
from impckg.service.errors import NotFound, RequestError, UnsupportedMediaType, status_of
from impckg.service.graph_store import (
    METHODS,
    Target,
    answer_of,
    change_of,
    existence_of,
    read_graph_request,
    reading_of,
)
from impckg.service.pool.writer import Outcome

ADDRESS = "http://example.org/graphs"
TURTLE = "text/turtle; charset=utf-8"
NAMED = "graph=http%3A%2F%2Fexample.org%2Fa"


def request(method, address):
    path, _, query = address.partition("?")
    return read_graph_request(method, f"/graphs{path}", query.encode(), ADDRESS)


class Service:
    """What the door does, without HTTP: one store, read and changed as requests say."""

    def __init__(self):
        self.store = ox.Store()
        self.writable = WritableStore(Path("memory"), self.store)

    def get(self, address, method="GET"):
        asked = request(method, address)
        existence = existence_of(asked)
        if existence is not None and not list(self._query(existence)):
            return HTTPStatus.NOT_FOUND, None
        return HTTPStatus.OK, sorted(map(str, self._query(reading_of(asked))))

    def send(self, method, address, body="", content_type=TURTLE):
        asked = request(method, address)
        change = change_of(asked, content_type, body.encode())
        outcome = None
        if change is not None:
            outcome = Outcome(Path("snapshot"))
            if change.kind == "delete":
                outcome = Outcome(Path("snapshot"), existed=self.writable.delete(change.graph))
            else:
                write = self.writable.put if change.kind == "put" else self.writable.post
                outcome = Outcome(Path("snapshot"), created=write(change.graph, change.documents))
        try:
            return answer_of(asked, outcome)
        except NotFound as error:
            return status_of(error), None

    def _query(self, reading):
        graphs = [
            ox.DefaultGraph() if name == UNNAMED_GRAPH else ox.NamedNode(name)
            for name in reading.default_graphs
        ]
        return self.store.query(
            reading.text,
            default_graph=graphs or None,
            named_graphs=[] if graphs else None,
            use_default_graph_as_union=not graphs,
            substitutions={ox.Variable(name): term for name, term in reading.bindings.items()},
        )


@pytest.fixture
def service():
    return Service()


def says(*objects, subject="http://example.org/a"):
    return sorted(f"<{subject}> <http://example.org/b> {value}" for value in objects)


# ---------------------------------------------------------------- which graph


@pytest.mark.parametrize(
    ("address", "target", "graph"),
    [
        ("?default", Target.UNNAMED, None),
        ("?default=", Target.UNNAMED, None),
        ("?format=ttl&default&x=1", Target.UNNAMED, None),
        ("?graph=http%3A%2F%2Fexample.org%2Fa", Target.NAMED, "http://example.org/a"),
        ("?graph=http://example.org/a", Target.NAMED, "http://example.org/a"),
        ("?graph=urn:x", Target.NAMED, "urn:x"),
        ("?graph=http://example.org/%C3%A9%23b", Target.NAMED, "http://example.org/é#b"),
        ("/person/1.ttl", Target.NAMED, f"{ADDRESS}/person/1.ttl"),
        ("/person/1.ttl?format=ttl", Target.NAMED, f"{ADDRESS}/person/1.ttl"),
        ("/%C3%A9", Target.NAMED, f"{ADDRESS}/%C3%A9"),
    ],
)
@pytest.mark.parametrize("method", METHODS)
def test_a_request_names_a_graph(method, address, target, graph):
    # 4.1 and 4.2
    asked = request(method, address)

    assert (asked.method, asked.target, asked.graph) == (method, target, graph)
    assert asked.base_iri == (graph or ADDRESS)


def test_percent_encoding_is_undone_once():
    # 4.2: the parameter is percent-decoded; what is encoded in the IRI itself stays so
    assert request("GET", "?graph=http://example.org/%31").graph == "http://example.org/1"
    assert request("GET", "?graph=http://example.org/%2531").graph == "http://example.org/%31"


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("?graph=relative", "'relative' cannot name a graph: "),
        ("?graph=", "'' cannot name a graph: "),
        ("?graph=/a/b", "'/a/b' cannot name a graph: "),
        ("?graph=http://a%20b", "'http://a b' cannot name a graph: "),
        ("?graph=http://a%3E", "'http://a>' cannot name a graph: "),
        ("?graph=http://a%00", "cannot name a graph: "),
        ("?graph=http://a%FF", "the request has byte 0xFF at position 8; expected UTF-8"),
        ("?graph=urn:a&graph=urn:b", "the request names more than one graph"),
        ("?graph=urn:a&default", "the request names more than one graph"),
        ("/a?graph=urn:a", "the request names more than one graph"),
        ("/a?default", "the request names more than one graph"),
        ("/a|b", "cannot name a graph: "),
        ("/../sparql", "cannot name a graph: it has steps"),
        ("/a/./b", "cannot name a graph: it has steps"),
    ],
)
@pytest.mark.parametrize("method", METHODS)
def test_what_names_no_graph_or_several_is_a_bad_request(method, address, message):
    # 4.2
    with pytest.raises(RequestError) as refused:
        request(method, address)

    assert message in str(refused.value)
    assert status_of(refused.value) == HTTPStatus.BAD_REQUEST


@pytest.mark.parametrize("address", ["", "/", "?format=ttl"])
def test_the_store_itself_only_makes_new_graphs(address):
    # 5.5: a new graph, whose IRI differs from that of the request
    first, second = request("POST", address), request("POST", address)

    assert first.target is Target.NEW
    assert first.graph.startswith(f"{ADDRESS}/")
    assert first.graph != second.graph
    assert request("GET", first.graph.removeprefix(ADDRESS)).graph == first.graph
    for method in ("GET", "HEAD", "PUT", "DELETE"):
        with pytest.raises(RequestError, match="the request names no graph"):
            request(method, address)


# ---------------------------------------------------------------- what happens


@pytest.mark.parametrize("address", [f"?{NAMED}", "/person/1"])
def test_a_graph_is_made_replaced_read_and_deleted(service, address):
    # 5.2, 5.3, 5.4
    assert service.get(address)[0] == HTTPStatus.NOT_FOUND
    assert service.send("PUT", address, "<http://example.org/a> <http://example.org/b> 1 , 2 .") == (
        201,
        None,
    )
    assert service.send("PUT", address, "<http://example.org/a> <http://example.org/b> 'x' .") == (204, None)
    assert service.get(address) == (HTTPStatus.OK, says('"x"'))
    assert service.get(address, "HEAD")[0] == HTTPStatus.OK
    assert service.send("DELETE", address) == (204, None)
    assert service.send("DELETE", address) == (404, None)
    assert service.get(address)[0] == HTTPStatus.NOT_FOUND
    assert service.get(address, "HEAD")[0] == HTTPStatus.NOT_FOUND


def test_the_graph_without_a_name_always_exists(service):
    # 5.2, 5.3, 5.4
    assert service.get("?default") == (HTTPStatus.OK, [])
    assert service.send("PUT", "?default", "<http://example.org/a> <http://example.org/b> 'x' .") == (
        204,
        None,
    )
    service.send("PUT", f"?{NAMED}", "<http://example.org/a> <http://example.org/b> 'y' .")

    # also where queries see the union
    assert service.get("?default") == (HTTPStatus.OK, says('"x"'))
    assert service.send("DELETE", "?default") == (204, None)
    assert service.get("?default") == (HTTPStatus.OK, [])
    assert service.get(f"?{NAMED}") == (HTTPStatus.OK, says('"y"'))


def test_what_is_posted_is_merged(service):
    # 5.5
    statement = "[] <http://example.org/b> 'x' ."
    assert service.send("POST", f"?{NAMED}", statement) == (201, None)
    assert service.send("POST", f"?{NAMED}", statement) == (204, None)
    assert service.send("POST", "?default", statement) == (204, None)
    assert len(service.get(f"?{NAMED}")[1]) == 2


def test_a_new_graph_is_found_where_location_says(service):
    # 5.5
    status, location = service.send("POST", "", "<> <http://example.org/b> 'x' .")

    assert status == HTTPStatus.CREATED
    assert service.get(f"?graph={location}") == (HTTPStatus.OK, says('"x"', subject=location))
    assert service.get(location.removeprefix(ADDRESS)) == service.get(f"?graph={location}")


@pytest.mark.parametrize("address", ["", "?default", f"?{NAMED}", "/person/1"])
def test_posting_nothing_makes_nothing(service, address):
    # 5.5, its last paragraph but one
    assert service.send("POST", address, "") == (204, None)
    assert list(service.store.named_graphs()) == []


def test_a_graph_without_statements_can_be_put(service):
    # 5.3, on stores that can hold empty graphs
    assert service.send("PUT", f"?{NAMED}", "") == (201, None)
    assert service.get(f"?{NAMED}") == (HTTPStatus.OK, [])


@pytest.mark.parametrize(
    ("address", "subject"),
    [
        (f"?{NAMED}", "http://example.org/c"),
        ("?default", f"{ADDRESS[:-6]}c"),
        ("/person/1", f"{ADDRESS}/person/c"),
    ],
)
def test_relative_iris_are_relative_to_the_graph(service, address, subject):
    service.send("PUT", address, "<c> <http://example.org/b> 'x' .")

    assert service.get(address)[1] == says('"x"', subject=subject)


# ---------------------------------------------------------------- formats


@pytest.mark.parametrize("media_type", RDF_MEDIA_TYPES)
def test_every_format_is_read_whatever_its_case_and_charset(media_type):
    change = change_of(request("PUT", "?default"), f"{media_type.upper()}; charset=UTF-8", b"x")

    assert [document.media_type for document in change.documents] == [media_type]


@pytest.mark.parametrize(
    "content_type",
    [
        "text/html",
        "application/trig",
        "application/n-quads",
        "text/plain",
        "nonsense",
        "text/turtle; charset=utf-16",
        "*/*",
    ],
)
@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_other_formats_are_unsupported_media_types(method, content_type):
    # 5.1
    with pytest.raises(UnsupportedMediaType, match=r"^the graph: .*; expected"):
        change_of(request(method, "?default"), content_type, b"x")


def test_what_has_no_type_is_read_as_rdf_xml(service):
    # 5, its second paragraph
    document = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://example.org/">
    <rdf:Description rdf:about="http://example.org/a"><e:b>x</e:b></rdf:Description></rdf:RDF>"""

    assert service.send("PUT", "?default", document, None) == (204, None)
    assert service.get("?default")[1] == says('"x"')


def test_what_is_no_rdf_is_a_bad_request_and_changes_nothing(service):
    # 5.1
    with pytest.raises(RdfSyntaxError) as refused:
        service.send("PUT", f"?{NAMED}", "<http://example.org/a> 1 .")

    assert status_of(refused.value) == HTTPStatus.BAD_REQUEST
    assert service.get(f"?{NAMED}")[0] == HTTPStatus.NOT_FOUND


# ---------------------------------------------------------------- forms


def form(*parts):
    return "".join(f"--limit\r\n{head}\r\n\r\n{content}\r\n" for head, content in parts) + "--limit--\r\n"


FORM = "multipart/form-data; boundary=limit"
FILE = 'Content-Disposition: form-data; name="file"; filename="{}"'


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_all_documents_of_a_form_are_merged(service, method):
    # 5.5
    body = form(
        (
            f"{FILE.format('a.ttl')}\r\nContent-Type: {TURTLE}",
            "<http://example.org/a> <http://example.org/b> 'x' .",
        ),
        (FILE.format("b.nt"), '<http://example.org/a> <http://example.org/b> "y" .'),
        (f"{FILE.format('c.TTL')}\r\nContent-Type: application/octet-stream", "<a> <b> 'z'."),
        ('Content-Disposition: form-data; name="button"', "Send"),
        ('Content-Disposition: form-data; name="text"\r\nContent-Type: text/turtle', "<a> <b> 'text'."),
    )

    assert service.send(method, f"?{NAMED}", body, FORM) == (201, None)
    assert service.get(f"?{NAMED}") == (HTTPStatus.OK, says('"x"', '"y"', '"z"', '"text"'))


@pytest.mark.parametrize(
    ("body", "content_type", "kind", "message"),
    [
        (form((FILE.format("a"), "x")), FORM, RequestError, "a: nothing says in which format it is"),
        (
            form((f"{FILE.format('a.trig')}\r\nContent-Type: application/trig", "x")),
            FORM,
            UnsupportedMediaType,
            "a.trig: 'application/trig' is no format",
        ),
        (form((FILE.format("a.ttl"), "x")), "multipart/form-data", RequestError, "the form has no boundary"),
        (form((FILE.format("a.ttl"), "x"))[:-10], FORM, RequestError, "the form "),
        ("no form at all", FORM, RequestError, "the form "),
        (form(*[(FILE.format("a.ttl"), "x")] * 101), FORM, RequestError, "the form has more than 100 parts"),
    ],
)
def test_a_form_that_cannot_be_read_is_refused(body, content_type, kind, message):
    with pytest.raises(kind) as refused:
        change_of(request("POST", "?default"), content_type, body.encode())

    assert type(refused.value) is kind
    assert str(refused.value).startswith(message)


def test_a_mistake_in_one_document_of_a_form_is_found_by_its_name(service):
    body = form((FILE.format("a.ttl"), "<a> <b> 1 ."), (FILE.format("b.ttl"), "<a> <b>\n<c>"))

    with pytest.raises(RdfSyntaxError, match=r"^b\.ttl: line 2, column \d: not Turtle: "):
        service.send("POST", "?default", body, FORM)

    assert service.get("?default")[1] == []
