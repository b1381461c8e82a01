"""Any SPARQL 1.1 endpoint as a store. Values are bound by writing them into the query (graph/binding.py)."""

from collections.abc import Mapping, Sequence

import pyoxigraph as ox
import requests

from impckg.graph.binding import with_values as with_values  # noqa: PLC0414 - others know it from here
from impckg.graph.errors import AnswerTooSlow, SparqlSyntaxError, StoreError
from impckg.graph.identifiers import namespaces
from impckg.graph.sparql import Kind, keyword, tokens
from impckg.graph.store import RELEASE_QUERY, Bindings, QueryResult, Release, release_of

_TIMEOUT_SECONDS = 300
# Asked for either, Virtuoso answers CONSTRUCT with a table of three columns.
_ACCEPT_SOLUTIONS = "application/sparql-results+json, application/json;q=0.5"
_ACCEPT_TRIPLES = "application/n-triples, text/turtle;q=0.8, application/rdf+xml;q=0.5"
# Virtuoso leaves rows out, or stops counting, and says 200 all the same; only these headers tell.
_TOLD_OF_A_PART = ("X-SPARQL-MaxRows", "X-SQL-State")
_OUT_OF_TIME = "S1TAT"
"""The X-SQL-State of what Virtuoso has found when the time that it was told is over."""
# Virtuoso 7.2.5 answers ASK with a table: a row for yes, none for no.
_YES_OR_NO = ["__ASK_RETVAL"]


class RemoteStore:
    """A SPARQL endpoint that is asked over HTTP.

    seconds: how long a query may take there; None leaves that to the endpoint. It is told to engines whose way to say it is
    known (Virtuoso); the protocol has none.
    """

    def __init__(self, address: str, seconds: float | None = None) -> None:
        self.address = address
        self._seconds = seconds
        self._limit: dict[str, str] | None = None if seconds else {}

    def query(
        self,
        text: str,
        bindings: Bindings | None = None,
        default_graphs: Sequence[str] = (),
        named_graphs: Sequence[str] = (),
        base_iri: str | None = None,
    ) -> QueryResult:
        """What a query finds at the endpoint; as `GraphStore.query`.

        Raises SparqlSyntaxError where the endpoint says that the query is wrong, AnswerTooSlow where it ended the query
        at the time that it was told, StoreError where it cannot be reached or gives no answer.
        """
        base = f"BASE <{base_iri}>\n" if base_iri else ""
        data = {"query": base + with_prefixes(with_values(text, bindings or {}))}
        form: dict[str, str | list[str]] = {**data}
        if default_graphs:
            form["default-graph-uri"] = list(default_graphs)
        if named_graphs:
            form["named-graph-uri"] = list(named_graphs)
        accept = _ACCEPT_TRIPLES if keyword(text) in ("CONSTRUCT", "DESCRIBE") else _ACCEPT_SOLUTIONS
        response = self._post({**form, **self._its_limit()}, accept)
        if response.status_code == requests.codes.bad_request:
            raise SparqlSyntaxError(f"{self.address}: the query is refused: {response.text.strip()}")
        if response.status_code in (requests.codes.not_found, requests.codes.method_not_allowed):
            raise StoreError(
                f"{self.address}: no SPARQL endpoint there; did you mean {self.address.rstrip('/')}/sparql?"
            )
        if not response.ok:
            raise StoreError(f"{self.address}: answers {response.status_code}: {response.text.strip()[:500]}")
        if self._seconds and response.headers.get("X-SQL-State") == _OUT_OF_TIME:
            raise AnswerTooSlow(self._seconds)
        for header in _TOLD_OF_A_PART:
            if header in response.headers:
                raise StoreError(
                    f"{self.address}: gives only a part of the answer ({header}: {response.headers[header]}); ask for less "
                    "with LIMIT and OFFSET, or have the limits of that endpoint raised"
                )
        return _result(response, self.address)

    def _its_limit(self) -> Mapping[str, str]:
        """The parameter that tells the endpoint how long a query may take; none where we do not know how it is called."""
        if self._limit is None:
            engine = self._post({"query": "ASK { }"}, _ACCEPT_SOLUTIONS).headers.get("Server", "")
            # Beyond this time Virtuoso gives what it has found so far, and says so in a header.
            milliseconds = max(int(1000 * (self._seconds or 0)), 1000)
            self._limit = {"timeout": str(milliseconds)} if engine.startswith("Virtuoso") else {}
        return self._limit

    def _post(self, form: Mapping[str, str | list[str]], accept: str) -> requests.Response:
        try:
            return requests.post(
                self.address, data=form, headers={"Accept": accept}, timeout=_TIMEOUT_SECONDS
            )
        except requests.ConnectionError as error:
            raise StoreError(f"{self.address}: nobody answers there; expected a SPARQL endpoint") from error
        except requests.RequestException as error:
            raise StoreError(f"{self.address}: the endpoint cannot be asked: {error}") from error

    def release(self) -> Release | None:
        """What the store behind the endpoint says of itself; None where it says nothing."""
        return release_of(self.query(RELEASE_QUERY))


def with_prefixes(text: str) -> str:
    """A query with the prefixes that it uses without declaring them; our own store knows them without.

    >>> print(with_prefixes("ASK { ?gene a kg:Gene }"))
    PREFIX kg: <https://w3id.org/impckg/ontology#>
    ASK { ?gene a kg:Gene }
    """
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
            names = [variable.value for variable in found.variables]
            # Rows are parsed as they are read. Read them once here, so that a damaged one is our error and no surprise.
            count = sum(1 for _ in found)
            if names == _YES_OR_NO:
                body = f'{{"head":{{}},"boolean":{"true" if count else "false"}}}'.encode()
            found = ox.parse_query_results(body, format=ox.QueryResultsFormat.JSON)
    except (SyntaxError, ValueError) as error:
        raise StoreError(f"{address}: the answer is not SPARQL results in JSON: {error}") from error
    return found
