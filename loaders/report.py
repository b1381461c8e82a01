"""The report of a build: what became of every row, how much came out, how long it took.

`reports/build.json` is for programs, `reports/build.txt` is the same for people, `reports/rejects.tsv` has each row and
item that was put aside with its line and rule, `reports/replaced.tsv` each obsolete term that gave way to its successor.
"""

import dataclasses
import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from impckg._version import __version__
from impckg.graph.schema import schema
from impckg.loaders.reading import REJECTS, REPLACED, Account
from impckg.loaders.recipe import Recipe
from impckg.loaders.steps import StepRecord, as_json, write_atomically

FOLDER = "reports"
REPORT = "build.json"

COMPARISON = "mappings-and-definitions.tsv"
"""What definitions say of each mapping of MP to HP, and the pairs that they give beyond (ontology/grouping.py)."""

# How many IRIs of classes with a problem the text names.
_SHOWN = 5


@dataclass(frozen=True)
class Report:
    """What a build did.

    inputs: the fingerprint of all that the release was built from.
    sources: the account of each source, by name.
    things: rows of each table. statements: by source, bulk kind and inferred graph.
    conflicts: by column, how often a later source said something else than an earlier one.
    checks: name, severity and number of violations of each check.
    mappings: by verdict, how many pairs of MP and HP terms; see `ontology.grouping`.
    classification: the account of what the axioms of the ontologies imply; empty where there are no ontologies.
    """

    release: str
    title: str
    simulated: bool
    software: str
    inputs: str
    sources: dict[str, dict[str, Any]]
    things: dict[str, int]
    statements: dict[str, int]
    conflicts: dict[str, int]
    checks: list[dict[str, Any]]
    mappings: dict[str, int]
    classification: dict[str, Any]
    steps: list[dict[str, Any]]

    @property
    def seconds(self) -> float:
        """How long all steps took."""
        return float(sum(step["seconds"] for step in self.steps))

    @property
    def peak_mib(self) -> int:
        """The most memory that the build had resident, in MiB."""
        return int(max((step["peak_mib"] for step in self.steps), default=0))


def write_report(
    work: Path, recipe: Recipe, inputs: str, accounts: Mapping[str, Account], steps: Sequence[StepRecord]
) -> Report:
    """Write the reports of a finished build below its folder and return the report."""
    statements = json.loads((work / "statements.json").read_text(encoding="utf-8"))
    by_step = {step.step: step for step in steps}
    sources = {
        name: dataclasses.asdict(account)
        | {"statements": statements[name], "peak_mib": by_step[f"read {name}"].peak_mib}
        for name, account in accounts.items()
    }
    report = Report(
        release=recipe.name,
        title=recipe.title,
        simulated=recipe.simulated,
        software=f"impckg {__version__}",
        inputs=inputs,
        sources=sources,
        things=_things(work / "tables"),
        statements=statements,
        conflicts=json.loads((work / "conflicts.json").read_text(encoding="utf-8")),
        checks=json.loads((work / "checks.json").read_text(encoding="utf-8")),
        mappings=_verdicts(work / COMPARISON),
        classification=json.loads((work / "classification.json").read_text(encoding="utf-8")),
        steps=[dataclasses.asdict(step) for step in steps],
    )
    folder = work / FOLDER
    folder.mkdir(exist_ok=True)
    _write_aside(work, accounts, REJECTS, folder / "rejects.tsv")
    _write_aside(work, accounts, REPLACED, folder / "replaced.tsv")
    if (work / COMPARISON).exists():
        shutil.copy(work / COMPARISON, folder / COMPARISON)
    (folder / "build.txt").write_text("\n".join(as_text(report)) + "\n", encoding="utf-8")
    write_atomically(folder / REPORT, as_json(report))
    return report


def finished_report(release: Path) -> Report | None:
    """The report of a release that was built before; None where there is none."""
    file = release / FOLDER / REPORT
    if not file.exists():
        return None
    return Report(**json.loads(file.read_text(encoding="utf-8")))


def as_text(report: Report) -> list[str]:
    """The lines of a report for people."""
    lines = [f"{report.title} ({report.release}){', SIMULATED DATA' if report.simulated else ''}", ""]
    lines += _columns(
        ["source", "read", "kept", "rejected", "replaced", "own graph", "seconds", "peak MiB"],
        [
            [
                name,
                s["read"],
                s["kept"],
                sum(s["rejected"].values()),
                s["replaced"],
                s["statements"],
                s["seconds"],
                s["peak_mib"],
            ]
            for name, s in report.sources.items()
        ],
    )
    aside = [
        [name, what, rule, count]
        for name, s in report.sources.items()
        for what, rules in (("row", s["rejected"]), ("item", s["items"]))
        for rule, count in rules.items()
    ]
    if aside:
        lines += ["", "Put aside (all of them in rejects.tsv)", ""]
        lines += _columns(["source", "what", "rule", "number"], aside)
    lines += ["", *_columns(["kind", "things"], [[name, count] for name, count in report.things.items()])]
    lines += ["", *_columns(["graph or table", "statements"], [[n, c] for n, c in report.statements.items()])]
    lines += [
        "",
        *_columns(
            ["check", "severity", "violations"],
            [[c["name"], c["severity"], c["violations"]] for c in report.checks],
        ),
    ]
    lines += _classification_lines(report.classification)
    if report.mappings:
        rows = [[verdict, pairs] for verdict, pairs in report.mappings.items()]
        lines += ["", *_columns(["MP to HP, by definition", "pairs"], rows)]
    lines += [
        "",
        *_columns(
            ["step", "seconds", "peak MiB"], [[s["step"], s["seconds"], s["peak_mib"]] for s in report.steps]
        ),
    ]
    total = sum(report.statements.values())
    lines += [
        "",
        f"{total:,} statements in {report.seconds:.1f} s, at most {report.peak_mib:,} MiB of memory",
    ]
    return lines


def _classification_lines(account: Mapping[str, Any]) -> list[str]:
    """What a reader must know of the classification: how much there is, and all that may be a mistake."""
    if not account:
        return []
    numbers = [
        [name, account[name]] for name in ("classes", "axioms", "subsumptions", "direct", "equivalents")
    ]
    numbers += [[f"outside OWL 2 EL: {construct}", count] for construct, count in account["outside"].items()]
    lines = ["", *_columns(["ontologies, classified together", "number"], numbers)]
    same = [f"{one} and {other}" for one, other in account["indistinct"]]
    for name, found in (
        ("unsatisfiable", account["unsatisfiable"]),
        ("classes of one ontology that mean the same", same),
        ("undeclared", account["undeclared"]),
        ("punned", account["punned"]),
    ):
        if found:
            more = f" and {len(found) - _SHOWN:,} more (build.json)" if len(found) > _SHOWN else ""
            lines.append(f"{name}, {len(found):,}: {', '.join(found[:_SHOWN])}{more}")
    return lines


def _verdicts(comparison: Path) -> dict[str, int]:
    if not comparison.exists():
        return {}
    found = pl.read_csv(comparison, separator="\t").group_by("verdict").len().sort("verdict")
    return dict(found.iter_rows())


def _things(tables: Path) -> dict[str, int]:
    found = {kind.name: tables / f"{kind.table}.parquet" for kind in schema().kinds.values()}
    return {
        name: int(pl.scan_parquet(path).select(pl.len()).collect().item())
        for name, path in found.items()
        if path.exists()
    }


def _write_aside(work: Path, accounts: Iterable[str], file: str, output: Path) -> None:
    frames = [
        pl.read_parquet(work / "parts" / name / file).select(pl.lit(name).alias("source"), pl.all())
        for name in accounts
    ]
    pl.concat(frames).write_csv(output, separator="\t")


def _columns(header: list[str], rows: list[list[object]]) -> list[str]:
    """Rows as text in columns; numbers to the right."""
    cells = [[f"{cell:,}" if isinstance(cell, int | float) else str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(header, *cells, strict=True)]
    right = [bool(rows) and isinstance(cell, int | float) for cell in (rows[0] if rows else header)]
    return [
        "  ".join(
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(row, widths, right, strict=True)
        ).rstrip()
        for row in [header, *cells]
    ]
