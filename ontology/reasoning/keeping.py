"""A classification on disk: written once where a release is built, opened where it is asked.

::

    reasoning/
        arrays.npz          subsumers, links, rules and taxonomy: arrays of integers
        concepts.parquet    what the integers of concepts mean
        axioms.parquet      the logical axioms in functional syntax, with their annotations and their document
        names.parquet       labels of classes and properties
        classification.json properties, documents, what is outside EL, and the version of this layout

Opening needs neither the ontologies nor the compiled kernel.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt
import polars as pl

from impckg.graph.errors import StoreError
from impckg.ontology.documents.labels import Labels
from impckg.ontology.reasoning.axioms import Source, WrittenAxioms
from impckg.ontology.reasoning.classification import Classification, Links, Taxonomy, classes_of
from impckg.ontology.reasoning.concepts import AND, NOT, SELF, SOME, UNION, Concepts, Key
from impckg.ontology.reasoning.roles import Roles
from impckg.ontology.reasoning.rows import Rows
from impckg.ontology.reasoning.rules import Outside, RuleArrays, Rules

LAYOUT = 1
"""Another number is another layout, which this version does not read."""

_ARRAYS, _CONCEPTS, _AXIOMS, _NAMES, _REST = (
    "arrays.npz",
    "concepts.parquet",
    "axioms.parquet",
    "names.parquet",
    "classification.json",
)
_SMALL = np.iinfo(np.int32)

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Kept:
    """A classification, and what its classes and properties are called."""

    classification: Classification
    names: Labels


def keep(kept: Kept, folder: Path) -> None:
    """Write a classification into a folder, which is made if it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    found = kept.classification
    np.savez(
        folder / _ARRAYS,
        allow_pickle=False,
        **{name: _narrow(array) for name, array in _arrays(found).items()},
    )
    _concept_table(found.concepts.keys).write_parquet(folder / _CONCEPTS)
    sources = list(dict.fromkeys(found.axioms.source(number) for number in range(len(found.axioms))))
    place = {source: number for number, source in enumerate(sources)}
    pl.DataFrame(
        {
            "axiom": [found.axioms.text(number) for number in range(len(found.axioms))],
            "source": [place[found.axioms.source(number)] for number in range(len(found.axioms))],
        },
        schema={"axiom": pl.String, "source": pl.Int32},
    ).write_parquet(folder / _AXIOMS)
    _name_table(kept.names).write_parquet(folder / _NAMES)
    rest = {
        "layout": LAYOUT,
        "roles": found.concepts.roles,
        "sources": [asdict(source) for source in sources],
        "outside": [[one.construct, one.axiom] for one in found.outside],
    }
    (folder / _REST).write_text(json.dumps(rest), encoding="utf-8")


def is_kept(folder: Path) -> bool:
    """Whether a folder holds a classification."""
    return (folder / _REST).is_file()


def open_kept(folder: Path) -> Kept:
    """Open a classification that was kept.

    Raises StoreError where the folder holds none, or one of another layout or a damaged one.
    """
    rest = _rest(folder)
    try:
        # Given a path, numpy leaves the file open where it is damaged.
        with (folder / _ARRAYS).open("rb") as content, np.load(content) as file:
            arrays = {name: _widened(file[name]) for name in file.files}
        concepts = Concepts(
            keys=_keys(pl.read_parquet(folder / _CONCEPTS)),
            roles=rest["roles"],
            _roles={iri: number for number, iri in enumerate(rest["roles"])},
        )
        axioms = WrittenAxioms(
            pl.read_parquet(folder / _AXIOMS), tuple(Source(**source) for source in rest["sources"])
        )
        names = _labels(pl.read_parquet(folder / _NAMES))
        outside = tuple(Outside(construct, axiom) for construct, axiom in rest["outside"])
        classification = _classification(concepts, axioms, arrays, outside)
    except (OSError, BadZipFile, KeyError, TypeError, ValueError, pl.exceptions.PolarsError) as error:
        raise StoreError(
            f"{folder}: the classification is damaged: {error}; build the release again"
        ) from error
    return Kept(classification, names)


def _rest(folder: Path) -> dict[str, Any]:
    try:
        rest: dict[str, Any] = json.loads((folder / _REST).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise StoreError(
            f"{folder}: holds no classification; expected the folder `reasoning` of a release that impckg built"
        ) from error
    except (OSError, ValueError) as error:
        raise StoreError(
            f"{folder}: the classification is damaged: {error}; build the release again"
        ) from error
    if rest.get("layout") != LAYOUT:
        raise StoreError(
            f"{folder}: has layout {rest.get('layout')}, expected {LAYOUT}; build the release again with this version"
        )
    return rest


# Arrays -------------------------------------------------------------------------------------------------

_ROLES = ("inclusions", "chains", "ranges", "subrole")
_RULES = ("told_axiom", "context_of", "root")
_LINKS = tuple(field.name for field in fields(Links))
_TAXONOMY = ("above", "direct", "equivalent")


def _arrays(found: Classification) -> dict[str, Array]:
    arrays: dict[str, Array] = {
        f"rules.{name}": array for name, array in found.rules.arrays._asdict().items()
    }
    arrays |= {f"roles.{name}": getattr(found.rules.roles, name) for name in _ROLES}
    arrays |= {name: getattr(found.rules, name) for name in _RULES}
    arrays |= {f"links.{name}": getattr(found.links, name) for name in _LINKS}
    rows = {name: getattr(found.taxonomy, name) for name in _TAXONOMY} | {"subsumers": found.subsumers}
    for name, each in rows.items():
        arrays |= {f"{name}.first": each.first, f"{name}.values": each.values}
    return arrays | {"unsatisfiable": found.taxonomy.unsatisfiable}


def _classification(
    concepts: Concepts, axioms: WrittenAxioms, arrays: Mapping[str, Array], outside: tuple[Outside, ...]
) -> Classification:
    rules = Rules(
        RuleArrays(**{name: arrays[f"rules.{name}"] for name in RuleArrays._fields}),
        Roles(**{name: arrays[f"roles.{name}"] for name in _ROLES}),
        **{name: arrays[name] for name in _RULES},
    )
    rows = {
        name: Rows(arrays[f"{name}.first"], arrays[f"{name}.values"]) for name in (*_TAXONOMY, "subsumers")
    }
    return Classification(
        axioms=axioms,
        concepts=concepts,
        rules=rules,
        subsumers=rows["subsumers"],
        links=Links(**{name: arrays[f"links.{name}"] for name in _LINKS}),
        classes=classes_of(concepts),
        taxonomy=Taxonomy(rows["above"], rows["direct"], rows["equivalent"], arrays["unsatisfiable"]),
        outside=outside,
    )


def _narrow(array: Array) -> Array:
    """The same numbers in half the space, where they fit."""
    if array.dtype != np.int64 or (array.size and (array.min() < _SMALL.min or array.max() > _SMALL.max)):
        return array
    return array.astype(np.int32)


def _widened(array: Array) -> Array:
    return array.astype(np.int64) if array.dtype == np.int32 else array


# Concepts -----------------------------------------------------------------------------------------------

# Which of the columns below hold what a key has after its kind; a kind that is not here has `text`.
_NUMBERS: Mapping[str, tuple[str, ...]] = {
    AND: ("left", "right"),
    SOME: ("left", "right"),
    NOT: ("left",),
    SELF: ("left",),
    UNION: ("parts",),
}
_CONCEPT_SCHEMA: Mapping[str, pl.DataType] = {
    "kind": pl.String(),
    "text": pl.String(),
    "left": pl.Int64(),
    "right": pl.Int64(),
    "parts": pl.List(pl.Int64),
}


def _concept_table(keys: Sequence[Key]) -> pl.DataFrame:
    rows = [dict(zip(("kind", *_NUMBERS.get(key[0], ("text",))), key, strict=True)) for key in keys]
    return pl.DataFrame(rows, schema=_CONCEPT_SCHEMA)


def _keys(table: pl.DataFrame) -> list[Key]:
    keys: list[Key] = []
    for kind, text, left, right, parts in table.iter_rows():
        if kind in (AND, SOME):
            keys.append((kind, left, right))
        elif kind in (NOT, SELF):
            keys.append((kind, left))
        elif kind == UNION:
            keys.append((kind, tuple(parts)))
        else:
            keys.append((kind, text))
    return keys


# Names --------------------------------------------------------------------------------------------------


def _name_table(names: Labels) -> pl.DataFrame:
    iris = sorted({*names.labels, *names.classes, *names.properties})
    return pl.DataFrame(
        {
            "iri": iris,
            "label": [names.label(iri) for iri in iris],
            "class": [iri in names.classes for iri in iris],
            "property": [iri in names.properties for iri in iris],
        },
        schema={"iri": pl.String, "label": pl.String, "class": pl.Boolean, "property": pl.Boolean},
    )


def _labels(table: pl.DataFrame) -> Labels:
    return Labels(
        labels=dict(table.select("iri", "label").drop_nulls().iter_rows()),
        classes=frozenset(table.filter("class")["iri"]),
        properties=frozenset(table.filter("property")["iri"]),
    )
