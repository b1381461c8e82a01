"""Writes all that is made from the schema: `python -m impckg.graph.generate FOLDER`, or `make schema`.

A test fails where a file is out of date.
"""

import sys
from pathlib import Path

from impckg.graph.reference import reference_page, table_schemas
from impckg.graph.schema import Schema, schema
from impckg.graph.shapes import shapes_turtle
from impckg.graph.vocabulary import vocabulary_turtle


def generated_files(schema: Schema) -> dict[str, str]:
    """The text of each file that is made from the schema, by its path in the project."""
    return {
        "graph/generated/vocabulary.ttl": vocabulary_turtle(schema),
        "graph/generated/shapes.ttl": shapes_turtle(schema),
        "graph/generated/tables.json": table_schemas(schema),
        "docs/schema.md": reference_page(schema),
    }


def main() -> None:
    """Write the files below the folder given on the command line."""
    for name, text in generated_files(schema()).items():
        path = Path(sys.argv[1]) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
