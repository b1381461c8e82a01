"""Cut the MP terms that parameters of IMPReSS offer out of published results, for `impckg analyse` without `--parameters`.

    python benchmarks/slice_options.py DATA [FILE]

DATA as for slice_world.py; FILE is by default `loaders/measurements/impress_terms.tsv`. There is no list of what IMPReSS's
parameters offer that may be passed on, so the terms are those that were called in data release 21.1, by what a parameter
measures (`DXA_002` for IMPC_DXA_002_001 and HRWLLA_DXA_002_001). Of numbers each direction has the term that was called most
with that sign; one whose name says the other direction is left out. Of categories a term is taken where all calls have the
same one: which category earns which of several, the results do not say. What centres judge themselves, of lines and of
embryos, has the terms that were called, with the word that earns them.
"""

import sys
from collections import defaultdict
from pathlib import Path

from slice_world import SOURCES, called_terms, is_wanted_version, measurement, read_csv, read_obo, write_tsv

TABLE = Path(__file__).parents[1] / "loaders" / "measurements" / "impress_terms.tsv"
OUTCOMES = {"increased_mp": "INCREASED", "decreased_mp": "DECREASED", "abnormal_mp": "ABNORMAL"}
OPPOSITE = {"INCREASED": "decreased ", "DECREASED": "increased "}
# What a judgement of viability says, and the term that it then has, for all parameters that take one (impc-etl d8c64cf).
VIABILITY = {"lethal": "MP:0011100", "subviable": "MP:0011110"}
JUDGED_FOR_VIABILITY = ("VIA_001", "VIA_063", "VIA_064", "VIA_065", "VIA_066", "VIA_067")
REMARK = (
    "MP terms called for IMPReSS parameters in IMPC data release 21.1, https://creativecommons.org/licenses/by/4.0/",
    "measurement: procedure and number of a parameter's stable id; any pipeline and version.",
    "Abnormal terms of numbers: of the IMPReSS forms of 2014, else called, else the nearest common ancestor 'abnormal ...'.",
    "category: a word of what centres judge themselves, where the term takes one.",
    "Cut by benchmarks/slice_options.py.",
)


def main(data: Path, file: Path) -> None:
    """Write the table."""
    real = {name: data / path for name, path in SOURCES.items()}
    mp = read_obo(real["mp"])
    called: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for row in filter(is_wanted_version, read_csv(real["called_terms"])):
        if row["mp_term_id"] in mp.terms:
            called[row["data_type"]][measurement(row["parameter_stable_id"])].add(row["mp_term_id"])
    numeric = [{"measurement": code, "kind": "continuous", "mp": ""} for code in called["unidimensional"]]
    rows = [
        {"measurement": code, "outcome": outcome, "mp_term": terms[column]}
        for code, terms in called_terms(real, numeric, mp).items()
        for column, outcome in OUTCOMES.items()
        if terms[column] and not mp.terms[terms[column]].name.startswith(OPPOSITE.get(outcome, "\n"))
    ]
    rows += [
        {"measurement": code, "outcome": "ABNORMAL", "mp_term": next(iter(terms))}
        for code, terms in called["categorical"].items()
        if len(terms) == 1 and code not in called["unidimensional"]
    ]
    rows += [
        {"measurement": code, "outcome": "ABNORMAL", "mp_term": term, "category": word}
        for code in JUDGED_FOR_VIABILITY
        for word, term in VIABILITY.items()
    ]
    rows += [
        {"measurement": code, "outcome": "ABNORMAL", "mp_term": term, "category": _word(code)}
        for judged in ("line", "embryo")
        for code, terms in called[judged].items()
        if code not in JUDGED_FOR_VIABILITY
        for term in terms
    ]
    order = list(OUTCOMES.values())
    rows.sort(key=lambda row: (row["measurement"], order.index(row["outcome"]), row["mp_term"]))
    write_tsv(file, [{**row, "category": row.get("category", "")} for row in rows], REMARK)


def _word(code: str) -> str:
    """What has to be said of fertility or of embryos; nothing where any abnormality earns the term."""
    return {"FER": "infertile", "EVL": "lethal", "EVM": "lethal", "EVO": "lethal", "EVP": "lethal"}.get(
        code[:3], ""
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else TABLE)
