"""Running the cases of the languages: queries, updates and their syntax."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox

from .client import N_TRIPLES, PROBLEM, TURTLE, Answer, Client
from .manifest import Case, Files, iri_of, read_files, read_graph
from .results import Cells, Likeness, Result, Table, Unreadable, compare, read_result, read_result_graph
from .service import Neighbours

TABLES = (
    "application/sparql-results+json",
    "application/sparql-results+xml",
    "text/tab-separated-values",
    "text/csv",
)
# The recommendations of CSV and TSV have no form for yes and no.
BOOLEANS = TABLES[:2]
GRAPHS = (TURTLE, N_TRIPLES, "application/rdf+xml", "application/ld+json")
RESULT_FILES = {
    ".srx": "application/sparql-results+xml",
    ".srj": "application/sparql-results+json",
    ".tsv": "text/tab-separated-values",
    ".csv": "text/csv",
}
# The files of results whose columns have an order; the others list their variables in no order that they follow.
IN_COLUMNS = (".csv", ".tsv")
ASKED = re.compile(r"\bSERVICE\s+(?:SILENT\s+)?<([^>]*)>", re.IGNORECASE)
SORTED = re.compile(r"\bORDER\s+BY\b[^{}]*\Z", re.IGNORECASE)
GRAPH_NAMES = "SELECT DISTINCT ?graph { GRAPH ?graph { ?s ?p ?o } }"


@dataclass(frozen=True)
class Outcome:
    """What became of a case: how near to the expected the service came, and what it did instead."""

    likeness: Likeness
    detail: str = ""


class Bench:
    """A service under test with the data of the case at hand.

    suite: the folder of the suite.
    """

    def __init__(self, suite: Path, client: Client, neighbours: Neighbours) -> None:
        self.suite, self.client, self.neighbours = suite, client, neighbours
        self._loaded: tuple | None = None
        self._graphs: set[str | None] | None = None

    def load(self, files: Files, renamed: Mapping[str, str] | None = None) -> str | None:
        """Put nothing but these files into the service; None, or what went wrong.

        renamed: IRIs that are to be others in the data.
        """
        wanted = (files, tuple(sorted((renamed or {}).items())))
        if self._loaded == wanted:
            return None
        graphs, known = {graph for graph, _ in files.graphs}, self._graphs
        self.changed()
        # A graph that is put replaces what was there; all others have to go.
        if known is None or not known <= graphs:
            answer = self.client.update("DROP ALL")
            if answer.status // 100 != 2:
                return f"DROP ALL: {answer}"
        filled: set[str | None] = set()
        for graph, path in files.graphs:
            body, media_type = self._body(path, renamed or {})
            answer = self.client.put_graph(graph, body, media_type, more=graph in filled)
            if answer.status // 100 != 2:
                return f"loading {path.name}: {answer}"
            filled.add(graph)
        self._loaded, self._graphs = wanted, graphs
        return None

    def changed(self, graphs: Iterable[str | None] | None = None) -> None:
        """Take note that the case at hand may have changed the data.

        graphs: all that there are now, if that is known.
        """
        self._loaded, self._graphs = None, None if graphs is None else set(graphs)

    def dataset(self) -> dict[str | None, ox.Dataset]:
        """What the service holds, graph by graph, read over the graph store protocol; graphs without a statement left out.

        Raises Unreadable if it will not tell.
        """
        answer = self.client.query(GRAPH_NAMES)
        names = read_answer(answer, TABLES[0])
        if not isinstance(names, Table):
            raise Unreadable("the names of the graphs are no table")
        graphs = {name: self._graph(name) for name in (None, *(row[0].value for row in names.rows))}
        return {name: graph for name, graph in graphs.items() if len(graph)}

    def _graph(self, name: str | None) -> ox.Dataset:
        graph = read_answer(self.client.get_graph(name), N_TRIPLES)
        if not isinstance(graph, ox.Dataset):
            raise Unreadable(f"graph {name} is no graph")
        return graph

    def _body(self, path: Path, renamed: Mapping[str, str]) -> tuple[bytes, str]:
        if path.suffix == ".ttl":
            text = rename(path.read_text(encoding="utf-8"), renamed)
            return f"@base <{iri_of(self.suite, path)}> .\n{text}".encode(), TURTLE
        graph = read_graph(self.suite, path)
        return ox.serialize((quad.triple for quad in graph), format=ox.RdfFormat.N_TRIPLES), N_TRIPLES


def read_answer(answer: Answer, media_type: str) -> Result:
    """What a service answered in the format that it was asked for. Raises Unreadable if it did not."""
    if answer.status != 200:
        raise Unreadable(str(answer))
    if answer.media_type != media_type:
        raise Unreadable(f"asked for {media_type}: {answer}")
    return read_result(answer.body, media_type)


def run_query(case: Case, bench: Bench) -> Outcome:
    """Whether a query is answered as it must be, in every format that the answer may have."""
    text = case.text.read_text(encoding="utf-8")
    renamed = renamed_services(case, text, bench)
    bench.neighbours.hold({address: read_graph(bench.suite, path) for address, path in case.services})
    trouble = bench.load(case.given, renamed)
    if trouble:
        return Outcome(Likeness.DIFFERENT, trouble)
    expected = read_expected(case, bench.suite, SORTED.search(text) is not None)
    query = with_base(rename(text, renamed), iri_of(bench.suite, case.text))
    public = {local: written for written, local in renamed.items()}
    likeness, details = Likeness.SAME, []
    for media_type in _formats(expected):
        try:
            actual = restored(read_answer(bench.client.query(query, media_type), media_type), public)
        except Unreadable as error:
            found, why = Likeness.DIFFERENT, str(error)
        else:
            found, why = compare(actual, expected, case.result.suffix in IN_COLUMNS), brief(actual)
        if found is not Likeness.SAME:
            details.append(f"{media_type}, {'the same by value' if found else 'not the same'}: {why}")
        likeness = min(likeness, found)
    if details:  # one format says enough; the others are as a rule like it
        more = [f"and {len(details) - 1} more formats"] if len(details) > 1 else []
        details = [details[0], *more, f"expected {brief(expected)}"]
    return Outcome(likeness, "\n".join(details))


def run_update(case: Case, bench: Bench) -> Outcome:
    """Whether an update leaves the data that it must."""
    text = case.text.read_text(encoding="utf-8")
    trouble = bench.load(case.given)
    if trouble:
        return Outcome(Likeness.DIFFERENT, trouble)
    bench.changed()
    answer = bench.client.update(with_base(text, iri_of(bench.suite, case.text)))
    if answer.status // 100 != 2:
        return Outcome(Likeness.DIFFERENT, str(answer))
    try:
        actual = bench.dataset()
    except Unreadable as error:
        return Outcome(Likeness.DIFFERENT, f"reading it back: {error}")
    bench.changed(actual)
    expected = _by_graph(read_files(bench.suite, case.left))
    if set(actual) != set(expected):
        left, wanted = (", ".join(map(str, sorted(names, key=str))) for names in (actual, expected))
        return Outcome(Likeness.DIFFERENT, f"it left the graphs {left}; expected {wanted}")
    likeness, details = Likeness.SAME, []
    for name, graph in expected.items():
        found = compare(actual[name], graph)
        if found is not Likeness.SAME:
            details.append(f"graph {name}: {brief(actual[name])}; expected {brief(graph)}")
        likeness = min(likeness, found)
    return Outcome(likeness, "\n".join(details))


def run_syntax(case: Case, bench: Bench) -> Outcome:
    """Whether what is well-formed is taken, and what is not is refused with the place where it breaks."""
    text = case.text.read_text(encoding="utf-8")
    renamed = renamed_services(case, text, bench)
    sent = with_base(rename(text, renamed), iri_of(bench.suite, case.text))
    if case.text.suffix == ".ru":
        bench.changed()
        answer = bench.client.update(sent)
    else:
        answer = bench.client.query(sent, ", ".join((*TABLES[:1], *GRAPHS[:1])))
    if case.kind.startswith("Positive"):
        trouble = acceptance_fault(answer, bench.client.addresses.problems)
    else:
        trouble = refusal_fault(answer, sent, bench.client.addresses.problems)
    return Outcome(Likeness.SAME if trouble is None else Likeness.DIFFERENT, trouble or "")


def acceptance_fault(answer: Answer, problems: bool) -> str | None:
    """What is wrong with the answer to a well-formed text; None if nothing is.

    A service may be unable or unwilling to do what a text asks, LOAD from an address that is not there or call a
    function that nobody has. It must then not blame the grammar.

    problems: whether such an answer must be problem details, so that it cannot be an accident.
    """
    if answer.status // 100 == 2:
        return None
    deliberate = answer.media_type == PROBLEM or not problems
    return None if answer.status != 400 and deliberate else str(answer)


def refusal_fault(answer: Answer, sent: str, problems: bool) -> str | None:
    """What is wrong with the answer to a text that breaks the grammar; None if nothing is.

    problems: whether the answer must be problem details that name line and column.
    """
    if answer.status != 400:
        return f"expected 400: {answer}"
    if not problems:
        return None
    if answer.media_type != PROBLEM:
        return f"expected {PROBLEM}: {answer}"
    try:
        problem = json.loads(answer.body)
    except ValueError as error:
        return f"no JSON ({error}): {answer}"
    line, column = problem.get("line"), problem.get("column")
    if not (
        isinstance(line, int)
        and 1 <= line <= sent.count("\n") + 2
        and isinstance(column, int)
        and column >= 1
    ):
        return f"line {line!r} and column {column!r} are no place in the text: {answer}"
    return None


def read_expected(case: Case, suite: Path, in_order: bool) -> Result:
    """The answer that the suite has for a case.

    in_order: whether the query asks for an order of its rows.
    """
    if case.result.suffix in RESULT_FILES:
        expected = read_result(case.result.read_bytes(), RESULT_FILES[case.result.suffix])
    else:
        graph = read_graph(suite, case.result)
        described = read_result_graph(graph)
        expected = graph if described is None else described
    if isinstance(expected, Table) and in_order:
        return Table(expected.variables, expected.rows, ordered=True)
    return expected


def _formats(expected: Result) -> tuple[str, ...]:
    if isinstance(expected, bool):
        return BOOLEANS
    if isinstance(expected, Cells):
        return ("text/csv",)
    return TABLES if isinstance(expected, Table) else GRAPHS


def with_base(text: str, base: str) -> str:
    """A query or update with the base against which its IRIs are relative.

    On its first line, so that lines keep their numbers; a BASE of its own, which follows, goes before it.
    """
    return f"BASE <{base}> {text}"


def asked_services(case: Case, suite: Path) -> set[str]:
    """The addresses of the services that a case asks, those that do not exist too."""
    if case.text is None:
        return set()
    named = {address for address, _ in case.services}
    return named | set(_asked(case, case.text.read_text(encoding="utf-8"), suite).values())


def renamed_services(case: Case, text: str, bench: Bench) -> dict[str, str]:
    """The local address for each address of a service in a case."""
    public = {address: address for address, _ in case.services} | _asked(case, text, bench.suite)
    return {written: bench.neighbours.address(address) for written, address in public.items()}


def _asked(case: Case, text: str, suite: Path) -> dict[str, str]:
    """Each address after SERVICE in a text, as it is written and as it is meant."""
    base = iri_of(suite, case.text).rpartition("/")[0] + "/"
    return {written: written if ":" in written else base + written for written in ASKED.findall(text)}


def rename(text: str, renamed: Mapping[str, str]) -> str:
    """A query, an update or Turtle with other IRIs."""
    for old, new in renamed.items():
        text = text.replace(f"<{old}>", f"<{new}>")
    return text


def restored(result: Result, names: Mapping[str, str]) -> Result:
    """An answer with other IRIs."""
    if not names or not isinstance(result, Table | Cells):
        return result
    if isinstance(result, Cells):
        return Cells(
            result.variables, tuple(tuple(names.get(cell, cell) for cell in row) for row in result.rows)
        )
    rows = tuple(
        tuple(
            ox.NamedNode(names[term.value])
            if isinstance(term, ox.NamedNode) and term.value in names
            else term
            for term in row
        )
        for row in result.rows
    )
    return Table(result.variables, rows, result.ordered)


def brief(result: Result, most: int = 300) -> str:
    """The beginning of an answer, for messages."""
    if isinstance(result, bool):
        return str(result).lower()
    if isinstance(result, ox.Dataset):
        return _cut("; ".join(sorted(str(quad) for quad in result)) or "no statement", most)
    rows = ("(" + ", ".join("-" if cell is None else str(cell) for cell in row) + ")" for row in result.rows)
    return _cut(f"{' '.join(result.variables)}: {' '.join(rows) or 'no row'}", most)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}…"


def _by_graph(quads: Iterable[ox.Quad]) -> dict[str | None, ox.Dataset]:
    graphs: dict[str | None, ox.Dataset] = {}
    for quad in quads:
        name = None if isinstance(quad.graph_name, ox.DefaultGraph) else quad.graph_name.value
        graphs.setdefault(name, ox.Dataset()).add(ox.Quad(quad.subject, quad.predicate, quad.object))
    return graphs
