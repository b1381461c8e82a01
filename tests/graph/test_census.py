"""Counting on columns gives what counting by SPARQL gives, whatever the tables hold."""

import random
from collections import defaultdict
from pathlib import Path

import polars as pl
import pyoxigraph as ox
import pytest

from impckg.graph.identifiers import iri
from impckg.graph.metadata.census import Census, LinksFile, TableFile, take_census
from impckg.graph.schema import Kind, kind
from impckg.graph.statements import link, number, text
from impckg.graph.store import GraphStore, graph_iri, open_store, write_store
from impckg.graph.triples import FIRST_MET, write_links, write_table

# MGI numbers name genes, alleles and strains; so few of them that kinds share some.
THINGS = [f"MGI:{n}" for n in range(1, 7)] + ["nobody:1"]
TERMS = [f"MP:000000{n}" for n in range(1, 5)]
NUMBERS = [0.0, -0.0, 1.5, float("inf"), 5.0]
KINDS = ("Gene", "Allele", "Strain", "HitsPerGene", "Call")
LINKED = "https://w3id.org/impckg/ontology#calledPhenotype"


def random_table(chance: random.Random, a_kind: Kind) -> pl.DataFrame:
    """A table of a few rows, with ids twice, empty cells, lists that repeat, and CURIEs that nobody knows."""
    values = {
        "id": lambda: chance.choice(THINGS),
        "symbol": lambda: chance.choice(["Pax3", 'a "quoted" one', "", "5"]),
        "name": lambda: chance.choice(["Pax3", "5", None]),
        "label": lambda: chance.choice(["Pax3", "C57BL/6N"]),
        "synonyms": lambda: chance.choices(["a", "b"], k=chance.randrange(4)),
        "gene": lambda: chance.choice([*THINGS, None]),
        "hits": lambda: chance.choice([0, 5, None]),
        "phenotypes": lambda: chance.choices(TERMS, k=chance.randrange(3)),
        "phenotype": lambda: chance.choice(TERMS),
        "p_value": lambda: chance.choice([*NUMBERS, None]),
        "effect_size": lambda: chance.choice(NUMBERS),
        "sex": lambda: chance.choice(["male", "female", None]),
        "conflicting": lambda: chance.choice([True, False]),
        "phenotyping_data_available": lambda: chance.choice([True, False, None]),
    }
    columns = [name for name in a_kind.dtypes if name in values]
    rows = [{name: values[name]() for name in columns} for _ in range(chance.randrange(1, 9))]
    table = pl.DataFrame(rows, schema={name: a_kind.dtypes[name] for name in columns})
    missing = [
        pl.lit(None, dtype).alias(name) for name, dtype in a_kind.dtypes.items() if name not in columns
    ]
    return table.with_columns(*missing)


def world(chance: random.Random, folder: Path) -> tuple[Census, GraphStore]:
    """A census of random tables, links and statements, and the store that the same were written into."""
    triples, tables, files = folder / "triples", [], []
    triples.mkdir()
    for number_, name in enumerate([*KINDS, "Gene", "Allele"]):
        a_kind = kind(name)
        table = random_table(chance, a_kind)
        graph = None if a_kind.bulk else graph_iri(chance.choice(["one", "two"]))
        if not a_kind.bulk and chance.random() < 0.5:
            table = table.with_columns(
                pl.Series(FIRST_MET, [chance.random() < 0.7 for _ in range(table.height)])
            )
        table.write_parquet(folder / f"{number_}.parquet")
        tables.append(TableFile(folder / f"{number_}.parquet", a_kind, graph))
        files.append(triples / f"{number_}{'.nq' if graph else '.nt'}")
        with files[-1].open("wb") as output:
            write_table(table, a_kind, output, graph)
    links = pl.DataFrame(
        [(chance.choice(THINGS), chance.choice(TERMS)) for _ in range(5)], ["from", "to"], orient="row"
    )
    links.write_parquet(folder / "links.parquet")
    files.append(triples / "links.nq")
    with files[-1].open("wb") as output:
        write_links(links, LINKED, output, graph_iri("inferred"))
    single = [
        link(iri("MP:0000001"), "rdf:type", iri("owl:Class")),
        link(iri("MGI:1"), "rdf:type", iri("owl:Class")),
        text(iri("MGI:1"), "rdfs:label", "Pax3"),
        number("http://example.org/x", "kg:hits", 5),
        number("http://example.org/x", "kg:pValue", 5.0),
        ox.Triple(
            ox.NamedNode(iri("MGI:1")), ox.NamedNode(iri("rdfs:label")), ox.Literal("Pax3", language="en")
        ),
    ]
    with (triples / "single.nq").open("wb") as output:
        quads = [ox.Quad(t.subject, t.predicate, t.object, ox.NamedNode(graph_iri("one"))) for t in single]
        ox.serialize(quads, output, format=ox.RdfFormat.N_QUADS)
    files.append(triples / "single.nq")
    write_store(folder / "store", files)
    census = take_census(
        tables,
        [LinksFile(folder / "links.parquet", LINKED, graph_iri("inferred"))],
        {graph_iri("one"): single},
    )
    return census, open_store(folder / "store")


@pytest.mark.parametrize("seed", range(12))
def test_a_census_finds_what_is_in_the_store(seed: int, tmp_path: Path) -> None:
    census, store = world(random.Random(seed), tmp_path)

    quads = list(store.oxigraph)
    triples = {quad.triple for quad in quads}
    kinds = defaultdict(set)
    for triple in triples:
        if triple.predicate.value == iri("rdf:type"):
            kinds[triple.subject].add(triple.object.value)

    assert census.triples == len(triples)
    assert census.subjects == len({t.subject for t in triples})
    assert census.objects == len({t.object for t in triples})
    assert census.entities == len(kinds)
    assert census.graphs == {
        graph: sum(q.graph_name == ox.NamedNode(graph) for q in quads)
        for graph in {q.graph_name.value for q in quads if isinstance(q.graph_name, ox.NamedNode)}
    }
    by_property = defaultdict(set)
    for triple in triples:
        by_property[triple.predicate.value].add(triple)
    assert {name: (c.triples, c.subjects, c.objects) for name, c in census.properties.items()} == {
        name: (len(found), len({t.subject for t in found}), len({t.object for t in found}))
        for name, found in by_property.items()
    }
    assert {name: c.entities for name, c in census.classes.items()} == {
        name: sum(name in of_thing for of_thing in kinds.values()) for name in set().union(*kinds.values())
    }
    for class_, counted in census.classes.items():
        for property_, uses in counted.properties.items():
            found = [t for t in by_property[property_] if class_ in kinds[t.subject]]
            assert (uses.triples, uses.subjects) == (len(found), len({t.subject for t in found}))
            targets, datatypes = defaultdict(int), defaultdict(int)
            for triple in found:
                if isinstance(triple.object, ox.Literal):
                    datatypes[triple.object.datatype.value] += 1
                for target in kinds.get(triple.object, ()):
                    targets[target] += 1
            assert dict(uses.classes) == dict(targets)
            assert dict(uses.datatypes) == dict(datatypes)


def test_a_world_without_tables_is_counted(tmp_path: Path) -> None:
    census = take_census([], [], {"http://example.org/g": [text("http://example.org/x", "rdfs:label", "X")]})

    assert (census.triples, census.subjects, census.entities, census.objects) == (1, 1, 0, 1)
    assert census.classes == {}
