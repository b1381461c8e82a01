"""The MP terms that parameters of IMPReSS offer, as far as published results tell.

`impress_terms.tsv` is cut out of them by benchmarks/slice_options.py and says how. A parameter is found by what it measures,
whichever its pipeline and version: the middle of its stable identifier.
"""

import csv
import re
from collections.abc import Mapping
from functools import cache
from importlib import resources

import polars as pl

from impckg.loaders.calls import Option, Outcome

RELEASE = "21.1"
"""The data release of the results."""

# Of EUMODIC's parameters only the judgement of viability.
_SAME = {"ESLIM_023_001_001": "VIA_001"}
# IMPC_DXA_002_001, HRWLLA_DXA_002_001; not ESLIM_005_001_002, whose numbers mean other things.
_STABLE_ID = re.compile(r"[A-Z]+_([A-Z]{3}_\d{3})_\d{3}")


def measured(parameter: str) -> str | None:
    """What a parameter measures, whichever its pipeline and version; None where its name is no such identifier.

    >>> measured("HRWLLA_DXA_002_001"), measured("Grip strength")
    ('DXA_002', None)
    """
    name = parameter.strip().upper()
    found = _STABLE_ID.fullmatch(name)
    return found[1] if found else _SAME.get(name)


# Viability, fertility and embryos: viability of lines, and what is seen of each embryo or placenta.
_JUDGED = r"(?i)^(?:[A-Z]+_(?:VIA|FER|EV[LMOP]|G[EP][LMOP]|GPP)_\d{3}_\d{3}|ESLIM_023_001_\d{3})$"


def is_judged(parameter: pl.Expr) -> pl.Expr:
    """Whether parameters are of a procedure in which centres judge themselves, and nothing is tested.

    >>> names = pl.Series(["IMPC_VIA_001_001", "JAX_GEL_006_001", "IMPC_DXA_004_001", "Viability", None])
    >>> pl.select(is_judged(names)).to_series().to_list()
    [True, True, False, False, False]
    """
    return parameter.str.strip_chars().str.contains(_JUDGED).fill_null(False)


def impress_options(parameter: str) -> tuple[Option, ...]:
    """The terms that were called for a parameter, in either direction and without; none where it is not known.

    Of what centres judge themselves (viability, fertility, embryos) with the word of the judgement that earns each.

    parameter: its stable identifier, or any other name.

    >>> [(option.term, option.outcome.value) for option in impress_options("IMPC_HEM_001_001")]
    [('MP:0000218', 'INCREASED'), ('MP:0000221', 'DECREASED'), ('MP:0000217', 'ABNORMAL')]
    >>> impress_options("Grip strength")
    ()
    """
    return _options().get(measured(parameter) or "", ())


@cache
def _options() -> Mapping[str, tuple[Option, ...]]:
    text = (resources.files("impckg.loaders.measurements") / "impress_terms.tsv").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    known: dict[str, tuple[Option, ...]] = {}
    for row in csv.DictReader(lines, delimiter="\t"):
        option = Option(row["mp_term"], Outcome[row["outcome"]], category=row["category"] or None)
        known[row["measurement"]] = (*known.get(row["measurement"], ()), option)
    return known
