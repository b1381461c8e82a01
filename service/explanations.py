"""An explanation written down: as text, as RDF, and as a picture of the way from axioms to the answer."""

import html
import io
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl
import pyoxigraph as ox

from impckg.graph.identifiers import BASE, identifier, mint, obo_curie
from impckg.graph.schema import kind
from impckg.graph.triples import write_table
from impckg.ontology.documents.document import document
from impckg.ontology.documents.labels import Labels
from impckg.ontology.documents.rdf import named_statements
from impckg.ontology.reasoning.explanation import Explanation, SaidAxiom
from impckg.ontology.reasoning.manchester import write


def called(iri: str, names: Labels) -> str:
    """The CURIE of a class and what it is called."""
    return f"{obo_curie(iri) or iri} {names.label(iri) or ''}".strip()


def said_by(axiom: SaidAxiom) -> str:
    """Which document says an axiom: its version, its IRI, or the name of its file."""
    return axiom.source.version_iri or axiom.source.iri or axiom.source.name


# As text ------------------------------------------------------------------------------------------------


def as_text(explanation: Explanation, names: Labels) -> Iterator[str]:
    """An explanation, line by line."""
    yield f"{called(explanation.sub, names)}  is under  {called(explanation.sup, names)}"
    yield ""
    yield "Axioms:"
    for number, axiom in enumerate(explanation.axioms, start=1):
        yield f"  [{number}] {write(axiom.component.component, names)}"
        yield f"      {axiom.source.name}, {said_by(axiom)}"
    yield ""
    yield "Steps:"
    for number, step in enumerate(explanation.steps, start=1):
        used = [f"[{place + 1}]" for place in step.axioms] + [f"step {place + 1}" for place in step.premises]
        yield f"  {number}. {write(step.conclusion, names)}"
        yield f"      {step.rule}: {', '.join(used) or 'by what the words mean'}"


# As RDF -------------------------------------------------------------------------------------------------


def as_triples(explanation: Explanation, names: Labels) -> list[ox.Triple]:
    """An explanation as statements: kinds Explanation, StatedAxiom and ExplanationStep, and the axioms themselves in OWL.

    Classes of OWL that have no name get one made from what they say, so the same explanation is the same statements.
    """
    ends = (identifier(explanation.sub), identifier(explanation.sup))
    axioms = [mint("explanation", *ends, "axiom", str(n)) for n in range(1, len(explanation.axioms) + 1)]
    steps = [mint("explanation", *ends, "step", str(n)) for n in range(1, len(explanation.steps) + 1)]
    rows: dict[str, list[dict[str, object]]] = {
        "Explanation": [
            {
                "id": mint("explanation", *ends),
                "explained_class": ends[0],
                "explained_superclass": ends[1],
                "axioms": axioms,
                "steps": steps,
            }
        ],
        "StatedAxiom": [
            {
                "id": name,
                "functional_syntax": str(axiom.component),
                "manchester_syntax": write(axiom.component.component, names),
                "defined_by": identifier(said_by(axiom)) if "://" in said_by(axiom) else None,
                "file_name": axiom.source.name,
            }
            for name, axiom in zip(axioms, explanation.axioms, strict=True)
        ],
        "ExplanationStep": [
            {
                "id": name,
                "step_number": number,
                "conclusion": write(step.conclusion, names),
                "inference_rule": step.rule,
                "derived_from": [*(axioms[n] for n in step.axioms), *(steps[n] for n in step.premises)],
            }
            for number, (name, step) in enumerate(zip(steps, explanation.steps, strict=True), start=1)
        ],
    }
    written = io.BytesIO()
    for name, found in rows.items():
        write_table(pl.DataFrame(found, schema=kind(name).dtypes), kind(name), written)
    owl = document("explanation", "ofn", [axiom.component for axiom in explanation.axioms])
    written.write("".join(named_statements(owl, BASE)).encode())
    quads = ox.parse(written.getvalue(), format=ox.RdfFormat.N_TRIPLES)
    return list(dict.fromkeys(quad.triple for quad in quads))


# As a picture -------------------------------------------------------------------------------------------

_WIDTH, _GAP, _MARGIN = 430, 110, 16
_LINE, _PADDING, _BETWEEN = 18, 10, 18
_CHARACTERS = 56
_FONT = 'font-family="system-ui, sans-serif" font-size="13" fill="#1d2530"'
_SMALL = 'font-size="11" fill="#5a6675"'
_LINES = 'fill="none" stroke="#8793a3" stroke-width="1.5"'
# Attributes and no style sheet: what the service sends may bring none along (Content-Security-Policy).
_LOOKS = {
    "axiom": 'fill="#eef4fb" stroke="#4a7ab5"',
    "step": 'fill="#ffffff" stroke="#8793a3"',
    "answer": 'fill="#eaf6ec" stroke="#3c8a4b" stroke-width="2"',
}


@dataclass(frozen=True)
class _Box:
    """A text with a line below it, and where it stands."""

    lines: Sequence[str]
    remark: str
    look: str
    left: int
    top: int

    @property
    def height(self) -> int:
        return (len(self.lines) + 1) * _LINE + 2 * _PADDING


def as_picture(explanation: Explanation, names: Labels) -> str:
    """An explanation as SVG: axioms on the left, steps on the right in their order, and what each is drawn from."""
    axioms = _column(
        [write(axiom.component.component, names) for axiom in explanation.axioms],
        [said_by(axiom) for axiom in explanation.axioms],
        ["axiom"] * len(explanation.axioms),
        _MARGIN,
    )
    last = len(explanation.steps) - 1
    steps = _column(
        [write(step.conclusion, names) for step in explanation.steps],
        [f"step {number}: {step.rule}" for number, step in enumerate(explanation.steps, start=1)],
        ["answer" if number == last else "step" for number in range(len(explanation.steps))],
        _MARGIN + _WIDTH + _GAP,
    )
    arrows = [
        *(
            _across(axioms[axiom], steps[n])
            for n, step in enumerate(explanation.steps)
            for axiom in step.axioms
        ),
        *(
            _along(steps[before], steps[n])
            for n, step in enumerate(explanation.steps)
            for before in step.premises
        ),
    ]
    height = max(box.top + box.height for box in (*axioms, *steps)) + _MARGIN
    width = 2 * (_MARGIN + _WIDTH) + _GAP + _GAP // 2
    title = f"Why {called(explanation.sub, names)} is under {called(explanation.sup, names)}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        f'aria-labelledby="title" width="{width}" height="{height}"><title id="title">{html.escape(title)}</title>'
        f'<defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" '
        f'orient="auto"><path d="M0 0L8 4L0 8z" fill="#8793a3"/></marker></defs>'
        f"<g {_LINES}>{''.join(arrows)}</g><g {_FONT}>{''.join(map(_drawn, (*axioms, *steps)))}</g></svg>\n"
    )


def _column(texts: Sequence[str], remarks: Sequence[str], looks: Sequence[str], left: int) -> list[_Box]:
    boxes: list[_Box] = []
    top = _MARGIN
    for text, remark, look in zip(texts, remarks, looks, strict=True):
        box = _Box(
            textwrap.wrap(text, _CHARACTERS), textwrap.shorten(remark, 64, placeholder=" …"), look, left, top
        )
        boxes.append(box)
        top += box.height + _BETWEEN
    return boxes


def _drawn(box: _Box) -> str:
    lines = "".join(
        f'<text x="{box.left + _PADDING}" y="{box.top + _PADDING + (n + 1) * _LINE - 5}">{html.escape(line)}</text>'
        for n, line in enumerate(box.lines)
    )
    below = box.top + box.height - _PADDING
    return (
        f'<rect x="{box.left}" y="{box.top}" width="{_WIDTH}" height="{box.height}" rx="6" {_LOOKS[box.look]}/>{lines}'
        f'<text {_SMALL} x="{box.left + _PADDING}" y="{below}">{html.escape(box.remark)}</text>'
    )


def _across(axiom: _Box, step: _Box) -> str:
    """An arrow from an axiom to the step that uses it."""
    start, end = axiom.left + _WIDTH, step.left
    y1, y2 = axiom.top + axiom.height // 2, step.top + step.height // 2
    middle = (start + end) // 2
    return f'<path d="M{start} {y1}C{middle} {y1} {middle} {y2} {end} {y2}" marker-end="url(#arrow)"/>'


def _along(before: _Box, step: _Box) -> str:
    """An arrow from a step to a later one, on the right of both."""
    edge = step.left + _WIDTH
    y1, y2 = before.top + before.height // 2, step.top + step.height // 2
    far = edge + _GAP // 2
    return f'<path d="M{edge} {y1}C{far} {y1} {far} {y2} {edge} {y2}" marker-end="url(#arrow)"/>'
