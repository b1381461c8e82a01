"""Running a suite and telling what differs from what is expected of the service."""

import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .client import ServiceGone
from .evaluation import Bench, Outcome, run_query, run_syntax, run_update
from .manifest import Case
from .protocols import run_description, run_exchanges
from .results import Likeness

RUNNERS: dict[str, Callable[[Case, Bench], Outcome]] = {
    "QueryEvaluationTest": run_query,
    "CSVResultFormatTest": run_query,
    "UpdateEvaluationTest": run_update,
    "PositiveSyntaxTest11": run_syntax,
    "NegativeSyntaxTest11": run_syntax,
    "PositiveUpdateSyntaxTest11": run_syntax,
    "NegativeUpdateSyntaxTest11": run_syntax,
    "ProtocolTest": run_exchanges,
    "GraphStoreProtocolTest": run_exchanges,
    "ServiceDescriptionTest": run_description,
}
NAMES = {Likeness.SAME: "passes", Likeness.BY_VALUE: "passes by value", Likeness.DIFFERENT: "fails"}


class ExpectationsError(ValueError):
    """A file of expectations that cannot be read, or makes no sense."""


@dataclass(frozen=True)
class Expectations:
    """What a service is known not to do, with a reason for each case.

    fails: cases that it fails.
    by_value: cases that it passes only if numbers are compared by value.
    """

    fails: Mapping[str, str] = field(default_factory=dict)
    by_value: Mapping[str, str] = field(default_factory=dict)

    def likeness(self, case_id: str) -> Likeness:
        if case_id in self.fails:
            return Likeness.DIFFERENT
        return Likeness.BY_VALUE if case_id in self.by_value else Likeness.SAME


def read_expectations(path: Path) -> Expectations:
    """The expectations in a file: tables [fails] and [by_value], a reason by the id of each case.

    Raises ExpectationsError for another table or a case without a reason.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ExpectationsError(f"{path}: {error}") from error
    unknown = set(tables) - {"fails", "by_value"}
    if unknown:
        raise ExpectationsError(f"{path}: tables {', '.join(sorted(unknown))}; expected fails and by_value")
    for table in tables.values():
        for case_id, reason in table.items():
            if not isinstance(reason, str) or not reason.strip():
                raise ExpectationsError(f"{path}: '{case_id}' has no reason")
    both = set(tables.get("fails", ())) & set(tables.get("by_value", ()))
    if both:
        raise ExpectationsError(f"{path}: {', '.join(sorted(both))} in both tables")
    return Expectations(tables.get("fails", {}), tables.get("by_value", {}))


@dataclass(frozen=True)
class Finding:
    """A case with what became of it and what was expected to."""

    case: Case
    outcome: Outcome
    expected: Likeness

    @property
    def surprising(self) -> bool:
        """Whether it went otherwise than expected, for better or worse."""
        return self.outcome.likeness is not self.expected


def run(cases: Iterable[Case], bench: Bench, expectations: Expectations) -> Iterator[Finding]:
    """What becomes of each case, one after the other."""
    for case in cases:
        try:
            outcome = RUNNERS[case.kind](case, bench)
        except ServiceGone as error:
            bench.changed()
            outcome = Outcome(Likeness.DIFFERENT, str(error))
        yield Finding(case, outcome, expectations.likeness(case.id))


def unknown_cases(expectations: Expectations, cases: Iterable[Case]) -> list[str]:
    """The cases of the expectations that the suite does not have."""
    known = {case.id for case in cases}
    return sorted({*expectations.fails, *expectations.by_value} - known)


def table(findings: Iterable[Finding]) -> str:
    """A line for each subject of the suite, and one for all."""
    counts: dict[str, Counter[str]] = {}
    for finding in findings:
        for name in (finding.case.subject, "all"):
            counts.setdefault(name, Counter())[_column(finding)] += 1
            counts[name]["cases"] += 1
    columns = ("cases", "passed", "by value", "expected failures", "unexpected")
    lines = [f"{'subject':<22}" + "".join(f"{column:>{len(column) + 2}}" for column in columns)]
    for name in [*(name for name in counts if name != "all"), "all"]:
        numbers = "".join(f"{counts[name][column]:>{len(column) + 2}}" for column in columns)
        lines.append(f"{name:<22}{numbers}")
    return "\n".join(lines)


def _column(finding: Finding) -> str:
    if finding.surprising:
        return "unexpected"
    return {
        Likeness.SAME: "passed",
        Likeness.BY_VALUE: "by value",
        Likeness.DIFFERENT: "expected failures",
    }[finding.expected]


def describe(finding: Finding) -> str:
    """A finding in words, with what the service did."""
    head = f"{finding.case.id} ({finding.case.name}) {NAMES[finding.outcome.likeness]}"
    if finding.surprising:
        head += f", but is expected to be one that {NAMES[finding.expected]}"
    return "\n    ".join([head, *finding.outcome.detail.splitlines()])
