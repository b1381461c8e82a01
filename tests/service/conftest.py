"""A small real store, and the service on top of it."""

from pathlib import Path

import pyoxigraph as ox
import pytest
from flask.testing import FlaskClient

from impckg.graph.identifiers import namespaces
from impckg.service.app import create_app
from impckg.service.settings import Settings

GENES_GRAPH = "https://w3id.org/impckg/graph/genes"
PHENOTYPES_GRAPH = "https://w3id.org/impckg/graph/mp"

# Cib2 and Nxn are two genes that the IMPC has phenotyped; the p-values are made up. The allele's symbol is
# what a careless page would show as a tag; the label of MP:0001262 is what it would run.
GENES = """
MGI:1929293 a kg:Gene ; kg:symbol "Cib2" ; rdfs:label "calcium and integrin binding family 2"@en .
MGI:109331 a kg:Gene ; kg:symbol "Nxn" .
<https://w3id.org/impckg/allele/Cib2%3Ctm1b%3E> a kg:Allele ; kg:alleleOf MGI:1929293 ;
  kg:alleleSymbol "Cib2<tm1b(EUCOMM)Wtsi>" ;
  kg:pValue 1e-320 , 0.00012345678 ; rdfs:seeAlso <javascript:alert(1)> .
"""
PHENOTYPES = """
<http://purl.obolibrary.org/obo/MP_0001262> rdfs:label "<script>alert('decreased body weight')</script>" .
"""
RELEASE = """
<https://w3id.org/impckg/release/test> a kg:Release ; dcterms:identifier "test-1" ;
  dcterms:title "A release for tests" ; dcterms:issued "2026-03-01"^^xsd:date ; kg:simulated %s .
"""


def build_store(folder: Path, simulated: bool = True) -> Path:
    """Write a store into a folder, and return the folder."""
    prefixes = "".join(f"PREFIX {prefix}: <{namespace}>\n" for prefix, namespace in namespaces().items())
    store = ox.Store(str(folder))
    for turtle, graph in (  # as a release is laid out: sources in graphs of their own, the rest in none
        (GENES, ox.NamedNode(GENES_GRAPH)),
        (PHENOTYPES, ox.NamedNode(PHENOTYPES_GRAPH)),
        (RELEASE % str(simulated).lower(), ox.DefaultGraph()),
    ):
        store.bulk_load((prefixes + turtle).encode(), format=ox.RdfFormat.TURTLE, to_graph=graph)
    store.flush()
    return folder


@pytest.fixture(scope="session")
def store_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_store(tmp_path_factory.mktemp("store"))


@pytest.fixture
def client(store_path: Path) -> FlaskClient:
    return create_app(Settings(store=store_path, page_rows=8)).test_client()
