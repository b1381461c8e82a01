"""The store as an rdflib Dataset, through oxrdflib, for people who program against rdflib."""

from pathlib import Path

from oxrdflib import OxigraphStore
from rdflib import Dataset

from impckg.graph.identifiers import namespaces
from impckg.graph.store import open_store


def open_dataset(path: Path) -> Dataset:
    """A Dataset over a finished store, for reading; its default graph is the union of all graphs.

    Raises StoreError where there is no store.
    """
    dataset = Dataset(store=OxigraphStore(store=open_store(path).oxigraph), default_union=True)
    for prefix, namespace in namespaces().items():
        dataset.bind(prefix, namespace, override=True, replace=True)
    return dataset
