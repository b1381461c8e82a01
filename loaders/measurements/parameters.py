"""What is known of parameters: what they are called, how they are tested, and the MP terms that they offer.

A file of parameters is a CSV with a row for each option of a parameter, or one row for a parameter without options. Columns:
parameter (the only one that must be there), name, framework (MM, FE or RR), mp_term, outcome (INCREASED, DECREASED, ABNORMAL
or INFERRED), sex (female, male), category. An empty cell says nothing.

A parameter that is not listed offers what published results have for it, where its name is a stable identifier (impress.py).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from impckg.graph.errors import BadParameter
from impckg.loaders.calls import Option, Outcome
from impckg.loaders.measurements.columns import plain
from impckg.loaders.measurements.impress import impress_options
from impckg.loaders.statistics.gates import Framework
from impckg.loaders.table import LINE, read_delimited

_OPTIONAL = ("name", "framework", "mp_term", "outcome", "sex", "category")


@dataclass(frozen=True)
class Parameter:
    """A parameter. framework: None lets the rules of the IMPC choose. options: in order of preference."""

    id: str
    name: str | None = None
    framework: Framework | None = None
    options: tuple[Option, ...] = ()


class Parameters:
    """What is known of parameters, by their names as names are compared."""

    def __init__(self, known: Mapping[str, Parameter]) -> None:
        self._known = known

    def __getitem__(self, name: str) -> Parameter:
        """What is known of a parameter; where it is not listed, what IMPReSS offers, and else nothing but its name."""
        found = self._known.get(plain(name))
        return Parameter(name, options=impress_options(name)) if found is None else replace(found, id=name)

    def absent_from(self, names: Iterable[str]) -> list[str]:
        """Those that are listed and not among these names."""
        there = {plain(name) for name in names}
        return [known.id for key, known in self._known.items() if key not in there]

    def __contains__(self, name: str) -> bool:
        """Whether a parameter is listed."""
        return plain(name) in self._known

    def __len__(self) -> int:
        """How many there are."""
        return len(self._known)


def read_parameters(path: Path) -> Parameters:
    """The parameters of a file.

    Raises MissingColumn without a column `parameter`, and BadParameter, with the line and the column, for a cell that cannot
    be read.
    """
    known: dict[str, Parameter] = {}
    for rows in read_delimited(path, ",", ["parameter"], quoted=True, short_rows=True):
        for reject in rows.rejects.iter_rows(named=True):
            raise BadParameter(
                f"{path.name}:{reject['line']}: {reject['rule'].replace('_', ' ')}: {reject['value']!r}"
            )
        absent = [pl.lit(None, pl.String).alias(name) for name in _OPTIONAL if name not in rows.kept.columns]
        for row in rows.kept.with_columns(absent).iter_rows(named=True):
            _add(known, {key: value.strip() for key, value in row.items() if isinstance(value, str) and value.strip()},
                 f"{path.name}:{row[LINE]}")  # fmt: skip
    return Parameters(known)


def _add(known: dict[str, Parameter], row: Mapping[str, str], where: str) -> None:
    if "parameter" not in row:
        raise BadParameter(f"{where}: column 'parameter' is empty; expected the name of a parameter")
    name = row["parameter"]
    before = known.get(plain(name), Parameter(name))
    options = before.options
    if "mp_term" in row or "outcome" in row:
        options = (*options, _option(row, where))
    known[plain(name)] = Parameter(
        before.id, row.get("name", before.name), _framework(row, where) or before.framework, options
    )


def _option(row: Mapping[str, str], where: str) -> Option:
    term = row.get("mp_term", "")
    if re.fullmatch(r"MP:\d{7}", term) is None:
        raise BadParameter(f"{where}: column 'mp_term': {term!r}; expected a term such as MP:0010053")
    outcome = row.get("outcome", Outcome.ABNORMAL.value).upper()
    if outcome not in Outcome.__members__:
        raise BadParameter(
            f"{where}: column 'outcome': {outcome!r}; expected one of {', '.join(Outcome.__members__)}"
        )
    sex = row.get("sex", "").lower() or None
    if sex not in (None, "female", "male"):
        raise BadParameter(f"{where}: column 'sex': {sex!r}; expected female, male or nothing")
    return Option(term, Outcome[outcome], sex, row.get("category"))


def _framework(row: Mapping[str, str], where: str) -> Framework | None:
    text = row.get("framework", "").upper()
    if not text:
        return None
    if text not in {one.value for one in Framework}:
        raise BadParameter(f"{where}: column 'framework': {text!r}; expected MM, FE or RR")
    return Framework(text)
