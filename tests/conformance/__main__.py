"""The W3C's SPARQL 1.1 suite against a running service: `python tests/conformance SUITE`.

Starts `impckg serve` over an empty store in a temporary folder, sends it every case of the suite over HTTP, and
ends with status 1 if anything goes otherwise than expected.toml says: worse, or better.

With --query, --update and --graphs another service is tried. It must be empty and is emptied: each case begins
by dropping all data.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
from w3c.client import Addresses, Client, ServiceGone
from w3c.evaluation import Bench, asked_services
from w3c.manifest import Case, SuiteError, read_suite
from w3c.report import (
    Expectations,
    ExpectationsError,
    Finding,
    describe,
    read_expectations,
    run,
    table,
    unknown_cases,
)
from w3c.results import Likeness
from w3c.service import Neighbours, ServiceFailed, running

HERE = Path(__file__).resolve().parent
ANYTHING = "ASK { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }"


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse(arguments)
    try:
        suite = options.suite.resolve()
        cases = read_suite(suite)
        expectations = read_expectations(options.expected) if options.expected else Expectations()
        unknown = unknown_cases(expectations, cases)
        if unknown:
            raise ExpectationsError(f"{options.expected}: the suite has no case {', '.join(unknown)}")
        wanted = [case for case in cases if any(part in case.id for part in options.only)]
        wanted = wanted[:: options.every]
        findings = try_service(options, suite, cases, wanted, expectations)
    except (SuiteError, ExpectationsError, ServiceFailed, ServiceGone) as error:
        click.echo(f"conformance: {error}", err=True)
        return 2
    return report(findings, options.verbose)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(
        prog="conformance", description="Run the W3C's SPARQL 1.1 suite against a service over HTTP."
    )
    parser.add_argument("suite", type=Path, help="the folder sparql11 of w3c/rdf-tests")
    parser.add_argument(
        "only", nargs="*", default=[""], help="run the cases that have this in their id: aggregates, agg01"
    )
    parser.add_argument("--every", type=int, default=1, metavar="N", help="run every Nth case (default: all)")
    parser.add_argument("--query", metavar="URL", help="try the service that answers queries here instead")
    parser.add_argument("--update", metavar="URL", help="where it takes updates (default: as --query)")
    parser.add_argument("--graphs", metavar="URL", help="where its graph store is")
    parser.add_argument("--token", type=Path, metavar="FILE", help="holds the bearer token for its updates")
    parser.add_argument(
        "--expected",
        type=Path,
        metavar="FILE",
        help="what is known to fail (default: that of impckg, or nothing)",
    )
    parser.add_argument(
        "--serve", nargs=argparse.REMAINDER, default=[], help="further flags for impckg serve"
    )
    parser.add_argument(
        "--verbose", action="store_true", help="tell what became of expected failures as well"
    )
    options = parser.parse_args(arguments)
    if options.query and not options.graphs:
        parser.error("--query needs --graphs: the data of the cases are loaded there")
    if options.every < 1:
        parser.error("--every needs a number from 1")
    if not options.query and not options.expected:
        options.expected = HERE / "expected.toml"
    return options


def try_service(
    options: argparse.Namespace,
    suite: Path,
    cases: Sequence[Case],
    wanted: Sequence[Case],
    expectations: Expectations,
) -> list[Finding]:
    """What becomes of the wanted cases, against a service of its own or the one that the options name."""
    neighbours = Neighbours()
    try:
        asked = {neighbours.address(public) for case in cases for public in asked_services(case, suite)}
        with service_under_test(options, sorted(asked)) as (client, check):
            findings = []
            for finding in run(wanted, Bench(suite, client, neighbours), expectations):
                check()
                findings.append(finding)
            return findings
    finally:
        neighbours.stop()


@contextmanager
def service_under_test(options: argparse.Namespace, asked: Sequence[str]) -> Iterator[tuple]:
    """A client of the service, and a function that raises if the service has ended.

    asked: the addresses that the service has to be allowed to ask.
    """
    if options.query:
        token = options.token.read_text(encoding="utf-8").strip() if options.token else None
        client = Client(Addresses(options.query, options.update or options.query, options.graphs, token))
        try:
            refuse_full(client)
            yield client, lambda: None
            client.update("DROP ALL")
        finally:
            client.close()
        return
    allowed = [flag for address in asked for flag in ("--service-allow", address)]
    with tempfile.TemporaryDirectory(prefix="conformance-") as folder:
        flags = [*allowed, "--service-allow-private", *options.serve]
        with running(Path(folder), *flags) as service:
            client = Client(service.addresses)
            try:
                yield client, service.check
            finally:
                client.close()


def refuse_full(client: Client) -> None:
    """Refuse a service that holds data, since each case begins by dropping them."""
    answer = client.query(ANYTHING)
    if answer.status != 200 or b"false" not in answer.body:
        raise ServiceFailed(
            f"{client.addresses.query} must be empty, for the cases drop all data; it says {answer}"
        )


def report(findings: Sequence[Finding], verbose: bool) -> int:
    """Tell what was found; 1 if anything went otherwise than expected, else 0."""
    surprises = [finding for finding in findings if finding.surprising]
    for finding in findings:
        if finding.surprising or (verbose and finding.outcome.likeness is not Likeness.SAME):
            click.echo(f"{describe(finding)}\n")
    click.echo(table(findings))
    if surprises:
        click.echo(f"\n{len(surprises)} of {len(findings)} went otherwise than expected")
    return 1 if surprises or not findings else 0


if __name__ == "__main__":
    started = time.monotonic()
    status = main()
    click.echo(f"{time.monotonic() - started:.1f} s", err=True)
    sys.exit(status)
