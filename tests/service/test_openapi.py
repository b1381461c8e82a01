"""The OpenAPI document is true: what it allows is answered as it says, and what it forbids is refused.

schemathesis makes requests from the document, right ones and wrong ones, and compares each reply with what the document
says of it: status, media type, headers, body.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import negative_data_rejection

from impckg.service.openapi import openapi_document
from impckg.service.settings import Settings

from .conftest import start_service

EXAMPLES = 10
CHECKS = {
    "checks": {
        # A schema cannot say what is SPARQL: what is a string may still be refused.
        "positive_data_acceptance": {"enabled": False},
        # A change without a token is 401 where changes are allowed. Here they are off, and 403 says so.
        "missing_required_header": {"enabled": False},
        # 503 says that a limit was reached.
        "not_a_server_error": {"expected-statuses": ["2xx", "3xx", "4xx", "503"]},
    }
}
TAKES_WRONG_VALUES = {
    "POST /sparql": "a query may come with what only updates need; that is ignored like any parameter that nobody knows",
    "GET /id/{rest}": "where 303 shows the way to the document, the format is a matter of the document",
}

# Made here and not asked for, so that each operation is a test of its own; another test compares the two.
schema = schemathesis.openapi.from_dict(
    openapi_document(Settings()), config=SchemathesisConfig.from_dict(CHECKS)
)


@schemathesis.serializer("application/n-triples", "application/sparql-query", "application/sparql-update")
def _as_text(_: schemathesis.SerializationContext, body: object) -> bytes:
    """Any text, for the media types that schemathesis does not know."""
    return str(body).encode()


@pytest.fixture(scope="module")
def address(store_path: Path) -> Iterator[str]:
    with start_service(store_path, "--workers", "2") as running:
        yield running


def test_the_document_that_is_served_is_the_one_that_is_tried(address):
    served = requests.get(f"{address}/openapi.json", timeout=30).json()
    tried = openapi_document(Settings())

    assert served["paths"].keys() == tried["paths"].keys()
    assert served["components"] == tried["components"]


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_replies_are_as_the_document_says(case, address):
    lenient = case.operation.label in TAKES_WRONG_VALUES

    case.call_and_validate(base_url=address, excluded_checks=[negative_data_rejection] if lenient else [])
