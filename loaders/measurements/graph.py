"""What came of tests as tables of the graph's kinds, and as statements of a named graph.

From a call to its animals it is two steps: kg:result, then kg:animals, which names the file of measurements and the rows of
it. Each p-value is a thing of its own that says which hypothesis it is of, and whether it is the IMPC's or calibrated.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from impckg.graph.identifiers import BASE, mint
from impckg.graph.schema import kind, schema
from impckg.graph.store import graph_iri
from impckg.graph.triples import write_table
from impckg.loaders.call_types import neg_log10
from impckg.loaders.measurements.animals import ANIMALS_FILE, key, result_id
from impckg.loaders.measurements.hypotheses import Said, calibrated, compatible, effect, estimate
from impckg.loaders.measurements.judged import METHOD, Found, Judged
from impckg.loaders.measurements.results import q_values, statistical_method
from impckg.loaders.measurements.testing import Tested, sexes_tested
from impckg.loaders.source import things
from impckg.loaders.statistics.analysis import Status, counts
from impckg.loaders.statistics.gates import Framework
from impckg.loaders.statistics.reference_range import ReferenceRangePlus

UNDETERMINED = "http://rightsstatements.org/vocab/UND/1.0/"
"""The licence of a table whose owner has not said it: copyright undetermined."""

_CALL_TYPES = {
    Framework.MIXED_MODEL: "linear_model",
    Framework.FISHER: "fisher_exact",
    Framework.REFERENCE_RANGE: "reference_range",
}
_STATUS = {Status.SUCCESSFUL: "successful", Status.NOT_PROCESSED: "not_processed", Status.FAILED: "failed"}


@dataclass(frozen=True)
class Origin:
    """Where measurements come from.

    name: of the analysis; part of all identifiers. file: name of the table. sha256: of the table. animals_sha256: of
    ANIMALS_FILE. software: the program and its version. licence: an IRI.
    """

    name: str
    file: str
    sha256: str
    animals_sha256: str
    software: str
    licence: str

    @property
    def source(self) -> str:
        """The CURIE of the table, as results name their source."""
        return mint("source", self.name, self.sha256[:12])

    def graph(self, base: str = BASE) -> str:
        """The IRI of the named graph."""
        return graph_iri(f"own/{self.name}", base)


def tables(
    origin: Origin, tested: Sequence[Tested], judged: Sequence[Judged] = ()
) -> dict[str, pl.DataFrame]:
    """What is to be said, by kind; lines of which the gene is not known are left out."""
    tests = [one for one in tested if one.described["gene"]]
    judgements = [one for one in judged if one.described["gene"]]
    known: list[Found] = [*tests, *judgements]
    results = [_result_of_test(origin, one) for one in tests]
    results += [_result_of_judgement(origin, one) for one in judgements]
    return {
        "SourceFile": _source(origin),
        "Gene": _mentioned_genes(known),
        "Line": _lines(known),
        "Parameter": _parameters(known),
        "AnimalSet": _animal_sets(origin, known),
        "Result": _with_logarithm(_table("Result", results)),
        "HypothesisTest": _tests(origin, tests),
        "Call": _calls(origin, known),
    }


def write_statements(said: Mapping[str, pl.DataFrame], path: Path, base: str = BASE) -> int:
    """Write tables by kind as N-Triples, and return the number of statements."""
    with path.open("wb") as output:
        return sum(write_table(table, kind(name), output, base=base) for name, table in said.items())


def _source(origin: Origin) -> pl.DataFrame:
    row = {
        "title": origin.file,
        "version": origin.sha256[:12],
        "licence": origin.licence,
        "sha256": origin.sha256,
    }
    return _table("SourceFile", [{"id": origin.source, **row}])


def _mentioned_genes(tested: Sequence[Found]) -> pl.DataFrame:
    rows = [{"id": one.described["gene"], "symbol": one.described["gene_symbol"]} for one in tested]
    return _table("Gene", [row for row in rows if row["symbol"]])


def _lines(tested: Sequence[Found]) -> pl.DataFrame:
    return _table(
        "Line",
        [{"id": mint("line", one.line), "label": one.line, "gene": one.described["gene"]} for one in tested],
    )


def _parameters(tested: Sequence[Found]) -> pl.DataFrame:
    rows = [
        {
            "id": mint("parameter", one.parameter.id),
            "stable_id": one.parameter.id,
            "label": one.parameter.name or one.described["parameter_name"] or one.parameter.id,
        }
        for one in tested
    ]
    return _table("Parameter", rows)


def _animal_sets(origin: Origin, tested: Sequence[Found]) -> pl.DataFrame:
    rows = [
        {
            "id": mint("animals", *key(origin.name, one)),
            "file_name": ANIMALS_FILE,
            "sha256": origin.animals_sha256,
            "selection": f"result = '{result_id(origin.name, one)}' AND used",
        }
        for one in tested
    ]
    return _table("AnimalSet", rows)


def _of_result(origin: Origin, one: Found) -> dict[str, object]:
    """What every result says."""
    return {
        "id": result_id(origin.name, one),
        "gene": one.described["gene"],
        "line": mint("line", one.line),
        "parameter": mint("parameter", one.parameter.id),
        "zygosity": _known("Zygosity", one.described["zygosity"]),
        "significant": one.called.term is not None,
        "phenotype": one.called.term,
        "potential_phenotypes": list(dict.fromkeys(option.term for option in one.parameter.options)),
        "animals": mint("animals", *key(origin.name, one)),
        "software": origin.software,
        "source": origin.source,
    }


def _result_of_test(origin: Origin, one: Tested) -> dict[str, object]:
    numbers = counts(one.animals.those(one.analysis.kept))
    p_values = compatible(one)
    is_range = isinstance(one.analysis.result, ReferenceRangePlus)
    flags = [*one.analysis.flags, *one.called.flags, *one.analysis.reasons]
    return _of_result(origin, one) | {
        "sexes_tested": list(sexes_tested(one.animals, one.analysis)),
        "female_mutants": numbers["female_mutant_count"],
        "male_mutants": numbers["male_mutant_count"],
        "female_controls": numbers["female_control_count"],
        "male_controls": numbers["male_control_count"],
        "statistical_method": statistical_method(one),
        "result_status": _STATUS[one.analysis.status],
        "p_value": min((p for *_, p in p_values), default=None) if is_range else _first(p_values),
        "effect_size": effect(one),
        "female_p_value": _of_sex(p_values, "female"),
        "male_p_value": _of_sex(p_values, "male"),
        "classification": one.analysis.result.tag if one.analysis.result else None,
        "quality_flags": list(dict.fromkeys(flags)),
    }


def _result_of_judgement(origin: Origin, one: Judged) -> dict[str, object]:
    return _of_result(origin, one) | {
        "sexes_tested": [one.sex] if one.sex else [],
        "statistical_method": METHOD,
        "result_status": _STATUS[one.status],
        "p_value": one.p_value,
        "quality_flags": [*one.flags, *one.reasons],
    }


def _calls(origin: Origin, found: Sequence[Found]) -> pl.DataFrame:
    rows = [
        {
            "id": mint("call", *key(origin.name, one), call.sex or "any_sex", call.term),
            "gene": one.described["gene"],
            "line": mint("line", one.line),
            "phenotype": call.term,
            "sex": call.sex,
            "zygosity": _known("Zygosity", one.described["zygosity"]),
            "call_rule": f"{call.rule.name.lower()}_rule",
            "p_value": call.p_value,
            "effect_size": call.effect_size,
            "parameter": mint("parameter", one.parameter.id),
            "result": result_id(origin.name, one),
            "source": origin.source,
            **_how_it_was_found(one),
        }
        for one in found
        for call in one.called.calls
    ]
    return _with_logarithm(_table("Call", rows))


def _how_it_was_found(one: Found) -> dict[str, object]:
    """What a call says of its method."""
    if isinstance(one, Judged):
        return {
            "sexes_tested": [one.sex] if one.sex else [],
            "call_type": "supplied",
            "statistical_method": METHOD,
            "evidence": "ECO:0000218",
        }
    return {
        "sexes_tested": list(sexes_tested(one.animals, one.analysis)),
        "call_type": _CALL_TYPES[one.analysis.framework],
        "statistical_method": statistical_method(one),
        "evidence": "ECO:0000203",
    }


def _tests(origin: Origin, tested: Sequence[Tested]) -> pl.DataFrame:
    rows = []
    for one, q_value in zip(tested, q_values(tested), strict=True):
        for is_calibrated, p_values in ((False, compatible(one)), (True, calibrated(one))):
            kind_of_test = "calibrated" if is_calibrated else "as_impc"
            for place, (hypothesis, sex, p_value) in enumerate(p_values):
                rows.append(
                    {
                        "id": mint(
                            "test", *key(origin.name, one), kind_of_test, hypothesis, sex or "any_sex"
                        ),
                        "result": result_id(origin.name, one),
                        "hypothesis": hypothesis,
                        "sex": sex,
                        "calibrated": is_calibrated,
                        "p_value": p_value,
                        "q_value": q_value if is_calibrated and place == 0 else None,
                        **({} if is_calibrated else estimate(one, hypothesis, sex)),
                        "source": origin.source,
                    }
                )
    return _with_logarithm(_table("HypothesisTest", rows))


def _first(p_values: Sequence[Said]) -> float | None:
    return p_values[0][2] if p_values else None


def _of_sex(p_values: Sequence[Said], sex: str) -> float | None:
    return min((p_value for _, of, p_value in p_values if of == sex), default=None)


def _known(enumeration: str, text: str | None) -> str | None:
    keys = {value.key for value in schema().enumerations[enumeration].values}
    return text if text in keys else None


def _table(kind_name: str, rows: Sequence[Mapping[str, object]]) -> pl.DataFrame:
    """Rows as a table of a kind, without what is no number."""
    dtypes = kind(kind_name).dtypes
    named = {name for row in rows for name in row}
    frame = pl.DataFrame(
        [dict(row) for row in rows],
        schema={name: dtype for name, dtype in dtypes.items() if name in named or name == "id"},
    )
    floats = pl.col(pl.Float64)
    frame = frame.with_columns(pl.when(floats.is_finite()).then(floats))
    return things(frame, kind_name, **{name: pl.col(name) for name in frame.columns})


def _with_logarithm(table: pl.DataFrame) -> pl.DataFrame:
    return (
        table.with_columns(neg_log10(pl.col("p_value")).alias("neg_log10_p"))
        if "p_value" in table.columns
        else table
    )
