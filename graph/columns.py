"""The columns of ``SELECT *``, in the order in which the query first names them.

The engine sorts them by name. Readers of CSV and of tables expect the order of the query, as the examples of the
recommendation have it (https://www.w3.org/TR/sparql11-query/#modProjection), so the star is spelled out.
"""

import re
from collections.abc import Mapping

import pyoxigraph as ox

from impckg.graph.sparql import Kind, tokens

# Asked only which variables a query makes visible. Nothing is in it, so that nothing is evaluated.
_EMPTY = ox.Store()
# The prologue is read as the grammar has it, since its IRIs may hold whatever looks like a query. No part goes back over
# what it has read.
_SPACE = r"(?:[\x20\t\r\n]++|\#[^\r\n]*+)*+"
_STAR = re.compile(
    rf"""{_SPACE}
    (?: (?: BASE {_SPACE} | PREFIX {_SPACE} [^\s:<\#]*+ : {_SPACE} ) <[^<>\x00-\x20]*+> {_SPACE}
      | VERSION {_SPACE} (?: "[^"\r\n]*+" | '[^'\r\n]*+' ) {_SPACE}
    )*+
    SELECT {_SPACE} (?: (?: DISTINCT | REDUCED ) {_SPACE} )?+
    (?P<star> \* )""",
    re.VERBOSE | re.IGNORECASE,
)


def with_columns_in_order(text: str, prefixes: Mapping[str, str], base_iri: str | None = None) -> str:
    """A query with the names of its variables instead of its star; any other query as it is.

    The new text has as many lines, and all that follows the star keeps its line.
    Raises SyntaxError as the engine does.

    >>> with_columns_in_order("SELECT DISTINCT * { ?zygosity ?allele ?line }", {})
    'SELECT DISTINCT ?zygosity ?allele ?line { ?zygosity ?allele ?line }'
    >>> with_columns_in_order("SELECT ?a { { SELECT * { ?b ?a ?c } } }", {})
    'SELECT ?a { { SELECT * { ?b ?a ?c } } }'
    """
    # To ask which variables are visible would ask the other services, too.
    if "*" not in text or "service" in text.lower():
        return text
    head = _STAR.match(text)
    if head is None:
        return text
    answer = _EMPTY.query(text, prefixes=dict(prefixes), base_iri=base_iri)
    assert isinstance(answer, ox.QuerySolutions)
    visible = [variable.value for variable in answer.variables]
    named = dict.fromkeys(token.text[1:] for token in tokens(text) if token.kind is Kind.VARIABLE)
    ordered = [name for name in named if name in visible]
    if not ordered or len(ordered) != len(visible) or ordered == visible:
        return text
    names = " ".join(f"?{name}" for name in ordered)
    before, after = text[: head.start("star")], text[head.end("star") :]
    # In `SELECT DISTINCT*WHERE` the star needs no space, but a name does.
    return f"{before}{names} {after.removeprefix(' ')}"
