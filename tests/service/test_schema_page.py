"""The page about the schema, and its diagram."""

import re
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import pytest

from impckg.graph.schema import parse_schema, schema
from impckg.graph.store import open_store
from impckg.service.app import create_app
from impckg.service.schema_page import OTHERS, Box, columns, diagram, schema_page, section
from impckg.service.settings import Settings

GENE = "https://w3id.org/impckg/ontology#Gene"
SVG = "{http://www.w3.org/2000/svg}"

# Lines that are nearer than this look like one.
NEAR = 3

NEW_KIND = """
id: https://example.org/s
version: 1
title: A schema with a kind that nobody has placed
enums: {}
slots:
  id: {description: Which it is., identifier: true, range: uriorcurie}
  gene: {description: The gene., range: Gene, slot_uri: kg:gene}
classes:
  Gene: {description: A gene., slots: [id]}
  Rumour: {description: What is told., slots: [id, gene]}
"""


@pytest.fixture
def page(store_path: Path) -> str:
    app = create_app(Settings(store=store_path), open_store(store_path))
    with app.test_request_context("/schema"):
        return schema_page({GENE: 27_321})


def test_every_kind_has_a_box_and_none_lies_over_another() -> None:
    drawn = diagram(schema(), {})

    assert {box.name for box in drawn.boxes} == schema().kinds.keys()
    for one, other in combinations(drawn.boxes, 2):
        beside = abs(one.x - other.x) >= drawn.box_width
        assert beside or one.y + one.height <= other.y or other.y + other.height <= one.y, (
            one.name,
            other.name,
        )
    assert all(
        box.x + drawn.box_width <= drawn.width and box.y + box.height <= drawn.height for box in drawn.boxes
    )


def test_every_property_that_leads_to_a_kind_has_a_row_and_a_line() -> None:
    drawn = diagram(schema(), {})

    led = {(box.name, link.target) for box in drawn.boxes for link in box.links}
    expected = {
        (kind.name, column.range)
        for kind in schema().kinds.values()
        for column in kind.columns
        if column.range in schema().kinds
    } | {
        (column.domain, column.range)
        for column in schema().columns.values()
        if column.inferred and column.domain and column.range in schema().kinds
    }
    assert led == expected
    assert {(source, bus.target) for bus in drawn.buses for source in bus.sources} == expected
    assert all(bus.heads for bus in drawn.buses)
    assert sum(len(bus.joints) for bus in drawn.buses) == sum(len(box.links) for box in drawn.boxes)


def test_no_line_runs_through_a_box() -> None:
    drawn = diagram(schema(), {})

    for bus in drawn.buses:
        for x1, y1, x2, y2 in segments(bus.paths):
            for box in drawn.boxes:
                assert not crosses(box, drawn.box_width, x1, y1, x2, y2), (bus.target, box.name)


def test_lines_to_different_kinds_never_share_a_way() -> None:
    drawn = diagram(schema(), {})

    for one, other in combinations(drawn.buses, 2):
        for a in segments(one.paths):
            for b in segments(other.paths):
                assert not overlap(a, b), (one.target, other.target)


def segments(paths) -> list[tuple[float, float, float, float]]:
    found = []
    for path in paths:
        x, y, way, end = re.fullmatch(r"M([\d.]+),([\d.]+)([HV])([\d.]+)", path).groups()
        x, y, end = float(x), float(y), float(end)
        found.append((min(x, end), y, max(x, end), y) if way == "H" else (x, min(y, end), x, max(y, end)))
    return found


def crosses(box: Box, width: float, x1: float, y1: float, x2: float, y2: float) -> bool:
    return x1 < box.x + width and x2 > box.x and y1 < box.y + box.height and y2 > box.y


def overlap(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    upright = a[0] == a[2] and b[0] == b[2] and abs(a[0] - b[0]) < NEAR
    level = a[1] == a[3] and b[1] == b[3] and abs(a[1] - b[1]) < NEAR
    return (upright and a[1] < b[3] and b[1] < a[3]) or (level and a[0] < b[2] and b[0] < a[2])


def test_a_kind_that_nobody_has_placed_comes_last() -> None:
    whole = parse_schema(NEW_KIND)

    assert columns(whole)[-1][OTHERS] == ["Rumour"]
    assert {box.name for box in diagram(whole, {}).boxes} == {"Gene", "Rumour"}


def test_every_kind_of_ours_is_placed() -> None:
    assert OTHERS not in columns(schema())[-1]


def test_a_kind_says_how_many_things_it_has_where_that_is_known() -> None:
    gene, line = schema().kinds["Gene"], schema().kinds["Line"]

    assert section(schema(), gene, {GENE: 7}).things == 7
    assert section(schema(), line, {GENE: 7}).things == 0
    assert section(schema(), gene, {}).things is None


def test_the_page_has_every_kind_property_and_value_to_link_to(page: str) -> None:
    for kind in schema().kinds.values():
        assert f'id="{kind.name}"' in page
    for enumeration in schema().enumerations.values():
        assert f'id="{enumeration.name}"' in page
    targets = set(re.findall(r'href="#(\w+)"', page)) - {"main", "questions", "editor"}
    assert targets <= set(re.findall(r'id="(\w+)"', page))
    assert "27,321 in this release" in page


def test_the_diagram_is_well_formed_and_needs_no_script_and_no_style_of_its_own(page: str) -> None:
    svg = re.search(r"<svg.*?</svg>", page, re.DOTALL).group()

    root = ElementTree.fromstring(svg)

    assert len(root.findall(f".//{SVG}rect")) == len(schema().kinds)
    assert "style=" not in page
    assert "<style" not in page
    assert not re.search(r"<script(?![^>]*src=)", page)
