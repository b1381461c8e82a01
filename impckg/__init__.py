"""Mouse phenotypes of the IMPC and human disease as a knowledge graph.

::

    import impckg

    dataset = impckg.open("demo")                      # an rdflib Dataset over the store
    genes = impckg.frame("SELECT ?gene { ?gene kg:hasPhenotype MP:0001262 }", "demo")
    answer = impckg.ask("genes_of_phenotype", "demo", phenotype="MP:0001262")
"""

from pathlib import Path as _Path
from typing import TYPE_CHECKING, Any

from impckg._version import __version__

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    import polars as pl
    from rdflib import Dataset

# In a checkout the subpackages lie beside this folder, not in it; Python started there meets this folder first.
if not (_Path(__file__).parent / "graph").exists():
    __path__.append(str(_Path(__file__).parents[1]))

__all__ = ["__version__", "ask", "frame", "open"]


def open(path: "str | Path") -> "Dataset":  # noqa: A001 - what readers expect a package of data to call it
    """The store below a path as an rdflib Dataset, for reading. Its default graph is the union of all graphs.

    Queries go through oxrdflib to the engine. Pass them as text: a query that rdflib has prepared is evaluated in Python.
    For many rows `frame` is several times faster.

    Raises StoreError where there is no store.
    """
    from pathlib import Path

    from impckg.graph.rdflib_dataset import open_dataset

    return open_dataset(Path(path))


def frame(query: str, store: "str | Path", *, pandas: bool = False) -> "pl.DataFrame | pd.DataFrame":
    """What a SELECT finds in a store or at an endpoint, as a Polars frame (or a pandas one).

    Identifiers come as CURIEs, numbers and booleans as such. The prefixes of the graph need no declaration.

    Raises SparqlSyntaxError with line and column, and StoreError where there is no store.
    """
    from impckg.queries.run import frame as polars_frame
    from impckg.queries.run import open_any, pandas_frame

    opened = open_any(store)
    return pandas_frame(opened, query) if pandas else polars_frame(opened, query)


def ask(question: str, store: "str | Path", **values: Any) -> "pl.DataFrame":
    """The answer to a question of the catalogue, as a Polars frame; without values, to its own example.

    Raises UnknownQuestion, BadParameter, and StoreError where there is no store.
    """
    from impckg.queries.catalog import bind
    from impckg.queries.catalog import question as find
    from impckg.queries.run import frame as polars_frame
    from impckg.queries.run import open_any

    asked = find(question)
    given = {name: str(value) for name, value in values.items()} or asked.example
    return polars_frame(open_any(store), asked.text, bind(asked, given))
