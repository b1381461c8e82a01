"""What is said in the graph of one's own animals, alone and beside a release."""

import shutil

import polars as pl
import pytest

from impckg.graph.checks import run_checks
from impckg.graph.identifiers import iri
from impckg.graph.schema import schema
from impckg.graph.store import open_store, write_store
from impckg.graph.validation import validate_sample
from impckg.loaders.calls import Option, Outcome, Rule
from impckg.loaders.measurements.adding import add_graph
from impckg.loaders.measurements.analysis import Plan, analyse_table
from impckg.loaders.measurements.parameters import Parameter, Parameters
from impckg.loaders.measurements.reading import Reading
from impckg.queries.catalog import question
from impckg.queries.run import ask

GENE = "MGI:98373"
KNOWN = Parameters(
    {
        "grip": Parameter(
            "Grip",
            "Grip strength",
            None,
            (Option("MP:0010053", Outcome.DECREASED), Option("MP:0010052", Outcome.INCREASED)),
        ),
        "length": Parameter("Length", None, None, (Option("MP:0001257", Outcome.INCREASED),)),
    }
)

# From calls to animals, with every p-value on the way and the hypothesis that it is of.
PROVENANCE = """
SELECT ?call ?rule ?file ?selection ?software ?hypothesis ?of ?p WHERE {
  ?call a kg:Call ; kg:gene <https://identifiers.org/MGI:98373> ; kg:callRule ?rule ; kg:result ?result .
  ?result kg:animals ?animals ; kg:software ?software .
  ?animals kg:fileName ?file ; kg:selection ?selection .
  ?test kg:result ?result ; kg:hypothesis ?hypothesis ; kg:calibrated false ; kg:pValue ?p .
  OPTIONAL { ?test kg:sex ?of }
}"""


@pytest.fixture
def written(knockout, tmp_path):
    plan = Plan("mine", "impckg 0.1", Reading(), KNOWN, gene=GENE)
    return analyse_table(knockout(), tmp_path / "out", plan)


@pytest.fixture
def alone(written, tmp_path):
    write_store(tmp_path / "store", [written.folder / "graph.nt"])
    return open_store(tmp_path / "store")


def values(found):
    return [[None if term is None else term.value for term in row] for row in found]


def test_one_query_leads_from_a_call_to_its_animals(written, alone):
    rows = values(alone.query(PROVENANCE))

    assert rows
    _, rule, file, selection, software, *_ = rows[0]
    assert (rule, file, software) == (iri("kg:mixed_model_of_sex_rule"), "animals.parquet", "impckg 0.1")
    animals = pl.scan_parquet(written.folder / file).filter(pl.sql_expr(selection)).collect()
    assert animals["is_mutant"].sum() == 16
    assert animals.height == 96


def test_each_p_value_says_what_it_tests(alone):
    rows = values(alone.query(PROVENANCE))

    known = {value.iri for value in schema().enumerations["Hypothesis"].values}
    said = {(hypothesis.rsplit("#")[1], sex and sex.rsplit("#")[1]) for *_, hypothesis, sex, _ in rows}
    assert {hypothesis for *_, hypothesis, _, _ in rows} <= known
    assert {
        ("no_genotype_effect", "male"),
        ("no_genotype_effect", "female"),
        ("no_genotype_effect_in_either_sex", None),
    } <= said
    for *_, p_value in rows:
        assert 0 <= float(p_value) <= 1


def test_what_is_said_fits_the_shapes(alone):
    assert validate_sample(alone, 20) == []


def test_no_statement_has_a_number_that_is_none(written):
    assert "NaN" not in (written.folder / "graph.nt").read_text()


def test_rules_of_calls_are_those_of_the_schema():
    declared = {value.key for value in schema().enumerations["CallRule"].values}

    assert declared == {f"{rule.name.lower()}_rule" for rule in Rule}


def test_lines_of_unknown_genes_are_told_and_not_said(write_table, knockout, tmp_path):
    text = knockout("other.csv").read_text().replace(",MGI:98373,", ",,")

    written = analyse_table(
        write_table(text.rstrip("\n"), name="anonymous.csv"),
        tmp_path / "out",
        Plan("mine", "impckg", Reading(), KNOWN),
    )

    assert written.unknown_genes == ("ABCD",)
    assert "Result" not in (written.folder / "graph.nt").read_text()
    assert pl.read_csv(written.folder / "results.csv")["status"].to_list() == ["Successful"] * 4


def test_a_graph_beside_a_release_answers_its_questions_and_keeps_its_rules(written, demo, tmp_path):
    release = tmp_path / "release"
    shutil.copytree(demo, release, symlinks=True)
    before = {
        row[1] for row in values(ask(question("phenotypes_of_gene"), open_store(release), {"gene": GENE}))
    }

    number = add_graph(release, written.graph, written.folder / "graph.nt")
    again = add_graph(release, written.graph, written.folder / "graph.nt")

    store = open_store(release)
    after = {row[1] for row in values(ask(question("phenotypes_of_gene"), store, {"gene": GENE}))}
    assert after - before == {iri("MP:0010053")}
    # Everything above the term follows, as for calls of the IMPC.
    genes = values(ask(question("genes_of_phenotype"), store, {"phenotype": "MP:0005386"}))
    assert iri(GENE) in {cell for row in genes for cell in row}
    assert number == again
    found = ask(question("evidence_of_association"), store, {"gene": GENE, "phenotype": "MP:0010053"})
    names = [variable.value for variable in found.variables]
    evidence = [dict(zip(names, row, strict=True)) for row in values(found)]
    assert {row["rule"] for row in evidence} == {iri("kg:mixed_model_of_sex_rule")}
    animals = pl.read_parquet(written.folder / evidence[0]["animals"])
    assert animals.sql(f"SELECT * FROM self WHERE {evidence[0]['selection']}").height == 96
    broken = [rule.name for rule in run_checks(store) if rule.severity == "violation" and rule.violations]
    assert broken == []
