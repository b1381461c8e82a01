"""Tables of things made from rows, and things that rows mention."""

import polars as pl
import pytest

from impckg.graph.errors import SchemaError
from impckg.loaders import mentions
from impckg.loaders.finish import finish, with_cardinality
from impckg.loaders.source import things


def frame(**columns):
    return pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.String))


def test_a_thing_is_one_row_and_the_first_one_counts():
    table = things(
        frame(id=["MGI:1", "MGI:1", None, "MGI:2"], s=["a", "b", "c", "d"]),
        "Gene",
        id=pl.col("id"),
        symbol=pl.col("s"),
    )

    assert table.rows() == [("MGI:1", "a"), ("MGI:2", "d")]


def test_columns_without_a_type_take_that_of_the_kind():
    table = things(frame(id=["MGI:1"]), "Gene", id=pl.col("id"), synonyms=pl.lit(None))

    assert table.schema == {"id": pl.String, "synonyms": pl.List(pl.String)}


def test_a_column_that_the_kind_lacks_is_refused():
    with pytest.raises(SchemaError, match=r"^kind Gene has no column tail; it has id, symbol, "):
        things(frame(id=["MGI:1"]), "Gene", id=pl.col("id"), tail=pl.col("id"))


def test_a_column_of_another_type_is_refused():
    with pytest.raises(SchemaError, match=r"^kind Gene: column types \{'synonyms': String\} do not fit "):
        things(frame(id=["MGI:1"]), "Gene", id=pl.col("id"), synonyms=pl.col("id"))


# ---------------------------------------------------------------- mentions


@pytest.mark.parametrize(
    ("accession", "allele", "strain"),
    [
        ("MGI:6153886", "MGI:6153886", "MGI:6153886"),
        ("NOT-RELEASED-f5", "impckg:allele/NOT-RELEASED-f5", "impckg:strain/NOT-RELEASED-f5"),
        ("MGI:", "impckg:allele/MGI:", "impckg:strain/MGI:"),
        ("a<b> c", "impckg:allele/a%3Cb%3E%20c", "impckg:strain/a%3Cb%3E%20c"),
        (None, None, None),
    ],
)
def test_alleles_and_strains_go_by_mgi_and_else_by_names_of_ours(accession, allele, strain):
    found = frame(a=[accession]).select(
        allele=mentions.allele_id(pl.col("a")), strain=mentions.strain_id(pl.col("a"))
    )

    assert found.row(0) == (allele, strain)


def test_centres_are_gathered_from_several_columns():
    table = mentions.centres(
        frame(made=["JAX", None, "UC Davis"], measured=["WTSI", "JAX", None]), "made", "measured"
    )

    assert table.rows() == [
        ("impckg:centre/JAX", "JAX"),
        ("impckg:centre/UC%20Davis", "UC Davis"),
        ("impckg:centre/WTSI", "WTSI"),
    ]


def test_an_allele_without_a_symbol_is_not_mentioned():
    rows = frame(allele=["MGI:1", None, "MGI:2"], symbol=[None, "x", "y"], gene=["MGI:3"] * 3)

    assert mentions.alleles(rows, "allele", "symbol", "gene")["id"].to_list() == ["MGI:2"]


def test_a_parameter_belongs_to_every_procedure_that_the_rows_show_it_in():
    rows = frame(
        parameter=["P_1", "P_1", "P_1", None, "P_2"],
        name=[None, "weight", "mass", "nothing", None],
        procedure=["B_1", "A_1", "B_1", "A_1", None],
    )

    table = mentions.parameters(rows, "parameter", "name", "procedure")

    assert table.rows() == [
        ("impckg:parameter/P_1", "P_1", "weight", ["impckg:procedure/A_1", "impckg:procedure/B_1"]),
        ("impckg:parameter/P_2", "P_2", None, []),
    ]


def test_nothing_mentions_nothing():
    rows = frame(a=[], b=[], c=[])

    assert mentions.genes(rows, "a", "b").is_empty()
    assert mentions.centres(rows, "a").is_empty()
    assert mentions.procedures(rows, "a", "b", "c").is_empty()
    assert mentions.pipelines(rows, "a", "b").is_empty()


# ---------------------------------------------------------------- what only the whole of a source tells


def test_cardinality_is_counted_from_both_ends():
    # given
    pairs = [("a", "A"), ("b", "B"), ("b", "C"), ("c", "D"), ("d", "D"), ("e", "E"), ("e", "F"), ("f", "E")]
    orthology = pl.DataFrame(pairs, schema=["gene", "human_gene"], orient="row")

    # when
    found = with_cardinality(orthology)["cardinality"].to_list()

    # then
    slow = [
        f"{'many' if len({m for m, h in pairs if h == human}) > 1 else 'one'}_to_"
        f"{'many' if len({h for m, h in pairs if m == mouse}) > 1 else 'one'}"
        for mouse, human in pairs
    ]
    assert found == slow == [
        "one_to_one", "one_to_many", "one_to_many", "many_to_one", "many_to_one", "many_to_many", "one_to_many",
        "many_to_one",
    ]  # fmt: skip


def test_a_pair_that_is_said_twice_is_one():
    orthology = pl.DataFrame({"gene": ["a", "a"], "human_gene": ["A", "A"]})

    assert finish("Orthology", orthology)["cardinality"].to_list() == ["one_to_one"] * 2


def test_other_kinds_are_finished_as_they_are():
    table = frame(id=["MGI:1"])

    assert finish("Gene", table) is table
