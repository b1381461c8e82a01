"""Short permanent links to queries: what they lead to, and what the open internet cannot do with them."""

import re
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impckg.graph.errors import StoreError
from impckg.queries.catalog import questions
from impckg.service.errors import NotFound, QueryTooLong, ReadOnly, RequestError, status_of
from impckg.service.links import Links, LinksFull, address_of, hash_of, normal

QUERY = "SELECT * WHERE { ?s ?p ?o } LIMIT 10"


@pytest.fixture
def links(tmp_path: Path) -> Links:
    return Links(tmp_path / "links", query_bytes=1_000)


def test_a_link_leads_to_the_query_that_it_was_made_for(links):
    assert links.find(links.make(QUERY)) == QUERY


def test_a_link_is_short_and_can_be_read_over_a_telephone(links):
    assert re.fullmatch(r"/query/[a-z2-7]{20}", address_of(links.make(QUERY)))


def test_the_same_query_has_the_same_link_wherever_it_is_made(links, tmp_path):
    elsewhere = Links(tmp_path / "elsewhere", query_bytes=1_000)

    assert links.make(QUERY) == elsewhere.make(QUERY) == hash_of(QUERY)


def test_a_link_outlives_the_service(links, tmp_path):
    name = links.make(QUERY)

    assert Links(tmp_path / "links", query_bytes=1_000).find(name) == QUERY


def test_a_query_from_a_form_has_the_link_of_the_query_that_was_typed(links):
    typed = "SELECT ?s\nWHERE {\n  ?s ?p ?o\n}"

    assert links.make(typed.replace("\n", "\r\n") + "\r\n") == links.make(typed)


def test_a_carriage_return_in_a_string_stays():
    query = 'SELECT * {\r\n ?s ?p """a\r\nb""" }'

    assert normal(query) == query


@pytest.mark.parametrize("folder", [None, "links"])
def test_the_link_of_every_question_works_without_being_made(tmp_path, folder):
    links = Links(folder and tmp_path / folder, query_bytes=100_000)

    for question in questions():
        assert links.find(hash_of(normal(question.text))) == question.text.strip()
        assert links.make(question.text) == hash_of(normal(question.text))
    assert list(tmp_path.rglob("*.rq")) == []


def test_without_a_folder_no_links_are_made():
    links = Links(None, query_bytes=1_000)

    with pytest.raises(ReadOnly, match="keeps no links") as error:
        links.make(QUERY)
    assert status_of(error.value) == 403
    with pytest.raises(NotFound, match="keeps only those of its catalogue"):
        links.find(hash_of(QUERY))


@pytest.mark.parametrize(
    "name",
    [
        "",
        "abc",
        "a" * 19,
        "a" * 21,
        "A" * 20,
        "1" * 20,
        "../../../etc/passwd",
        "a" * 19 + "/",
        "a" * 20 + "\n",
        "é" * 20,
    ],
)
def test_what_is_no_hash_is_not_looked_up(links, name):
    with pytest.raises(NotFound, match="is not the hash of a query"):
        links.find(name)


def test_a_hash_that_nobody_made_is_not_found(links):
    with pytest.raises(NotFound, match="its link was not made here") as error:
        links.find("a" * 20)
    assert status_of(error.value) == 404


def test_a_query_that_is_too_long_is_refused(links):
    with pytest.raises(QueryTooLong, match="1,012 bytes; this service takes up to 1,000") as error:
        links.make("é" * 506)
    assert status_of(error.value) == 413


@pytest.mark.parametrize("text", ["", "  \r\n ", "ASK { ?s ?p '\ud800' }"])
def test_what_is_no_query_is_refused(links, text):
    with pytest.raises(RequestError) as error:
        links.make(text)
    assert status_of(error.value) == 400


def test_a_full_folder_takes_no_new_links_and_keeps_the_old(tmp_path):
    links = Links(tmp_path, query_bytes=1_000, most_links=3)
    names = [links.make(f"ASK {{ ?s ?p {number} }}") for number in range(3)]

    with pytest.raises(LinksFull, match="3 of 3") as error:
        links.make("ASK { ?s ?p 4 }")

    assert status_of(error.value) == 503
    assert links.make("ASK { ?s ?p 0 }") == names[0], "it is there already"
    assert all(links.find(name) for name in names)


def test_the_bytes_of_all_links_are_limited_too(tmp_path):
    links = Links(tmp_path, query_bytes=1_000, most_bytes=2_500)
    for number in range(2):
        links.make(str(number) * 1_000)

    with pytest.raises(LinksFull, match="2,000 of 2,500 bytes"):
        links.make("x" * 600)
    links.make("y" * 500)


def test_a_service_that_starts_again_counts_what_is_there(tmp_path):
    Links(tmp_path, query_bytes=1_000).make(QUERY)

    with pytest.raises(LinksFull):
        Links(tmp_path, query_bytes=1_000, most_links=1).make("ASK {}")


def test_many_who_make_links_at_once_do_not_go_beyond_the_limit(tmp_path):
    links = Links(tmp_path, query_bytes=1_000, most_links=20)
    refused = []

    def make(client):
        for number in range(10):
            try:
                links.make(f"ASK {{ ?s ?p {client * 5 + number} }}")
            except LinksFull:
                refused.append(number)

    threads = [threading.Thread(target=make, args=(client,)) for client in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(list(tmp_path.glob("*.rq"))) == 20
    assert refused


def test_what_a_crash_left_half_written_is_removed_and_not_counted(tmp_path):
    (tmp_path / ".unfinished-x").write_text("ASK")
    (tmp_path / "notes.txt").write_text("an operator's own file")

    Links(tmp_path, query_bytes=1_000, most_links=1).make(QUERY)

    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([f"{hash_of(QUERY)}.rq", "notes.txt"])


def test_a_damaged_file_is_not_passed_off_as_the_query(links, tmp_path):
    name = links.make(QUERY)
    (tmp_path / "links" / f"{name}.rq").write_text("DROP ALL")

    with pytest.raises(StoreError, match="damaged"):
        links.find(name)


def test_a_folder_that_cannot_be_made_is_told_at_the_start(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(StoreError, match="cannot hold links"):
        Links(tmp_path / "file" / "links", query_bytes=1_000)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200))
def test_any_text_comes_back_as_it_is_but_for_what_a_form_adds(tmp_path_factory, text):
    if not text.strip():
        return
    links = Links(tmp_path_factory.mktemp("links"), query_bytes=1_000)

    assert links.find(links.make(text)) == normal(text)
    assert normal(normal(text)) == normal(text)
