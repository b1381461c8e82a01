"""What became of terms between two releases, and which calls and genes it touches."""

from pathlib import Path

import polars as pl
import pytest

from impckg.graph.errors import OntologyError
from impckg.ontology.changes import changed_terms, touched_calls, touched_genes
from impckg.ontology.read import Ontology, read_ontology

BEFORE = """[Term]
id: MP:0000001
name: phenotype

[Term]
id: MP:0000002
name: heart phenotype
is_a: MP:0000001

[Term]
id: MP:0000003
name: muscle phenotype
is_a: MP:0000001

[Term]
id: MP:0000004
name: thick wall
is_a: MP:0000002

[Term]
id: MP:0000005
name: very thick wall
is_a: MP:0000004

[Term]
id: MP:0000006
name: old name
is_a: MP:0000002

[Term]
id: MP:0000007
name: replaced
is_a: MP:0000002

[Term]
id: MP:0000008
name: merged
is_a: MP:0000002

[Term]
id: MP:0000009
name: to think about
is_a: MP:0000002

[Term]
id: MP:0000010
name: no more
is_a: MP:0000002

[Term]
id: MP:0000011
name: forgotten
is_a: MP:0000002
"""

AFTER = """[Term]
id: MP:0000001
name: phenotype

[Term]
id: MP:0000002
name: heart phenotype
alt_id: MP:0000008
is_a: MP:0000001

[Term]
id: MP:0000003
name: muscle phenotype
is_a: MP:0000001

[Term]
id: MP:0000004
name: thick wall
is_a: MP:0000003

[Term]
id: MP:0000005
name: very thick wall
is_a: MP:0000004

[Term]
id: MP:0000006
name: new name
is_a: MP:0000002

[Term]
id: MP:0000007
name: obsolete replaced
is_obsolete: true
replaced_by: MP:0000006

[Term]
id: MP:0000009
name: obsolete to think about
is_obsolete: true
consider: MP:0000006
consider: MP:0000002

[Term]
id: MP:0000010
name: obsolete no more
is_obsolete: true

[Term]
id: MP:0000012
name: new
is_a: MP:0000003
"""


def ontology(tmp_path: Path, text: str) -> Ontology:
    path = tmp_path / "mp.obo"
    path.write_text(f"format-version: 1.2\nontology: mp\n\n{text}", encoding="utf-8")
    return read_ontology(path, "MP")


@pytest.fixture
def changes(tmp_path):
    return changed_terms(ontology(tmp_path, BEFORE), ontology(tmp_path, AFTER))


def test_every_change_is_told_with_what_was_and_what_is(changes):
    assert changes.terms.rows() == [
        ("MP:0000007", "replaced", ["replaced"], ["MP:0000006"]),
        ("MP:0000009", "considered", ["to think about"], ["MP:0000002", "MP:0000006"]),
        ("MP:0000010", "obsolete", ["no more"], []),
        ("MP:0000008", "merged", ["merged"], ["MP:0000002"]),
        ("MP:0000011", "removed", ["forgotten"], None),
        ("MP:0000006", "relabelled", ["old name"], ["new name"]),
        ("MP:0000004", "moved", ["MP:0000002"], ["MP:0000003"]),
        ("MP:0000004", "ancestors", ["MP:0000002"], ["MP:0000003"]),
        ("MP:0000005", "ancestors", ["MP:0000002"], ["MP:0000003"]),
        ("MP:0000012", "added", None, ["new"]),
    ]


def test_nothing_changes_between_a_release_and_itself(tmp_path):
    same = ontology(tmp_path, BEFORE)

    changes = changed_terms(same, same)

    assert changes.terms.is_empty()
    assert touched_genes(changes, pl.DataFrame({"gene": ["MGI:1"], "phenotype": ["MP:0000005"]})).is_empty()


def test_calls_of_changed_terms_are_counted(changes):
    calls = pl.DataFrame(
        {
            "gene": ["MGI:1", "MGI:1", "MGI:2", "MGI:3"],
            "phenotype": ["MP:0000005", "MP:0000005", "MP:0000005", "MP:0000010"],
        }
    )

    assert touched_calls(changes, calls).rows() == [
        ("MP:0000010", "obsolete", 1, 1),
        ("MP:0000005", "ancestors", 3, 2),
    ]


def test_what_the_page_of_a_gene_gains_and_loses(changes):
    calls = pl.DataFrame(
        {
            "gene": ["MGI:1", "MGI:2", "MGI:3", "MGI:4", "MGI:5"],
            "phenotype": ["MP:0000005", "MP:0000007", "MP:0000010", "MP:0000008", "MP:0000002"],
        }
    )

    assert touched_genes(changes, calls).rows() == [
        ("MGI:1", "gains", "MP:0000003"),
        ("MGI:1", "loses", "MP:0000002"),
        ("MGI:2", "gains", "MP:0000006"),
        ("MGI:2", "loses", "MP:0000007"),
        ("MGI:3", "loses", "MP:0000001"),
        ("MGI:3", "loses", "MP:0000002"),
        ("MGI:3", "loses", "MP:0000010"),
        ("MGI:4", "loses", "MP:0000008"),
    ]


def test_a_cycle_is_named(tmp_path):
    circle = BEFORE.replace("name: heart phenotype\n", "name: heart phenotype\nis_a: MP:0000005\n")

    with pytest.raises(OntologyError, match=r"MP after: is_a leads back to its start: MP:\d+ -> "):
        changed_terms(ontology(tmp_path, BEFORE), ontology(tmp_path, circle))
