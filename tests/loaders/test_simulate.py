"""The demo world: that it is the same each time, agrees with itself, and is called by the rules."""

import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy import stats

from impckg.graph.errors import BadParameter
from impckg.loaders.calls import Evidence, Outcome, Rule, call
from impckg.loaders.measurements.judged import judge_lines
from impckg.loaders.measurements.parameters import Parameters
from impckg.loaders.measurements.reading import Reading, read_measurements
from impckg.loaders.measurements.results import call_table, result_table
from impckg.loaders.measurements.testing import analyse_lines
from impckg.loaders.recipe import read_recipe
from impckg.loaders.simulate import SOURCES, simulate_release
from impckg.loaders.simulate.animals import labels
from impckg.loaders.simulate.lines import draw_fates, first_lines
from impckg.loaders.simulate.plan import draw_effects, make_plan, no_effects
from impckg.loaders.simulate.results import draw_results, options
from impckg.loaders.simulate.world import number_of_genes, read_ontology, read_remarks, read_world
from impckg.loaders.statistics.analysis import analyse
from impckg.loaders.statistics.mixed_model.model import MixedModel

PROJECT = Path(__file__).resolve().parents[2]

# What one call, and the result that earned it, have in common.
CALL_KEY = ["colony_id", "pipeline_stable_id", "procedure_stable_id", "parameter_stable_id", "zygosity"]
DOC_ID_KEY = (
    "colony_id", "pipeline_stable_id", "procedure_stable_id", "parameter_stable_id", "phenotyping_center",
    "production_center", "metadata_group", "zygosity", "strain_accession_id", "sex",
)  # fmt: skip


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    """The folder of the default release."""
    return simulate_release(tmp_path_factory.mktemp("release")).parent


@pytest.fixture(scope="module")
def results(release):
    return table(release, "statistical-results-ALL.csv.gz")


@pytest.fixture(scope="module")
def calls(release):
    return table(release, "genotype-phenotype-assertions-ALL.csv.gz")


def table(folder: Path, name: str) -> pl.DataFrame:
    return pl.read_csv(folder / name, infer_schema=False, separator="\t" if name.endswith(".tsv") else ",")


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


# The release as a whole


def test_the_same_arguments_give_the_same_bytes(tmp_path):
    simulate_release(tmp_path / "one", genes=8, seed=3)
    simulate_release(tmp_path / "two", genes=8, seed=3)

    assert digests(tmp_path / "one") == digests(tmp_path / "two")


def test_another_seed_changes_what_is_simulated_and_no_facts(tmp_path):
    simulate_release(tmp_path / "one", genes=8, seed=3)
    simulate_release(tmp_path / "two", genes=8, seed=4)

    one, other = digests(tmp_path / "one"), digests(tmp_path / "two")

    changed = {name for name in one if one[name] != other[name]}
    facts = {source.file for source in SOURCES if source.version}
    assert changed.isdisjoint(facts)
    assert "statistical-results-ALL.csv.gz" in changed


def test_the_recipe_pins_every_file_and_says_that_it_is_simulated(release):
    recipe = read_recipe(release / "recipe.toml")

    assert recipe.simulated
    assert recipe.name == "simulated-1"
    assert [source.name for source in recipe.sources] == [source.name for source in SOURCES]
    assert {source.path.name: source.sha256 for source in recipe.sources} == {
        name: digest for name, digest in digests(release).items() if name != "recipe.toml"
    }


def test_a_file_of_the_release_is_replaced_and_others_are_left_alone(tmp_path):
    (tmp_path / "mp.obo").write_text("old")
    (tmp_path / "notes.txt").write_text("mine")

    simulate_release(tmp_path, genes=1)

    assert (tmp_path / "mp.obo").read_text().startswith("format-version: 1.2")
    assert (tmp_path / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("genes", [0, -1, 100_000])
def test_more_or_fewer_genes_than_the_world_has_are_refused_with_their_number(tmp_path, genes):
    with pytest.raises(BadParameter, match=f"{genes}; expected 1 to {number_of_genes()}"):
        simulate_release(tmp_path, genes=genes)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("argument", ["seed", "results"])
def test_negative_numbers_are_refused(tmp_path, argument):
    with pytest.raises(BadParameter, match=f"{argument}: -1; expected 0 or more"):
        simulate_release(tmp_path, **{argument: -1})


# The facts


@pytest.mark.parametrize("name", ["mp.obo", "hp.obo", "mondo.obo"])
def test_an_ontology_slice_holds_the_parents_of_its_terms_and_states_its_origin(release, name):
    ontology = read_ontology(name)

    assert all(parent in ontology.names for parents in ontology.parents.values() for parent in parents)
    head = (release / name).read_text().partition("[Term]")[0]
    assert "remark: a slice for demonstrations" in head
    assert "data-version: " in head
    assert "license http" in head
    assert "\ndef: " not in (release / name).read_text()


def test_annotations_and_mappings_speak_of_terms_that_are_in_the_slices(release):
    mp, hp = read_ontology("mp.obo"), read_ontology("hp.obo")

    annotated = pl.read_csv(
        release / "phenotype.hpoa", separator="\t", comment_prefix="#", quote_char=None, infer_schema=False
    )
    mapped = pl.read_csv(
        release / "mp_hp_mgi_all.sssom.tsv",
        separator="\t",
        comment_prefix="#",
        quote_char=None,
        infer_schema=False,
    )

    assert set(annotated["hpo_id"]) <= set(hp.names)
    assert set(mapped["object_id"]) <= set(hp.names)
    assert set(mapped["subject_id"]) <= set(mp.names)
    assert annotated["disease_name"].null_count() == 0


def test_every_gene_with_a_disease_has_its_human_gene_and_its_ortholog(release):
    links = pl.read_csv(release / "genes_to_disease.txt", separator="\t", infer_schema=False)
    human = pl.read_csv(release / "hgnc_complete_set.txt", separator="\t", infer_schema=False)
    orthologs = pl.read_csv(
        release / "HMD_HumanPhenotype.rpt",
        separator="\t",
        has_header=False,
        infer_schema=False,
        new_columns=["human_symbol", "ncbi_gene", "mouse_symbol", "gene", "high_level_mp", "nothing"],
    )

    assert {number.removeprefix("NCBIGene:") for number in links["ncbi_gene_id"]} <= set(human["entrez_id"])
    assert set(orthologs["ncbi_gene"]) == set(human["entrez_id"])
    assert orthologs["nothing"].null_count() == orthologs.height
    hbb = orthologs.filter(pl.col("human_symbol") == "HBB")
    assert hbb["mouse_symbol"].to_list() == ["Hbb-bs", "Hbb-bt"]
    assert human.filter(pl.col("symbol") == "HBB")["mgd_id"].to_list() == ["MGI:5474852|MGI:5474850"]


def test_a_parameter_that_goes_both_ways_has_an_abnormal_term_too():
    world = read_world(1)

    two_ways = [parameter for parameter in world.parameters if parameter.increased and parameter.decreased]

    assert two_ways
    assert all(parameter.abnormal for parameter in two_ways)


def test_what_is_given_is_of_genes_of_the_world_and_is_measured_where_they_are_phenotyped():
    world = read_world(number_of_genes())
    plan = make_plan(world)
    measured = {
        (
            step.centre.name,
            world.parameters[step.parameter].stage,
            world.parameters[step.parameter].measurement,
        )
        for step in plan.steps
    }

    symbols = set(world.genes["symbol"])
    assert set(world.stories) <= symbols
    for row in world.effects.iter_rows(named=True):
        centres = world.stories[row["symbol"]]["centres"].split("|")
        start = row["measurement"].removesuffix("*")
        assert any(
            centre in centres
            and (stage == row["stage"] or row["stage"] == "embryo")
            and code.startswith(start)
            for centre, stage, code in measured
        ), row


# One file and another


def test_each_significant_result_has_its_calls_and_no_other_has_one(results, calls):
    called = calls.group_by(CALL_KEY).agg(pl.col("sex").sort(), pl.col("mp_term_id").unique())
    joined = results.join(called, on=CALL_KEY, how="left", suffix="_called")

    significant = pl.col("significant") == "true"
    assert joined.filter(significant)["sex_called"].null_count() == 0
    assert joined.filter(~significant)["sex_called"].drop_nulls().is_empty()
    assert calls.join(results.filter(significant), on=CALL_KEY, how="anti").is_empty()
    agreeing = joined.filter(significant & (pl.col("mp_term_id_called").list.len() == 1))
    assert (agreeing["mp_term_id"] == agreeing["mp_term_id_called"].list.first()).all()


def test_a_result_is_significant_exactly_if_it_has_a_term(results):
    assert (results["significant"] == "true").equals(results["mp_term_id"].is_not_null())


def test_a_result_of_both_sexes_has_a_call_of_each_or_one_of_neither(results, calls):
    both = results.filter(pl.col("sex") == "not_considered").select(CALL_KEY)

    sexes = calls.join(both, on=CALL_KEY, how="semi").group_by(CALL_KEY).agg(pl.col("sex").sort())

    assert set(map(tuple, sexes["sex"])) == {("female", "male"), ("not_considered",)}


def test_hits_per_gene_are_the_distinct_terms_of_its_calls(release, results, calls):
    hits = table(release, "phenotypeHitsPerGene.csv.gz")

    expected = calls.group_by("marker_accession_id").agg(pl.col("mp_term_name").unique())
    for gene, names in expected.iter_rows():
        row = hits.row(by_predicate=pl.col("MGI Gene Id") == gene, named=True)
        assert int(row["# Phenotype Hits"]) == len(names)
        assert set(row["Phenotype Hits"].split("::")) == set(names)
    assert set(hits["MGI Gene Id"]) == set(results["marker_accession_id"])


def test_every_line_with_results_is_a_colony_with_a_viability(release, results):
    colonies = table(release, "gentar_colonies.tsv")
    viability = table(release, "viability.csv.gz")

    phenotyped = colonies.filter(pl.col("Phenotyping Work Unit").is_not_null())
    assert set(results["colony_id"]) == set(phenotyped["Phenotyping External Reference"])
    assert set(results["colony_id"]) == set(viability["Colony Id"])
    assert colonies.height > phenotyped.height


def test_the_status_of_a_gene_agrees_with_its_lines(release):
    genes = pl.read_ndjson(release / "impc_genes.jsonl.gz")
    gentar = table(release, "gentar_gene_status.tsv")
    colonies = table(release, "gentar_colonies.tsv")

    with_data = set(genes.filter("phenotypingDataAvailable")["mgiGeneAccessionId"])
    with_mice = set(genes.filter(pl.col("mouseProductionStatus") == "Mice Produced")["mgiGeneAccessionId"])
    phenotyped = colonies.filter(pl.col("Phenotyping Work Unit").is_not_null())
    assert with_data == set(phenotyped["MGI Gene Accession ID"])
    assert with_mice == set(colonies["MGI Gene Accession ID"])
    assert with_data == set(gentar.filter(pl.col("Phenotyping Work Unit").is_not_null())["MGI ID"])


def test_terms_and_parameters_of_results_are_known(release, results, calls):
    pipelines = table(release, "pipeline.csv")
    mp = read_ontology("mp.obo")

    options = results["mp_term_id_options"].drop_nulls().str.split(",").explode()
    assert {*options, *calls["mp_term_id"]} <= set(mp.names)
    key = ["pipeline_stable_id", "procedure_stable_id", "parameter_stable_id"]
    assert results.join(pipelines, on=key, how="anti").is_empty()
    known = results.filter(pl.col("mp_term_id").is_not_null())
    assert all(
        term in cell.split(",") for term, cell in known.select("mp_term_id", "mp_term_id_options").rows()
    )


def test_a_result_is_identified_by_the_md5_of_its_natural_key(results):
    keys = results.select(pl.concat_str(pl.col(DOC_ID_KEY).fill_null(""))).to_series()

    assert results["doc_id"].n_unique() == results.height
    assert results["doc_id"].to_list() == [hashlib.md5(key.encode()).hexdigest() for key in keys]


def test_what_is_made_up_does_not_look_real(results):
    assert results["colony_id"].str.contains(r"^SIM-[A-Z]+-\d+$").all()
    assert results["allele_accession_id"].str.contains(r"^NOT-RELEASED-[0-9a-f]{10}$").all()
    assert results["allele_symbol"].str.contains(r"<em\d+\(SIM\)\w+>$").all()
    assert set(results["additional_information"]) == {"simulated"}


# What the world is like


def test_most_results_are_not_significant_and_some_are_not_processed(results):
    assert (results["significant"] == "false").mean() > 0.9
    not_processed = results.filter(pl.col("status") == "NotProcessed")
    assert not_processed.height > 0
    assert not_processed["p_value"].drop_nulls().is_empty()
    assert not_processed["statistical_method"].drop_nulls().is_empty()
    assert set(not_processed["significant"]) == {"false"}


def test_there_are_genes_with_calls_tested_without_one_and_never_tested(release):
    hits = table(release, "phenotypeHitsPerGene.csv.gz")
    genes = pl.read_ndjson(release / "impc_genes.jsonl.gz")

    assert "0" in hits["# Phenotype Hits"].to_list()
    assert hits.filter(pl.col("# Phenotype Hits") != "0").height > 40
    never = genes.filter(~pl.col("phenotypingDataAvailable"))
    assert "Ndufs4" in never["geneSymbol"].to_list()
    assert never["mouseProductionStatus"].n_unique() == 3


def test_some_genes_are_made_at_two_centres(release):
    gentar = table(release, "gentar_gene_status.tsv").filter(pl.col("Gene Symbol") == "Bbs5")

    assert gentar["Crispr Production Status"].to_list() == [
        "JAX|Genotype Confirmed; UC Davis|Genotype Confirmed"
    ]


def test_mutants_that_die_are_phenotyped_as_embryos_and_as_heterozygous_adults(release, results):
    lethal = table(release, "viability.csv.gz").filter(pl.col("Viability Phenotype HOMs/HEMIs") == "lethal")
    rows = results.join(lethal, left_on="colony_id", right_on="Colony Id", how="semi")

    adults = rows.filter(pl.col("life_stage_name").str.ends_with("adult") & (pl.col("data_type") != "line"))
    embryos = rows.filter(pl.col("data_type") == "embryo")
    assert set(adults["zygosity"]) == {"heterozygote"}
    assert set(embryos["zygosity"]) == {"homozygote"}
    assert set(lethal["Total # Hom Males"]) == {"0"}


def test_supplied_calls_have_placeholders_for_numbers(results, calls):
    supplied = pl.col("statistical_method") == "Supplied as data"

    numbers = {
        (float(p), float(effect))
        for p, effect in calls.filter(supplied).select("p_value", "effect_size").rows()
    }
    assert numbers == {(0.0, 1.0)}
    normal = results.filter(supplied & (pl.col("significant") == "false")).select("p_value", "effect_size")
    assert {(float(p), float(effect)) for p, effect in normal.rows()} == {(1.0, 0.0)}


def test_hemizygous_mutants_are_males(results):
    hemizygous = results.filter((pl.col("marker_symbol") == "Dmd") & (pl.col("zygosity") == "hemizygote"))

    tested = hemizygous.filter(pl.col("statistical_method").str.starts_with("Linear"))
    assert set(tested["phenotype_sex"]) == {"male"}
    assert set(tested["female_mutant_count"]) == {"0"}
    assert set(tested.filter(pl.col("significant") == "true")["sex"]) == {"male"}


@pytest.mark.parametrize(
    ("symbol", "term", "parameter"),
    [
        ("Aire", "MP:0013466", "IMPC_PAT_002_002"),
        ("Myo6", "MP:0004738", "IMPC_ABR"),
        ("Pparg", "MP:0010025", "IMPC_DXA_002_001"),
        ("Myh6", "MP:0005140", "HRWLLA_ECH_005_001"),
        ("Sftpb", "MP:0005388", "IMPC_GEP_052_001"),
        ("Nxn", "MP:0002109", "IMPC_GEP_084_001"),
        ("Trip12", "MP:0001402", "IMPC_OFD_020_001"),
        ("Pax3", "MP:0002075", "IMPC_CSD_007_001"),
    ],
)
def test_the_genes_of_the_questions_have_the_calls_that_answer_them(calls, symbol, term, parameter):
    of_parameter = pl.col("parameter_stable_id").str.starts_with(parameter)
    found = calls.filter((pl.col("marker_symbol") == symbol) & of_parameter)

    assert set(found["mp_term_id"]) == {term}


# So many results


@pytest.mark.parametrize("wanted", [0, 1, 777, 5_000])
def test_so_many_results_are_written_as_are_wanted(tmp_path, wanted):
    simulate_release(tmp_path, results=wanted)

    results = table(tmp_path, "statistical-results-ALL.csv.gz")
    calls = table(tmp_path, "genotype-phenotype-assertions-ALL.csv.gz")
    colonies = table(tmp_path, "gentar_colonies.tsv").filter(pl.col("Phenotyping Work Unit").is_not_null())
    genes = pl.read_ndjson(tmp_path / "impc_genes.jsonl.gz")
    assert results.height == wanted
    assert results["doc_id"].n_unique() == wanted
    assert set(results["colony_id"]) == set(colonies["Phenotyping External Reference"])
    assert set(results["marker_accession_id"]) == set(
        genes.filter("phenotypingDataAvailable")["mgiGeneAccessionId"]
    )
    assert calls.join(results.filter(pl.col("significant") == "true"), on=CALL_KEY, how="anti").is_empty()


def test_asking_for_more_results_does_not_change_the_first_ones(tmp_path, results):
    simulate_release(tmp_path, results=3_000)

    first = table(tmp_path, "statistical-results-ALL.csv.gz")

    assert first["doc_id"].n_unique() == 3_000
    assert first.equals(results.head(3_000))


# Tests and calls


def drawn_results(genes, seed, effects=None):
    """The results of the first lines of a world, in one list."""
    world = read_world(genes)
    plan = make_plan(world)
    generator = np.random.Generator(np.random.PCG64(seed))
    lines = first_lines(world, draw_fates(world, generator), seed, generator)
    given = no_effects(world) if effects is None else effects(world, generator)
    return world, [result for part in draw_results(world, plan, given, lines, seed) for result in part]


def mixed_models(results):
    found = (one.tested.analysis.result for one in results if one.tested)
    return [one for one in found if isinstance(one, MixedModel)]


def test_calibrated_p_values_are_uniform_where_no_gene_has_an_effect():
    _, results = drawn_results(60, 11)

    fitted = mixed_models(results)
    for sex in ("", "female_", "male_"):
        values = [getattr(one.calibrated, f"{sex}p_value") for one in fitted]
        values = np.array([value for value in values if value is not None])
        assert values.size > 2_000
        assert stats.kstest(values, "uniform").pvalue > 1e-3, sex


def test_weeks_sex_and_weight_are_found_in_the_animals():
    _, results = drawn_results(20, 5)

    fitted = mixed_models(results)
    assert np.mean([one.has_batch for one in fitted]) > 0.7
    assert np.mean(["Weight" in one.terms for one in fitted]) > 0.8
    shares = [one.batch_deviation / np.hypot(one.batch_deviation, one.control_deviation) for one in fitted]
    # 0.3 of the standard deviation of all; chance and weeks leave 0.98 of it.
    assert np.median(shares) == pytest.approx(0.3 / 0.98, abs=0.05)


def test_the_animals_of_a_procedure_are_the_same_for_all_its_parameters():
    world, results = drawn_results(2, 5)
    plan = make_plan(world)

    of_procedure = {}
    for one in results:
        if one.tested:
            step = plan.steps[one.step]
            animals = one.tested.animals
            key = one.line.colony, step.procedure, step.pipeline.stable_id, one.zygosity
            of_procedure.setdefault(key, []).append((animals.weight.tolist(), animals.date.tolist()))
    assert max(map(len, of_procedure.values())) > 5
    for shared in of_procedure.values():
        assert all(one == shared[0] for one in shared)


def test_a_published_result_is_what_is_found_in_its_animals(tmp_path):
    simulate_release(tmp_path, genes=3, seed=4)

    published = table(tmp_path, "statistical-results-ALL.csv.gz")

    generator = np.random.Generator(np.random.PCG64([4, 0]))
    world = read_world(3)
    lines = first_lines(world, draw_fates(world, generator), 4, generator)
    effects = draw_effects(world, np.random.Generator(np.random.PCG64([4, 1])))
    (found,) = draw_results(world, make_plan(world), effects, lines, 4)
    assert len(found) == published.height > 100
    for result, row in zip(found, published.iter_rows(named=True), strict=True):
        if result.tested is None:
            continue
        again = analyse(result.tested.animals, row["parameter_stable_id"])
        assert row["status"] == again.status.value
        assert (row["mp_term_id"], row["significant"] == "true") == (
            result.called.term,
            result.called.term is not None,
        )
        if isinstance(again.result, MixedModel):
            assert float(row["p_value"]) == again.result.genotype.p_value
            assert float(row["female_effect_size"] or 0) == pytest.approx(
                again.result.female_effect.size if again.result.female else 0, rel=1e-5
            )


def test_fewer_abnormal_mutants_than_wild_types_are_no_call():
    parameter = next(one for one in read_world(1).parameters if one.kind == "categorical")
    fewer, more = (
        Evidence(None, Rule.FISHER, 1e-9, (Outcome.INFERRED, Outcome.ABNORMAL), 0.5, frozenset({label}))
        for label in labels(parameter)
    )

    assert call([fewer], options(parameter)).term is None
    assert call([more], options(parameter)).term == parameter.abnormal


def test_the_tables_of_the_world_state_their_origin():
    for name in ("genes", "genes_to_disease", "annotations", "diseases", "parameters", "pipelines"):
        text = "\n".join(read_remarks(f"{name}.tsv"))
        assert re.search(r"20\d\d|21\.1", text), name
        assert "http" in text, name


def test_means_are_not_pushed_below_nothing(results):
    means = results.filter(pl.col("male_mutant_mean").is_not_null())["male_mutant_mean"].cast(pl.Float64)

    assert (means > 0).mean() > 0.999


def test_the_world_is_what_the_script_cuts_out_of_the_real_files(shared_data, tmp_path):
    world = PROJECT / "loaders" / "simulate" / "world"
    for name in ("centres.tsv", "controls.tsv", "effects.tsv", "stories.tsv"):
        shutil.copy(world / name, tmp_path)

    for script in ("slice_world.py", "slice_definitions.py"):
        subprocess.run([sys.executable, PROJECT / "benchmarks" / script, shared_data, tmp_path], check=True)

    assert digests(tmp_path) == digests(world)


def test_whoever_has_the_animals_finds_the_published_results(tmp_path):
    simulate_release(tmp_path, genes=3, seed=4, animals=True)
    published = table(tmp_path, "statistical-results-ALL.csv.gz").filter(
        pl.col("metadata_group").is_not_null()
    )

    measurements = read_measurements(tmp_path / "experiment.csv.gz", Reading())
    found = _of_colonies(result_table(list(analyse_lines(measurements, Parameters({})))))

    assert measurements.rejects.is_empty()
    key = ["pipeline_stable_id", "procedure_stable_id", "parameter_stable_id", "zygosity"]
    tested = published.filter(
        pl.col("data_type").is_in(["unidimensional", "categorical"]) & (pl.col("status") == "Successful")
    )
    both = tested.join(
        found, left_on=["colony_id", *key], right_on=["line", *key], how="left", suffix="_again"
    )
    assert both.height == tested.height > 100
    # Where controls of a reference range are told apart, the published file says more (rows.py).
    same = both.filter(~pl.col("statistical_method").str.starts_with("Reference"))
    assert same["p_value_again"].to_numpy() == pytest.approx(
        same["p_value"].cast(pl.Float64).to_numpy(), rel=1e-6, abs=1e-12
    )
    for column in ("female_mutant_count", "male_control_count"):
        assert both[f"{column}_again"].to_list() == both[column].cast(pl.Int64).to_list()


def test_whoever_has_what_was_judged_finds_the_published_calls(tmp_path):
    simulate_release(tmp_path, genes=40, seed=4, animals=True)
    published = table(tmp_path, "genotype-phenotype-assertions-ALL.csv.gz").filter(
        pl.col("parameter_stable_id").str.contains("_(VIA|FER|EV[LMOP]|GE[LMOP])_")
    )

    judged = read_measurements(tmp_path / "experiment.csv.gz", Reading()).judged
    found = _of_colonies(call_table([], judge_lines(judged, Parameters({}))))

    columns = ["line", "parameter_stable_id", "mp_term_id", "sex"]
    theirs = published.rename({"colony_id": "line"}).select(columns)
    assert sorted(found.select(columns).rows()) == sorted(theirs.rows())
    assert found["parameter_stable_id"].str.slice(5, 3).n_unique() >= 4


def _of_colonies(found):
    """Lines by their colonies: one of several zygosities is told apart by them."""
    return found.with_columns(pl.col("line").str.replace(" (homo|hetero|hemi)zygote$", ""))


def test_no_results_have_no_animals(tmp_path):
    simulate_release(tmp_path, genes=2, results=0, animals=True)

    assert table(tmp_path, "experiment.csv.gz").height == 0
    assert "data_point" in table(tmp_path, "experiment.csv.gz").columns


def test_animals_are_written_where_they_are_asked_for_alone(tmp_path, release):
    simulate_release(tmp_path, genes=2, seed=4, animals=True)

    assert not (release / "experiment.csv.gz").exists()
    animals = table(tmp_path, "experiment.csv.gz")
    wild_types = animals.filter(pl.col("biological_sample_group") == "control")
    assert wild_types.height == wild_types.unique(["parameter_stable_id", "external_sample_id"]).height
    assert set(wild_types["colony_id"]) == {None}
    values = animals.select("data_point", "category", "text_value")
    assert set(values.select(pl.sum_horizontal(pl.all().is_not_null())).to_series()) == {1}
