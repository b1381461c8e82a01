"""VoID: how much a release says, by class and by property, in numbers that count themselves as well.

For each class ``void:classPartition`` with its entities, for each property ``void:propertyPartition`` with its statements;
within a class the properties of its things, and within those what they lead to: ``void:classPartition`` for the classes of
objects, ``void-ext:datatypePartition`` for the datatypes of literals.

These statements are part of the graph that they count. So they are written, counted and written again until nothing
changes: the first rounds find classes and properties, the next one the numbers. Parts have no class, and no number says how
many different numbers there are, so that numbers alone never change the counts; but for ``void:distinctObjects`` of the
release itself, which is left out where no number is true of itself.

Source: https://www.w3.org/TR/void/ and, for datatypes, http://ldf.fi/void-ext.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import pyoxigraph as ox

from impckg.graph.errors import SchemaError
from impckg.graph.identifiers import converter, iri, namespaces
from impckg.graph.metadata.census import Census, ClassCount, PropertyCount, object_hashes
from impckg.graph.metadata.dcat import graph_node, release_part
from impckg.graph.metadata.words import VOID_EXT, relate
from impckg.graph.statements import link, number

_COUNTS = frozenset(
    iri(f"void:{name}")
    for name in ("triples", "entities", "classes", "properties", "distinctSubjects", "distinctObjects")
)
_TYPE = iri("rdf:type")
_TRIPLES = iri("void:triples")
_OBJECTS = iri("void:distinctObjects")
_MOST_ROUNDS = 12


@dataclass(frozen=True)
class Counts:
    """What VoID says of a release.

    statements: all numbers but the one of the release's own statements, which is `triples`.
    """

    statements: list[ox.Triple]
    triples: int


def count_release(
    release: str, census: Census, said: Mapping[str, Iterable[ox.Triple]], void_graph: str, release_graph: str
) -> Counts:
    """The numbers of a release, with those statements counted that say them.

    release: its name. census: of all else in the store.
    said: the single statements that the census has counted, by graph; among them all classes of what is described here.
    void_graph: where the statements go; the number of all, ``void:triples`` of the release, goes to release_graph.

    Raises SchemaError where the statements would speak of something that the graph speaks of already.
    """
    rounds = _Rounds(release, census, [triple for made in said.values() for triple in made])
    for tells_objects in (True, False):
        written: list[ox.Triple] = []
        for _ in range(_MOST_ROUNDS):
            counted = rounds.with_counts(written, void_graph, release_graph)
            before, written = written, list(rounds.statements(counted, tells_objects))
            if written == before:
                own = number(release_part(release), "void:triples", counted.triples)
                return Counts([triple for triple in written if triple != own], counted.triples)
    raise AssertionError(
        "without void:distinctObjects of the release the numbers depend on classes and properties alone"
    )


class _Rounds:
    """Writes the counts, and counts what was written."""

    def __init__(self, release: str, census: Census, said: list[ox.Triple]) -> None:
        self.release = release
        self.census = census
        self.said = {(triple.subject, triple.predicate) for triple in said}
        self.subjects = {triple.subject for triple in said}
        self.classes: dict[object, list[str]] = defaultdict(list)
        for triple in said:
            if triple.predicate.value == _TYPE and isinstance(triple.object, ox.NamedNode):
                self.classes[triple.subject].append(triple.object.value)
        self.object_hashes = census.object_hashes.to_numpy()
        self._parts: dict[tuple[str, ...], str] = {}

    def statements(self, census: Census, tells_objects: bool) -> Iterator[ox.Triple]:
        """What VoID says of counts, in a fixed order."""
        release = release_part(self.release)
        yield number(release, "void:triples", census.triples)
        yield number(release, "void:entities", census.entities)
        yield number(release, "void:classes", len(census.classes))
        yield number(release, "void:properties", len(census.properties))
        yield number(release, "void:distinctSubjects", census.subjects)
        if tells_objects:
            yield number(release, "void:distinctObjects", census.objects)
        for namespace in _vocabularies([*census.classes, *census.properties]):
            yield link(release, "void:vocabulary", namespace)
        for graph, triples in sorted(census.graphs.items()):
            yield number(graph_node(self.release, graph), "void:triples", triples)
        for property_, count in sorted(census.properties.items()):
            part = self._part("property", property_)
            yield link(release, "void:propertyPartition", part)
            yield link(part, "void:property", property_)
            yield number(part, "void:triples", count.triples)
            yield number(part, "void:distinctSubjects", count.subjects)
            if property_ not in _COUNTS:
                yield number(part, "void:distinctObjects", count.objects)
        for class_, of_class in sorted(census.classes.items()):
            yield from self._class(class_, of_class)

    def _class(self, class_: str, count: ClassCount) -> Iterator[ox.Triple]:
        whole = self._part("class", class_)
        yield link(release_part(self.release), "void:classPartition", whole)
        yield link(whole, "void:class", class_)
        yield number(whole, "void:entities", count.entities)
        for property_, uses in sorted(count.properties.items()):
            part = self._part("class", class_, property_)
            yield link(whole, "void:propertyPartition", part)
            yield link(part, "void:property", property_)
            yield number(part, "void:triples", uses.triples)
            yield number(part, "void:distinctSubjects", uses.subjects)
            for target, triples in sorted(uses.classes.items()):
                to_class = self._part("class", class_, property_, target)
                yield link(part, "void:classPartition", to_class)
                yield link(to_class, "void:class", target)
                yield number(to_class, "void:triples", triples)
            for datatype, triples in sorted(uses.datatypes.items()):
                literals = self._part("class", class_, property_, datatype)
                yield relate(part, f"{VOID_EXT}datatypePartition", literals)
                yield relate(literals, f"{VOID_EXT}datatype", datatype)
                yield number(literals, "void:triples", triples)

    def _part(self, *names: str) -> str:
        """The IRI of a part of the release: what it is a part by, as CURIEs."""
        if names not in self._parts:
            first, *rest = names
            self._parts[names] = release_part(self.release, first, *(_short(name) for name in rest))
        return self._parts[names]

    def with_counts(self, written: list[ox.Triple], void_graph: str, release_graph: str) -> Census:
        """The census with the statements that say it."""
        if not written:
            return self.census
        again = [t for t in written if (t.subject, t.predicate) in self.said]
        if again:
            raise SchemaError(f"the counts speak of what the graph speaks of already, such as {again[0]}")
        census = replace(
            self.census,
            triples=self.census.triples + len(written),
            subjects=self.census.subjects + len({t.subject for t in written} - self.subjects),
            objects=self.census.objects + self._new_objects(written),
            properties=dict(self.census.properties),
            classes=self._classes_to_add_to(written),
            graphs=dict(
                Counter(self.census.graphs) + Counter({void_graph: len(written) - 1, release_graph: 1})
            ),
        )
        by_property: dict[str, list[ox.Triple]] = defaultdict(list)
        for triple in written:
            by_property[triple.predicate.value].append(triple)
            self._add_uses(census, triple)
        for property_, triples in by_property.items():
            before = census.properties.get(property_, PropertyCount(0, 0, 0))
            if before.triples and property_ not in _COUNTS:
                raise SchemaError(f"the counts use {property_}, which the graph uses for something else")
            census.properties[property_] = PropertyCount(
                before.triples + len(triples),
                before.subjects + len({t.subject for t in triples}),
                before.objects + len({t.object for t in triples}),
            )
        first: set[tuple[object, str]] = set()
        for triple in written:
            pair = (triple.subject, triple.predicate.value)
            if pair not in first:
                first.add(pair)
                for class_ in self.classes.get(triple.subject, ()):
                    census.classes[class_].properties[triple.predicate.value].subjects += 1
        return census

    def _classes_to_add_to(self, written: list[ox.Triple]) -> dict[str, ClassCount]:
        """The counts of all classes; copies of those that statements add to."""
        touched = {
            class_ for subject in {t.subject for t in written} for class_ in self.classes.get(subject, ())
        }
        return {
            class_: deepcopy(count) if class_ in touched else count
            for class_, count in self.census.classes.items()
        }

    def _add_uses(self, census: Census, triple: ox.Triple) -> None:
        for class_ in self.classes.get(triple.subject, ()):
            uses = census.classes[class_].properties[triple.predicate.value]
            uses.triples += 1
            if isinstance(triple.object, ox.Literal):
                uses.datatypes[triple.object.datatype.value] += 1
            for target in self.classes.get(triple.object, ()):
                uses.classes[target] += 1

    def _new_objects(self, written: list[ox.Triple]) -> int:
        """How many objects the census has not met."""
        hashes = np.unique(object_hashes(t.object for t in written).to_numpy())
        places = np.minimum(np.searchsorted(self.object_hashes, hashes), len(self.object_hashes) - 1)
        return int((self.object_hashes[places] != hashes).sum())


@cache
def _short(name: str) -> str:
    """An IRI as a CURIE, where there is a prefix for it."""
    return converter().compress(name, passthrough=True)


def _vocabularies(terms: Iterable[str]) -> list[str]:
    """The namespaces of classes and properties."""
    known = sorted(namespaces().values(), key=len, reverse=True)
    return sorted({next((n for n in known if term.startswith(n)), _namespace(term)) for term in terms})


def _namespace(term: str) -> str:
    """What is before the last part of an IRI that no prefix of ours fits."""
    return term[: max(term.rfind("#"), term.rfind("/")) + 1]
