"""The build: from a recipe to a finished release. The only place that knows the order of things.

::

    fetch -> read -> merge -> reason -> classify -> triples -> describe -> load -> check -> swap

fetch     each file of the recipe is there and is the one that the recipe pins
read      each file becomes parts by kind, terms made current, rejects put aside (reading.py, sources/)
merge     parts of several sources become one table for each kind (merge.py)
reason    hierarchies closed, shortcuts (ontology/infer.py)
classify  what the axioms of ontologies imply (classifying.py, ontology/reasoning/)
triples   tables and links become N-Triples and N-Quads (graph/triples.py)
describe  the release says what it is made of and how much it holds (describe.py, graph/metadata/)
load      all of it into a new store, in one go (graph/store.py)
check     the graph keeps its own rules (graph/checks/)
swap      the release becomes the live one, by one rename

All is written below `work/` of the output folder; the live release is a folder below `releases/` that `current` names.
Whatever ends a build half-way, the live release goes on answering, and `resume` goes on from the last step done.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from impckg._version import __version__
from impckg.graph.errors import BuildError, RecipeError, StoreError
from impckg.graph.schema import schema
from impckg.graph.store import LIVE_RELEASE, REASONING_FOLDER, STORE_FOLDER, open_store
from impckg.loaders import stages
from impckg.loaders.context import ReadSource
from impckg.loaders.describe import questions_checksum
from impckg.loaders.fetch import FetchedFile, fetch_source
from impckg.loaders.reading import Account, read_account
from impckg.loaders.recipe import Recipe
from impckg.loaders.report import Report, finished_report, write_report
from impckg.loaders.sources import find_source
from impckg.loaders.stages import Reading, Workspace
from impckg.loaders.steps import SilentWatcher, Steps, Watcher, fingerprint

DOWNLOADS = "downloads"
RELEASES = "releases"
WORK = "work"
LIVE_LINKS = (STORE_FOLDER, "tables", "reports", REASONING_FOLDER)
"""Reached through the output folder itself, so that DIR/tables is always the live release's."""


def build(
    recipe: Recipe,
    out: Path,
    *,
    resume: bool = False,
    limit: int | None = None,
    watcher: Watcher | None = None,
) -> Report:
    """Build a release from a recipe below an output folder, make it the live one, and report.

    resume: go on from a build that was cut off, if it was of the same inputs; else begin anew.
    limit: read so many rows of each file, for a quick look; ontologies are read whole.

    Where a release was already built from the same inputs and can still be opened nothing is done, and its report is
    returned.

    Raises what the steps raise: RecipeError, FetchError, SourceError, OntologyError, StoreError; CheckFailed where the
    graph breaks a rule; BuildError where another build is at work in the same folder.
    """
    watcher = watcher or SilentWatcher()
    _check_readers(recipe)
    if limit is not None:
        # Whoever meets such a release must see that it is not whole.
        recipe = replace(recipe, title=f"{recipe.title} (only the first {limit:,} rows of each file)")
    out.mkdir(parents=True, exist_ok=True)
    with _alone(out):
        files = tuple(
            # A file that lies on disk is only looked at; that is no step worth telling.
            fetch_source(source, out / DOWNLOADS, watcher if source.address else SilentWatcher())
            for source in recipe.sources
        )
        inputs = fingerprint(
            _recipe_facts(recipe), [file.sha256 for file in files], limit, _code(), questions_checksum()
        )
        release = out / RELEASES / f"{recipe.name}-{inputs[:8]}"
        before = finished_report(release)
        if before is not None and before.inputs == inputs and _opens(release):
            _go_live(out, release)
            watcher.step_finished(
                f"{release.name}, built before from the same files", before.seconds, skipped=True
            )
            return before
        work = out / WORK
        if not resume:
            shutil.rmtree(work, ignore_errors=True)
        work.mkdir(exist_ok=True)
        report = _run(recipe, files, work, limit, watcher, inputs)
        watcher.step_started("swap")
        release.parent.mkdir(exist_ok=True)
        shutil.rmtree(release, ignore_errors=True)
        work.rename(release)
        _go_live(out, release)
        watcher.step_finished("swap", 0.0, skipped=False)
        return report


def _run(
    recipe: Recipe,
    files: tuple[FetchedFile, ...],
    folder: Path,
    limit: int | None,
    watcher: Watcher,
    inputs: str,
) -> Report:
    """Do all steps up to the swap, and write the report."""
    steps = Steps(folder, watcher)
    readings = tuple(Reading(file.source, file, folder / "parts" / file.source.name) for file in files)
    work = Workspace(folder, readings)
    accounts, marks = _read(readings, limit, steps, watcher)
    # What rests on the recipe itself, such as the order of its sources, is done again when the recipe changes.
    mark = fingerprint(marks, _recipe_facts(recipe))
    for step, do in (
        ("merge", stages.merge_parts),
        ("reason", stages.reason),
        ("classify", stages.classify),
        ("triples", stages.write_triples),
        ("describe", partial(stages.describe_release, recipe=recipe, accounts=accounts)),
        ("load", stages.load),
        ("check", stages.check),
    ):
        rests_on = [mark, questions_checksum()] if step == "describe" else mark
        mark = steps.run(step, rests_on, partial(do, work))
    return write_report(folder, recipe, inputs, accounts, steps.records)


def _read(
    readings: Sequence[Reading], limit: int | None, steps: Steps, watcher: Watcher
) -> tuple[dict[str, Account], dict[str, str]]:
    """Read each source after those that its reader needs; the accounts in order of the recipe, and the fingerprints."""
    accounts: dict[str, Account] = {}
    marks: dict[str, str] = {}
    done: list[ReadSource] = []
    for reading in _in_order_of_needs(readings):
        source, name = find_source(reading.source.reader), reading.source.name
        needed = [other for other in done if other.reader in source.needs]
        facts = [reading.file.sha256, name, reading.source.version, source.reader, limit, _code()]
        advanced = partial(watcher.step_advanced, f"read {name}")
        marks[name] = steps.run(
            f"read {name}",
            [facts, [marks[other.name] for other in needed]],
            partial(stages.read_one, reading, needed, limit, advanced),
        )
        accounts[name] = read_account(reading.folder)
        done.append(ReadSource(name, source.reader, reading.folder))
    return {reading.source.name: accounts[reading.source.name] for reading in readings}, marks


def _check_readers(recipe: Recipe) -> None:
    for source in recipe.sources:
        try:
            find_source(source.reader)
        except RecipeError as error:
            raise RecipeError(f"{recipe.path.name}: source {source.name!r}: {error}") from error


def _opens(release: Path) -> bool:
    """Whether the store of a finished release is still whole enough to be opened."""
    try:
        open_store(release)
    except StoreError:
        return False
    return True


def _in_order_of_needs(readings: Sequence[Reading]) -> list[Reading]:
    """The sources so that each comes after those that its reader needs; else in the order of the recipe."""
    left, order = list(readings), []
    while left:
        waiting = {r.source.reader for r in left}
        ready = [r for r in left if not waiting.intersection(find_source(r.source.reader).needs)]
        if not ready:
            raise BuildError(f"sources need each other: {', '.join(r.source.name for r in left)}")
        order += ready
        left = [r for r in left if r not in ready]
    return order


def _go_live(out: Path, release: Path) -> None:
    """Make a finished release the live one, by one rename; keep the one before, drop older ones and what built it."""
    current = out / LIVE_RELEASE
    before = current.resolve() if current.is_symlink() else None
    if before != release.resolve():
        beside = out / f"{LIVE_RELEASE}.tmp"
        beside.unlink(missing_ok=True)
        beside.symlink_to(release.relative_to(out), target_is_directory=True)
        os.replace(beside, current)  # noqa: PTH105 - the name says that it replaces
    for name in LIVE_LINKS:
        link = out / name
        if not link.is_symlink():
            link.symlink_to(Path(LIVE_RELEASE) / name, target_is_directory=True)
    for other in (out / RELEASES).iterdir():
        if other.resolve() not in (release.resolve(), before):
            shutil.rmtree(other)
    for leftover in release.iterdir():
        if leftover.is_dir() and leftover.name not in LIVE_LINKS:
            shutil.rmtree(leftover)


@contextmanager
def _alone(out: Path) -> Iterator[None]:
    """Keep other builds out of a folder while this one is at work; a crash lets go by itself."""
    with (out / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BuildError(
                f"{out}: another build is at work here; wait for it or build into another folder"
            ) from error
        yield


def _recipe_facts(recipe: Recipe) -> list[object]:
    """What of a recipe its release depends on; not where the files lie."""
    sources = [(s.name, s.reader, s.address, s.version, s.licence, s.citation) for s in recipe.sources]
    return [recipe.name, recipe.title, recipe.date, recipe.simulated, sources]


def _code() -> list[str]:
    """What of this program the outputs depend on."""
    return [__version__, schema().checksum]
