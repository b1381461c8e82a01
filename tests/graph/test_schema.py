"""The schema read at run time, and what it says when it cannot be."""

import re

import polars as pl
import pytest
import yaml

from impckg.graph.errors import KgError, SchemaError
from impckg.graph.identifiers import OWN_PREFIX, iri
from impckg.graph.schema import kind, parse_schema, schema, snake_case

SMALL = """
id: https://example.org/schema
version: 1.0
title: Small
classes:
  Mouse:
    description: >-
      An animal
      with whiskers.
    annotations: {bulk: true, also_type: "owl:Class"}
    exact_mappings: ["biolink:IndividualOrganism"]
    slots: [id, weight, parents, colour]
    slot_usage:
      id: {pattern: "^MGI:\\\\d+$"}
      weight: {required: true}
slots:
  id: {description: Name., identifier: true, required: true, range: uriorcurie}
  weight: {description: Weight., range: double, minimum_value: 0, maximum_value: 100, unit: {ucum_code: g},
           slot_uri: "kg:weight"}
  parents: {description: Parents., range: Mouse, multivalued: true, slot_uri: "kg:parent"}
  colour: {description: Colour., range: Colour, slot_uri: "kg:colour", exact_mappings: ["kg:color"]}
enums:
  Colour:
    description: A colour.
    permissible_values:
      light_grey: {title: light grey, description: Grey., meaning: "PATO:0000950", close_mappings: ["kg:grey"]}
      E9.5: {description: No colour.}
"""


def changed(change):
    """The small schema with one thing changed."""
    declared = yaml.safe_load(SMALL)
    change(declared)
    return yaml.safe_dump(declared)


def test_a_class_becomes_a_kind_with_its_slots_as_columns():
    mouse = parse_schema(SMALL).kind("Mouse")

    assert mouse.iri == iri("kg:Mouse")
    assert mouse.table == "mouse"
    assert mouse.definition == "An animal with whiskers."
    assert mouse.bulk
    assert mouse.also_types == ("owl:Class",)
    assert mouse.mappings == (("exactMatch", "biolink:IndividualOrganism"),)
    assert mouse.identifier.name == "id"
    assert mouse.dtypes == {
        "id": pl.String(),
        "weight": pl.Float64(),
        "parents": pl.List(pl.String),
        "colour": pl.String(),
    }


def test_slot_usage_changes_a_column_of_one_class_only():
    small = parse_schema(SMALL)

    assert small.kind("Mouse").column("weight").required
    assert not small.columns["weight"].required
    assert small.kind("Mouse").column("id").pattern == r"^MGI:\d+$"
    assert small.columns["id"].pattern is None


def test_a_column_knows_its_range_unit_and_bounds():
    mouse = parse_schema(SMALL).kind("Mouse")
    weight, parents, colour = (mouse.column(name) for name in ("weight", "parents", "colour"))

    assert (weight.range, weight.unit, weight.minimum, weight.maximum) == ("double", "g", 0, 100)
    assert (parents.range, parents.many, parents.is_identifier) == ("Mouse", True, True)
    assert (colour.is_identifier, colour.mappings) == (False, (("exactMatch", "kg:color"),))
    assert mouse.identifier.range == "curie"
    assert weight.is_identifier is False


def test_a_permissible_value_has_a_title_and_what_it_means():
    colour = parse_schema(SMALL).enumerations["Colour"]
    grey, none = colour.values

    assert (grey.key, grey.title, grey.iri) == ("light_grey", "light grey", iri("kg:light_grey"))
    assert grey.mappings == (("closeMatch", "kg:grey"), ("exactMatch", "PATO:0000950"))
    assert (none.key, none.title, none.iri) == ("E9.5", "E9.5", iri("kg:E9.5"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param(
            lambda declared: declared["classes"]["Mouse"]["slots"].append("tail"),
            "schema.yaml: class Mouse: slot 'tail' is not declared under slots",
            id="a slot that is nowhere",
        ),
        pytest.param(
            lambda declared: declared["slots"]["weight"].update(range="float"),
            "schema.yaml: slot weight: range 'float' is neither a type, a class nor an enum",
            id="a range that is nothing",
        ),
        pytest.param(
            lambda declared: declared["classes"]["Mouse"]["slot_usage"]["weight"].update(range="Rat"),
            "schema.yaml: slot weight: range 'Rat' is neither a type, a class nor an enum",
            id="a range that is nothing for one class",
        ),
    ],
)
def test_a_schema_that_cannot_be_says_where(change, message):
    with pytest.raises(SchemaError) as refused:
        parse_schema(changed(change))

    assert str(refused.value) == message


def test_a_property_with_an_unknown_prefix_is_refused():
    with pytest.raises(KgError, match="'nobody:weight' is not an identifier that we know"):
        parse_schema(changed(lambda declared: declared["slots"]["weight"].update(slot_uri="nobody:weight")))


def test_asking_for_what_is_not_there_names_what_is():
    with pytest.raises(SchemaError) as no_kind:
        parse_schema(SMALL).kind("Rat")
    with pytest.raises(SchemaError) as no_column:
        parse_schema(SMALL).kind("Mouse").column("tail")

    assert str(no_kind.value) == "there is no kind 'Rat'; there are Mouse"
    assert str(no_column.value) == "kind Mouse has no column 'tail'; it has id, weight, parents, colour"


def test_the_checksum_changes_with_the_text():
    assert parse_schema(SMALL).checksum != parse_schema(SMALL + "\n# remark").checksum


@pytest.mark.parametrize(
    ("name", "table"), [("Gene", "gene"), ("HumanGene", "human_gene"), ("HitsPerGene", "hits_per_gene")]
)
def test_a_table_is_called_as_its_kind_in_small_letters(name, table):
    assert snake_case(name) == table


# ---------------------------------------------------------------- rules that our own schema keeps


def test_the_schema_is_read_once():
    assert schema() is schema()
    assert kind("Gene") is schema().kinds["Gene"]


@pytest.mark.parametrize("name", schema().kinds)
def test_every_kind_begins_with_its_identifier(name):
    a_kind = kind(name)

    assert a_kind.identifier.name == "id"
    assert a_kind.identifier.is_identifier
    assert a_kind.identifier.required


@pytest.mark.parametrize("name", schema().kinds)
def test_no_two_columns_of_a_kind_are_one_property(name):
    # Two would write the same statement twice, and counts of statements would be wrong.
    iris = [column.iri for column in kind(name).columns[1:]]

    assert len(iris) == len(set(iris))


@pytest.mark.parametrize("name", schema().kinds)
def test_no_table_is_named_as_the_beginning_of_another(name):
    # The parts of a kind are found by the name of its table and a hyphen.
    table = kind(name).table

    assert re.fullmatch("[a-z_]+", table)
    assert [other.table for other in schema().kinds.values()].count(table) == 1


@pytest.mark.parametrize("name", schema().kinds)
def test_every_property_has_an_iri_and_a_definition(name):
    for column in kind(name).columns[1:]:
        assert column.iri.startswith("http"), column.name
        assert re.match(r"[A-Z].*\S\.?$", column.definition), column.name


@pytest.mark.parametrize("name", schema().kinds)
def test_bulk_kinds_name_their_source_and_others_do_not(name):
    assert kind(name).bulk == ("source" in kind(name).dtypes)


def test_every_mapping_is_to_something_that_we_can_name():
    everything = [
        *schema().kinds.values(),
        *schema().columns.values(),
        *(value for enumeration in schema().enumerations.values() for value in enumeration.values),
    ]
    targets = [curie for thing in everything for _, curie in thing.mappings]

    assert targets
    assert all(iri(curie) for curie in targets)


def test_no_two_values_share_an_iri():
    # A value is kg:<key>, whatever its enumeration; a shared key would make two values one.
    iris = [value.iri for enumeration in schema().enumerations.values() for value in enumeration.values]
    classes = [a_kind.iri for a_kind in schema().kinds.values()]
    properties = [column.iri for column in schema().columns.values()]

    assert len(iris) == len(set(iris))
    assert not set(iris) & (set(classes) | set(properties))


@pytest.mark.parametrize("name", schema().kinds)
def test_patterns_of_identifiers_admit_what_we_mint(name):
    pattern = kind(name).identifier.pattern

    if pattern is not None and OWN_PREFIX in pattern:
        assert re.match(pattern, f"{OWN_PREFIX}:{kind(name).table}/x")
