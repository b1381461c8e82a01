"""The page about the schema: every kind of thing with its properties, and a diagram of how kinds lead to each other.

The diagram is an SVG made here, so it needs no JavaScript. Kinds are boxes in columns, one column or part of one for each
step of the work. What leads to one kind is gathered on a line of its own: from the row of a property into the gutter beside
its column, from there up and along the top where the kind stands elsewhere, and down to the kind. So any number of links can
be followed, and none runs through a box.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from flask import render_template

from impckg.graph.identifiers import converter
from impckg.graph.schema import Column, Kind, Schema, schema

# What stands in which column of the diagram, from left to right; within a column, groups from top to bottom.
GROUPS: Sequence[Mapping[str, Sequence[str]]] = (
    {
        "Production": (
            "Gene",
            "Allele",
            "Line",
            "Strain",
            "Centre",
            "ProductionStatus",
            "Product",
            "Publication",
        )
    },
    {
        "Phenotyping": ("Pipeline", "Procedure", "Parameter", "Specimen", "Image", "Expression"),
        "Explanations": ("Explanation", "ExplanationStep", "StatedAxiom"),
    },
    {
        "Statistics and annotation": (
            "Result",
            "HypothesisTest",
            "AnimalSet",
            "Call",
            "Viability",
            "HitsPerGene",
        )
    },
    {
        "Phenotypes and diseases": ("PhenotypeTerm", "Disease", "Mapping", "DiseasePhenotype"),
        "The release": ("Release", "SourceFile"),
    },
    {
        "Human genes": ("HumanGene", "Orthology", "GeneDisease"),
        "Disease models": ("ModelMatch", "PhenotypeMatch"),
        "Ontologies": ("OntologyTerm", "Relation", "Ontology", "ClassifiedTerm", "PhenotypeGroup"),
    },
)
OTHERS = "Others"

_BOX = 208
_HEAD = 26
_ROW = 16
_GAP = 18
_LABEL = 26
_LANE = 7
_MARGIN = 12
_ARROW = 7


@dataclass(frozen=True)
class Link:
    """A property that leads from one kind to another. `inferred`: the build adds it; `y`: its row in the diagram."""

    name: str
    target: str
    definition: str
    inferred: bool
    y: float


@dataclass(frozen=True)
class Box:
    """A kind in the diagram; things: how many the release has, None where that is not known."""

    name: str
    definition: str
    x: float
    y: float
    height: float
    links: Sequence[Link]
    things: int | None


@dataclass(frozen=True)
class Bus:
    """All lines to one kind: its paths as SVG has them, the joints where rows come in, and the heads of arrows."""

    target: str
    paths: Sequence[str]
    joints: Sequence[tuple[float, float]]
    heads: Sequence[str]
    sources: Sequence[str]


@dataclass(frozen=True)
class Label:
    """The name of a group in the diagram."""

    text: str
    x: float
    y: float


@dataclass(frozen=True)
class Diagram:
    """All kinds and the lines between them, in the units of the SVG."""

    width: float
    height: float
    box_width: float
    labels: Sequence[Label]
    boxes: Sequence[Box]
    buses: Sequence[Bus]


@dataclass(frozen=True)
class Property:
    """A property of a kind as the page tells it. target: the kind or enumeration that its values are of."""

    name: str
    values: str
    target: str | None
    many: bool
    required: bool
    inferred: bool
    unit: str | None
    definition: str


@dataclass(frozen=True)
class Section:
    """A kind as the page tells it."""

    name: str
    curie: str
    definition: str
    things: int | None
    mappings: Sequence[str]
    properties: Sequence[Property]


def schema_page(things: Mapping[str, int]) -> str:
    """The page. things: by the IRI of a class, how many the release has; empty where that is not known."""
    whole = schema()
    groups = [group for column in columns(whole) for group in column.items()]
    return render_template(
        "schema.html",
        diagram=diagram(whole, things),
        groups=[
            (name, [section(whole, whole.kinds[kind], things) for kind in kinds]) for name, kinds in groups
        ],
        enumerations=list(whole.enumerations.values()),
        curie=lambda iri: converter().compress(iri, passthrough=True),
    )


def columns(whole: Schema) -> list[dict[str, list[str]]]:
    """The kinds of a schema by column and group; those that GROUPS does not know come last."""
    known = [
        {name: [k for k in kinds if k in whole.kinds] for name, kinds in column.items()} for column in GROUPS
    ]
    placed = {kind for column in known for kinds in column.values() for kind in kinds}
    others = [kind for kind in whole.kinds if kind not in placed]
    if others:
        known[-1][OTHERS] = others
    return known


def section(whole: Schema, kind: Kind, things: Mapping[str, int]) -> Section:
    """What the page says of one kind."""
    return Section(
        name=kind.name,
        curie=_short(kind.iri),
        definition=kind.definition,
        things=things.get(kind.iri, 0) if things else None,
        mappings=[curie for _, curie in kind.mappings],
        properties=[
            Property(
                name=_short(column.iri),
                values=_values(column),
                target=column.range if _is_target(whole, column) else None,
                many=column.many,
                required=column.required,
                inferred=column.inferred,
                unit=column.unit,
                definition=column.definition,
            )
            for column in _properties(whole, kind)
        ],
    )


def diagram(whole: Schema, things: Mapping[str, int]) -> Diagram:
    """The kinds of a schema as boxes, and the properties that lead from one to another as lines."""
    placed = columns(whole)
    column_of = {
        kind: number for number, groups in enumerate(placed) for kinds in groups.values() for kind in kinds
    }
    lanes = _lanes(whole, column_of)
    along_the_top = list(dict.fromkeys(target for _, target in _over_the_top(whole, column_of)))
    top = _MARGIN + _LANE * len(along_the_top) + _GAP
    labels: list[Label] = []
    boxes: dict[str, Box] = {}
    x, gutters = float(_MARGIN), []
    for number, groups in enumerate(placed):
        y = float(top)
        for name, kinds in groups.items():
            labels.append(Label(name, x, y + _ROW))
            y += _LABEL
            for kind in kinds:
                boxes[kind] = _box(whole, whole.kinds[kind], x, y, things)
                y += boxes[kind].height + _GAP
        gutters.append(x + _BOX + _ARROW)
        x += _BOX + 2 * _ARROW + _LANE * (len(lanes[number]) + 1)
    street = {target: _MARGIN + _LANE * place for place, target in enumerate(along_the_top)}
    buses = [
        _bus(boxes, target, column_of, lanes, gutters, street.get(target))
        for target in boxes
        if any(link.target == target for box in boxes.values() for link in box.links)
    ]
    height = max(box.y + box.height for box in boxes.values()) + _MARGIN
    return Diagram(x, height, _BOX, labels, list(boxes.values()), buses)


def _box(whole: Schema, kind: Kind, x: float, y: float, things: Mapping[str, int]) -> Box:
    links = [
        Link(_readable(column), column.range, column.definition, column.inferred, 0)
        for column in _properties(whole, kind)
        if column.range in whole.kinds
    ]
    links = [
        Link(link.name, link.target, link.definition, link.inferred, y + _HEAD + _ROW * (place + 0.5))
        for place, link in enumerate(dict.fromkeys(links))
    ]
    known = things.get(kind.iri, 0) if things else None
    return Box(
        kind.name, kind.definition, x, y, _HEAD + _ROW * len(links) + (4 if links else 0), links, known
    )


def _bus(
    boxes: Mapping[str, Box],
    target: str,
    column_of: Mapping[str, int],
    lanes: Sequence[Sequence[str]],
    gutters: Sequence[float],
    street: float | None,
) -> Bus:
    """The lines from every row that leads to a kind."""
    goal, home = boxes[target], column_of[target]
    goal_y = goal.y + _HEAD / 2
    paths, joints, heads, sources = [], [], [], []
    # By gutter, where on its way up and down the line is needed.
    needed: dict[int, list[float]] = defaultdict(list)
    for box in boxes.values():
        for link in box.links:
            if link.target == target:
                column = column_of[box.name]
                lane = gutters[column] + _LANE * (lanes[column].index(target) + 0.5)
                paths.append(f"M{box.x + _BOX:g},{link.y:g}H{lane:g}")
                joints.append((lane, link.y))
                needed[column].append(link.y)
                sources.append(box.name)
    far = [column for column in needed if column not in (home, home - 1)]
    if far:
        needed[home].append(goal_y)
    for column, places in needed.items():
        lane = gutters[column] + _LANE * (lanes[column].index(target) + 0.5)
        ends = [*places]
        if column in far or (column == home and far):
            assert street is not None
            ends.append(street)
        if column in (home, home - 1):
            ends.append(goal_y)
            # From the right within its own column, from the left out of the one before.
            edge = goal.x + _BOX if column == home else goal.x
            towards = -1 if column == home else 1
            paths.append(f"M{lane:g},{goal_y:g}H{edge - towards * _ARROW:g}")
            heads.append(_head(edge, goal_y, towards))
        paths.append(f"M{lane:g},{min(ends):g}V{max(ends):g}")
    if far:
        crossed = [gutters[c] + _LANE * (lanes[c].index(target) + 0.5) for c in (*far, home)]
        paths.append(f"M{min(crossed):g},{street:g}H{max(crossed):g}")
    return Bus(target, paths, joints, heads, sorted(set(sources)))


def _head(x: float, y: float, towards: int) -> str:
    """The head of an arrow that ends at a place; towards: 1 to the right, -1 to the left."""
    back = x - towards * _ARROW
    return f"M{x:g},{y:g}L{back:g},{y - 4:g}V{y + 4:g}Z"


def _lanes(whole: Schema, column_of: Mapping[str, int]) -> list[list[str]]:
    """For the gutter beside each column, the kinds that have a lane in it, from left to right.

    Those that stand left of the gutter come first and those that stand right of it last, so that the last bits of lines,
    which go left and right, never meet.
    """
    lanes: list[dict[str, None]] = [{} for _ in range(max(column_of.values()) + 1)]
    for source, target in _pairs(whole):
        lanes[column_of[source]][target] = None
    for _, target in _over_the_top(whole, column_of):
        lanes[column_of[target]][target] = None
    return [
        sorted(targets, key=lambda target, left=number: _place_in_gutter(column_of[target], left))  # type: ignore[misc]
        for number, targets in enumerate(lanes)
    ]


def _place_in_gutter(column: int, left: int) -> int:
    """Where in a gutter the lane to a kind is: 0 on the left, 2 on the right. left: the column left of the gutter."""
    return {left: 0, left + 1: 2}.get(column, 1)


def _over_the_top(whole: Schema, column_of: Mapping[str, int]) -> Iterable[tuple[str, str]]:
    """Pairs of kinds that are too far from each other for one gutter."""
    return [
        (source, target)
        for source, target in _pairs(whole)
        if column_of[target] not in (column_of[source], column_of[source] + 1)
    ]


def _pairs(whole: Schema) -> list[tuple[str, str]]:
    """Each kind with each kind that it leads to."""
    return [
        (kind.name, column.range)
        for kind in whole.kinds.values()
        for column in _properties(whole, kind)
        if column.range in whole.kinds
    ]


def _properties(whole: Schema, kind: Kind) -> list[Column]:
    """The properties of a kind: its columns, and what the build infers about it."""
    inferred = [column for column in whole.columns.values() if column.inferred and column.domain == kind.name]
    return [*kind.columns[1:], *inferred]


def _is_target(whole: Schema, column: Column) -> bool:
    return column.range in whole.kinds or column.range in whole.enumerations


def _values(column: Column) -> str:
    if column.range == "curie":
        return "thing"
    return {"uri": "web address"}.get(column.range, column.range)


def _readable(column: Column) -> str:
    """The name of a property in the diagram; our own name for it where its own is a number."""
    short = _short(column.iri).removeprefix("kg:")
    return column.name if short[-1].isdigit() and ":" in short else short


def _short(iri: str) -> str:
    return converter().compress(iri, passthrough=True)
