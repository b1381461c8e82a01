"""Words of a query that the graph does not have, or has twice: a warning, never an error.

A class or property that is misspelled finds nothing, and nothing says why. So the words of a query are held against those
that the VoID of the release lists. A query is not parsed for that but read word by word (queries/patterns.py), and whatever
is not plainly a property or a class is passed over.

Most queries have no unknown word. They are told from the others by one look at their names (some 30 µs).
"""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import pyoxigraph as ox

from impckg.graph.identifiers import BASE, OBO, VOCABULARY, converter, iri, namespaces
from impckg.graph.schema import schema
from impckg.queries.patterns import expanded, patterns

HEADER = "X-Impckg-Warning"
MOST = 5
"""So many warnings a query gets at most."""

_LONGEST_QUERY = 50_000
_TYPE = iri("rdf:type")
_LIKENESS = 0.6
_GRAPHS = f"{BASE}graph/"
# A query with one of these has each row once, or says itself which graphs it is about.
_ONCE = re.compile(r"\b(?:DISTINCT|REDUCED|ASK|CONSTRUCT|DESCRIBE|FROM)\b", re.IGNORECASE)

_PREFIX = re.compile(r"\bPREFIX\s+([\w.-]*):\s*<([^<>\s]*)>", re.IGNORECASE)
# Names with a prefix, and IRIs with an authority. Where a string or a comment holds one, the slow look tells it apart.
_NAME = re.compile(r"\b(\w[\w.-]*+|):([A-Za-z_][\w-]*+)|<(\w++://[^<>\s\"{}]*+)>")
# Names as ontologies number them.
_NUMBERED = re.compile(r"\b([A-Za-z]\w*+):([0-9]++)\b")
_OUR_PREFIXES = namespaces()


@dataclass(frozen=True)
class KnownTerms:
    """The classes and properties that a graph uses, as IRIs."""

    classes: frozenset[str]
    properties: frozenset[str]

    @cached_property
    def every(self) -> frozenset[str]:
        """All that is no reason for a warning wherever it stands; values of the vocabulary among it."""
        values = {value.iri for enum in schema().enumerations.values() for value in enum.values}
        return self.classes | self.properties | values

    @cached_property
    def namespaces(self) -> frozenset[str]:
        """Where the graph takes its words from, and our own vocabulary."""
        return frozenset(map(_namespace, self.classes | self.properties)) | {VOCABULARY}

    @cached_property
    def declared(self) -> frozenset[str]:
        """What our vocabulary declares, used or not."""
        whole = schema()
        return frozenset(
            [kind.iri for kind in whole.kinds.values()]
            + [column.iri for column in whole.columns.values()]
            + [enumeration.iri for enumeration in whole.enumerations.values()]
        )

    @cached_property
    def relations(self) -> frozenset[str]:
        """Properties of ontologies, which the reasoner states in two graphs (loaders/classifying.py)."""
        return frozenset(p for p in self.properties if p.startswith(OBO)) - self.declared

    @cached_property
    def local_names(self) -> frozenset[str]:
        """The last part of each word, in small letters."""
        return frozenset(_local(term).lower() for term in self.classes | self.properties)


@dataclass(frozen=True)
class _Mention:
    """A class or property that a query uses."""

    iri: str
    written: str
    is_class: bool
    is_optional: bool
    in_graph: bool = False


def known_terms(description: Iterable[ox.Triple]) -> KnownTerms:
    """The classes and properties that VoID lists; none where there is no VoID."""
    found: dict[str, set[str]] = {iri("void:class"): set(), iri("void:property"): set()}
    for triple in description:
        if triple.predicate.value in found and isinstance(triple.object, ox.NamedNode):
            found[triple.predicate.value].add(triple.object.value)
    return KnownTerms(frozenset(found[iri("void:class")]), frozenset(found[iri("void:property")]))


def unknown_terms(text: str, known: KnownTerms) -> list[str]:
    """A warning for each class and property of a query that the graph lacks, or says twice, in the order of the query.

    Where nothing is known of the graph, and for what is very long, there is none.
    """
    if not known.properties or len(text) > _LONGEST_QUERY:
        return []
    prefixes = _OUR_PREFIXES | dict(_PREFIX.findall(text))
    names = set(_NAME.findall(text))
    terms = {whole or prefixes.get(prefix, "") + local for prefix, local, whole in names}
    numbered = {prefixes.get(prefix, "") + number for prefix, number in _NUMBERED.findall(text)}
    if not ((terms | numbered) & known.relations or any(_suspect(term, known) for term in terms)):
        return []
    once = _ONCE.search(text) is not None
    warnings: dict[str, None] = {}
    for mention in dict.fromkeys(_mentions(text, prefixes)):
        warning = _warning(mention, known) or (None if once else _repeated(mention, known))
        if warning is not None:
            warnings[warning] = None
            if len(warnings) == MOST:
                break
    return list(warnings)


def _mentions(text: str, prefixes: Mapping[str, str]) -> Iterator[_Mention]:
    """What stands where a property must stand, and what stands behind `a`."""
    for pattern in patterns(text):
        path, optional = pattern.path, pattern.group.optional
        for step in pattern.properties:
            property_ = expanded(step, prefixes)
            if property_ is not None:
                yield _Mention(property_, step.text, False, optional, pattern.group.in_graph)
        is_typed = len(path) == 1 and (path[0].text == "a" or expanded(path[0], prefixes) == _TYPE)
        class_ = expanded(pattern.object, prefixes) if is_typed and pattern.object is not None else None
        if class_ is not None and pattern.object is not None:
            yield _Mention(class_, pattern.object.text, True, optional)


def as_header(warnings: Iterable[str]) -> str:
    """Warnings as the value of a header: in ASCII, on one line.

    >>> as_header(["kg:a is not a class of this graph", "kg:b is not a property of this graph"])
    'kg:a is not a class of this graph; kg:b is not a property of this graph'
    """
    return "; ".join(warnings).encode("ascii", "backslashreplace").decode("ascii")


def _suspect(term: str, known: KnownTerms) -> bool:
    """Whether a word may be meant as one of the graph's and is none."""
    local = _local(term)
    if term in known.every or not local:
        return False
    return term[: -len(local)] in known.namespaces or local.lower() in known.local_names


def _warning(mention: _Mention, known: KnownTerms) -> str | None:
    """What is wrong with a word, if something is."""
    if not _suspect(mention.iri, known):
        return None
    if mention.iri in known.declared:
        # What may be missing is no mistake.
        unused = f"{mention.written} is in the vocabulary, but nothing in this release uses it"
        return None if mention.is_optional else unused
    wrong = f"{mention.written} is not a {'class' if mention.is_class else 'property'} of this graph"
    near = _nearest(mention.iri, known.classes if mention.is_class else known.properties)
    return f"{wrong}; did you mean {near}?" if near else wrong


def _repeated(mention: _Mention, known: KnownTerms) -> str | None:
    """That a relation is found twice where no graph is named."""
    if mention.is_class or mention.in_graph or mention.iri not in known.relations:
        return None
    return (
        f"{mention.written} is stated in the graphs redundant and nonredundant so that rows may come twice: "
        f"ask it in GRAPH <{_GRAPHS}redundant> or say DISTINCT"
    )


def _nearest(term: str, words: frozenset[str]) -> str | None:
    """The known word whose last part is nearest to that of a word; None where none is near."""
    by_name: dict[str, str] = {}
    # Of words with the same last part, ours is meant.
    for word in sorted(words, key=lambda word: (word.startswith(VOCABULARY), word)):
        by_name[_local(word).lower()] = word
    name = _local(term).lower()
    likely = difflib.get_close_matches(name, by_name, n=5, cutoff=_LIKENESS)
    ranked = [
        (edits(name, other), not by_name[other].startswith(_namespace(term)), other) for other in likely
    ]
    if not ranked or min(ranked)[0] > 1 + len(name) // 5:
        return None
    return converter().compress(by_name[min(ranked)[2]], passthrough=True)


def edits(word: str, other: str) -> int:
    """How many letters must be put in, left out, changed or swapped with the next to make one word of another.

    >>> edits("geen", "gene"), edits("labl", "label")
    (1, 1)

    Source: optimal string alignment, Boytsov 2011, https://doi.org/10.1145/1963190.1963191.
    """
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(word, start=1):
        before, last, row = row, before, [i]
        for j, wanted in enumerate(other, start=1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != wanted))
            if last and j > 1 and letter == other[j - 2] and word[i - 2] == wanted:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
    return row[-1]


def _namespace(term: str) -> str:
    return term[: max(term.rfind("#"), term.rfind("/"), term.rfind("_") if "/obo/" in term else -1) + 1]


def _local(term: str) -> str:
    return term[len(_namespace(term)) :]
