"""What the service says of itself: https://www.w3.org/TR/sparql11-service-description/."""

import pyoxigraph as ox
import pytest

from .w3c.client import TURTLE, Client
from .w3c.description import SD, endpoints, faults
from .w3c.results import GRAPH_FORMATS, read_result


def description(client: Client, accept: str = TURTLE) -> ox.Dataset:
    """The description that a service gives to those who ask nothing."""
    address = client.addresses.query
    answer = client.send("GET", address, {"Accept": accept})
    assert answer.status == 200, answer
    assert answer.media_type == accept
    graph = read_result(answer.body, answer.media_type, address)
    assert isinstance(graph, ox.Dataset)
    return graph


@pytest.mark.parametrize("media_type", GRAPH_FORMATS.keys() - {"application/n-quads"})
def test_a_service_that_is_asked_nothing_describes_itself_in_rdf(client, media_type):
    """https://www.w3.org/TR/sparql11-service-description/#accessing"""
    graph = description(client, media_type)

    assert len(graph) > 0


def test_a_description_names_the_address_at_which_it_was_found(client):
    """https://www.w3.org/TR/sparql11-service-description/#sd-endpoint"""
    graph = description(client)

    assert client.addresses.query in endpoints(graph)


def test_a_description_keeps_to_the_vocabulary(client):
    """https://www.w3.org/TR/sparql11-service-description/#vocab"""
    graph = description(client)

    assert faults(graph) == []


@pytest.mark.parametrize(
    ("turtle", "fault"),
    [
        ("<a:s> sd:endpoint <a:e> .", "nothing is a sd:Service"),
        ("<a:s> a sd:Service .", "<a:s> has no sd:endpoint"),
        ("<a:s> a sd:Service ; sd:endpoint <a:e> ; sd:url <a:e> .", "there is no property sd:url"),
        (
            "<a:s> a sd:Service ; sd:endpoint <a:e> ; sd:feature sd:Unions .",
            f"there is no sd:Unions that {SD}feature could point at",
        ),
        (
            '<a:s> a sd:Service ; sd:endpoint "a:e" .',
            'sd:endpoint points at a literal, "a:e"',
        ),
        (
            "<a:s> a sd:Service ; sd:endpoint <a:e> ; sd:defaultDataset <a:d> . <a:d> a sd:Graph .",
            "sd:defaultDataset points at a sd:Dataset, which <a:d> is not",
        ),
        (
            "<a:s> a sd:Service ; sd:endpoint <a:e> ; sd:defaultDataset <a:d> . "
            "<a:d> a sd:Dataset ; sd:namedGraph <a:g> .",
            "a named graph has one sd:name; <a:g> has 0",
        ),
    ],
)
def test_what_the_vocabulary_does_not_allow_is_found(turtle, fault):
    graph = ox.Dataset(ox.parse(f"@prefix sd: <{SD}> . {turtle}".encode(), format=ox.RdfFormat.TURTLE))

    assert fault in faults(graph)
