"""What a release says of its version, its files and its making, and how a build writes it."""

import shutil
from pathlib import Path

import pyoxigraph as ox
import pytest

from impckg._version import __version__
from impckg.graph.store import GraphStore, open_store
from impckg.loaders import describe
from impckg.loaders.build import build
from impckg.loaders.recipe import read_recipe

FIXTURE = Path(__file__).parents[1] / "fixtures" / "build"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> GraphStore:
    out = tmp_path_factory.mktemp("tiny")
    build(read_recipe(FIXTURE / "recipe.toml"), out)
    return open_store(out)


def rows(store: GraphStore, query: str) -> list[tuple[str, ...]]:
    found = store.query(query)
    assert isinstance(found, ox.QuerySolutions)
    return [tuple(term.value for term in row) for row in found]


def test_a_release_is_a_version_of_the_project(store: GraphStore) -> None:
    found = rows(
        store,
        """SELECT ?version ?issued ?whole { ?release a kg:Release, dcat:Dataset, void:Dataset ; dcat:version ?version ;
          dcterms:issued ?issued ; dcterms:isVersionOf ?whole . ?whole a dcat:Dataset ; dcat:hasVersion ?release }""",
    )

    assert found == [("tiny", "2026-01-01", "https://w3id.org/impckg/")]


def test_a_release_was_made_by_a_build_that_used_its_files(store: GraphStore) -> None:
    found = rows(
        store,
        """SELECT ?file ?sha256 ?licence ?version {
          ?release a kg:Release ; prov:wasGeneratedBy ?build ; prov:wasDerivedFrom ?file .
          ?build a prov:Activity ; prov:used ?file ; prov:wasAssociatedWith ?program .
          ?program a prov:SoftwareAgent ; schema:softwareVersion ?version .
          ?file a prov:Entity ; kg:sha256 ?sha256 ; dcterms:license ?licence } ORDER BY ?file""",
    )

    assert [file for file, *_ in found] == [
        "https://w3id.org/impckg/source/hp/2025-01-16",
        "https://w3id.org/impckg/source/impc_genotype_phenotype/24.0",
        "https://w3id.org/impckg/source/mp/2025-08-27",
    ]
    assert all(len(sha256) == 64 and version == __version__ for _, sha256, _, version in found)


def test_a_release_can_be_had_as_a_dump(store: GraphStore) -> None:
    found = rows(
        store,
        """SELECT ?file ?type { ?release a kg:Release ; dcat:distribution ?dump .
          ?dump a dcat:Distribution ; dcterms:identifier ?file ; dcat:mediaType ?type }""",
    )

    assert found == [("impckg.nq.gz", "https://www.iana.org/assignments/media-types/application/n-quads")]


def test_files_of_several_licences_give_the_release_no_licence_of_its_own(store: GraphStore) -> None:
    found = rows(store, "SELECT ?rights { ?release a kg:Release ; dcterms:rights ?rights }")

    assert "licence of that file" in found[0][0]
    assert not rows(store, "SELECT ?licence { ?release a kg:Release ; dcterms:license ?licence }")


def test_files_of_one_licence_give_it_to_the_release(tmp_path: Path) -> None:
    files = Path(shutil.copytree(FIXTURE, tmp_path / "files"))
    recipe = (files / "recipe.toml").read_text()
    licence = "https://creativecommons.org/licenses/by/4.0/"
    (files / "recipe.toml").write_text(recipe.replace("https://hpo.jax.org/app/license", licence))

    build(read_recipe(files / "recipe.toml"), tmp_path / "out")

    found = rows(
        open_store(tmp_path / "out"), "SELECT ?licence { ?release a kg:Release ; dcterms:license ?licence }"
    )
    assert found == [(licence,)]


def test_made_up_data_are_said_to_be_so(store: GraphStore) -> None:
    found = rows(store, "SELECT ?about { ?release a kg:Release ; dcterms:description ?about }")

    assert "nothing in it was measured" in found[0][0]


def test_a_newcomer_is_shown_things_that_are_there(store: GraphStore) -> None:
    found = rows(store, "SELECT ?example { ?release void:exampleResource ?example . ?example a ?kind }")
    shown = rows(store, "SELECT ?example { ?release void:exampleResource ?example }")

    assert {example for (example,) in found} == {example for (example,) in shown} != set()


def test_another_question_makes_another_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out"
    build(read_recipe(FIXTURE / "recipe.toml"), out)
    before = (out / "current").resolve()
    questions = tmp_path / "questions"
    questions.mkdir()
    (questions / "what.rq").write_text("#+ question: What is there?\n#+ keywords: [all]\nASK { ?s ?p ?o }")
    monkeypatch.setattr(describe, "questions_folder", lambda: questions)

    build(read_recipe(FIXTURE / "recipe.toml"), out)

    assert (out / "current").resolve() != before
    assert rows(open_store(out), "SELECT ?comment { ?x sh:ask ?query ; rdfs:comment ?comment }") == [
        ("What is there?",)
    ]


def test_the_table_of_the_release_has_the_number_of_all_statements(tmp_path: Path) -> None:
    report = build(read_recipe(FIXTURE / "recipe.toml"), tmp_path / "out")

    store = open_store(tmp_path / "out")
    said = rows(store, "SELECT ?n { ?release a kg:Release ; void:triples ?n }")
    assert said == [(str(len(store.oxigraph)),)] == [(str(sum(report.statements.values())),)]
