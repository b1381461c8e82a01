"""A running service with the demo graph in it, for clients of other makers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ..service.conftest import start_service

RELEASE = "https://w3id.org/impckg/release/simulated-1"
KG = "https://w3id.org/impckg/ontology#"
LABEL = "http://www.w3.org/2000/01/rdf-schema#label"


@pytest.fixture(scope="session")
def endpoint(demo: Path) -> Iterator[str]:
    """The address of the SPARQL endpoint."""
    with start_service(demo) as address:
        yield f"{address}/sparql"
