"""What `import impckg` offers."""

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import polars as pl
import pytest

import impckg
from impckg.graph.errors import BadParameter, SparqlSyntaxError, StoreError, UnknownQuestion

PAX3 = "MGI:97487"


def test_all_that_is_promised_is_there() -> None:
    assert all(hasattr(impckg, name) for name in impckg.__all__)


def test_open_gives_an_rdflib_dataset_over_the_union_of_graphs(demo: Path) -> None:
    dataset = impckg.open(demo)

    rows = list(dataset.query("SELECT ?label { <https://identifiers.org/MGI:97487> rdfs:label ?label }"))

    assert [str(row[0]) for row in rows] == ["Pax3"]


def test_open_shows_the_graphs_of_the_sources(demo: Path) -> None:
    rows = impckg.open(demo).query(
        "SELECT DISTINCT ?g { GRAPH ?g { ?s kg:phenotypingDataAvailable ?shown } }"
    )

    assert {str(row[0]) for row in rows} == {"https://w3id.org/impckg/graph/impc_genes"}


def test_rdflib_and_the_engine_find_the_same(demo: Path) -> None:
    query = "SELECT ?gene ?term { ?gene kg:calledPhenotype ?term }"

    by_rdflib = {(str(gene), str(term)) for gene, term in impckg.open(demo).query(query)}

    assert len(by_rdflib) == len(impckg.frame(query, demo))


def test_a_frame_has_curies_numbers_and_nulls(demo: Path) -> None:
    frame = impckg.frame(
        "SELECT ?gene ?p ?s { ?call a kg:Call ; kg:gene ?gene . OPTIONAL { ?call kg:pValue ?p } "
        "OPTIONAL { ?call kg:nothing ?s } }",
        demo,
    )

    assert isinstance(frame, pl.DataFrame)
    assert frame.schema == {"gene": pl.String, "p": pl.Float64, "s": pl.String}
    assert frame["gene"].str.starts_with("MGI:").all()
    assert frame["p"].null_count() > 0, "supplied calls have no p-value"
    assert frame["s"].null_count() == frame.height


def test_a_frame_can_be_one_of_pandas(demo: Path) -> None:
    frame = impckg.frame("SELECT (COUNT(*) AS ?calls) { ?call a kg:Call }", demo, pandas=True)

    assert isinstance(frame, pd.DataFrame)
    assert frame["calls"].iloc[0] > 100


def test_a_question_is_asked_by_name(demo: Path) -> None:
    frame = impckg.ask("phenotypes_of_gene", demo, gene=PAX3)

    assert not frame.is_empty()
    assert frame["gene"].unique().to_list() == [PAX3]


def test_what_is_wrong_is_said(demo: Path, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no store here"):
        impckg.open(tmp_path)
    with pytest.raises(SparqlSyntaxError, match="line 1, column"):
        impckg.frame("SELECT ?gene WHERE { ?gene ", demo)
    with pytest.raises(UnknownQuestion, match="did you mean phenotypes_of_gene"):
        impckg.ask("phenotype_of_gene", demo)
    with pytest.raises(
        BadParameter, match="'Pax3' is not an identifier; expected MGI and a colon, such as MGI:"
    ):
        impckg.ask("phenotypes_of_gene", demo, gene="Pax3")


def test_a_checkout_does_not_hide_the_package() -> None:
    project = Path(__file__).parents[1]
    if not (project / "impckg" / "__init__.py").exists():
        pytest.skip("the tests do not stand beside the sources")

    found = subprocess.run(
        [sys.executable, "-c", "import impckg, impckg.queries.catalog; print(impckg.__file__)"],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
        env={name: value for name, value in os.environ.items() if name != "PYTHONSAFEPATH"},
    )

    assert found.returncode == 0, found.stderr
    assert found.stdout.strip() == str(project / "impckg" / "__init__.py")
