"""What centres judged themselves: the viability and fertility of lines, and what was seen of each embryo.

Nothing is tested. A line has the term of the verdict, and embryos have one when enough of them are abnormal
(loaders/calls.py).

Source: impc-etl d8c64cf, supplied calls.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from impckg.loaders.calls import ABNORMAL_EMBRYOS, NOTHING, Called, embryo_call, supplied_call
from impckg.loaders.measurements.impress import impress_options, measured
from impckg.loaders.measurements.parameters import Parameter, Parameters
from impckg.loaders.measurements.reading import DESCRIBED, STRATUM
from impckg.loaders.measurements.testing import Tested, first_known
from impckg.loaders.statistics.analysis import Status
from impckg.loaders.statistics.routing import plain_categories

METHOD = "Supplied as data"
"""The statistical method of a judgement, in the words of the IMPC."""

_OF_LINES = re.compile(r"VIA_001|VIA_06[3-7]|FER_001|FER_019|EV[LMOP]_001")
_OF_EMBRYOS = re.compile(r"G[EP][LMOP]_\d{3}|GPP_\d{3}")
_OUTCOME, _P_VALUE_OF_OUTCOME = "VIA_001", "VIA_032"
_SEXES = {"VIA_063": "male", "VIA_064": "female", "VIA_065": "male", "FER_001": "male", "FER_019": "female"}
_NORMAL = re.compile(r"\b(?:viable|fertile)\b", re.IGNORECASE)
_NO_VERDICT = ("cannot be calculated", "insufficient numbers")

NO_VERDICT = "the centre has no verdict"
UNKNOWN_VERDICT = "the verdict is none of lethal, subviable, viable, infertile and fertile"
NO_ZYGOSITY = "how many embryos make a call depends on the zygosity, which is not known"
SEVERAL_VERDICTS = "the centre has several verdicts; the first counts"


@dataclass(frozen=True, eq=False)
class Judged:
    """One parameter of one line, judged by its centre.

    line, parameter, described: as of a test (testing.Tested). sex: of the animals that were judged; None for both.
    rows: the verdict, or a row for each embryo; columns row (of the table), specimen, is_mutant, is_male (null where it is
        not said), date and text.
    verdict: of the mutants, in words. status, reasons: whether there is a verdict, and why not. flags: what is to be known.
    p_value: the centre's own.
    """

    line: str
    parameter: Parameter
    described: Mapping[str, str | None]
    sex: str | None
    rows: pl.DataFrame
    verdict: str
    status: Status
    reasons: tuple[str, ...]
    flags: tuple[str, ...]
    called: Called
    p_value: float | None


Found = Tested | Judged
"""What came of one parameter of one line."""


def left_out(judged: pl.DataFrame) -> list[str]:
    """Parameters of judged procedures that are no judgement, such as numbers of pups. judged: Measurements.judged."""
    kinds = judged.select("parameter", "is_numeric").unique(maintain_order=True).rows()
    return [
        name
        for name, is_number in kinds
        if not (_is_of_line(name) or (_is_of_embryos(name) and not is_number))
    ]


def judge_lines(judged: pl.DataFrame, parameters: Parameters) -> Iterator[Judged]:
    """What was judged of each line, in the order of the table. judged: Measurements.judged."""
    own_p_values = _own_p_values(judged)
    for stratum in judged.partition_by("parameter", *STRATUM, maintain_order=True):
        parameter = parameters[stratum["parameter"][0]]
        for mutants in stratum.filter("is_mutant").partition_by("line", maintain_order=True):
            if _is_of_line(parameter.id):
                is_outcome = measured(parameter.id) == _OUTCOME
                p_value = own_p_values.get(mutants["line"][0]) if is_outcome else None
                yield _line(mutants, parameter, p_value)
            elif _is_of_embryos(parameter.id) and not mutants["is_numeric"][0]:
                yield _embryos(stratum.filter(~pl.col("is_mutant")), mutants, parameter)


def _is_of_line(name: str) -> bool:
    return _OF_LINES.fullmatch(measured(name) or "") is not None


def _is_of_embryos(name: str) -> bool:
    return _OF_EMBRYOS.fullmatch(measured(name) or "") is not None


def _own_p_values(judged: pl.DataFrame) -> dict[str, float]:
    """What centres found for the outcome of viability, by line; the first that is a p-value."""
    names = [name for name in judged["parameter"].unique() if measured(name) == _P_VALUE_OF_OUTCOME]
    found = judged.filter(pl.col("parameter").is_in(names)).select(
        "line", pl.col("text").cast(pl.Float64, strict=False)
    )
    found = found.drop_nulls().filter(pl.col("text").is_between(0, 1))
    return dict(found.reverse().rows())


def _line(mutants: pl.DataFrame, parameter: Parameter, p_value: float | None) -> Judged:
    said = mutants["text"].unique(maintain_order=True).to_list()
    verdicts = [text for text in said if not text.casefold().startswith(_NO_VERDICT)]
    sex = _SEXES.get(measured(parameter.id) or "")
    called = supplied_call(verdicts[0], parameter.options, sex, p_value) if verdicts else NOTHING
    reasons: tuple[str, ...] = () if verdicts else (NO_VERDICT,)
    # What is normal in other words than the usual ones, only the owner of a file of parameters can know.
    usual = parameter.options == impress_options(parameter.id)
    if verdicts and called.term is None and usual and _NORMAL.search(verdicts[0]) is None:
        reasons = (UNKNOWN_VERDICT,)
    return _judged(
        mutants,
        parameter,
        sex,
        verdict=verdicts[0] if verdicts else said[0],
        reasons=reasons,
        flags=(SEVERAL_VERDICTS,) if len(verdicts) > 1 else (),
        called=called,
        p_value=p_value,
    )


def _embryos(controls: pl.DataFrame, mutants: pl.DataFrame, parameter: Parameter) -> Judged:
    seen = _categories(mutants)
    zygosity = first_known(mutants, "zygosity") or ""
    reasons = [] if seen else [NO_VERDICT]
    if zygosity not in ABNORMAL_EMBRYOS:
        reasons.append(NO_ZYGOSITY)
    usual = Counter(_categories(controls)).most_common(1)
    return _judged(
        pl.concat([controls, mutants]),
        parameter,
        None,
        verdict=", ".join(f"{number} {category}" for category, number in Counter(seen).most_common()),
        reasons=tuple(reasons),
        flags=(),
        called=NOTHING
        if reasons
        else embryo_call(seen, zygosity, parameter.options, usual[0][0] if usual else None),
        p_value=None,
    )


def _categories(rows: pl.DataFrame) -> list[str]:
    """What was seen, without what says that nothing was."""
    labels: list[str] = plain_categories(rows["text"].to_numpy().astype(np.str_)).tolist()
    return [label for label in labels if label]


def _judged(
    rows: pl.DataFrame,
    parameter: Parameter,
    sex: str | None,
    *,
    verdict: str,
    reasons: tuple[str, ...],
    flags: tuple[str, ...],
    called: Called,
    p_value: float | None,
) -> Judged:
    mutants = rows.filter("is_mutant")
    return Judged(
        line=mutants["line"][0],
        parameter=parameter,
        described={name: first_known(mutants, name) for name in DESCRIBED},
        sex=sex,
        rows=rows.select("row", "specimen", "is_mutant", "is_male", "date", "text"),
        verdict=verdict,
        status=Status.NOT_PROCESSED if reasons else Status.SUCCESSFUL,
        reasons=reasons,
        flags=flags,
        called=called,
        p_value=p_value,
    )
