"""The schema at run time: `graph/schema.yaml` (LinkML) read into kinds and columns.

A kind is a class of the graph and a table; a column of the table is a property of the class. Loaders, triples, shapes,
vocabulary and reference page all work from what is read here, so a property is declared once.
"""

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import polars as pl
import yaml

from impckg.graph.errors import SchemaError
from impckg.graph.identifiers import iri

SCHEMA_FILE = "schema.yaml"

_LITERALS: dict[str, Any] = {
    "string": pl.String,
    "integer": pl.Int64,
    "double": pl.Float64,
    "boolean": pl.Boolean,
    "date": pl.Date,
    "uri": pl.String,
}
_MAPPING_KEYS = ("exact_mappings", "close_mappings", "broad_mappings", "narrow_mappings", "related_mappings")


@dataclass(frozen=True)
class Value:
    """One of the values that an enumeration permits: its key in tables, its words, what it means."""

    key: str
    iri: str
    title: str
    definition: str
    mappings: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Enumeration:
    """A closed list of values. In tables a value is its key, in the graph the IRI ``kg:<key>``."""

    name: str
    iri: str
    definition: str
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Column:
    """A column of a table and a property of the graph.

    range: string, integer, double, boolean, date, uri, curie, the name of a kind, or the name of an enumeration.
    prefixes, pattern: which CURIEs a column of identifiers admits; None admits all that we know.
    unit: a UCUM code.
    mappings: (SKOS property name, CURIE) pairs.
    """

    name: str
    iri: str
    range: str
    many: bool
    required: bool
    definition: str
    pattern: str | None = None
    unit: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    enumeration: Enumeration | None = None
    inferred: bool = False
    domain: str | None = None
    mappings: tuple[tuple[str, str], ...] = ()

    @property
    def is_identifier(self) -> bool:
        """Whether its values are CURIEs of other things."""
        return self.enumeration is None and self.range not in _LITERALS

    @property
    def dtype(self) -> pl.DataType:
        """The Polars type of the column."""
        inner = _LITERALS.get(self.range, pl.String)
        return pl.List(inner) if self.many else inner()


@dataclass(frozen=True)
class Kind:
    """A class of the graph and the table that holds its instances.

    table: the name of its table, also the first part of IRIs that we mint for it.
    bulk: whether its rows go to the default graph and name their source themselves.
    also_types: further classes of each instance, as CURIEs.
    """

    name: str
    iri: str
    table: str
    definition: str
    columns: tuple[Column, ...]
    bulk: bool
    also_types: tuple[str, ...]
    mappings: tuple[tuple[str, str], ...]

    @property
    def identifier(self) -> Column:
        """The column that names each instance."""
        return self.columns[0]

    @property
    def dtypes(self) -> dict[str, pl.DataType]:
        """Name and Polars type of each column, in order."""
        return {column.name: column.dtype for column in self.columns}

    def column(self, name: str) -> Column:
        """The column of that name. Raises SchemaError where there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise SchemaError(f"kind {self.name} has no column {name!r}; it has {', '.join(self.dtypes)}")


@dataclass(frozen=True)
class Datatype:
    """A kind of literal that the vocabulary has of its own."""

    name: str
    iri: str
    definition: str


@dataclass(frozen=True)
class Schema:
    """All kinds, properties, enumerations and datatypes of the graph; checksum is that of its text."""

    iri: str
    version: str
    title: str
    checksum: str
    kinds: dict[str, Kind]
    columns: dict[str, Column]
    enumerations: dict[str, Enumeration]
    datatypes: tuple[Datatype, ...]

    def kind(self, name: str) -> Kind:
        """The kind of that name. Raises SchemaError where there is none."""
        try:
            return self.kinds[name]
        except KeyError:
            raise SchemaError(f"there is no kind {name!r}; there are {', '.join(self.kinds)}") from None


@cache
def schema() -> Schema:
    """The schema that this version of impckg was made with."""
    text = resources.files("impckg.graph").joinpath(SCHEMA_FILE).read_text(encoding="utf-8")
    return parse_schema(text)


def kind(name: str) -> Kind:
    """The kind of that name in `schema()`."""
    return schema().kind(name)


def parse_schema(text: str) -> Schema:
    """A schema from LinkML YAML.

    Reads the part of LinkML that `schema.yaml` uses; a test with `linkml-lint` keeps it LinkML.
    Raises SchemaError where a class names a slot, or a slot a range, that is not declared.
    """
    declared = yaml.safe_load(text)
    enumerations = {name: _enumeration(name, body) for name, body in declared["enums"].items()}
    classes = declared["classes"]
    columns = {name: _column(name, body, enumerations, classes) for name, body in declared["slots"].items()}
    kinds = {
        name: _kind(name, body, declared["slots"], enumerations, classes) for name, body in classes.items()
    }
    return Schema(
        iri=declared["id"],
        version=str(declared["version"]),
        title=declared["title"],
        checksum=hashlib.sha256(text.encode()).hexdigest(),
        kinds=kinds,
        columns=columns,
        enumerations=enumerations,
        datatypes=tuple(
            Datatype(name, iri(body["uri"]), " ".join(body["description"].split()))
            for name, body in declared.get("types", {}).items()
        ),
    )


def snake_case(name: str) -> str:
    """The name of a kind as a table is called.

    >>> snake_case("HumanGene")
    'human_gene'
    """
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def _kind(
    name: str,
    body: dict[str, Any],
    slots: dict[str, Any],
    enumerations: dict[str, Enumeration],
    classes: dict[str, Any],
) -> Kind:
    usage = body.get("slot_usage", {})
    columns = []
    for slot in body["slots"]:
        if slot not in slots:
            raise SchemaError(f"{SCHEMA_FILE}: class {name}: slot {slot!r} is not declared under slots")
        columns.append(_column(slot, slots[slot] | usage.get(slot, {}), enumerations, classes))
    annotations = body.get("annotations", {})
    also = annotations.get("also_type")
    return Kind(
        name=name,
        iri=iri(f"kg:{name}"),
        table=snake_case(name),
        definition=" ".join(body["description"].split()),
        columns=tuple(columns),
        bulk=bool(annotations.get("bulk", False)),
        also_types=(also,) if also else (),
        mappings=_mappings(body),
    )


def _column(
    name: str, body: dict[str, Any], enumerations: dict[str, Enumeration], classes: dict[str, Any]
) -> Column:
    range_ = body.get("range", "string")
    if range_ == "uriorcurie":
        range_ = "curie"
    if range_ not in _LITERALS and range_ != "curie" and range_ not in enumerations and range_ not in classes:
        raise SchemaError(
            f"{SCHEMA_FILE}: slot {name}: range {range_!r} is neither a type, a class nor an enum"
        )
    return Column(
        name=name,
        iri=iri(body["slot_uri"]) if "slot_uri" in body else "",
        range=range_,
        many=bool(body.get("multivalued", False)),
        required=bool(body.get("required", False)),
        definition=" ".join(body["description"].split()),
        pattern=body.get("pattern"),
        unit=body.get("unit", {}).get("ucum_code"),
        minimum=body.get("minimum_value"),
        maximum=body.get("maximum_value"),
        enumeration=enumerations.get(range_),
        inferred=bool(body.get("annotations", {}).get("inferred", False)),
        domain=body.get("domain"),
        mappings=_mappings(body),
    )


def _enumeration(name: str, body: dict[str, Any]) -> Enumeration:
    values = tuple(
        Value(
            key=key,
            iri=iri(f"kg:{key}"),
            title=value.get("title", key),
            definition=value["description"],
            mappings=_mappings(value) + ((("exactMatch", value["meaning"]),) if "meaning" in value else ()),
        )
        for key, value in body["permissible_values"].items()
    )
    return Enumeration(name, iri(f"kg:{name}"), " ".join(body["description"].split()), values)


def _mappings(body: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple((key.split("_")[0] + "Match", curie) for key in _MAPPING_KEYS for curie in body.get(key, ()))
