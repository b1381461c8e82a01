"""Classification in all of OWL 2 DL, by HermiT or Pellet, where Java exists.

The reasoners are the jars that come inside the package owlready2 (`pip install impckg[owl]`). They run in a process of their
own, with a limit of time and one of memory: what EL does in seconds, these may not do in hours. They are called directly and
not through owlready2, whose functions know no limits and load Pellet by way of a library that is built for Java 25; through
its OWL API Pellet runs on Java 11.

Source: HermiT 1.3.8 (Glimm and others 2014, https://doi.org/10.1007/s10817-014-9305-1), Pellet 2.3.1 (Sirin and others 2007,
https://doi.org/10.1016/j.websem.2007.03.004).
"""

import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from impckg.graph.errors import OntologyError
from impckg.ontology.documents.document import Document, ontology_of
from impckg.ontology.hierarchy import closure
from impckg.ontology.reasoning.classification import classes_of
from impckg.ontology.reasoning.rules import RuleBook

REASONERS = ("hermit", "pellet")

_OWL = "http://www.w3.org/2002/07/owl#"
_THING, _NOTHING = _OWL + "Thing", _OWL + "Nothing"
_SAID = 500
"""So many characters of what a reasoner says are passed on."""


@dataclass(frozen=True)
class DlLimits:
    """What a reasoner may need. memory_mib: the heap of its Java."""

    seconds: float = 600.0
    memory_mib: int = 2048


@dataclass(frozen=True, eq=False)
class DlHierarchy:
    """What a reasoner of OWL DL found.

    subsumptions: (sub, sup), IRIs, as `Classification.subsumptions()` has them. unsatisfiable: IRIs, sorted.
    """

    subsumptions: pl.DataFrame
    unsatisfiable: tuple[str, ...]


def classify_dl(
    documents: Sequence[Document], reasoner: str = "hermit", limits: DlLimits = DlLimits()
) -> DlHierarchy:
    """Infer the hierarchy of the classes of some documents in OWL 2 DL.

    reasoner: one of REASONERS.

    Raises OntologyError where there is no Java or no owlready2, where time or memory do not suffice, where the axioms
    contradict each other, and where the reasoner refuses them; the message has what it said.
    """
    java, jars = _java(), _jars(reasoner)
    components = list({str(one): one for document in documents for one in document.components}.values())
    # An import would be fetched, and two ontologies cannot be one document.
    own = [one for one in components if type(one.component).__name__ not in ("Import", "OntologyID")]
    with tempfile.TemporaryDirectory(prefix="impckg-dl-") as folder:
        file = Path(folder) / "ontology.owl"
        file.write_text(ontology_of(own).save_to_string("owx"), encoding="utf-8")
        command = [java, f"-Xmx{limits.memory_mib}M", "-cp", os.pathsep.join(map(str, jars))]
        said = _run([*command, *_ARGUMENTS[reasoner], file.as_uri()], reasoner, limits)
    book = RuleBook()
    book.add(documents)
    return _hierarchy(_READ[reasoner](said), classes_of(book.concepts))


_ARGUMENTS = {
    "hermit": ("org.semanticweb.HermiT.cli.CommandLine", "-c", "-O", "-D", "-I"),
    "pellet": ("pellet.Pellet", "classify", "--loader", "OWLAPIv3", "--ignore-imports"),
}


def _java() -> str:
    java = shutil.which("java")
    if java is None:
        raise OntologyError(
            "OWL DL needs Java, and there is no `java` on this machine; expected a runtime of version 11 or newer. "
            "Without it the built-in reasoner does OWL 2 EL"
        )
    return java


def _jars(reasoner: str) -> list[Path]:
    if reasoner not in REASONERS:
        raise OntologyError(f"{reasoner!r} is no reasoner of OWL DL; expected {' or '.join(REASONERS)}")
    package = importlib.util.find_spec("owlready2")
    if package is None or package.origin is None:
        raise OntologyError(
            "OWL DL needs the package owlready2, which is not here; pip install 'impckg[owl]'"
        )
    folder = Path(package.origin).parent / reasoner
    return [folder, *sorted(folder.glob("*.jar"))]


def _run(command: Sequence[str], reasoner: str, limits: DlLimits) -> str:
    """What a reasoner says; it is ended where it takes too long."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=limits.seconds, check=False)
    except subprocess.TimeoutExpired as error:
        raise OntologyError(
            f"{reasoner} did not end within {limits.seconds:g} s; allow it more, or use the built-in reasoner (OWL 2 EL)"
        ) from error
    told = f"{done.stderr}\n{done.stdout}"
    if "OutOfMemoryError" in told:
        raise OntologyError(
            f"{reasoner} needs more than {limits.memory_mib:,} MiB; allow it more, or use the built-in reasoner (OWL 2 EL)"
        )
    if "nconsistent" in told:
        raise OntologyError(f"{reasoner}: the axioms contradict each other, so anything would follow")
    if done.returncode or "Exception" in told:
        raise OntologyError(f"{reasoner} cannot classify these axioms: {told.strip()[:_SAID]}")
    return done.stdout


def _hierarchy(groups: "_Groups", named: Sequence[str]) -> DlHierarchy:
    """From sets of equivalent classes and steps up, everything that is above."""
    equal, steps = groups
    of_group = {one: group for group in equal for one in group}
    impossible = {_NOTHING, *of_group.get(_NOTHING, ())}
    everything = {_THING, *of_group.get(_THING, ())}
    # One of those that mean the same stands for all while the hierarchy is closed: so it has no circle.
    edges = {tuple(of_group.get(end, [end])[0] for end in step) for step in steps}
    frame = pl.DataFrame(
        sorted(edge for edge in edges if edge[0] != edge[1]),
        schema={"child": pl.String, "parent": pl.String},
        orient="row",
    )
    first = pl.Series([group[0] for group in equal], dtype=pl.String)
    pairs = {
        (low, high)
        for below, above in closure(frame, first).iter_rows()
        for low in of_group.get(below, [below])
        for high in of_group.get(above, [above])
    }
    pairs |= {(low, high) for low in named for high in everything}
    found = pl.DataFrame(
        [(low, high) for low, high in pairs if low != high and not {low, high} & {*impossible, _THING}],
        schema={"sub": pl.String, "sup": pl.String},
        orient="row",
    )
    return DlHierarchy(found.sort("sub", "sup"), tuple(sorted(impossible - {_NOTHING})))


# What the reasoners write -------------------------------------------------------------------------------

_Groups = tuple[list[list[str]], list[tuple[str, str]]]
_STATEMENT = re.compile(r"^(SubClassOf|EquivalentClasses)\( ((?:<[^>]+>\s*)+)\)$", re.MULTILINE)
_IRI = re.compile(r"<([^>]+)>")


def _read_hermit(said: str) -> _Groups:
    """Statements in functional syntax, one on each line."""
    equal, steps = [], []
    for kind, names in _STATEMENT.findall(said):
        iris = _IRI.findall(names)
        if kind == "EquivalentClasses":
            equal.append(iris)
        else:
            steps.append((iris[0], iris[1]))
    return _merged(equal), steps


def _read_pellet(said: str) -> _Groups:
    """A tree: a class on each line, further in than the class above it; equivalent ones on one line."""
    equal: list[list[str]] = []
    steps: list[tuple[str, str]] = []
    above: list[tuple[int, str]] = []
    for line in said.splitlines():
        names = [name for name in line.strip().split(" = ") if "://" in name]
        if not names:
            continue
        depth = len(line) - len(line.lstrip())
        while above and above[-1][0] >= depth:
            above.pop()
        if len(names) > 1:
            equal.append(names)
        if above and above[-1][1] != _THING:
            steps.append((names[0], above[-1][1]))
        above.append((depth, names[0]))
    return _merged(equal), steps


_READ: dict[str, Callable[[str], _Groups]] = {"hermit": _read_hermit, "pellet": _read_pellet}


def _merged(equal: Iterable[list[str]]) -> list[list[str]]:
    """Sets that have a class in common as one."""
    found: list[list[str]] = []
    for group in equal:
        touching = [other for other in found if set(other) & set(group)]
        found = [other for other in found if other not in touching]
        found.append(sorted({one for other in (*touching, group) for one in other}))
    return found
