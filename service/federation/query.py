"""A query with SERVICE on its way through the pool: its text for the worker, and what its errors mean."""

from impckg.graph.errors import BrokenAnswer, KgError, QueryError, SparqlSyntaxError
from impckg.service.errors import EndpointFailed
from impckg.service.federation.endpoints import AllowList
from impckg.service.federation.forwarder import Forwarder
from impckg.service.federation.rewriting import original_place


class FederatedQuery:
    """A query that may ask other endpoints, through the forwarder.

    address: where its SERVICE clauses are sent.
    """

    def __init__(self, written: str, allowed: AllowList, forwarder: Forwarder) -> None:
        self._written = written
        self._allowed = allowed
        self._forwarder = forwarder
        self.address = forwarder.open_query()
        self._closed = False

    def failure(self) -> KgError | None:
        """Why an answer that looks whole is wrong: the engine hides some failures of endpoints."""
        failures = self._close()
        return EndpointFailed(failures) if failures else None

    def explain(self, error: KgError) -> KgError:
        """An error with the endpoints in it that the query names, and the place where its author finds it."""
        message = self._forwarder.explain(str(error))
        if isinstance(error, SparqlSyntaxError) and error.line is not None and error.column is not None:
            line, column = original_place(
                self._written, self._allowed, self.address, error.line, error.column
            )
            message = message.replace(
                f"line {error.line}, column {error.column}", f"line {line}, column {column}"
            )
            return SparqlSyntaxError(message, line, column)
        if message != str(error) and isinstance(error, (BrokenAnswer, QueryError)):
            return EndpointFailed(message)
        return error

    def close(self) -> None:
        """The query is over."""
        self._close()

    def _close(self) -> str | None:
        if self._closed:
            return None
        self._closed = True
        return self._forwarder.close_query(self.address)
