"""Rules that the graph keeps, each a query for what breaks it.

A check is a file `<name>.rq` in this folder: a SELECT that finds nothing where all is well, the thing that breaks the
rule in its first column, with a header that says the rule in words and how bad a breach is. `violation` stops a build
before it goes live; `warning` is counted and reported.
"""

from dataclasses import dataclass
from importlib import resources

import pyoxigraph as ox

from impckg.graph.errors import QueryError
from impckg.graph.rq import parse_header
from impckg.graph.store import GraphStore

SEVERITIES = ("violation", "warning")
EXAMPLES = 5


@dataclass(frozen=True)
class Check:
    """A rule in words, how bad a breach is, and the query that finds breaches."""

    name: str
    rule: str
    severity: str
    query: str


@dataclass(frozen=True)
class CheckResult:
    """How often a rule is broken, and some of what breaks it."""

    name: str
    rule: str
    severity: str
    violations: int
    examples: list[str]


def all_checks() -> list[Check]:
    """Every check in this folder, by name."""
    files = [entry for entry in resources.files(__name__).iterdir() if entry.name.endswith(".rq")]
    return [
        _check(entry.name, entry.read_text(encoding="utf-8")) for entry in sorted(files, key=lambda e: e.name)
    ]


def run_checks(store: GraphStore) -> list[CheckResult]:
    """What each check finds in a store."""
    return [_run(check, store) for check in all_checks()]


def _check(file: str, text: str) -> Check:
    header, query = parse_header(file, text)
    if header.get("severity") not in SEVERITIES:
        raise QueryError(
            f"{file}: severity is {header.get('severity')!r}; expected one of {', '.join(SEVERITIES)}"
        )
    return Check(file.removesuffix(".rq"), header["rule"], header["severity"], query)


def _run(check: Check, store: GraphStore) -> CheckResult:
    found = store.query(check.query)
    if not isinstance(found, ox.QuerySolutions):
        raise QueryError(f"{check.name}: expected a SELECT query")
    violations, examples = 0, []
    for row in found:
        violations += 1
        if violations <= EXAMPLES:
            examples.append(str(row[0]))
    return CheckResult(check.name, check.rule, check.severity, violations, examples)
