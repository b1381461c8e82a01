"""Rules that all questions keep, and what they answer in a small world and in the real one."""

import os
import re
from pathlib import Path

import pyoxigraph as ox
import pytest
from rdflib.plugins.sparql import prepareQuery

from impckg.graph.errors import BadParameter
from impckg.graph.identifiers import namespaces
from impckg.graph.sparql import Kind, tokens
from impckg.graph.store import open_store
from impckg.queries.catalog import bind, question, questions
from impckg.queries.remote import with_values
from impckg.queries.run import ask, frame

EVERY_QUESTION = [pytest.param(question, id=question.name) for question in questions()]
WITH_PARAMETERS = [
    pytest.param(question, id=question.name) for question in questions() if question.parameters
]
REAL_STORE = "IMPCKG_REAL_STORE"

# What our real files, of which there are not all, cannot answer: they hold significant results alone.
UNANSWERED_BY_REAL_FILES = {
    "lines_of_gene": "the files of colonies are not among them",
    "normal_phenotypes_of_gene": "a gene is known to be normal by results without a call",
}


def answer(world, name, **values):
    """The rows of a question, without the columns that only repeat the values given."""
    asked = question(name)
    found = frame(world, asked.text, bind(asked, values))
    return found.drop(parameter.name for parameter in asked.parameters).rows()


def rows(result):
    return [tuple(row) for row in result]


def used_in(query):
    """How often each variable stands below the head of a query."""
    found = list(tokens(query))
    body = next(i for i, token in enumerate(found) if token.text == "{")
    names = [token.text[1:] for token in found[body:] if token.kind is Kind.VARIABLE]
    return {name: names.count(name) for name in names}


# ---------------------------------------------------------------- rules


def test_there_are_questions_of_each_sort():
    keywords = {keyword for question in questions() for keyword in question.keywords}

    assert len(questions()) >= 28
    assert {"gene", "phenotype", "disease", "line", "viability", "ortholog", "mapping", "release"} <= keywords


def test_no_question_is_asked_twice():
    assert len({question.question for question in questions()}) == len(questions())


@pytest.mark.parametrize("asked", EVERY_QUESTION)
def test_a_question_is_a_question_with_a_name_and_keywords(asked):
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", asked.name)
    assert re.fullmatch(r"[A-Z][^?]+\?", asked.question)
    assert asked.keywords
    assert len(asked.keywords) == len(set(asked.keywords))


@pytest.mark.parametrize("asked", EVERY_QUESTION)
def test_the_columns_are_those_of_the_select(asked):
    result = ox.Store().query(asked.text)

    assert [variable.value for variable in result.variables] == list(asked.columns)


@pytest.mark.parametrize("asked", EVERY_QUESTION)
def test_every_tool_can_open_a_question(asked):
    declared = dict(re.findall(r"^PREFIX (\w+): <([^>]+)>$", asked.text, re.MULTILINE))
    body = asked.text[asked.text.index("SELECT") :]
    names = [token.text for token in tokens(body) if token.kind is Kind.NAME]

    assert set(declared) == {name.partition(":")[0] for name in names}
    assert declared.items() <= namespaces().items()
    # rdflib has a parser of its own, which is strict where the engine is not.
    assert prepareQuery(asked.text)
    assert prepareQuery(with_values(asked.text, bind(asked, asked.example)))


@pytest.mark.parametrize("asked", WITH_PARAMETERS)
def test_a_parameter_is_selected_and_used(asked):
    used = used_in(asked.text)

    for parameter in asked.parameters:
        assert parameter.name in asked.columns
        assert parameter.name in used, f"?{parameter.name} is selected and has no meaning"
        assert re.fullmatch(r"[A-Z].*\.", parameter.description)


@pytest.mark.parametrize("asked", EVERY_QUESTION)
def test_the_example_fits(asked):
    assert set(bind(asked, asked.example)) == {parameter.name for parameter in asked.parameters}


@pytest.mark.parametrize("asked", EVERY_QUESTION)
def test_no_question_takes_a_small_p_value_for_a_call(asked):
    numbers = [token.text for token in tokens(asked.text) if token.kind is Kind.NUMBER]

    assert not any("e" in number.lower() or number.startswith("0.0") for number in numbers)


@pytest.mark.parametrize("asked", EVERY_QUESTION)
def test_a_question_answers_its_own_example(asked, world):
    result = ask(asked, world, asked.example)

    assert [variable.value for variable in result.variables] == list(asked.columns)
    assert rows(result), "a question without an answer teaches nobody what it asks"


@pytest.mark.parametrize("asked", WITH_PARAMETERS)
def test_values_in_the_text_give_the_same_rows(asked, world):
    values = bind(asked, asked.example)

    assert sorted(map(str, rows(world.query(with_values(asked.text, values))))) == sorted(
        map(str, rows(world.query(asked.text, values)))
    )


@pytest.mark.parametrize("asked", WITH_PARAMETERS)
def test_parameters_that_are_left_open_give_the_same_rows_both_ways(asked, world):
    values = bind(asked, {p.name: p.example for p in asked.parameters if p.required})

    assert sorted(map(str, rows(world.query(with_values(asked.text, values))))) == sorted(
        map(str, rows(world.query(asked.text, values)))
    )


# ---------------------------------------------------------------- hostile values

HOSTILE = (
    'MGI:1> . ?s ?p ?o } # "',
    "MGI:97487 } UNION { ?gene ?p ?o",
    "<https://identifiers.org/MGI:1> <urn:p> <urn:o> . <https://identifiers.org/MGI:2>",
    "https://identifiers.org/MGI:97487>\n}\nSERVICE <http://127.0.0.1/> {",
    "MP:0003631\\u003E",
    "male> <x",
)


@pytest.mark.parametrize("asked", WITH_PARAMETERS)
@pytest.mark.parametrize("value", HOSTILE)
def test_a_value_that_is_more_than_a_value_is_refused_or_found_nowhere(asked, value, world):
    for parameter in asked.parameters:
        if parameter.kind == "string":
            bound = {parameter.name: ox.Literal(value)}
            assert rows(world.query(asked.text, bound)) == []
            assert rows(world.query(with_values(asked.text, bound))) == []
        else:
            with pytest.raises(BadParameter):
                bind(asked, {**asked.example, parameter.name: value})


def test_text_stays_text_whatever_stands_in_it(world):
    asked = question("find_phenotype")

    for word in ('"', "'", "\\", "}", "#", "${x}", "\n", 'brainstem" || true || "'):
        values = {"word": ox.Literal(word)}
        assert rows(world.query(asked.text, values)) == []
        assert rows(world.query(with_values(asked.text, values))) == []


# ---------------------------------------------------------------- answers, by hand


def test_the_phenotypes_of_a_gene_come_with_their_calls(world):
    assert answer(world, "phenotypes_of_gene", gene="MGI:95490") == [
        (
            "MP:0001340",
            "abnormal eyelid morphology",
            None,
            None,
            None,
            "kg:heterozygote",
            "kg:late_adult",
            "kg:supplied",
            None,
        ),
        (
            "MP:0000150",
            "abnormal rib morphology",
            1e-9,
            -2.5,
            None,
            "kg:homozygote",
            "kg:early_adult",
            "kg:linear_model",
            "Number of ribs left",
        ),
    ]


def test_a_phenotype_is_found_with_all_below_it(world):
    assert answer(world, "genes_of_phenotype", phenotype="MP:0005385") == [
        ("MGI:95489", "Fbn1", "fibrillin 1"),
        ("MGI:102844", "Mybpc3", None),
    ]
    assert len(answer(world, "genes_of_phenotype", phenotype="MP:0000001")) == 11


def test_a_shared_phenotype_comes_with_the_call_and_the_annotation_that_say_so(world):
    assert answer(world, "phenotypes_shared_with_diseases", gene="MGI:96794") == [
        ("ORPHA:740", "Hutchinson-Gilford progeria syndrome", "MP:0009825", "cornea ulcer", "HP:0012804",
         "Corneal ulceration", None, 3.6e-6, "ORPHA:740"),
    ]  # fmt: skip
    assert answer(world, "phenotypes_shared_with_diseases", gene="MGI:104785") == []


def test_a_mapping_is_told_in_the_direction_in_which_it_was_written(world):
    found = answer(world, "human_counterparts_of_phenotype", phenotype="MP:0003631")

    assert [(row[1], row[3], row[4], row[6]) for row in found] == [
        ("HP:0000707", "human to mouse", "skos:broadMatch", None),
        ("HP:0000707", "mouse to human", "skos:narrowMatch", 1.0),
    ]


def test_genes_of_both_species_are_matched_by_orthology(world):
    found = answer(
        world, "genes_of_matched_phenotypes", humanPhenotype="HP:0001097", mousePhenotype="MP:0013466"
    )

    assert found == [
        ("HGNC:4620", "GSN", "MGI:95851", "Gsn"),
        ("HGNC:3666", "FGF10", None, None),
        (None, None, "MGI:1338803", "Aire"),
    ]


def test_a_phenotype_that_a_disease_does_not_have_makes_no_match(world):
    found = answer(
        world, "genes_of_matched_phenotypes", humanPhenotype="HP:0001097", mousePhenotype="MP:0000001"
    )

    assert "FBN1" not in {row[1] for row in found}, "Marfan syndrome is annotated to be without it"


def test_the_bases_of_models_are_kept_apart(world):
    found = answer(world, "models_of_disease", disease="MONDO:0007947")

    assert [(row[0], row[1], row[4], row[6], row[8]) for row in found] == [
        ("kg:curated_model", "OMIM:154700", "Fbn1", "Fbn1<em1(IMPC)H>", None),
        ("kg:orthology_model", "OMIM:154700", "Fbn1", "Fbn1<em1(IMPC)H>", None),
        ("kg:orthology_model", "ORPHA:284963", "Fbn1", "Fbn1<em1(IMPC)H>", None),
        ("kg:similarity_model", "OMIM:154700", "Fbn2", "Fbn2<em1(IMPC)Rbrc>", 61.5),
    ]


def test_a_line_whose_allele_is_not_known_is_a_model(world):
    found = answer(world, "models_of_disease", disease="OMIM:615983")

    assert [(row[0], row[4], row[5]) for row in found] == [("kg:orthology_model", "Bbs5", "impckg:line/B5")]


@pytest.mark.parametrize("name", ["models_of_disease", "genes_of_disease", "phenotypes_of_disease"])
def test_a_disease_that_mondo_does_not_know_can_be_asked_for(name, world):
    found = answer(world, name, disease="OMIM:609887")

    assert len(found) == 1
    assert "OMIM:609887" in found[0]


def test_an_entry_stands_for_all_that_mondo_holds_for_the_same(world):
    assert answer(world, "phenotypes_of_disease", disease="ORPHA:284963") == answer(
        world, "phenotypes_of_disease", disease="MONDO:0007947"
    )


def test_phenotypes_that_a_disease_does_not_have_are_marked(world):
    found = answer(world, "phenotypes_of_disease", disease="OMIM:154700")

    assert {(row[2], row[3], row[4], row[5], row[6]) for row in found} == {
        ("Cardiomegaly", False, "3/58", None, "Congenital onset"),
        ("Keratoconjunctivitis sicca", True, "0/58", None, None),
        ("Glaucoma", False, None, "Occasional", None),
    }


def test_phenotypes_without_a_human_counterpart_are_flagged(world):
    assert answer(world, "phenotypes_of_ensembl_gene", ensemblGene="ENSEMBL:ENSG00000166147") == [
        (
            "HGNC:3603",
            "MGI:95489",
            "Fbn1",
            "MP:0002833",
            "increased heart weight",
            True,
            "HP:0001640",
            "Cardiomegaly",
        )
    ]
    found = answer(world, "phenotypes_of_ensembl_gene", ensemblGene="ENSEMBL:ENSG00000196586")
    assert [(row[4], row[5]) for row in found] == [
        ("abnormal auditory brainstem response", False),
        ("abnormal gait", False),
    ]


def test_phenotypes_can_be_narrowed_to_a_sort(world):
    of_all = answer(world, "mouse_phenotypes_of_human_gene", humanGene="HGNC:7605")
    of_nerves = answer(world, "mouse_phenotypes_of_human_gene", humanGene="HGNC:7605", within="MP:0003631")

    assert [row[3] for row in of_all] == ["abnormal auditory brainstem response", "abnormal gait"]
    assert [row[3] for row in of_nerves] == ["abnormal gait"]


def test_an_association_is_traced_to_centre_procedure_and_file(world):
    found = answer(world, "evidence_of_association", gene="MGI:95490", phenotype="MP:0005390")

    assert len(found) == 1
    assert found[0][:6] == (
        "MP:0000150",
        "abnormal rib morphology",
        "JAX",
        "JAX_001",
        "X-ray",
        "Number of ribs left",
    )
    assert sorted(found[0][6].split(", ")) == ["female", "male"]
    assert found[0][10:] == (
        -2.5,
        1e-9,
        "kg:linear_model",
        "Linear Mixed Model framework",
        "Calls",
        "1",
        *[None] * 3,
    )


def test_human_phenotypes_lead_to_the_nearest_mouse_phenotypes_and_their_genes(world):
    found = answer(world, "genes_for_human_phenotypes", hp1="HP:0002878", hp3="HP:0001640")

    assert [(row[1], row[2], row[3], row[5], row[7]) for row in found] == [
        ("Cardiomegaly", "exact or close", "HP:0001640", "increased heart weight", "Fbn1"),
        ("Cardiomegaly", "exact or close", "HP:0001640", "increased heart weight", "Mybpc3"),
        ("Respiratory failure", "nearest above", "HP:0002086", "respiratory system phenotype", "Fgf10"),
    ]


def test_genes_of_a_human_phenotype_are_found_in_mice_by_the_phenotype_of_their_orthologs(world):
    found = answer(
        world, "models_for_human_phenotype", humanPhenotype="HP:0002093", mousePhenotype="MP:0005388"
    )

    assert found == [
        ("HGNC:3666", "FGF10", "MGI:1099809", "Fgf10", "MP:0001176", "abnormal lung development", 1)
    ]


def test_a_life_stage_is_that_of_the_call(world):
    late = answer(
        world,
        "stage_phenotypes_of_disease_genes",
        stage="late_adult",
        phenotype="MP:0005385",
        disease="MONDO:0004994",
    )
    of_embryos = answer(
        world,
        "stage_phenotypes_of_disease_genes",
        stage="E9.5",
        phenotype="MP:0005385",
        disease="MONDO:0004994",
    )

    assert [(row[1], row[4], row[5], row[9], row[11]) for row in late] == [
        ("Mybpc3", 1.25, 1e-6, "MYBPC3", "hypertrophic cardiomyopathy 4")
    ]
    assert of_embryos == []


def test_a_call_for_one_sex_counts_as_specific_only_if_the_other_has_none(world):
    found = answer(world, "sex_specific_phenotypes", sex="male", phenotype="MP:0001262")

    assert [(row[1], row[4]) for row in found] == [("Asns", True)], "Fbxo11 has a call for females, too"


@pytest.mark.parametrize(
    ("gene", "phenotype", "state"),
    [
        ("MGI:104785", "MP:0001406", ("called", 1, 0)),
        # Called for a term below, and normal for another one below.
        ("MGI:104785", "MP:0003631", ("called", 1, 1)),
        ("MGI:104785", "MP:0009142", ("tested without a call", 0, 1)),
        ("MGI:3512453", "MP:0003631", ("tested without a call", 0, 1)),
        # There is a result, but no comparison was made.
        ("MGI:104785", "MP:0002833", ("never tested", 0, 0)),
        ("MGI:97487", "MP:0003631", ("never tested", 0, 0)),
    ],
)
def test_called_tested_without_a_call_and_never_tested_are_three_states(gene, phenotype, state, world):
    found = answer(world, "state_of_gene_for_phenotype", gene=gene, phenotype=phenotype)

    assert [row[2:] for row in found] == [state]


def test_a_release_without_null_results_does_not_say_that_a_gene_was_never_tested(tmp_path, world):
    kept = [
        quad
        for quad in world.oxigraph
        if quad.predicate.value != "https://w3id.org/impckg/ontology#significant"
    ]
    store = ox.Store(str(tmp_path / "store"))
    store.bulk_extend(kept)
    store.flush()

    found = answer(
        open_store(tmp_path / "store"),
        "state_of_gene_for_phenotype",
        gene="MGI:97487",
        phenotype="MP:0003631",
    )

    assert [row[2] for row in found] == ["not called; no results without a call are in this release"]


def test_normal_is_what_was_tested_and_not_what_was_not_called(world):
    assert answer(world, "normal_phenotypes_of_gene", gene="MGI:104785") == [
        ("MP:0009142", "decreased prepulse inhibition")
    ]
    assert answer(world, "normal_phenotypes_of_gene", gene="MGI:97487") == []


def test_a_gene_without_hits_that_was_called_by_now_is_not_without_a_call(world):
    assert answer(world, "genes_tested_without_call") == [
        ("MGI:3512453", "A4galt", "alpha 1,4-galactosyltransferase")
    ]


def test_results_are_significant_by_their_phenotype_and_not_by_their_p_value(world):
    found = answer(world, "results_of_gene", gene="MGI:95490")

    assert [(row[1], row[2], row[3], row[5]) for row in found] == [
        ("Number of ribs left", True, "MP:0000150", 1e-9),
        ("Heart weight", False, None, 1e-6),
    ]


def test_genes_without_a_line_come_with_what_is_said_of_their_production(world):
    assert answer(world, "genes_without_line", disease="MONDO:0000001") == [
        ("MGI:95285", "Edn3", "ES Cells Produced")
    ]


def test_a_gene_of_several_centres_is_found_by_its_lines_statuses_and_calls(world):
    found = answer(world, "genes_of_several_centres")

    assert [(row[1], row[2], sorted(row[3].split(", "))) for row in found] == [
        ("Bbs5", 2, ["JAX", "TCP"]),
        ("Fbn2", 2, ["JAX", "TCP"]),
    ]


def test_lethal_genes_come_with_the_diseases_of_their_orthologs(world):
    assert answer(world, "diseases_of_lethal_genes", outcome="lethal") == [
        ("MGI:97747", "Pparg", "HGNC:9236", "PPARG", "OMIM:604367", "Lipodystrophy, familial partial, type 3")
    ]
    assert answer(world, "diseases_of_lethal_genes", outcome="viable") == [], "FBN2 has no disease here"


@pytest.mark.parametrize(
    ("symbol", "found"),
    [
        ("pax3", [("Pax3", "mouse", "symbol"), ("PAX3", "human", "symbol")]),
        ("PAX3", [("Pax3", "mouse", "symbol"), ("PAX3", "human", "symbol")]),
        ("Fib-2", [("Fbn2", "mouse", "synonym")]),
        ("ws1", [("PAX3", "human", "former symbol")]),
        ("JAX", []),
        ("", []),
    ],
)
def test_genes_are_found_by_any_of_their_symbols(symbol, found, world):
    asked = question("find_gene")

    rows_found = frame(world, asked.text, {"symbol": ox.Literal(symbol)}).rows()

    assert [(row[3], row[2], row[5]) for row in rows_found] == found


def test_terms_are_found_by_words_in_any_order_and_obsolete_ones_are_not(world):
    assert answer(world, "find_phenotype", word="Brainstem", word2="abnormal") == [
        ("MP:0004738", "abnormal auditory brainstem response")
    ]
    assert [row[1] for row in answer(world, "find_phenotype", word="eye")] == [
        "vision/eye phenotype",
        "Abnormality of the eye",
        "abnormal eyelid morphology",
    ]
    assert answer(world, "find_disease", word="dilated") == [
        ("MONDO:0016333", "familial dilated cardiomyopathy")
    ]


def test_a_gene_and_a_disease_share_what_is_mapped_or_lies_below_or_above(world):
    assert answer(world, "shared_phenotypes", gene="MGI:1919819", disease="OMIM:615983") == [
        (
            "MP:0002110",
            "abnormal digit morphology",
            "HP:0011297",
            "Abnormal digit morphology",
            "HP:0001156",
            "Brachydactyly",
            "narrower in human",
        )
    ]
    found = answer(world, "shared_phenotypes", gene="MGI:95489", disease="MONDO:0007947")
    assert [(row[0], row[4], row[6]) for row in found] == [("MP:0002833", "HP:0001640", "same")]


def test_matched_phenotypes_are_counted_out_of_those_of_each_disease(world):
    assert answer(world, "diseases_matching_gene", gene="MGI:95489") == [
        ("OMIM:154700", "Marfan syndrome", 1, 1),
        ("ORPHA:284963", "Marfan syndrome", 0, 1),
    ]


def test_phenotypes_are_counted_once_for_each_gene(world):
    counted = {row[1]: row[2] for row in answer(world, "genes_per_top_level_phenotype")}

    assert counted["cardiovascular system phenotype"] == 2, "Mybpc3 was called twice"
    assert counted["vision/eye phenotype"] == 4


def test_calls_are_counted_by_procedure(world):
    assert answer(world, "calls_per_procedure") == [
        ("impckg:procedure/IMPC_XRY_001", "X-ray", 2),
        ("impckg:procedure/IMPC_HWT_001", "Heart Weight", 1),
    ]


# ---------------------------------------------------------------- the real files


@pytest.fixture(scope="module")
def real_store():
    """A store of the real files: a build of benchmarks/real-data.toml, if IMPCKG_REAL_STORE names one."""
    if REAL_STORE not in os.environ:
        pytest.skip(f"{REAL_STORE} names no store of the real files")
    return open_store(Path(os.environ[REAL_STORE]))


@pytest.mark.parametrize("asked", EVERY_QUESTION)
def test_real_files_answer_all_questions_but_those_whose_reason_we_know(asked, real_store):
    found = rows(ask(asked, real_store, asked.example))

    assert bool(found) == (asked.name not in UNANSWERED_BY_REAL_FILES)
