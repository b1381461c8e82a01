"""What follows from the tables."""

import polars as pl
import pytest

from impckg.graph.errors import OntologyError
from impckg.ontology import infer

TERMS = pl.DataFrame(
    {
        "id": ["MP:1", "MP:2", "MP:3", "MP:4"],
        "parents": [[], ["MP:1"], ["MP:2"], ["MP:1"]],
        "obsolete": [None, None, None, True],
    },
    schema_overrides={"parents": pl.List(pl.String), "obsolete": pl.Boolean},
)


def links(*pairs: tuple[str, str]) -> pl.DataFrame:
    return pl.DataFrame(pairs, schema={"from": pl.String, "to": pl.String}, orient="row")


def tables(**frames: pl.DataFrame) -> dict[str, pl.LazyFrame]:
    return {name: frame.lazy() for name, frame in frames.items()}


def calls(*rows: tuple[str, str]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=["gene", "phenotype"], orient="row").with_columns(
        parameter=pl.lit("impckg:parameter/P")
    )


def results(*rows: tuple[str, str, list[str]]) -> pl.DataFrame:
    frame = pl.DataFrame(rows, schema=["gene", "result_status", "potential_phenotypes"], orient="row")
    return frame.with_columns(parameter=pl.lit("impckg:parameter/P"))


def mappings(*rows: tuple[str, str, str]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=["subject", "predicate", "object"], orient="row")


def test_a_live_term_is_itself_and_all_above() -> None:
    found = infer.is_a(TERMS, "mp")

    assert found.rows() == [
        ("MP:1", "MP:1"), ("MP:2", "MP:1"), ("MP:2", "MP:2"), ("MP:3", "MP:1"), ("MP:3", "MP:2"), ("MP:3", "MP:3"),
    ]  # fmt: skip


def test_a_cycle_is_told_with_the_name_of_the_ontology() -> None:
    terms = pl.DataFrame(
        {"id": ["MP:1", "MP:2"], "parents": [["MP:2"], ["MP:1"]], "obsolete": [False, False]}
    )

    with pytest.raises(OntologyError, match=r"mp: .*MP:1 -> MP:2 -> MP:1"):
        infer.is_a(terms, "mp")


def test_a_gene_has_the_terms_of_its_calls_and_those_above() -> None:
    called = infer.called_phenotype(tables(Call=calls(("MGI:1", "MP:3"), ("MGI:1", "MP:3"))))

    has = infer.has_phenotype(called, infer.is_a(TERMS, "mp"))

    assert called.rows() == [("MGI:1", "MP:3")]
    assert has.rows() == [("MGI:1", "MP:1"), ("MGI:1", "MP:2"), ("MGI:1", "MP:3")]


def test_tested_and_not_called_is_normal_and_not_tested_is_neither() -> None:
    made = results(
        ("MGI:1", "successful", ["MP:2", "MP:3"]),
        ("MGI:2", "successful", ["MP:2"]),
        ("MGI:3", "not_processed", ["MP:2"]),
        ("MGI:2", "successful", ["MPATH:5"]),
    )
    has = links(("MGI:1", "MP:3"), ("MGI:1", "MP:2"), ("MGI:1", "MP:1"))

    normal = infer.tested_normal_for(tables(Result=made), has)

    assert normal.rows() == [("MGI:2", "MP:2")]


def test_a_parameter_reveals_what_is_declared_possible_or_called() -> None:
    parameter = pl.DataFrame({"id": ["impckg:parameter/P"], "can_reveal": [["MP:1"]]})
    made = results(("MGI:1", "successful", ["MP:2"]))

    found = infer.reveals(tables(Parameter=parameter, Result=made, Call=calls(("MGI:1", "MP:3"))))

    assert found["to"].to_list() == ["MP:1", "MP:2", "MP:3"]


def test_close_mappings_lead_from_mouse_to_human_whichever_way_they_are_written() -> None:
    found = infer.maps_to(
        tables(
            Mapping=mappings(
                ("MP:1", "skos:exactMatch", "HP:1"),
                ("HP:2", "skos:closeMatch", "MP:2"),
                ("MP:3", "semapv:crossSpeciesExactMatch", "HP:3"),
                ("MP:4", "skos:broadMatch", "HP:4"),
                ("MP:5", "skos:relatedMatch", "HP:5"),
                ("MONDO:1", "skos:exactMatch", "OMIM:1"),
            )
        )
    )

    assert found.rows() == [("MP:1", "HP:1"), ("MP:2", "HP:2"), ("MP:3", "HP:3")]


def test_an_entry_leads_to_its_mondo_term_and_a_live_term_to_itself() -> None:
    disease = pl.DataFrame({"id": ["MONDO:1", "MONDO:2", "OMIM:1"], "obsolete": [None, True, None]})
    mapped = mappings(("MONDO:1", "skos:exactMatch", "OMIM:1"), ("MONDO:1", "skos:broadMatch", "ORPHA:2"))

    found = infer.mondo(tables(Disease=disease, Mapping=mapped))

    assert found.rows() == [("MONDO:1", "MONDO:1"), ("OMIM:1", "MONDO:1")]


def test_a_call_is_linked_to_the_one_significant_result_that_fits() -> None:
    key = {
        "line": "impckg:line/C",
        "pipeline": "impckg:pipeline/X",
        "parameter": "impckg:parameter/P",
        "zygosity": "homozygote",
    }
    shared = [pl.lit(value).alias(name) for name, value in key.items()]
    procedures = pl.Series("procedures", [["a"], ["b"], ["b"], ["a"]])
    made = pl.DataFrame(
        {"id": ["r1", "r2", "r3", "r4"], "significant": [True, True, True, False]}
    ).with_columns(*shared, procedures)
    called = pl.DataFrame(
        {"id": ["c1", "c2", "c3"], "result": [None, None, "r9"], "procedures": [["a"], ["b"], ["a"]]}
    ).with_columns(*shared)

    found = infer.result(tables(Call=called, Result=made))

    assert found.rows() == [("c1", "r1")]


def test_what_no_source_filled_gives_no_links() -> None:
    for function in (
        infer.called_phenotype,
        infer.ortholog,
        infer.associated_disease,
        infer.maps_to,
        infer.mondo,
        infer.reveals,
        infer.result,
    ):
        assert function({}).is_empty()
    assert infer.tested_normal_for({}, links()).is_empty()
    assert infer.direct_mappings({}) == {}
