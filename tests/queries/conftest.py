"""A small world of which the answers are known, as a store."""

from pathlib import Path

import polars as pl
import pytest
import yaml

from impckg.graph.schema import schema
from impckg.graph.store import GraphStore, graph_iri, open_store, write_store
from impckg.graph.triples import write_links, write_table
from impckg.ontology import infer

WORLD = Path(__file__).resolve().parents[1] / "fixtures" / "queries" / "world.yaml"
ONTOLOGIES = {"mp": ("PhenotypeTerm", "MP:"), "hp": ("PhenotypeTerm", "HP:"), "mondo": ("Disease", "MONDO:")}


@pytest.fixture(scope="session")
def world(tmp_path_factory) -> GraphStore:
    """The store of `world.yaml`, with the shortcuts that a build infers."""
    folder = tmp_path_factory.mktemp("world")
    tables = {
        name: pl.DataFrame(rows, schema=schema().kind(name).dtypes)
        for name, rows in yaml.safe_load(WORLD.read_text(encoding="utf-8")).items()
    }
    files = [_write_kind(folder, name, table) for name, table in tables.items()]
    files.append(_write_inferred(folder, tables))
    write_store(folder / "store", files)
    return open_store(folder / "store")


def _write_kind(folder: Path, name: str, table: pl.DataFrame) -> Path:
    # As in a build: what is much goes into the default graph, the rest into that of its source.
    kind = schema().kind(name)
    file = folder / f"{kind.table}.{'nt' if kind.bulk else 'nq'}"
    with file.open("wb") as output:
        write_table(table, kind, output, None if kind.bulk else graph_iri("world"))
    return file


def _write_inferred(folder: Path, tables: dict[str, pl.DataFrame]) -> Path:
    lazy = {name: table.lazy() for name, table in tables.items()}
    hierarchy = pl.concat(
        infer.is_a(tables[kind].filter(pl.col("id").str.starts_with(prefix)), ontology)
        for ontology, (kind, prefix) in ONTOLOGIES.items()
    )
    called = infer.called_phenotype(lazy)
    has = infer.has_phenotype(called, hierarchy)
    links = {
        "is_a": hierarchy,
        "called_phenotype": called,
        "has_phenotype": has,
        "tested_normal_for": infer.tested_normal_for(lazy, has),
        **{
            name: getattr(infer, name)(lazy)
            for name in ("reveals", "ortholog", "associated_disease", "maps_to", "mondo")
        },
    }
    file = folder / "inferred.nq"
    with file.open("wb") as output:
        for name, frame in links.items():
            write_links(frame, schema().columns[name].iri, output, graph_iri("inferred"))
    return file
