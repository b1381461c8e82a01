"""Reading the fixture of a source through the front door, with the ontologies and genes that it rests on."""

import io
import re
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pyoxigraph as ox
import pytest

from impckg.graph.schema import kind
from impckg.graph.triples import write_table
from impckg.loaders.context import ReadSource, context
from impckg.loaders.finish import finish
from impckg.loaders.reading import read_source
from impckg.loaders.sources import find_source

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "sources"

# Read before all others: what the rest of the sources rest on.
FOUNDATIONS = {
    "mp": "mp/mp.obo",
    "hp": "hp/hp.obo",
    "mondo": "mondo/mondo.obo",
    "hgnc": "hgnc/hgnc_complete_set.txt",
}


@dataclass(frozen=True)
class Outcome:
    """What became of a file.

    tables: by kind, all batches together.
    rejects, items: (line, rule, column, value), by line.
    replaced: (column, from, to, reason, rows).
    """

    tables: dict[str, pl.DataFrame]
    rejects: list[tuple]
    items: list[tuple]
    replaced: list[tuple]
    read: int
    kept: int

    def things(self, kind_name):
        """The things of a kind by their id, with only the columns that say something."""
        rows = self.tables[kind_name].rows(named=True)
        return {row.pop("id"): {n: v for n, v in row.items() if v is not None and v != []} for row in rows}

    @property
    def rules(self):
        """Line and rule of each reject."""
        return [(line, rule) for line, rule, _, _ in self.rejects]


@pytest.fixture(scope="session")
def fixture_file():
    """The path of a file of the fixtures."""
    return lambda name: FIXTURES / name


@pytest.fixture(scope="session")
def foundations(tmp_path_factory):
    """The ontologies and human genes of the fixtures, read as a build would."""
    folder, read = tmp_path_factory.mktemp("foundations"), []
    for reader, name in FOUNDATIONS.items():
        at = folder / reader
        read_source(find_source(reader), FIXTURES / name, context(reader, "1", read), at, lambda rows: None)
        read.append(ReadSource(reader, reader, at))
    return read


@pytest.fixture(scope="session")
def read(foundations):
    """Reads a file as the named reader does, and checks what holds for every source.

    checked: whether to check that the tables keep what the schema says of their kinds, which takes a while.
    """

    def read(reader, path, name=None, version="1", checked=True):
        source = find_source(reader)
        before = [done for done in foundations if done.reader in source.needs]
        path = path if isinstance(path, Path) else FIXTURES / reader / path
        batches = list(source.read(path, context(name or reader, version, before)))
        outcome = Outcome(
            tables=_together(batches, source),
            rejects=sorted(row for batch in batches for row in batch.rows.rejects.rows()),
            items=sorted(row for batch in batches for row in batch.rows.items.rows()),
            replaced=[row for batch in batches for frame in batch.replaced for row in frame.rows()],
            read=sum(batch.rows.read for batch in batches),
            kept=sum(batch.rows.kept.height for batch in batches),
        )
        assert outcome.read == outcome.kept + len(outcome.rejects)
        for kind_name, table in outcome.tables.items() if checked else ():
            _fits(kind(kind_name), finish(kind_name, table))
        return outcome

    return read


def _together(batches, source):
    tables = {}
    for name in source.kinds:
        parts = [batch.tables[name] for batch in batches if name in batch.tables]
        tables[name] = pl.concat(parts) if parts else pl.DataFrame(schema={"id": pl.String})
    assert {name for batch in batches for name in batch.tables} <= set(source.kinds)
    return tables


def _fits(a_kind, table):
    """Whether a table keeps all that the schema says of its kind."""
    assert table["id"].null_count() == 0
    for column in a_kind.columns:
        if column.name not in table.columns:
            continue
        cells = table[column.name]
        values = (cells.explode() if column.many else cells).drop_nulls().to_list()
        where = f"{a_kind.name}.{column.name}"
        assert cells.dtype == column.dtype, where
        if column.pattern is not None:
            assert all(re.search(column.pattern, value) for value in values), where
        if column.enumeration is not None:
            assert set(values) <= {value.key for value in column.enumeration.values}, where
        if column.minimum is not None:
            assert all(value >= column.minimum for value in values), where
        if column.maximum is not None:
            assert all(value <= column.maximum for value in values), where
        if column.range == "string":
            assert "" not in values, where
    output = io.BytesIO()
    statements = write_table(table, a_kind, output)
    assert statements == len(list(ox.parse(output.getvalue(), format=ox.RdfFormat.N_TRIPLES))), a_kind.name
