"""The build as a whole: what comes out, what is put aside, what happens when it dies."""

import gzip
import hashlib
import json
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from impckg.graph import checks
from impckg.graph.errors import BuildError, CheckFailed, DamagedFile, OntologyError, RecipeError, StoreError
from impckg.graph.store import open_store
from impckg.loaders.build import build
from impckg.loaders.recipe import read_recipe
from impckg.loaders.report import finished_report
from impckg.loaders.steps import SilentWatcher

FIXTURE = Path(__file__).parents[1] / "fixtures" / "build"
STEPS = (
    "read mp",
    "read hp",
    "read impc_genotype_phenotype",
    "merge",
    "reason",
    "classify",
    "triples",
    "describe",
    "load",
    "check",
)

# Builds in a process of its own that kills itself when a step begins, as a machine that fails would.
DIES_AT = """
import os, signal, sys
from pathlib import Path
from impckg.loaders.build import build
from impckg.loaders.recipe import read_recipe
from impckg.loaders.steps import SilentWatcher

class Killer(SilentWatcher):
    def step_started(self, step):
        if step == sys.argv[3]:
            os.kill(os.getpid(), signal.SIGKILL)

build(read_recipe(Path(sys.argv[1])), Path(sys.argv[2]), watcher=Killer())
"""


class Heard(SilentWatcher):
    def __init__(self) -> None:
        self.skipped: dict[str, bool] = {}

    def step_finished(self, step: str, seconds: float, skipped: bool) -> None:
        self.skipped[step] = skipped


@pytest.fixture
def files(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FIXTURE, tmp_path / "files"))


def genes_with(out: Path, phenotype: str) -> list[str]:
    found = open_store(out).query(
        f"SELECT ?symbol {{ ?g kg:hasPhenotype {phenotype} ; rdfs:label ?symbol }} ORDER BY ?symbol"
    )
    return [row[0].value for row in found]


def checksums(release: Path) -> dict[str, str]:
    tables = sorted((release / "tables").iterdir())
    return {table.name: hashlib.sha256(table.read_bytes()).hexdigest() for table in tables}


def dump(out: Path) -> list[str]:
    return sorted(str(quad) for quad in open_store(out).oxigraph)


def test_files_become_a_graph_that_answers(files: Path, tmp_path: Path) -> None:
    build(read_recipe(files / "recipe.toml"), tmp_path / "out")

    assert genes_with(tmp_path / "out", "MP:0000001") == ["Fbn1", "Myo6", "Pax3"]
    assert genes_with(tmp_path / "out", "MP:0005378") == ["Myo6", "Pax3"]
    assert genes_with(tmp_path / "out", "MP:0010768") == ["Fbn1"]


def test_every_row_is_accounted_for(files: Path, tmp_path: Path) -> None:
    report = build(read_recipe(files / "recipe.toml"), tmp_path / "out")

    calls = report.sources["impc_genotype_phenotype"]
    assert (calls["read"], calls["kept"]) == (5, 3)
    assert calls["rejected"] == {"not_a_probability": 1, "unknown_zygosity": 1}
    assert calls["replaced"] == 1
    for source in report.sources.values():
        assert source["read"] == source["kept"] + sum(source["rejected"].values())


def test_rejects_name_line_rule_and_value(files: Path, tmp_path: Path) -> None:
    build(read_recipe(files / "recipe.toml"), tmp_path / "out")

    rejects = (tmp_path / "out" / "reports" / "rejects.tsv").read_text().splitlines()
    assert rejects[1:] == [
        "impc_genotype_phenotype\t5\tunknown_zygosity\tzygosity\tboth\trow",
        "impc_genotype_phenotype\t4\tnot_a_probability\tp_value\t1.5\trow",
    ]


def test_an_obsolete_term_gives_way_and_is_reported(files: Path, tmp_path: Path) -> None:
    build(read_recipe(files / "recipe.toml"), tmp_path / "out")

    replaced = pl.read_csv(tmp_path / "out" / "reports" / "replaced.tsv", separator="\t")
    assert replaced.select("column", "from", "to", "reason", "rows").rows() == [
        ("mp_term_id", "MP:0000002", "MP:0001262", "replaced", 1)
    ]


def test_a_placeholder_is_no_p_value_and_an_underflow_is_one(files: Path, tmp_path: Path) -> None:
    build(read_recipe(files / "recipe.toml"), tmp_path / "out")

    calls = pl.read_parquet(tmp_path / "out" / "tables" / "call.parquet").sort("gene")
    assert calls.select("gene", "call_type", "p_value", "neg_log10_p", "effect_size").rows() == [
        ("MGI:104785", "linear_model", 0.0, float("inf"), -2.5),
        ("MGI:95489", "supplied", None, None, None),
        ("MGI:97487", "linear_model", 3.2e-7, pytest.approx(6.4948500217), -1.25),
    ]


def test_the_report_adds_up_with_the_store(files: Path, tmp_path: Path) -> None:
    report = build(read_recipe(files / "recipe.toml"), tmp_path / "out")

    assert len(open_store(tmp_path / "out").oxigraph) == sum(report.statements.values())
    assert (
        json.loads((tmp_path / "out" / "reports" / "build.json").read_text())["statements"]
        == report.statements
    )
    assert "put aside" in (tmp_path / "out" / "reports" / "build.txt").read_text().casefold()


def test_the_same_files_give_the_same_bytes(files: Path, tmp_path: Path) -> None:
    build(read_recipe(files / "recipe.toml"), tmp_path / "one")
    build(read_recipe(files / "recipe.toml"), tmp_path / "two")

    assert checksums(tmp_path / "one" / "current") == checksums(tmp_path / "two" / "current")
    assert dump(tmp_path / "one") == dump(tmp_path / "two")


def test_a_second_build_of_the_same_files_does_nothing(files: Path, tmp_path: Path) -> None:
    first = build(read_recipe(files / "recipe.toml"), tmp_path / "out")
    heard = Heard()

    again = build(read_recipe(files / "recipe.toml"), tmp_path / "out", watcher=heard)

    assert again == first
    assert list(heard.skipped.values()) == [True]
    assert "built before from the same files" in next(iter(heard.skipped))


def test_a_changed_file_gives_a_new_release_and_keeps_the_one_before(files: Path, tmp_path: Path) -> None:
    build(read_recipe(files / "recipe.toml"), tmp_path / "out")
    before = (tmp_path / "out" / "current").resolve()
    (files / "calls.csv").write_text("".join((files / "calls.csv").read_text().splitlines(keepends=True)[:2]))

    build(read_recipe(files / "recipe.toml"), tmp_path / "out")

    assert (tmp_path / "out" / "current").resolve() != before
    assert before.is_dir()
    assert genes_with(tmp_path / "out", "MP:0000001") == ["Pax3"]


@pytest.mark.parametrize("step", [*STEPS, "swap"])
def test_a_build_that_is_killed_leaves_the_live_store_and_resumes(
    step: str, files: Path, tmp_path: Path
) -> None:
    recipe, out = files / "recipe.toml", tmp_path / "out"
    build(read_recipe(recipe), out)
    before = (out / "current").resolve()
    rows = (files / "calls.csv").read_text().splitlines(keepends=True)
    (files / "calls.csv").write_text("".join(rows[:2]))

    died = subprocess.run(
        [sys.executable, "-c", DIES_AT, recipe, out, step], check=False, capture_output=True
    )

    assert died.returncode == -signal.SIGKILL, died.stderr
    assert (out / "current").resolve() == before
    assert genes_with(out, "MP:0000001") == ["Fbn1", "Myo6", "Pax3"]
    heard = Heard()
    build(read_recipe(recipe), out, resume=True, watcher=heard)
    assert genes_with(out, "MP:0000001") == ["Pax3"]
    done_before = STEPS[: STEPS.index(step)] if step in STEPS else STEPS
    assert all(heard.skipped[earlier] for earlier in done_before)
    assert not (out / "work").exists()


def test_a_step_that_was_cut_off_half_way_is_done_again_from_the_start(files: Path, tmp_path: Path) -> None:
    recipe, out = files / "recipe.toml", tmp_path / "out"
    subprocess.run([sys.executable, "-c", DIES_AT, recipe, out, "load"], check=False, capture_output=True)
    half = out / "work" / "store.tmp"
    half.mkdir()
    (half / "CURRENT").write_text("half a store")

    build(read_recipe(recipe), out, resume=True)

    assert genes_with(out, "MP:0000001") == ["Fbn1", "Myo6", "Pax3"]


def test_resuming_after_a_file_changed_does_again_what_rests_on_it(files: Path, tmp_path: Path) -> None:
    recipe, out = files / "recipe.toml", tmp_path / "out"
    subprocess.run([sys.executable, "-c", DIES_AT, recipe, out, "check"], check=False, capture_output=True)
    (files / "calls.csv").write_text("".join((files / "calls.csv").read_text().splitlines(keepends=True)[:2]))
    heard = Heard()

    build(read_recipe(recipe), out, resume=True, watcher=heard)

    assert heard.skipped["read mp"]
    assert not heard.skipped["read impc_genotype_phenotype"]
    assert not heard.skipped["load"]
    assert genes_with(out, "MP:0000001") == ["Pax3"]


def test_a_release_that_is_complete_but_not_live_goes_live(files: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    build(read_recipe(files / "recipe.toml"), out)
    (out / "current").unlink()

    build(read_recipe(files / "recipe.toml"), out)

    assert genes_with(out, "MP:0010768") == ["Fbn1"]


def test_two_builds_do_not_work_in_one_folder(files: Path, tmp_path: Path) -> None:
    recipe, out = read_recipe(files / "recipe.toml"), tmp_path / "out"

    class Another(SilentWatcher):
        def step_started(self, step: str) -> None:
            if step == "merge":
                with pytest.raises(BuildError, match="another build is at work here"):
                    build(recipe, out)

    assert build(recipe, out, watcher=Another()).things["Call"] == 3


def test_a_cycle_in_an_ontology_ends_the_build_with_the_cycle(files: Path, tmp_path: Path) -> None:
    text = (files / "mp.obo").read_text()
    (files / "mp.obo").write_text(
        text.replace("name: mammalian phenotype\n", "name: mammalian phenotype\nis_a: MP:0001262\n")
    )

    with pytest.raises(
        OntologyError,
        match=r"MP:0000001 -> MP:0001262 -> MP:0005378 -> MP:0000001|MP:0001262 -> MP:0005378 -> MP:0000001 -> MP:0001262",
    ):
        build(read_recipe(files / "recipe.toml"), tmp_path / "out")


def test_a_broken_rule_ends_the_build_before_it_goes_live(
    files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = checks.Check("no_calls", "There are no calls.", "violation", "SELECT ?call { ?call a kg:Call }")
    monkeypatch.setattr(checks, "all_checks", lambda: [rule])

    with pytest.raises(CheckFailed, match=r"no_calls: 3, such as <https://w3id.org/impckg/call/"):
        build(read_recipe(files / "recipe.toml"), tmp_path / "out")

    assert not (tmp_path / "out" / "current").exists()


def test_a_reader_that_nobody_wrote_is_named(files: Path, tmp_path: Path) -> None:
    (files / "recipe.toml").write_text(
        (files / "recipe.toml").read_text().replace('name = "hp"', 'name = "hp"\nreader = "hpo"')
    )

    with pytest.raises(RecipeError, match=r"there is no reader 'hpo'; there are .*hp, hpoa"):
        build(read_recipe(files / "recipe.toml"), tmp_path / "out")


def test_a_truncated_gzip_ends_the_build_with_its_name(files: Path, tmp_path: Path) -> None:
    packed = gzip.compress((files / "calls.csv").read_bytes())
    (files / "calls.csv").write_bytes(packed[: len(packed) // 2])

    with pytest.raises(DamagedFile, match=r"calls\.csv: the gzip data end too soon"):
        build(read_recipe(files / "recipe.toml"), tmp_path / "out")


def test_a_limit_reads_fewer_rows_and_is_another_release(files: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    build(read_recipe(files / "recipe.toml"), out)
    whole = (out / "current").resolve()

    build(read_recipe(files / "recipe.toml"), out, limit=1)

    assert (out / "current").resolve() != whole


def test_what_is_no_release_has_no_report(tmp_path: Path) -> None:
    assert finished_report(tmp_path) is None


def test_a_damaged_release_is_built_anew(files: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    build(read_recipe(files / "recipe.toml"), out)
    for file in (out / "current").resolve().joinpath("store").iterdir():
        file.unlink()

    build(read_recipe(files / "recipe.toml"), out)

    assert genes_with(out, "MP:0010768") == ["Fbn1"]


def test_a_damaged_store_is_told(files: Path, tmp_path: Path) -> None:
    build(read_recipe(files / "recipe.toml"), tmp_path / "out")
    next((tmp_path / "out" / "store").resolve().glob("MANIFEST-*")).write_bytes(b"no manifest at all")

    with pytest.raises(StoreError, match="not a store that can be opened"):
        open_store(tmp_path / "out")


def test_a_limit_stops_within_a_file_and_is_written_on_the_release(files: Path, tmp_path: Path) -> None:
    report = build(read_recipe(files / "recipe.toml"), tmp_path / "out", limit=2)

    assert report.sources["impc_genotype_phenotype"]["read"] == 2
    assert report.sources["mp"]["read"] == 6, "ontologies are read whole"
    released = open_store(tmp_path / "out").release()
    assert released is not None
    assert released.title.endswith("(only the first 2 rows of each file)")


def test_a_file_without_rows_ends_the_build(files: Path, tmp_path: Path) -> None:
    (files / "calls.csv").write_text((files / "calls.csv").read_text().splitlines(keepends=True)[0])

    with pytest.raises(DamagedFile, match=r"calls\.csv: there is a header and not one row below it"):
        build(read_recipe(files / "recipe.toml"), tmp_path / "out")


def test_a_parent_that_the_ontology_does_not_have_is_taken_out_and_told(files: Path, tmp_path: Path) -> None:
    text = (files / "mp.obo").read_text()
    (files / "mp.obo").write_text(text.replace("is_a: MP:0005378\n", "is_a: MP:0005378\nis_a: MP:7777777\n"))

    report = build(read_recipe(files / "recipe.toml"), tmp_path / "out")

    assert report.sources["mp"]["items"] == {"unknown_parent": 1}
    parents = open_store(tmp_path / "out").query("SELECT ?parent { MP:0001262 rdfs:subClassOf ?parent }")
    assert [row[0].value.rpartition("/")[2] for row in parents] == ["MP_0005378"]
