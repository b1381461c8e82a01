"""The reference page of the schema, and the schema of the tables, from the one declaration."""

import json

from impckg.graph.identifiers import converter
from impckg.graph.schema import Column, Enumeration, Kind, Schema

_INTRODUCTION = """\
# Reference: what the graph says

Made from `graph/schema.yaml` by `make schema`; change it there. Every kind is a class `kg:<Kind>` and a table
`tables/<kind>.parquet`; every column of a table is a property of the class. `kg:` is
`https://w3id.org/impckg/ontology#`. In tables things are CURIEs and values of an enumeration are their keys; in the graph
they are IRIs.
"""


def reference_page(schema: Schema) -> str:
    """The page as Markdown: kinds, inferred properties, enumerations."""
    lines = [_INTRODUCTION, "## Kinds", ""]
    for kind in schema.kinds.values():
        lines += _kind(kind)
    lines += ["## Inferred properties", "", "Made by the build from the tables; in graphs of their own.", ""]
    lines += ["| property | from | to | meaning |", "| --- | --- | --- | --- |"]
    lines += [
        f"| `{_curie(column.iri)}` | {column.domain or 'any term'} | {column.range} | {column.definition} |"
        for column in schema.columns.values()
        if column.inferred
    ]
    lines += ["", "## Enumerations", ""]
    for enumeration in schema.enumerations.values():
        lines += _enumeration(enumeration)
    return "\n".join(lines).rstrip() + "\n"


def table_schemas(schema: Schema) -> str:
    """For each table its columns with type and whether they may be empty, as JSON."""
    tables = {
        kind.table: {
            column.name: {
                "type": f"list of {_type(column)}" if column.many else _type(column),
                "required": column.required or column is kind.identifier,
                **({"unit": column.unit} if column.unit else {}),
                **({"pattern": column.pattern} if column.pattern else {}),
                **(
                    {"values": [value.key for value in column.enumeration.values]}
                    if column.enumeration
                    else {}
                ),
            }
            for column in kind.columns
        }
        for kind in schema.kinds.values()
    }
    return json.dumps(tables, indent=1) + "\n"


def _kind(kind: Kind) -> list[str]:
    where = "the default graph; each row names its source" if kind.bulk else "the graph of its source"
    lines = [f"### {kind.name}", "", kind.definition, ""]
    lines += [f"Table `{kind.table}`; statements in {where}.{_mappings(kind.mappings)}", ""]
    lines += ["| column | property | values | meaning |", "| --- | --- | --- | --- |"]
    for column in kind.columns:
        name = f"**{column.name}**" if column.required or column is kind.identifier else column.name
        property_ = f"`{_curie(column.iri)}`" if column.iri else "the thing itself"
        values = (
            ("many " if column.many else "") + _type(column) + (f", {column.unit}" if column.unit else "")
        )
        lines.append(f"| {name} | {property_} | {values} | {column.definition}{_mappings(column.mappings)} |")
    return [*lines, ""]


def _enumeration(enumeration: Enumeration) -> list[str]:
    lines = [f"### {enumeration.name}", "", enumeration.definition, ""]
    lines += ["| key | in the graph | meaning |", "| --- | --- | --- |"]
    lines += [
        f"| {value.key} | `kg:{value.key}` | {value.definition}{_mappings(value.mappings)} |"
        for value in enumeration.values
    ]
    return [*lines, ""]


def _mappings(mappings: tuple[tuple[str, str], ...]) -> str:
    if not mappings:
        return ""
    return (
        " (" + ", ".join(f"{predicate.removesuffix('Match')} {curie}" for predicate, curie in mappings) + ")"
    )


def _type(column: Column) -> str:
    return "CURIE" if column.range == "curie" else column.range


def _curie(iri: str) -> str:
    return converter().compress(iri, strict=True)
