"""Values for the variables of a query, written into its text.

The SPARQL protocol has no way to bind values beside a query. So they go into it as VALUES blocks: RDF terms written by the
engine's own serialiser, one block at the start of each group that is evaluated on its own.
"""

from collections.abc import Iterator, Sequence

from impckg.graph.sparql import Kind, Token, tokens
from impckg.graph.store import Bindings

_BEFORE_A_GROUP = frozenset(("{", "}", ".", "UNION"))


def with_values(text: str, bindings: Bindings) -> str:
    """A query with values bound: a VALUES block at the start of each group that must know them.

    Those are the groups of SELECT, ASK and WHERE, and the groups within that are joined or united: they are evaluated on
    their own. OPTIONAL and EXISTS see the values of the group around them, and MINUS must not share variables by accident.

    >>> import pyoxigraph as ox
    >>> print(with_values("SELECT ?s ?o WHERE { ?s ?p ?o }", {"s": ox.NamedNode("urn:a")}))
    SELECT ?s ?o WHERE { VALUES ?s { <urn:a> }  ?s ?p ?o }
    """
    if not bindings:
        return text
    block = "".join(f" VALUES ?{name} {{ {term} }} " for name, term in bindings.items())
    pieces, done = [], 0
    for opening in _groups([token for token in tokens(text) if token.kind is not Kind.COMMENT]):
        end = opening.start + 1
        pieces += [text[done:end], block]
        done = end
    return "".join([*pieces, text[done:]])


def _groups(query: Sequence[Token]) -> Iterator[Token]:
    """The brackets that open a group of SELECT, ASK or WHERE, or one that is joined or united within."""
    in_head, before = False, ""
    for token, after in zip(query, [*query[1:], query[-1]], strict=True):
        word = token.text.upper()
        if token.kind is Kind.WORD and word in ("SELECT", "ASK", "WHERE"):
            in_head = True
        elif token.kind is Kind.WORD and word == "CONSTRUCT":
            # What it opens first is a template, not a group.
            in_head = False
        elif word == "{" and after.text.upper() != "SELECT" and (in_head or before in _BEFORE_A_GROUP):
            in_head = False
            yield token
        before = word
