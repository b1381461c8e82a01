"""The OpenAPI document by itself: that it is one, and that it is made from what the service is made from.

Whether the service does what it says is tried in test_openapi.py.
"""

import json
import re

import jsonschema
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from impckg.graph.results import FORMATS, Form, formats_for
from impckg.graph.store import Release
from impckg.queries.catalog import bind, questions
from impckg.service.api import listing, read_call
from impckg.service.errors import STATUS, problem
from impckg.service.openapi import openapi_document
from impckg.service.settings import Settings

RELEASE = Release("https://w3id.org/impckg/release/x", "x-1", "A release", "2026-03-01", simulated=True)


@pytest.fixture(scope="module")
def document():
    return openapi_document(Settings(), RELEASE, "https://kg.example.org/")


def operations(document):
    return [operation for item in document["paths"].values() for operation in item.values()]


def test_the_document_is_valid(document):
    assert list(OpenAPIV31SpecValidator(document).iter_errors()) == []


def test_a_document_with_a_mistake_would_not_be_valid(document):
    broken = json.loads(json.dumps(document))
    broken["paths"]["/sparql"]["get"]["parameters"][0]["in"] = "nowhere"

    assert list(OpenAPIV31SpecValidator(broken).iter_errors())


def test_the_document_is_json_and_says_where_the_service_is(document):
    assert json.loads(json.dumps(document)) == document
    assert document["servers"] == [{"url": "https://kg.example.org"}]
    assert (document["info"]["version"], document["info"]["title"]) == ("x-1", "A release")
    assert "The data are simulated" in document["info"]["description"]


def test_every_address_of_the_service_is_in_it(document):
    expected = {
        *(
            "/sparql",
            "/graphs",
            "/queries/{id}",
            "/questions/{name}",
            "/api/queries",
            "/openapi.json",
            "/query",
        ),
        *("/query/{hash}", "/.well-known/void", "/health", "/ready", "/metrics", "/vocabulary", "/shapes"),
        *("/id/{rest}", "/describe", "/schema", "/complete"),
    }

    assert expected - document["paths"].keys() == set()


def test_every_question_is_in_it_with_its_parameters(document):
    for question in questions():
        operation = document["paths"][f"/api/queries/{question.name}"]["get"]
        taken = {parameter["name"]: parameter for parameter in operation["parameters"]}

        assert operation["summary"] == question.question
        assert [taken[p.name]["required"] for p in question.parameters] == [
            p.required for p in question.parameters
        ]


@pytest.mark.parametrize("question", questions(), ids=lambda question: question.name)
def test_the_example_of_every_parameter_fits_its_schema_and_the_catalogue(document, question):
    operation = document["paths"][f"/api/queries/{question.name}"]["get"]
    own = [parameter for parameter in operation["parameters"] if parameter["name"] in question.example]

    for parameter in own:
        jsonschema.validate(parameter["example"], parameter["schema"])
    assert (
        bind(question, {parameter["name"]: parameter["example"] for parameter in own}).keys()
        == question.example.keys()
    )


@pytest.mark.parametrize("question", questions(), ids=lambda question: question.name)
def test_what_fits_the_schema_of_a_parameter_is_taken(document, question):
    operation = document["paths"][f"/api/queries/{question.name}"]["get"]
    schemas = {parameter["name"]: parameter["schema"] for parameter in operation["parameters"]}

    for parameter in question.parameters:
        for value in schemas[parameter.name].get("enum", [parameter.example]):
            values = dict(question.example) | {parameter.name: value}
            assert read_call(question.name, list(values.items())).question == question


def test_every_format_that_can_be_asked_for_is_in_it(document):
    parameters = {p["name"]: p for p in document["paths"]["/sparql"]["get"]["parameters"]}
    answered = document["paths"]["/sparql"]["get"]["responses"]["200"]["content"]
    of_question = document["paths"]["/api/queries/genes_of_phenotype"]["get"]["responses"]["200"]["content"]

    assert set(parameters["format"]["schema"]["enum"]) == {f.name for f in FORMATS} | {"html", ""}
    assert {media_type for f in FORMATS for media_type in f.media_types} <= set(answered)
    assert set(of_question) == {
        media_type for f in formats_for(Form.SOLUTIONS) for media_type in f.media_types
    }


def test_every_status_that_an_error_can_have_is_described(document):
    responses = document["components"]["responses"]

    assert {str(int(status)) for status in STATUS.values()} <= responses.keys()
    assert all(response["description"] for response in responses.values())
    assert "A query could harm the service." in responses["403"]["description"]


def test_an_error_is_as_the_document_describes_it(document):
    schema = document["components"]["schemas"]["Problem"]

    for status in set(STATUS.values()):
        told = problem(status, "what is wrong")
        jsonschema.validate(told, schema)
        assert told.keys() <= schema["properties"].keys()


def test_the_limits_are_those_of_the_settings():
    told = openapi_document(Settings(query_bytes=12_345))["info"]["description"]

    assert "how long a query may be, in bytes: 12,345" in told


def test_operations_have_names_of_their_own_and_known_tags(document):
    names = [operation["operationId"] for operation in operations(document)]
    tags = {tag["name"] for tag in document["tags"]}

    assert len(names) == len(set(names))
    assert {tag for operation in operations(document) for tag in operation["tags"]} == tags


def test_every_reference_leads_somewhere(document):
    for kind, name in set(re.findall(r'"#/components/(\w+)/([\w-]+)"', json.dumps(document))):
        assert name in document["components"][kind]


def test_the_list_of_questions_is_as_the_document_describes_it(document):
    jsonschema.validate(listing(questions()), document["components"]["schemas"]["Queries"])
