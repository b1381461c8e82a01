"""A named graph of one's own beside the IMPC's, in a store that is not being served.

What the store says already is not said again, since the engine would find it twice. The shortcuts that questions go
through follow from the calls and the hierarchy of the store, and stand in the same graph. Dropping the graph undoes it all,
but for what the genes were normal for until then.
"""

from pathlib import Path

import pyoxigraph as ox

from impckg.graph.store import open_store
from impckg.graph.writable import Document, open_writable

_SAID_BEFORE = """DELETE {{ GRAPH <{graph}> {{ ?s ?p ?o }} }} WHERE {{
  GRAPH <{graph}> {{ ?s ?p ?o }}
  GRAPH ?other {{ ?s ?p ?o }} FILTER(?other != <{graph}>) }}"""

_SHORTCUTS = (
    """INSERT {{ GRAPH <{graph}> {{ ?gene kg:calledPhenotype ?term }} }} WHERE {{
      GRAPH <{graph}> {{ ?call a kg:Call ; kg:gene ?gene ; kg:phenotype ?term }}
      FILTER NOT EXISTS {{ ?gene kg:calledPhenotype ?term }} }}""",
    """INSERT {{ GRAPH <{graph}> {{ ?gene kg:hasPhenotype ?above }} }} WHERE {{
      GRAPH <{graph}> {{ ?call a kg:Call ; kg:gene ?gene ; kg:phenotype ?term }}
      ?term kg:isA ?above
      FILTER NOT EXISTS {{ ?gene kg:hasPhenotype ?above }} }}""",
    """INSERT {{ GRAPH <{graph}> {{ ?gene kg:testedNormalFor ?term }} }} WHERE {{
      GRAPH <{graph}> {{ ?result a kg:Result ; kg:gene ?gene ; kg:resultStatus kg:successful ; kg:potentialPhenotype ?term }}
      FILTER NOT EXISTS {{ ?gene kg:hasPhenotype ?term }}
      FILTER NOT EXISTS {{ ?gene kg:testedNormalFor ?term }} }}""",
    """DELETE {{ GRAPH ?other {{ ?gene kg:testedNormalFor ?term }} }} WHERE {{
      GRAPH <{graph}> {{ ?call a kg:Call ; kg:gene ?gene }}
      GRAPH ?other {{ ?gene kg:testedNormalFor ?term }}
      FILTER EXISTS {{ ?gene kg:hasPhenotype ?term }} }}""",
)


def add_graph(store: Path, graph: str, statements: Path) -> int:
    """Put statements into a store as a graph of its own, with the shortcuts; return how many statements the graph has.

    graph: its IRI; a graph of that name is replaced. statements: N-Triples.

    Raises StoreError where there is no store, or another process has it open for writing.
    """
    opened = open_writable(store)
    opened.put(graph, [Document(statements, "application/n-triples", name=statements.name)])
    opened.update(_SAID_BEFORE.format(graph=graph))
    for shortcut in _SHORTCUTS:
        opened.update(shortcut.format(graph=graph), union=True)
    # Only now may it be opened for reading.
    del opened
    found = open_store(store).query(f"SELECT (COUNT(*) AS ?n) WHERE {{ GRAPH <{graph}> {{ ?s ?p ?o }} }}")
    assert isinstance(found, ox.QuerySolutions)
    (count,) = [row[0].value for row in found]
    return int(count)
