"""Any SPARQL 1.1 endpoint as a store.

The protocol has no way to bind values beside a query. So they go into it as VALUES blocks: RDF terms written by the engine's
own serialiser, one block at the start of each group that is evaluated on its own.
"""

from collections.abc import Iterator, Sequence

import pyoxigraph as ox
import requests

from impckg.graph.errors import SparqlSyntaxError, StoreError
from impckg.graph.identifiers import namespaces
from impckg.graph.sparql import Kind, Token, tokens
from impckg.graph.store import RELEASE_QUERY, Bindings, QueryResult, Release, release_of

_TIMEOUT_SECONDS = 300
_ACCEPT = "application/sparql-results+json, application/n-triples;q=0.9"
_BEFORE_A_GROUP = frozenset(("{", "}", ".", "UNION"))


class RemoteStore:
    """A SPARQL endpoint that is asked over HTTP."""

    def __init__(self, address: str) -> None:
        self.address = address

    def query(
        self,
        text: str,
        bindings: Bindings | None = None,
        default_graphs: Sequence[str] = (),
        named_graphs: Sequence[str] = (),
    ) -> QueryResult:
        """What a query finds at the endpoint; as `GraphStore.query`.

        Raises SparqlSyntaxError where the endpoint says that the query is wrong, StoreError where it cannot be reached or
        gives no answer.
        """
        data = {"query": with_prefixes(with_values(text, bindings or {}))}
        form: dict[str, str | list[str]] = {**data}
        if default_graphs:
            form["default-graph-uri"] = list(default_graphs)
        if named_graphs:
            form["named-graph-uri"] = list(named_graphs)
        try:
            response = requests.post(
                self.address, data=form, headers={"Accept": _ACCEPT}, timeout=_TIMEOUT_SECONDS
            )
        except requests.ConnectionError as error:
            raise StoreError(f"{self.address}: nobody answers there; expected a SPARQL endpoint") from error
        except requests.RequestException as error:
            raise StoreError(f"{self.address}: the endpoint cannot be asked: {error}") from error
        if response.status_code == requests.codes.bad_request:
            raise SparqlSyntaxError(f"{self.address}: the query is refused: {response.text.strip()}")
        if response.status_code in (requests.codes.not_found, requests.codes.method_not_allowed):
            raise StoreError(
                f"{self.address}: no SPARQL endpoint there; did you mean {self.address.rstrip('/')}/sparql?"
            )
        if not response.ok:
            raise StoreError(f"{self.address}: answers {response.status_code}: {response.text.strip()[:500]}")
        return _result(response, self.address)

    def release(self) -> Release | None:
        """What the store behind the endpoint says of itself; None where it says nothing."""
        return release_of(self.query(RELEASE_QUERY))


def with_values(text: str, bindings: Bindings) -> str:
    """A query with values bound: a VALUES block at the start of each group that must know them.

    Those are the groups of SELECT, ASK and WHERE, and the groups within that are joined or united: they are evaluated on
    their own. OPTIONAL and EXISTS see the values of the group around them, and MINUS must not share variables by accident.

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


def with_prefixes(text: str) -> str:
    """A query with the prefixes that it uses without declaring them; our own store knows them without."""
    names = {token.text.partition(":")[0] for token in tokens(text) if token.kind is Kind.NAME}
    known = {prefix: namespace for prefix, namespace in namespaces().items() if prefix in names}
    # A declaration of its own comes later and so takes the place of ours.
    return "".join(f"PREFIX {prefix}: <{namespace}>\n" for prefix, namespace in known.items()) + text


def _result(response: requests.Response, address: str) -> QueryResult:
    media_type = response.headers.get("Content-Type", "").partition(";")[0].strip()
    if media_type in ("application/sparql-results+json", "application/json"):
        return _read_results(response.content, address)
    format_ = ox.RdfFormat.from_media_type(media_type)
    if format_ is None:
        raise StoreError(
            f"{address}: answers {media_type or 'without a type'}; expected SPARQL results or RDF"
        )
    triples = ox.Store()
    try:
        triples.load(response.content, format=format_)
    except (SyntaxError, ValueError) as error:
        raise StoreError(f"{address}: the answer is not {media_type}: {error}") from error
    return triples.query("CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }")


def _read_results(body: bytes, address: str) -> QueryResult:
    try:
        found = ox.parse_query_results(body, format=ox.QueryResultsFormat.JSON)
        if isinstance(found, ox.QuerySolutions):
            # Rows are parsed as they are read. Read them once here, so that a damaged one is our error and no surprise.
            for _ in found:
                pass
            found = ox.parse_query_results(body, format=ox.QueryResultsFormat.JSON)
    except (SyntaxError, ValueError) as error:
        raise StoreError(f"{address}: the answer is not SPARQL results in JSON: {error}") from error
    return found
