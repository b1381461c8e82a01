"""The vocabulary and the shapes as documents in every format."""

import pyoxigraph as ox
import pytest

from impckg.graph.results import Form, formats_for
from impckg.graph.schema import schema
from impckg.graph.shapes import shapes_turtle
from impckg.graph.vocabulary import vocabulary_turtle
from impckg.service.documents import DOCUMENTS, document, write_document

TURTLE = {"vocabulary": vocabulary_turtle, "shapes": shapes_turtle}


@pytest.mark.parametrize("name", DOCUMENTS)
@pytest.mark.parametrize("format_", formats_for(Form.TRIPLES), ids=lambda format_: format_.name)
def test_a_document_says_the_same_in_every_format(name: str, format_) -> None:
    written = write_document(document(name), format_)

    expected = {quad.triple for quad in ox.parse(TURTLE[name](schema()), format=ox.RdfFormat.TURTLE)}
    found = {
        quad.triple for quad in ox.parse(written, format=ox.RdfFormat.from_media_type(format_.media_type))
    }
    assert found == expected
