"""The build: from a recipe to a finished release. The only place that knows the order of things.

::

    fetch -> read -> merge -> reason -> triples -> describe -> load -> check -> swap

fetch     each file of the recipe is there and is the one that the recipe pins
read      each file becomes parts by kind, terms made current, rejects put aside (reading.py, sources/)
merge     parts of several sources become one table for each kind (merge.py)
reason    hierarchies closed, shortcuts (ontology/infer.py)
triples   tables and links become N-Triples and N-Quads (graph/triples.py)
describe  the release says what it is made of (describe.py)
load      all of it into a new store, in one go (graph/store.py)
check     the graph keeps its own rules (graph/checks.py)
swap      the release becomes the live one, by one rename

All is written below `work/` of the output folder; the live release is a folder below `releases/` that `current` names.
Whatever ends a build half-way, the live release goes on answering, and `resume` goes on from the last step done.
"""

import dataclasses
import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import polars as pl

from impckg._version import __version__
from impckg.graph import checks
from impckg.graph.errors import BuildError, CheckFailed
from impckg.graph.identifiers import iri
from impckg.graph.schema import schema
from impckg.graph.store import LIVE_RELEASE, STORE_FOLDER, graph_iri, open_store, write_store
from impckg.graph.triples import ROWS_PER_BATCH, batches, write_links, write_table
from impckg.graph.vocabulary import write_vocabulary
from impckg.loaders.context import ONTOLOGIES, ReadSource, context
from impckg.loaders.describe import describe
from impckg.loaders.fetch import FetchedFile, fetch_source
from impckg.loaders.finish import finish
from impckg.loaders.merge import concatenate, merge
from impckg.loaders.reading import Account, parts, read_account, read_source
from impckg.loaders.recipe import Recipe, RecipeSource
from impckg.loaders.report import Report, finished_report, write_report
from impckg.loaders.sources import find_source
from impckg.loaders.steps import (
    SilentWatcher,
    Steps,
    Watcher,
    as_json,
    fingerprint,
    fresh_folder,
    write_atomically,
)
from impckg.ontology import infer

HIERARCHY_GRAPH = "hierarchy"
INFERRED_GRAPH = "inferred"
RELEASE_GRAPH = "release"
VOCABULARY_GRAPH = "vocabulary"

DOWNLOADS = "downloads"
RELEASES = "releases"
WORK = "work"
LIVE_LINKS = (STORE_FOLDER, "tables", "reports")
"""Reached through the output folder itself, so that DIR/tables is always the live release's."""


@dataclass(frozen=True)
class _Read:
    """A source of the recipe, the file it is read from, and where its parts go."""

    source: RecipeSource
    file: FetchedFile
    folder: Path


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
    limit: read about so many rows of each source (whole blocks), for a quick look.

    Where the live release was already built from the same inputs nothing is done, and its report is returned.

    Raises what the steps raise: RecipeError, FetchError, SourceError, OntologyError, StoreError; CheckFailed where the
    graph breaks a rule; BuildError where another build is at work in the same folder.
    """
    watcher = watcher or SilentWatcher()
    out.mkdir(parents=True, exist_ok=True)
    with _alone(out):
        files = tuple(
            # A file that lies on disk is only looked at; that is no step worth telling.
            fetch_source(source, out / DOWNLOADS, watcher if source.address else SilentWatcher())
            for source in recipe.sources
        )
        inputs = fingerprint(_recipe_facts(recipe), [file.sha256 for file in files], limit, _code())
        release = out / RELEASES / f"{recipe.name}-{inputs[:8]}"
        before = finished_report(release)
        if before is not None and before.inputs == inputs:
            _go_live(out, release)
            return before
        work = out / WORK
        if not resume:
            shutil.rmtree(work, ignore_errors=True)
        work.mkdir(exist_ok=True)
        report = _Build(recipe, files, work, limit, Steps(work, watcher), watcher, inputs).run()
        watcher.step_started("swap")
        release.parent.mkdir(exist_ok=True)
        shutil.rmtree(release, ignore_errors=True)
        work.rename(release)
        _go_live(out, release)
        watcher.step_finished("swap", 0.0, skipped=False)
        return report


class _Build:
    """One build at work in its folder. Holds where things are, and what the steps have found so far."""

    def __init__(
        self,
        recipe: Recipe,
        files: tuple[FetchedFile, ...],
        work: Path,
        limit: int | None,
        steps: Steps,
        watcher: Watcher,
        inputs: str,
    ) -> None:
        self.recipe = recipe
        self.work = work
        self.limit = limit
        self.steps = steps
        self.watcher = watcher
        self.inputs = inputs
        self.reads = tuple(_Read(file.source, file, work / "parts" / file.source.name) for file in files)

    def run(self) -> Report:
        """Do all steps up to the swap and write the report."""
        accounts, mark = self._read()
        for step, work in (
            ("merge", self._merge),
            ("reason", self._reason),
            ("triples", self._triples),
            ("describe", lambda: self._describe(accounts)),
            ("load", self._load),
            ("check", self._check),
        ):
            mark = self.steps.run(step, mark, work)
        return write_report(self.work, self.recipe, self.inputs, accounts, self.steps.records)

    # ------------------------------------------------------------------ read

    def _read(self) -> tuple[dict[str, Account], str]:
        accounts: dict[str, Account] = {}
        marks: dict[str, str] = {}
        done: list[ReadSource] = []
        for read in _in_order_of_needs(self.reads):
            source = find_source(read.source.reader)
            needed = [other for other in done if other.reader in source.needs]
            name = read.source.name
            inputs = [read.file.sha256, name, read.source.version, source.reader, self.limit, _code()]
            work = partial(self._read_one, read, needed)
            marks[name] = self.steps.run(
                f"read {name}", [inputs, [marks[other.name] for other in needed]], work
            )
            accounts[name] = read_account(read.folder)
            done.append(ReadSource(name, source.reader, read.folder))
        return {read.source.name: accounts[read.source.name] for read in self.reads}, fingerprint(marks)

    def _read_one(self, read: _Read, before: list[ReadSource]) -> None:
        step = f"read {read.source.name}"
        with fresh_folder(read.folder) as folder:
            read_source(
                find_source(read.source.reader),
                read.file.path,
                context(read.source.name, read.source.version, before),
                folder,
                self.limit,
                lambda rows: self.watcher.step_advanced(step, rows),
            )

    # ------------------------------------------------------------------ merge

    def _merge(self) -> None:
        conflicts: dict[str, int] = {}
        with fresh_folder(self.work / "tables") as tables, fresh_folder(self.work / "additions") as additions:
            tables.mkdir()
            for kind in schema().kinds.values():
                files = {read.source.name: parts(read.folder, kind.name) for read in self.reads}
                files = {name: paths for name, paths in files.items() if paths}
                if not files:
                    continue
                if kind.bulk:
                    path = tables / f"{kind.table}.parquet"
                    # Row groups as long as the batches that triples are made from: each is decoded once.
                    concatenate(kind, files).sink_parquet(path, row_group_size=ROWS_PER_BATCH)
                    continue
                read = {name: _read_parts(paths) for name, paths in files.items()}
                merged = merge(kind, {name: finish(kind.name, table) for name, table in read.items()})
                merged.table.write_parquet(tables / f"{kind.table}.parquet")
                conflicts |= merged.conflicts
                for name, addition in merged.additions.items():
                    (additions / name).mkdir(parents=True, exist_ok=True)
                    addition.write_parquet(additions / name / f"{kind.table}.parquet")
        write_atomically(self.work / "conflicts.json", as_json(conflicts))

    def _tables(self) -> dict[str, pl.LazyFrame]:
        found = {
            kind.name: self.work / "tables" / f"{kind.table}.parquet" for kind in schema().kinds.values()
        }
        return {name: pl.scan_parquet(path) for name, path in found.items() if path.exists()}

    # ------------------------------------------------------------------ reason

    def _reason(self) -> None:
        tables = self._tables()
        hierarchy = pl.concat([_no_links(), *(self._closed(read) for read in self.reads)])
        called = infer.called_phenotype(tables)
        has = infer.has_phenotype(called, hierarchy)
        links = {
            "is_a": hierarchy,
            "called_phenotype": called,
            "has_phenotype": has,
            "tested_normal_for": infer.tested_normal_for(tables, has),
            "reveals": infer.reveals(tables),
            "ortholog": infer.ortholog(tables),
            "associated_disease": infer.associated_disease(tables),
            "maps_to": infer.maps_to(tables),
            "mondo": infer.mondo(tables),
            "result": infer.result(tables),
        }
        with fresh_folder(self.work / "links") as folder:
            folder.mkdir()
            for name, frame in links.items():
                frame.write_parquet(folder / f"{name}.parquet")
            for predicate, frame in infer.direct_mappings(tables).items():
                frame.write_parquet(folder / f"mapping {predicate.replace(':', ' ')}.parquet")

    def _closed(self, read: _Read) -> pl.DataFrame:
        if read.source.reader not in ONTOLOGIES:
            return _no_links()
        _, kind = ONTOLOGIES[read.source.reader]
        return infer.is_a(_read_parts(parts(read.folder, kind)), read.source.name)

    # ------------------------------------------------------------------ triples

    def _triples(self) -> None:
        statements: dict[str, int] = {}
        with fresh_folder(self.work / "triples") as folder:
            folder.mkdir()
            for read in self.reads:
                statements[read.source.name] = self._write_source(read.source.name, folder)
            for kind in schema().kinds.values():
                table = self.work / "tables" / f"{kind.table}.parquet"
                if kind.bulk and table.exists():
                    with (folder / f"{kind.table}.nt").open("wb") as output:
                        rows = batches(pl.scan_parquet(table))
                        statements[kind.table] = sum(write_table(batch, kind, output) for batch in rows)
            statements |= self._write_inferred(folder)
            with (folder / f"{VOCABULARY_GRAPH}.nq").open("wb") as output:
                statements[VOCABULARY_GRAPH] = write_vocabulary(schema(), output, graph_iri(VOCABULARY_GRAPH))
        write_atomically(self.work / "statements.json", as_json(statements))

    def _write_source(self, name: str, folder: Path) -> int:
        graph = graph_iri(name)
        written = 0
        with (folder / f"source-{name}.nq").open("wb") as output:
            for kind in schema().kinds.values():
                addition = self.work / "additions" / name / f"{kind.table}.parquet"
                if addition.exists():
                    written += write_table(pl.read_parquet(addition), kind, output, graph)
        return written

    def _write_inferred(self, folder: Path) -> dict[str, int]:
        written = {HIERARCHY_GRAPH: 0, INFERRED_GRAPH: 0}
        for file in sorted((self.work / "links").glob("*.parquet")):
            graph = HIERARCHY_GRAPH if file.stem == "is_a" else INFERRED_GRAPH
            predicate = (
                iri(file.stem.removeprefix("mapping ").replace(" ", ":"))
                if file.stem.startswith("mapping ")
                else schema().columns[file.stem].iri
            )
            with (folder / f"{graph}.nq").open("ab") as output:
                written[graph] += write_links(pl.read_parquet(file), predicate, output, graph_iri(graph))
        return written

    # ------------------------------------------------------------------ describe, load, check

    def _describe(self, accounts: Mapping[str, Account]) -> None:
        tables = describe(self.recipe, [read.file for read in self.reads], accounts, self._statements())
        with (self.work / "triples" / f"{RELEASE_GRAPH}.nq").open("wb") as output:
            for name, table in tables.items():
                kind = schema().kind(name)
                table.write_parquet(self.work / "tables" / f"{kind.table}.parquet")
                write_table(table, kind, output, graph_iri(RELEASE_GRAPH))

    def _statements(self) -> dict[str, int]:
        found: dict[str, int] = json.loads((self.work / "statements.json").read_text(encoding="utf-8"))
        return found

    def _load(self) -> None:
        with fresh_folder(self.work / STORE_FOLDER) as folder:
            write_store(folder, sorted((self.work / "triples").iterdir()))

    def _check(self) -> None:
        found = checks.run_checks(open_store(self.work / STORE_FOLDER))
        write_atomically(self.work / "checks.json", as_json([dataclasses.asdict(check) for check in found]))
        broken = [check for check in found if check.severity == "violation" and check.violations]
        if broken:
            raise CheckFailed(
                "the graph breaks its own rules: "
                + "; ".join(
                    f"{check.name}: {check.violations}, such as {check.examples[0]}" for check in broken
                )
            )


def _in_order_of_needs(reads: Sequence[_Read]) -> list[_Read]:
    """The sources so that each comes after those that its reader needs; else in the order of the recipe."""
    left, order = list(reads), []
    while left:
        waiting = {read.source.reader for read in left}
        ready = [read for read in left if not waiting.intersection(find_source(read.source.reader).needs)]
        if not ready:
            raise BuildError(f"sources need each other: {', '.join(read.source.name for read in left)}")
        order += ready
        left = [read for read in left if read not in ready]
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


def _read_parts(files: Sequence[Path]) -> pl.DataFrame:
    return pl.concat([pl.read_parquet(file) for file in files], how="diagonal")


def _no_links() -> pl.DataFrame:
    return pl.DataFrame(schema={"from": pl.String, "to": pl.String})
