"""What a store says of itself, for tools: VoID with counts, DCAT, PROV, prefixes and example queries.

All of it stands in named graphs of its own, at addresses below the base of the release, so that a store does not depend on
where it is served::

    <base>.well-known/void              VoID, DCAT and PROV: what there is, how much, from where, made by what
    <base>.well-known/sparql-examples   prefixes and example queries, as SHACL has words for them
    <base>graph/release                 the release and its files, as kinds of the schema

The names follow the convention of the SIB's tools, which look for graphs of these names. Counts are those that SPARQL gives
on the union of all graphs, these graphs included.
"""

from impckg.graph.identifiers import BASE

VOID_GRAPH = f"{BASE}.well-known/void"
EXAMPLES_GRAPH = f"{BASE}.well-known/sparql-examples"
