"""Queries that nobody would write: ours and other engines find the same, and broken ones break nothing.

The queries are made by a grammar over a small graph: patterns, paths, OPTIONAL, UNION, MINUS, FILTER with EXISTS, BIND,
VALUES, aggregates and sub-SELECTs, without ORDER BY and LIMIT, so that an answer is a multiset of rows. Ours goes through
HTTP. The others are Apache Jena, where it is installed, and rdflib, whose faults leave it with a smaller grammar: of 1,500
queries of the whole grammar rdflib 7.6 answered 241 otherwise than ours; Jena 4.5 agreed with ours on 233 of these. Of
the other 8, six were looked at: all are the deviation that `test_a_path_of_no_length_...` keeps.

IMPCKG_FUZZ_EXAMPLES says how many queries are tried. Unless it is set they are few, and always the same.
"""

import json
import os
import random
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from zipfile import ZipFile

import pyoxigraph as ox
import pytest
import rdflib
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from . import hostile_requests
from .conftest import start_service

EXAMPLES = int(os.environ.get("IMPCKG_FUZZ_EXAMPLES", "100"))
FEW = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="IMPCKG_FUZZ_EXAMPLES" not in os.environ,
    database=None,
    suppress_health_check=list(HealthCheck),
)

PREFIX = "PREFIX : <http://example.org/>\n"
# A little of everything: cycles and chains for paths, numbers and strings and languages for conditions, subjects without
# some of the predicates, values with several subjects. Each of :a to :e is a subject or an object.
DATA = """
@prefix : <http://example.org/> .
:a :p :b , :c ; :q 1 ; :r "one" .
:b :p :c ; :q 2 , 3 ; :r "two"@en .
:c :p :a ; :q 3 ; :s :d .
:d :p :d ; :r "one"@en , "one" .
:e :q 2 ; :s :a , :e ; :r "" .
"""


@dataclass(frozen=True)
class Grammar:
    """Which queries are made.

    empty_values: tables of no rows. rdflib 7.6 fails with an AttributeError.
    grouping: GROUP BY, and aggregates other than COUNT. rdflib 7.6 makes a group of no solutions, sums what is unbound
        to 0, and takes the least of some IRIs for a string.
    repeating: paths with ``*``, ``+`` and ``?``. rdflib 7.6 finds the start of a cycle twice.
    truth_of_errors: ``||``, ``&&``, IF and IN over what may be an error. rdflib 7.6 makes the whole an error, where one side
        decides.
    choices: ``|`` in paths. rdflib 7.6 counts some of the ways twice.
    """

    empty_values: bool = True
    grouping: bool = True
    repeating: bool = True
    truth_of_errors: bool = True
    choices: bool = True


WHOLE = Grammar()
FOR_RDFLIB = Grammar(False, False, False, False, False)

# Constants at the ends of paths and in patterns are nodes of the graph: see the test of paths of no length.
NODES = st.sampled_from([":a", ":b", ":c", ":d", ":e"])
IRIS = NODES | st.sampled_from([":p", ":nothing"])
PREDICATES = st.sampled_from([":p", ":q", ":r", ":s"])
LITERALS = st.sampled_from(["1", "2", "3", '"one"', '"one"@en', '"two"@en', '""'])
# Stands for a variable of another name each time: BIND and AS must not assign to what is in scope.
FRESH = "?fresh"
VARIABLES = st.sampled_from(["?x", "?y", "?z", "?w"])


@st.composite
def bgps(draw: st.DrawFn) -> str:
    """One to three triple patterns."""
    triples = st.tuples(VARIABLES | IRIS, PREDICATES | VARIABLES, VARIABLES | IRIS | LITERALS)
    return " . ".join(" ".join(triple) for triple in draw(st.lists(triples, min_size=1, max_size=3)))


@st.composite
def paths(draw: st.DrawFn, grammar: Grammar, depth: int = 2) -> str:
    """A property path."""
    if not depth or draw(st.booleans()):
        return draw(PREDICATES)
    inner = draw(paths(grammar, depth - 1))
    other = draw(paths(grammar, depth - 1))
    negated = draw(st.lists(PREDICATES, min_size=1, max_size=2))
    forms = [f"^({inner})", f"({inner}/{other})", f"!({'|'.join(negated)})"]
    if grammar.choices:
        forms.append(f"({inner}|{other})")
    if grammar.repeating:
        forms += [f"({inner})?", f"({inner})*", f"({inner})+"]
    return draw(st.sampled_from(forms))


@st.composite
def path_patterns(draw: st.DrawFn, grammar: Grammar) -> str:
    """A path between two ends."""
    return f"{draw(VARIABLES | NODES)} {draw(paths(grammar))} {draw(VARIABLES | NODES)}"


@st.composite
def expressions(draw: st.DrawFn, grammar: Grammar, depth: int = 2) -> str:
    """What a FILTER or a BIND may hold."""
    variable = draw(VARIABLES)
    if not depth:
        return draw(st.sampled_from([variable, variable, "1", '"one"', ":a", "true"]))
    first, second = draw(expressions(grammar, depth - 1)), draw(expressions(grammar, depth - 1))
    forms = [
        f"({first} = {second})",
        f"({first} != {second})",
        f"(!{first})",
        f"BOUND({variable})",
        f"isIRI({first})",
        f"isLITERAL({first})",
        f"isNUMERIC({first})",
        f"STR({first})",
        f"(STRLEN(STR({first})) < 4)",
        f"({variable} < 3)",
        f"({variable} + 1)",
        f"COALESCE({first}, {second}, 0)",
        f'REGEX(STR({first}), "o")',
        f'CONTAINS(STR({first}), "e")',
        f"LANG({variable})",
        f"DATATYPE({variable})",
        f"UCASE(STR({first}))",
        f"sameTerm({first}, {second})",
    ]
    if grammar.truth_of_errors:
        forms += [
            f"({first} && {second})",
            f"({first} || {second})",
            f"IF({first}, {second}, 2)",
            f"({first} IN ({second}, 1, :a))",
            f"({first} NOT IN ({second}, 2))",
        ]
    return draw(st.sampled_from(forms))


@st.composite
def values(draw: st.DrawFn, grammar: Grammar) -> str:
    """A table of values, some of them undefined."""
    names = draw(st.lists(VARIABLES, min_size=1, max_size=2, unique=True))
    cells = IRIS | LITERALS | st.just("UNDEF")
    least = 0 if grammar.empty_values else 1
    rows = draw(st.lists(st.tuples(*[cells] * len(names)), min_size=least, max_size=3))
    return f"VALUES ({' '.join(names)}) {{ {' '.join('(' + ' '.join(row) + ')' for row in rows)} }}"


@st.composite
def groups(draw: st.DrawFn, grammar: Grammar, depth: int = 2) -> str:
    """What stands between the braces of a WHERE: some elements, the first of which binds something."""
    first = draw(bgps() | path_patterns(grammar))
    others = [draw(elements(grammar, depth)) for _ in range(draw(st.integers(0, 2)))]
    return " . ".join([first, *others])


@st.composite
def elements(draw: st.DrawFn, grammar: Grammar, depth: int) -> str:
    """A part of a group."""
    kinds = ["bgp", "path", "values", "filter"]
    if depth:
        kinds += ["optional", "union", "minus", "exists", "not exists", "bind", "subselect", "group"]
    kind = draw(st.sampled_from(kinds))
    simple = {
        "bgp": bgps(),
        "path": path_patterns(grammar),
        "values": values(grammar),
        "filter": expressions(grammar).map("FILTER({})".format),
        "bind": expressions(grammar).map(f"BIND({{}} AS {FRESH})".format),
    }
    if kind in simple:
        return draw(simple[kind])
    if kind == "subselect":
        return f"{{ {draw(selects(grammar, depth - 1))} }}"
    inner = draw(groups(grammar, depth - 1))
    if kind == "union":
        return f"{{ {inner} }} UNION {{ {draw(groups(grammar, depth - 1))} }}"
    opening = {
        "optional": "OPTIONAL",
        "minus": "MINUS",
        "exists": "FILTER EXISTS",
        "not exists": "FILTER NOT EXISTS",
        "group": "",
    }[kind]
    return f"{opening} {{ {inner} }}"


@st.composite
def selects(draw: st.DrawFn, grammar: Grammar, depth: int = 2) -> str:
    """A SELECT: of variables, or of aggregates over groups."""
    where = draw(groups(grammar, depth))
    names = draw(st.lists(VARIABLES, min_size=1, max_size=3, unique=True))
    if draw(st.integers(0, 3)):
        return f"SELECT {draw(st.sampled_from(['', 'DISTINCT ']))}{' '.join(names)} {{ {where} }}"
    aggregated = draw(VARIABLES)
    aggregates = ["COUNT(*)", f"COUNT({aggregated})", f"COUNT(DISTINCT {aggregated})"]
    if grammar.grouping:
        aggregates += [f"SUM({aggregated})", f"MIN({aggregated})", f"MAX({aggregated})"]
    aggregate = f"({draw(st.sampled_from(aggregates))} AS {FRESH})"
    if not grammar.grouping or draw(st.booleans()):
        return f"SELECT {aggregate} {{ {where} }}"
    having = draw(st.sampled_from(["", " HAVING(COUNT(*) > 1)"]))
    return f"SELECT {' '.join(names)} {aggregate} {{ {where} }} GROUP BY {' '.join(names)}{having}"


def queries(grammar: Grammar) -> st.SearchStrategy[str]:
    """Whole queries, in which each fresh variable has a name of its own."""

    def numbered(query: str) -> str:
        numbers = count()
        return re.sub(re.escape(FRESH), lambda _: f"?f{next(numbers)}", query)

    return selects(grammar).map(numbered)


Term = tuple[str, ...]
Rows = Counter[tuple[tuple[str, Term], ...]]
"""An answer: for each row its bound variables with their terms, and how often it is there."""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("fuzz")
    store = ox.Store(str(folder))
    store.bulk_load(DATA.encode(), format=ox.RdfFormat.TURTLE)
    store.flush()
    del store
    limits = [part for flag in hostile_requests.LIMITS.items() for part in flag]
    with start_service(folder, *limits) as running:
        yield running


@pytest.fixture(scope="module")
def ours(address: str) -> Iterator[Callable[[str], Rows]]:
    """What the service finds."""
    with requests.Session() as session:

        def ask(query: str) -> Rows:
            response = session.post(
                f"{address}/sparql", data={"query": PREFIX + query, "format": "json"}, timeout=60
            )
            assert response.status_code == 200, response.text
            return _rows(response.json())

        yield ask


def _rows(document: dict) -> Rows:
    """The rows of an answer in the JSON format."""
    return Counter(
        tuple(sorted((name, _term(term)) for name, term in row.items()))
        for row in document["results"]["bindings"]
    )


def _term(term: dict[str, str]) -> Term:
    """A term, in one of the several ways in which the format lets it be written."""
    if term["type"] == "uri":
        return ("IRI", term["value"])
    language = term.get("xml:lang", "").lower()
    datatype = "" if language else term.get("datatype", "http://www.w3.org/2001/XMLSchema#string")
    return ("literal", term["value"], language, datatype)


@FEW
@given(query=queries(FOR_RDFLIB))
def test_what_rdflib_finds_is_found_here(ours, query):
    graph = rdflib.Graph().parse(data=DATA, format="turtle")

    expected = _rows(json.loads(graph.query(PREFIX + query).serialize(format="json")))

    assert ours(query) == expected


# Apache Jena as Debian packages it. Its jena-core lacks a folder that the code looks for at another place.
JAVA_LIBRARIES = Path("/usr/share/java")
JENA = (
    "jena-arq",
    "jena-core",
    "jena-base",
    "jena-iri",
    "jena-shacl",
    "jena-shex",
    "jena-tdb",
    "jena-tdb2",
    "jena-dboe-base",
    "jena-dboe-index",
    "jena-dboe-storage",
    "jena-dboe-trans-data",
    "jena-dboe-transaction",
    "jena-rdfconnection",
    "libthrift",
    "thrift",
    "commons-cli",
    "commons-codec",
    "commons-csv",
    "commons-io",
    "commons-lang3",
    "commons-compress",
    "protobuf",
    "slf4j-api",
    "slf4j-nop",
    "jsonld-java",
    "titanium-json-ld",
    "jakarta.json-api",
    "xercesImpl",
    "xml-apis",
    "gson",
    "guava",
    "httpclient",
    "httpcore",
    "jackson-core",
    "jackson-databind",
    "jackson-annotations",
    "dexx.collection",
)
ASK_JENA = r"""
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.jena.query.*;
import org.apache.jena.rdf.model.Model;
import org.apache.jena.riot.RDFDataMgr;

public class AskJena {
    public static void main(String[] names) throws Exception {
        Model graph = RDFDataMgr.loadModel(names[0]);
        for (String query : Files.readString(Path.of(names[1])).split("\u0000")) {
            ByteArrayOutputStream answer = new ByteArrayOutputStream();
            try (QueryExecution execution = QueryExecutionFactory.create(query, graph)) {
                ResultSetFormatter.outputAsJSON(answer, execution.execSelect());
            }
            System.out.println(answer.toString(StandardCharsets.UTF_8).replace("\n", " "));
        }
    }
}
"""


@pytest.fixture(scope="module")
def ask_jena(tmp_path_factory: pytest.TempPathFactory) -> Callable[[list[str]], list[Rows]]:
    """What Jena finds for each of some queries."""
    if shutil.which("java") is None or not (JAVA_LIBRARIES / "jena-arq.jar").exists():
        pytest.skip("Apache Jena is not on this machine (Debian: libapache-jena-java, default-jdk-headless)")
    folder = tmp_path_factory.mktemp("jena")
    with ZipFile(JAVA_LIBRARIES / "jena-core.jar") as core:
        for member in core.namelist():
            if member.startswith("org/apache/jena/ext/xerces/"):
                core.extract(member, folder)
    bundles = folder / "org" / "apache" / "jena" / "ext"
    libraries = [str(bundles), *(str(JAVA_LIBRARIES / f"{name}.jar") for name in JENA)]
    (folder / "AskJena.java").write_text(ASK_JENA)
    (folder / "data.ttl").write_text(DATA)

    def ask(asked_queries: list[str]) -> list[Rows]:
        (folder / "queries").write_text("\0".join(PREFIX + query for query in asked_queries))
        command = ["java", "-cp", os.pathsep.join(libraries), "AskJena.java", "data.ttl", "queries"]
        asked = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
        assert asked.returncode == 0, asked.stderr
        return [_rows(json.loads(line)) for line in asked.stdout.splitlines()]

    return ask


def test_what_jena_finds_is_found_here(ours, ask_jena):
    asked = _queries_of(WHOLE)

    expected = ask_jena(asked)

    assert len(expected) == len(asked)
    differing = [query for query, rows in zip(asked, expected, strict=True) if ours(query) != rows]
    assert differing == []


def _queries_of(grammar: Grammar) -> list[str]:
    """Some queries, all at once: starting Jena takes longer than what it is asked."""
    made: list[str] = []

    @FEW
    @given(query=queries(grammar))
    def collect(query: str) -> None:
        made.append(query)

    collect()
    return made


def test_a_path_of_no_length_does_not_find_a_constant_that_is_not_in_the_graph(ours):
    # By the specification each finds one solution, in which ?x is :p or nothing more is bound. The engine looks for nodes of
    # the graph only (W3C tests zero_or_more_set_start and _end, zero_or_one_set_start and _end).
    for query in (
        "SELECT ?x { :p :s? ?x }",
        "SELECT ?x { ?x :s* :p }",
        "SELECT ?y { :nothing :s* :nothing }",
    ):
        assert ours(query) == Counter()


SEEDS = (
    "SELECT ?x { ?x :p+ ?y OPTIONAL { ?y :q ?z FILTER(?z > 1 && BOUND(?x)) } } ORDER BY ?x LIMIT 3",
    "PREFIX p: <http://example.org/p#> ASK { ?s p:o \"a \\\"string\\\"\"@en-GB, '''long'''^^p:t ; a [] . }",
    "CONSTRUCT { ?s :p (1 2.5 -3e4 true) } WHERE { { ?s ?p ?o } UNION { GRAPH ?g { ?s !(^:a|:b)* ?o } } }",
    "SELECT (GROUP_CONCAT(DISTINCT ?x; SEPARATOR=',') AS ?n) { VALUES (?x ?y) { (1 UNDEF)} BIND(IF(?x IN (1), 2, 3) AS ?z)}",
    "DESCRIBE <http://example.org/a> ?x FROM NAMED <urn:g> { { SELECT ?x { ?x ?y ?z MINUS { ?x a ?z } } } # comment\n }",
)


@pytest.mark.parametrize("seed", range(4))
def test_a_query_with_a_few_wrong_bytes_is_answered_or_refused(address, seed):
    chance = random.Random(seed)
    with requests.Session() as session:
        for _ in range(max(EXAMPLES // 2, 100)):
            query = _mutated(chance.choice(SEEDS).encode(), chance)
            response = session.post(
                f"{address}/sparql",
                data=query,
                headers={"Content-Type": "application/sparql-query"},
                timeout=60,
            )
            # 503 is a limit: what was mutated may have become greedy.
            assert response.status_code in (200, 400, 403, 406, 413, 503), (query, response.text)
        assert session.get(f"{address}/sparql", params={"query": "ASK { ?s ?p ?o }"}, timeout=60).json()[
            "boolean"
        ]


def _mutated(query: bytes, chance: random.Random) -> bytes:
    """A query in which a few pieces are replaced, doubled, moved or lost."""
    pieces = bytearray(query)
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(pieces))
        end = min(place + chance.choice((1, 1, 2, 8, 30)), len(pieces))
        match chance.randrange(5):
            case 0:
                pieces[place] = chance.randrange(256)
            case 1:
                del pieces[place:end]
            case 2:
                pieces[place:place] = pieces[place:end] * chance.choice((1, 2, 50))
            case 3:
                pieces[place:place] = chance.choice(TOKENS)
            case _:
                other = chance.randrange(len(pieces))
                pieces[other:other] = pieces[place:end]
        if not pieces:
            pieces += b"ASK"
    return bytes(pieces)


TOKENS = (
    *(
        b"{",
        b"}",
        b"(",
        b")",
        b"[",
        b"]",
        b"<",
        b">",
        b"'",
        b'"',
        b"\\",
        b"\\u",
        b"#",
        b"^^",
        b"@",
        b"||",
        b"&&",
        b"!",
        b"*",
    ),
    *(
        b" UNION ",
        b" SERVICE ",
        b" VALUES ",
        b" FILTER ",
        b" EXISTS ",
        b" BIND(",
        b" AS ",
        b" GROUP BY ",
        b" HAVING ",
        b"\0",
    ),
    *(
        b"\xff",
        b"\xed\xa0\x80",
        b"\xe2\x80\xa8",
        b"\xef\xbb\xbf",
        b"1e999",
        b"99999999999999999999",
        b"<<(",
        b")>>",
        b"?",
    ),
)
