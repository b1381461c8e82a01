"""How much a graph says, counted on columns: statements, things and values, by class, by property and by both.

The same counts by SPARQL take minutes on some million statements. Here each property is counted on its own, on two columns
of 64-bit numbers that stand for subjects and objects, so that no more than one property lies in memory at a time.

A thing may have several classes, and most things of a class have the same ones. So statements are counted by *signature*,
the set of all classes of a thing, and what a class has is the sum over the signatures that it is part of.

A number stands for a term as its hash. Two of n terms share one with a probability of n² / 2⁶⁵: less than one in a million
for five million different terms.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl
import pyoxigraph as ox

from impckg.graph.identifiers import iri
from impckg.graph.schema import Column, Kind
from impckg.graph.triples import FIRST_MET, resource, term

_TYPE = iri("rdf:type")
_LANGUAGE_STRING = iri("rdf:langString")
# Seeds for the hash of a term: things, then literals by their datatype.
_THING = 0
_DATATYPES = {name: iri(f"xsd:{name}") for name in ("string", "integer", "double", "boolean", "date")}
_NO_CLASS = 0

Term = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple

_NOTHING = pl.Series("thing", dtype=pl.UInt64)
_PAIRS = {
    "subject": pl.UInt64,
    "signature": pl.UInt16,
    "object": pl.UInt64,
    "range": pl.UInt8,
    "graph": pl.UInt16,
}


@dataclass(frozen=True)
class TableFile:
    """A Parquet file of a table of one kind, and the graph that it is written into; None for the default graph."""

    path: Path
    kind: Kind
    graph: str | None


@dataclass(frozen=True)
class LinksFile:
    """A Parquet file of two columns of CURIEs, from and to, the property (an IRI) that links them, and the graph."""

    path: Path
    predicate: str
    graph: str


@dataclass
class Uses:
    """How a property is used by the things of one class.

    subjects: how many of them have it.
    classes, datatypes: statements by each class of their object, or by its datatype.
    """

    triples: int = 0
    subjects: int = 0
    classes: Counter[str] = field(default_factory=Counter)
    datatypes: Counter[str] = field(default_factory=Counter)


@dataclass
class PropertyCount:
    """How often a property is stated, of how many different things, with how many different objects."""

    triples: int
    subjects: int
    objects: int


@dataclass
class ClassCount:
    """How many things a class has, and which properties they use."""

    entities: int = 0
    properties: dict[str, Uses] = field(default_factory=lambda: defaultdict(Uses))


@dataclass
class Census:
    """The counts of a whole graph; classes, properties and graphs by their IRIs.

    subjects, objects: how many different ones there are. entities: how many things have a class.
    graphs: statements by named graph.
    object_hashes: sorted; to tell whether an object is one of those counted.
    """

    triples: int
    subjects: int
    entities: int
    objects: int
    properties: dict[str, PropertyCount]
    classes: dict[str, ClassCount]
    graphs: dict[str, int]
    object_hashes: pl.Series


def take_census(
    tables: Sequence[TableFile], links: Sequence[LinksFile], written: Mapping[str, Iterable[ox.Triple]]
) -> Census:
    """Count what tables, links and single statements say together.

    written: statements by the IRI of their named graph.

    A statement is counted once, however often it is made; by graph, once for each graph.
    """
    statements = _Statements(tables, links, written)
    tally = _Tally(statements)
    for property_ in statements.properties():
        tally.count(property_)
    return tally.census()


def object_hashes(terms: Iterable[Term]) -> pl.Series:
    """The numbers that stand for terms in `Census.object_hashes`, in the order of the terms."""
    return _term_hashes(list(terms), _Ranges())["object"]


class _Ranges:
    """The datatypes met so far, each with the seed of its hash."""

    def __init__(self) -> None:
        self.datatypes = ["", *_DATATYPES.values(), _LANGUAGE_STRING]

    def seed(self, datatype: str) -> int:
        if datatype not in self.datatypes:
            self.datatypes.append(datatype)
        return self.datatypes.index(datatype)


@dataclass(frozen=True)
class _Typed:
    """Things of one class, as one graph says."""

    class_: str
    things: pl.Series
    graph: str | None


class _Things:
    """Every thing that has a class, with its signature; signature 0 is that of things without a class.

    classes_of: the classes of each signature.
    """

    def __init__(self, typed: Sequence[_Typed]) -> None:
        # Class after class: a thing that had a signature gets the one with this class added.
        self.classes_of: list[tuple[str, ...]] = [()]
        self._things = pl.concat([_NOTHING, *(each.things for each in typed)]).unique().sort().to_numpy()
        self._signatures = np.full(len(self._things), _NO_CLASS, dtype=np.uint16)
        for class_ in sorted({each.class_ for each in typed}):
            things = pl.concat([each.things for each in typed if each.class_ == class_])
            places = np.searchsorted(self._things, things.to_numpy())
            before = self._signatures[places]
            for signature in np.flatnonzero(np.bincount(before)).tolist():
                self._signatures[places[before == signature]] = len(self.classes_of)
                self.classes_of.append((*self.classes_of[signature], class_))

    def __len__(self) -> int:
        return len(self._things)

    def signatures_of(self, things: pl.Series) -> pl.Series:
        """The signature of each thing; that of a null is 0."""
        if not len(self):
            return pl.Series(np.full(len(things), _NO_CLASS, dtype=np.uint16))
        # Looking up in a sorted array costs a tenth of a join, which hashes all things again for each property.
        numbers = things.fill_null(0).to_numpy()
        places = np.minimum(np.searchsorted(self._things, numbers), len(self) - 1)
        return pl.Series(np.where(self._things[places] == numbers, self._signatures[places], _NO_CLASS))

    def entities(self) -> dict[str, int]:
        """How many things each class has."""
        found: Counter[str] = Counter()
        for signature, things in enumerate(np.bincount(self._signatures).tolist()):
            for class_ in self.classes_of[signature]:
                found[class_] += things
        return found


@dataclass(frozen=True)
class _Subjects:
    """The things that the rows of a file are about. once: whether each is the subject of one row only."""

    hashes: pl.Series
    signatures: pl.Series
    once: bool


class _Statements:
    """The statements of tables, links and single triples as numbers, property by property."""

    def __init__(
        self,
        tables: Sequence[TableFile],
        links: Sequence[LinksFile],
        written: Mapping[str, Iterable[ox.Triple]],
    ) -> None:
        self.ranges = _Ranges()
        files: list[TableFile | LinksFile] = [*tables, *links]
        self.graphs: list[str | None] = list(dict.fromkeys([*(file.graph for file in files), *written]))
        self._columns: dict[str, list[tuple[TableFile, Column]]] = defaultdict(list)
        for table in tables:
            for column in table.kind.columns[1:]:
                self._columns[column.iri].append((table, column))
        self._links: dict[str, list[LinksFile]] = defaultdict(list)
        for file in links:
            self._links[file.predicate].append(file)
        hashes = {t.path: _things(_column(t.path, t.kind.identifier.name)) for t in tables}
        hashes |= {file.path: _things(_column(file.path, "from")) for file in links}
        triples = [(triple, graph) for graph, made in written.items() for triple in made]
        self._typed = [*_typed_by_tables(tables, hashes), *self._typed_singly(triples)]
        self._single = self._by_property(
            [(triple, graph) for triple, graph in triples if not _gives_class(triple)]
        )
        self.things = _Things(self._typed)
        self._about = {
            path: _Subjects(hashed, self.things.signatures_of(hashed), hashed.n_unique() == hashed.len())
            for path, hashed in hashes.items()
        }

    def properties(self) -> list[str]:
        """All properties that may be stated."""
        return sorted({*self._columns, *self._links, *self._single, _TYPE})

    def pairs(self, property_: str) -> Iterator[pl.DataFrame]:
        """The statements of a property, part by part; the same one may come again."""
        for table, column in self._columns.get(property_, ()):
            yield self._cells(table, column)
        for file in self._links.get(property_, ()):
            yield self._rows(file.path, _things(_column(file.path, "to")), _THING, file.graph)
        if property_ in self._single:
            yield (
                self._single[property_]
                .with_columns(signature=self.things.signatures_of(self._single[property_]["subject"]))
                .select(_PAIRS.keys())
            )
        if property_ == _TYPE:
            for typed in self._typed:
                class_ = _hash(pl.Series([f"<{typed.class_}>"]), pl.col("value"))
                things = pl.DataFrame(
                    {"subject": typed.things, "signature": self.things.signatures_of(typed.things)}
                )
                yield self._whole(
                    things.with_columns(pl.lit(class_[0], pl.UInt64).alias("object")), _THING, typed.graph
                )

    def says_once(self, property_: str) -> bool:
        """Whether a property is a column of one file alone, which has one value for each thing."""
        columns = self._columns.get(property_, ())
        if len(columns) != 1 or property_ in self._links or property_ in self._single:
            return False
        table, column = columns[0]
        return not column.many and self._about[table.path].once

    def _cells(self, table: TableFile, column: Column) -> pl.DataFrame:
        """The statements that a column of a table makes."""
        values, rows = _column(table.path, column.name), None
        if column.many:
            numbered = pl.DataFrame({"value": values}).with_row_index("row")
            numbered = numbered.explode("value", empty_as_null=False, keep_nulls=False)
            values, rows = numbered["value"], numbered["row"]
        value = pl.col("value")
        if column.range in _DATATYPES and column.enumeration is None:
            datatype = _DATATYPES[column.range]
            seed = self.ranges.seed(datatype)
            return self._rows(
                table.path, _hash(values, _value(value, datatype), seed), seed, table.graph, rows
            )
        return self._rows(table.path, _hash(values, term(column, value)), _THING, table.graph, rows)

    def _rows(
        self, path: Path, objects: pl.Series, seed: int, graph: str | None, rows: pl.Series | None = None
    ) -> pl.DataFrame:
        """Subjects of a file beside objects. rows: the row of each object; without, one for each row."""
        about = self._about[path]
        subjects, signatures = about.hashes, about.signatures
        if rows is not None:
            subjects, signatures = subjects.gather(rows), signatures.gather(rows)
        pairs = pl.DataFrame({"subject": subjects, "signature": signatures, "object": objects})
        # A cell that is empty, or that cannot be said in RDF, is no statement.
        return self._whole(pairs.drop_nulls(), seed, graph)

    def _whole(self, pairs: pl.DataFrame, seed: int, graph: str | None) -> pl.DataFrame:
        """Subjects, signatures and objects with what they have in common."""
        return pairs.with_columns(
            pl.lit(seed, _PAIRS["range"]).alias("range"),
            pl.lit(self.graphs.index(graph), _PAIRS["graph"]).alias("graph"),
        )

    def _by_property(self, triples: Sequence[tuple[ox.Triple, str]]) -> dict[str, pl.DataFrame]:
        """Single statements as numbers, by property."""
        subjects = _term_hashes([triple.subject for triple, _ in triples], self.ranges)
        objects = _term_hashes([triple.object for triple, _ in triples], self.ranges)
        rest = pl.DataFrame(
            {
                "predicate": [triple.predicate.value for triple, _ in triples],
                "graph": [self.graphs.index(graph) for _, graph in triples],
            },
            schema={"predicate": pl.String, "graph": _PAIRS["graph"]},
        )
        whole = pl.concat([subjects.select(subject="object"), objects, rest], how="horizontal")
        return {str(key[0]): part.drop("predicate") for key, part in whole.group_by("predicate")}

    def _typed_singly(self, triples: Sequence[tuple[ox.Triple, str]]) -> list[_Typed]:
        """The classes that single statements give."""
        things: dict[tuple[str, str], list[Term]] = defaultdict(list)
        for triple, graph in triples:
            if _gives_class(triple):
                assert isinstance(triple.object, ox.NamedNode)
                things[triple.object.value, graph].append(triple.subject)
        return [
            _Typed(class_, _term_hashes(found, self.ranges)["object"], graph)
            for (class_, graph), found in things.items()
        ]


class _Tally:
    """What was counted so far."""

    def __init__(self, statements: _Statements) -> None:
        self._statements = statements
        self._things = statements.things
        self._triples = 0
        self._by_graph: Counter[int] = Counter()
        self._properties: dict[str, PropertyCount] = {}
        self._classes: dict[str, ClassCount] = defaultdict(ClassCount)
        self._objects = [_NOTHING]
        self._without_class = [_NOTHING]

    def count(self, property_: str) -> None:
        """Count the statements of one property."""
        parts = [part for part in self._statements.pairs(property_) if part.height]
        if not parts:
            return
        pairs = pl.concat(parts, how="vertical")
        once = self._statements.says_once(property_)
        if not once:
            pairs = pairs.unique(["subject", "object", "graph"])
        self._by_graph.update(dict(pairs.group_by("graph").len().iter_rows()))
        if pairs["graph"].n_unique() > 1:
            pairs = pairs.unique(["subject", "object"])
        subjects = pl.len() if once else pl.col("subject").n_unique()
        by_signature = pairs.group_by("signature").agg(pl.len(), subjects.alias("subjects"))
        by_object = pairs.group_by("signature", "range", "object").len()
        objects = by_object["object"].unique()
        self._objects.append(objects)
        self._without_class.append(pairs.filter(pl.col("signature") == _NO_CLASS)["subject"].unique())
        self._triples += pairs.height
        self._properties[property_] = PropertyCount(
            pairs.height, int(by_signature["subjects"].sum()), objects.len()
        )
        self._share_out(property_, by_signature, by_object)

    def census(self) -> Census:
        """What was counted."""
        objects = pl.concat(self._objects).unique().sort()
        for class_, entities in self._things.entities().items():
            self._classes[class_].entities = entities
        return Census(
            triples=self._triples,
            subjects=len(self._things) + pl.concat(self._without_class).n_unique(),
            entities=len(self._things),
            objects=objects.len(),
            properties=self._properties,
            classes=dict(self._classes),
            graphs={
                graph: self._by_graph[number]
                for number, graph in enumerate(self._statements.graphs)
                if graph is not None and self._by_graph[number]
            },
            object_hashes=objects,
        )

    def _share_out(self, property_: str, by_signature: pl.DataFrame, by_object: pl.DataFrame) -> None:
        """Give each class its share of the statements of a property."""
        for signature, triples, subjects in by_signature.iter_rows():
            for uses in self._uses(signature, property_):
                uses.triples += triples
                uses.subjects += subjects
        is_thing = pl.col("range") == _THING
        things, literals = by_object.filter(is_thing), by_object.filter(~is_thing)
        targets = things.with_columns(target=self._things.signatures_of(things["object"]))
        for signature, target, triples in _summed(targets, "target"):
            for uses in self._uses(signature, property_):
                uses.classes.update(dict.fromkeys(self._things.classes_of[target], triples))
        for signature, seed, triples in _summed(literals, "range"):
            for uses in self._uses(signature, property_):
                uses.datatypes[self._statements.ranges.datatypes[seed]] += triples

    def _uses(self, signature: int, property_: str) -> list[Uses]:
        return [self._classes[class_].properties[property_] for class_ in self._things.classes_of[signature]]


def _summed(counts: pl.DataFrame, by: str) -> Iterator[tuple[int, int, int]]:
    return counts.group_by("signature", by).agg(pl.col("len").sum()).iter_rows()


def _gives_class(triple: ox.Triple) -> bool:
    return triple.predicate.value == _TYPE and isinstance(triple.object, ox.NamedNode)


def _typed_by_tables(tables: Sequence[TableFile], hashes: Mapping[Path, pl.Series]) -> Iterator[_Typed]:
    """The classes that tables give to the things that they are about."""
    for table in tables:
        things = hashes[table.path]
        if FIRST_MET in pl.read_parquet_schema(table.path):
            things = things.filter(_column(table.path, FIRST_MET))
        for class_ in (table.kind.iri, *map(iri, table.kind.also_types)):
            yield _Typed(class_, things.drop_nulls(), table.graph)


def _column(path: Path, name: str) -> pl.Series:
    return pl.read_parquet(path, columns=[name]).to_series()


def _things(curies: pl.Series) -> pl.Series:
    """The numbers of things that CURIEs name; null where one names nothing."""
    return _hash(curies, resource(pl.col("value")))


def _hash(values: pl.Series, terms: pl.Expr, seed: int = _THING) -> pl.Series:
    hashed = pl.when(terms.is_not_null()).then(terms.hash(seed))
    return values.to_frame("value").select(hashed).to_series()


def _value(value: pl.Expr, datatype: str) -> pl.Expr:
    """Literals of one datatype as what their hash is made from; equal where the engine finds them equal."""
    if datatype == _DATATYPES["double"]:
        # By their bits: to the engine 0 and -0 are two values.
        return value.cast(pl.Float64, strict=False).reinterpret(dtype=pl.UInt64)
    if datatype == _DATATYPES["integer"]:
        return value.cast(pl.Int64, strict=False)
    return value.cast(pl.String)


def _term_hashes(terms: Sequence[Term], ranges: _Ranges) -> pl.DataFrame:
    """The numbers of single terms, and the seed of each."""
    seeds = [ranges.seed(t.datatype.value) if isinstance(t, ox.Literal) else _THING for t in terms]
    frame = pl.DataFrame(
        {"text": [_text(t) for t in terms], "range": seeds},
        schema={"text": pl.String, "range": _PAIRS["range"]},
    )
    hashes = [
        pl.when(pl.col("range") == seed).then(_value(pl.col("text"), ranges.datatypes[seed]).hash(seed))
        for seed in sorted(set(seeds))
    ]
    return frame.select(pl.coalesce(*hashes, pl.lit(None, pl.UInt64)).alias("object"), "range")


def _text(any_term: Term) -> str:
    """What a term is known by: an IRI in angle brackets, a literal without its datatype."""
    if not isinstance(any_term, ox.Literal):
        return str(any_term)
    return f"{any_term.value}@{any_term.language}" if any_term.language else any_term.value
