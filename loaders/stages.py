"""What each step of a build does, from the parts of sources to a checked store. In which order: build.py.

All functions work in a `Workspace`: they read what the step before wrote there and write what the next one reads.
"""

import dataclasses
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import quote, unquote

import polars as pl
import pyoxigraph as ox

from impckg.graph import checks
from impckg.graph.closed_terms import find_closed_terms, keep_closed_terms
from impckg.graph.errors import CheckFailed
from impckg.graph.identifiers import iri, mint
from impckg.graph.metadata import EXAMPLES_GRAPH, VOID_GRAPH
from impckg.graph.metadata.census import LinksFile, TableFile, take_census
from impckg.graph.metadata.void import count_release
from impckg.graph.schema import Kind, schema
from impckg.graph.store import REASONING_FOLDER, STORE_FOLDER, graph_iri, open_store, write_store
from impckg.graph.triples import ROWS_PER_BATCH, batches, write_links, write_table
from impckg.graph.vocabulary import write_vocabulary
from impckg.loaders.classifying import GROUPING, OntologyFile, classify_files
from impckg.loaders.context import ONTOLOGIES, ReadSource, context
from impckg.loaders.describe import describe, links_to_others, with_counts
from impckg.loaders.fetch import FetchedFile
from impckg.loaders.finish import finish
from impckg.loaders.merge import concatenate, merge
from impckg.loaders.reading import Account, parts, read_source
from impckg.loaders.recipe import Recipe, RecipeSource
from impckg.loaders.report import COMPARISON
from impckg.loaders.sources import find_source
from impckg.loaders.steps import as_json, fresh_folder, write_atomically
from impckg.ontology import infer
from impckg.ontology.grouping import compare_with_mappings
from impckg.ontology.reasoning.keeping import keep

HIERARCHY_GRAPH = "hierarchy"
INFERRED_GRAPH = "inferred"
CLASSIFICATION_GRAPH = "classification"
RELEASE_GRAPH = "release"
VOCABULARY_GRAPH = "vocabulary"

# What the release says of itself: named graphs, and the names of their files.
_DESCRIPTIONS = {
    graph_iri(RELEASE_GRAPH): RELEASE_GRAPH,
    VOID_GRAPH: "void",
    EXAMPLES_GRAPH: "sparql-examples",
}

_HIERARCHY = "is_a"

# The reader of ontologies that are there for their axioms.
_AXIOMS = "ontology"

# Kinds that come from the reasoner, and not from one source, and their graphs.
_CLASSIFIED_KINDS = {
    "Ontology": CLASSIFICATION_GRAPH,
    "ClassifiedTerm": CLASSIFICATION_GRAPH,
    "PhenotypeGroup": GROUPING,
}

# Links that stand for the direct triple of a mapping are kept in a file named after its predicate.
_MAPPING = "mapping "


@dataclass(frozen=True)
class Reading:
    """A source of the recipe, the file it is read from, and the folder of its parts."""

    source: RecipeSource
    file: FetchedFile
    folder: Path


@dataclass(frozen=True)
class Workspace:
    """Where a build keeps what its steps hand on."""

    folder: Path
    readings: tuple[Reading, ...]

    @cached_property
    def tables(self) -> Path:
        """One Parquet file for each kind."""
        return self.folder / "tables"

    @cached_property
    def additions(self) -> Path:
        """For each source, what it was the first to say, by kind."""
        return self.folder / "additions"

    @cached_property
    def links(self) -> Path:
        """One Parquet file for each inferred property."""
        return self.folder / "links"

    @cached_property
    def reasoning(self) -> Path:
        """The classification of the ontologies, as it was kept."""
        return self.folder / REASONING_FOLDER

    @cached_property
    def relations(self) -> Path:
        """One folder for each graph of what was inferred from axioms; in it one Parquet file for each property."""
        return self.folder / "relations"

    @cached_property
    def triples(self) -> Path:
        """N-Triples and N-Quads, ready to load."""
        return self.folder / "triples"

    @cached_property
    def store(self) -> Path:
        """The store."""
        return self.folder / STORE_FOLDER

    def table(self, kind: Kind) -> Path:
        """The file of the table of one kind; it may not be there."""
        return self.tables / f"{kind.table}.parquet"

    def lazy_tables(self) -> dict[str, pl.LazyFrame]:
        """The tables that are there, by the name of their kind."""
        kinds = schema().kinds.values()
        return {kind.name: pl.scan_parquet(self.table(kind)) for kind in kinds if self.table(kind).exists()}

    def note(self, name: str, value: object) -> None:
        """Keep a small result of a step."""
        write_atomically(self.folder / f"{name}.json", as_json(value))

    def noted(self, name: str) -> dict[str, int]:
        """A small result that a step kept."""
        found: dict[str, int] = json.loads((self.folder / f"{name}.json").read_text(encoding="utf-8"))
        return found


def read_one(
    reading: Reading, before: Sequence[ReadSource], limit: int | None, advanced: Callable[[int], None]
) -> None:
    """Read a source into its folder of parts. before: the sources that its reader rests on."""
    name, version = reading.source.name, reading.source.version
    with fresh_folder(reading.folder) as folder:
        read_source(
            find_source(reading.source.reader),
            reading.file.path,
            context(name, version, before, limit),
            folder,
            advanced,
        )


def merge_parts(work: Workspace) -> None:
    """Make the table of each kind, and for each source what it adds to the tables of kinds that are not bulk."""
    conflicts: dict[str, int] = {}
    with fresh_folder(work.tables) as tables, fresh_folder(work.additions) as additions:
        tables.mkdir()
        for kind in schema().kinds.values():
            files = {reading.source.name: parts(reading.folder, kind.name) for reading in work.readings}
            files = {name: paths for name, paths in files.items() if paths}
            if not files:
                continue
            path = tables / f"{kind.table}.parquet"
            if kind.bulk:
                # Row groups as long as the batches that triples are made from: each is decoded once.
                concatenate(kind, files).sink_parquet(path, row_group_size=ROWS_PER_BATCH)
            else:
                conflicts |= _merge_kind(kind, files, path, additions)
    work.note("conflicts", conflicts)


def _merge_kind(
    kind: Kind, files: Mapping[str, list[Path]], path: Path, additions: Path
) -> Mapping[str, int]:
    merged = merge(kind, {name: finish(kind.name, _read_parts(paths)) for name, paths in files.items()})
    merged.table.write_parquet(path)
    for name, addition in merged.additions.items():
        (additions / name).mkdir(parents=True, exist_ok=True)
        addition.write_parquet(additions / name / f"{kind.table}.parquet")
    return merged.conflicts


def reason(work: Workspace) -> None:
    """Close the hierarchies and write the links of each inferred property."""
    tables = work.lazy_tables()
    hierarchy = pl.concat([_no_links(), *(_closed(reading) for reading in work.readings)])
    called = infer.called_phenotype(tables)
    has = infer.has_phenotype(called, hierarchy)
    links = {
        _HIERARCHY: hierarchy,
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
    for predicate, frame in infer.direct_mappings(tables).items():
        links[_MAPPING + predicate.replace(":", " ")] = frame
    with fresh_folder(work.links) as folder:
        folder.mkdir()
        for name, frame in links.items():
            frame.write_parquet(folder / f"{name}.parquet")


def classify(work: Workspace) -> None:
    """Classify the ontologies; keep what follows from their axioms, and write it as links and tables."""
    files = [
        OntologyFile(reading.file.path, mint("source", reading.source.name, reading.source.version))
        for reading in work.readings
        if reading.source.reader in (*ONTOLOGIES, _AXIOMS)
    ]
    with fresh_folder(work.reasoning) as kept, fresh_folder(work.relations) as relations:
        for folder in (kept, relations):
            folder.mkdir()
        if not files:
            work.note("classification", {})
            return
        found = classify_files(files)
        keep(found.kept, kept)
        for graph, by_property in found.relations.items():
            (relations / graph).mkdir()
            for property_, links in by_property.items():
                links.write_parquet(relations / graph / f"{quote(property_, safe='')}.parquet")
    for name, table in found.tables.items():
        table.write_parquet(work.table(schema().kind(name)))
    work.note("classification", dataclasses.asdict(found.account))
    compared = compare_with_mappings(
        found.documents, found.kept.classification, infer.maps_to(work.lazy_tables())
    )
    compared.write_csv(work.folder / COMPARISON, separator="\t")


def _closed(reading: Reading) -> pl.DataFrame:
    if reading.source.reader not in ONTOLOGIES:
        return _no_links()
    _, kind = ONTOLOGIES[reading.source.reader]
    return infer.is_a(
        _read_parts(parts(reading.folder, kind)), f"{reading.source.name} ({reading.file.path.name})"
    )


def write_triples(work: Workspace) -> None:
    """Write the statements of sources, bulk tables, inferred graphs and vocabulary, and note how many each has."""
    statements: dict[str, int] = {}
    with fresh_folder(work.triples) as folder:
        folder.mkdir()
        for reading in work.readings:
            statements[reading.source.name] = _write_source(work, reading.source.name, folder)
        for kind in schema().kinds.values():
            if kind.bulk and work.table(kind).exists():
                with (folder / f"{kind.table}.nt").open("wb") as output:
                    rows = batches(pl.scan_parquet(work.table(kind)))
                    statements[kind.table] = sum(write_table(batch, kind, output) for batch in rows)
        statements |= _write_inferred(work, folder)
        for graph, written in _write_classified(work, folder).items():
            statements[graph] = statements.get(graph, 0) + written
        with (folder / f"{VOCABULARY_GRAPH}.nq").open("wb") as output:
            statements[VOCABULARY_GRAPH] = write_vocabulary(schema(), output, graph_iri(VOCABULARY_GRAPH))
    work.note("statements", statements)


def _write_source(work: Workspace, name: str, folder: Path) -> int:
    written = 0
    with (folder / f"source-{name}.nq").open("wb") as output:
        for kind in schema().kinds.values():
            addition = work.additions / name / f"{kind.table}.parquet"
            if addition.exists():
                written += write_table(pl.read_parquet(addition), kind, output, graph_iri(name))
    return written


def _write_classified(work: Workspace, folder: Path) -> dict[str, int]:
    written = dict.fromkeys(_CLASSIFIED_KINDS.values(), 0)
    for graph, file in _classified_files(work):
        with (folder / f"{graph}.nq").open("ab") as output:
            written[graph] += write_table(pl.read_parquet(file.path), file.kind, output, file.graph)
    return written


def _classified_files(work: Workspace) -> list[tuple[str, TableFile]]:
    """The files of tables that come from the reasoner, and the names of their graphs."""
    kinds = [(schema().kind(name), graph) for name, graph in _CLASSIFIED_KINDS.items()]
    return [
        (graph, TableFile(work.table(kind), kind, graph_iri(graph)))
        for kind, graph in kinds
        if work.table(kind).exists()
    ]


def _write_inferred(work: Workspace, folder: Path) -> dict[str, int]:
    written = {HIERARCHY_GRAPH: 0, INFERRED_GRAPH: 0}
    for graph, file in _links_files(work):
        with (folder / f"{graph}.nq").open("ab") as output:
            links = write_links(pl.read_parquet(file.path), file.predicate, output, file.graph)
        written[graph] = written.get(graph, 0) + links
    return written


def _links_files(work: Workspace) -> list[tuple[str, LinksFile]]:
    """The files of links, with what they say, and the name of the graph where they say it."""
    inferred = [
        (HIERARCHY_GRAPH if file.stem == _HIERARCHY else INFERRED_GRAPH, _predicate(file.stem), file)
        for file in sorted(work.links.glob("*.parquet"))
    ]
    related = [
        (folder.name, unquote(file.stem), file)
        for folder in sorted(work.relations.iterdir())
        for file in sorted(folder.iterdir())
    ]
    return [
        (graph, LinksFile(file, predicate, graph_iri(graph)))
        for graph, predicate, file in [*inferred, *related]
    ]


def _table_files(work: Workspace) -> Iterator[TableFile]:
    """The files of tables that statements were made from, and where those went."""
    for reading in work.readings:
        for kind in schema().kinds.values():
            addition = work.additions / reading.source.name / f"{kind.table}.parquet"
            if addition.exists():
                yield TableFile(addition, kind, graph_iri(reading.source.name))
    for kind in schema().kinds.values():
        if kind.bulk and work.table(kind).exists():
            yield TableFile(work.table(kind), kind, None)
    yield from (file for _, file in _classified_files(work))


def _predicate(name: str) -> str:
    """The IRI of the property that a file of links stands for."""
    if name.startswith(_MAPPING):
        return iri(name.removeprefix(_MAPPING).replace(" ", ":"))
    return schema().columns[name].iri


def describe_release(work: Workspace, recipe: Recipe, accounts: Mapping[str, Account]) -> None:
    """Count what was written, and write what the release says of itself, as tables and as statements."""
    written = {name: n for name, n in work.noted("statements").items() if name not in _DESCRIPTIONS.values()}
    links = _links_files(work)
    to_others: dict[tuple[str, str], int] = {}
    for graph, file in links:
        if graph == INFERRED_GRAPH:
            to_others |= links_to_others(file.predicate, pl.read_parquet(file.path))
    described = describe(
        recipe, [reading.file for reading in work.readings], accounts, written, _first_things(work), to_others
    )
    census = take_census(list(_table_files(work)), [file for _, file in links], described.statements)
    counts = count_release(recipe.name, census, described.statements, VOID_GRAPH, graph_iri(RELEASE_GRAPH))
    described = with_counts(described, counts)
    for name, table in described.tables.items():
        table.write_parquet(work.table(schema().kind(name)))
    for graph, name in _DESCRIPTIONS.items():
        triples = described.statements[graph]
        quads = (ox.Quad(t.subject, t.predicate, t.object, ox.NamedNode(graph)) for t in triples)
        with (work.triples / f"{name}.nq").open("wb") as output:
            ox.serialize(quads, output, format=ox.RdfFormat.N_QUADS)
        written[name] = len(triples)
    work.note("statements", written)


def _first_things(work: Workspace) -> dict[str, str]:
    """By kind, the first thing of its table."""
    found = {}
    for name, table in work.lazy_tables().items():
        first = table.select("id").head(1).collect()
        if first.height:
            found[name] = str(first.item())
    return found


def load(work: Workspace) -> None:
    """Load all statements into a new store."""
    with fresh_folder(work.store) as folder:
        write_store(folder, sorted(work.triples.iterdir()))


def check(work: Workspace) -> None:
    """Hold the store against the rules of the graph, and note what is known of its hierarchy.

    Raises CheckFailed where one that matters is broken.
    """
    store = open_store(work.store)
    found = checks.run_checks(store)
    work.note("checks", [dataclasses.asdict(result) for result in found])
    broken = [result for result in found if result.severity == "violation" and result.violations]
    if broken:
        told = "; ".join(f"{r.name}: {r.violations}, such as {r.examples[0]}" for r in broken)
        raise CheckFailed(f"the graph breaks its own rules: {told}")
    keep_closed_terms(find_closed_terms(store), work.folder)


def _read_parts(files: Sequence[Path]) -> pl.DataFrame:
    return pl.concat([pl.read_parquet(file) for file in files], how="diagonal")


def _no_links() -> pl.DataFrame:
    return pl.DataFrame(schema={"from": pl.String, "to": pl.String})
