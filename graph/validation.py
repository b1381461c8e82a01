"""A sample of a store held against the shapes of the graph. Apart from shapes.py, which is read without pySHACL."""

import pyoxigraph as ox
import rdflib
from pyshacl import validate

from impckg.graph.identifiers import namespaces
from impckg.graph.schema import schema
from impckg.graph.shapes import shapes_turtle
from impckg.graph.store import GraphStore


def validate_sample(store: GraphStore, things: int) -> list[str]:
    """What breaks the shapes among some things of each kind, a line each.

    things: how many of each kind to look at; the first that the store finds.
    """
    data = rdflib.Graph()
    for kind in schema().kinds.values():
        found = store.query(
            f"CONSTRUCT {{ ?thing ?p ?o }} WHERE {{ {{ SELECT ?thing WHERE {{ ?thing a <{kind.iri}> }} "
            f"LIMIT {things} }} ?thing ?p ?o }}"
        )
        assert isinstance(found, ox.QueryTriples)
        data.parse(data=found.serialize(format=ox.RdfFormat.N_TRIPLES), format="nt")
    rules = rdflib.Graph().parse(data=shapes_turtle(schema()), format="turtle")
    _, report, _ = validate(data, shacl_graph=rules, advanced=False)
    return _violations(report)


def _violations(report: rdflib.Graph) -> list[str]:
    sh = rdflib.Namespace(namespaces()["sh"])
    lines = []
    for result in report.subjects(rdflib.RDF.type, sh.ValidationResult):
        focus, path = report.value(result, sh.focusNode), report.value(result, sh.resultPath)
        message, value = report.value(result, sh.resultMessage), report.value(result, sh.value)
        lines.append(f"{focus} {path or ''}: {message}" + (f" (found {value})" if value is not None else ""))
    return sorted(lines)
