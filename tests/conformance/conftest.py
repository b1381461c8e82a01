"""A service with updates on, as a process of its own, for all tests of the protocols."""

import os
from collections.abc import Iterator

import pytest

from .w3c.client import Addresses, Client
from .w3c.service import running

# Three addresses, of queries, updates and graphs: another service to hold against these tests.
OTHER_SERVICE = "IMPCKG_CONFORMANCE_SERVICE"
ANYTHING = "ASK { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }"


@pytest.fixture(scope="session")
def addresses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Addresses]:
    """Where the service answers: one that is started for the tests, or the one that the environment names."""
    other = os.environ.get(OTHER_SERVICE)
    if other:
        yield Addresses(*other.split())
        return
    with running(tmp_path_factory.mktemp("service")) as service:
        yield service.addresses


@pytest.fixture
def client(addresses: Addresses) -> Iterator[Client]:
    """A client of the service, which holds nothing yet."""
    client = Client(addresses)
    try:
        # To change a store takes longer than to ask it, and most tests change nothing.
        if b"false" not in client.query(ANYTHING).body:
            emptied = client.update("DROP ALL")
            assert emptied.status // 100 == 2, emptied
        yield client
    finally:
        client.close()
