"""Reading one source into parts on disk, with an account of every row."""

import json

import polars as pl
import pytest

from impckg.graph.errors import BuildError, DamagedFile, RecipeError
from impckg.loaders import rules
from impckg.loaders.context import ReadSource, context
from impckg.loaders.reading import ACCOUNT, REJECTS, REPLACED, Account, parts, read_account, read_source
from impckg.loaders.source import Batch, Source, things
from impckg.loaders.sources import find_source, sources
from impckg.loaders.table import read_delimited

HEADER = "MGI,symbol\n"


def source(kinds=("Gene",), block_bytes=64, extra=None):
    """A source of genes, in blocks of a few rows."""

    def read(path, context):
        seen = rules.Seen()
        for block in read_delimited(
            path, ",", ["MGI", "symbol"], limit=context.limit, block_bytes=block_bytes
        ):
            rows = rules.curies(block, "MGI", "MGI")
            rows = seen.first_only(rows, ["MGI"])
            tables = {"Gene": things(rows.kept, "Gene", id=pl.col("MGI"), symbol=pl.col("symbol"))}
            replaced = pl.DataFrame(
                {"column": ["MGI"], "from": ["MGI:0"], "to": ["MGI:1"], "reason": ["replaced"], "rows": [2]}
            )
            yield Batch(rows, tables | (extra or {}), (replaced,))

    return Source("genes", "Genes", "Nobody", "https://example.org/licence", tuple(kinds), read)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "genes.csv"
    lines = [f"MGI:{number},g{number}" for number in range(20)]
    lines[3:5] = ["nobody:1,x", "MGI:1,again"]
    path.write_text(HEADER + "\n".join(lines) + "\n")
    return path


@pytest.fixture
def read(file, tmp_path):
    def read(source_, limit=None, advanced=lambda rows: None, path=file, folder="out"):
        known = context("genes", "1.0", [], limit)
        return read_source(source_, path, known, tmp_path / folder, advanced)

    return read


def test_every_row_is_kept_or_rejected_by_a_rule(read):
    account = read(source())

    assert (account.read, account.kept) == (20, 18)
    assert account.rejected == {"duplicated": 1, "unknown_prefix": 1}
    assert account.read == account.kept + sum(account.rejected.values())
    assert account.things == {"Gene": 18}


def test_an_account_says_what_was_read_and_can_be_read_again(read, tmp_path):
    account = read(source())

    assert (account.source, account.reader, account.version) == ("genes", "genes", "1.0")
    assert account.seconds > 0
    assert read_account(tmp_path / "out") == account
    assert Account(**json.loads((tmp_path / "out" / ACCOUNT).read_text())) == account


def test_each_block_is_a_part_in_the_order_of_the_file(read, tmp_path):
    # when
    read(source())
    found = parts(tmp_path / "out", "Gene")

    # then
    assert [path.name for path in found] == [f"gene-{number:05d}.parquet" for number in range(len(found))]
    assert len(found) > 2
    assert pl.concat([pl.read_parquet(path) for path in found])["symbol"].to_list() == [
        f"g{number}" for number in range(20) if number not in (3, 4)
    ]


def test_blocks_without_a_thing_leave_no_part(read, tmp_path):
    # given
    path = tmp_path / "none.csv"
    path.write_text(HEADER + "x,y\n")

    # when
    account = read(source(), path=path)

    # then
    assert parts(tmp_path / "out", "Gene") == []
    assert account.things == {}
    assert account.rejected == {"malformed_identifier": 1}


def test_rejects_are_kept_with_their_lines(read, tmp_path):
    read(source())

    rejects = pl.read_parquet(tmp_path / "out" / REJECTS)

    assert rejects.sort("line").rows() == [
        (5, "unknown_prefix", "MGI", "nobody:1", "row"),
        (6, "duplicated", "MGI", "MGI:1", "row"),
    ]


def test_what_was_replaced_is_added_up_over_the_blocks(read, tmp_path):
    account = read(source())

    replaced = pl.read_parquet(tmp_path / "out" / REPLACED)
    blocks = len(parts(tmp_path / "out", "Gene"))

    assert replaced.rows() == [("MGI", "MGI:0", "MGI:1", "replaced", 2 * blocks)]
    assert account.replaced == 2 * blocks


def test_a_limit_is_kept_to_the_row(read):
    advanced = []

    account = read(source(), limit=3, advanced=advanced.append)

    assert account.read == 3
    assert sum(advanced) == account.read
    assert account.read == account.kept + sum(account.rejected.values())


@pytest.mark.parametrize("limit", [None, 20, 1000])
def test_without_a_limit_or_with_a_high_one_all_is_read(read, limit):
    assert read(source(), limit=limit).read == 20


def test_progress_is_told_block_by_block(read):
    advanced = []

    read(source(), advanced=advanced.append)

    assert sum(advanced) == 20
    assert len(advanced) > 2


def test_a_table_that_a_source_does_not_declare_is_a_mistake_of_the_source(read):
    with pytest.raises(BuildError) as refused:
        read(source(kinds=("Allele",)))

    assert str(refused.value) == "source genes gave a table of Gene, which it does not declare"


def test_a_source_that_loses_a_row_is_a_mistake_of_the_source(read, file):
    # given
    def losing(path, context):
        for batch in source().read(path, context):
            yield Batch(batch.rows.with_kept(batch.rows.kept.head(1)), batch.tables)

    # when
    with pytest.raises(BuildError) as refused:
        read(Source("genes", "Genes", "Nobody", "https://example.org/licence", ("Gene",), losing))

    # then
    assert str(refused.value).startswith("source genes: 20 rows read, but ")


def test_a_file_with_a_header_alone_is_refused(read, tmp_path):
    path = tmp_path / "empty.csv"
    path.write_text(HEADER)

    with pytest.raises(DamagedFile, match=r"empty\.csv: there is a header and not one row below it"):
        read(source(), path=path)


def test_what_a_file_is_refused_for_is_passed_on_and_no_account_is_left(read, tmp_path):
    with pytest.raises(DamagedFile):
        read(source(), path=tmp_path / "gone.csv")

    assert not (tmp_path / "out" / ACCOUNT).exists()


def test_parts_of_one_kind_are_not_those_of_another_with_a_longer_name(tmp_path):
    (tmp_path / "gene-00000.parquet").touch()
    (tmp_path / "gene_disease-00000.parquet").touch()

    assert [path.name for path in parts(tmp_path, "Gene")] == ["gene-00000.parquet"]


def test_an_unknown_reader_is_told_which_ones_there_are():
    with pytest.raises(RecipeError) as refused:
        find_source("nobody")

    assert str(refused.value) == f"there is no reader 'nobody'; there are {', '.join(sources())}"


# ---------------------------------------------------------------- the context of a source


def test_a_context_without_sources_knows_nothing():
    empty = context("genes", "1.0", [])

    assert empty.dataset == "impckg:source/genes/1.0"
    assert empty.terms.prefixes == ()
    assert empty.term_labels.is_empty()
    assert empty.human_genes.is_empty()


def test_a_context_knows_the_terms_labels_and_names_that_were_read_before(tmp_path):
    # given
    mp, hgnc = tmp_path / "mp", tmp_path / "hgnc"
    for folder in (mp, hgnc):
        folder.mkdir()
    old = ["MP:0000002"]
    pl.DataFrame(
        {
            "id": ["MP:0000001", "MP:0000002", "MP:0000003"],
            "label": ["one", "two", "three"],
            "obsolete": [None, True, None],
            "replaced_by": [[], ["MP:0000003"], []],
        },
        schema_overrides={"replaced_by": pl.List(pl.String)},
    ).with_columns(
        *(pl.lit(None, pl.String).alias(name) for name in ("definition", "comment")),
        *(
            pl.lit([], pl.List(pl.String)).alias(name)
            for name in (
                "parents", "exact_synonyms", "broad_synonyms", "narrow_synonyms", "related_synonyms",
                "alternative_ids", "subsets", "consider",
            )
        ),
    ).write_parquet(mp / "phenotype_term-00000.parquet")  # fmt: skip
    pl.DataFrame({"id": ["HGNC:1", "HGNC:2"], "ncbi_gene": ["NCBIGene:1", None]}).write_parquet(
        hgnc / "human_gene-00000.parquet"
    )

    # when
    known = context("calls", "1.0", [ReadSource("mp", "mp", mp), ReadSource("hgnc", "hgnc", hgnc)])

    # then
    assert known.terms.prefixes == ("MP",)
    assert known.terms.terms.filter(pl.col("term").is_in(old))["successor"].to_list() == ["MP:0000003"]
    assert known.term_labels.rows() == [("one", "MP:0000001"), ("three", "MP:0000003")]
    assert known.human_genes.rows() == [("NCBIGene:1", "HGNC:1")]
