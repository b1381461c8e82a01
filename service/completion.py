"""What someone who writes a query may be about to type: classes, properties, and things by what they are called.

Classes and properties come with how often they are used, from the VoID of the release where it has one and by counting
where it has none. Things are found by the beginning of any word of their labels, synonyms and names; `MP:growth` looks
only at identifiers of that prefix, and `MP:00012` at the identifiers themselves.

All of it is read with a few queries when it is first asked for, and kept: a release does not change. On the real data
(7.7 million statements, 350,000 names) that takes 7 s once and 60 MB; an answer then takes 1 to 10 ms.
"""

import re
from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import islice
from threading import Lock

import pyoxigraph as ox

from impckg.graph.identifiers import namespaces
from impckg.graph.results import rows
from impckg.queries.run import AnyStore

MOST = 50
"""How many completions are offered at a time, at most."""


class Kind(Enum):
    """What is looked for."""

    CLASS = "class"
    PROPERTY = "property"
    TERM = "term"


@dataclass(frozen=True)
class Completion:
    """Something to go on with.

    text: as it stands in a query; label: what it is called, also when it was found by another name, which is `found_by`.
    uses: how many things a class has, or how many statements a property makes; None for things.
    """

    text: str
    iri: str
    label: str | None = None
    definition: str | None = None
    found_by: str | None = None
    uses: int | None = None


_FROM_VOID = {
    Kind.CLASS: """
        SELECT ?thing (MAX(?count) AS ?uses) {
          [] void:classPartition ?part . ?part void:class ?thing ; void:entities ?count
        } GROUP BY ?thing""",
    Kind.PROPERTY: """
        SELECT ?thing (MAX(?count) AS ?uses) {
          [] void:propertyPartition ?part . ?part void:property ?thing ; void:triples ?count
        } GROUP BY ?thing""",
}
_COUNTED = {
    Kind.CLASS: "SELECT ?thing (COUNT(*) AS ?uses) { ?s a ?thing } GROUP BY ?thing",
    Kind.PROPERTY: "SELECT ?thing (COUNT(*) AS ?uses) { ?s ?thing ?o } GROUP BY ?thing",
}
_DESCRIBED = """
    SELECT ?thing (SAMPLE(?name) AS ?label) (SAMPLE(?text) AS ?definition) {
      VALUES ?kind { owl:Class owl:ObjectProperty owl:DatatypeProperty }
      ?thing a ?kind ; skos:definition ?text .
      OPTIONAL { ?thing rdfs:label ?name }
    } GROUP BY ?thing"""
# The first is what a thing is called, the others are found as well.
_NAMES = tuple(
    f"SELECT ?thing ?name {{ ?thing {naming} ?name FILTER(isIRI(?thing)) }}"
    for naming in ("rdfs:label", "skos:altLabel", "kg:name")
)

_OF_ONE_NAME = 3

_PLAIN_LOCAL_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?")
_PREFIXED = re.compile(r"([A-Za-z][A-Za-z0-9_-]*):(.*)", re.DOTALL)
# What stands between words, in names as in what is typed.
_BETWEEN_WORDS = re.compile(r"[\s_/()-]+")


class Completions:
    """What can be completed in one store; reads it when it is first asked, and then no more."""

    def __init__(self, store: AnyStore) -> None:
        self._store = store
        self._locks = {kind: Lock() for kind in Kind}
        self._used: dict[Kind, Sequence[Completion]] = {}
        self._names: _Names | None = None

    def find(self, kind: Kind, text: str, most: int = MOST) -> Sequence[Completion]:
        """What begins like the text, the likeliest first: things with the shortest names, others by how often they are used.

        text: as it was typed so far: a word, prefix:word, or the beginning of an IRI with its ``<``. Underscores stand for
        spaces.

        Raises what the store raises where it cannot be asked.
        """
        if kind is Kind.TERM:
            return list(islice(self._names_of_things().find(text.strip()), most))
        wanted = text.strip().casefold()
        ranked = [
            (rank, found) for found in self._used_by(kind) if (rank := _rank(found, wanted)) is not None
        ]
        ranked.sort(key=lambda one: (one[0], -(one[1].uses or 0), one[1].text))
        return [found for _, found in ranked[:most]]

    def read(self) -> None:
        """Read all that there is now, so that the first who asks need not wait."""
        self._used_by(Kind.CLASS)
        self._used_by(Kind.PROPERTY)
        self._names_of_things()

    def _used_by(self, kind: Kind) -> Sequence[Completion]:
        with self._locks[kind]:
            if kind not in self._used:
                self._used[kind] = _read_used(self._store, kind)
            return self._used[kind]

    def _names_of_things(self) -> "_Names":
        with self._locks[Kind.TERM]:
            if self._names is None:
                self._names = _Names(self._store)
            return self._names


def _read_used(store: AnyStore, kind: Kind) -> Sequence[Completion]:
    described = {
        thing.value: (_value(label), _value(definition))
        for thing, label, definition in rows(store.query(_DESCRIBED))
        if isinstance(thing, ox.NamedNode)
    }
    counted = list(rows(store.query(_FROM_VOID[kind]))) or rows(store.query(_COUNTED[kind]))
    written = _writer()
    return [
        Completion(
            written(thing.value),
            thing.value,
            *described.get(thing.value, (None, None)),
            uses=int(float(_value(uses) or 0)),
        )
        for thing, uses in counted
        if isinstance(thing, ox.NamedNode)
    ]


def _value(term: object) -> str | None:
    return term.value if isinstance(term, ox.Literal) else None


def _rank(found: Completion, wanted: str) -> int | None:
    """How well something fits what is wanted, 0 best; None if it does not."""
    local = found.text.partition(":")[2].casefold()
    label = (found.label or "").casefold()
    if found.text.casefold().startswith(wanted) or f"<{found.iri}".casefold().startswith(wanted):
        return 0
    if local.startswith(wanted):
        return 1
    if any(word.startswith(wanted) for word in label.split()) or label.startswith(wanted):
        return 2
    return 3 if wanted in local else None


class _Names:
    """What things are called, to be searched.

    All names stand in one text, a line each, folded to lower case and the shortest first. Python finds the next place of
    some letters in 10 MB of it within milliseconds, so there is no index of words, and what it finds first is what is
    wanted first. `starts` are the places of the lines, `owners` the number of the thing of each.
    """

    def __init__(self, store: AnyStore) -> None:
        self._written = _writer()
        self._iris: list[str] = []
        self._labels: dict[int, str] = {}
        named = sorted(self._read(store))
        self._lines = [line for _, _, line, _ in named]
        self._owners = array("L", (number for *_, number in named))
        self._starts = array("L")
        place = 1
        for _, folded, _, _ in named:
            self._starts.append(place)
            place += len(folded) + 1
        self._text = "\n" + "\n".join(folded for _, folded, _, _ in named) + "\n"

    def _read(self, store: AnyStore) -> Iterator[tuple[int, str, str, int]]:
        """Each name: its length, folded, as it is, and the number of its thing."""
        numbers: dict[str, int] = {}
        for query in _NAMES:
            for thing, name in rows(store.query(query)):
                if not isinstance(thing, ox.NamedNode) or not isinstance(name, ox.Literal):
                    continue
                number = numbers.setdefault(thing.value, len(numbers))
                if number == len(self._iris):
                    self._iris.append(thing.value)
                line = " ".join(name.value.split())
                if query is _NAMES[0]:
                    self._labels.setdefault(number, line)
                yield len(line), _folded(line), line, number

    def find(self, typed: str) -> Iterator[Completion]:
        """The things with a name that has a word which begins as typed, each once.

        Of things with the same name, a few: there are 50 parameters that are called body weight.
        """
        within, wanted = "", typed
        if (prefixed := _PREFIXED.fullmatch(typed)) is not None and prefixed[1] in self._written.prefixes:
            within, wanted = self._written.prefixes[prefixed[1]], prefixed[2]
        folded = _folded(wanted)
        if not folded:
            return
        if within and folded[0].isdigit():
            yield from (self._found(number) for number in self._numbered(within + wanted))
            return
        seen = set()
        same: Counter[str] = Counter()
        for line in self._lines_with(folded):
            number, name = self._owners[line], self._lines[line]
            if number in seen or not self._iris[number].startswith(within) or same[name] == _OF_ONE_NAME:
                continue
            seen.add(number)
            same[name] += 1
            yield self._found(number, name)

    def _numbered(self, beginning: str) -> Iterator[int]:
        return (number for number, iri in enumerate(self._iris) if iri.startswith(beginning))

    def _lines_with(self, folded: str) -> Iterator[int]:
        """The lines that are the words, then those that begin with them, then those with a word that does."""
        for sought in (f"\n{folded}\n", f"\n{folded}", f" {folded}"):
            place = self._text.find(sought)
            while place >= 0:
                # The place of the first letter, not of what stands before it.
                yield bisect_right(self._starts, place + 1) - 1
                place = self._text.find(sought, place + 1)

    def _found(self, number: int, name: str | None = None) -> Completion:
        iri, label = self._iris[number], self._labels.get(number)
        return Completion(self._written(iri), iri, label, found_by=name if name != label else None)


def _folded(name: str) -> str:
    return _BETWEEN_WORDS.sub(" ", name).strip().casefold()


class _Writer:
    """Writes IRIs as a query has them: shortened where a prefix and a plain name will do."""

    def __init__(self, prefixes: Mapping[str, str]) -> None:
        self.prefixes = prefixes
        # The longest namespace first, so that the first that fits is the one.
        self._by_length = sorted(prefixes.items(), key=lambda item: -len(item[1]))

    def __call__(self, iri: str) -> str:
        for prefix, namespace in self._by_length:
            if iri.startswith(namespace) and _PLAIN_LOCAL_NAME.fullmatch(iri, len(namespace)):
                return f"{prefix}:{iri[len(namespace) :]}"
        return f"<{iri}>"


def _writer() -> _Writer:
    return _Writer(namespaces())
